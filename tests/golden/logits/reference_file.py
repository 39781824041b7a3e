# SPDX-License-Identifier: Apache-2.0
"""The format of the committed references, and the text they are about. Used by the two generators beside it.

A reference file, little-endian: the magic TLR1, then u32 counts (positions N, kept K, greedy tokens G, length of the greedy prompt);
N i32 tokens; for each position 0 .. N-2 (which foretells token i+1): f32 log-probability of that token, then K (i32 token, f32
log-probability) pairs, the most probable first; at the end G (i32 token, f32 margin to the second best logit) pairs.
"""
import struct

import numpy

KEPT = 64
POSITIONS = 257  # 256 teacher-forced tokens
GREEDY = 96
GREEDY_PROMPT = 40

TEXT = """The ferry left the harbour a little after six, when the fog had begun to lift from the water. On deck, an old woman was reading a
newspaper that was three days old, and a boy counted the gulls aloud: one, two, three, twelve.

def moving_average(values, width):
    total = sum(values[:width])
    result = [total / width]
    for i in range(width, len(values)):
        total += values[i] - values[i - width]
        result.append(total / width)
    return result

Question: If a train travels 180 kilometres in 2.5 hours, what is its average speed?
Answer: The average speed is the distance divided by the time, so 180 / 2.5 = 72 kilometres per hour.

今天天气很好，我们去公园散步吧。Die Brücke über den Fluss wurde im Jahre 1897 gebaut. ¿Dónde está la biblioteca? Спасибо большое!

1. Boil the water. 2. Add the pasta and a spoon of salt. 3. Stir now and then. 4. Drain it after nine minutes, and serve it at once with butter,
black pepper and cheese. The secret of the dish is that the cheese must never boil, or it becomes stringy and the sauce will separate.
"""


def tokens_of(path):
    """The token ids of a reference file."""
    with open(path, "rb") as file:
        assert file.read(4) == b"TLR1"
        count = struct.unpack("<4I", file.read(16))[0]
        return numpy.frombuffer(file.read(4 * count), "<i4").tolist()


def write(path, tokens, rows, greedy):
    """rows: [N-1][vocabulary] log-probabilities; greedy: list of (token, margin)."""
    with open(path, "wb") as file:
        file.write(b"TLR1" + struct.pack("<4I", len(tokens), KEPT, len(greedy), GREEDY_PROMPT))
        file.write(numpy.asarray(tokens, "<i4").tobytes())
        for i in range(len(tokens) - 1):
            row = rows[i]
            best = numpy.argpartition(-row, KEPT)[:KEPT]
            best = best[numpy.argsort(-row[best], kind="stable")]
            file.write(struct.pack("<f", row[tokens[i + 1]]))
            pairs = numpy.empty(KEPT, dtype=[("token", "<i4"), ("logprob", "<f4")])
            pairs["token"], pairs["logprob"] = best, row[best]
            file.write(pairs.tobytes())
        for token, margin in greedy:
            file.write(struct.pack("<if", token, margin))

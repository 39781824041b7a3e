#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what the golden test of tokenizers compares with: texts, small vocabularies, and hashes of the right ids.

The ids come from Hugging Face's `tokenizers` and from `sentencepiece`. Needs: tokenizers sentencepiece gguf numpy (protobuf).
    make_references.py [--models DIR]...      DIRs with real GGUF files (also ggml-vocab-*.gguf); those not found keep their hashes
"""
import argparse
import glob
import json
import os
import struct
import sys
import tempfile
import zlib

import gguf
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

import corpus
import families

HERE = os.path.dirname(os.path.abspath(__file__))
NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = range(1, 7)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
USER_DEFINED = ["<tool>", "<think>", "</think>"]


# --- hashes -----------------------------------------------------------------------------------------------------------------
def fnv(data, state=0xCBF29CE484222325):
    for byte in data:
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


def write_reference(name, rows):
    """8 bytes: the hash of all lines' hashes; then one byte a line, to say which line differs."""
    hashes = [fnv(struct.pack("<%di" % len(row), *row)) for row in rows]
    total = fnv(b"".join(struct.pack("<Q", h) for h in hashes))
    with open(os.path.join(HERE, name + ".ids"), "wb") as f:
        f.write(struct.pack("<Q", total) + bytes(h & 0xFF for h in hashes))


def write_corpus(texts):
    """Qt's qCompress format: the size, big endian, then zlib. Inside: for each text its size (u32) and its bytes."""
    raw = b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in texts)
    with open(os.path.join(HERE, "corpus.bin"), "wb") as f:
        f.write(struct.pack(">I", len(raw)) + zlib.compress(raw, 9))


# --- GGUF in and out --------------------------------------------------------------------------------------------------------
def write_vocabulary(name, model, pre, tokens, types, merges=None, scores=None, **keys):
    writer = gguf.GGUFWriter(os.path.join(HERE, name + ".gguf"), "llama")
    writer.add_tokenizer_model(model)
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if merges is not None:
        writer.add_token_merges(merges)
    if scores is not None:
        writer.add_token_scores(scores)
    for key, value in keys.items():
        {bool: writer.add_bool, int: writer.add_uint32}[type(value)]("tokenizer.ggml." + key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


class Vocabulary:
    def __init__(self, path):
        fields = gguf.GGUFReader(path).fields
        get = lambda key, default=None: fields["tokenizer.ggml." + key].contents() if "tokenizer.ggml." + key in fields else default
        self.model, self.pre = get("model"), get("pre", "default")
        self.tokens = get("tokens")
        self.types = get("token_type", [NORMAL] * len(self.tokens))
        self.merges, self.scores = get("merges"), get("scores")
        self.space_prefix = get("add_space_prefix", True)


# --- byte-level BPE ---------------------------------------------------------------------------------------------------------
def bpe_tokenizer(tokens, types, merges, pre):
    vocab = {}
    for i, token in enumerate(tokens):
        vocab.setdefault(token, i)
    pairs = [tuple(m.split(" ", 1)) for m in merges]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=pairs, ignore_merges=families.FAMILIES[pre][2]))
    families.configure(tokenizer, pre)
    add_specials(tokenizer, tokens, types)
    return tokenizer


def add_specials(tokenizer, tokens, types, rstrip=lambda token: False):
    for token, kind in zip(tokens, types):
        if kind in (CONTROL, UNKNOWN) and token:
            tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True, rstrip=rstrip(token))])
        elif kind == USER and token:
            tokenizer.add_tokens([AddedToken(token, normalized=False, rstrip=rstrip(token))])


def pieces(tokenizer, text):
    """Byte offsets at which the pre-tokenizer's pieces end; in its byte alphabet a character is a byte."""
    if tokenizer.normalizer:
        text = tokenizer.normalizer.normalize_str(text)
    ends, at = [], 0
    for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text):
        at += len(piece)
        ends.append(at)
    return ends


def bpe_rows(tokenizer, texts):
    encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
    return [e.ids + [-1] + pieces(tokenizer, t) for e, t in zip(encoded, texts)]


def train_bpe(texts):
    """Merges that know no pieces, so that a wrong piece shows in the ids; then some words that no merge leads to."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = families.BYTES
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=alphabet, show_progress=False, max_token_length=12)
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [t for t, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    tokens += [w for w in ("Ġquick", "camelCase", "Ġworld", "åľ°", "1234", "...") if w not in tokens]
    types = [NORMAL] * len(tokens)
    types += [CONTROL] * len(SPECIAL) + [USER] * len(USER_DEFINED)
    return tokens + SPECIAL + USER_DEFINED, types, merges


# --- SentencePiece ----------------------------------------------------------------------------------------------------------
def train_sentencepiece(texts, **options):
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "m")
        common = [t for t in texts[60:2500] if t.isprintable() or "\n" in t]  # without the random characters
        lines = [l for t in common for l in t.splitlines() if l.strip()]
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_prefix=prefix, model_type="bpe", character_coverage=0.995, num_threads=1,
            normalization_rule_name="identity", split_digits=True, minloglevel=2, max_sentencepiece_length=16, **options)
        return open(prefix + ".model", "rb").read()


def sentencepiece_vocabulary(model):
    proto = pb.ModelProto.FromString(model)
    kinds = {1: NORMAL, 2: UNKNOWN, 3: CONTROL, 4: USER, 5: UNUSED, 6: BYTE}
    return [p.piece for p in proto.pieces], [kinds[p.type] for p in proto.pieces], [p.score for p in proto.pieces]


def sentencepiece_from(vocabulary):
    """A real SentencePiece model around the vocabulary of a GGUF file."""
    proto = pb.ModelProto()
    for token, kind, score in zip(vocabulary.tokens, vocabulary.types, vocabulary.scores):
        piece = proto.pieces.add()
        piece.piece = token.replace(" ", "\u2581") if kind == USER else token
        piece.score = score
        piece.type = kind
    proto.trainer_spec.model_type = 2
    proto.trainer_spec.byte_fallback = True
    proto.trainer_spec.vocab_size = len(vocabulary.tokens)
    for i, (token, kind) in enumerate(zip(vocabulary.tokens, vocabulary.types)):
        if token == "<unk>":  # there is one; converters mark padding as unknown, too
            proto.trainer_spec.unk_id = i
            proto.pieces[i].type = UNKNOWN
        elif kind == UNKNOWN:
            proto.pieces[i].type = CONTROL
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.add_dummy_prefix = vocabulary.space_prefix
    proto.normalizer_spec.remove_extra_whitespaces = False
    proto.normalizer_spec.escape_whitespaces = True
    return sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())


def sentencepiece_rows(processor, texts):
    return [processor.encode(t) + [-1] for t in texts]


def merges_of(tokens, types, scores):
    """As HF's converters derive merges: each split of a piece into two known ones, best pieces first."""
    ids = {t: i for i, (t, k) in enumerate(zip(tokens, types)) if k == NORMAL}
    merges = []
    for token, i in ids.items():
        local = [(token[:k], token[k:]) for k in range(1, len(token)) if token[:k] in ids and token[k:] in ids]
        local.sort(key=lambda m: (ids[m[0]], ids[m[1]]))
        merges += [(scores[i], m) for m in local]
    merges.sort(key=lambda m: m[0], reverse=True)
    return [m for _, m in merges]


def hf_llama(tokens, types, scores, prefix, rstrip=lambda token: False):
    """As the tokenizer.json of Llama 2 and Phi-3 (prefix) or Gemma (no prefix)."""
    vocab = {t: i for i, t in enumerate(tokens)}
    model = models.BPE(vocab=vocab, merges=merges_of(tokens, types, scores), byte_fallback=True, fuse_unk=True, unk_token="<unk>")
    tokenizer = Tokenizer(model)
    steps = ([normalizers.Prepend("\u2581")] if prefix else []) + [normalizers.Replace(" ", "\u2581")]
    tokenizer.normalizer = normalizers.Sequence(steps)
    add_specials(tokenizer, tokens, types, rstrip)
    return tokenizer


# --- everything -------------------------------------------------------------------------------------------------------------
def small_bpe(texts):
    """One vocabulary for all; the test puts the pre-tokenizer's name in."""
    tokens, types, merges = train_bpe(texts)
    write_vocabulary("bpe", "gpt2", "default", tokens, types, merges)
    for name in families.FAMILIES:
        write_reference("bpe-" + name, bpe_rows(bpe_tokenizer(tokens, types, merges, name), texts))


def small_sentencepiece(texts):
    spaces = ["\u2581" * n for n in range(2, 17)]
    variants = {
        "spm-llama": (dict(vocab_size=2400, byte_fallback=True, add_dummy_prefix=True, remove_extra_whitespaces=False), {}),
        "spm-gemma": (dict(vocab_size=2400, byte_fallback=True, add_dummy_prefix=False, remove_extra_whitespaces=False,
                           user_defined_symbols=spaces + ["\n" * n for n in range(1, 9)] + ["\t", "\t\t", "<h1>"]),
                      dict(add_space_prefix=False)),
        "spm-trim": (dict(vocab_size=2000, byte_fallback=True, add_dummy_prefix=True, remove_extra_whitespaces=True),
                     dict(remove_extra_whitespaces=True)),
        "spm-unknown": (dict(vocab_size=2000, byte_fallback=False, add_dummy_prefix=True, remove_extra_whitespaces=False), {}),
    }
    for name, (options, keys) in variants.items():
        model = train_sentencepiece(texts, **options)
        tokens, types, scores = sentencepiece_vocabulary(model)
        stored = [t.replace("\u2581", " ") if k == USER else t for t, k in zip(tokens, types)]
        write_vocabulary(name, "llama", "default", stored, types, scores=scores, **keys)
        write_reference(name, sentencepiece_rows(sentencepiece.SentencePieceProcessor(model_proto=model), texts))
        print(name, len(tokens), flush=True)
    # Special tokens are a matter of HF's tokenizers: Llama 2 and Phi-3 (which drops space behind its markers).
    tokens, types, scores = sentencepiece_vocabulary(train_sentencepiece(texts, **variants["spm-llama"][0]))
    markers = ["<|user|>", "<|assistant|>", "<|end|>", "<|placeholder1|>", "<|endoftext|>"]
    tokens, types, scores = tokens + markers, types + [CONTROL] * len(markers), scores + [0.0] * len(markers)
    write_vocabulary("spm-phi-3", "llama", "default", tokens, types, scores=scores)
    rstrip = lambda token: token not in ("<unk>", "<s>", "<|endoftext|>")
    tokenizer = hf_llama(tokens, types, scores, True, rstrip)
    write_reference("spm-phi-3", [e.ids + [-1] for e in tokenizer.encode_batch(texts, add_special_tokens=False)])


def real(path, texts):
    name = os.path.basename(path)[:-5]
    vocabulary = Vocabulary(path)
    if vocabulary.model == "gpt2" and vocabulary.pre in families.FAMILIES and vocabulary.merges:
        tokenizer = bpe_tokenizer(vocabulary.tokens, vocabulary.types, vocabulary.merges, vocabulary.pre)
        write_reference(name, bpe_rows(tokenizer, texts))
    elif vocabulary.model == "llama":
        phi3 = "<|placeholder1|>" in vocabulary.tokens
        rstrip = lambda token: phi3 and token not in ("<unk>", "<s>", "<|endoftext|>")
        hf = hf_llama(vocabulary.tokens, vocabulary.types, vocabulary.scores, vocabulary.space_prefix, rstrip)
        # GGUF files write user-defined runs of U+2581 as spaces; to both programs the two are the same.
        spaced = [t.replace("\u2581", " ") for t in texts]
        write_reference(name + ".special", [e.ids + [-1] for e in hf.encode_batch(spaced, add_special_tokens=False)])
        if not phi3:  # its user-defined "</s>" takes a space in front of it in sentencepiece alone
            write_reference(name, sentencepiece_rows(sentencepiece_from(vocabulary), texts))
    else:
        return
    print(name, len(vocabulary.tokens), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", action="append", default=[])
    parser.add_argument("--only", default="", help="real | bpe | spm")
    arguments = parser.parse_args()
    texts = corpus.lines()
    write_corpus(texts)
    print(len(texts), "texts", flush=True)
    if arguments.only in ("", "bpe"):
        small_bpe(texts)
    if arguments.only in ("", "spm"):
        small_sentencepiece(texts)
    if arguments.only in ("", "real"):
        for folder in arguments.models:
            for path in sorted(glob.glob(os.path.join(folder, "*.gguf"))):
                real(path, texts)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one token costs on paper, for README.md: bytes that the kernels load (weight_planes.h), launches, tokens per second.

Usage: expected_speed.py [--check README.md]
CALCULATED, NEVER MEASURED. Bytes are exact; the times rest on four assumptions, named below. --check: the table is in that file.
"""
import sys

BANDWIDTH = {"RTX 3060": 360e9, "RTX 4090": 1008e9, "H100": 3350e9}  # bytes a second, by the makers' data sheets
SHARE = 0.90         # of it that long streams of 16-byte loads reach (calm publishes 0.84 to 0.92 on a 4090)
NODE = 1.3e-6        # seconds from one node of a CUDA graph to the next
LAUNCH = 4.0e-6      # of one launch without a graph
GRID_BARRIER = 1.2e-6

# Bytes of a weight on the device: quants, high bits, scales (weight_planes.h). The file's blocks: 144 and 210 bytes of 256 weights.
PLANES = {"q4_k": (16 + 16 / 8) / 32, "q6_k": (16 + 8 + 16 / 8 + 2 / 8) / 32}

MODELS = {  # layers, width, heads, kv heads, head size, feed-forward, vocabulary
    "1.5B": (28, 1536, 12, 2, 128, 8960, 151936),
    "7B": (28, 3584, 28, 4, 128, 18944, 152064),
    "14B": (48, 5120, 40, 8, 128, 13824, 152064),
}


def more_bits(layer, layers):
    """Q4_K_M: which layers have their values and down projections in Q6_K; the head has, too."""
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def bytes_per_token(model, context):
    layers, width, heads, kv_heads, size, feed_forward, vocabulary = MODELS[model]
    total = width * vocabulary * PLANES["q6_k"]
    for layer in range(layers):
        mixed = PLANES["q6_k" if more_bits(layer, layers) else "q4_k"]
        total += PLANES["q4_k"] * width * (2 * heads * size + kv_heads * size + 2 * feed_forward)
        total += mixed * width * (kv_heads * size + feed_forward)
        total += context * 2 * kv_heads * size * 2  # keys and values, f16
    return total


def rate(model, card, context, launches, each):
    return 1 / (bytes_per_token(model, context) / (SHARE * BANDWIDTH[card]) + launches * each)


def launches(model, per_layer, besides):
    return MODELS[model][0] * per_layer + besides


def table():
    """Ours as a graph and without one; llama.cpp: about 13 nodes a layer in a graph; calm: one kernel, 6 grid barriers a layer."""
    yield "| Qwen2.5, Q4_K_M | GB a token (4k) | launches | card | ours: empty / 4k | no graph | as llama.cpp | as calm |"
    yield "|---|---|---|---|---|---|---|---|"
    for model in MODELS:
        for card in BANDWIDTH:
            ours = launches(model, 5, 2)
            cells = [f"{rate(model, card, 0, ours, NODE):.0f} / {rate(model, card, 4096, ours, NODE):.0f}",
                     f"{rate(model, card, 0, ours, LAUNCH):.0f}",
                     f"{rate(model, card, 0, launches(model, 13, 3), NODE):.0f}",
                     f"{rate(model, card, 0, launches(model, 6, 1), GRID_BARRIER):.0f}"]
            gigabytes = f"{bytes_per_token(model, 0) / 1e9:.2f} ({bytes_per_token(model, 4096) / 1e9:.2f})"
            yield f"| {model} | {gigabytes} | {ours} | {card} | " + " | ".join(cells) + " |"


def main():
    lines = list(table())
    if len(sys.argv) == 3 and sys.argv[1] == "--check":
        with open(sys.argv[2], encoding="utf-8") as file:
            known = file.read().splitlines()
        missing = [line for line in lines if line not in known]
        print("\n".join(f"not in {sys.argv[2]}: {line}" for line in missing) or "the table is as calculated")
        return 1 if missing else 0
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())

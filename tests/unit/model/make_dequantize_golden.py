#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes dequantize_golden.bin: random blocks of every type with the floats that the Python package gguf makes of them.

Usage: make_dequantize_golden.py OUTPUT     (needs: pip install gguf numpy)
Layout, little-endian, for each type: u32 number of the type in GGUF files, u32 blocks, u32 bytes, u32 floats, the bytes, the floats.
"""
import struct
import sys

import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize

BLOCKS = 4
# Where f16 numbers lie in a block: random bits there would mostly be huge, infinite or NaN.
HALVES = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208]}
PLAIN = {T.F32: np.float32, T.F16: np.float16}


def blocks_of(kind, rng):
    elements, size = GGML_QUANT_SIZES[kind]
    count = BLOCKS if elements > 1 else 64
    if kind in PLAIN:
        return count, rng.normal(size=count).astype(PLAIN[kind]).view(np.uint8).reshape(1, -1)
    if kind == T.BF16:
        bits = rng.normal(size=count).astype(np.float32).view(np.uint32) >> 16
        return count, bits.astype(np.uint16).view(np.uint8).reshape(1, -1)
    data = rng.integers(0, 256, size=(count, size), dtype=np.uint8)
    for block in data:
        for at in HALVES[kind]:
            block[at:at + 2] = np.array([rng.normal() * 0.1], dtype=np.float16).view(np.uint8)
    # One block with a scale among the subnormal halves.
    at = HALVES[kind][0]
    data[-1, at:at + 2] = np.array([3e-6], dtype=np.float16).view(np.uint8)
    return count, data.reshape(1, -1)


def main():
    rng = np.random.default_rng(20240607)
    with open(sys.argv[1], "wb") as out:
        for kind in [T.F32, T.F16, T.BF16, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.Q4_K, T.Q5_K, T.Q6_K]:
            count, data = blocks_of(kind, rng)
            floats = dequantize(data.view(PLAIN[kind]) if kind in PLAIN else data, kind).astype(np.float32).ravel()
            out.write(struct.pack("<IIII", int(kind), count, data.size, floats.size))
            out.write(data.tobytes())
            out.write(floats.tobytes())


main()

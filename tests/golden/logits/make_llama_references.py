#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the references of real models from llama.cpp.

Usage: make_llama_references.py LLAMA_SOURCE LLAMA_LIBRARIES OUT_FOLDER MODEL.gguf...

LLAMA_SOURCE holds include/llama.h, LLAMA_LIBRARIES the libllama.so of the same version. A greedy continuation starts after the first 40
tokens of the text.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy

import reference_file


def tokenize(libraries, model):
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as text:
        text.write(reference_file.TEXT)
        text.flush()
        ids = subprocess.run([f"{libraries}/llama-tokenize", "-m", model, "--ids", "--log-disable", "-f", text.name], check=True,
                             capture_output=True, text=True).stdout
    tokens = [int(part) for part in ids[ids.index("[") + 1:ids.rindex("]")].split(",")]
    assert len(tokens) >= reference_file.POSITIONS, len(tokens)
    return tokens[:reference_file.POSITIONS]


def main():
    source, libraries, out, *models = sys.argv[1:]
    here = pathlib.Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/llama_reference"
        subprocess.run(["c++", "-std=c++17", "-O2", f"-I{source}/include", f"-I{source}/ggml/include", here / "llama_reference.cpp",
                        f"-L{libraries}", "-lllama", "-lggml", "-lggml-base", f"-Wl,-rpath,{libraries}", "-o", program], check=True)
        for model in models:
            tokens = tokenize(libraries, model)
            ids = f"{folder}/tokens"
            numpy.asarray(tokens, "<i4").tofile(ids)
            raw = subprocess.run([program, model, ids, str(reference_file.GREEDY_PROMPT), str(reference_file.GREEDY)], check=True,
                                 stdout=subprocess.PIPE).stdout
            count, vocabulary = numpy.frombuffer(raw, "<i4", 2)
            rows = numpy.frombuffer(raw, "<f4", count * vocabulary, 8).reshape(count, vocabulary)
            greedy = numpy.frombuffer(raw, [("token", "<i4"), ("margin", "<f4")], offset=8 + 4 * count * vocabulary)
            name = pathlib.Path(model).stem
            reference_file.write(f"{out}/{name}.llama.ref", tokens, rows, [(int(t), float(m)) for t, m in greedy])
            print(name, "perplexity", float(numpy.exp(-numpy.mean([rows[i][tokens[i + 1]] for i in range(count - 1)]))))


if __name__ == "__main__":
    main()

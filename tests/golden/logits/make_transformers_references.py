#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the references of real models from transformers on the dequantised weights, in float32.

Usage: make_transformers_references.py OUT_FOLDER MODEL.gguf...    (after make_llama_references.py: the token ids are taken from its files)

transformers reads the GGUF itself and dequantises it. Needs torch, transformers, gguf and accelerate.
"""
import pathlib
import sys

import numpy
import torch
import transformers

import reference_file


def main():
    out, *models = sys.argv[1:]
    torch.set_num_threads(2)
    for path in map(pathlib.Path, models):
        tokens = reference_file.tokens_of(f"{out}/{path.stem}.llama.ref")
        model = transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32,
                                                                  attn_implementation="eager").eval()
        with torch.no_grad():
            logits = model(torch.tensor([tokens])).logits[0].double()
            rows = torch.log_softmax(logits, -1).float().numpy()
            step = model(torch.tensor([tokens[:reference_file.GREEDY_PROMPT]]), use_cache=True)
            greedy = []
            for _ in range(reference_file.GREEDY):
                best = step.logits[0, -1].topk(2)
                greedy.append((int(best.indices[0]), float(best.values[0] - best.values[1])))
                step = model(best.indices[:1][None], past_key_values=step.past_key_values, use_cache=True)
        reference_file.write(f"{out}/{path.stem}.transformers.ref", tokens, rows, greedy)
        print(path.stem, "perplexity", float(numpy.exp(-numpy.mean([rows[i][tokens[i + 1]] for i in range(len(tokens) - 1)]))))


if __name__ == "__main__":
    main()

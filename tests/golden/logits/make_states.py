#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the references of vectors from transformers on the dequantised weights, in float32: of the first 12 and the first 96 tokens of
the text the last state behind the last norm and the mean over all, f32 little-endian.

Usage: make_states.py OUT_FOLDER MODEL.gguf...    (after make_llama_references.py: the token ids are taken from its files)
"""
import pathlib
import sys

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
        with open(f"{out}/{path.stem}.states", "wb") as file, torch.no_grad():
            for length in (12, 96):
                states = model.model(torch.tensor([tokens[:length]])).last_hidden_state[0].double()
                for vector in (states[-1], states.mean(0)):
                    file.write(vector.float().numpy().astype("<f4").tobytes())


if __name__ == "__main__":
    main()

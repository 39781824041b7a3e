#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Self-information as Selective Context defines it, from transformers on the dequantised weights, in float32.

Usage: make_reference.py OUT.json MODEL.gguf

Each sentence alone behind BOS, and one on a context (LLMLingua's iterative form). Needs torch, transformers, gguf and accelerate.
"""
import json
import pathlib
import sys

import torch
import transformers
from gguf import GGUFReader

JOBS = [
    ("", "The lighthouse keeper counted 42 ships before breakfast, as he did every day."),
    ("", "Nobody in Port Esker had ever seen an otter wear a hat."),
    ("", "Das Wetter war gestern nicht so gut, sagte Frau Brandt."),
    ("", "今天天气很好,我们去公园散步。"),
    ("", "It costs $3.50 at https://example.org/shop 😀!"),
    ("Port Esker otter hat. lighthouse keeper 42 ships", "Nobody in Port Esker had ever seen an otter wear a hat."),
]


def main():
    out, path = sys.argv[1], pathlib.Path(sys.argv[2])
    torch.set_num_threads(2)
    field = GGUFReader(path).fields["tokenizer.ggml.bos_token_id"]
    bos = int(field.parts[field.data[0]][0])
    tokenizer = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32,
                                                              attn_implementation="eager").eval()
    made = []
    for context, text in JOBS:
        past = [bos] + (tokenizer.encode(context, add_special_tokens=False) if context else [])
        tokens = tokenizer.encode(text, add_special_tokens=False)
        with torch.no_grad():
            rows = torch.log_softmax(model(torch.tensor([past + tokens])).logits[0].double(), -1)
        nats = [round(-float(rows[len(past) + i - 1][t]), 5) for i, t in enumerate(tokens)]
        made.append({"context": context, "text": text, "tokens": tokens, "nats": nats})
    with open(out, "w") as file:
        json.dump({"model": path.name, "bos": bos, "jobs": made}, file, indent=1, ensure_ascii=False)


if __name__ == "__main__":
    main()

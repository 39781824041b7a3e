#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tiny models with random weights in transformers, saves them as GGUF (F32), and their logits as transformers computes them.

Usage: make_tiny_models.py OUT_FOLDER

For architectures and options for which no real file is at hand. Each NAME.logits: u32 tokens, u32 vocabulary, i32 ids, f32 logits
[tokens][vocabulary]. Keys and values are rounded to f16 in transformers too, as our pages hold them. Needs torch, transformers, gguf.
"""
import math
import sys

import gguf
import numpy
import torch
import transformers

TOKENS = 64
VOCABULARY = 264
torch.manual_seed(20240229)
torch.set_num_threads(2)


class HalfCache(transformers.DynamicCache):
    def update(self, key, value, *args, **kwargs):
        return super().update(key.half().float(), value.half().float(), *args, **kwargs)


def randomise(model, norm_offset):
    """Larger weights than a fresh model has, so that every part of it shows in the logits."""
    for name, weight in model.named_parameters():
        if "norm" in name:
            weight.data.uniform_(0.7 - norm_offset, 1.3 - norm_offset)
        elif name.endswith("bias"):
            weight.data.uniform_(-0.5, 0.5)
        elif "embed" in name:
            weight.data.normal_(0, 0.2)
        else:
            weight.data.normal_(0, 1 / math.sqrt(weight.shape[1]))


def permute(weight, heads):
    """Llama's GGUF pairs neighbours for rotation, transformers the two halves of a head."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def byte_tokens():
    free = 256
    tokens = []
    for byte in range(256):
        if 33 <= byte <= 126 or 161 <= byte <= 172 or byte >= 174:
            tokens.append(chr(byte))
        else:
            tokens.append(chr(free))
            free += 1
    return tokens


NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
         "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm"}


def gguf_name(name, gemma):
    names = dict(NAMES)
    if gemma:
        names |= {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
                  "post_feedforward_layernorm": "post_ffw_norm"}
    else:
        names |= {"post_attention_layernorm": "ffn_norm"}
    whole = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
    if name in whole:
        return whole[name]
    _, _, layer, rest = name.split(".", 3)
    part, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{names[part]}.{kind}"


def save(path, architecture, model, rope_base, extra):
    config = model.config
    gemma = architecture == "gemma3"
    file = gguf.GGUFWriter(path, architecture)
    file.add_name(f"Tiny {architecture}")
    file.add_block_count(config.num_hidden_layers)
    file.add_context_length(512)
    file.add_embedding_length(config.hidden_size)
    file.add_feed_forward_length(config.intermediate_size)
    file.add_head_count(config.num_attention_heads)
    file.add_head_count_kv(config.num_key_value_heads)
    file.add_layer_norm_rms_eps(config.rms_norm_eps)
    file.add_rope_freq_base(rope_base)
    file.add_key_length(config.head_dim)
    file.add_value_length(config.head_dim)
    extra(file)
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("default")
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    unused = [f"[unused{i}]" for i in range(VOCABULARY - 257 - len(special))]
    file.add_token_list(byte_tokens() + special + ["th"] + unused)
    file.add_token_types([1] * 256 + [3] * len(special) + [1] + [5] * len(unused))
    file.add_token_merges(["t h"])
    file.add_eos_token_id(256)
    file.add_add_bos_token(False)
    for name, weight in model.named_parameters():
        values = weight.detach().numpy().astype(numpy.float32)
        if gemma and "norm" in name:
            values = values + 1
        if architecture == "llama" and "q_proj" in name:
            values = permute(values, config.num_attention_heads)
        if architecture == "llama" and "k_proj" in name:
            values = permute(values, config.num_key_value_heads)
        file.add_tensor(gguf_name(name, gemma), numpy.ascontiguousarray(values))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def make(out, name, architecture, model, rope_base, extra=lambda file: None):
    model.eval()
    randomise(model, 1.0 if architecture == "gemma3" else 0.0)
    save(f"{out}/{name}.gguf", architecture, model, rope_base, extra)
    tokens = torch.randint(0, 256, (1, TOKENS))
    with torch.no_grad():
        logits = model(tokens, past_key_values=HalfCache(), use_cache=True).logits[0].float().numpy()
    with open(f"{out}/{name}.logits", "wb") as file:
        file.write(numpy.asarray([TOKENS, VOCABULARY], "<u4").tobytes())
        file.write(tokens[0].numpy().astype("<i4").tobytes())
        file.write(logits.astype("<f4").tobytes())
    print(name, sum(p.numel() for p in model.parameters()), "parameters, logits", logits.std())


def llama3_factors(base, size, factor, low, high, original):
    """What the file holds: by how much each frequency is divided (transformers: modeling_rope_utils, rope type llama3)."""
    frequencies = base ** -(numpy.arange(0, size, 2) / size)
    waves = 2 * math.pi / frequencies
    smooth = (original / waves - low) / (high - low)
    middle = 1 / ((1 - smooth) / factor + smooth)
    return numpy.where(waves < original / high, 1, numpy.where(waves > original / low, factor, middle)).astype(numpy.float32)


def main():
    out = sys.argv[1]
    sizes = dict(vocab_size=VOCABULARY, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
                 attn_implementation="eager")

    config = transformers.Qwen3Config(hidden_size=48, intermediate_size=96, num_hidden_layers=2, head_dim=16, rms_norm_eps=1e-6,
                                      rope_parameters={"rope_type": "default", "rope_theta": 1e6}, tie_word_embeddings=False, **sizes)
    make(out, "tiny-qwen3", "qwen3", transformers.Qwen3ForCausalLM(config), 1e6)

    config = transformers.Qwen2Config(hidden_size=64, intermediate_size=80, num_hidden_layers=2, rms_norm_eps=1e-6,
                                      rope_parameters={"rope_type": "default", "rope_theta": 1e6}, tie_word_embeddings=True, **sizes)
    config.head_dim = 16
    make(out, "tiny-qwen2", "qwen2", transformers.Qwen2ForCausalLM(config), 1e6)

    scaling = dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=128)
    config = transformers.LlamaConfig(hidden_size=64, intermediate_size=80, num_hidden_layers=2, rms_norm_eps=1e-5, head_dim=16,
                                      rope_parameters={"rope_type": "llama3", "rope_theta": 500000.0, **scaling},
                                      tie_word_embeddings=True, **sizes)
    factors = llama3_factors(500000.0, 16, 8.0, 1.0, 4.0, 128)
    assert len(set(factors.tolist())) > 2, "the middle range must be in use"
    make(out, "tiny-llama3-rope", "llama", transformers.LlamaForCausalLM(config), 500000.0,
         lambda file: (file.add_rope_dimension_count(16), file.add_tensor("rope_freqs.weight", factors)))

    config = transformers.Gemma3TextConfig(
        hidden_size=32, intermediate_size=32, num_hidden_layers=7, head_dim=16, query_pre_attn_scalar=16, sliding_window=24,
        rms_norm_eps=1e-6, tie_word_embeddings=True,
        rope_parameters={"full_attention": {"rope_type": "default", "rope_theta": 1e6},
                         "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}, **sizes)
    assert config.layer_types.count("full_attention") == 1 and config.layer_types[5] == "full_attention"
    make(out, "tiny-gemma3", "gemma3", transformers.Gemma3ForCausalLM(config), 1e6, lambda file: file.add_sliding_window(24))


if __name__ == "__main__":
    main()

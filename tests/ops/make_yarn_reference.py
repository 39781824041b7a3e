# SPDX-License-Identifier: Apache-2.0
"""Prints the YaRN angles that reference_test.cpp holds, from transformers (pip install torch transformers)."""
from transformers import Qwen2Config
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

scaling = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768, "rope_theta": 1e6}
config = Qwen2Config(hidden_size=128 * 12, num_attention_heads=12, max_position_embeddings=131072, rope_theta=1e6,
                     rope_scaling=scaling)
frequencies, attention = ROPE_INIT_FUNCTIONS["yarn"](config, "cpu")
print("attention factor %.9g" % attention)
for i in (0, 1, 8, 20, 24, 28, 32, 36, 40, 48, 63):
    print("{%d, %.9g}," % (i, frequencies[i].item()))

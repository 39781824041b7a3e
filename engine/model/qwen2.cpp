// SPDX-License-Identifier: Apache-2.0
// The qwen2 architecture: Qwen 2 and 2.5, their Coder and Math models, and DeepSeek-R1's distillates into
// them. Any thread.
#include "engine/model/architecture.h"

namespace tendril::engine {

const Architecture& qwen2_architecture() {
    // A llama with biases on query, key and value. Some fine-tunes drop them.
    static constexpr Architecture kArchitecture = {
        .name = "qwen2", .attention_bias = Presence::optional, .output_bias = Presence::optional};
    return kArchitecture;
}

}  // namespace tendril::engine

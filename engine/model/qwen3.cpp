// SPDX-License-Identifier: Apache-2.0
// The qwen3 architecture: the dense Qwen 3 models. Constants, any thread.
#include "engine/model/architecture.h"

namespace tendril::engine {

const Architecture& qwen3_architecture() {
    // A norm on each query and key head in place of qwen2's biases; the size of a head is its own key
    // (attention.key_length).
    static constexpr Architecture kArchitecture = {
        .name = "qwen3", .attention_bias = Presence::optional, .query_key_norms = Presence::required};
    return kArchitecture;
}

}  // namespace tendril::engine

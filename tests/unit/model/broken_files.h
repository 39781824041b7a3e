// SPDX-License-Identifier: Apache-2.0
// Model files that are wrong in one way each, with the words that must be said about it. One thread.
#pragma once

#include <string>
#include <vector>

#include "engine/result.h"
#include "tests/support/gguf_writer.h"

namespace tendril::test {

struct BrokenFile {
    std::string name;
    Bytes bytes;
    ErrorCode code;
    std::string part;  ///< of the message
};

/// Wrong as a container: refused by GgufFile::parse.
std::vector<BrokenFile> broken_containers();
/// Sound containers whose configuration or tensors make no sense: refused by read_model_config, check_tensors
/// or load_weights.
std::vector<BrokenFile> broken_models();

/// One layer, 32 wide: small enough to be changed and truncated at every byte.
TinyModel small_model(const std::string& architecture = "llama");

}  // namespace tendril::test

// SPDX-License-Identifier: Apache-2.0
// A model whose answers do not end by themselves, for tests that stop or kill one. One thread.
#pragma once

#include <filesystem>

namespace tendril::test {

/// Random weights, 23 MB, 16,384 tokens of context: streams for seconds at the sampler's defaults. Its end
/// token has no embedding, so its logit is 0 and never among the forty largest. False when the file cannot be
/// written.
bool write_endless_model(const std::filesystem::path& file);

}  // namespace tendril::test

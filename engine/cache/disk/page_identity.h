// SPDX-License-Identifier: Apache-2.0
// What pages depend on beside the model's bytes, as text for PageStoreOptions::identity. Pure, any thread.
#pragma once

#include <string>

#include "engine/backend/backend.h"
#include "engine/model/gguf.h"
#include "engine/model/model_config.h"

namespace tendril::engine {

/// Lines "what: value": tokenizer, rotary embedding and windows as they are used, the backend's arithmetic,
/// the layout of exported pages.
std::string page_identity(const GgufFile& file, const ModelConfig& config, const Backend& backend,
                          const KvPages& pages);

}  // namespace tendril::engine

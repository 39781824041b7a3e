// SPDX-License-Identifier: Apache-2.0
// The part of a prompt whose keys and values are pruned before the rest is read (generate --prune-kv): all in
// front of its last paragraph, or of the last message where that is one paragraph. Main thread.
#pragma once

#include <string>
#include <vector>

#include "app/composing.h"
#include "engine/engine.h"

namespace tendril::app::cli {

/// Of the text `prompt`; `tokens`: the whole of it. Without a stretch (length 0) when there is no paragraph
/// in front of the last.
engine::PruneRequest beginning_of(const engine::Tokenizer& tokenizer, const std::string& prompt,
                                  const std::vector<engine::TokenId>& tokens);
/// The same of messages: what asks for the text again is said in the template's way, and what stands in front
/// of the first user's words stays whole.
engine::PruneRequest beginning_of(PromptComposer& composer, const prompt::ChatMessages& messages,
                                  const std::vector<engine::TokenId>& tokens);

}  // namespace tendril::app::cli

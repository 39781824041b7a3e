// SPDX-License-Identifier: Apache-2.0
// The prompts that are compiled into the program, as they stand in their files. Constant; any thread; no Qt.
#pragma once

#include <string_view>

namespace tendril::resources {

/// resources/prompts/skeleton.json, for prompt::skeleton::Phrases::parse.
std::string_view skeleton_json();
/// resources/prompts/memory.json, for prompt::context::NotePhrases::parse.
std::string_view memory_json();

}  // namespace tendril::resources

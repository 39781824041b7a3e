// SPDX-License-Identifier: Apache-2.0
// A person's sentences as notes have them. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tendril::prompt::context {

/// The same for sentences that differ in capitals and marks only.
std::string key_of(std::string_view sentence);

/// As it stands in the notes.
std::string item_of(std::string_view sentence);

}  // namespace tendril::prompt::context

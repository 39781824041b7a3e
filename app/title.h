// SPDX-License-Identifier: Apache-2.0
// A conversation's first title: the first words of the first question. Pure, no state.
#pragma once

#include <string>
#include <string_view>

namespace tendril::app {

/// One line, at most 48 characters, cut between words where possible, with "…" when cut. Empty when the
/// question has no word.
std::string title_from(std::string_view question);

}  // namespace tendril::app

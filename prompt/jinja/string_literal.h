// SPDX-License-Identifier: Apache-2.0
// The escapes of a template's string literal, which are Python's. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tendril::prompt::jinja {

/// `body` is what stands between the quotes. Raises a Failure with `line` for a broken escape.
std::string unescaped_literal(std::string_view body, int line);

}  // namespace tendril::prompt::jinja

// SPDX-License-Identifier: Apache-2.0
// One point while it is written. Part of Branches.
#pragma once

#include <string>
#include <utility>

#include "app/expand/branches.h"

namespace tendril::app {

inline constexpr const char* kOtherKind = "The engine gave an answer of another kind than asked for.";

struct Branches::Branch {
    Branch(std::string its_heading, prompt::skeleton::PointGuard its_guard)
        : heading(std::move(its_heading)), guard(std::move(its_guard)) {}

    std::string heading;
    prompt::skeleton::PointGuard guard;
    std::optional<Stage> stage;        // its prompt, once it is begun
    std::vector<std::uint32_t> chain;  // points whose text stands in its prompt, in their order there
    engine::RequestId request = 0;     // 0: not begun, or ended
    std::string raw;                   // all that was fed to the guard
    std::size_t told = 0;              // bytes of the guard's text that the observer has
    prompt::skeleton::PointStop stopped = prompt::skeleton::PointStop::none;
    bool failed = false;
    bool copy = false;  // says what an earlier point says
    double begun_ms = 0;
    Drawn drawn;  // once it has ended
};

}  // namespace tendril::app

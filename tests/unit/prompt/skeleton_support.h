// SPDX-License-Identifier: Apache-2.0
// The program's own prompts for the skeleton tests. Header only; any thread.
#pragma once

#include <stdexcept>

#include "prompt/skeleton/phrases.h"
#include "resources/prompts/prompts.h"

namespace tendril::prompt::skeleton {

inline const Phrases& own_phrases() {
    static const Phrases phrases = [] {
        auto parsed = Phrases::parse(resources::skeleton_json());
        if (!parsed) {
            throw std::runtime_error(parsed.error().message + " " + parsed.error().detail);
        }
        return std::move(*parsed);
    }();
    return phrases;
}

inline const Language& own_language(std::string_view code) {
    return *own_phrases().language(code);
}

}  // namespace tendril::prompt::skeleton

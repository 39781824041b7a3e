// SPDX-License-Identifier: Apache-2.0
// What all answers in points share: the prompts as data, and the compiled grammar of outlines, one for each
// language. Chat worker's thread (or the command line's); owned by who runs expansions.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/engine.h"
#include "prompt/skeleton/phrases.h"

namespace tendril::app {

class SkeletonKit {
  public:
    /// `json`: as resources/prompts/skeleton.json.
    static Result<std::unique_ptr<SkeletonKit>> make(std::string_view json);

    const prompt::skeleton::Phrases& phrases() const { return phrases_; }
    /// The same object each time, so that the engine finds its own work on it again.
    Result<std::shared_ptr<const engine::Grammar>> outline_grammar(
        const prompt::skeleton::Language& language);

  private:
    explicit SkeletonKit(prompt::skeleton::Phrases phrases) : phrases_(std::move(phrases)) {}

    prompt::skeleton::Phrases phrases_;
    std::map<std::string, std::shared_ptr<const engine::Grammar>> grammars_;  // by language
};

}  // namespace tendril::app

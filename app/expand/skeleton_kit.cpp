// SPDX-License-Identifier: Apache-2.0
// SkeletonKit.
#include "app/expand/skeleton_kit.h"

#include <utility>

#include "prompt/skeleton/outline.h"

namespace tendril::app {

Result<std::unique_ptr<SkeletonKit>> SkeletonKit::make(std::string_view json) {
    auto phrases = prompt::skeleton::Phrases::parse(json);
    if (!phrases) {
        return fail(phrases.error());
    }
    return std::unique_ptr<SkeletonKit>(new SkeletonKit(std::move(*phrases)));
}

Result<std::shared_ptr<const engine::Grammar>> SkeletonKit::outline_grammar(
    const prompt::skeleton::Language& language) {
    auto& grammar = grammars_[language.code];
    if (!grammar) {
        auto compiled = engine::Grammar::compile(prompt::skeleton::outline_grammar(phrases_, language));
        if (!compiled) {
            return fail(compiled.error());
        }
        grammar = std::move(*compiled);
    }
    return grammar;
}

}  // namespace tendril::app

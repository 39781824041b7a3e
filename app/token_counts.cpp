// SPDX-License-Identifier: Apache-2.0
// TokenCounts. Chat worker's thread only.
#include "app/token_counts.h"

#include <functional>

#include "prompt/skeleton/words.h"

namespace tendril::app {
namespace {

constexpr std::size_t kRemembered = 100'000;
constexpr std::size_t kWorthFinding = 16;  // bytes; shorter texts are counted with the template around them

std::uint64_t key(std::string_view text) {
    return std::hash<std::string_view>()(text) * 31 + text.size();
}

}  // namespace

std::size_t TokenCounts::piece(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    const std::uint64_t name = key(text);
    if (const auto it = known_.find(name); it != known_.end()) {
        return it->second;
    }
    if (known_.size() >= kRemembered) {
        known_.clear();
    }
    const std::size_t tokens = tokenizer_.encode(text, {.add_bos = false, .parse_special = true}).size();
    known_.emplace(name, tokens);
    return tokens;
}

std::size_t TokenCounts::of(std::string_view rendered, const prompt::ChatMessages& messages) {
    std::size_t total = 0;
    std::size_t position = 0;
    for (const prompt::ChatMessage& message : messages) {
        // Templates often strip blanks around a message.
        const std::string_view text = prompt::skeleton::trimmed(message.content);
        if (text.size() < kWorthFinding) {
            continue;
        }
        const std::size_t found = rendered.find(text, position);
        if (found == std::string_view::npos) {
            continue;  // changed by the template: counted with what stands around it
        }
        total += piece(rendered.substr(position, found - position)) + piece(text);
        position = found + text.size();
    }
    return total + piece(rendered.substr(position));
}

}  // namespace tendril::app

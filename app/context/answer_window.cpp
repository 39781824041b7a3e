// SPDX-License-Identifier: Apache-2.0
// Emergency windows. Pure.
#include "app/context/answer_window.h"

#include <algorithm>

#include "app/expand/stitched_answers.h"
#include "prompt/skeleton/words.h"

namespace tendril::app {
namespace {

constexpr std::size_t kLookedAt = 3000;  // bytes
constexpr std::size_t kEnd = 60;         // bytes, of the end that is looked for
constexpr std::size_t kTimes = 4;        // that it is there

}  // namespace

bool in_circles(std::string_view text) {
    if (text.size() < kTimes * kEnd) {
        return false;
    }
    const std::string_view last = text.substr(text.size() - kEnd);
    const std::string_view before = text.substr(text.size() - std::min(text.size(), kLookedAt));
    std::size_t times = 0;
    for (std::size_t at = before.find(last); at != std::string_view::npos; at = before.find(last, at + 1)) {
        ++times;
    }
    return times >= kTimes;
}

std::string newest_part(const engine::Tokenizer& tokenizer, std::string_view text, std::size_t tokens) {
    const auto all = tokenizer.encode(text, {.add_bos = false, .parse_special = false});
    if (all.size() <= tokens) {
        return std::string(text);
    }
    std::size_t bytes = 0;
    for (std::size_t i = all.size() - tokens; i < all.size(); ++i) {
        bytes += tokenizer.bytes(all[i], false).size();
    }
    std::string_view rest = text.substr(text.size() - std::min(text.size(), bytes));
    while (!rest.empty() && (static_cast<unsigned char>(rest.front()) & 0xC0U) == 0x80U) {
        rest.remove_prefix(1);
    }
    const std::string_view first = rest.substr(0, rest.size() / 4);
    if (const std::size_t line = first.find('\n'); line != std::string_view::npos) {
        rest.remove_prefix(line + 1);
    } else if (const std::size_t end = prompt::skeleton::last_sentence_end(first); end > 0) {
        rest.remove_prefix(end);
    }
    return std::string(rest);
}

std::vector<engine::MovedText> moved_from(std::span<const engine::TokenId> before,
                                          std::span<const engine::TokenId> prompt) {
    const auto same = static_cast<std::size_t>(
        std::mismatch(prompt.begin(), prompt.end(), before.begin(), before.end()).first - prompt.begin());
    WrittenPoint point;
    point.tokens.assign(before.begin(), before.end());
    point.heading_at = static_cast<std::uint32_t>(same);
    return aligned_runs(prompt, same, prompt.size(), {point});
}

}  // namespace tendril::app

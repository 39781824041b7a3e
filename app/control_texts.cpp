// SPDX-License-Identifier: Apache-2.0
// ControlTexts. Any thread.
#include "app/control_texts.h"

#include <algorithm>
#include <functional>
#include <set>

namespace tendril::app {
namespace {

constexpr std::size_t kShortestControl = 3;  // "<s>"; shorter ones would cut ordinary text

std::size_t character_bytes(char first) {
    const auto byte = static_cast<unsigned char>(first);
    return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

ControlTexts::ControlTexts(const engine::Tokenizer& tokenizer) {
    std::set<std::size_t, std::greater<>> lengths;
    for (std::size_t i = 0; i < tokenizer.size(); ++i) {
        const auto token = static_cast<engine::TokenId>(i);
        if (!tokenizer.is_control(token)) {
            continue;
        }
        const std::string_view text = tokenizer.bytes(token, true);
        if (text.size() >= kShortestControl) {
            texts_.emplace(text);
            lengths.insert(text.size());
            first_byte_[static_cast<unsigned char>(text[0])] = true;
        }
    }
    lengths_.assign(lengths.begin(), lengths.end());
}

std::size_t ControlTexts::control_at(std::string_view text, std::size_t position) const {
    for (const std::size_t length : lengths_) {
        if (length <= text.size() - position && texts_.contains(std::string(text.substr(position, length)))) {
            return length;
        }
    }
    return 0;
}

std::string ControlTexts::cut(std::string_view text) const {
    std::string result;
    result.reserve(text.size());
    std::size_t i = 0;
    while (i < text.size()) {
        if (text.substr(i, kCut.size()) == kCut) {
            i += kCut.size();
            continue;
        }
        const bool control = first_byte_[static_cast<unsigned char>(text[i])] && control_at(text, i) > 0;
        const std::size_t step = std::min(character_bytes(text[i]), text.size() - i);
        result += text.substr(i, step);
        if (control) {
            result += kCut;
        }
        i += step;
    }
    return result;
}

std::vector<std::string_view> ControlTexts::pieces(std::string_view text) {
    std::vector<std::string_view> all;
    for (;;) {
        const std::size_t end = text.find(kCut);
        if (end != 0 && !text.empty()) {
            all.push_back(text.substr(0, end));
        }
        if (end == std::string_view::npos) {
            return all;
        }
        text.remove_prefix(end + kCut.size());
    }
}

}  // namespace tendril::app

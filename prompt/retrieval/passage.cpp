// SPDX-License-Identifier: Apache-2.0
// See passage.h.
#include "prompt/retrieval/passage.h"

#include <algorithm>
#include <cstddef>

#include "prompt/skeleton/words.h"

namespace tendril::prompt {
namespace {

constexpr std::size_t kEnding = 2;     // bytes that an ending may differ in
constexpr std::size_t kLeastStem = 4;  // bytes of a word that are looked for at least
constexpr std::string_view kIdeographicStop = "\xE3\x80\x82";

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return result;
}

/// What of a phrase is looked for: the beginning of a word; neighbouring characters without their blank.
std::string stem_of(const std::string& phrase) {
    std::string stem = lower(phrase);
    std::erase(stem, ' ');
    if (static_cast<unsigned char>(stem[0]) < 0x80 && stem.size() > kLeastStem) {
        stem.resize(std::max(kLeastStem, stem.size() - kEnding));
    }
    return stem;
}

/// Where the sentence or line that begins at `at` ends.
std::size_t end_of(std::string_view text, std::size_t at) {
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n') {
            return at + 1;
        }
        if ((c == '.' || c == '!' || c == '?') &&
            (at + 1 == text.size() || text[at + 1] == ' ' || text[at + 1] == '\n')) {
            return at + 1;
        }
        if (text.substr(at, kIdeographicStop.size()) == kIdeographicStop) {
            return at + kIdeographicStop.size();
        }
    }
    return at;
}

}  // namespace

std::string_view best_passage(std::string_view text, const std::vector<std::string>& phrases) {
    std::vector<std::string> stems;
    for (const std::string& phrase : phrases) {
        if (!phrase.empty() && phrase != " ") {
            stems.push_back(stem_of(phrase));
        }
    }
    std::string_view best;
    std::ptrdiff_t most = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = end_of(text, at);
        const std::string words = lower(text.substr(at, end - at));
        const auto has = std::count_if(stems.begin(), stems.end(), [&words](const std::string& stem) {
            return words.find(stem) != std::string::npos;
        });
        if (has > most) {
            most = has;
            best = text.substr(at, end - at);
        }
        at = end;
    }
    return skeleton::trimmed(best);
}

}  // namespace tendril::prompt

// SPDX-License-Identifier: Apache-2.0
// LongLLMLingua's sub-sequence recovery, on words. Pure; any thread.
#include <algorithm>
#include <map>

#include "prompt/compress/characters.h"
#include "prompt/compress/compress.h"
#include "prompt/compress/units.h"

namespace tendril::prompt {
namespace {

using namespace compression;

constexpr std::size_t kLargestGap = 10;  ///< words of the original that may have been left out of a run
constexpr std::size_t kMostPlaces = 64;  ///< of one word that are tried: keeps time linear

struct Words {
    std::vector<std::string> texts;  // lower case
    std::vector<KeptRange> places;
};

Words words_of(std::string_view text) {
    Words words;
    for (const Unit& unit : units_of(text, {}, {})) {
        if (!unit.stop) {
            words.texts.push_back(lower_case(text.substr(unit.core, unit.end - unit.core)));
            words.places.push_back({unit.core, unit.end});
        }
    }
    return words;
}

using Places = std::map<std::string_view, std::vector<std::size_t>>;

Places places_of(const Words& words) {
    Places places;
    for (std::size_t i = 0; i < words.texts.size(); ++i) {
        auto& mine = places[words.texts[i]];
        if (mine.size() < kMostPlaces) {
            mine.push_back(i);
        }
    }
    return places;
}

struct Run {
    std::size_t length = 0;  // words of the answer
    std::size_t first = 0;   // in `words`
};

/// The longest run of the answer's words from `from` on that stands in `words`.
Run longest_run(const Words& answer, std::size_t from, const Words& words, const Places& places) {
    Run best;
    const auto begins = places.find(answer.texts[from]);
    for (const std::size_t at : begins == places.end() ? std::vector<std::size_t>() : begins->second) {
        std::size_t length = 0;
        while (length < 64 && from + length < answer.texts.size() && at + length < words.texts.size() &&
               answer.texts[from + length] == words.texts[at + length]) {
            ++length;
        }
        if (length > best.length) {
            best = {length, at};
        }
    }
    return best;
}

/// The shortest stretch of the original with these words in their order; empty when there is none.
KeptRange shortest_span(const Words& answer, std::size_t from, std::size_t length, const Words& original,
                        const Places& places) {
    KeptRange best{};
    std::size_t best_words = length + kLargestGap + 1;
    const auto begins = places.find(answer.texts[from]);
    for (const std::size_t at : begins == places.end() ? std::vector<std::size_t>() : begins->second) {
        std::size_t matched = 1;
        std::size_t i = at + 1;
        for (; matched < length && i < original.texts.size() && i - at < best_words; ++i) {
            matched += original.texts[i] == answer.texts[from + matched] ? 1 : 0;
        }
        if (matched == length && i - at < best_words) {
            best_words = i - at;
            best = {original.places[at].begin, original.places[i - 1].end};
        }
    }
    return best;
}

}  // namespace

std::string recover(std::string_view answer, std::string_view original, const Compressed& compressed) {
    const Words said = words_of(answer);
    const Words shorter = words_of(compressed.text);
    const Words longer = words_of(original);
    const Places in_shorter = places_of(shorter);
    const Places in_longer = places_of(longer);
    std::string recovered;
    std::size_t written = 0;  // bytes of the answer
    for (std::size_t i = 0; i < said.texts.size();) {
        const Run run = longest_run(said, i, shorter, in_shorter);
        const KeptRange span =
            run.length > 1 ? shortest_span(said, i, run.length, longer, in_longer) : KeptRange{};
        if (span.end > span.begin) {
            recovered += answer.substr(written, said.places[i].begin - written);
            recovered += original.substr(span.begin, span.end - span.begin);
            written = said.places[i + run.length - 1].end;
        }
        i += std::max<std::size_t>(run.length, 1);
    }
    recovered += answer.substr(written);
    return recovered;
}

}  // namespace tendril::prompt

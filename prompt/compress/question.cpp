// SPDX-License-Identifier: Apache-2.0
// Which sentences share words with a question. Pure; any thread.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "prompt/compress/characters.h"
#include "prompt/compress/methods.h"

namespace tendril::prompt::compression {
namespace {

constexpr float kRelevance = 20;  ///< nats per token: what the question names comes before everything else
constexpr std::size_t kStem = 5;  ///< characters of a word that are compared: "opened" and "opening" are one
constexpr std::size_t kHangulStem = 2;  ///< syllables: what a Korean word is comes first, particles behind it

/// The stems of words; of scripts without blanks, every two neighbouring characters.
std::set<std::string> stems_of(std::string_view text) {
    std::set<std::string> stems;
    const std::string lower = lower_case(text);
    const std::string_view all = lower;
    for (std::size_t at = 0; at < all.size();) {
        Character c = character_at(all, at);
        const std::size_t begin = at;
        at += c.bytes;
        if (c.kind == CharacterKind::wide) {
            if (at < all.size() && character_at(all, at).kind == CharacterKind::wide) {
                stems.insert(lower.substr(begin, at + character_at(all, at).bytes - begin));
            }
            continue;
        }
        if (c.kind != CharacterKind::letter && c.kind != CharacterKind::digit) {
            continue;
        }
        const bool hangul = c.value >= 0xAC00 && c.value <= 0xD7A3;
        const std::size_t longest = hangul ? kHangulStem : kStem;
        std::size_t length = 1;
        std::size_t end = at;
        for (; at < all.size(); at += c.bytes) {
            c = character_at(all, at);
            if (c.kind != CharacterKind::letter && c.kind != CharacterKind::digit) {
                break;
            }
            end = ++length <= longest ? at + c.bytes : end;
        }
        stems.insert(lower.substr(begin, end - begin));
    }
    return stems;
}

/// Of each sentence: the sum of ln(sentences / sentences with the stem) over the question's stems, as a share
/// of the best; what stands around a good sentence has half of its share.
std::vector<float> relevance_of(std::string_view text, std::span<const KeptRange> sentences,
                                std::string_view question) {
    const std::set<std::string> asked = stems_of(question);
    std::map<std::string, std::size_t> found_in;
    std::vector<std::vector<std::string>> shared;
    for (const KeptRange& sentence : sentences) {
        auto& mine = shared.emplace_back();
        for (const std::string& stem : stems_of(text.substr(sentence.begin, sentence.end - sentence.begin))) {
            if (asked.contains(stem)) {
                mine.push_back(stem);
                ++found_in[stem];
            }
        }
    }
    std::vector<float> own(sentences.size());
    for (std::size_t i = 0; i < sentences.size(); ++i) {
        for (const std::string& stem : shared[i]) {
            own[i] += static_cast<float>(
                std::log((static_cast<double>(sentences.size()) + 1) / static_cast<double>(found_in[stem])));
        }
    }
    const float best = own.empty() ? 0 : *std::max_element(own.begin(), own.end());
    std::vector<float> relevance(own.size());
    for (std::size_t i = 0; i < own.size() && best > 0; ++i) {
        const float left = i > 0 ? own[i - 1] : 0;
        const float right = i + 1 < own.size() ? own[i + 1] : 0;
        relevance[i] = std::max(own[i], std::max(left, right) / 2) / best;
    }
    return relevance;
}

}  // namespace

Result<Weighed> weigh_by_question(const Work& work) {
    auto weighed = weigh_by_frequency(work);
    if (!weighed) {
        return weighed;
    }
    const auto sentences = sentences_of(work.text);
    const auto relevance = relevance_of(work.text, sentences, work.settings.question);
    std::size_t sentence = 0;
    for (std::size_t i = 0; i < weighed->units.size(); ++i) {
        while (sentence + 1 < sentences.size() && sentences[sentence].end <= weighed->units[i].core) {
            ++sentence;
        }
        weighed->scores[i] += relevance.empty() ? 0 : kRelevance * relevance[sentence];
    }
    return weighed;
}

}  // namespace tendril::prompt::compression

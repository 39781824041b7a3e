// SPDX-License-Identifier: Apache-2.0
// Scorers and a counter for tests of compression: words as tokens, fixed or random scores. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/compress/compress.h"

namespace tendril::prompt::testing {

/// Pieces of up to four bytes that mind no characters, with noise for nats.
class NoiseScorer final : public Scorer {
  public:
    explicit NoiseScorer(std::uint64_t seed) : state_(seed * 2 + 1) {}
    Result<std::vector<std::vector<ScoredPiece>>> score(std::span<const ScoreJob> jobs) override {
        ++calls;
        std::vector<std::vector<ScoredPiece>> all;
        for (const ScoreJob& job : jobs) {
            contexts.push_back(job.context);
            texts.push_back(job.text);
            auto& pieces = all.emplace_back();
            for (std::size_t at = 0; at < job.text.size();) {
                const std::size_t end = std::min(job.text.size(), at + 1 + next() % 4);
                pieces.push_back({at, end, static_cast<float>(next() % 1000) / 100});
                at = end;
            }
        }
        return all;
    }
    int calls = 0;
    std::vector<std::string> contexts;
    std::vector<std::string> texts;

  private:
    std::uint64_t next() {
        state_ ^= state_ << 13U;
        state_ ^= state_ >> 7U;
        state_ ^= state_ << 17U;
        return state_ >> 11U;
    }
    std::uint64_t state_;
};

/// One piece for each word (with the blank in front), scored by a function of word and context.
class WordScorer final : public Scorer {
  public:
    using Weigh = std::function<float(std::string_view word, const ScoreJob& job)>;
    explicit WordScorer(Weigh weigh) : weigh_(std::move(weigh)) {}
    Result<std::vector<std::vector<ScoredPiece>>> score(std::span<const ScoreJob> jobs) override {
        std::vector<std::vector<ScoredPiece>> all;
        for (const ScoreJob& job : jobs) {
            seen.push_back(job);
            auto& pieces = all.emplace_back();
            const std::string_view text = job.text;
            for (std::size_t at = 0; at < text.size();) {
                const std::size_t begin = at;
                at = std::min(text.find_first_not_of(" \n", at), text.size());
                const std::size_t word = at;
                at = std::min(text.find_first_of(" \n", at), text.size());
                pieces.push_back({begin, at, weigh_(text.substr(word, at - word), job)});
            }
        }
        return all;
    }
    std::vector<ScoreJob> seen;

  private:
    Weigh weigh_;
};

/// About as a tokenizer counts: a token for every four bytes of a word, and for each word at least one.
inline std::size_t count_words(std::string_view text) {
    std::size_t tokens = 0;
    std::size_t run = 0;
    for (const char c : text) {
        run = c == ' ' ? 0 : run + 1;
        tokens += run % 4 == 1 ? 1 : 0;
    }
    return tokens;
}

}  // namespace tendril::prompt::testing

// SPDX-License-Identifier: Apache-2.0
// A document with planted facts on a real model: its keys and values are pruned before anybody asks, and the
// questions' answers are held to those of the whole document. Shared by a test and a measurement; one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/runtime.h"

namespace tendril::test {

struct PlantedFact {
    std::string sentence, question, answer;
};

struct PruneFigures {
    std::size_t text_tokens = 0, kept = 0;
    std::uint64_t bytes_before = 0, bytes_after = 0;
    std::size_t questions = 0, exact = 0;  ///< answers that hold what was planted
    std::size_t rows = 0, same_best = 0;   ///< rows of the whole document's answers; same likeliest token
    double kl = 0;                         ///< mean KL(whole || pruned) of those rows, natural
    double prune_ms = 0;                   ///< with the text known
    std::uint64_t prune_rows = 0;          ///< rows that were run for it
};

class PrunedDocument {
  public:
    /// A model with ChatML (Qwen, SmolLM2). About `tokens` of document. Throws std::runtime_error.
    PrunedDocument(const std::filesystem::path& model, std::size_t tokens, unsigned seed,
                   engine::KvType kv = engine::KvType::f16, std::size_t questions = 12);
    ~PrunedDocument();

    PruneFigures measure(engine::PruneMethod method, double keep);
    /// The same, with rows behind the pruned text at their places among the slots: a control.
    PruneFigures measure_without_offset(engine::PruneMethod method, double keep);
    std::size_t exact_of_whole() const { return exact_; }
    std::size_t text_tokens() const { return text_.size(); }
    double read_ms() const { return read_ms_; }
    /// Milliseconds of a token behind the whole and behind the pruned text, medians of turns.
    std::pair<double, double> decode_ms(engine::PruneMethod method, double keep, int turns);
    /// Milliseconds of the slowest step or piece of a pruning.
    double longest_wait() const { return longest_wait_; }

  private:
    struct Question {
        std::vector<engine::TokenId> tokens;  // behind the text
        std::string answer;
        std::vector<engine::TokenId> said;         // with the whole document, greedy
        std::vector<std::vector<float>> logprobs;  // of the rows of `said`
    };
    std::vector<engine::TokenId> encode(const std::string& text) const;
    void run(std::unique_ptr<engine::Task> task);
    engine::PrunedEvent prune(engine::PruneMethod method, double keep);
    std::vector<engine::TokenId> answer(const Question& question, const engine::PrunedEvent* pruned);
    std::vector<std::vector<float>> rows(const Question& question, engine::View view, bool offset);
    PruneFigures measure(engine::PruneMethod method, double keep, bool offset);
    bool holds(const std::vector<engine::TokenId>& said, const std::string& answer) const;

    std::unique_ptr<engine::Runtime> runtime_;
    std::vector<engine::TokenId> text_;
    std::uint32_t from_ = 0;
    std::vector<engine::TokenId> ask_;
    std::vector<Question> questions_;
    std::size_t exact_ = 0;
    double read_ms_ = 0;
    double longest_wait_ = 0;
};

}  // namespace tendril::test

// SPDX-License-Identifier: Apache-2.0
// A request for an answer: draws tokens, turns them into text, and knows when the answer ends. Owned by the
// scheduler.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/sample/grammar/matcher.h"
#include "engine/sample/ngram_draft.h"
#include "engine/sample/sampler.h"
#include "engine/schedule/draft_controller.h"
#include "engine/schedule/stop_matcher.h"
#include "engine/schedule/task.h"
#include "engine/text/tokenizer.h"
#include "engine/text/utf8_stream.h"

namespace tendril::engine {

class Generation final : public Task {
  public:
    /// The prompt is not empty, its ids are below the vocabulary, and it is not longer than `context`.
    /// `tokenizer` is borrowed. `matcher`: of the request's grammar, null without one.
    Generation(RequestId id, GenerateRequest request, EventSink sink, const Tokenizer& tokenizer,
               std::size_t context, Clock::time_point submitted,
               std::shared_ptr<grammar::Matcher> matcher = nullptr);

    std::size_t reusable() const override { return tokens_.size() - 1; }
    /// What a side job (a title) writes is not read again; its prompt is the conversation, or a part of it.
    std::size_t worth_keeping() const override {
        return priority() == Priority::background ? prompt_size_ : tokens_.size();
    }
    bool wants_logits(std::size_t position) const override { return position + 1 >= tokens_.size(); }
    std::size_t rows_at_once() const override { return prompt_read_ && grammar_ ? kForcedAtOnce : 1; }
    std::span<const TokenId> drafts(std::size_t room, std::size_t other_rows, const StepCost& cost) override;
    void started(std::size_t reused) override;
    void take(std::size_t position, std::span<float> logits) override;
    std::optional<Draw> drawing(std::size_t position) const override;
    void take_drawn(std::size_t position, TokenId token) override;
    void step_done(std::size_t drafted, std::size_t accepted) override;
    void cancel() override;

  private:
    static constexpr std::size_t kForcedAtOnce = 16;  ///< forced tokens that do not wait like a prompt

    Result<TokenId> draw(std::span<float> logits, std::uint64_t position);
    void accept(TokenId token);
    void append(TokenId token);
    void append_forced();
    void finish(StopReason reason);
    void send_text();
    std::size_t answer_size() const { return tokens_.size() - prompt_size_; }

    Sampler sampler_;
    StopMatcher stops_;
    Utf8Stream utf8_;
    std::optional<grammar::Cursor> grammar_;  // behind tokens_
    std::optional<NgramDraft> draft_;         // when the request asks for speculation
    DraftController draft_length_;
    const Tokenizer& tokenizer_;
    std::size_t prompt_size_;
    std::size_t answer_limit_;  // tokens
    bool limited_by_context_;
    std::vector<std::size_t> text_ends_;  // bytes of text after each token of the answer
    std::vector<TokenId> forced_;         // being appended
    std::string unsent_;
    std::uint32_t unsent_tokens_ = 0;
    bool ran_ = false;
    bool prompt_read_ = false;
    FinishedEvent result_;
    Clock::time_point submitted_;
    Clock::time_point started_;
    Clock::time_point first_token_;
    Clock::time_point last_token_;
};

}  // namespace tendril::engine

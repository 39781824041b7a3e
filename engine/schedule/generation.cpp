// SPDX-License-Identifier: Apache-2.0
// From logits to tokens, text and the reason why an answer ended.
#include "engine/schedule/generation.h"

#include <algorithm>
#include <utility>

namespace tendril::engine {

Generation::Generation(RequestId id, GenerateRequest request, EventSink sink, const Tokenizer& tokenizer,
                       std::size_t context, Clock::time_point submitted,
                       std::shared_ptr<grammar::Matcher> matcher)
    : Task(id, request.priority, std::move(request.prompt), std::move(sink), request.cache),
      sampler_(request.sampler),
      stops_(request.stop),
      tokenizer_(tokenizer),
      prompt_size_(tokens_.size()),
      submitted_(submitted) {
    set_moved(std::move(request.moved));
    // A prompt that fills the context still gives the one token that its last row foretells.
    const std::size_t room = std::max<std::size_t>(context - prompt_size_, 1);
    limited_by_context_ = request.max_tokens == 0 || request.max_tokens > room;
    answer_limit_ = limited_by_context_ ? room : request.max_tokens;
    if (matcher) {
        grammar_.emplace(std::move(matcher));
    }
    if (request.speculate) {
        draft_.emplace();
    }
    tokens_.reserve(prompt_size_ + answer_limit_);
    text_ends_.reserve(answer_limit_);
    result_.prompt_tokens = static_cast<std::uint32_t>(prompt_size_);
}

void Generation::started(std::size_t reused) {
    if (std::exchange(ran_, true)) {
        return;  // goes on after a pause; what was told once stays true
    }
    started_ = Clock::now();
    result_.cached_tokens = static_cast<std::uint32_t>(reused);
    result_.disk_tokens = static_cast<std::uint32_t>(std::min(restored, reused));
    send(PrefillEvent{static_cast<std::uint32_t>(reused), result_.prompt_tokens, result_.cached_tokens});
    append_forced();  // are read together with the prompt
}

std::span<const TokenId> Generation::drafts(std::size_t room, std::size_t other_rows, const StepCost& cost) {
    if (!draft_ || !prompt_read_) {
        return {};
    }
    // The token that the step draws anyway comes on top of the guesses.
    const std::size_t left = answer_limit_ - answer_size() - 1;
    std::span<const TokenId> guesses = draft_->guess(tokens_, std::min({room, left, DraftController::kMost}));
    if (grammar_) {
        guesses = guesses.first(grammar_->follows(guesses));
    }
    return guesses.first(draft_length_.choose(cost, other_rows, guesses.size()));
}

Result<TokenId> Generation::draw(std::span<float> logits, std::uint64_t position) {
    if (!grammar_) {
        return sampler_.draw(logits, tokens_, position);
    }
    const Result<TokenMask> mask = grammar_->mask();
    if (!mask) {
        return fail(mask.error());
    }
    return sampler_.draw(logits, tokens_, position, &*mask);
}

void Generation::take(std::size_t position, std::span<float> logits) {
    if (position + 1 < tokens_.size()) {
        return;  // a guess of a token that the grammar forced meanwhile
    }
    const Result<TokenId> token = draw(logits, position + 1);
    if (!token) {
        fail_with(token.error());
        return;
    }
    accept(*token);
}

std::optional<Draw> Generation::drawing(std::size_t position) const {
    return grammar_ ? std::nullopt : device_draw(sampler_.settings(), position + 1);
}

void Generation::take_drawn(std::size_t position, TokenId token) {
    if (position + 1 >= tokens_.size()) {
        accept(token);
    }
}

void Generation::accept(TokenId token) {
    last_token_ = Clock::now();
    if (!std::exchange(prompt_read_, true)) {
        first_token_ = last_token_;
        result_.prefill_ms = milliseconds_between(started_, first_token_);
        result_.first_token_ms = milliseconds_between(submitted_, first_token_);
        send(PrefillEvent{result_.prompt_tokens, result_.prompt_tokens, result_.cached_tokens});
    }
    if (tokenizer_.ends_generation(token)) {
        finish(StopReason::end_of_text);
    } else {
        append(token);
        append_forced();
    }
}

/// What the grammar leaves no choice about is not drawn, and the end not waited for.
void Generation::append_forced() {
    while (grammar_ && !finished()) {
        if (grammar_->ended()) {
            finish(StopReason::end_of_text);
            return;
        }
        const Result<std::span<const TokenId>> forced = grammar_->forced();
        if (!forced) {
            fail_with(forced.error());
            return;
        }
        if (forced->empty()) {
            return;
        }
        forced_.assign(forced->begin(), forced->end());
        for (std::size_t i = 0; i < forced_.size() && !finished(); ++i) {
            ++result_.forced_tokens;
            append(forced_[i]);
        }
    }
}

void Generation::append(TokenId token) {
    if (grammar_) {
        if (const Status status = grammar_->take(token); !status) {
            fail_with(status.error());
            return;
        }
    }
    tokens_.push_back(token);
    ++unsent_tokens_;
    std::string characters;
    utf8_.push(tokenizer_.bytes(token), characters);
    const bool stopped = stops_.push(characters, unsent_);
    text_ends_.push_back(stops_.pushed());
    if (stopped) {
        finish(StopReason::stop_text);
    } else if (answer_size() >= answer_limit_) {
        finish(limited_by_context_ ? StopReason::context_full : StopReason::max_tokens);
    }
}

void Generation::step_done(std::size_t drafted, std::size_t accepted) {
    result_.drafted_tokens += static_cast<std::uint32_t>(drafted);
    result_.accepted_tokens += static_cast<std::uint32_t>(accepted);
    draft_length_.record(drafted, accepted);
    if (finished()) {
        return;
    }
    if (!prompt_read_) {
        send(PrefillEvent{static_cast<std::uint32_t>(std::min(view.length(), prompt_size_)),
                          result_.prompt_tokens, result_.cached_tokens});
    } else {
        send_text();
    }
}

void Generation::cancel() {
    if (!finished()) {
        finish(StopReason::cancelled);
    }
}

void Generation::send_text() {
    if (!unsent_.empty()) {
        send(TextEvent{std::exchange(unsent_, {}), std::exchange(unsent_tokens_, 0U)});
    }
}

void Generation::finish(StopReason reason) {
    std::size_t kept = answer_size();
    if (reason == StopReason::stop_text) {  // the tokens that lie wholly in front of the stop text
        kept = static_cast<std::size_t>(
            std::upper_bound(text_ends_.begin(), text_ends_.end(), stops_.match_start()) -
            text_ends_.begin());
    } else {
        std::string characters;
        utf8_.finish(characters);
        // A character that stays incomplete cannot end a stop text that is valid UTF-8, so a match here has
        // no meaning.
        static_cast<void>(stops_.push(characters, unsent_));
        stops_.finish(unsent_);
    }
    send_text();
    result_.reason = reason;
    result_.moved_tokens = static_cast<std::uint32_t>(moved_tokens);
    result_.tokens.assign(tokens_.begin() + static_cast<std::ptrdiff_t>(prompt_size_),
                          tokens_.begin() + static_cast<std::ptrdiff_t>(prompt_size_ + kept));
    if (prompt_read_) {
        result_.decode_ms = milliseconds_between(first_token_, last_token_);
    }
    end(std::move(result_));
}

}  // namespace tendril::engine

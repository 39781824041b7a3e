// SPDX-License-Identifier: Apache-2.0
// Which exchanges stay when a conversation outgrows its context; see context_fit.h. Pure functions.
#include "prompt/context_fit.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tendril::prompt {
namespace {

/// A conversation as its system messages, the exchanges that may be left out (a user message with all that
/// follows until the next one), and the question, which is the last user message and whatever follows it.
class Plan {
  public:
    Plan(const FitRequest& request, const PromptCounter& count) : messages_(request.messages), count_(count) {
        while (head_ < messages_.size() && messages_[head_].role == "system") {
            ++head_;
        }
        starts_.push_back(std::min(head_, messages_.size()));
        for (std::size_t i = head_ + 1; i < messages_.size(); ++i) {
            if (messages_[i].role == "user") {
                starts_.push_back(i);
            }
        }
    }

    std::size_t exchanges() const { return starts_.size() - 1; }

    ChatMessages without(std::size_t left_out) const {
        ChatMessages kept(messages_.begin(), at(head_));
        kept.insert(kept.end(), at(starts_[left_out]), messages_.end());
        return kept;
    }

    std::vector<std::size_t> indices(std::size_t left_out) const {
        std::vector<std::size_t> gone(starts_[left_out] - head_);
        for (std::size_t i = 0; i < gone.size(); ++i) {
            gone[i] = head_ + i;
        }
        return gone;
    }

    Result<std::size_t> tokens(std::size_t left_out) const { return count_(without(left_out)); }

    /// Tokens of the system messages and the first `exchanges` exchanges: it does not change when the
    /// conversation grows.
    Result<std::size_t> tokens_before(std::size_t exchanges) const {
        return count_(ChatMessages(messages_.begin(), at(starts_[exchanges])));
    }

    /// The smallest k in [low, exchanges()] for which `enough(k)` holds, found by halving; exchanges() if
    /// none before does.
    template <typename Enough>
    Result<std::size_t> smallest(std::size_t low, Enough enough) const {
        std::size_t high = exchanges();
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            const Result<bool> holds = enough(middle);
            if (!holds.has_value()) {
                return fail(holds.error());
            }
            (*holds ? high : low) = *holds ? middle : middle + 1;
        }
        return low;
    }

  private:
    ChatMessages::const_iterator at(std::size_t index) const {
        return messages_.begin() + static_cast<std::ptrdiff_t>(index);
    }

    const ChatMessages& messages_;
    const PromptCounter& count_;
    std::size_t head_ = 0;
    std::vector<std::size_t> starts_;
};

/// How many exchanges to leave out of a conversation of `total` tokens so that `limit` remain. What goes is a
/// multiple of half the limit, measured from the beginning of the conversation: the same cut serves until the
/// conversation has grown by that much.
Result<std::size_t> choose_cut(const Plan& plan, std::size_t total, std::size_t limit) {
    const auto fits = [&](std::size_t k) {
        return plan.tokens(k).map([&](std::size_t tokens) { return tokens <= limit; });
    };
    const std::size_t block = std::max<std::size_t>(limit / 2, 1);
    // Templates may refuse a conversation of nothing but system messages; the check at the end makes up for
    // what is missing then.
    const std::size_t fixed = plan.tokens_before(0).value_or(0);
    const std::size_t goal = fixed + (total - limit + block - 1) / block * block;
    const auto reached = [&](std::size_t k) {
        return plan.tokens_before(k).map([&](std::size_t tokens) { return tokens >= goal; });
    };
    const auto far = plan.smallest(1, reached);
    if (!far.has_value()) {
        return far;
    }
    // Where one huge exchange lies across the goal, keep it if it fits rather than leave nearly nothing.
    const auto rest = plan.tokens(*far);
    if (!rest.has_value()) {
        return rest;
    }
    return plan.smallest(*rest < limit / 4 ? 1 : *far, fits);
}

}  // namespace

Result<FitResult> fit_to_context(const FitRequest& request, const PromptCounter& count) {
    if (request.messages.empty()) {
        return fail(ErrorCode::invalid_argument, "There is no message to answer.");
    }
    const Plan plan(request, count);
    const std::size_t limit =
        request.context_tokens - std::min(request.answer_reserve, request.context_tokens / 4);
    Result<std::size_t> tokens = plan.tokens(0);
    std::size_t cut = 0;
    if (tokens.has_value() && *tokens > limit && plan.exchanges() > 0) {
        const auto chosen = choose_cut(plan, *tokens, limit);
        if (!chosen.has_value()) {
            return fail(chosen.error());
        }
        cut = *chosen;
        tokens = plan.tokens(cut);
    }
    if (!tokens.has_value()) {
        return fail(tokens.error());
    }
    if (*tokens > limit) {
        return fail(ErrorCode::too_large, "The system prompt and the last message have " +
                                              std::to_string(*tokens) + " tokens; the context has room for " +
                                              std::to_string(limit) + ".");
    }
    return FitResult{plan.without(cut), plan.indices(cut), *tokens};
}

}  // namespace tendril::prompt

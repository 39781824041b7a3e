// SPDX-License-Identifier: Apache-2.0
// The context planner; see context_plan.h. Pure functions.
#include "prompt/context/context_plan.h"

#include <algorithm>
#include <utility>

#include "prompt/context/layout.h"

namespace tendril::prompt::context {
namespace {

/// Exchanges that are never shortened.
constexpr std::size_t kUntouched = 2;
/// Least share of the context that shortening must bring: less is not worth an invalidation.
constexpr double kLeastGain = 0.1;
/// And when a person asks for it.
constexpr std::size_t kLeastTokens = 32;
/// Of the short text; a share of the context.
constexpr double kBudget = 0.1;
constexpr std::size_t kLargestBudget = 512;
constexpr std::size_t kFrame = 32;  // tokens around a short text, at most
/// Kept free for the next question when it is decided whether to shorten.
constexpr double kNextQuestion = 1.0 / 16;

std::size_t share_of(std::size_t tokens, double share) {
    return static_cast<std::size_t>(static_cast<double>(tokens) * share);
}

std::size_t limit_of(const PlanRequest& request) {
    const std::size_t room = request.context - std::min(request.reserve, request.context / 4);
    return room - std::min(request.fixed, room);
}

/// The smallest k in [low, high] for which `enough(k)` holds, found by halving; `high` if none before does.
template <typename Enough>
Result<std::size_t> smallest(std::size_t low, std::size_t high, Enough enough) {
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        const Result<bool> holds = enough(middle);
        if (!holds) {
            return fail(holds.error());
        }
        (*holds ? high : low) = *holds ? middle : middle + 1;
    }
    return low;
}

/// How many steps to take so that `limit` of `total` tokens remain. What goes is a multiple of half the
/// limit, measured from the beginning of the conversation: the same cut serves until it has grown by that
/// much.
Result<std::size_t> choose_cut(const Layout& layout, std::size_t total, std::size_t limit,
                               const PromptCounter& count) {
    const auto tokens = [&](std::size_t gone) { return count(layout.messages(gone)); };
    const auto fits = [&](std::size_t gone) {
        return tokens(gone).map([&](std::size_t left) { return left <= limit; });
    };
    const std::size_t block = std::max<std::size_t>(limit / 2, 1);
    // Templates may refuse a conversation of nothing but system messages; the check at the end makes up for
    // what is missing then.
    const std::size_t fixed = count(layout.taken(0)).value_or(0);
    const std::size_t goal = fixed + (total - limit + block - 1) / block * block;
    const auto reached = [&](std::size_t gone) -> Result<bool> {
        return count(layout.taken(gone)).value_or(0) >= goal;
    };
    const auto far = smallest(1, layout.steps(), reached);
    if (!far) {
        return far;
    }
    // Where one huge exchange lies across the goal, keep it if it fits rather than leave nearly nothing.
    const auto rest = tokens(*far);
    if (!rest) {
        return rest;
    }
    return smallest(*rest < limit / 4 ? 1 : *far, layout.steps(), fits);
}

bool has_question(const PlanRequest& request) {
    return !request.segments.empty() && request.segments.back().role == "user";
}

struct Choice {
    Layout layout;
    std::size_t tokens = 0;
};

Result<Choice> choice_of(const PlanRequest& request, std::optional<std::size_t> short_text,
                         const PromptCounter& count) {
    Layout layout(request, short_text);
    const auto tokens = count(layout.messages(0));
    if (!tokens) {
        return fail(tokens.error());
    }
    return Choice{std::move(layout), *tokens};
}

/// The short text that stands for most, of those that are read also where the full text would fit.
std::optional<std::size_t> preferred(const PlanRequest& request, std::size_t most) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < request.shorts.size(); ++i) {
        const ShortText& one = request.shorts[i];
        const bool longer = !best || one.covers >= request.shorts[*best].covers;
        if (!one.undone && one.covers > 0 && one.covers <= most && longer) {
            best = i;
        }
    }
    return best;
}

/// Those that stand for more, fewest segments first.
std::vector<std::size_t> last_resorts(const PlanRequest& request, std::optional<std::size_t> best,
                                      std::size_t most) {
    const std::size_t covers = best ? request.shorts[*best].covers : 0;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < request.shorts.size(); ++i) {
        if (request.shorts[i].covers > covers && request.shorts[i].covers <= most) {
            others.push_back(i);
        }
    }
    std::stable_sort(others.begin(), others.end(), [&](std::size_t a, std::size_t b) {
        return request.shorts[a].covers < request.shorts[b].covers;
    });
    return others;
}

Result<Choice> choose(const PlanRequest& request, std::size_t limit, const PromptCounter& count) {
    // When the newest question is asked anew, the text that stood in front of it still does.
    const Exchanges exchanges(request.segments);
    const std::size_t whole = has_question(request) ? 2 : 1;
    const std::size_t last = exchanges.count() - std::min(exchanges.count(), whole);
    const auto best = preferred(request, exchanges.begin(last));
    auto chosen = choice_of(request, best, count);
    if (!chosen || chosen->tokens <= limit) {
        return chosen;
    }
    for (const std::size_t other : last_resorts(request, best, exchanges.begin(exchanges.count() - 1))) {
        auto shorter = choice_of(request, other, count);
        if (!shorter) {
            return shorter;
        }
        if (shorter->tokens <= limit) {
            return shorter;
        }
    }
    return chosen;
}

Error does_not_fit(const PlanRequest& request, std::size_t tokens, std::size_t limit) {
    const bool pinned = std::any_of(request.segments.begin(), request.segments.end(),
                                    [](const Segment& one) { return one.keep == Keep::pinned; });
    return Error{ErrorCode::too_large,
                 std::string(pinned ? "The system prompt, the pinned messages and the last message have "
                                    : "The system prompt and the last message have ") +
                     std::to_string(tokens) + " tokens; the context has room for " + std::to_string(limit) +
                     "." + (pinned ? " Unpin some, or load the model with a larger context." : ""),
                 {}};
}

/// The segment that is answered stands whatever was said of it.
PlanRequest with_question(PlanRequest request) {
    if (has_question(request)) {
        request.segments.back().keep = Keep::pinned;
    }
    return request;
}

ContextShares shares_of(const PlanRequest& request, const ContextPlan& plan, std::size_t limit,
                        const TextCounter& text) {
    ContextShares shares;
    shares.limit = request.context;
    shares.reserve = request.context - limit - std::min(request.fixed, request.context - limit);
    shares.system = std::min(plan.tokens, text(request.system));
    for (std::size_t i = 0; i < request.segments.size(); ++i) {
        if (plan.fates[i] == Fate::left_out || plan.fates[i] == Fate::excluded) {
            continue;
        }
        for (const DocumentSegment& document : request.segments[i].documents) {
            const auto& gone = plan.documents_gone;
            if (std::find(gone.begin(), gone.end(), document.id) == gone.end()) {
                shares.documents += text(document.text);
            }
        }
    }
    shares.documents = std::min(shares.documents, plan.tokens - shares.system);
    shares.turns = plan.tokens - shares.system - shares.documents;
    return shares;
}

/// Those that may go with the first segments, oldest first.
std::vector<DocumentSegment*> documents_of(PlanRequest& request, std::size_t covers, bool lost) {
    std::vector<DocumentSegment*> all;
    for (std::size_t i = 0; i < covers; ++i) {
        for (DocumentSegment& document : request.segments[i].documents) {
            if (request.segments[i].keep == Keep::normal && !document.left_out &&
                (lost || !document.wanted)) {
                all.push_back(&document);
            }
        }
    }
    return all;
}

}  // namespace

Result<ContextPlan> plan(const PlanRequest& asked, const PromptCounter& prompt, const TextCounter& text) {
    if (asked.segments.empty()) {
        return fail(ErrorCode::invalid_argument, "There is no message to answer.");
    }
    const PlanRequest request = with_question(asked);
    const std::size_t limit = limit_of(request);
    auto chosen = choose(request, limit, prompt);
    if (!chosen) {
        return fail(chosen.error());
    }
    std::size_t gone = 0;
    std::size_t tokens = chosen->tokens;
    if (tokens > limit && chosen->layout.steps() > 0) {
        const auto cut = choose_cut(chosen->layout, tokens, limit, prompt);
        if (!cut) {
            return fail(cut.error());
        }
        gone = *cut;
        const auto left = prompt(chosen->layout.messages(gone));
        if (!left) {
            return fail(left.error());
        }
        tokens = *left;
    }
    if (tokens > limit) {
        return fail(does_not_fit(asked, tokens, limit));
    }
    ContextPlan made;
    made.tokens = tokens;
    chosen->layout.fill(gone, made);
    made.shares = shares_of(request, made, limit, text);
    return made;
}

std::size_t trigger(const PlanRequest& request, const Thresholds& thresholds) {
    const std::size_t limit = limit_of(request);
    const std::size_t question = share_of(request.context, kNextQuestion);
    return std::min(share_of(request.context, thresholds.at), limit - std::min(limit, question));
}

std::optional<Compaction> next_compaction(const PlanRequest& asked, const ContextPlan& plan,
                                          const Thresholds& thresholds, bool now,
                                          const PromptCounter& prompt) {
    const bool lost = std::find(plan.fates.begin(), plan.fates.end(), Fate::left_out) != plan.fates.end();
    if (!now && !lost && plan.tokens < trigger(asked, thresholds)) {
        return std::nullopt;
    }
    PlanRequest request = asked;
    const Exchanges exchanges(request.segments);
    const std::size_t covered = plan.short_text ? request.shorts[*plan.short_text].covers : 0;
    // Who brought the full text back wants it as long as it fits.
    const bool wanted = std::any_of(request.shorts.begin(), request.shorts.end(),
                                    [&](const ShortText& one) { return one.undone && one.covers > covered; });
    if (wanted && !now && !lost) {
        return std::nullopt;
    }
    const std::size_t last = exchanges.count() - std::min(exchanges.count(), kUntouched);
    const std::size_t first = exchanges.first_from(covered) + 1;
    if (first > last) {
        return std::nullopt;
    }
    Compaction made;
    made.budget = std::min(share_of(request.context, kBudget), kLargestBudget);
    request.shorts = {{0, 0, {}, false}};
    const auto tokens_at = [&](std::size_t exchange) {
        request.shorts[0].covers = exchanges.begin(exchange);
        return prompt(Layout(request, 0).messages(0)).map([&](std::size_t left) {
            return left + made.budget;
        });
    };
    const std::size_t goal = share_of(request.context, std::min(thresholds.to, thresholds.at));
    const auto reached = smallest(first, last, [&](std::size_t exchange) {
        return tokens_at(exchange).map([&](std::size_t tokens) { return tokens <= goal; });
    });
    auto left = reached ? tokens_at(*reached) : reached;
    if (!left) {
        return std::nullopt;
    }
    made.covers = exchanges.begin(*reached);
    const std::size_t others = *left - made.budget;
    std::size_t gain = 0;
    for (DocumentSegment* document : documents_of(request, made.covers, lost)) {
        if (*left <= goal) {
            break;
        }
        const std::size_t with = *left;
        document->left_out = true;
        left = tokens_at(*reached);
        if (!left) {
            return std::nullopt;
        }
        made.documents.push_back(document->id);
        gain += with - std::min(with, *left);
    }
    const std::size_t budget = made.budget;
    if (lost) {  // what is gained is that something stands for what fell out altogether
        const auto whole = prompt(Layout(asked, plan.short_text).messages(0));
        made.tokens_before = whole.value_or(plan.tokens) - std::min(whole.value_or(plan.tokens), others);
        const std::size_t limit = limit_of(asked);
        const std::size_t most =
            *left - std::min(*left, budget) + kFrame + share_of(request.context, kNextQuestion);
        made.budget = std::min(made.budget, limit - std::min(limit, most));
        // Else the same few would be taken at each turn.
        const bool worth = made.tokens_before + gain >= made.budget + share_of(request.context, kLeastGain);
        return now || worth ? std::optional(made) : std::nullopt;
    }
    made.tokens_before = plan.tokens - std::min(plan.tokens, others);
    made.budget = std::min(made.budget, made.tokens_before / 2);
    gain += made.tokens_before - made.budget;
    const std::size_t least = now ? kLeastTokens : share_of(request.context, kLeastGain);
    return gain >= std::max<std::size_t>(least, 1) ? std::optional(made) : std::nullopt;
}

}  // namespace tendril::prompt::context

// SPDX-License-Identifier: Apache-2.0
// Forecasts. Chat worker's thread.
#include "app/context/forecast.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "app/context/memory_marks.h"

namespace tendril::app {
namespace {

namespace context = prompt::context;

constexpr std::string_view kSomething = "a";

std::uint32_t number(std::size_t tokens) {
    return static_cast<std::uint32_t>(tokens);
}

ContextShares shares_of(const context::ContextShares& from) {
    ContextShares shares;
    shares.system = number(from.system);
    shares.documents = number(from.documents);
    shares.turns = number(from.turns);
    shares.reserve = number(from.reserve);
    shares.limit = number(from.limit);
    return shares;
}

/// Of a prompt that cannot be made: what stands in it whatever goes.
ContextShares shares_of_what_stands(const PromptComposer& composer, const context::PlanRequest& request) {
    ContextShares shares;
    shares.limit = number(request.context);
    shares.reserve = number(std::min(request.reserve, request.context / 4));
    shares.system = number(composer.tokens_of(request.system));
    for (const context::Segment& segment : request.segments) {
        const bool draft = &segment == &request.segments.back();
        if (draft || segment.keep == context::Keep::pinned) {
            (draft ? shares.draft : shares.turns) += number(composer.tokens_of(segment.text));
            for (const context::DocumentSegment& one : segment.documents) {
                shares.documents += number(composer.tokens_of(one.text));
            }
        }
    }
    return shares;
}

bool among(const std::vector<std::int64_t>& ids, std::int64_t id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// Left out by this plan, but read for the newest answer.
PlannedChange newly_left_out(const PromptComposer& composer, const ConversationTree& tree,
                             const context::PlanRequest& request, const context::ContextPlan& plan) {
    PlannedChange change;
    change.kind = MemoryChange::left_out;
    const storage::Message* answer = tree.newest_answer();
    for (std::size_t i = 0; i < plan.fates.size(); ++i) {
        const context::Segment& one = request.segments[i];
        const bool known = answer != nullptr && among(answer->left_out, one.id);
        if (plan.fates[i] == context::Fate::left_out && !known) {
            change.messages.push_back(one.id);
            change.tokens_before += number(composer.tokens_of(one.text));
        }
    }
    return change;
}

MemoryChange change_by(const std::string& method) {
    return method == "summary"     ? MemoryChange::summarised
           : method == "leave_out" ? MemoryChange::left_out
                                   : MemoryChange::compressed;
}

PlannedChange shortened(const context::PlanRequest& request, const context::ContextPlan& plan,
                        const context::Compaction& next, MemoryChange kind) {
    PlannedChange change;
    change.kind = kind;
    for (std::size_t i = 0; i < next.covers; ++i) {
        if ((plan.fates[i] == context::Fate::whole || plan.fates[i] == context::Fate::left_out) &&
            request.segments[i].keep == context::Keep::normal) {
            change.messages.push_back(request.segments[i].id);
        }
    }
    change.tokens_before = number(next.tokens_before);
    change.tokens_after = number(next.budget);
    return change;
}

/// Documents of messages that nothing stands for any more; not those that were gone before.
void add_with_messages(const context::PlanRequest& request, const std::vector<MessageId>& messages,
                       std::vector<DocumentId>& gone) {
    for (std::size_t i = 0; i < request.segments.size(); ++i) {
        if (!among(messages, request.segments[i].id)) {
            continue;
        }
        const bool covered =
            std::any_of(request.shorts.begin(), request.shorts.end(),
                        [i](const context::ShortText& one) { return !one.undone && i < one.covers; });
        for (const context::DocumentSegment& one : request.segments[i].documents) {
            if (!(covered && one.left_out)) {
                gone.push_back(one.id);
            }
        }
    }
}

/// Documents for which there is no room any more once the draft is sent, though their messages stand.
void add_crowded_out(const PromptComposer& composer, const context::PlanRequest& request,
                     const context::ContextPlan& plan, std::vector<DocumentId>& gone) {
    if (plan.documents_gone.empty()) {
        return;
    }
    context::PlanRequest before = request;
    before.segments.pop_back();
    const auto now = composer.plan(before);
    for (const std::int64_t id : plan.documents_gone) {
        if (now && !among(now->documents_gone, id)) {
            gone.push_back(id);
        }
    }
}

/// One line for each, in the order of the conversation.
void add_documents(const PromptComposer& composer, const context::PlanRequest& request,
                   const std::vector<DocumentId>& gone, std::vector<PlannedChange>& changes) {
    for (const context::Segment& segment : request.segments) {
        for (const context::DocumentSegment& one : segment.documents) {
            if (among(gone, one.id)) {
                PlannedChange change;
                change.kind = MemoryChange::left_out;
                change.document = one.id;
                change.tokens_before = number(composer.tokens_of(one.text));
                changes.push_back(std::move(change));
            }
        }
    }
}

}  // namespace

Forecast forecast(const PromptComposer& composer, const ConversationTree& tree, ComposeRequest request,
                  const BranchMessage& draft, const WorkerSettings& settings) {
    Forecast made;
    const bool drafted =
        draft.message != nullptr && !(draft.message->text.empty() && draft.documents.empty());
    storage::Message next_one;  // not known yet, but it will stand behind the answer
    next_one.role = storage::Role::user;
    next_one.text = kSomething;
    if (drafted) {
        request.branch.push_back(draft);
    } else if (!request.branch.empty()) {
        request.branch.push_back({&next_one});
    }
    made.shares.limit = request.context;
    const context::PlanRequest wanted = composer.plan_request(request);
    const auto plan = composer.plan(wanted);
    if (!plan) {
        if (drafted && plan.error().code == ErrorCode::too_large) {
            made.shares = shares_of_what_stands(composer, wanted);
        }
        return made;  // else there is nothing to read yet
    }
    made.shares = shares_of(plan->shares);
    const std::string_view newest = drafted ? std::string_view(draft.message->text) : kSomething;
    const std::uint32_t behind = std::min(made.shares.turns, number(composer.tokens_of(newest)));
    made.shares.turns -= behind;
    made.shares.draft = drafted ? behind : 0;
    const auto next = settings.shorten_memory && drafted
                          ? composer.next_compaction(wanted, *plan, settings.shorten_thresholds, false)
                          : std::nullopt;
    const auto first_lost = std::find(plan->fates.begin(), plan->fates.end(), context::Fate::left_out);
    const bool lost = first_lost != plan->fates.end();
    PlannedChange change;
    std::vector<DocumentId> gone;
    if (next) {
        // What does not fit goes before the answer (Compactor::make_room()), else all this is done after it.
        const MemoryChange kind = lost ? MemoryChange::left_out : change_by(settings.memory_method);
        change = shortened(wanted, *plan, *next, kind);
        gone = next->documents;
    } else {
        change = newly_left_out(composer, tree, wanted, *plan);
        add_with_messages(wanted, change.messages, gone);
    }
    if (drafted && !(next && lost)) {
        add_crowded_out(composer, wanted, *plan, gone);
    }
    if (!change.messages.empty()) {
        made.if_sent.push_back(std::move(change));
    }
    add_documents(composer, wanted, gone, made.if_sent);
    return made;
}

}  // namespace tendril::app

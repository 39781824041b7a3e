// SPDX-License-Identifier: Apache-2.0
// Forecasts. Chat worker's thread.
#include "app/context/forecast.h"

#include <algorithm>
#include <utility>

#include "app/context/memory_marks.h"

namespace tendril::app {
namespace {

namespace context = prompt::context;

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

/// Left out by this plan, but read for the newest answer.
PlannedChange newly_left_out(const PromptComposer& composer, const ConversationTree& tree,
                             const context::PlanRequest& request, const context::ContextPlan& plan) {
    PlannedChange change;
    change.kind = MemoryChange::left_out;
    const storage::Message* answer = tree.newest_answer();
    for (std::size_t i = 0; i < plan.fates.size(); ++i) {
        const context::Segment& one = request.segments[i];
        const bool known = answer != nullptr && std::find(answer->left_out.begin(), answer->left_out.end(),
                                                          one.id) != answer->left_out.end();
        if (plan.fates[i] == context::Fate::left_out && !known) {
            change.messages.push_back(one.id);
            change.tokens_before += number(composer.tokens_of(one.text));
        }
    }
    return change;
}

PlannedChange gone_document(const PromptComposer& composer, const context::DocumentSegment& document) {
    PlannedChange change;
    change.kind = MemoryChange::left_out;
    change.document = document.id;
    change.tokens_before = number(composer.tokens_of(document.text));
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

/// Documents for which there is no room any more once the draft is sent.
void add_gone(const PromptComposer& composer, const context::PlanRequest& request,
              const context::ContextPlan& plan, bool drafted, std::vector<PlannedChange>& changes) {
    if (plan.documents_gone.empty() || !drafted) {
        return;
    }
    context::PlanRequest before = request;
    before.segments.pop_back();
    const auto now = composer.plan(before);
    for (const context::Segment& segment : request.segments) {
        for (const context::DocumentSegment& one : segment.documents) {
            const auto in = [&](const std::vector<std::int64_t>& gone) {
                return std::find(gone.begin(), gone.end(), one.id) != gone.end();
            };
            if (in(plan.documents_gone) && now && !in(now->documents_gone)) {
                changes.push_back(gone_document(composer, one));
            }
        }
    }
}

/// Documents that go with their messages.
void add_documents(const PromptComposer& composer, const context::PlanRequest& request,
                   const context::Compaction& next, std::vector<PlannedChange>& changes) {
    for (std::size_t i = 0; i < next.covers; ++i) {
        for (const context::DocumentSegment& one : request.segments[i].documents) {
            if (std::find(next.documents.begin(), next.documents.end(), one.id) != next.documents.end()) {
                changes.push_back(gone_document(composer, one));
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
    if (drafted) {
        request.branch.push_back(draft);
    }
    made.shares.limit = request.context;
    const context::PlanRequest wanted = composer.plan_request(request);
    const auto plan = composer.plan(wanted);
    if (!plan) {
        return made;  // nothing to read yet; or it does not fit: who sends it is told so
    }
    made.shares = shares_of(plan->shares);
    if (drafted) {
        made.shares.draft = std::min(made.shares.turns, number(composer.tokens_of(draft.message->text)));
        made.shares.turns -= made.shares.draft;
    }
    add_gone(composer, wanted, *plan, drafted, made.if_sent);
    const auto next = settings.shorten_memory && drafted
                          ? composer.next_compaction(wanted, *plan, settings.shorten_thresholds, false)
                          : std::nullopt;
    const auto lost = std::find(plan->fates.begin(), plan->fates.end(), context::Fate::left_out);
    PlannedChange change;
    if (next && lost != plan->fates.end()) {  // Compactor::make_room()
        change = shortened(wanted, *plan, *next, MemoryChange::left_out);
    } else if (next) {
        change = shortened(wanted, *plan, *next, change_by(settings.memory_method));
    } else {
        change = newly_left_out(composer, tree, wanted, *plan);
    }
    if (!change.messages.empty()) {
        made.if_sent.push_back(std::move(change));
    }
    if (next) {
        add_documents(composer, wanted, *next, made.if_sent);
    }
    return made;
}

}  // namespace tendril::app

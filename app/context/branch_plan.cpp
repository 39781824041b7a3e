// SPDX-License-Identifier: Apache-2.0
// Branch and plan. Pure functions; chat worker's thread.
#include "app/context/branch_plan.h"

#include <algorithm>
#include <utility>

#include "app/text_files.h"

namespace tendril::app {
namespace {

namespace context = prompt::context;
using storage::Message;
using storage::MessageMemory;
using storage::Role;

context::Keep keep_of(MessageMemory memory) {
    switch (memory) {
        case MessageMemory::pinned:
            return context::Keep::pinned;
        case MessageMemory::excluded:
            return context::Keep::excluded;
        case MessageMemory::normal:
            break;
    }
    return context::Keep::normal;
}

/// Failed or stopped before its first word.
bool is_empty_answer(const Message& message) {
    return message.role == Role::assistant && message.text.empty();
}

}  // namespace

const storage::Representation* left_out_form(std::span<const storage::Representation> all,
                                             DocumentId document) {
    const auto newest = std::find_if(all.rbegin(), all.rend(), [document](const auto& one) {
        return one.document == document && one.form == storage::RepresentationForm::left_out;
    });
    return newest == all.rend() ? nullptr : &*newest;
}

context::PlanRequest request_of(const ComposeRequest& request,
                                const std::function<std::string(std::string_view)>& clean) {
    context::PlanRequest wanted;
    wanted.system = clean(request.system_prompt);
    wanted.context = request.context;
    wanted.reserve = request.answer_reserve;
    for (const auto& [message, documents] : request.branch) {
        if (is_empty_answer(*message)) {
            continue;
        }
        context::Segment segment{
            message->id, name_of(message->role), clean(message->text), {}, keep_of(message->memory)};
        for (const DocumentText& document : documents) {
            const auto* gone = left_out_form(request.representations, document.id);
            segment.documents.push_back({document.id, clean(framed_text(document.name, document.text)),
                                         gone != nullptr && !gone->undone, gone != nullptr && gone->undone});
        }
        wanted.segments.push_back(std::move(segment));
    }
    for (const storage::Representation& one : request.representations) {
        if (!one.last_message || request.branch.empty() ||
            one.first_message != request.branch.front().message->id) {
            continue;
        }
        // The last message is on one path from the first only, so that all in between are this branch's.
        const auto last =
            std::find_if(wanted.segments.begin(), wanted.segments.end(),
                         [&](const context::Segment& segment) { return segment.id == *one.last_message; });
        if (last != wanted.segments.end()) {
            const auto covers = static_cast<std::size_t>(last - wanted.segments.begin()) + 1;
            wanted.shorts.push_back({one.id, covers, clean(one.text), one.undone});
        }
    }
    return wanted;
}

std::vector<MessageId> left_out_of(const context::PlanRequest& request, const context::ContextPlan& plan) {
    std::vector<MessageId> out;
    for (std::size_t i = 0; i < plan.fates.size(); ++i) {
        if (plan.fates[i] == context::Fate::left_out) {
            out.push_back(request.segments[i].id);
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace tendril::app

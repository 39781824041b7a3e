// SPDX-License-Identifier: Apache-2.0
// Memory marks. Pure functions; chat worker's thread.
#include "app/context/memory_marks.h"

#include <algorithm>
#include <utility>

#include "app/context/answer_context.h"
#include "app/context/branch_plan.h"

namespace tendril::app {

MemoryChange change_of(storage::RepresentationForm form) {
    switch (form) {
        case storage::RepresentationForm::compressed:
            return MemoryChange::compressed;
        case storage::RepresentationForm::summary:
            return MemoryChange::summarised;
        case storage::RepresentationForm::pruned:
            return MemoryChange::pruned;
        case storage::RepresentationForm::full:
        case storage::RepresentationForm::left_out:
            break;
    }
    return MemoryChange::left_out;
}

const storage::Representation* representation_on(const ConversationTree& tree) {
    const auto branch = tree.branch();
    const storage::Representation* best = nullptr;
    std::ptrdiff_t longest = 0;
    for (const storage::Representation& one : tree.representations()) {
        if (!one.last_message || one.undone || branch.empty() || one.first_message != branch.front()->id) {
            continue;
        }
        const auto last = std::find_if(branch.begin(), branch.end(), [&](const storage::Message* message) {
            return message->id == *one.last_message;
        });
        if (last != branch.end() && last - branch.begin() + 1 >= longest) {
            longest = last - branch.begin() + 1;
            best = &one;
        }
    }
    return best;
}

MemoryMarks memory_marks(const ConversationTree& tree, const MemoryInUse& in_use,
                         const std::function<std::size_t(std::string_view)>& tokens) {
    MemoryMarks marks;
    marks.conversation = tree.conversation().id;
    const auto branch = tree.branch();
    const auto add = [&](const storage::Representation& one, MessageId after) {
        marks.marks.push_back({one.id, after, change_of(one.form), one.method,
                               static_cast<std::uint32_t>(one.tokens_before),
                               static_cast<std::uint32_t>(one.tokens_after), one.text, !one.undone});
    };
    for (const storage::Representation& one : tree.representations()) {
        if (in_use.pruned == one.id && !branch.empty()) {
            add(one, branch.front()->id);
        } else if (in_use.text == one.id && one.last_message) {
            add(one, *one.last_message);
        }
    }
    for (const storage::Message* message : branch) {
        for (const DocumentText& document : tree.documents(message->id).read) {
            if (std::find(in_use.gone.begin(), in_use.gone.end(), document.id) != in_use.gone.end()) {
                const auto* row = left_out_form(tree.representations(), document.id);
                const bool by_row = row != nullptr && !row->undone;
                MemoryMark mark;
                mark.id = by_row ? row->id : 0;  // else only as there is no room for it
                mark.after = message->id;
                mark.kind = MemoryChange::left_out;
                mark.tokens_before = static_cast<std::uint32_t>(tokens(document.text));
                mark.undoable = by_row;
                mark.document = document.name;
                marks.marks.push_back(std::move(mark));
            }
        }
        if (const auto window = window_of(message->context)) {
            MemoryMark mark;
            mark.after = message->id;
            mark.kind = MemoryChange::window;
            mark.tokens_before = window->tokens_before;
            mark.tokens_after = window->tokens_after;
            marks.marks.push_back(std::move(mark));
        }
    }
    return marks;
}

}  // namespace tendril::app

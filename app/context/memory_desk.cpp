// SPDX-License-Identifier: Apache-2.0
// MemoryDesk. Chat worker's thread only.
#include "app/context/memory_desk.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/composing.h"
#include "app/context/memory_marks.h"

namespace tendril::app {

using storage::MessageMemory;
using storage::Representation;

MemoryDesk::MemoryDesk(WorkerLink& link, ModelKeeper& models, Compactor& compactor, DocumentPruner& pruner)
    : link_(link), models_(models), compactor_(compactor), pruner_(pruner) {}

void MemoryDesk::show(std::shared_ptr<ConversationTree> tree) {
    shown_ = std::move(tree);
    told_.reset();
    tell_marks();
}

void MemoryDesk::tell_marks() {
    if (!shown_) {
        return;
    }
    MemoryInUse in_use;
    const Representation* best = representation_on(*shown_);
    if (best != nullptr) {
        in_use.text = best->id;
    }
    if (models_.ready() && !shown_->representations().empty()) {
        const PromptComposer& composer = models_.composer();
        const auto request = composer.plan_request(
            compose_request(*shown_, shown_->conversation().leaf, link_.settings, models_.model().context));
        if (const auto plan = composer.plan(request)) {
            in_use.text =
                plan->short_text ? std::optional(request.shorts[*plan->short_text].id) : std::nullopt;
            in_use.gone = plan->documents_gone;
        }
    }
    in_use.pruned = pruner_.in_use(*shown_);
    MemoryMarks marks = memory_marks(*shown_, in_use, [this](std::string_view text) {
        return models_.ready() ? models_.composer().tokens_of(text) : 0;
    });
    if (!told_ || told_->marks != marks.marks) {
        told_ = marks;
        link_.emit(std::move(marks));
    }
}

bool MemoryDesk::mark_undone(Representation& one) {
    if (const Status done = link_.store.set_undone(one.id, true); !done) {
        link_.report(done.error());
        return false;
    }
    one.undone = true;
    return true;
}

void MemoryDesk::set_memory(MessageId id, MessageMemory memory) {
    storage::Message* message = shown_ ? shown_->find(id) : nullptr;
    if (message == nullptr || message->memory == memory) {
        return;
    }
    if (const Status kept = link_.store.set_memory(id, memory); !kept) {
        link_.report(kept.error());
        return;
    }
    const bool excluded = memory == MessageMemory::excluded || message->memory == MessageMemory::excluded;
    message->memory = memory;
    compactor_.changed(shown_);
    if (excluded) {
        // A text that stands for this message was made with it, or without it.
        const auto branch = shown_->branch_to(id);
        for (Representation& one : shown_->representations()) {
            const bool later = std::none_of(branch.begin(), branch.end(), [&](const storage::Message* other) {
                return one.last_message == other->id && other->id != id;
            });
            if (one.last_message && !one.undone && later) {
                mark_undone(one);
            }
        }
    }
    if (shown_->on_branch(id)) {
        link_.emit(MessageChanged{shown_->conversation().id, shown_->shown(*message)});
    }
    tell_marks();
    compactor_.consider(shown_);
    if (on_changed) {
        on_changed();
    }
}

Status MemoryDesk::fits_whole(std::optional<DocumentId> document) const {
    if (!models_.ready()) {
        return {};  // it is seen when a model is there
    }
    const PromptComposer& composer = models_.composer();
    auto request = composer.plan_request(
        compose_request(*shown_, shown_->conversation().leaf, link_.settings, models_.model().context));
    if (!document) {
        request.shorts.clear();
    }
    for (prompt::context::Segment& segment : request.segments) {
        for (prompt::context::DocumentSegment& one : segment.documents) {
            one.left_out = one.left_out && document && one.id != *document;
        }
    }
    const auto plan = composer.plan(request);
    const bool gone = plan && document &&
                      std::count(plan->documents_gone.begin(), plan->documents_gone.end(), *document) > 0;
    if (plan && !gone &&
        std::count(plan->fates.begin(), plan->fates.end(), prompt::context::Fate::left_out) == 0) {
        return {};
    }
    auto all = request;
    all.context = SIZE_MAX / 2;
    const auto whole = composer.plan(all);
    const std::size_t reserve = std::min(request.reserve, request.context / 4);
    return fail(ErrorCode::too_large, "The full text has " + std::to_string(whole ? whole->tokens : 0) +
                                          " tokens and does not fit: the context has room for " +
                                          std::to_string(request.context - reserve) +
                                          ". It stays shortened for the model.");
}

void MemoryDesk::restore_full_text(storage::RepresentationId id) {
    if (!shown_) {
        return;
    }
    auto& all = shown_->representations();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Representation& one) {
        return one.id == id && (one.last_message || one.form == storage::RepresentationForm::pruned ||
                                one.form == storage::RepresentationForm::left_out);
    });
    if (found == all.end()) {
        link_.notice("The shortened text is gone.", shown_->conversation().id);
        return;
    }
    if (!found->last_message) {
        restore_document(*found);
        return;
    }
    if (const Status fits = fits_whole(); !fits) {
        link_.notice(fits.error().message, shown_->conversation().id);
        return;
    }
    compactor_.changed(shown_);
    // Those before it stand for a part of the same messages; documents come back with theirs.
    for (Representation& one : all) {
        const bool with_it =
            one.last_message ? one.id <= id : one.form == storage::RepresentationForm::left_out;
        if (with_it && !one.undone && !mark_undone(one)) {
            break;
        }
    }
    tell_marks();
    if (on_changed) {
        on_changed();
    }
}

void MemoryDesk::restore_document(Representation& one) {
    const bool pruned = one.form == storage::RepresentationForm::pruned;  // has the place of the whole one
    if (const Status fits = pruned ? Status() : fits_whole(one.document); !fits) {
        link_.notice(fits.error().message, shown_->conversation().id);
        return;
    }
    if (mark_undone(one)) {
        if (pruned) {
            pruner_.restore(shown_->conversation().id);
        } else {
            compactor_.changed(shown_);
        }
        tell_marks();
        if (on_changed) {
            on_changed();
        }
    }
}

void MemoryDesk::shorten_now() {
    if (shown_) {
        compactor_.shorten_now(shown_);
    }
}

}  // namespace tendril::app

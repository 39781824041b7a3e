// SPDX-License-Identifier: Apache-2.0
// What the worker tells of documents and of the model's memory, as the window shows it. GUI thread; pure
// functions.
#include "app/sentences.h"
#include "app/shown_values.h"

namespace tendril::app {
namespace {

AttachmentChoice choice_of(storage::AttachmentChoice choice) {
    switch (choice) {
        case storage::AttachmentChoice::whole:
            return AttachmentChoice::whole;
        case storage::AttachmentChoice::compressed:
            return AttachmentChoice::shortened;
        case storage::AttachmentChoice::searched:
            return AttachmentChoice::searched;
    }
    return AttachmentChoice::whole;
}

}  // namespace

AttachmentItem to_item(const DraftDocument& document) {
    AttachmentItem item;
    item.id = document.id;
    item.name = QString::fromStdString(document.name);
    item.kind = QString::fromStdString(document.kind);
    item.bytes = document.bytes;
    item.tokens = document.tokens;
    item.plannedTokens = document.planned_tokens;
    item.choice = choice_of(document.choice);
    item.progress = document.progress;
    item.error = in_their_language(document.error);
    return item;
}

ContextPlanItem to_plan(const ContextCounted& counted) {
    ContextPlanItem plan;
    plan.used = counted.used;
    plan.limit = counted.limit;
    plan.shares = counted.shares;
    for (const PlannedChange& change : counted.if_sent) {
        plan.ifSent.append({change.kind, QVector<qint64>(change.messages.begin(), change.messages.end()),
                            change.document, change.tokens_before, change.tokens_after});
    }
    return plan;
}

MemoryMarkItem to_item(const MemoryMark& mark) {
    MemoryMarkItem item;
    item.id = mark.id;
    item.after = mark.after;
    item.kind = mark.kind;
    item.method = QString::fromStdString(mark.method);
    item.tokensBefore = mark.tokens_before;
    item.tokensAfter = mark.tokens_after;
    item.text = QString::fromStdString(mark.text);
    item.undoable = mark.undoable;
    item.document = QString::fromStdString(mark.document);
    return item;
}

MemoryWorkItem to_item(const MemoryWork& work) {
    return {in_their_language(work.what), work.progress, work.running};
}

storage::AttachmentChoice to_stored(AttachmentChoice choice) {
    switch (choice) {
        case AttachmentChoice::whole:
            return storage::AttachmentChoice::whole;
        case AttachmentChoice::shortened:
            return storage::AttachmentChoice::compressed;
        case AttachmentChoice::searched:
            return storage::AttachmentChoice::searched;
    }
    return storage::AttachmentChoice::whole;
}

storage::MessageMemory to_stored(MessageMemory memory) {
    switch (memory) {
        case MessageMemory::normal:
            return storage::MessageMemory::normal;
        case MessageMemory::pinned:
            return storage::MessageMemory::pinned;
        case MessageMemory::excluded:
            return storage::MessageMemory::excluded;
    }
    return storage::MessageMemory::normal;
}

}  // namespace tendril::app

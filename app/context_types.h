// SPDX-License-Identifier: Apache-2.0
// What the window shows of documents and of the model's memory: plain values that the controller sends to
// the GUI thread. No rules here.
#pragma once

#include <QString>
#include <QVector>

#include "app/context_shares.h"

namespace tendril::app {

/// How a document is given to the model.
enum class AttachmentChoice { whole, shortened, searched /* only the places that fit the question */ };

/// What the model gets of a message from now on.
enum class MessageMemory { normal, pinned /* always whole */, excluded /* never */ };

/// A document of the draft, or of a message that was sent.
struct AttachmentItem {
    qint64 id = 0;
    QString name;
    QString kind;  ///< "Markdown", "PDF", "C++"
    quint64 bytes = 0;
    quint32 tokens = 0;         ///< of the whole text; 0 = not counted yet
    quint32 plannedTokens = 0;  ///< in the chosen form; 0 = not known yet
    AttachmentChoice choice = AttachmentChoice::whole;
    double progress = 1;  ///< 0 to 1 of reading and shortening; 1 = ready
    QString error;        ///< why it cannot be used; empty = it can
    bool ready() const { return error.isEmpty() && progress >= 1; }
    bool operator==(const AttachmentItem&) const = default;
};

/// A place in a document that an answer was made with.
struct SourceItem {
    qint64 document = 0;
    QString name;
    int chunk = 0;
    QString excerpt;    ///< all that was read of it
    QString line = {};  ///< the sentence of it that the question is about; may be empty
    bool operator==(const SourceItem&) const = default;
};

/// What would become shorter if the draft were sent now.
struct PlannedItem {
    MemoryChange kind = MemoryChange::left_out;
    QVector<qint64> messages;  ///< oldest first; empty: the document
    qint64 document = 0;       ///< 0: the messages
    quint32 tokensBefore = 0;
    quint32 tokensAfter = 0;
    bool operator==(const PlannedItem&) const = default;
};

/// What the open conversation with its draft takes of the context.
struct ContextPlanItem {
    quint32 used = 0;  ///< tokens
    quint32 limit = 0;
    ContextShares shares;  ///< limit 0: not known
    QVector<PlannedItem> ifSent;
    bool operator==(const ContextPlanItem&) const = default;
};

/// A place in the conversation where the model's memory was shortened.
struct MemoryMarkItem {
    qint64 id = 0;     ///< 0: an answer's emergency window
    qint64 after = 0;  ///< the message that it stands behind
    MemoryChange kind = MemoryChange::summarised;
    QString method;
    quint32 tokensBefore = 0;
    quint32 tokensAfter = 0;
    QString text;  ///< what the model has in its place; may be empty
    bool undoable = false;
    QString document = {};  ///< name of the one that it is about; empty: messages
    bool operator==(const MemoryMarkItem&) const = default;
};

/// The model's memory is being shortened.
struct MemoryWorkItem {
    QString what;
    double progress = 0;
    bool running = false;
};

}  // namespace tendril::app

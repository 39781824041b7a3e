// SPDX-License-Identifier: Apache-2.0
// Documents and the model's memory in words: what is said about them on chips, in messages, in panels and to
// screen readers. GUI thread; pure functions.
#pragma once

#include <QString>

#include "app/chat_types.h"

namespace tendril::ui {

QString countOf(quint64 number);    ///< "12,300"
QString fileSizeOf(quint64 bytes);  ///< "12 kB"

/// "12 kB, 12,300 tokens, 6,100 in short form" of a draft's document; what is wrong, or how far it is.
QString attachmentDetails(const app::AttachmentItem& item);
/// Of a document that was sent: how the model got it.
QString documentDetails(const app::AttachmentItem& item);
/// "Documents: report.md, 12 kB, …"; empty when there are none.
QString documentsLine(const app::MessageItem& item);

/// "2 sources"
QString sourcesName(const app::MessageItem& item);
/// "report.md, place 3: first words of it…"
QString sourceLine(const app::SourceItem& source);

/// "From here up the model has a summary: 3,900 → 420 tokens"
QString markLine(const app::MemoryMarkItem& mark);
/// What would become of some messages or of a document named `document`, if the draft were sent now.
QString plannedLine(const app::PlannedItem& item, const QString& document);
/// "pinned: always read in full"; empty for a normal message.
QString memoryState(app::MessageMemory memory);

}  // namespace tendril::ui

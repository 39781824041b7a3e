// SPDX-License-Identifier: Apache-2.0
// An answer that is written as points side by side: what it reads like while they grow, and what is said
// about it. GUI thread; pure functions.
#pragma once

#include <QString>
#include <QStringList>

#include "app/chat_types.h"

namespace tendril::ui {

/// How far a screen reader has heard an answer in points.
struct SpokenPoints {
    qint64 message = 0;
    int point = 0;       ///< the first that is not spoken to its end
    QStringList unsaid;  ///< [point] what has come and was not spoken
};

/// Whether the message is shown point by point: it is still being written, and its own text comes at the end.
bool growsInPoints(const app::MessageItem& item);
/// The Markdown of one point as it stands now, its heading in front.
QString pointSource(const app::PointItem& point);
/// What the message says now, whole or growing: what copying gives.
QString shownText(const app::MessageItem& item);
qsizetype shownLength(const app::MessageItem& item);  ///< of it, about; costs nothing

/// "waiting", "being written", "cut short"; empty for a point that is done.
QString pointStateName(app::PointItem::State state);
bool isWritten(const app::PointItem& point);  ///< nothing more comes
qsizetype writtenPoints(const app::ExpansionItem& expansion);
/// "Points in parallel: 2 of 5 written, 3 being written".
QString progressText(const app::ExpansionItem& expansion);
/// How the answer came about, in one line; empty when there is nothing to say.
QString expansionSummary(const app::ExpansionItem& expansion);
/// What stands at the message's foot about it: the progress or the summary.
QString expansionLine(const app::MessageItem& item);
/// A heading without its Markdown.
QString plainHeading(const QString& markdown);

}  // namespace tendril::ui

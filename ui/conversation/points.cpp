// SPDX-License-Identifier: Apache-2.0
// An answer that is written as points side by side, in words. GUI thread.
#include "ui/conversation/points.h"

#include <algorithm>

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

#include "ui/conversation/text_piece.h"
#include "ui/markup/document.h"

namespace tendril::ui {
namespace {

struct Text {
    Q_DECLARE_TR_FUNCTIONS(tendril::ui::Points)
};

qsizetype countOf(const app::ExpansionItem& expansion, app::PointItem::State state) {
    return std::count_if(expansion.points.begin(), expansion.points.end(),
                         [state](const app::PointItem& point) { return point.state == state; });
}

}  // namespace

bool growsInPoints(const app::MessageItem& item) {
    const bool busy = item.state == app::MessageState::waiting || item.state == app::MessageState::streaming;
    return busy && item.expansion.skeleton && !item.expansion.points.isEmpty() && item.text.isEmpty();
}

QString pointSource(const app::PointItem& point) {
    const QString heading = point.heading.trimmed();
    return heading.isEmpty() ? point.text : heading + QStringLiteral("\n\n") + point.text;
}

QString shownText(const app::MessageItem& item) {
    if (!growsInPoints(item)) {
        return item.text;
    }
    QStringList parts;
    for (const app::PointItem& point : item.expansion.points) {
        parts.append(pointSource(point).trimmed());
    }
    return parts.join(QStringLiteral("\n\n"));
}

qsizetype shownLength(const app::MessageItem& item) {
    qsizetype length = item.text.size();
    if (growsInPoints(item)) {
        for (const app::PointItem& point : item.expansion.points) {
            length += point.heading.size() + point.text.size();
        }
    }
    return length;
}

QString pointStateName(app::PointItem::State state) {
    switch (state) {
        case app::PointItem::State::waiting:
            return Text::tr("waiting");
        case app::PointItem::State::growing:
            return Text::tr("being written");
        case app::PointItem::State::stopped:
            return Text::tr("cut short");
        case app::PointItem::State::done:
            break;
    }
    return {};
}

bool isWritten(const app::PointItem& point) {
    return point.state == app::PointItem::State::done || point.state == app::PointItem::State::stopped;
}

qsizetype writtenPoints(const app::ExpansionItem& expansion) {
    return std::count_if(expansion.points.begin(), expansion.points.end(), isWritten);
}

QString progressText(const app::ExpansionItem& expansion) {
    using State = app::PointItem::State;
    const qsizetype all = expansion.points.size();
    const qsizetype growing = countOf(expansion, State::growing);
    return Text::tr("Points in parallel: %1 of %2 written, %3 being written")
        .arg(writtenPoints(expansion))
        .arg(all)
        .arg(growing);
}

QString expansionSummary(const app::ExpansionItem& expansion) {
    if (!expansion.skeleton) {
        // What a person has chosen for the conversation need not be said at each answer.
        return expansion.reason.isEmpty() || expansion.reasonKey == QLatin1String("never")
                   ? QString()
                   : Text::tr("Normal answer: %1").arg(expansion.reason);
    }
    return expansion.predictedGain > 0 ? Text::tr("Points written in parallel, predicted %1 times faster")
                                             .arg(QLocale().toString(expansion.predictedGain, 'f', 1))
                                       : Text::tr("Points written in parallel");
}

QString expansionLine(const app::MessageItem& item) {
    if (growsInPoints(item)) {
        return progressText(item.expansion);
    }
    const bool outlining = item.state == app::MessageState::waiting && item.expansion.skeleton;
    return outlining ? QString() : expansionSummary(item.expansion);
}

QString plainHeading(const QString& markdown) {
    markup::Document document;
    document.append(markdown.toStdString());
    document.finish();
    QStringList parts;
    for (const markup::Block& block : document.blocks()) {
        if (!block.containers.empty() && block.containers.back().number >= 0) {
            parts.append(QString::number(block.containers.back().number) + QLatin1Char('.'));
        }
        parts.append(toQString(block.content.text));
    }
    return parts.join(QLatin1Char(' ')).simplified();
}

}  // namespace tendril::ui

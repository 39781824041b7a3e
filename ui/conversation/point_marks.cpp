// SPDX-License-Identifier: Apache-2.0
// What stands beside the points of an answer while they grow: a sign of its own shape for each state, its
// name in words behind the heading, and a mark where text arrives. No layout depends on them, so that nothing
// moves when they go. GUI thread.
#include <QFontMetrics>

#include "ui/conversation/icons.h"
#include "ui/conversation/message_frame.h"
#include "ui/conversation/points.h"

namespace tendril::ui {

/// A ring waits, a pencil writes, a tick is done, a bar was cut off.
void MessageFrame::paintPointSign(QPainter& painter, app::PointItem::State state, const QRectF& place) const {
    using State = app::PointItem::State;
    painter.setRenderHint(QPainter::Antialiasing);
    switch (state) {
        case State::waiting:
            painter.setPen(QPen(theme_.muted, 1.3));
            painter.setBrush(Qt::NoBrush);
            painter.drawEllipse(place.center(), place.width() * 0.28, place.width() * 0.28);
            break;
        case State::growing:
            paintSign(painter, Sign::edit, place, theme_.accent);
            break;
        case State::done:
            paintSign(painter, Sign::done, place, theme_.muted);
            break;
        case State::stopped: {
            const QRectF bar(place.left() + place.width() * 0.2, place.center().y() - 1, place.width() * 0.6,
                             2);
            painter.fillRect(bar, theme_.muted);
            break;
        }
    }
}

void MessageFrame::paintPoints(QPainter& painter, const Look& look, const QRect& clip) {
    const markup::Sections& document = body_.document();
    for (std::size_t section = 0; section < document.sections(); ++section) {
        const auto first = static_cast<int>(document.begin_of(section));
        const int end = section + 1 < document.sections() ? static_cast<int>(document.begin_of(section + 1))
                                                          : body_.blockCount();
        const app::PointItem& point = item_.expansion.points[static_cast<qsizetype>(section)];
        if (first >= end) {
            continue;
        }
        const int y = bodyOrigin().y() + body_.top(first);
        if (body_.isLaidOut(first) && y <= clip.bottom() && y + theme_.lineHeight >= clip.top()) {
            const qreal side = theme_.px(13);
            paintPointSign(painter, point.state,
                           QRectF(left_ - theme_.px(19), y + (theme_.lineHeight - side) / 2.0, side, side));
            const QRectF heading = endOfText(first);
            const QString name = pointStateName(point.state);
            painter.setFont(theme_.small);
            const int x = qRound(heading.left()) + theme_.px(8);
            const int width = QFontMetrics(theme_.small).horizontalAdvance(name);
            if (x + width <= left_ + column_) {
                painter.setPen(theme_.muted);
                painter.drawText(QRectF(x, heading.top(), width + 1, heading.height()),
                                 Qt::AlignLeft | Qt::AlignVCenter, name);
            }
        }
        const int last = end - 1;
        if (point.state == app::PointItem::State::growing && look.caret && last > first &&
            body_.isLaidOut(last)) {
            painter.fillRect(endOfText(last), theme_.accent);
        }
    }
}

}  // namespace tendril::ui

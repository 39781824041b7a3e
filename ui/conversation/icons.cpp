// SPDX-License-Identifier: Apache-2.0
// The few signs on the conversation's buttons, drawn as lines. GUI thread.
#include "ui/conversation/icons.h"

#include <QPainterPath>

namespace tendril::ui {
namespace {

/// In a square of 16 by 16.
QPainterPath pathOf(Sign sign) {
    QPainterPath path;
    const auto lines = [&path](std::initializer_list<QPointF> points) {
        bool first = true;
        for (const QPointF& point : points) {
            first ? path.moveTo(point) : path.lineTo(point);
            first = false;
        }
    };
    switch (sign) {
        case Sign::copy:
            path.addRoundedRect(QRectF(5.5, 5.5, 8, 8), 1.8, 1.8);
            path.moveTo(3.6, 10.5);
            path.cubicTo(2.8, 10.4, 2.5, 9.9, 2.5, 9.2);
            path.lineTo(2.5, 4.2);
            path.cubicTo(2.5, 3.1, 3.1, 2.5, 4.2, 2.5);
            path.lineTo(9.2, 2.5);
            path.cubicTo(9.9, 2.5, 10.4, 2.8, 10.5, 3.6);
            break;
        case Sign::done:
            lines({{3, 8.5}, {6.5, 12}, {13, 4.5}});
            break;
        case Sign::retry:
            path.arcMoveTo(QRectF(3, 3, 10, 10), 20);
            path.arcTo(QRectF(3, 3, 10, 10), 20, 310);
            lines({{13.2, 2.6}, {12.9, 6.3}, {9.3, 5.7}});
            break;
        case Sign::edit:
            lines({{3, 13}, {3.6, 10.2}, {10.8, 3}, {13, 5.2}, {5.8, 12.4}, {3, 13}});
            lines({{9.2, 4.6}, {11.4, 6.8}});
            break;
        case Sign::resume:
            lines({{3, 4}, {8, 8}, {3, 12}});
            lines({{8.5, 4}, {13.5, 8}, {8.5, 12}});
            break;
        case Sign::details:
            path.addEllipse(QRectF(2.5, 2.5, 11, 11));
            lines({{8, 7.3}, {8, 11}});
            lines({{8, 4.9}, {8, 5.1}});
            break;
        case Sign::text:
            lines({{3, 4}, {13, 4}});
            lines({{3, 8}, {13, 8}});
            lines({{3, 12}, {9, 12}});
            break;
        case Sign::previous:
            lines({{10, 3.5}, {5.5, 8}, {10, 12.5}});
            break;
        case Sign::next:
            lines({{6, 3.5}, {10.5, 8}, {6, 12.5}});
            break;
        case Sign::down:
            lines({{3.5, 6}, {8, 10.5}, {12.5, 6}});
            break;
        case Sign::pin:
            lines({{5, 2.5}, {11, 2.5}});
            lines({{6, 2.5}, {6, 7}, {4, 9.5}, {12, 9.5}, {10, 7}, {10, 2.5}});
            lines({{8, 9.5}, {8, 13.5}});
            break;
        case Sign::exclude:
            path.addEllipse(QRectF(2.5, 2.5, 11, 11));
            lines({{4.2, 11.8}, {11.8, 4.2}});
            break;
        case Sign::document:
            lines({{9.5, 2.5}, {4, 2.5}, {4, 13.5}, {12, 13.5}, {12, 5}, {9.5, 2.5}});
            lines({{6.5, 8}, {9.5, 8}});
            lines({{6.5, 10.8}, {8.5, 10.8}});
            break;
        case Sign::memory:  // two arrows towards each other: made shorter
            lines({{8, 2.5}, {8, 6.3}});
            lines({{6, 4.8}, {8, 6.6}, {10, 4.8}});
            lines({{3, 8}, {13, 8}});
            lines({{8, 13.5}, {8, 9.7}});
            lines({{6, 11.2}, {8, 9.4}, {10, 11.2}});
            break;
    }
    return path;
}

}  // namespace

void paintSign(QPainter& painter, Sign sign, const QRectF& rect, const QColor& colour) {
    const qreal side = qMin(rect.width(), rect.height());
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(rect.center().x() - side / 2, rect.center().y() - side / 2);
    painter.scale(side / 16, side / 16);
    painter.setPen(QPen(colour, 1.35, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(pathOf(sign));
    painter.restore();
}

}  // namespace tendril::ui

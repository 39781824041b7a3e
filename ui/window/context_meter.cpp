// SPDX-License-Identifier: Apache-2.0
// The meter of the context. GUI thread.
#include "ui/window/context_meter.h"

#include <algorithm>

#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>

#include "ui/window/format.h"
#include "ui/window/theme.h"

namespace tendril::ui {

namespace {
constexpr double kNearlyFull = 0.85;
constexpr qreal kBar = 9;
}  // namespace

QVector<ContextPart> contextParts(const app::ContextShares& shares, quint32 used) {
    using Kind = ContextPart::Kind;
    if (shares.limit == 0) {
        return {};
    }
    const quint32 kept = used > shares.limit ? shares.reserve : 0;  // what does not fit is told with it
    const quint32 told = shares.system + shares.documents + shares.turns + shares.draft + kept;
    const quint32 turns = shares.turns + (used > told ? used - told : 0);
    const quint32 taken = std::max(used, told);
    const quint32 reserve = std::min(shares.reserve, shares.limit - std::min(shares.limit, taken));
    const quint32 free = shares.limit - std::min(shares.limit, taken + reserve);
    return {{Kind::system, ContextMeter::tr("System prompt"), shares.system},
            {Kind::documents, ContextMeter::tr("Documents"), shares.documents},
            {Kind::turns, ContextMeter::tr("Conversation"), turns},
            {Kind::draft, ContextMeter::tr("Your message"), shares.draft},
            {Kind::reserve, ContextMeter::tr("Kept for the answer"), reserve},
            {Kind::free, ContextMeter::tr("Free"), free}};
}

QColor contextColor(ContextPart::Kind kind) {
    const ThemeColors& colors = currentColors();
    switch (kind) {
        case ContextPart::Kind::system:
            return colors.shareSystem;
        case ContextPart::Kind::documents:
            return colors.shareDocuments;
        case ContextPart::Kind::turns:
            return colors.accent;
        case ContextPart::Kind::draft:
            return colors.shareDraft;
        case ContextPart::Kind::reserve:
            return colors.strongBorder;
        case ContextPart::Kind::free:
            break;
    }
    return colors.border;
}

void paintContextPart(QPainter& painter, const QRectF& rect, ContextPart::Kind kind) {
    if (kind == ContextPart::Kind::reserve) {
        painter.fillRect(rect, contextColor(ContextPart::Kind::free));
        painter.fillRect(rect, QBrush(contextColor(kind), Qt::BDiagPattern));
    } else {
        painter.fillRect(rect, contextColor(kind));
    }
}

ContextMeter::ContextMeter(QWidget* parent) : QAbstractButton(parent) {
    setObjectName(QStringLiteral("contextMeter"));
    setFixedSize(ContextMeter::sizeHint());
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    setUse(0, 0, {});
}

void ContextMeter::setUse(quint32 used, quint32 limit, const app::ContextShares& shares) {
    used_ = used;
    limit_ = limit;
    parts_ = contextParts(shares, used);
    const QString sum =
        limit == 0 ? tr("No context yet")
                   : tr("%1 of %2 tokens of context used").arg(formatCount(used), formatCount(limit));
    QStringList lines;
    for (const ContextPart& part : std::as_const(parts_)) {
        lines
            << tr("%1: %2", "a part of the context and its tokens").arg(part.name, formatCount(part.tokens));
    }
    setAccessibleName(sum);
    setAccessibleDescription(lines.isEmpty() ? tr("Enter shows what the model has")
                                             : lines.join(QStringLiteral(", ")) + QStringLiteral(". ") +
                                                   tr("Enter shows what the model has"));
    setToolTip((QStringList(sum) + lines + QStringList(tr("Click for more (Ctrl+Shift+M)")))
                   .join(QLatin1Char('\n')));
    update();
}

bool ContextMeter::event(QEvent* event) {
    if (event->type() == QEvent::HoverEnter || event->type() == QEvent::HoverLeave) {
        update();
    }
    return QAbstractButton::event(event);
}

void ContextMeter::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        click();
        return;
    }
    QAbstractButton::keyPressEvent(event);
}

void ContextMeter::paintEvent(QPaintEvent*) {
    const ThemeColors& colors = currentColors();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF bar(5, (height() - kBar) / 2, width() - 10, kBar);
    QPainterPath shape;
    shape.addRoundedRect(bar, kBar / 2.5, kBar / 2.5);
    painter.fillPath(shape, colors.border);
    painter.setClipPath(shape);
    const double pixels = limit_ == 0 ? 0 : bar.width() / limit_;
    if (parts_.isEmpty() && used_ > 0) {
        painter.fillRect(QRectF(bar.topLeft(), QSizeF(std::clamp(used_ * pixels, 5.0, bar.width()), kBar)),
                         colors.accent);
    }
    qreal x = bar.left();
    for (const ContextPart& part : std::as_const(parts_)) {
        if (part.kind == ContextPart::Kind::reserve) {
            x = std::max(x, bar.right() - part.tokens * pixels);
        }
        if (part.tokens == 0 || part.kind == ContextPart::Kind::free) {
            continue;
        }
        const qreal right = std::min(bar.right(), x + std::max(2.0, part.tokens * pixels));
        paintContextPart(painter, QRectF(QPointF(x, bar.top()), QPointF(right, bar.bottom())), part.kind);
        painter.fillRect(QRectF(right, bar.top(), 1, kBar), colors.base);  // parts are told by more than hue
        x = right + 1;
    }
    painter.setClipping(false);
    const bool full = limit_ > 0 && used_ >= kNearlyFull * limit_;
    if (full || hasFocus() || underMouse()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(full && !hasFocus() ? colors.warning
                            : hasFocus()        ? colors.accent
                                                : colors.strongBorder,
                            1.5));
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 2, -1, -2), 5, 5);
    }
}

}  // namespace tendril::ui

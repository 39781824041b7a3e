// SPDX-License-Identifier: Apache-2.0
// One message as it stands in the column: geometry and painting. GUI thread, owned by the Transcript.
#include "ui/conversation/message_frame.h"

#include <algorithm>

#include <QFontMetrics>

#include "ui/conversation/icons.h"
#include "ui/conversation/points.h"

namespace tendril::ui {
namespace {

constexpr int kColumn = 760;            // the widest that text is set, at zoom 1
constexpr int kMaxMeasuredBlocks = 40;  // a longer message of the user takes the whole width

bool isBusy(const app::MessageItem& item) {
    return item.state == app::MessageState::waiting || item.state == app::MessageState::streaming;
}

Sign signOf(Control::Kind kind) {
    switch (kind) {
        case Control::Kind::previousVersion:
            return Sign::previous;
        case Control::Kind::nextVersion:
            return Sign::next;
        case Control::Kind::resume:
            return Sign::resume;
        case Control::Kind::details:
            return Sign::details;
        case Control::Kind::retryNormally:
            return Sign::text;
        case Control::Kind::retry:
            return Sign::retry;
        case Control::Kind::edit:
            return Sign::edit;
        case Control::Kind::pin:
            return Sign::pin;
        case Control::Kind::exclude:
            return Sign::exclude;
        default:
            return Sign::copy;
    }
}

}  // namespace

MessageFrame::MessageFrame(const app::MessageItem& item, const MessageExtras& extras, const ViewTheme& theme,
                           const SyntaxLibrary& syntaxes)
    : item_(item),
      extras_(extras),
      theme_(theme),
      body_(theme, syntaxes,
            static_cast<std::size_t>(growsInPoints(item) ? item.expansion.points.size() : 1)),
      own_(ownControls(item, extras)),
      points_(growsInPoints(item)) {
    if (points_) {
        for (qsizetype i = 0; i < item.expansion.points.size(); ++i) {
            body_.append(static_cast<std::size_t>(i), pointSource(item.expansion.points[i]));
        }
        return;
    }
    body_.append(0, item.text);
    if (!isBusy(item)) {
        body_.finish();
    }
}

markup::BlockChange MessageFrame::append(std::size_t section, const QString& text) {
    const markup::BlockChange change = body_.append(section, text);
    own_ = ownControls(item_, extras_);
    place();
    return change;
}

markup::BlockChange MessageFrame::update() {
    markup::BlockChange change;
    if (points_ && !growsInPoints(item_)) {
        points_ = false;
        change = body_.become(item_.text);
    } else if (!isBusy(item_)) {
        body_.finish();
    }
    own_ = ownControls(item_, extras_);
    place();
    return change;
}

void MessageFrame::setWidth(int viewportWidth) {
    if (viewportWidth == viewportWidth_) {
        return;
    }
    viewportWidth_ = viewportWidth;
    column_ = qMax(theme_.px(120), qMin(theme_.px(kColumn), viewportWidth - 2 * theme_.px(24)));
    left_ = (viewportWidth - column_) / 2;
    int width = column_;
    if (isUser()) {
        width = column_ * 85 / 100 - 2 * cardPadding();
        body_.setWidth(width);
        if (body_.blockCount() <= kMaxMeasuredBlocks && item_.text.size() < 20'000) {
            width = qMin(width, qMax(theme_.px(24), body_.usedWidth() + 2));
        }
    }
    bodyRect_ = QRect(0, 0, width, 0);
    body_.setWidth(isUser() ? column_ * 85 / 100 - 2 * cardPadding() : width);
    place();
}

int MessageFrame::stateHeight() const {
    switch (item_.state) {
        case app::MessageState::waiting:
            return points_ ? 0 : theme_.px(34);
        case app::MessageState::interrupted:
            return theme_.px(40);
        case app::MessageState::failed: {
            const QFontMetrics metrics(theme_.small);
            const QRect text = metrics.boundingRect(QRect(0, 0, column_ - theme_.px(130), 4000),
                                                    Qt::TextWordWrap, item_.error);
            return qMax(theme_.px(44), text.height() + theme_.px(24));
        }
        default:
            return 0;
    }
}

void MessageFrame::place() {
    const int pad = cardPadding();
    int y = theme_.px(10);
    head_ = QRect(left_, y, column_, theme_.px(26));
    y = placeDocuments(head_.bottom() + 1 + theme_.px(4));
    const int width = bodyRect_.width();
    const bool empty = body_.blockCount() == 0;
    if (isUser()) {
        card_ =
            QRect(left_ + column_ - width - 2 * pad, y, width + 2 * pad, body_.height() + 2 * theme_.px(10));
        bodyRect_ = QRect(card_.left() + pad, y + theme_.px(10), width, body_.height());
        y = card_.bottom() + 1;
    } else {
        bodyRect_ = QRect(left_, y, width, body_.height());
        y += body_.height();
    }
    state_ = QRect();
    if (const int height = stateHeight(); height > 0) {
        y += empty ? 0 : theme_.px(12);
        state_ = QRect(left_, y, column_, height);
        y += height;
    }
    y = placeSources(y);
    // A user's actions stand at the head, so that without a footer nothing follows the card.
    const int second = expansionLine(item_).isEmpty() ? 0 : theme_.smallHeight + theme_.px(4);
    const int foot = isUser() && footText().isEmpty() ? 0 : theme_.px(28) + second;
    foot_ = QRect(left_, y + theme_.px(foot > 0 ? 4 : 6), column_, foot);
    bottom_ = placeMarks(foot_.bottom() + 1);
}

int MessageFrame::height() const {
    return bottom_ + theme_.px(8);
}

bool MessageFrame::layOut(int y0, int y1) {
    const int before = body_.height();
    const bool anything = body_.layOut(y0 - bodyRect_.top(), y1 - bodyRect_.top());
    if (body_.height() != before) {
        place();
    }
    return anything;
}

QString MessageFrame::footText() const {
    const QString leftOut = item_.leftOut ? tr("Not read for the latest answer") : QString();
    return leftOut.isEmpty() || item_.footer.isEmpty() ? leftOut + item_.footer
                                                       : leftOut + QStringLiteral(" · ") + item_.footer;
}

void MessageFrame::paintButton(QPainter& painter, const Control& control, const Look& look) {
    const QRect rect = controlRect(control);
    const bool pointed = look.pointed != nullptr && *look.pointed == control;
    const bool focused = look.focus != nullptr && *look.focus == control;
    const bool copied = look.copied != nullptr && *look.copied == control;
    const bool wide = rect.width() > theme_.px(40);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(
        focused ? QPen(theme_.accent, 2)
                : (wide && control.kind != Control::Kind::copyCode ? QPen(theme_.line, 1) : QPen(Qt::NoPen)));
    painter.setBrush(pointed ? QBrush(theme_.hover) : QBrush(Qt::NoBrush));
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), theme_.px(6), theme_.px(6));
    const QColor colour = pointed || focused || wide ? theme_.text : theme_.muted;
    const int side = theme_.px(15);
    QRect sign(0, 0, side, side);
    sign.moveCenter(wide ? QPoint(rect.left() + theme_.px(15), rect.center().y()) : rect.center());
    paintSign(painter, copied ? Sign::done : signOf(control.kind), sign,
              wide && !pointed && !focused ? theme_.muted : colour);
    if (wide) {
        const QString text = control.kind == Control::Kind::resume  ? tr("Continue")
                             : control.kind == Control::Kind::retry ? tr("Retry")
                             : copied                               ? tr("Copied")
                                                                    : tr("Copy");
        painter.setFont(theme_.small);
        painter.setPen(control.kind == Control::Kind::copyCode ? theme_.muted : theme_.text);
        painter.drawText(rect.adjusted(theme_.px(27), 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, text);
    }
}

void MessageFrame::paintHead(QPainter& painter, const Look& look) {
    const QString name = headText();
    painter.setFont(theme_.label);
    painter.setPen(theme_.muted);
    const QFontMetrics metrics(theme_.label);
    const int reserved = item_.versions > 1 ? theme_.px(112) : 0;
    painter.drawText(head_.adjusted(0, 0, -reserved, 0),
                     Qt::AlignVCenter | (isUser() ? Qt::AlignRight : Qt::AlignLeft), name);
    if (item_.versions < 2) {
        return;
    }
    painter.setFont(theme_.small);
    const QRect between(head_.right() - theme_.px(80), head_.top(), theme_.px(59), head_.height());
    painter.drawText(between, Qt::AlignCenter, tr("%1 of %2").arg(item_.version).arg(item_.versions));
    for (const Control& control : own_) {
        if (control.kind == Control::Kind::previousVersion || control.kind == Control::Kind::nextVersion) {
            paintButton(painter, control, look);
        }
    }
    QColor faint = theme_.muted;
    faint.setAlphaF(0.35F);
    const auto ghost = [&](Control::Kind kind, Sign sign) {
        const QRect rect = controlRect({kind, -1, -1, {}});
        const int side = theme_.px(15);
        paintSign(painter, sign, QRect(rect.center() - QPoint(side / 2, side / 2), QSize(side, side)), faint);
    };
    if (item_.version <= 1) {
        ghost(Control::Kind::previousVersion, Sign::previous);
    }
    if (item_.version >= item_.versions) {
        ghost(Control::Kind::nextVersion, Sign::next);
    }
}

void MessageFrame::paintState(QPainter& painter, const Look& look) {
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(theme_.small);
    if (item_.state == app::MessageState::waiting) {
        const QString text = item_.expansion.skeleton ? tr("Writing the outline")
                             : look.prefill > 0
                                 ? tr("Reading the conversation, %1 %").arg(qRound(look.prefill * 100))
                                 : tr("Waiting");
        painter.setPen(theme_.muted);
        painter.drawText(state_.adjusted(0, 0, 0, -theme_.px(10)), Qt::AlignLeft | Qt::AlignVCenter, text);
        const QRectF bar(state_.left(), state_.bottom() - theme_.px(5), theme_.px(220), theme_.px(3));
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme_.line);
        painter.drawRoundedRect(bar, 1.5, 1.5);
        painter.setBrush(theme_.accent);
        painter.drawRoundedRect(
            QRectF(bar.topLeft(), QSizeF(bar.width() * qBound(0.02, look.prefill, 1.0), bar.height())), 1.5,
            1.5);
    } else if (item_.state == app::MessageState::interrupted) {
        painter.setPen(theme_.muted);
        const int room =
            controlRect({Control::Kind::resume, -1, -1, {}}).left() - theme_.px(14) - state_.left();
        painter.drawText(
            state_, Qt::AlignLeft | Qt::AlignVCenter,
            QFontMetrics(theme_.small).elidedText(interruptedText(item_), Qt::ElideRight, qMax(0, room) + 1));
    } else if (item_.state == app::MessageState::failed) {
        QColor border = theme_.error;
        border.setAlphaF(0.35F);
        painter.setPen(QPen(border, 1));
        painter.setBrush(theme_.errorCard);
        painter.drawRoundedRect(QRectF(state_).adjusted(0.5, 0.5, -0.5, -0.5), theme_.px(9), theme_.px(9));
        painter.setPen(theme_.error);
        painter.drawText(state_.adjusted(theme_.px(14), 0, -theme_.px(110), 0),
                         Qt::AlignVCenter | Qt::TextWordWrap, item_.error);
    }
    for (const Control& control : own_) {
        const bool failed = item_.state == app::MessageState::failed;
        if (control.kind == Control::Kind::resume || (failed && control.kind == Control::Kind::retry)) {
            paintButton(painter, control, look);
        }
    }
}

void MessageFrame::paintFoot(QPainter& painter, const Look& look) {
    const bool actions = look.focused || look.hovered;
    const QString text = footText();
    const auto line = [&](const QString& shown, const QRect& rect) {
        painter.setFont(theme_.small);
        painter.setPen(theme_.muted);
        painter.drawText(rect, Qt::AlignVCenter | (isUser() ? Qt::AlignRight : Qt::AlignLeft),
                         QFontMetrics(theme_.small).elidedText(shown, Qt::ElideRight, rect.width()));
    };
    const auto buttons = static_cast<int>(std::count_if(
        own_.begin(), own_.end(), [this](const Control& control) { return isOnDemand(control.kind); }));
    const int width = foot_.width() - theme_.px(8) - qMax(2, buttons) * theme_.px(28);
    const QRect first(foot_.left(), foot_.top(), isUser() ? foot_.width() : width,
                      qMin(foot_.height(), theme_.px(28)));
    if (const QString how = expansionLine(item_); how.isEmpty()) {
        line(text, first);
    } else {
        // How it was made stands above what it cost, so that neither hides the other.
        line(how, first);
        line(text, QRect(foot_.left(), first.bottom() + 1, foot_.width(), foot_.bottom() - first.bottom()));
    }
    for (const Control& control : own_) {
        if (actions && isOnDemand(control.kind)) {
            paintButton(painter, control, look);
        }
    }
}

/// The copy buttons of the code in sight, and the ring around the link that the keyboard is on.
void MessageFrame::paintBlockControls(QPainter& painter, const Look& look, const QRect& clip) {
    const int first = qMax(0, body_.blockAt(clip.top() - bodyOrigin().y()));
    for (int i = first; i < body_.blockCount() && bodyOrigin().y() + body_.top(i) <= clip.bottom(); ++i) {
        if (body_.isLaidOut(i) && !body_.layout(i).copyButton().isNull()) {
            paintButton(painter, {Control::Kind::copyCode, i, -1, {}}, look);
        }
    }
    if (look.focus != nullptr && look.focus->kind == Control::Kind::link) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(theme_.accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(controlRect(*look.focus)).adjusted(-2, -1, 2, 1), 4, 4);
    }
}

bool MessageFrame::paint(QPainter& painter, const QPoint& origin, const QRect& clip, const Look& look) {
    painter.save();
    painter.translate(origin);
    const QRect inside = clip.translated(-origin);
    if (look.focused) {
        painter.setRenderHint(QPainter::Antialiasing);
        QColor ring = theme_.accent;
        ring.setAlphaF(0.55F);
        painter.setPen(QPen(ring, 1.5));
        painter.setBrush(Qt::NoBrush);
        const QRectF rect(left_ - theme_.px(12), theme_.px(4), column_ + 2 * theme_.px(12),
                          height() - theme_.px(8));
        painter.drawRoundedRect(rect, theme_.px(10), theme_.px(10));
    }
    const bool faint = item_.leftOut || item_.memory == app::MessageMemory::excluded;
    painter.setOpacity(faint ? 0.5 : 1.0);
    paintHead(painter, look);
    paintDocuments(painter);
    if (isUser()) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme_.card);
        painter.drawRoundedRect(card_, theme_.px(14), theme_.px(14));
    }
    const bool unfinished = body_.paint(painter, bodyOrigin(), inside, look.marks);
    paintBlockControls(painter, look, inside);
    painter.setOpacity(1.0);
    if (points_) {
        paintPoints(painter, look, inside);
    } else if (item_.state == app::MessageState::streaming && look.caret) {
        painter.fillRect(endOfText(body_.blockCount() - 1), theme_.accent);
    }
    if (!state_.isNull()) {
        paintState(painter, look);
    }
    paintSources(painter, look);
    paintFoot(painter, look);
    paintMarks(painter, look);
    painter.restore();
    return unfinished;
}

/// Where the streaming mark stands: behind the block's last character.
QRectF MessageFrame::endOfText(int last) {
    if (last < 0) {
        return QRectF(bodyRect_.left(), bodyRect_.top() + theme_.px(4), theme_.px(8),
                      theme_.body.pixelSize());
    }
    BlockLayout& layout = body_.layout(last);
    const QRectF caret = layout.caret(static_cast<int>(body_.block(last).content.text.size()));
    const QPointF at = bodyOrigin() + QPointF(body_.left(last), body_.top(last)) + caret.topLeft();
    return QRectF(at.x() + theme_.px(3), at.y() + 1, theme_.px(7), caret.height() - 2);
}

}  // namespace tendril::ui

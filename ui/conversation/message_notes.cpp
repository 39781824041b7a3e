// SPDX-License-Identifier: Apache-2.0
// What stands around a message's text besides its state and actions: the documents that it came with, the
// sources of an answer, the lines where the model's memory was shortened. GUI thread, part of MessageFrame.
#include <QFontMetrics>

#include "ui/conversation/documents.h"
#include "ui/conversation/icons.h"
#include "ui/conversation/message_frame.h"

namespace tendril::ui {
namespace {

using Kind = Control::Kind;

QString shownMarkText(const app::MemoryMarkItem& mark) {
    return mark.text.size() <= kMarkTextShown ? mark.text.trimmed()
                                              : mark.text.left(kMarkTextShown).trimmed() + QChar(0x2026);
}

QString labelOf(Kind kind, bool open) {
    switch (kind) {
        case Kind::markText:
            return open ? MessageFrame::tr("Hide") : MessageFrame::tr("Show");
        case Kind::markAll:
            return MessageFrame::tr("All of it…");
        default:
            return MessageFrame::tr("Restore");
    }
}

}  // namespace

QString MessageFrame::headText() const {
    const QString name = roleName(item_.role);
    switch (item_.memory) {
        case app::MessageMemory::normal:
            break;
        case app::MessageMemory::pinned:
            return name + QStringLiteral(" · ") + tr("pinned");
        case app::MessageMemory::excluded:
            return name + QStringLiteral(" · ") + tr("excluded");
    }
    return name;
}

int MessageFrame::placeDocuments(int y) {
    const int count = static_cast<int>(item_.documents.size());
    documents_ = QRect(left_, y, column_, count * theme_.px(24));
    return count == 0 ? y : documents_.bottom() + 1 + theme_.px(4);
}

int MessageFrame::placeSources(int y) {
    const int rows =
        item_.sources.isEmpty() ? 0 : 1 + (extras_.sourcesOpen ? static_cast<int>(item_.sources.size()) : 0);
    sources_ = QRect(left_, y + theme_.px(6), column_, rows * theme_.px(28));
    return rows == 0 ? y : sources_.bottom() + 1;
}

int MessageFrame::markTextHeight(const app::MemoryMarkItem& mark) const {
    if (mark.text.isEmpty() || !extras_.marksOpen.contains(mark.id)) {
        return 0;
    }
    const QRect room(0, 0, column_ - 2 * theme_.px(12), 1 << 20);
    return QFontMetrics(theme_.small).boundingRect(room, Qt::TextWordWrap, shownMarkText(mark)).height() +
           2 * theme_.px(10);
}

/// The buttons of a mark that are there, from the right.
QVector<Control::Kind> MessageFrame::markButtons(const app::MemoryMarkItem& mark) const {
    QVector<Kind> kinds;
    if (mark.undoable) {
        kinds << Kind::restoreText;
    }
    if (extras_.marksOpen.contains(mark.id) && mark.text.size() > kMarkTextShown) {
        kinds << Kind::markAll;
    }
    if (!mark.text.isEmpty()) {
        kinds << Kind::markText;
    }
    return kinds;
}

int MessageFrame::markButtonWidth(Kind kind, const app::MemoryMarkItem& mark) const {
    return QFontMetrics(theme_.small).horizontalAdvance(labelOf(kind, extras_.marksOpen.contains(mark.id))) +
           theme_.px(20);
}

/// What a mark says, broken into lines beside its buttons.
int MessageFrame::markLineHeight(const app::MemoryMarkItem& mark) const {
    int room = column_ - theme_.px(23);
    for (const Kind kind : markButtons(mark)) {
        room -= markButtonWidth(kind, mark) + theme_.px(6);
    }
    return QFontMetrics(theme_.small)
        .boundingRect(QRect(0, 0, qMax(theme_.px(60), room - theme_.px(4)), 1 << 20), Qt::TextWordWrap,
                      markLine(mark))
        .height();
}

int MessageFrame::placeMarks(int y) {
    marks_.clear();
    for (const app::MemoryMarkItem& mark : extras_.marks) {
        const int lines = theme_.px(16) + markLineHeight(mark);
        const QRect line(left_, y + theme_.px(8), column_, qMax(theme_.px(36), lines));
        marks_.append({line, QRect(left_, line.bottom() + 1, column_, markTextHeight(mark))});
        y = marks_.last().text.bottom() + 1;
    }
    return y;
}

/// Of the sources and marks; the marks' buttons stand from the right: restore, all, show.
QRect MessageFrame::noteRect(const Control& control) const {
    const int row = theme_.px(28);
    if (control.kind == Kind::sources) {
        const QFontMetrics metrics(theme_.small);
        const int width = metrics.horizontalAdvance(sourcesName(item_)) + theme_.px(52);
        return QRect(sources_.left(), sources_.top(), qMin(width, column_), theme_.px(26));
    }
    if (control.kind == Kind::source) {
        return QRect(sources_.left(), sources_.top() + (1 + control.link) * row, column_, theme_.px(26));
    }
    if (control.link < 0 || control.link >= marks_.size()) {
        return {};
    }
    const app::MemoryMarkItem& mark = extras_.marks[control.link];
    int right = column_ + left_;
    for (const Kind kind : markButtons(mark)) {
        const int width = markButtonWidth(kind, mark);
        if (kind == control.kind) {
            const QRect line = marks_[control.link].line;
            return QRect(right - width, line.center().y() - theme_.px(12) + theme_.px(2), width,
                         theme_.px(25));
        }
        right -= width + theme_.px(6);
    }
    return {};
}

QRect MessageFrame::unfoldedRect(const Control& control) const {
    if (control.kind == Kind::markText && control.link >= 0 && control.link < marks_.size()) {
        return marks_[control.link].line.united(marks_[control.link].text);
    }
    return control.kind == Kind::sources ? sources_ : noteRect(control);
}

void MessageFrame::paintDocuments(QPainter& painter) const {
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(theme_.small);
    const QFontMetrics metrics(theme_.small);
    const int side = theme_.px(15);
    for (qsizetype i = 0; i < item_.documents.size(); ++i) {
        const app::AttachmentItem& document = item_.documents[i];
        const QRect row(documents_.left(), documents_.top() + static_cast<int>(i) * theme_.px(24), column_,
                        theme_.px(24));
        const QString details = QStringLiteral("  ") + documentDetails(document);
        const int room = column_ - side - theme_.px(8);
        const QString name = metrics.elidedText(document.name, Qt::ElideMiddle,
                                                qMax(room / 3, room - metrics.horizontalAdvance(details)));
        const int nameWidth = metrics.horizontalAdvance(name);
        const QString rest = metrics.elidedText(details, Qt::ElideRight, qMax(0, room - nameWidth));
        const int width = side + theme_.px(8) + nameWidth + metrics.horizontalAdvance(rest);
        int x = row.right() + 1 - width;
        paintSign(painter, Sign::document, QRectF(x, row.center().y() - side / 2, side, side), theme_.muted);
        x += side + theme_.px(8);
        painter.setPen(theme_.text);
        painter.drawText(QRect(x, row.top(), nameWidth + 2, row.height()), Qt::AlignVCenter, name);
        painter.setPen(document.error.isEmpty() ? theme_.muted : theme_.error);
        painter.drawText(QRect(x + nameWidth, row.top(), row.right() + 2 - x - nameWidth, row.height()),
                         Qt::AlignVCenter, rest);
    }
}

/// A row or a word that can be pressed, with the ring of the keyboard.
void MessageFrame::paintPressable(QPainter& painter, const Control& control, const Look& look, bool framed) {
    const bool pointed = look.pointed != nullptr && *look.pointed == control;
    const bool focused = look.focus != nullptr && *look.focus == control;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(focused ? QPen(theme_.accent, 2) : framed ? QPen(theme_.line, 1) : QPen(Qt::NoPen));
    painter.setBrush(pointed ? QBrush(theme_.hover) : QBrush(Qt::NoBrush));
    painter.drawRoundedRect(QRectF(noteRect(control)).adjusted(0.5, 0.5, -0.5, -0.5), theme_.px(6),
                            theme_.px(6));
}

void MessageFrame::paintSources(QPainter& painter, const Look& look) {
    const QFontMetrics metrics(theme_.small);
    const int side = theme_.px(14);
    for (const Control& control : own_) {
        if (control.kind != Kind::sources && control.kind != Kind::source) {
            continue;
        }
        paintPressable(painter, control, look, false);
        const QRect rect = noteRect(control);
        painter.setFont(theme_.small);
        painter.setPen(theme_.muted);
        QRectF sign(rect.left() + theme_.px(7), rect.center().y() - side / 2, side, side);
        if (control.kind == Kind::sources) {
            paintSign(painter, extras_.sourcesOpen ? Sign::down : Sign::next, sign, theme_.muted);
            painter.drawText(rect.adjusted(theme_.px(28), 0, 0, 0), Qt::AlignVCenter, sourcesName(item_));
            continue;
        }
        sign.translate(theme_.px(20), 0);
        paintSign(painter, Sign::document, sign, theme_.muted);
        painter.setPen(theme_.text);
        const QRect text = rect.adjusted(theme_.px(48), 0, -theme_.px(8), 0);
        painter.drawText(
            text, Qt::AlignVCenter,
            metrics.elidedText(sourceLine(item_.sources.value(control.link)), Qt::ElideRight, text.width()));
    }
}

void MessageFrame::paintMarks(QPainter& painter, const Look& look) {
    const int side = theme_.px(15);
    for (qsizetype i = 0; i < marks_.size() && i < extras_.marks.size(); ++i) {
        const app::MemoryMarkItem& mark = extras_.marks[i];
        const QRect line = marks_[i].line;
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(theme_.muted, 1, Qt::DashLine));
        painter.drawLine(line.topLeft(), line.topRight());
        int room = line.width();
        for (const Control& control : own_) {
            const bool own = control.kind == Kind::markText || control.kind == Kind::markAll ||
                             control.kind == Kind::restoreText;
            if (!own || control.link != i) {
                continue;
            }
            paintPressable(painter, control, look, true);
            const QRect rect = noteRect(control);
            painter.setFont(theme_.small);
            painter.setPen(theme_.text);
            painter.drawText(rect, Qt::AlignCenter,
                             labelOf(control.kind, extras_.marksOpen.contains(mark.id)));
            room = qMin(room, rect.left() - line.left() - theme_.px(8));
        }
        paintSign(painter, Sign::memory,
                  QRectF(line.left(), line.center().y() + theme_.px(2) - side / 2, side, side), theme_.muted);
        painter.setFont(theme_.small);
        painter.setPen(theme_.muted);
        const QRect text(line.left() + side + theme_.px(8), line.top() + theme_.px(2),
                         room - side - theme_.px(8), line.height());
        painter.drawText(text, Qt::AlignVCenter | Qt::TextWordWrap, markLine(mark));
        if (const QRect box = marks_[i].text; box.height() > 0) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(theme_.codeCard);
            painter.drawRoundedRect(box, theme_.px(8), theme_.px(8));
            painter.setPen(theme_.text);
            painter.drawText(box.adjusted(theme_.px(12), theme_.px(10), -theme_.px(12), -theme_.px(10)),
                             Qt::TextWordWrap, shownMarkText(mark));
        }
    }
}

}  // namespace tendril::ui

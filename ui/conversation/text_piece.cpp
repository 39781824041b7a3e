// SPDX-License-Identifier: Apache-2.0
// One run of styled text, broken into lines. GUI thread.
#include "ui/conversation/text_piece.h"

#include <cmath>

#include <QFontMetricsF>

namespace tendril::ui {
namespace {

QTextCharFormat formatOf(const markup::Run& run, const QFont& font, const ViewTheme& theme) {
    QTextCharFormat format;
    if ((run.style & markup::kCode) != 0) {
        QFont mono = theme.mono;
        mono.setPixelSize(qRound(font.pixelSize() * 0.91));
        format.setFont(mono);
    }
    if ((run.style & markup::kBold) != 0) {
        format.setFontWeight(QFont::Bold);
    }
    if ((run.style & markup::kItalic) != 0) {
        format.setFontItalic(true);
    }
    format.setFontStrikeOut((run.style & markup::kStrike) != 0);
    if ((run.style & markup::kImage) != 0) {
        format.setForeground(theme.muted);
    }
    if (run.link >= 0) {
        format.setForeground(theme.link);
        format.setUnderlineStyle(QTextCharFormat::SingleUnderline);
        QColor line = theme.link;
        line.setAlphaF(0.4F);
        format.setUnderlineColor(line);
    }
    return format;
}

}  // namespace

QString toQString(const std::u16string& text) {
    return QString::fromStdU16String(text);
}

Marks Marks::shifted(int by) const {
    Marks out = *this;
    out.selectionBegin -= by;
    out.selectionEnd -= by;
    for (Match& match : out.matches) {
        match.begin -= by;
        match.end -= by;
    }
    return out;
}

TextPiece::TextPiece(const markup::Inline& text, const QFont& font, const ViewTheme& theme)
    : layout_(toQString(text.text), font), links_(text.runs) {
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    layout_.setTextOption(option);
    layout_.setCacheEnabled(true);
    QVector<QTextLayout::FormatRange> formats;
    for (const markup::Run& run : text.runs) {
        const QTextLayout::FormatRange range{
            static_cast<int>(run.begin), static_cast<int>(run.end - run.begin), formatOf(run, font, theme)};
        formats.append(range);
        if ((run.style & markup::kCode) != 0) {
            codes_.append(range);
        }
    }
    layout_.setFormats(formats);
}

void TextPiece::layOut(qreal width, int lineHeight, Qt::Alignment alignment) {
    QTextOption option = layout_.textOption();
    option.setAlignment(alignment);
    layout_.setTextOption(option);
    qreal y = 0;
    usedWidth_ = 0;
    layout_.beginLayout();
    for (QTextLine line = layout_.createLine(); line.isValid(); line = layout_.createLine()) {
        line.setLineWidth(qMax(1.0, width));
        const qreal step = qMax<qreal>(lineHeight, line.height());
        line.setPosition(QPointF(0, std::floor(y + (step - line.height()) / 2)));
        usedWidth_ = qMax(usedWidth_, line.naturalTextWidth());
        y += step;
    }
    layout_.endLayout();
    height_ = qMax(lineHeight, static_cast<int>(std::ceil(y)));
}

QVector<QRectF> TextPiece::rects(int begin, int end) const {
    QVector<QRectF> out;
    for (int i = 0; i < layout_.lineCount(); ++i) {
        const QTextLine line = layout_.lineAt(i);
        const int from = qMax(begin, line.textStart());
        const int to = qMin(end, line.textStart() + line.textLength());
        if (from >= to) {
            continue;
        }
        const qreal a = line.cursorToX(from);
        const qreal b = line.cursorToX(to);
        out.append(QRectF(qMin(a, b), line.y(), qAbs(b - a), line.height()));
    }
    return out;
}

void TextPiece::paint(QPainter& painter, const QPointF& origin, const ViewTheme& theme, const Marks& marks,
                      const QRect& clip) const {
    painter.setPen(Qt::NoPen);
    for (const QTextLayout::FormatRange& code : codes_) {
        painter.setBrush(theme.inlineCode);
        for (const QRectF& rect : rects(code.start, code.start + code.length)) {
            painter.drawRoundedRect(rect.translated(origin).adjusted(-2.5, 0, 2.5, 0), 4, 4);
        }
    }
    for (const Marks::Match& match : marks.matches) {
        painter.setBrush(match.current ? theme.currentMatch : theme.match);
        for (const QRectF& rect : rects(match.begin, match.end)) {
            painter.drawRoundedRect(rect.translated(origin), 2, 2);
        }
    }
    if (marks.selectionEnd > marks.selectionBegin) {
        for (const QRectF& rect : rects(marks.selectionBegin, marks.selectionEnd)) {
            painter.fillRect(rect.translated(origin).adjusted(0, -1, 0, 1), theme.selection);
        }
    }
    painter.setPen(theme.text);
    layout_.draw(&painter, origin, {}, clip);
}

int TextPiece::offsetAt(const QPointF& point) const {
    for (int i = 0; i < layout_.lineCount(); ++i) {
        const QTextLine line = layout_.lineAt(i);
        const bool last = i + 1 == layout_.lineCount();
        if (last || point.y() < layout_.lineAt(i + 1).y()) {
            const int offset = line.xToCursor(point.x());
            // Past the end of a broken line the caret would stand on the next one.
            const int end = line.textStart() + line.textLength();
            return !last && offset == end && line.textLength() > 0 ? end - 1 : offset;
        }
    }
    return 0;
}

int TextPiece::linkAt(const QPointF& point) const {
    for (const markup::Run& run : links_) {
        if (run.link < 0) {
            continue;
        }
        for (const QRectF& rect : rects(static_cast<int>(run.begin), static_cast<int>(run.end))) {
            if (rect.adjusted(0, -2, 0, 2).contains(point)) {
                return run.link;
            }
        }
    }
    return -1;
}

QRect TextPiece::linkRect(int link) const {
    for (const markup::Run& run : links_) {
        if (run.link == link) {
            const QVector<QRectF> all = rects(static_cast<int>(run.begin), static_cast<int>(run.end));
            return all.isEmpty() ? QRect() : all.first().toAlignedRect();
        }
    }
    return {};
}

QRectF TextPiece::caret(int offset) const {
    const QTextLine line = layout_.lineForTextPosition(qBound(0, offset, length()));
    if (!line.isValid()) {
        return QRectF(0, 0, 1, height_);
    }
    return QRectF(line.cursorToX(offset), line.y(), 1, line.height());
}

int TextPiece::lineStep(int offset, int lines) const {
    const QTextLine line = layout_.lineForTextPosition(qBound(0, offset, length()));
    const int target = line.isValid() ? line.lineNumber() + lines : -1;
    if (target < 0 || target >= layout_.lineCount()) {
        return -1;
    }
    return layout_.lineAt(target).xToCursor(line.cursorToX(offset));
}

}  // namespace tendril::ui

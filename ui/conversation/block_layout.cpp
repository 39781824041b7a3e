// SPDX-License-Identifier: Apache-2.0
// Paragraphs, headings and rules, and what is common to all blocks. GUI thread.
#include "ui/conversation/block_layout.h"

#include <algorithm>
#include <cmath>

#include "ui/conversation/syntax_library.h"

namespace tendril::ui {
namespace {

class TextLayout final : public BlockLayout {
  public:
    TextLayout(const markup::Block& block, const ViewTheme& theme, int width)
        : piece_(block.content,
                 block.kind == markup::BlockKind::heading ? theme.heading(block.level) : theme.body, theme) {
        const bool heading = block.kind == markup::BlockKind::heading;
        piece_.layOut(width,
                      heading ? qRound(theme.heading(block.level).pixelSize() * 1.35) : theme.lineHeight);
    }

    int height() const override { return piece_.height(); }
    int usedWidth() const override { return static_cast<int>(std::ceil(piece_.usedWidth())); }
    void paint(QPainter& painter, const QPoint& origin, const PaintContext& context) override {
        piece_.paint(painter, origin, context.theme, context.marks, context.clip);
    }
    int offsetAt(const QPoint& point) override { return piece_.offsetAt(point); }
    QRectF caret(int offset) override { return piece_.caret(offset); }
    QVector<QRectF> rects(int begin, int end) override { return piece_.rects(begin, end); }
    int lineStep(int offset, int lines) override { return piece_.lineStep(offset, lines); }
    int linkAt(const QPoint& point) override { return piece_.linkAt(point); }
    QRect linkRect(int link) override { return piece_.linkRect(link); }

  private:
    TextPiece piece_;
};

class RuleLayout final : public BlockLayout {
  public:
    RuleLayout(const ViewTheme& theme, int width) : height_(theme.px(9)), width_(width) {}

    int height() const override { return height_; }
    int usedWidth() const override { return width_; }
    void paint(QPainter& painter, const QPoint& origin, const PaintContext& context) override {
        painter.fillRect(QRect(origin.x(), origin.y() + height_ / 2, width_, 1), context.theme.line);
    }
    int offsetAt(const QPoint&) override { return 0; }
    QRectF caret(int) override { return QRectF(0, 0, 1, height_); }
    QVector<QRectF> rects(int, int) override { return {}; }
    int lineStep(int, int) override { return -1; }

  private:
    int height_;
    int width_;
};

}  // namespace

QString plainText(const markup::Block& block) {
    if (block.kind == markup::BlockKind::table) {
        QString out;
        for (const auto& row : block.table.rows) {
            for (std::size_t column = 0; column < row.size(); ++column) {
                out += column == 0 ? QString() : QStringLiteral("\t");
                out += toQString(row[column].text);
            }
            out += QLatin1Char('\n');
        }
        out.chop(1);
        return out;
    }
    QString out = toQString(block.content.text);
    if (block.kind == markup::BlockKind::code && out.endsWith(QLatin1Char('\n'))) {
        out.chop(1);
    }
    return out.replace(QChar::LineSeparator, QLatin1Char('\n'));
}

std::unique_ptr<BlockLayout> makeLayout(const markup::Block& block, const ViewTheme& theme, int width,
                                        const SyntaxLibrary& syntaxes) {
    switch (block.kind) {
        case markup::BlockKind::code:
            return makeCodeLayout(block, theme, width, syntaxes.find(block.language));
        case markup::BlockKind::table:
            return makeTableLayout(block, theme, width);
        case markup::BlockKind::rule:
            return std::make_unique<RuleLayout>(theme, width);
        default:
            return std::make_unique<TextLayout>(block, theme, width);
    }
}

int estimatedHeight(const markup::Block& block, const ViewTheme& theme, int width) {
    switch (block.kind) {
        case markup::BlockKind::code:
            return static_cast<int>(std::max<std::size_t>(1, block.lines.size())) * theme.codeLineHeight +
                   theme.px(54);
        case markup::BlockKind::table:
            return static_cast<int>(block.table.rows.size()) * (theme.lineHeight + theme.px(12));
        case markup::BlockKind::rule:
            return theme.px(9);
        default:
            break;
    }
    const qreal scale = block.kind == markup::BlockKind::heading ? 1.2 : 1.0;
    const qreal lines = std::ceil(static_cast<qreal>(block.content.text.size()) * theme.characterWidth *
                                  scale / qMax(1, width));
    return static_cast<int>(qMax(1.0, lines) * theme.lineHeight * scale);
}

void paintSidewaysBar(QPainter& painter, const QRect& rect, const ViewTheme& theme, int range, int value) {
    if (range <= 0) {
        return;
    }
    const qreal visible = static_cast<qreal>(rect.width()) / (rect.width() + range);
    const qreal length = qMax(24.0, rect.width() * visible);
    const qreal x = rect.left() + (rect.width() - length) * value / range;
    QColor colour = theme.text;
    colour.setAlphaF(0.25F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawRoundedRect(QRectF(x, rect.bottom() - theme.px(4), length, theme.px(3)), 1.5, 1.5);
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// A table as a grid. Columns take what they need; where that is too much they wrap, and where even words do
// not fit the table moves sideways. GUI thread, owned by a MessageBody.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <QFontMetricsF>
#include <QPainterPath>

#include "ui/conversation/block_layout.h"

namespace tendril::ui {
namespace {

qreal longestWord(const QString& text, const QFont& font) {
    const QFontMetricsF metrics(font);
    qreal longest = 0;
    for (const QString& word : text.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        longest = qMax(longest, metrics.horizontalAdvance(word));
    }
    return longest;
}

class TableLayout final : public BlockLayout {
  public:
    TableLayout(const markup::Block& block, const ViewTheme& theme, int width)
        : theme_(theme), width_(width), padX_(theme.px(12)), padY_(theme.px(7)) {
        build(block.table);
    }

    int height() const override { return rowTops_.back() + 1; }
    int usedWidth() const override { return qMin(width_, total_); }
    void paint(QPainter& painter, const QPoint& origin, const PaintContext& context) override;
    int offsetAt(const QPoint& point) override;
    QRectF caret(int offset) override;
    QVector<QRectF> rects(int begin, int end) override;
    int lineStep(int offset, int lines) override;
    int linkAt(const QPoint& point) override;
    QRect linkRect(int link) override;
    bool grow(const markup::Block& block) override;
    int sidewaysRange() const override { return qMax(0, total_ - width_); }
    int sideways() const override { return qMin(sideways_, sidewaysRange()); }
    void setSideways(int value) override { sideways_ = qBound(0, value, sidewaysRange()); }

  private:
    struct Cell {
        markup::Inline content;
        std::unique_ptr<TextPiece> piece;
        int begin = 0;      ///< of its text in the block's
        int linkBase = 0;   ///< links of the cells before it
        qreal natural = 0;  ///< its width without a break
        qreal word = 0;     ///< the width of its longest word
    };
    using Row = std::vector<Cell>;

    void build(const markup::Table& table);
    void makeCells(const markup::Table& table);
    void chooseWidths(std::size_t columns);
    void placeRows(const markup::Table& table);
    QPointF cellOrigin(std::size_t row, std::size_t column) const {
        return QPointF(lefts_[column] + padX_ - sideways(), rowTops_[row] + padY_);
    }
    std::pair<std::size_t, std::size_t> cellAt(const QPoint& point) const;
    std::pair<std::size_t, std::size_t> cellOf(int offset) const;

    ViewTheme theme_;
    int width_;
    int padX_;
    int padY_;
    int total_ = 0;
    int sideways_ = 0;
    bool continued_ = false;
    std::vector<Row> rows_;
    std::vector<int> widths_;  ///< with both paddings
    std::vector<int> lefts_;
    std::vector<int> rowTops_;  ///< one more than rows
};

void TableLayout::makeCells(const markup::Table& table) {
    int offset = 0;
    int links = 0;
    rows_.resize(table.rows.size());
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        rows_[r].resize(table.rows[r].size());
        for (std::size_t c = 0; c < rows_[r].size(); ++c) {
            Cell& cell = rows_[r][c];
            const markup::Inline& content = table.rows[r][c];
            if (!cell.piece || !(cell.content == content)) {
                QFont font = theme_.body;
                font.setPixelSize(qRound(font.pixelSize() * 0.95));
                font.setWeight(r == 0 && !table.continued ? QFont::DemiBold : QFont::Normal);
                cell = {content, std::make_unique<TextPiece>(content, font, theme_), 0, 0, 0, 0};
                cell.piece->layOut(1e6, theme_.lineHeight);
                cell.natural = std::ceil(cell.piece->usedWidth()) + 1;
                cell.word = std::ceil(longestWord(toQString(content.text), font)) + 1;
            }
            cell.begin = offset;
            cell.linkBase = links;
            offset += cell.piece->length() + 1;
            links += static_cast<int>(content.links.size());
        }
    }
}

void TableLayout::chooseWidths(std::size_t columns) {
    const qreal most = theme_.px(420);
    std::vector<qreal> wanted(columns, theme_.px(20));
    std::vector<qreal> least(columns, theme_.px(20));
    for (const Row& row : rows_) {
        for (std::size_t c = 0; c < std::min(columns, row.size()); ++c) {
            wanted[c] = std::max(wanted[c], row[c].natural);
            least[c] = std::max(least[c], std::min<qreal>(row[c].word, theme_.px(180)));
        }
    }
    const qreal paddings = static_cast<qreal>(columns) * 2 * padX_;
    const qreal available = qMax(1.0, width_ - paddings);
    const qreal all = std::accumulate(wanted.begin(), wanted.end(), 0.0);
    if (all > available) {
        for (std::size_t c = 0; c < columns; ++c) {
            wanted[c] = std::min(wanted[c], std::max(most, least[c]));
            least[c] = std::min(least[c], wanted[c]);
        }
        const qreal capped = std::accumulate(wanted.begin(), wanted.end(), 0.0);
        const qreal needed = std::accumulate(least.begin(), least.end(), 0.0);
        const qreal share =
            capped > needed ? qBound(0.0, (available - needed) / (capped - needed), 1.0) : 0.0;
        for (std::size_t c = 0; c < columns; ++c) {
            wanted[c] = least[c] + (wanted[c] - least[c]) * share;
        }
    }
    widths_.resize(columns);
    lefts_.resize(columns);
    total_ = 0;
    for (std::size_t c = 0; c < columns; ++c) {
        lefts_[c] = total_;
        widths_[c] = static_cast<int>(std::ceil(wanted[c])) + 2 * padX_;
        total_ += widths_[c];
    }
}

void TableLayout::placeRows(const markup::Table& table) {
    rowTops_.assign(1, 0);
    for (Row& row : rows_) {
        int tallest = theme_.lineHeight;
        for (std::size_t c = 0; c < std::min(row.size(), widths_.size()); ++c) {
            const markup::Align align = table.columns[c];
            const qreal width = widths_[c] - 2 * padX_;
            row[c].piece->layOut(width, theme_.lineHeight,
                                 align == markup::Align::right    ? Qt::AlignRight
                                 : align == markup::Align::center ? Qt::AlignHCenter
                                                                  : Qt::AlignLeft);
            tallest = qMax(tallest, row[c].piece->height());
        }
        rowTops_.push_back(rowTops_.back() + tallest + 2 * padY_);
    }
}

void TableLayout::build(const markup::Table& table) {
    continued_ = table.continued;
    makeCells(table);
    chooseWidths(table.columns.size());
    placeRows(table);
}

bool TableLayout::grow(const markup::Block& block) {
    if (block.kind != markup::BlockKind::table) {
        return false;
    }
    build(block.table);
    return true;
}

void TableLayout::paint(QPainter& painter, const QPoint& origin, const PaintContext& context) {
    const QRect card(origin.x(), origin.y(), usedWidth(), height());
    painter.setRenderHint(QPainter::Antialiasing);
    QPainterPath outline;
    outline.addRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), theme_.px(8), theme_.px(8));
    painter.save();
    painter.setClipPath(outline, Qt::IntersectClip);
    if (!continued_ && rowTops_.size() > 1) {
        painter.fillRect(QRect(card.left(), card.top(), card.width(), rowTops_[1]), theme_.codeHead);
    }
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        const int y = origin.y() + rowTops_[r];
        if (y > context.clip.bottom() || origin.y() + rowTops_[r + 1] < context.clip.top()) {
            continue;
        }
        if (r > 0) {
            painter.fillRect(QRect(card.left(), y, card.width(), 1), theme_.line);
        }
        for (std::size_t c = 0; c < std::min(rows_[r].size(), widths_.size()); ++c) {
            const Cell& cell = rows_[r][c];
            cell.piece->paint(painter, origin + cellOrigin(r, c), theme_, context.marks.shifted(cell.begin));
        }
    }
    for (std::size_t c = 1; c < lefts_.size(); ++c) {
        painter.fillRect(QRect(card.left() + lefts_[c] - sideways(), card.top(), 1, card.height()),
                         theme_.line);
    }
    painter.restore();
    painter.setPen(QPen(theme_.line, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(outline);
    paintSidewaysBar(painter, card.adjusted(padX_, 0, -padX_, -2), theme_, sidewaysRange(), sideways());
}

std::pair<std::size_t, std::size_t> TableLayout::cellAt(const QPoint& point) const {
    const auto index = [](const std::vector<int>& starts, int value) {
        const auto after = std::upper_bound(starts.begin(), starts.end(), value);
        return static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, after - starts.begin() - 1));
    };
    const std::size_t row = std::min(index(rowTops_, point.y()), rows_.empty() ? 0 : rows_.size() - 1);
    return {row, index(lefts_, point.x() + sideways())};
}

int TableLayout::offsetAt(const QPoint& point) {
    const auto [row, column] = cellAt(point);
    if (row >= rows_.size() || rows_[row].empty()) {
        return 0;
    }
    const std::size_t c = std::min(column, rows_[row].size() - 1);
    return rows_[row][c].begin +
           rows_[row][c].piece->offsetAt(point - cellOrigin(row, std::min(c, lefts_.size() - 1)));
}

int TableLayout::linkAt(const QPoint& point) {
    const auto [row, column] = cellAt(point);
    if (row >= rows_.size() || column >= rows_[row].size()) {
        return -1;
    }
    const int link = rows_[row][column].piece->linkAt(point - cellOrigin(row, column));
    return link < 0 ? -1 : rows_[row][column].linkBase + link;
}

QRect TableLayout::linkRect(int link) {
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        for (std::size_t c = 0; c < std::min(rows_[r].size(), lefts_.size()); ++c) {
            const int inside = link - rows_[r][c].linkBase;
            if (inside >= 0 && inside < static_cast<int>(rows_[r][c].content.links.size())) {
                return rows_[r][c].piece->linkRect(inside).translated(cellOrigin(r, c).toPoint());
            }
        }
    }
    return {};
}

std::pair<std::size_t, std::size_t> TableLayout::cellOf(int offset) const {
    std::pair<std::size_t, std::size_t> found{0, 0};
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        if (rows_[r].empty() || rows_[r].front().begin > offset) {
            break;
        }
        for (std::size_t c = 0; c < rows_[r].size() && rows_[r][c].begin <= offset; ++c) {
            found = {r, c};
        }
    }
    return found;
}

QRectF TableLayout::caret(int offset) {
    const auto [row, column] = cellOf(offset);
    if (row >= rows_.size() || column >= rows_[row].size() || column >= lefts_.size()) {
        return QRectF(0, 0, 1, theme_.lineHeight);
    }
    const Cell& cell = rows_[row][column];
    return cell.piece->caret(offset - cell.begin).translated(cellOrigin(row, column));
}

QVector<QRectF> TableLayout::rects(int begin, int end) {
    QVector<QRectF> out;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        for (std::size_t c = 0; c < std::min(rows_[r].size(), lefts_.size()); ++c) {
            const Cell& cell = rows_[r][c];
            for (const QRectF& rect : cell.piece->rects(begin - cell.begin, end - cell.begin)) {
                out.append(rect.translated(cellOrigin(r, c)));
            }
        }
    }
    return out;
}

int TableLayout::lineStep(int offset, int lines) {
    const auto [row, column] = cellOf(offset);
    if (row >= rows_.size() || column >= rows_[row].size()) {
        return -1;
    }
    const Cell& cell = rows_[row][column];
    if (const int inside = cell.piece->lineStep(offset - cell.begin, lines); inside >= 0) {
        return cell.begin + inside;
    }
    const std::size_t next =
        row + static_cast<std::size_t>(lines);  // lines = -1 wraps around and is out of range
    return next < rows_.size() && column < rows_[next].size() ? rows_[next][column].begin : -1;
}

}  // namespace

std::unique_ptr<BlockLayout> makeTableLayout(const markup::Block& block, const ViewTheme& theme, int width) {
    return std::make_unique<TableLayout>(block, theme, width);
}

}  // namespace tendril::ui

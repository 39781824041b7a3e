// SPDX-License-Identifier: Apache-2.0
// A block of code: a card with the language and a copy button above lines that never wrap. Only the lines in
// sight are laid out and coloured, and growing keeps what is there. GUI thread, owned by a MessageBody.
#include <cmath>
#include <unordered_map>

#include <QFontMetrics>
#include <QPainterPath>

#include "ui/conversation/block_layout.h"
#include "ui/conversation/icons.h"
#include "ui/markup/highlighter.h"

namespace tendril::ui {
namespace {

constexpr std::uint32_t kMaxRow = 2'000;       // characters; a longer line goes on below
constexpr std::uint32_t kMaxColoured = 8'000;  // a longer line is not coloured
constexpr std::size_t kMaxCachedRows = 400;
constexpr int kMaxLinesPerPaint = 4'000;  // lines whose state is computed at once, when one jumps far down

class CodeLayout final : public BlockLayout {
  public:
    CodeLayout(const markup::Block& block, const ViewTheme& theme, int width, const markup::Syntax* syntax)
        : block_(&block),
          language_(block.language),
          theme_(theme),
          syntax_(syntax),
          width_(width),
          head_(theme.px(32)),
          pad_(theme.px(14)) {
        addRows();
    }

    int height() const override { return head_ + rowCount() * theme_.codeLineHeight + 2 * theme_.px(11); }
    int usedWidth() const override { return width_; }
    void paint(QPainter& painter, const QPoint& origin, const PaintContext& context) override;
    int offsetAt(const QPoint& point) override;
    QRectF caret(int offset) override;
    QVector<QRectF> rects(int begin, int end) override;
    int lineStep(int offset, int lines) override;
    bool grow(const markup::Block& block) override;
    void rebind(const markup::Block& block) override { block_ = &block; }
    int sidewaysRange() const override { return qMax(0, contentWidth_ - (width_ - 2 * pad_)); }
    int sideways() const override { return qMin(sideways_, sidewaysRange()); }
    void setSideways(int value) override { sideways_ = qBound(0, value, sidewaysRange()); }
    QRect copyButton() const override {
        return QRect(width_ - theme_.px(80), theme_.px(4), theme_.px(74), head_ - theme_.px(8));
    }
    bool unfinished() const override { return unfinished_; }

  private:
    struct Row {
        std::uint32_t begin;  // in the text
        std::uint32_t end;    // without the line feed
        std::uint32_t line;
    };

    int rowCount() const { return qMax(1, static_cast<int>(rows_.size())); }
    int top() const { return head_ + theme_.px(11); }
    void addRows();
    std::uint32_t lineEnd(std::size_t line) const;
    bool stateOf(std::uint32_t line, int& budget);
    void paintHead(QPainter& painter, const QRect& card) const;
    void paintRow(QPainter& painter, int row, const QPointF& at, const PaintContext& context, int& budget);
    QTextLayout& rowLayout(int row, int& budget);
    QVector<QTextLayout::FormatRange> colours(const Row& row, int& budget);
    int rowOf(int offset) const;

    const markup::Block* block_;
    std::string language_;
    ViewTheme theme_;
    const markup::Syntax* syntax_;  ///< null = not coloured
    int width_;
    int head_;
    int pad_;
    int contentWidth_ = 0;
    int sideways_ = 0;
    bool unfinished_ = false;
    std::vector<Row> rows_;
    std::vector<markup::LineState> states_{0};  ///< [line]: what is open at its beginning
    std::unordered_map<int, std::unique_ptr<QTextLayout>> cache_;
};

std::uint32_t CodeLayout::lineEnd(std::size_t line) const {
    const bool last = line + 1 >= block_->lines.size();
    std::uint32_t end =
        last ? static_cast<std::uint32_t>(block_->content.text.size()) : block_->lines[line + 1];
    return end > block_->lines[line] && block_->content.text[end - 1] == u'\n' ? end - 1 : end;
}

/// Adds the rows behind the last one, which is split anew because it may have grown.
void CodeLayout::addRows() {
    std::uint32_t line = 0;
    std::uint32_t begin = 0;
    if (!rows_.empty()) {
        line = rows_.back().line;
        begin = rows_.back().begin;
        cache_.erase(static_cast<int>(rows_.size()) - 1);
        rows_.pop_back();
    }
    std::uint32_t longest = 0;
    for (; line < block_->lines.size(); ++line) {
        begin = std::max(begin, block_->lines[line]);
        const std::uint32_t end = lineEnd(line);
        for (bool first = true; first || begin < end; first = false) {
            std::uint32_t cut = std::min(end, begin + kMaxRow);
            if (cut < end && (block_->content.text[cut] & 0xFC00) == 0xDC00) {
                --cut;
            }
            rows_.push_back({begin, cut, line});
            longest = std::max(longest, cut - begin);
            begin = cut;
        }
    }
    contentWidth_ = qMax(contentWidth_, static_cast<int>(std::ceil(longest * theme_.monoWidth)));
}

bool CodeLayout::grow(const markup::Block& block) {
    if (block.kind != markup::BlockKind::code || block.language != language_) {
        return false;
    }
    block_ = &block;
    addRows();
    return true;
}

/// Computes what is open at the beginning of `line`; false when that would take too long now.
bool CodeLayout::stateOf(std::uint32_t line, int& budget) {
    std::vector<markup::Token> unused;
    while (states_.size() <= line) {
        if (--budget < 0) {
            unfinished_ = true;
            return false;
        }
        const std::size_t at = states_.size() - 1;
        const std::uint32_t begin = block_->lines[at];
        const std::uint32_t length = lineEnd(at) - begin;
        unused.clear();
        states_.push_back(length > kMaxColoured
                              ? states_.back()
                              : markup::highlight_line(
                                    *syntax_, std::u16string_view(block_->content.text).substr(begin, length),
                                    states_.back(), unused));
    }
    return true;
}

QVector<QTextLayout::FormatRange> CodeLayout::colours(const Row& row, int& budget) {
    QVector<QTextLayout::FormatRange> formats;
    const std::uint32_t begin = block_->lines[row.line];
    const std::uint32_t length = lineEnd(row.line) - begin;
    if (syntax_ == nullptr || length > kMaxColoured || !stateOf(row.line, budget)) {
        return formats;
    }
    std::vector<markup::Token> tokens;
    markup::highlight_line(*syntax_, std::u16string_view(block_->content.text).substr(begin, length),
                           states_[row.line], tokens);
    for (const markup::Token& token : tokens) {
        const int from = qMax(static_cast<int>(begin + token.begin), static_cast<int>(row.begin));
        const int to = qMin(static_cast<int>(begin + token.end), static_cast<int>(row.end));
        if (from >= to) {
            continue;
        }
        QTextCharFormat format;
        format.setForeground(theme_.syntax[static_cast<std::size_t>(token.kind)]);
        format.setFontItalic(token.kind == markup::TokenKind::comment);
        formats.append({from - static_cast<int>(row.begin), to - from, format});
    }
    return formats;
}

QTextLayout& CodeLayout::rowLayout(int row, int& budget) {
    std::unique_ptr<QTextLayout>& layout = cache_[row];
    if (layout) {
        return *layout;
    }
    const Row& place = rows_[static_cast<std::size_t>(row)];
    layout = std::make_unique<QTextLayout>(
        toQString(block_->content.text.substr(place.begin, place.end - place.begin)), theme_.mono);
    QTextOption option;
    option.setWrapMode(QTextOption::NoWrap);
    option.setTextDirection(Qt::LeftToRight);
    option.setTabStopDistance(4 * theme_.monoWidth);
    layout->setTextOption(option);
    layout->setCacheEnabled(true);
    layout->setFormats(colours(place, budget));
    layout->beginLayout();
    QTextLine line = layout->createLine();
    line.setLineWidth(1e6);
    line.setPosition(QPointF(0, std::floor((theme_.codeLineHeight - line.height()) / 2)));
    layout->endLayout();
    contentWidth_ = qMax(contentWidth_, static_cast<int>(std::ceil(line.naturalTextWidth())));
    return *layout;
}

void CodeLayout::paintHead(QPainter& painter, const QRect& card) const {
    const qreal radius = theme_.px(9);
    painter.setRenderHint(QPainter::Antialiasing);
    QPainterPath outline;
    outline.addRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
    painter.fillPath(outline, theme_.codeCard);
    painter.save();
    painter.setClipPath(outline, Qt::IntersectClip);
    painter.fillRect(QRect(card.left(), card.top(), card.width(), head_), theme_.codeHead);
    painter.restore();
    painter.setPen(QPen(theme_.line, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(outline);
    painter.setFont(theme_.small);
    painter.setPen(theme_.muted);
    const QString name = syntax_ != nullptr
                             ? QString::fromStdString(syntax_->name)
                             : (language_.empty() ? QObject::tr("text") : QString::fromStdString(language_));
    const QRect label(card.left() + pad_, card.top(), card.width() - copyButton().width() - 2 * pad_, head_);
    painter.drawText(label, Qt::AlignVCenter | Qt::AlignLeft,
                     QFontMetrics(theme_.small).elidedText(name, Qt::ElideRight, label.width()));
}

void CodeLayout::paintRow(QPainter& painter, int row, const QPointF& at, const PaintContext& context,
                          int& budget) {
    QTextLayout& layout = rowLayout(row, budget);
    const Row& place = rows_[static_cast<std::size_t>(row)];
    const QTextLine line = layout.lineAt(0);
    const auto mark = [&](int begin, int end, const QColor& colour, bool beyond) {
        const int from = qMax(0, begin - static_cast<int>(place.begin));
        const int to = qMin(static_cast<int>(place.end - place.begin), end - static_cast<int>(place.begin));
        if (from > to || (from == to && !(beyond && begin < static_cast<int>(place.end) + 1))) {
            return;
        }
        const qreal a = line.cursorToX(from);
        const bool lineFeed = beyond && end > static_cast<int>(place.end);
        const qreal b = line.cursorToX(to) + (lineFeed ? theme_.monoWidth * 0.6 : 0);
        painter.fillRect(QRectF(at.x() + a, at.y(), b - a, theme_.codeLineHeight), colour);
    };
    for (const Marks::Match& match : context.marks.matches) {
        mark(match.begin, match.end, match.current ? theme_.currentMatch : theme_.match, false);
    }
    if (context.marks.selectionEnd > context.marks.selectionBegin &&
        context.marks.selectionEnd > static_cast<int>(place.begin)) {
        mark(context.marks.selectionBegin, context.marks.selectionEnd, theme_.selection, true);
    }
    painter.setPen(theme_.text);
    layout.draw(&painter, at);
}

void CodeLayout::paint(QPainter& painter, const QPoint& origin, const PaintContext& context) {
    const QRect card(origin.x(), origin.y(), width_, height());
    paintHead(painter, card);
    unfinished_ = false;
    if (rows_.empty()) {
        return;
    }
    const int y0 = origin.y() + top();
    const int rows = static_cast<int>(rows_.size());
    const int first = qBound(0, (context.clip.top() - y0) / theme_.codeLineHeight, rows - 1);
    const int last = qBound(0, (context.clip.bottom() - y0) / theme_.codeLineHeight, rows - 1);
    if (cache_.size() > kMaxCachedRows) {
        std::erase_if(cache_, [&](const auto& entry) { return entry.first < first || entry.first > last; });
    }
    int budget = kMaxLinesPerPaint;
    painter.save();
    painter.setClipRect(card.adjusted(pad_ - 2, head_, -pad_ + 2, 0), Qt::IntersectClip);
    for (int row = first; row <= last; ++row) {
        paintRow(painter, row, QPointF(card.left() + pad_ - sideways(), y0 + row * theme_.codeLineHeight),
                 context, budget);
    }
    painter.restore();
    if (unfinished_) {
        cache_.clear();  // laid out without colours
    }
    paintSidewaysBar(painter, card.adjusted(pad_, 0, -pad_, -theme_.px(2)), theme_, sidewaysRange(),
                     sideways());
}

int CodeLayout::rowOf(int offset) const {
    const auto after = std::upper_bound(rows_.begin(), rows_.end(), offset, [](int value, const Row& row) {
        return value < static_cast<int>(row.begin);
    });
    return qMax(0, static_cast<int>(after - rows_.begin()) - 1);
}

int CodeLayout::offsetAt(const QPoint& point) {
    if (rows_.empty()) {
        return 0;
    }
    if (point.y() < head_ / 2) {
        return 0;
    }
    const int row =
        qBound(0, (point.y() - top()) / theme_.codeLineHeight, static_cast<int>(rows_.size()) - 1);
    int budget = kMaxLinesPerPaint;
    return static_cast<int>(rows_[static_cast<std::size_t>(row)].begin) +
           rowLayout(row, budget).lineAt(0).xToCursor(point.x() - pad_ + sideways());
}

QRectF CodeLayout::caret(int offset) {
    if (rows_.empty()) {
        return QRectF(pad_, top(), 1, theme_.codeLineHeight);
    }
    const int row = rowOf(offset);
    int budget = kMaxLinesPerPaint;
    const qreal x = rowLayout(row, budget)
                        .lineAt(0)
                        .cursorToX(offset - static_cast<int>(rows_[static_cast<std::size_t>(row)].begin));
    return QRectF(pad_ - sideways() + x, top() + row * theme_.codeLineHeight, 1, theme_.codeLineHeight);
}

QVector<QRectF> CodeLayout::rects(int begin, int end) {
    QVector<QRectF> out;
    for (int row = rowOf(begin); row < static_cast<int>(rows_.size()) && out.size() < 64; ++row) {
        const Row& place = rows_[static_cast<std::size_t>(row)];
        if (static_cast<int>(place.begin) >= end) {
            break;
        }
        const QRectF a = caret(qMax(begin, static_cast<int>(place.begin)));
        const QRectF b = caret(qMin(end, static_cast<int>(place.end)));
        out.append(QRectF(a.left(), a.top(), qMax(1.0, b.left() - a.left()), a.height()));
    }
    return out;
}

int CodeLayout::lineStep(int offset, int lines) {
    const int row = rowOf(offset) + lines;
    if (rows_.empty() || row < 0 || row >= static_cast<int>(rows_.size())) {
        return -1;
    }
    const QRectF now = caret(offset);
    return offsetAt(
        QPoint(qRound(now.left()), top() + row * theme_.codeLineHeight + theme_.codeLineHeight / 2));
}

}  // namespace

std::unique_ptr<BlockLayout> makeCodeLayout(const markup::Block& block, const ViewTheme& theme, int width,
                                            const markup::Syntax* syntax) {
    return std::make_unique<CodeLayout>(block, theme, width, syntax);
}

}  // namespace tendril::ui

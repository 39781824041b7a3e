// SPDX-License-Identifier: Apache-2.0
// One run of styled text, broken into lines: a paragraph, a table's cell. Loads nothing: links are only
// coloured. GUI thread.
#pragma once

#include <QPainter>
#include <QTextLayout>
#include <QVector>

#include "ui/conversation/view_theme.h"
#include "ui/markup/block.h"

namespace tendril::ui {

/// What is marked in a text that is painted.
struct Marks {
    int selectionBegin = 0;
    int selectionEnd = 0;
    struct Match {
        int begin = 0;
        int end = 0;
        bool current = false;
    };
    QVector<Match> matches;

    Marks shifted(int by) const;  ///< for a piece that begins at `by`
};

class TextPiece {
  public:
    TextPiece(const markup::Inline& text, const QFont& font, const ViewTheme& theme);

    /// Breaks the lines at `width`; lines are at least `lineHeight` apart.
    void layOut(qreal width, int lineHeight, Qt::Alignment alignment = Qt::AlignLeft);
    int height() const { return height_; }
    qreal usedWidth() const { return usedWidth_; }  ///< of the longest line
    int length() const { return static_cast<int>(layout_.text().size()); }

    void paint(QPainter& painter, const QPointF& origin, const ViewTheme& theme, const Marks& marks,
               const QRect& clip = QRect()) const;
    int offsetAt(const QPointF& point) const;
    int linkAt(const QPointF& point) const;  ///< -1 = none
    QRect linkRect(int link) const;          ///< of its first line
    QRectF caret(int offset) const;
    QVector<QRectF> rects(int begin, int end) const;
    /// The offset one line up or down; -1 when there is no such line.
    int lineStep(int offset, int lines) const;

  private:
    QTextLayout layout_;
    QVector<QTextLayout::FormatRange> codes_;  ///< with a shade behind them
    std::vector<markup::Run> links_;
    int height_ = 0;
    qreal usedWidth_ = 0;
};

QString toQString(const std::u16string& text);

}  // namespace tendril::ui

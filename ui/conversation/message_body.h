// SPDX-License-Identifier: Apache-2.0
// The Markdown part of one message at one width: its blocks, which of them are laid out, and where they
// stand. GUI thread, owned by a MessageFrame.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <QPainter>
#include <QString>

#include "ui/conversation/block_layout.h"
#include "ui/markup/sections.h"

namespace tendril::ui {

class MessageBody {
  public:
    MessageBody(const ViewTheme& theme, const SyntaxLibrary& syntaxes, std::size_t sections = 1);

    markup::BlockChange append(std::size_t section, const QString& text);
    void finish();  ///< the text is whole
    /// The whole text in one section; blocks that look as before keep their layouts.
    markup::BlockChange become(const QString& text);
    void setWidth(int width);

    int width() const { return width_; }
    int height() const { return tops_.back(); }
    int usedWidth();  ///< lays everything out; for short messages
    int blockCount() const { return static_cast<int>(document_.size()); }
    const markup::Block& block(int i) const { return document_[static_cast<std::size_t>(i)]; }
    const markup::Sections& document() const { return document_; }
    int layoutsMade() const { return layoutsMade_; }  ///< since the beginning: the work done
    int blockAt(int y) const;                         ///< nearest block; -1 when there is none
    int top(int i) const {
        return tops_[static_cast<std::size_t>(i)];
    }                       ///< of the block's own top, without the gap above
    int left(int i) const;  ///< indentation by quotes and lists
    bool isLaidOut(int i) const { return layouts_[static_cast<std::size_t>(i)].layout != nullptr; }
    BlockLayout& layout(int i);  ///< lays it out when it is not

    /// Lays out the blocks between y0 and y1; false when nothing was new.
    bool layOut(int y0, int y1);

    using MarksOf = std::function<Marks(int block)>;
    /// Paints the blocks within `clip` that are laid out; true when some colours are still to come.
    bool paint(QPainter& painter, const QPoint& origin, const QRect& clip, const MarksOf& marks);

  private:
    struct Slot {
        std::unique_ptr<BlockLayout> layout;
        int height = 0;  ///< a guess until there is a layout
    };

    int gapAbove(int i) const;
    int innerWidth(int i) const { return qMax(theme_.px(60), width_ - left(i)); }
    std::vector<Slot> guessedSlots(std::size_t first, std::size_t count) const;
    void changed(const markup::BlockChange& change);
    void moveFrom(int i);
    int step(const markup::Container& container) const;
    void paintContainers(QPainter& painter, const QPoint& origin, int i) const;
    void paintMarker(QPainter& painter, const QRect& box, const markup::Container& item, bool filled) const;
    void paintTask(QPainter& painter, const QRect& box, bool done) const;

    const ViewTheme& theme_;
    const SyntaxLibrary& syntaxes_;
    markup::Sections document_;
    std::vector<QString> cutPairs_;  ///< [section] the first half of a character that came in two pieces
    int layoutsMade_ = 0;
    int width_ = 0;
    std::vector<Slot> layouts_;
    std::vector<int> tops_{0};  ///< [block], and the end
};

}  // namespace tendril::ui

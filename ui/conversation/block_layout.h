// SPDX-License-Identifier: Apache-2.0
// How one block looks at one width: lines, places of characters, painting. Made when the block is first seen,
// thrown away when it is long out of sight. Offsets count UTF-16 units of plainText(block). GUI thread, owned
// by a MessageBody.
#pragma once

#include <memory>

#include <QPainter>

#include "ui/conversation/text_piece.h"
#include "ui/conversation/view_theme.h"
#include "ui/markup/block.h"
#include "ui/markup/syntax.h"

namespace tendril::ui {

class SyntaxLibrary;

struct PaintContext {
    const ViewTheme& theme;
    QRect clip;  ///< in the painter's coordinates
    Marks marks;
    bool pressed = false;
};

class BlockLayout {
    Q_DISABLE_COPY_MOVE(BlockLayout)

  public:
    BlockLayout() = default;
    virtual ~BlockLayout() = default;

    virtual int height() const = 0;
    virtual int usedWidth() const = 0;  ///< what it would like to have, at most what it got
    virtual void paint(QPainter& painter, const QPoint& origin, const PaintContext& context) = 0;
    virtual int offsetAt(const QPoint& point) = 0;
    virtual QRectF caret(int offset) = 0;
    virtual QVector<QRectF> rects(int begin, int end) = 0;
    virtual int lineStep(int offset, int lines) = 0;  ///< -1 = out of the block
    virtual int linkAt(const QPoint&) { return -1; }
    virtual QRect linkRect(int) { return {}; }  ///< of the link's first line
    /// The block has grown at its end; `block` may stand at another place in memory. False: make a new
    /// layout.
    virtual bool grow(const markup::Block&) { return false; }
    /// The block stands at another place in memory, with the same content.
    virtual void rebind(const markup::Block&) {}

    // Wide code and tables move sideways.
    virtual int sidewaysRange() const { return 0; }
    virtual int sideways() const { return 0; }
    virtual void setSideways(int) {}
    virtual QRect copyButton() const { return {}; }
    virtual bool unfinished() const { return false; }  ///< colours come with the next painting
};

/// The text that is selected, found and read aloud.
QString plainText(const markup::Block& block);

std::unique_ptr<BlockLayout> makeLayout(const markup::Block& block, const ViewTheme& theme, int width,
                                        const SyntaxLibrary& syntaxes);
std::unique_ptr<BlockLayout> makeCodeLayout(const markup::Block& block, const ViewTheme& theme, int width,
                                            const markup::Syntax* syntax);
std::unique_ptr<BlockLayout> makeTableLayout(const markup::Block& block, const ViewTheme& theme, int width);

/// A guess, good enough for a scroll bar, before the block is laid out.
int estimatedHeight(const markup::Block& block, const ViewTheme& theme, int width);

/// The thin bar below wide content; `rect` is the content's.
void paintSidewaysBar(QPainter& painter, const QRect& rect, const ViewTheme& theme, int range, int value);

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The Markdown part of one message at one width. GUI thread, owned by a MessageFrame.
#include "ui/conversation/message_body.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <QFontMetricsF>

namespace tendril::ui {

using markup::Block;
using markup::BlockKind;
using markup::Container;
using markup::ContainerKind;

MessageBody::MessageBody(const ViewTheme& theme, const SyntaxLibrary& syntaxes, std::size_t sections)
    : theme_(theme), syntaxes_(syntaxes), document_(sections), cutPairs_(document_.sections()) {}

markup::BlockChange MessageBody::append(std::size_t section, const QString& text) {
    QString& cutPair = cutPairs_[section];
    QString whole = cutPair + text;
    cutPair.clear();
    if (!whole.isEmpty() && whole.back().isHighSurrogate()) {
        cutPair = whole.right(1);
        whole.chop(1);
    }
    const QByteArray utf8 = whole.toUtf8();
    const markup::BlockChange change =
        document_.append(section, std::string_view(utf8.constData(), static_cast<std::size_t>(utf8.size())));
    changed(change);
    return change;
}

void MessageBody::finish() {
    changed(document_.finish());
}

markup::BlockChange MessageBody::become(const QString& text) {
    const markup::Sections before = std::exchange(document_, markup::Sections());
    cutPairs_.assign(1, {});
    const QByteArray utf8 = text.toUtf8();
    document_.append(0, std::string_view(utf8.constData(), static_cast<std::size_t>(utf8.size())));
    document_.finish();
    const std::size_t most = std::min(before.size(), document_.size());
    std::size_t head = 0;
    while (head < most && looks_same(before[head], document_[head])) {
        ++head;
    }
    std::size_t tail = 0;
    while (tail < most - head &&
           looks_same(before[before.size() - 1 - tail], document_[document_.size() - 1 - tail])) {
        ++tail;
    }
    const markup::BlockChange change{head, before.size() - head - tail, document_.size() - head - tail};
    changed(change);
    return change;
}

std::vector<MessageBody::Slot> MessageBody::guessedSlots(std::size_t first, std::size_t count) const {
    std::vector<Slot> out(count);
    for (std::size_t i = 0; i < count; ++i) {
        out[i].height =
            estimatedHeight(document_[first + i], theme_, innerWidth(static_cast<int>(first + i)));
    }
    return out;
}

/// Keeps what is laid out elsewhere; the first block of the stretch may have grown and then keeps its layout
/// as well.
void MessageBody::changed(const markup::BlockChange& change) {
    if (change.removed == 0 && change.added == 0) {
        return;
    }
    const std::size_t first = change.first;
    std::unique_ptr<BlockLayout> grown;
    if (change.removed > 0 && change.added > 0 && layouts_[first].layout &&
        layouts_[first].layout->grow(document_[first])) {
        grown = std::move(layouts_[first].layout);
    }
    std::vector<Slot> fresh = guessedSlots(first, change.added);
    if (grown) {
        fresh[0].height = grown->height();
        fresh[0].layout = std::move(grown);
    }
    const auto at = layouts_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto after = layouts_.erase(at, at + static_cast<std::ptrdiff_t>(change.removed));
    layouts_.insert(after, std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
    moveFrom(static_cast<int>(first));
}

void MessageBody::setWidth(int width) {
    if (width == width_) {
        return;
    }
    width_ = width;
    for (int i = 0; i < blockCount(); ++i) {
        Slot& slot = layouts_[static_cast<std::size_t>(i)];
        slot.layout.reset();
        slot.height = estimatedHeight(block(i), theme_, innerWidth(i));
    }
    moveFrom(0);
}

int MessageBody::step(const Container& container) const {
    if (container.kind == ContainerKind::quote) {
        return theme_.px(18);
    }
    const int digits = static_cast<int>(QString::number(container.number).size());
    return container.number > 99 ? theme_.px(14) + qRound(digits * theme_.characterWidth * 1.2)
                                 : theme_.px(28);
}

int MessageBody::left(int i) const {
    int x = 0;
    for (const Container& container : block(i).containers) {
        x += step(container);
    }
    return x;
}

int MessageBody::gapAbove(int i) const {
    if (i == 0) {
        return 0;
    }
    const Block& above = block(i - 1);
    const Block& here = block(i);
    if (here.kind == BlockKind::table && here.table.continued) {
        return 0;
    }
    if (here.kind == BlockKind::heading) {
        return theme_.px(here.level <= 2 ? 26 : 20);
    }
    if (above.kind == BlockKind::heading) {
        return theme_.px(8);
    }
    const bool framed =
        [](BlockKind kind) { return kind == BlockKind::code || kind == BlockKind::table; }(here.kind) ||
        above.kind == BlockKind::code || above.kind == BlockKind::table || here.kind == BlockKind::rule ||
        above.kind == BlockKind::rule;
    if (framed) {
        return theme_.px(14);
    }
    const bool item = !here.containers.empty() && here.containers.back().kind == ContainerKind::item;
    const bool inList =
        item && !above.containers.empty() && above.containers.back().kind == ContainerKind::item;
    return theme_.px(inList ? (here.containers.back().opens ? 5 : 8) : 13);
}

void MessageBody::moveFrom(int i) {
    const int count = blockCount();
    // tops_[0] is 0 whether there are blocks or not; the end is the last block's bottom.
    tops_.resize(static_cast<std::size_t>(count) + 1);
    if (i == 0) {
        tops_[0] = 0;
    }
    for (int at = i; at < count; ++at) {
        const int above = at == 0 ? 0
                                  : tops_[static_cast<std::size_t>(at) - 1] +
                                        layouts_[static_cast<std::size_t>(at) - 1].height;
        tops_[static_cast<std::size_t>(at)] = above + gapAbove(at);
    }
    if (count > 0) {
        tops_.back() = tops_[static_cast<std::size_t>(count) - 1] + layouts_.back().height;
    }
}

int MessageBody::blockAt(int y) const {
    const int count = blockCount();
    if (count == 0) {
        return -1;
    }
    const auto end = tops_.begin() + count;
    const auto after = std::upper_bound(tops_.begin(), end, y);
    const int found = qMax(0, static_cast<int>(after - tops_.begin()) - 1);
    const int bottom = top(found) + layouts_[static_cast<std::size_t>(found)].height;
    // In the gap between two blocks the nearer one counts.
    return found + 1 < count && y > bottom && y - bottom > top(found + 1) - y ? found + 1 : found;
}

BlockLayout& MessageBody::layout(int i) {
    Slot& slot = layouts_[static_cast<std::size_t>(i)];
    if (!slot.layout) {
        slot.layout = makeLayout(block(i), theme_, innerWidth(i), syntaxes_);
        ++layoutsMade_;
        if (slot.layout->height() != slot.height) {
            slot.height = slot.layout->height();
            moveFrom(i + 1);
        }
    }
    slot.layout->rebind(block(i));  // the document may have moved it
    return *slot.layout;
}

bool MessageBody::layOut(int y0, int y1) {
    bool anything = false;
    for (int i = qMax(0, blockAt(y0)); i < blockCount() && top(i) <= y1; ++i) {
        if (!isLaidOut(i)) {
            layout(i);
            anything = true;
        }
    }
    return anything;
}

int MessageBody::usedWidth() {
    int used = 0;
    for (int i = 0; i < blockCount(); ++i) {
        used = qMax(used, left(i) + layout(i).usedWidth());
    }
    return used;
}

void MessageBody::paintTask(QPainter& painter, const QRect& box, bool done) const {
    const qreal side = theme_.px(13);
    const QRectF square(box.right() - side, box.center().y() - side / 2 + 1, side, side);
    painter.setPen(QPen(theme_.muted, 1.3));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(square, 3, 3);
    if (done) {
        const auto at = [&square](qreal x, qreal y) {
            return square.topLeft() + QPointF(square.width() * x, square.height() * y);
        };
        const QPointF hook[] = {at(0.22, 0.55), at(0.43, 0.76), at(0.80, 0.27)};
        painter.setPen(QPen(theme_.accent, 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawPolyline(hook, 3);
    }
}

/// The sign in front of a list item.
void MessageBody::paintMarker(QPainter& painter, const QRect& box, const Container& item, bool filled) const {
    painter.setRenderHint(QPainter::Antialiasing);
    if (item.task != markup::Task::none) {
        paintTask(painter, box, item.task == markup::Task::done);
    } else if (item.number >= 0) {
        painter.setPen(theme_.muted);
        painter.setFont(theme_.body);
        const QFontMetrics metrics(theme_.body);
        const QString number = QString::number(item.number) + QLatin1Char('.');
        const int baseline = box.top() + (theme_.lineHeight - metrics.height()) / 2 + metrics.ascent();
        painter.drawText(box.right() - metrics.horizontalAdvance(number), baseline, number);
    } else {
        const qreal radius = theme_.px(5) / 2.0;
        painter.setPen(QPen(theme_.muted, 1.2));
        painter.setBrush(filled ? QBrush(theme_.muted) : QBrush(Qt::NoBrush));
        painter.drawEllipse(QPointF(box.right() - theme_.px(5), box.center().y() + 1.5), radius, radius);
    }
}

void MessageBody::paintContainers(QPainter& painter, const QPoint& origin, int i) const {
    const Block& here = block(i);
    const int y = origin.y() + top(i);
    const int height = layouts_[static_cast<std::size_t>(i)].height;
    int x = origin.x();
    bool filled = true;
    for (std::size_t depth = 0; depth < here.containers.size(); ++depth) {
        const Container& container = here.containers[depth];
        if (container.kind == ContainerKind::quote) {
            // The bar goes on through the gap to a block of the same quote above.
            const bool joined = i > 0 && block(i - 1).containers.size() > depth &&
                                block(i - 1).containers[depth].kind == ContainerKind::quote;
            const int from = joined ? y - gapAbove(i) : y;
            painter.fillRect(QRect(x, from, theme_.px(3), y + height - from), theme_.line);
        } else {
            if (container.opens) {
                const QRect box(x, y, step(container) - theme_.px(8), theme_.lineHeight);
                paintMarker(painter, box, container, filled);
            }
            filled = !filled;
        }
        x += step(container);
    }
}

bool MessageBody::paint(QPainter& painter, const QPoint& origin, const QRect& clip, const MarksOf& marks) {
    bool unfinished = false;
    for (int i = qMax(0, blockAt(clip.top() - origin.y()));
         i < blockCount() && origin.y() + top(i) <= clip.bottom(); ++i) {
        if (!isLaidOut(i)) {
            continue;
        }
        paintContainers(painter, origin, i);
        BlockLayout& shown = layout(i);
        shown.paint(painter, QPoint(origin.x() + left(i), origin.y() + top(i)), {theme_, clip, marks(i)});
        unfinished = unfinished || shown.unfinished();
    }
    return unfinished;
}

}  // namespace tendril::ui

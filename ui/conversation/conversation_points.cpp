// SPDX-License-Identifier: Apache-2.0
// An answer that grows in several points at once: what a person looks at stays where it is, selections move
// along with their text, and a screen reader hears the points in their order. GUI thread.
#include <algorithm>
#include <limits>
#include <utility>

#include <QScrollBar>

#include "ui/conversation/accessible_conversation.h"
#include "ui/conversation/conversation_view.h"
#include "ui/conversation/expansion_dialog.h"
#include "ui/conversation/points.h"

namespace tendril::ui {
namespace {

constexpr int kHeadingLines = 4;  // a heading this far from the top at most is where somebody reads on

}  // namespace

void ConversationView::setExpansion(qint64 id, const app::ExpansionItem& expansion) {
    const int index = transcript_.indexOf(id);
    if (index < 0) {
        return;
    }
    const bool grew = growsInPoints(transcript_.item(index));
    const qsizetype written = writtenPoints(transcript_.item(index).expansion);
    changeBlocks([&] { return transcript_.setExpansion(id, expansion); });
    pointsSeen(index, grew, written);
    accessibleMessageChanged(this, index);
}

/// An outline has come, or a point is whole.
void ConversationView::pointsSeen(int index, bool grew, qsizetype written) {
    const app::MessageItem& item = transcript_.item(index);
    if (growsInPoints(item) && !grew) {
        // Who follows the answer wants to read it from its beginning, not to be dragged along behind its end.
        held_ = followTail_ ? item.id : 0;
        QStringList titles;
        for (const app::PointItem& point : item.expansion.points) {
            titles.append(plainHeading(point.heading));
        }
        announce(tr("Outline of %1 points: %2").arg(titles.size()).arg(titles.join(QStringLiteral(", "))));
        updateScrollRange();
    } else if (growsInPoints(item) && writtenPoints(item.expansion) > written) {
        sayPoints(index, -1, {});
        announce(progressText(item.expansion));
    }
}

void ConversationView::appendPointText(qint64 id, int point, const QString& text) {
    const int index = transcript_.indexOf(id);
    if (index < 0 || text.isEmpty()) {
        return;
    }
    const app::MessageState before = transcript_.item(index).state;
    if (!changeBlocks([&] { return transcript_.appendToPoint(id, point, text); })) {
        return;
    }
    stateSeen(index, before);
    sayPoints(index, point, text);
}

QString ConversationView::textOf(qint64 message) const {
    const int index = transcript_.indexOf(message);
    return index < 0 ? QString() : shownText(transcript_.item(index));
}

/// Makes a change to a message, and keeps in place what depends on its blocks. False: there was none.
bool ConversationView::changeBlocks(const std::function<Transcript::Change()>& make) {
    std::optional<Control> focus;
    if (focusControl_ >= 0 && current_ >= 0 && current_ < transcript_.count()) {
        const QVector<Control> controls = transcript_.frame(current_).controls();
        focus = focusControl_ < controls.size() ? std::optional(controls[focusControl_]) : std::nullopt;
    }
    if (!followTail_ && !kept_) {
        kept_ = readingAnchor();
    }
    const Transcript::Change change = make();
    if (change.message < 0) {
        return false;
    }
    moveAlong(change);
    if (focus && current_ == change.message) {
        if (focus->block >= 0) {
            focus->block = static_cast<int>(change.blocks.moved(static_cast<std::size_t>(focus->block)));
        }
        focusControl_ = static_cast<int>(transcript_.frame(current_).controls().indexOf(*focus));
    }
    finder_.messagesChanged(change.message);
    if (finder_.isActive()) {
        countTimer_.start(0, this);
    }
    updateScrollRange();
    if (kept_) {
        setScroll(transcript_.scrollFor(*kept_));
    }
    viewport()->update();
    return true;
}

/// Places in the changed message stay with their text.
void ConversationView::moveAlong(const Transcript::Change& change) {
    const auto moved = [&change](int block) {
        return static_cast<int>(change.blocks.moved(static_cast<std::size_t>(qMax(0, block))));
    };
    const bool thrownAway = change.blocks.removed > 0 && change.blocks.added == 0 && change.blocks.first == 0;
    for (TextPosition* place : {&selectionAnchor_, &caret_, &wordBegin_, &wordEnd_}) {
        if (place->message == change.message) {
            *place = thrownAway ? TextPosition{}
                                : TextPosition{place->message, moved(place->block), place->offset};
        }
    }
    if (selectionAnchor_.isValid() != caret_.isValid()) {
        selectionAnchor_ = caret_ = {};
    }
    for (Spot* spot : {&pointed_, &pressed_, &copied_, &sideways_}) {
        if (spot->message == change.message && spot->control && spot->control->block >= 0) {
            spot->control->block = moved(spot->control->block);
        }
    }
    finder_.blocksMoved(change.message, change.blocks);
    if (kept_ && kept_->message == change.message && kept_->block >= 0) {
        kept_->block = thrownAway ? -1 : moved(kept_->block);
    }
}

/// What a person reads, as far as one can know: where they select; the heading that they have brought to the
/// top; else the first block in sight. Points above may grow, this stays.
Anchor ConversationView::readingAnchor() {
    const int y = verticalScrollBar()->value();
    const int height = viewport()->height();
    if (hasSelection() && caret_.message < transcript_.count() && transcript_.hasFrame(caret_.message)) {
        const MessageBody& body = transcript_.frame(caret_.message).body();
        if (caret_.block < body.blockCount() && body.isLaidOut(caret_.block)) {
            const QRect caret = transcript_.caretRect(caret_);
            if (caret.bottom() > y && caret.top() < y + height) {
                return transcript_.anchorOf(caret_.message, caret_.block, y);
            }
        }
    }
    for (int i = qMax(0, transcript_.messageAt(y));
         i < transcript_.count() && transcript_.top(i) < y + height; ++i) {
        if (!growsInPoints(transcript_.item(i)) || !transcript_.hasFrame(i)) {
            continue;
        }
        const markup::Sections& document = transcript_.document(i);
        for (std::size_t section = 0; section < document.sections(); ++section) {
            const auto block = static_cast<int>(document.begin_of(section));
            if (block >= static_cast<int>(document.size())) {
                break;
            }
            const Anchor heading = transcript_.anchorOf(i, block, y);
            if (heading.screenY >= 0 && heading.screenY <= kHeadingLines * theme_.lineHeight &&
                transcript_.frame(i).body().isLaidOut(block)) {
                return heading;
            }
        }
    }
    return transcript_.anchorAt(y, height);
}

/// How far the view may follow the end: the beginning of an answer that grows at several places stays in
/// sight.
int ConversationView::followLimit() const {
    const int held = held_ == 0 ? -1 : transcript_.indexOf(held_);
    return held < 0 ? std::numeric_limits<int>::max() : qMax(0, transcript_.top(held) - theme_.px(12));
}

/// The answer is whole: the view stays where it held, or goes on to follow the end.
void ConversationView::releaseHead() {
    followTail_ = followTail_ && verticalScrollBar()->value() >= verticalScrollBar()->maximum();
    held_ = 0;
}

/// Speaks the points in reading order, whatever the order in which they grow; `point` -1: nothing new.
void ConversationView::sayPoints(int index, int point, const QString& text) {
    const app::MessageItem& item = transcript_.item(index);
    if (!hasFocus() || !tellsAccessibility()) {
        said_ = {};
        return;
    }
    const QVector<app::PointItem>& points = item.expansion.points;
    if (said_.message != item.id || said_.unsaid.size() != points.size()) {
        said_ = {item.id, 0, QStringList(points.size(), QString())};
        while (said_.point < points.size() && isWritten(points[said_.point])) {
            ++said_.point;
        }
    }
    if (point >= said_.point) {
        QString& unsaid = said_.unsaid[point];
        const bool begins = points[point].text.size() == text.size();
        unsaid += (begins ? plainHeading(points[point].heading) + QLatin1Char('\n') : QString()) + text;
    }
    while (said_.point < points.size()) {
        const bool whole = isWritten(points[said_.point]);
        sayPoint(index, said_.point, whole);
        if (!whole) {
            break;
        }
        ++said_.point;
    }
}

void ConversationView::sayPoint(int index, int point, bool whole) {
    const markup::Sections& document = transcript_.document(index);
    const auto section = static_cast<std::size_t>(point);
    const std::size_t end =
        section + 1 < document.sections() ? document.begin_of(section + 1) : document.size();
    unsaid_ = std::exchange(said_.unsaid[point], {});
    sayUnsaid(index, static_cast<int>(end) - 1, whole);
    said_.unsaid[point] = std::exchange(unsaid_, {});
}

void ConversationView::showDetails(int message) {
    auto* dialog = new ExpansionDialog(transcript_.item(message), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    const qint64 id = transcript_.item(message).id;
    connect(dialog, &ExpansionDialog::retryRequested, this,
            [this, id] { Q_EMIT retryNormallyRequested(id); });
    dialog->open();
}

}  // namespace tendril::ui

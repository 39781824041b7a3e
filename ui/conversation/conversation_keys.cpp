// SPDX-License-Identifier: Apache-2.0
// The conversation by keyboard: up and down from message to message, Tab through what can be pressed, Shift
// with arrows selects. GUI thread.
#include <QContextMenuEvent>
#include <QFocusEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QScrollBar>
#include <QTextBoundaryFinder>

#include "ui/conversation/accessible_conversation.h"
#include "ui/conversation/conversation_view.h"
#include "ui/conversation/selection_text.h"

namespace tendril::ui {
namespace {

/// The boundary of characters or words beside `offset`; -1 when the text ends there.
int boundary(const QString& text, int offset, bool forward, bool word) {
    QTextBoundaryFinder finder(word ? QTextBoundaryFinder::Word : QTextBoundaryFinder::Grapheme, text);
    finder.setPosition(qBound(0, offset, static_cast<int>(text.size())));
    return static_cast<int>(forward ? finder.toNextBoundary() : finder.toPreviousBoundary());
}

}  // namespace

void ConversationView::setCurrentMessage(int index, bool byKeyboard) {
    const int bounded = transcript_.count() == 0 ? -1 : qBound(0, index, transcript_.count() - 1);
    const bool moved = bounded != current_;
    current_ = bounded;
    byKeyboard_ = byKeyboard;
    if (moved) {
        focusControl_ = -1;
    }
    if (moved && byKeyboard) {
        accessibleFocusChanged(this, current_, -1);
    }
    viewport()->update();
}

/// To the next message; a message longer than the window is first scrolled through.
void ConversationView::stepMessage(int by) {
    if (transcript_.count() == 0) {
        return;
    }
    settle();
    const int step = theme_.lineHeight * 4;
    const QRect here = messageRect(qMax(0, current_));
    const bool inSight = here.bottom() > 0 && here.top() < viewport()->height();
    if (!byKeyboard_ && !inSight) {
        setCurrentMessage(transcript_.messageAt(verticalScrollBar()->value() + viewport()->height() / 2),
                          true);
        return;
    }
    const int hidden = by > 0 ? here.bottom() - viewport()->height() : -here.top();
    if (byKeyboard_ && inSight && hidden > 0 && here.height() > viewport()->height()) {
        scrollBy(by * qMin(hidden, step));
        return;
    }
    setCurrentMessage(byKeyboard_ ? current_ + by : current_, true);
    transcript_.frame(current_).layOut(0, viewport()->height());
    transcript_.heightChanged(current_);
    const QRect row(0, transcript_.top(current_), 1, transcript_.height(current_));
    if (row.height() <= viewport()->height()) {
        ensureVisible(row, 0);
    } else {
        updateScrollRange();
        verticalScrollBar()->setValue(by > 0 ? row.top() : row.bottom() - viewport()->height());
    }
}

bool ConversationView::press(int message, Control::Kind kind) {
    if (message < 0 || message >= transcript_.count()) {
        return false;
    }
    for (const Control& control : ownControls(transcript_.item(message), transcript_.extras(message))) {
        if (control.kind == kind) {
            activate(message, control);
            return true;
        }
    }
    return false;
}

bool ConversationView::zoomKey(QKeyEvent* event) {
    if (event->matches(QKeySequence::ZoomIn) ||
        (event->modifiers() == Qt::ControlModifier && event->key() == Qt::Key_Equal)) {
        setZoom(zoom_ * 1.1);
    } else if (event->matches(QKeySequence::ZoomOut)) {
        setZoom(zoom_ / 1.1);
    } else if (event->modifiers() == Qt::ControlModifier && event->key() == Qt::Key_0) {
        setZoom(1);
    } else {
        return false;
    }
    return true;
}

/// While Tab has reached a block's control, left and right move that block when it is wide.
bool ConversationView::stepSideways(int by) {
    if (!byKeyboard_ || focusControl_ < 0 || current_ < 0) {
        return false;
    }
    MessageFrame& frame = transcript_.frame(current_);
    const int block = frame.controls().value(focusControl_).block;
    if (block < 0 || frame.body().layout(block).sidewaysRange() == 0) {
        return false;
    }
    BlockLayout& wide = frame.body().layout(block);
    wide.setSideways(wide.sideways() + by * theme_.px(80));
    viewport()->update();
    return true;
}

/// Moves wide content so that the caret is in sight.
void ConversationView::showCaretSideways() {
    MessageBody& body = transcript_.frame(caret_.message).body();
    if (caret_.block >= body.blockCount() || body.layout(caret_.block).sidewaysRange() == 0) {
        return;
    }
    BlockLayout& wide = body.layout(caret_.block);
    const int x = qRound(wide.caret(caret_.offset).left());
    const int margin = theme_.px(40);
    const int beyond = x < margin ? x - margin : qMax(0, x + margin - wide.usedWidth());
    wide.setSideways(wide.sideways() + beyond);
}

/// What the current message or its focused control does.
bool ConversationView::actionKey(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        copy();
        return true;
    }
    if (event->matches(QKeySequence::SelectAll)) {
        selectAll();
        return true;
    }
    if (event->modifiers() != Qt::NoModifier && event->modifiers() != Qt::KeypadModifier) {
        return false;
    }
    switch (event->key()) {
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space: {
            const QVector<Control> controls =
                current_ < 0 ? QVector<Control>() : transcript_.frame(current_).controls();
            if (byKeyboard_ && focusControl_ >= 0 && focusControl_ < controls.size()) {
                activate(current_, controls[focusControl_]);
                return true;
            }
            return false;
        }
        case Qt::Key_R:
            return press(current_, Control::Kind::retry);
        case Qt::Key_N:
            return press(current_, Control::Kind::retryNormally);
        case Qt::Key_D:
            return press(current_, Control::Kind::details);
        case Qt::Key_E:
            return press(current_, Control::Kind::edit);
        case Qt::Key_G:
            return press(current_, Control::Kind::resume);
        case Qt::Key_C:
            return press(current_, Control::Kind::copy);
        case Qt::Key_P:
            return press(current_, Control::Kind::pin);
        case Qt::Key_X:
            return press(current_, Control::Kind::exclude);
        case Qt::Key_S:
            return press(current_, Control::Kind::sources);
        case Qt::Key_M:
            return press(current_, Control::Kind::markText);
        case Qt::Key_F:
            return press(current_, Control::Kind::restoreText);
        case Qt::Key_Left:
            return stepSideways(-1) || press(current_, Control::Kind::previousVersion);
        case Qt::Key_Right:
            return stepSideways(1) || press(current_, Control::Kind::nextVersion);
        case Qt::Key_Escape:
            if (hasSelection()) {
                select({}, {});
                return true;
            }
            return false;
        default:
            return false;
    }
}

bool ConversationView::moveKey(QKeyEvent* event) {
    if (event->modifiers() != Qt::NoModifier && event->modifiers() != Qt::KeypadModifier &&
        event->modifiers() != Qt::ControlModifier) {
        return false;
    }
    QScrollBar* bar = verticalScrollBar();
    switch (event->key()) {
        case Qt::Key_Up:
            stepMessage(-1);
            return true;
        case Qt::Key_Down:
            stepMessage(1);
            return true;
        case Qt::Key_PageUp:
            bar->triggerAction(QAbstractSlider::SliderPageStepSub);
            return true;
        case Qt::Key_PageDown:
        case Qt::Key_Space:
            bar->triggerAction(QAbstractSlider::SliderPageStepAdd);
            return true;
        case Qt::Key_Home:
            setCurrentMessage(0);
            bar->setValue(0);
            return true;
        case Qt::Key_End:
            setCurrentMessage(transcript_.count() - 1);
            bar->setValue(bar->maximum());
            followTail_ = true;
            held_ = 0;
            return true;
        default:
            return false;
    }
}

/// One character, word or line from a place; over the borders of blocks and messages.
TextPosition ConversationView::moved(const TextPosition& from, int key, bool word) {
    const bool forward = key == Qt::Key_Right || key == Qt::Key_Down;
    const markup::Sections& document = transcript_.document(from.message);
    const int blocks = static_cast<int>(document.size());
    if (from.block < blocks) {
        const QString text = plainText(document[static_cast<std::size_t>(from.block)]);
        const bool lines = key == Qt::Key_Up || key == Qt::Key_Down;
        const int offset = lines ? transcript_.frame(from.message)
                                       .body()
                                       .layout(from.block)
                                       .lineStep(from.offset, forward ? 1 : -1)
                                 : boundary(text, from.offset, forward, word);
        if (offset >= 0) {
            return {from.message, from.block, offset};
        }
        if (lines && forward && from.offset < text.size()) {
            return {from.message, from.block, static_cast<int>(text.size())};
        }
    }
    if (forward) {
        if (from.block + 1 < blocks) {
            return {from.message, from.block + 1, 0};
        }
        return from.message + 1 < transcript_.count() ? TextPosition{from.message + 1, 0, 0} : from;
    }
    if (from.block > 0) {
        const markup::Block& above = document[static_cast<std::size_t>(from.block) - 1];
        return {from.message, from.block - 1, static_cast<int>(plainText(above).size())};
    }
    return from.message > 0 ? endOf(transcript_, from.message - 1) : TextPosition{from.message, 0, 0};
}

bool ConversationView::selectKey(QKeyEvent* event) {
    const bool word = (event->modifiers() & Qt::ControlModifier) != 0;
    if ((event->modifiers() & Qt::ShiftModifier) == 0 || transcript_.count() == 0) {
        return false;
    }
    if (!caret_.isValid()) {
        selectionAnchor_ = caret_ = {qMax(0, current_), 0, 0};
    }
    TextPosition to = caret_;
    switch (event->key()) {
        case Qt::Key_Left:
        case Qt::Key_Right:
        case Qt::Key_Up:
        case Qt::Key_Down:
            to = moved(caret_, event->key(), word);
            break;
        case Qt::Key_Home:
            to = word ? TextPosition{0, 0, 0} : TextPosition{caret_.message, 0, 0};
            break;
        case Qt::Key_End:
            to = endOf(transcript_, word ? transcript_.count() - 1 : caret_.message);
            break;
        default:
            return false;
    }
    select(selectionAnchor_, to);
    followTail_ = false;
    ensureVisible(transcript_.caretRect(caret_), theme_.lineHeight);
    showCaretSideways();
    if (current_ != caret_.message) {
        setCurrentMessage(caret_.message, byKeyboard_);
    }
    return true;
}

void ConversationView::keyPressEvent(QKeyEvent* event) {
    if (zoomKey(event) || selectKey(event) || actionKey(event) || moveKey(event)) {
        event->accept();
        return;
    }
    event->ignore();
}

/// Tab goes through the controls of the current message and then leaves the view; arrows change the message.
bool ConversationView::focusNextPrevChild(bool next) {
    if (current_ < 0 || current_ >= transcript_.count()) {
        return QAbstractScrollArea::focusNextPrevChild(next);
    }
    const QVector<Control> controls = transcript_.frame(current_).controls();
    const int to = (byKeyboard_ ? focusControl_ : -1) + (next ? 1 : -1);
    if (to < -1 || to >= controls.size()) {
        return QAbstractScrollArea::focusNextPrevChild(next);
    }
    byKeyboard_ = true;
    focusControl_ = to;
    if (to >= 0) {
        const QRect rect = transcript_.frame(current_).controlRect(controls[to]);
        transcript_.heightChanged(current_);
        ensureVisible(rect.translated(0, transcript_.top(current_)), theme_.lineHeight);
    }
    accessibleFocusChanged(this, current_, to);
    viewport()->update();
    return true;
}

void ConversationView::focusInEvent(QFocusEvent* event) {
    QAbstractScrollArea::focusInEvent(event);
    if (current_ < 0 && transcript_.count() > 0) {
        current_ = transcript_.count() - 1;
    }
    if (event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason ||
        event->reason() == Qt::ShortcutFocusReason) {
        byKeyboard_ = true;
        focusControl_ = -1;
    }
    if (current_ >= 0) {
        accessibleFocusChanged(this, current_, focusControl_);
    }
    viewport()->update();
}

void ConversationView::focusOutEvent(QFocusEvent* event) {
    QAbstractScrollArea::focusOutEvent(event);
    unsaid_.clear();
    said_ = {};
    viewport()->update();
}

/// Plain letters belong to the view while it has the focus, before a window's shortcut takes them.
bool ConversationView::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->matches(QKeySequence::Copy) || key->matches(QKeySequence::SelectAll)) {
            key->accept();
            return true;
        }
    }
    return QAbstractScrollArea::event(event);
}

void ConversationView::fillMenu(QMenu& menu, int message, const std::optional<Control>& control) {
    const auto add = [&](const QString& text, const QKeySequence& keys, bool enabled, auto&& action) {
        QAction* entry = menu.addAction(text);
        entry->setShortcut(keys);
        entry->setEnabled(enabled);
        connect(entry, &QAction::triggered, this, std::forward<decltype(action)>(action));
    };
    add(tr("Copy selection"), QKeySequence::Copy, hasSelection(), [this] { copy(); });
    add(tr("Select all"), QKeySequence::SelectAll, transcript_.count() > 0, [this] { selectAll(); });
    if (control) {
        const bool link = control->kind == Control::Kind::link;
        add(link ? tr("Open link…") : control->name, {}, true,
            [this, message, what = *control] { activate(message, what); });
        if (link) {
            const QString address =
                linksOf(transcript_.document(message)[static_cast<std::size_t>(control->block)])
                    .value(control->link);
            add(tr("Copy link address"), {}, true, [this, address] { copyText(address, std::nullopt, -1); });
        }
    }
    if (message < 0 || message >= transcript_.count()) {
        return;
    }
    menu.addSeparator();
    const qint64 id = transcript_.item(message).id;
    for (const Control& own : ownControls(transcript_.item(message), transcript_.extras(message))) {
        QKeySequence keys;
        switch (own.kind) {
            case Control::Kind::retry:
                keys = Qt::Key_R;
                break;
            case Control::Kind::retryNormally:
                keys = Qt::Key_N;
                break;
            case Control::Kind::details:
                keys = Qt::Key_D;
                break;
            case Control::Kind::edit:
                keys = Qt::Key_E;
                break;
            case Control::Kind::resume:
                keys = Qt::Key_G;
                break;
            case Control::Kind::copy:
                keys = Qt::Key_C;
                break;
            case Control::Kind::pin:
                keys = Qt::Key_P;
                break;
            case Control::Kind::exclude:
                keys = Qt::Key_X;
                break;
            case Control::Kind::sources:
                keys = Qt::Key_S;
                break;
            case Control::Kind::markText:
                keys = Qt::Key_M;
                break;
            case Control::Kind::restoreText:
                keys = Qt::Key_F;
                break;
            case Control::Kind::previousVersion:
                keys = Qt::Key_Left;
                break;
            case Control::Kind::nextVersion:
                keys = Qt::Key_Right;
                break;
            default:
                break;
        }
        add(own.name, keys, true, [this, id, own] { activate(transcript_.indexOf(id), own); });
    }
}

}  // namespace tendril::ui

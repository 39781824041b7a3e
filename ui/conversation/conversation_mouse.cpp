// SPDX-License-Identifier: Apache-2.0
// The conversation by mouse: selecting, pressing what can be pressed, moving wide code sideways, the menu.
// GUI thread.
#include <QApplication>
#include <QClipboard>
#include <QHelpEvent>
#include <QMenu>
#include <QMimeData>
#include <QMouseEvent>
#include <QScrollBar>
#include <QTextBoundaryFinder>
#include <QToolTip>
#include <QWheelEvent>

#include "ui/conversation/conversation_view.h"
#include "ui/conversation/link_dialog.h"
#include "ui/conversation/points.h"
#include "ui/conversation/selection_text.h"

namespace tendril::ui {
namespace {

constexpr int kCopiedMs = 1'600;
constexpr int kDragMs = 40;

/// The word around an offset.
QPair<int, int> wordAt(const QString& text, int offset) {
    QTextBoundaryFinder finder(QTextBoundaryFinder::Word, text);
    finder.setPosition(qBound(0, offset, static_cast<int>(text.size())));
    const qsizetype begin =
        finder.isAtBoundary() && offset < text.size() ? offset : finder.toPreviousBoundary();
    finder.setPosition(qMax<qsizetype>(0, begin));
    const qsizetype end = finder.toNextBoundary();
    return {static_cast<int>(qMax<qsizetype>(0, begin)), static_cast<int>(end < 0 ? text.size() : end)};
}

}  // namespace

ConversationView::Spot ConversationView::spotAt(const QPoint& point) {
    if (transcript_.count() == 0 || !viewport()->rect().contains(point)) {
        return {};
    }
    const int y = point.y() + verticalScrollBar()->value();
    const int message = transcript_.messageAt(y);
    if (y < transcript_.top(message) || y >= transcript_.top(message) + transcript_.height(message)) {
        return {};
    }
    return {message,
            transcript_.frame(message).controlAt(QPoint(point.x(), y - transcript_.top(message)), true)};
}

void ConversationView::setPointed(const Spot& spot) {
    if (spot.message != pointed_.message || spot.control != pointed_.control) {
        pointed_ = spot;
        viewport()->update();
    }
}

void ConversationView::mousePressEvent(QMouseEvent* event) {
    const QPoint point = event->position().toPoint();
    if (event->button() != Qt::LeftButton) {
        return;
    }
    byKeyboard_ = false;
    focusControl_ = -1;
    const Spot spot = spotAt(point);
    if (spot.message >= 0) {
        setCurrentMessage(spot.message, false);
    }
    pressed_ = spot;
    if (spot.control) {
        return;
    }
    if (grabSidewaysBar(point)) {
        return;
    }
    const TextPosition at = transcript_.positionAt(point.x(), point.y() + verticalScrollBar()->value());
    const bool extend = (event->modifiers() & Qt::ShiftModifier) != 0 && selectionAnchor_.isValid();
    selecting_ = at.isValid();
    byWords_ = false;
    dragPoint_ = point;
    select(extend ? selectionAnchor_ : at, at);
}

void ConversationView::mouseDoubleClickEvent(QMouseEvent* event) {
    const QPoint point = event->position().toPoint();
    const TextPosition at = transcript_.positionAt(point.x(), point.y() + verticalScrollBar()->value());
    if (event->button() != Qt::LeftButton || !at.isValid() || spotAt(point).control) {
        mousePressEvent(event);
        return;
    }
    const markup::Sections& document = transcript_.document(at.message);
    if (at.block >= static_cast<int>(document.size())) {
        return;
    }
    const auto [begin, end] = wordAt(plainText(document[static_cast<std::size_t>(at.block)]), at.offset);
    wordBegin_ = {at.message, at.block, begin};
    wordEnd_ = {at.message, at.block, end};
    selecting_ = byWords_ = true;
    dragPoint_ = point;
    select(wordBegin_, wordEnd_);
}

void ConversationView::mouseMoveEvent(QMouseEvent* event) {
    const QPoint point = event->position().toPoint();
    if (selecting_ && (event->buttons() & Qt::LeftButton) != 0) {
        dragTo(point);
        const bool outside = point.y() < 0 || point.y() >= viewport()->height();
        if (outside && !dragTimer_.isActive()) {
            dragTimer_.start(kDragMs, this);
        } else if (!outside) {
            dragTimer_.stop();
        }
        return;
    }
    if (sideways_.control &&
        sideways_.control->block < transcript_.frame(sideways_.message).body().blockCount()) {
        BlockLayout& wide = transcript_.frame(sideways_.message).body().layout(sideways_.control->block);
        const qreal width = qMax(1, wide.usedWidth());
        wide.setSideways(wide.sideways() +
                         qRound((point.x() - sidewaysX_) * (width + wide.sidewaysRange()) / width));
        sidewaysX_ = point.x();
        viewport()->update();
        return;
    }
    const Spot spot = spotAt(point);
    setPointed(spot);
    Qt::CursorShape shape = Qt::ArrowCursor;
    if (spot.control) {
        shape = Qt::PointingHandCursor;
    } else if (spot.message >= 0) {
        const MessageFrame& frame = transcript_.frame(spot.message);
        const int y =
            point.y() + verticalScrollBar()->value() - transcript_.top(spot.message) - frame.bodyOrigin().y();
        const int x = point.x() - frame.bodyOrigin().x();
        const bool text = y >= 0 && y < frame.body().height() && x >= 0 && x < frame.body().width();
        shape = text ? Qt::IBeamCursor : Qt::ArrowCursor;
    }
    viewport()->setCursor(shape);
}

/// Selects up to the pointer; above and below the window it scrolls there.
void ConversationView::dragTo(const QPoint& point) {
    dragPoint_ = point;
    if (point.y() < 0) {
        scrollBy(qMax(-60, point.y()));
    } else if (point.y() >= viewport()->height()) {
        scrollBy(qMin(60, point.y() - viewport()->height() + 1));
    }
    const int y = qBound(0, point.y(), viewport()->height() - 1) + verticalScrollBar()->value();
    const TextPosition at = transcript_.positionAt(point.x(), y);
    if (!at.isValid()) {
        return;
    }
    if (!byWords_) {
        select(selectionAnchor_, at);
        return;
    }
    const markup::Sections& document = transcript_.document(at.message);
    const auto [begin, end] = wordAt(plainText(document[static_cast<std::size_t>(at.block)]), at.offset);
    if (at < wordBegin_) {
        select(wordEnd_, {at.message, at.block, begin});
    } else {
        select(wordBegin_, qMax(wordEnd_, TextPosition{at.message, at.block, end}));
    }
}

void ConversationView::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) {
        return;
    }
    dragTimer_.stop();
    sideways_ = {};
    if (selecting_) {
        selecting_ = false;
        QClipboard* clipboard = QApplication::clipboard();
        if (hasSelection() && clipboard->supportsSelection()) {
            clipboard->setText(selectedText(), QClipboard::Selection);
        }
        return;
    }
    const Spot spot = spotAt(event->position().toPoint());
    const Spot pressed = std::exchange(pressed_, Spot());
    if (pressed.control && spot.message == pressed.message && spot.control == pressed.control) {
        activate(spot.message, *pressed.control);
    }
}

/// The code or table at a point that is wider than the column; null when there is none.
BlockLayout* ConversationView::wideBlockAt(const QPoint& point) {
    const int y = point.y() + verticalScrollBar()->value();
    const int message = transcript_.messageAt(y);
    if (message < 0) {
        return nullptr;
    }
    MessageBody& body = transcript_.frame(message).body();
    const int block =
        body.blockAt(y - transcript_.top(message) - transcript_.frame(message).bodyOrigin().y());
    const bool wide = block >= 0 && body.isLaidOut(block) && body.layout(block).sidewaysRange() > 0;
    return wide ? &body.layout(block) : nullptr;
}

/// Pressing the thin bar below wide content starts to drag it.
bool ConversationView::grabSidewaysBar(const QPoint& point) {
    const BlockLayout* wide = wideBlockAt(point);
    if (wide == nullptr || wideBlockAt(point + QPoint(0, theme_.px(10))) == wide) {
        return false;
    }
    const int y = point.y() + verticalScrollBar()->value();
    const int message = transcript_.messageAt(y);
    const MessageFrame& frame = transcript_.frame(message);
    const int inside = y - transcript_.top(message) - frame.bodyOrigin().y();
    sideways_ = {message, Control{Control::Kind::copyCode, frame.body().blockAt(inside), -1, {}}};
    sidewaysX_ = point.x();
    return true;
}

void ConversationView::wheelEvent(QWheelEvent* event) {
    const QPoint delta = event->pixelDelta().isNull() ? event->angleDelta() / 2 : event->pixelDelta();
    if ((event->modifiers() & Qt::ControlModifier) != 0) {
        setZoom(zoom_ * (delta.y() > 0 ? 1.1 : delta.y() < 0 ? 1 / 1.1 : 1.0));
        event->accept();
        return;
    }
    const bool shifted = (event->modifiers() & Qt::ShiftModifier) != 0;
    const int sideways = qAbs(delta.x()) > qAbs(delta.y()) ? delta.x() : (shifted ? delta.y() : 0);
    if (sideways != 0) {
        if (BlockLayout* wide = wideBlockAt(event->position().toPoint())) {
            wide->setSideways(wide->sideways() - sideways);
            viewport()->update();
        }
        event->accept();
        return;
    }
    QAbstractScrollArea::wheelEvent(event);
}

void ConversationView::contextMenuEvent(QContextMenuEvent* event) {
    const bool byKey = event->reason() == QContextMenuEvent::Keyboard;
    const Spot spot = byKey ? Spot{current_, std::nullopt} : spotAt(viewport()->mapFrom(this, event->pos()));
    QPoint at = event->globalPos();
    if (byKey && current_ >= 0) {
        const QRect rect = messageRect(current_);
        at = viewport()->mapToGlobal(
            QPoint(viewport()->width() / 2, qBound(0, rect.top() + 40, viewport()->height() - 20)));
    }
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    fillMenu(*menu, spot.message, spot.control);
    menu->popup(at);
    event->accept();
}

void ConversationView::copyText(const QString& text, std::optional<Control> control, int message) {
    QApplication::clipboard()->setText(text);
    if (control) {
        copied_ = {message, std::move(control)};
        copiedTimer_.start(kCopiedMs, this);
    }
    announce(tr("Copied"));
    viewport()->update();
    Q_EMIT copied();
}

/// Nothing opens by itself: the dialog shows the whole address, and only a person's button opens it.
void ConversationView::askToOpen(const QString& address) {
    Q_EMIT linkActivated(address);
    auto* dialog = new LinkDialog(address, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &LinkDialog::openRequested, this, [this](const QUrl& url) { openLink_(url); });
    dialog->open();
}

void ConversationView::activate(int message, const Control& control) {
    if (message < 0 || message >= transcript_.count()) {
        return;
    }
    const app::MessageItem& item = transcript_.item(message);
    const auto& blocks = transcript_.document(message);
    const bool inBlock = control.block >= 0 && control.block < static_cast<int>(blocks.size());
    switch (control.kind) {
        case Control::Kind::previousVersion:
            Q_EMIT versionRequested(item.id, item.version - 1);
            break;
        case Control::Kind::nextVersion:
            Q_EMIT versionRequested(item.id, item.version + 1);
            break;
        case Control::Kind::resume:
            Q_EMIT continueRequested(item.id);
            break;
        case Control::Kind::retry:
            Q_EMIT retryRequested(item.id);
            break;
        case Control::Kind::retryNormally:
            Q_EMIT retryNormallyRequested(item.id);
            break;
        case Control::Kind::details:
            showDetails(message);
            break;
        case Control::Kind::pin:
        case Control::Kind::exclude:
        case Control::Kind::sources:
        case Control::Kind::source:
        case Control::Kind::markText:
        case Control::Kind::markAll:
        case Control::Kind::restoreText:
            activateNote(message, control);
            break;
        case Control::Kind::edit:
            Q_EMIT editRequested(item.id);
            break;
        case Control::Kind::copy:
            copyText(shownText(item), control, message);
            break;
        case Control::Kind::copyCode:
            if (inBlock) {
                copyText(codeSource(transcript_.document(message), control.block), control, message);
            }
            break;
        case Control::Kind::link:
            if (inBlock) {
                askToOpen(linksOf(blocks[static_cast<std::size_t>(control.block)]).value(control.link));
            }
            break;
    }
}

bool ConversationView::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const Spot spot = spotAt(help->pos());
        if (spot.control) {
            const QString text = spot.control->kind == Control::Kind::link
                                     ? visibleAddress(spot.control->name)
                                     : spot.control->name;
            QToolTip::showText(help->globalPos(), text.left(300).toHtmlEscaped(), viewport());
        } else {
            QToolTip::hideText();
        }
        return true;
    }
    if (event->type() == QEvent::Leave) {
        setPointed({});
    }
    return QAbstractScrollArea::viewportEvent(event);
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The open conversation: messages in, what stands where, painting. GUI thread, owned by the window.
#include "ui/conversation/conversation_view.h"

#include <limits>

#include <QAccessible>
#include <QApplication>
#include <QDesktopServices>
#include <QPaintEvent>
#include <QScrollBar>

#include "ui/conversation/accessible_conversation.h"
#include "ui/conversation/points.h"
#include "ui/conversation/selection_text.h"

namespace tendril::ui {
namespace {

constexpr int kMaxRounds = 16;  // of laying out until nothing in sight moves
constexpr int kCountSlice = 6;  // milliseconds of counting matches at a time
constexpr double kMinZoom = 0.5;
constexpr double kMaxZoom = 4.0;

bool isBusy(app::MessageState state) {
    return state == app::MessageState::waiting || state == app::MessageState::streaming;
}

}  // namespace

ConversationView::ConversationView(QWidget* parent) : QAbstractScrollArea(parent) {
    installConversationAccessibility();
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn);  // coming and going it would move the text
    setAccessibleName(tr("Conversation"));
    viewport()->setMouseTracking(true);
    viewport()->setCursor(Qt::ArrowCursor);
    openLink_ = [](const QUrl& url) { QDesktopServices::openUrl(url); };
    restyle();
}

ConversationView::~ConversationView() = default;

void ConversationView::restyle() {
    const Anchor anchor = transcript_.anchorAt(verticalScrollBar()->value(), viewport()->height());
    theme_ = makeViewTheme(palette(), font(), zoom_);
    transcript_.forgetLayouts();
    verticalScrollBar()->setSingleStep(theme_.lineHeight * 2);
    updateScrollRange();
    if (!followTail_) {
        setScroll(transcript_.scrollForShare(anchor));
    }
    viewport()->update();
}

void ConversationView::setMessages(const QVector<app::MessageItem>& messages) {
    selectionAnchor_ = caret_ = {};
    pointed_ = pressed_ = copied_ = {};
    focusControl_ = -1;
    unsaid_.clear();
    transcript_.set(messages);
    finder_.messagesChanged(0);
    current_ = messages.isEmpty() ? -1 : transcript_.count() - 1;
    byKeyboard_ = false;
    followTail_ = true;
    held_ = messages.isEmpty() || !growsInPoints(messages.last()) ? 0 : messages.last().id;
    kept_.reset();
    said_ = {};
    prefill_ = 0;
    accessibleReset(this);
    for (int i = 0; i < transcript_.count(); ++i) {
        stateSeen(i, transcript_.item(i).state);
    }
    updateScrollRange();
    viewport()->update();
}

void ConversationView::clear() {
    setMessages({});
}

void ConversationView::appendMessage(const app::MessageItem& message) {
    if (transcript_.indexOf(message.id) >= 0) {
        updateMessage(message);
        return;
    }
    // Who sends wants to see the answer; who reads further up stays there.
    followTail_ = followTail_ || message.role == app::MessageRole::user;
    held_ = 0;
    const bool atEnd = current_ == transcript_.count() - 1;
    transcript_.append(message);
    if (atEnd && focusControl_ < 0) {
        current_ = transcript_.count() - 1;
    }
    accessibleMessageAdded(this, transcript_.count() - 1);
    stateSeen(transcript_.count() - 1, app::MessageState::complete);
    updateScrollRange();
    viewport()->update();
}

void ConversationView::updateMessage(const app::MessageItem& message) {
    const int index = transcript_.indexOf(message.id);
    if (index < 0) {
        return;
    }
    const app::MessageItem& old = transcript_.item(index);
    const app::MessageState before = old.state;
    const bool grew = growsInPoints(old);
    const qsizetype written = writtenPoints(old.expansion);
    if (old.text != message.text && !message.text.startsWith(old.text)) {
        kept_.reset();
        if (selectionAnchor_.message == index || caret_.message == index) {
            selectionAnchor_ = caret_ = {};
        }
        focusControl_ = current_ == index ? -1 : focusControl_;
    }
    changeBlocks([&] { return transcript_.update(message); });
    accessibleMessageChanged(this, index);
    stateSeen(index, before);
    pointsSeen(index, grew, written);
    updateScrollRange();
    viewport()->update();
}

void ConversationView::appendText(qint64 id, const QString& text) {
    const int index = transcript_.indexOf(id);
    if (index < 0 || text.isEmpty()) {
        return;
    }
    const app::MessageState before = transcript_.item(index).state;
    transcript_.appendText(id, text);
    finder_.messagesChanged(index);
    stateSeen(index, before);
    sayNewText(index, text);
    updateScrollRange();
    viewport()->update();
}

void ConversationView::setLeftOut(const QVector<qint64>& ids) {
    transcript_.setLeftOut(ids);
    viewport()->update();
}

void ConversationView::setPrefillProgress(double share) {
    prefill_ = share;
    viewport()->update();
}

void ConversationView::setPlaceholder(const QString& text) {
    placeholder_ = text;
    viewport()->update();
}

void ConversationView::setZoom(double factor) {
    const double bounded = qBound(kMinZoom, factor, kMaxZoom);
    if (!qFuzzyCompare(bounded, zoom_)) {
        zoom_ = bounded;
        restyle();
        Q_EMIT zoomChanged(zoom_);
    }
}

/// Begins and ends of answers are told to a screen reader, and the streaming mark blinks while there is one.
void ConversationView::stateSeen(int index, app::MessageState before) {
    const app::MessageItem& item = transcript_.item(index);
    if (isBusy(item.state)) {
        if (!isBusy(before)) {
            announce(tr("The assistant is answering"));
        }
        const int flash = QApplication::cursorFlashTime();
        caretOn_ = true;
        if (flash > 0 && !caretTimer_.isActive()) {
            caretTimer_.start(flash / 2, this);
        }
        return;
    }
    if (!isBusy(before)) {
        return;
    }
    if (said_.message == item.id) {
        unsaid_ = said_.unsaid.mid(said_.point).join(QString());
        said_ = {};
    }
    sayNewText(index, {});
    releaseHead();
    caretTimer_.stop();
    prefill_ = 0;
    announce(item.state == app::MessageState::failed        ? tr("The answer failed: %1").arg(item.error)
             : item.state == app::MessageState::interrupted ? tr("The answer was interrupted")
                                                            : tr("The answer is complete"));
}

bool ConversationView::tellsAccessibility() const {
    return accessibilitySink_ || QAccessible::isActive();
}

void ConversationView::tellAccessibility(QAccessibleEvent* event) {
    if (accessibilitySink_) {
        accessibilitySink_(event);
    }
    QAccessible::updateAccessibility(event);
}

void ConversationView::announce(const QString& text) {
    status_ = text;
    accessibleStatusChanged(this);
}

/// Speaks whole sentences of a streaming answer; an empty `text` ends it.
void ConversationView::sayNewText(int index, const QString& text) {
    if (!hasFocus() || !tellsAccessibility()) {
        unsaid_.clear();
        return;
    }
    unsaid_ += text;
    sayUnsaid(index, -1, text.isEmpty());
}

/// `block`: where the text ends, -1 at the message's end; `whole`: nothing more comes there.
void ConversationView::sayUnsaid(int index, int block, bool whole) {
    qsizetype end = whole ? unsaid_.size() : 0;
    for (qsizetype i = unsaid_.size() - 1; i > 0 && end == 0; --i) {
        const bool stop = QStringLiteral(".!?:;").contains(unsaid_[i - 1]) && unsaid_[i].isSpace();
        end = stop || unsaid_[i] == QLatin1Char('\n') ? i + 1 : 0;
    }
    if (end > 0) {
        accessibleTextInserted(this, index, block, unsaid_.left(end));
        unsaid_.remove(0, end);
    }
}

void ConversationView::updateScrollRange() {
    QScrollBar* bar = verticalScrollBar();
    adjusting_ = true;
    bar->setPageStep(viewport()->height() - theme_.lineHeight);
    bar->setRange(0, qMax(0, transcript_.totalHeight() - viewport()->height()));
    if (followTail_) {
        bar->setValue(qMin(bar->maximum(), followLimit()));
    }
    adjusting_ = false;
    lookForEnd();
}

void ConversationView::lookForEnd() {
    const QScrollBar* bar = verticalScrollBar();
    const bool now = bar->maximum() - bar->value() < 3 * theme_.lineHeight;
    if (now != atEnd_) {
        atEnd_ = now;
        Q_EMIT atEndChanged(now);
    }
}

void ConversationView::scrollToEnd() {
    followTail_ = true;
    held_ = 0;
    if (transcript_.count() > 0) {
        setCurrentMessage(transcript_.count() - 1, byKeyboard_);
    }
    followTail_ = true;
    updateScrollRange();
    viewport()->update();
}

void ConversationView::setScroll(int value) {
    adjusting_ = true;
    verticalScrollBar()->setValue(value);
    adjusting_ = false;
}

void ConversationView::scrollBy(int pixels) {
    verticalScrollBar()->setValue(verticalScrollBar()->value() + pixels);
}

void ConversationView::scrollContentsBy(int, int dy) {
    if (!adjusting_) {
        followTail_ = verticalScrollBar()->value() >= verticalScrollBar()->maximum();
        held_ = 0;
        if (kept_) {
            kept_->screenY += dy;
        }
    }
    lookForEnd();
    viewport()->update();
}

/// Lays out what is in sight. Guessed heights become known while this goes on; what a person reads stays
/// where it is.
void ConversationView::settle() {
    for (int round = 0; round < kMaxRounds && transcript_.count() > 0; ++round) {
        const int y = verticalScrollBar()->value();
        const int height = viewport()->height();
        const Anchor anchor = kept_ ? *kept_ : transcript_.anchorAt(y, height);
        const bool changed = transcript_.layOut(y, y + height);
        updateScrollRange();
        if (!followTail_) {
            setScroll(transcript_.scrollFor(anchor));
        }
        if (!changed && verticalScrollBar()->value() == y) {
            break;
        }
    }
    kept_.reset();
    const int top = verticalScrollBar()->value();
    transcript_.dropFarFrames(transcript_.messageAt(top), transcript_.messageAt(top + viewport()->height()));
}

void ConversationView::resizeEvent(QResizeEvent* event) {
    QAbstractScrollArea::resizeEvent(event);
    if (viewport()->width() != laidOutWidth_) {
        const Anchor anchor = transcript_.anchorAt(verticalScrollBar()->value(), event->oldSize().height());
        laidOutWidth_ = viewport()->width();
        transcript_.setWidth(laidOutWidth_);
        updateScrollRange();
        if (!followTail_) {
            setScroll(transcript_.scrollForShare(anchor));
        }
    }
    updateScrollRange();
    viewport()->update();
}

void ConversationView::changeEvent(QEvent* event) {
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange ||
        event->type() == QEvent::StyleChange) {
        restyle();
    }
}

Marks ConversationView::marksFor(int message, int block) {
    Marks marks;
    const auto [from, to] = selection();
    const TextPosition begin{message, block, 0};
    const TextPosition end{message, block, std::numeric_limits<int>::max()};
    if (hasSelection() && from < end && to > begin) {
        marks.selectionBegin = from > begin ? from.offset : 0;
        marks.selectionEnd = to < end ? to.offset : end.offset / 2;
    }
    if (finder_.isActive()) {
        marks.matches =
            finder_.matchesIn(message, block, plainText(transcript_.frame(message).body().block(block)));
    }
    return marks;
}

void ConversationView::paintMessage(QPainter& painter, int index, const QRect& clip) {
    MessageFrame& frame = transcript_.frame(index);
    MessageFrame::Look look;
    const bool current = index == current_ && hasFocus();
    look.focused = current && byKeyboard_;
    look.hovered = pointed_.message == index;
    std::optional<Control> focus;
    if (look.focused && focusControl_ >= 0) {
        const QVector<Control> controls = frame.controls();
        focus = focusControl_ < controls.size() ? std::optional(controls[focusControl_]) : std::nullopt;
    }
    look.focus = focus ? &*focus : nullptr;
    look.pointed = pointed_.message == index && pointed_.control ? &*pointed_.control : nullptr;
    look.copied = copied_.message == index && copied_.control ? &*copied_.control : nullptr;
    look.prefill = prefill_;
    look.caret = caretOn_;
    look.marks = [this, index](int block) { return marksFor(index, block); };
    const QPoint origin(0, transcript_.top(index) - verticalScrollBar()->value());
    if (frame.paint(painter, origin, clip, look)) {
        viewport()->update();
    }
}

void ConversationView::paintEvent(QPaintEvent* event) {
    settle();
    QPainter painter(viewport());
    painter.fillRect(event->rect(), theme_.background);
    if (transcript_.count() == 0) {
        painter.setFont(theme_.body);
        painter.setPen(theme_.muted);
        const int margin = qMax(theme_.px(24), (viewport()->width() - theme_.px(520)) / 2);
        painter.drawText(viewport()->rect().adjusted(margin, 0, -margin, 0),
                         Qt::AlignCenter | Qt::TextWordWrap, placeholder_);
        return;
    }
    const int y = verticalScrollBar()->value();
    const int bottom = y + viewport()->height();
    for (int i = transcript_.messageAt(y); i < transcript_.count() && transcript_.top(i) < bottom; ++i) {
        paintMessage(painter, i, viewport()->rect());
    }
}

void ConversationView::timerEvent(QTimerEvent* event) {
    if (event->timerId() == caretTimer_.timerId()) {
        caretOn_ = !caretOn_;
        viewport()->update();
    } else if (event->timerId() == copiedTimer_.timerId()) {
        copiedTimer_.stop();
        copied_ = {};
        viewport()->update();
    } else if (event->timerId() == dragTimer_.timerId()) {
        dragTo(dragPoint_);
    } else if (event->timerId() == countTimer_.timerId()) {
        if (finder_.count(kCountSlice)) {
            countTimer_.stop();
        }
        Q_EMIT matchesChanged(finder_.currentNumber(), finder_.total());
    } else {
        QAbstractScrollArea::timerEvent(event);
    }
}

bool ConversationView::find(const QString& text, bool forward) {
    const bool fresh = text != finder_.text();
    finder_.start(text);
    viewport()->update();
    if (text.isEmpty()) {
        countTimer_.stop();
        Q_EMIT matchesChanged(0, 0);
        return false;
    }
    TextPosition from = finder_.current().begin;
    if (fresh || !from.isValid()) {
        // From what is in sight; typing another letter stays at the place that still fits.
        const int first = transcript_.messageAt(verticalScrollBar()->value());
        from = {qMax(0, first), 0, forward ? -1 : 0};
    }
    const Finder::Place place = finder_.next(from, forward);
    countTimer_.start(0, this);
    if (!place.isValid()) {
        return false;
    }
    followTail_ = false;
    settle();
    ensureVisible(transcript_.caretRect(place.begin), viewport()->height() / 4);
    return true;
}

void ConversationView::ensureVisible(const QRect& rect, int margin) {
    const int y = verticalScrollBar()->value();
    const int height = viewport()->height();
    updateScrollRange();
    if (rect.top() - margin < y) {
        verticalScrollBar()->setValue(rect.top() - margin);
    } else if (rect.bottom() + margin > y + height) {
        verticalScrollBar()->setValue(qMin(rect.top() - margin, rect.bottom() + margin - height));
    }
}

void ConversationView::scrollToMessage(qint64 id) {
    const int index = transcript_.indexOf(id);
    if (index < 0) {
        return;
    }
    followTail_ = false;
    transcript_.frame(index);
    updateScrollRange();
    verticalScrollBar()->setValue(transcript_.top(index) - theme_.px(12));
    setCurrentMessage(index, byKeyboard_);
}

QRect ConversationView::messageRect(int index) {
    return QRect(0, transcript_.top(index) - verticalScrollBar()->value(), viewport()->width(),
                 transcript_.height(index));
}

QPair<TextPosition, TextPosition> ConversationView::selection() const {
    return {qMin(selectionAnchor_, caret_), qMax(selectionAnchor_, caret_)};
}

void ConversationView::select(const TextPosition& from, const TextPosition& to) {
    selectionAnchor_ = from;
    caret_ = to;
    Q_EMIT selectionChanged();
    viewport()->update();
}

void ConversationView::selectAll() {
    if (transcript_.count() > 0) {
        select({0, 0, 0}, endOf(transcript_, transcript_.count() - 1));
    }
}

QString ConversationView::selectedText() const {
    const auto [from, to] = selection();
    // Reading a message out of sight fills the transcript's spare document: no change that could be seen.
    return hasSelection() ? textBetween(const_cast<Transcript&>(transcript_), from, to) : QString();
}

void ConversationView::copy() {
    if (hasSelection()) {
        copyText(selectedText(), std::nullopt, -1);
    } else if (current_ >= 0 && current_ < transcript_.count()) {
        copyText(shownText(transcript_.item(current_)), Control{Control::Kind::copy, -1, -1, {}}, current_);
    }
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The composer. GUI thread.
#include "ui/window/composer.h"

#include <cmath>

#include <QAbstractTextDocumentLayout>
#include <QFrame>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QStyle>
#include <QTextBlock>
#include <QTimer>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/window/answer_mode_button.h"
#include "ui/window/attachment_strip.h"
#include "ui/window/drop_overlay.h"
#include "ui/window/icons.h"

namespace tendril::ui {

namespace {
constexpr int kPauseMs = 250;
constexpr int kLongestMs = 1000;
}  // namespace

ComposerEdit::ComposerEdit(QWidget* parent) : TextEdit(parent) {
    setTabChangesFocus(true);
    setFrameShape(QFrame::NoFrame);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setLineWrapMode(QPlainTextEdit::WidgetWidth);
    viewport()->setAutoFillBackground(false);
    document()->setDocumentMargin(4);
    connect(document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, this,
            &ComposerEdit::fitHeight);
    connect(document(), &QTextDocument::contentsChanged, this, [this] { yieldUndo_ = false; });
    fitHeight();
}

void ComposerEdit::setMaximumLines(int lines) {
    maximumLines_ = std::max(1, lines);
    fitHeight();
}

void ComposerEdit::fitHeight() {
    // The layout of a QPlainTextEdit measures its height in lines.
    const int lines = std::max(1, static_cast<int>(document()->documentLayout()->documentSize().height()));
    const int shown = std::min(lines, maximumLines_);
    setVerticalScrollBarPolicy(lines > shown ? Qt::ScrollBarAsNeeded : Qt::ScrollBarAlwaysOff);
    const int height = static_cast<int>(std::ceil(QFontMetricsF(font()).lineSpacing() * shown +
                                                  2 * document()->documentMargin())) +
                       2 * frameWidth();
    if (height != minimumHeight() || height != maximumHeight()) {
        setFixedHeight(height);
    }
}

bool ComposerEdit::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Escape && key->modifiers() == Qt::NoModifier && escapeWanted_) {
            event->accept();
            return true;
        }
        if (key->matches(QKeySequence::Undo) && yieldUndo_) {
            event->ignore();
            return false;
        }
    }
    return QPlainTextEdit::event(event);
}

void ComposerEdit::keyPressEvent(QKeyEvent* event) {
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    const Qt::KeyboardModifiers modifiers = event->modifiers() & ~Qt::KeypadModifier;
    if (enter && modifiers == Qt::NoModifier) {
        if (!composing_) {
            Q_EMIT submitted();
        }
        return;
    }
    if (enter && modifiers == Qt::ShiftModifier) {
        // A paragraph of its own, not a line separator (U+2028), which would travel to the model.
        textCursor().insertBlock();
        ensureCursorVisible();
        return;
    }
    if (event->key() == Qt::Key_Up && modifiers == Qt::NoModifier && document()->isEmpty()) {
        Q_EMIT upInEmpty();
        return;
    }
    if (event->key() == Qt::Key_Escape && escapeWanted_) {
        Q_EMIT escaped();
        return;
    }
    QPlainTextEdit::keyPressEvent(event);
}

void ComposerEdit::inputMethodEvent(QInputMethodEvent* event) {
    composing_ = !event->preeditString().isEmpty();
    QPlainTextEdit::inputMethodEvent(event);
}

void ComposerEdit::focusInEvent(QFocusEvent* event) {
    QPlainTextEdit::focusInEvent(event);
    Q_EMIT focusMoved(true);
}

void ComposerEdit::focusOutEvent(QFocusEvent* event) {
    composing_ = false;
    QPlainTextEdit::focusOutEvent(event);
    Q_EMIT focusMoved(false);
}

void ComposerEdit::resizeEvent(QResizeEvent* event) {
    QPlainTextEdit::resizeEvent(event);
    fitHeight();
    fitHint();
}

/// The hint has one line only: where the long one would be cut, a short one stands.
void ComposerEdit::fitHint() {
    const QString full = tr("Write a message… (Shift+Enter breaks the line)");
    const int room = viewport()->width() - 2 * qRound(document()->documentMargin());
    setPlaceholderText(fontMetrics().horizontalAdvance(full) <= room ? full : tr("Write a message…"));
}

void ComposerEdit::changeEvent(QEvent* event) {
    QPlainTextEdit::changeEvent(event);
    if (event->type() == QEvent::FontChange) {
        fitHeight();
        fitHint();
    }
}

bool ComposerEdit::canInsertFromMimeData(const QMimeData* source) const {
    return !documentFilesIn(source).isEmpty() ||
           (!source->hasUrls() && QPlainTextEdit::canInsertFromMimeData(source));
}

void ComposerEdit::insertFromMimeData(const QMimeData* source) {
    if (const QStringList files = documentFilesIn(source); !files.isEmpty()) {
        Q_EMIT filesPasted(files);
    } else {
        TextEdit::insertFromMimeData(source);
    }
}

Composer::Composer(QWidget* parent)
    : QWidget(parent),
      frame_(new QFrame(this)),
      editBar_(new QWidget(frame_)),
      editLabel_(new QLabel(editBar_)),
      planBar_(new QWidget(frame_)),
      planLabel_(new QLabel(planBar_)),
      strip_(new AttachmentStrip(frame_)),
      clip_(new QToolButton(frame_)),
      edit_(new ComposerEdit(frame_)),
      mode_(new AnswerModeButton(frame_)),
      button_(new QToolButton(frame_)),
      draftTimer_(new QTimer(this)),
      draftLimit_(new QTimer(this)) {
    frame_->setObjectName(QStringLiteral("composerFrame"));
    edit_->setObjectName(QStringLiteral("composerEdit"));
    edit_->setAccessibleName(tr("Your message"));
    edit_->setAccessibleDescription(tr("Enter sends, Shift and Enter break the line"));
    button_->setObjectName(QStringLiteral("sendButton"));
    button_->setIconSize(QSize(20, 20));
    button_->setFixedSize(36, 36);
    mode_->setFixedHeight(36);
    editLabel_->setText(tr("Editing your message; the answer to it will be made anew."));
    editLabel_->setProperty("muted", true);
    auto* cancel = new QPushButton(tr("Cancel"), editBar_);
    cancel->setProperty("link", true);
    cancel->setAccessibleName(tr("Cancel editing"));

    auto* editRow = new QHBoxLayout(editBar_);
    editRow->setContentsMargins(6, 0, 0, 0);
    editRow->addWidget(editLabel_, 1);
    editRow->addWidget(cancel);
    editBar_->hide();
    buildPlanBar();
    clip_->setObjectName(QStringLiteral("attachButton"));
    clip_->setIcon(icon(QStringLiteral("attach"), IconColor::muted));
    clip_->setIconSize(QSize(20, 20));
    clip_->setFixedSize(36, 36);
    clip_->setFocusPolicy(Qt::StrongFocus);
    clip_->setAccessibleName(tr("Attach documents"));
    clip_->setToolTip(tr("Attach documents (Ctrl+Shift+A): texts, source files, PDF"));

    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(clip_, 0, Qt::AlignBottom);
    row->addWidget(edit_, 1, Qt::AlignVCenter);
    row->addWidget(mode_, 0, Qt::AlignBottom);
    row->addWidget(button_, 0, Qt::AlignBottom);
    auto* inside = new QVBoxLayout(frame_);
    inside->setContentsMargins(10, 6, 6, 6);
    inside->setSpacing(4);
    inside->addWidget(editBar_);
    inside->addWidget(planBar_);
    inside->addWidget(strip_);
    inside->addLayout(row);
    auto* outside = new QVBoxLayout(this);
    outside->setContentsMargins(0, 0, 0, 0);
    outside->addWidget(frame_);

    const QList<QWidget*> order{cancel, planDetails_, clip_, edit_, mode_, button_};
    for (qsizetype i = 1; i < order.size(); ++i) {
        setTabOrder(order[i - 1], order[i]);
    }

    draftTimer_->setSingleShot(true);
    draftTimer_->setInterval(kPauseMs);
    draftLimit_->setSingleShot(true);
    draftLimit_->setInterval(kLongestMs);
    connect(draftTimer_, &QTimer::timeout, this, &Composer::tellDraft);
    connect(draftLimit_, &QTimer::timeout, this, &Composer::tellDraft);
    connect(edit_, &QPlainTextEdit::textChanged, this, [this] {
        updateButton();
        if (!replacing_ && !editing()) {
            draftTimer_->start();
            if (!draftLimit_->isActive()) {
                draftLimit_->start();
            }
        }
    });
    connect(edit_, &ComposerEdit::submitted, this, &Composer::submit);
    connect(edit_, &ComposerEdit::escaped, this, &Composer::cancelEdit);
    connect(edit_, &ComposerEdit::filesPasted, this, &Composer::filesPasted);
    connect(edit_, &ComposerEdit::upInEmpty, this, &Composer::editLastRequested);
    connect(edit_, &ComposerEdit::focusMoved, this, &Composer::setFrameFocus);
    connect(clip_, &QToolButton::clicked, this, &Composer::attachRequested);
    connect(strip_, &AttachmentStrip::removeRequested, this, &Composer::attachmentRemoved);
    connect(strip_, &AttachmentStrip::choiceRequested, this, &Composer::attachmentChosen);
    connect(strip_, &AttachmentStrip::focusLeft, this, &Composer::focusEditor);
    connect(mode_, &AnswerModeButton::chosen, this, &Composer::answerModeChosen);
    connect(cancel, &QPushButton::clicked, this, &Composer::cancelEdit);
    connect(button_, &QToolButton::clicked, this, [this] {
        if (generating_) {
            Q_EMIT stopRequested();
        } else {
            submit();
        }
    });
    updateButton();
}

QString Composer::text() const {
    return edit_->toPlainText();
}

void Composer::replaceText(const QString& text) {
    replacing_ = true;
    edit_->setPlainText(text);
    edit_->moveCursor(QTextCursor::End);
    replacing_ = false;
    updateButton();
}

void Composer::setDraft(const QString& text) {
    endEdit();
    draftTimer_->stop();
    draftLimit_->stop();
    replaceText(text);
}

void Composer::buildPlanBar() {
    planLabel_->setObjectName(QStringLiteral("plannedLine"));
    planLabel_->setTextFormat(Qt::PlainText);
    planLabel_->setWordWrap(true);
    planLabel_->setProperty("muted", true);
    planDetails_ = new QPushButton(tr("Details"), planBar_);
    planDetails_->setObjectName(QStringLiteral("plannedDetails"));
    planDetails_->setProperty("link", true);
    planDetails_->setAccessibleName(tr("What becomes shorter when this is sent"));
    strip_->setPredecessor(planDetails_);
    auto* row = new QHBoxLayout(planBar_);
    row->setContentsMargins(6, 0, 0, 0);
    row->addWidget(planLabel_, 1);
    row->addWidget(planDetails_);
    planBar_->hide();
    connect(planDetails_, &QPushButton::clicked, this, &Composer::plannedRequested);
}

void Composer::setAttachments(const QVector<app::AttachmentItem>& documents) {
    documents_ = documents;
    updateDocuments();
}

/// While a sent message is edited, the draft's documents wait with the draft.
void Composer::updateDocuments() {
    strip_->setItems(editing() ? QVector<app::AttachmentItem>() : documents_);
    clip_->setEnabled(!editing());
    planBar_->setVisible(!editing() && !planLabel_->text().isEmpty());
}

void Composer::setPlanned(const QString& text) {
    planLabel_->setText(text);
    updateDocuments();
}

void Composer::focusAttachments() {
    strip_->focusFirst();
}

void Composer::sendRefused(const QString& text) {
    if (!editing() && !sent_.isEmpty() && text == sent_ && this->text().isEmpty()) {
        setDraft(text);
    }
    sent_.clear();
}

void Composer::tellDraft() {
    draftTimer_->stop();
    draftLimit_->stop();
    Q_EMIT draftChanged(editing() ? keptDraft_ : text());
}

void Composer::flushDraft() {
    if (draftTimer_->isActive()) {
        tellDraft();
    }
}

void Composer::setGenerating(bool generating) {
    if (generating_ != generating) {
        generating_ = generating;
        updateButton();
    }
}

void Composer::setBlocked(const QString& reason) {
    blocked_ = reason;
    updateButton();
}

void Composer::beginEdit(qint64 message, const QString& text) {
    flushDraft();
    if (!editing()) {
        keptDraft_ = this->text();
    }
    editing_ = message;
    edit_->setEscapeWanted(true);
    editBar_->show();
    updateDocuments();
    replaceText(text);
    focusEditor();
}

void Composer::endEdit() {
    editing_ = 0;
    keptDraft_.clear();
    edit_->setEscapeWanted(false);
    editBar_->hide();
    updateDocuments();
}

void Composer::cancelEdit() {
    if (editing()) {
        const QString draft = keptDraft_;
        endEdit();
        replaceText(draft);
        focusEditor();
    }
}

void Composer::yieldUndo(bool yield) {
    edit_->yieldUndo(yield);
}

void Composer::focusEditor() {
    edit_->setFocus(Qt::OtherFocusReason);
}

void Composer::setAnswerMode(app::AnswerMode mode) {
    mode_->setMode(mode);
}

void Composer::openAnswerModes() {
    mode_->setFocus(Qt::ShortcutFocusReason);
    mode_->showMenu();
}

void Composer::submit() {
    const QString written = text();
    if (written.trimmed().isEmpty()) {
        return;
    }
    if (generating_) {
        Q_EMIT hint(tr("The answer is still being written. Esc stops it."));
        return;
    }
    if (!blocked_.isEmpty()) {
        Q_EMIT hint(blocked_);
        return;
    }
    if (editing()) {
        const qint64 message = editing_;
        const QString draft = keptDraft_;
        endEdit();
        replaceText(draft);
        Q_EMIT editSubmitted(message, written);
        return;
    }
    for (const app::AttachmentItem& document : std::as_const(documents_)) {
        if (!document.error.isEmpty()) {
            Q_EMIT hint(tr("%1 cannot be used. Remove it first.").arg(document.name));
            focusAttachments();
            return;
        }
        if (document.progress < 1 && document.tokens == 0) {
            Q_EMIT hint(tr("%1 is still being read.").arg(document.name));
            return;
        }
    }
    draftTimer_->stop();
    draftLimit_->stop();
    replaceText(QString());
    sent_ = written;
    Q_EMIT sendRequested(written);
}

void Composer::updateButton() {
    const bool canSend = blocked_.isEmpty() && !text().trimmed().isEmpty();
    button_->setIcon(
        icon(generating_ ? QStringLiteral("stop") : QStringLiteral("send"), IconColor::onAccent));
    button_->setEnabled(generating_ || canSend);
    const QString name = generating_ ? tr("Stop the answer") : tr("Send");
    button_->setAccessibleName(name);
    button_->setToolTip(generating_          ? tr("Stop the answer (Esc)")
                        : blocked_.isEmpty() ? tr("Send (Enter)")
                                             : blocked_);
}

void Composer::setFrameFocus(bool focused) {
    frame_->setProperty("focused", focused);
    frame_->style()->unpolish(frame_);
    frame_->style()->polish(frame_);
}

}  // namespace tendril::ui

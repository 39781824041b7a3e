// SPDX-License-Identifier: Apache-2.0
// Where a person writes: a growing editor, send and stop. GUI thread; owned by the main window. Decides
// nothing about chats: it says what was asked for.
#pragma once

#include <QWidget>

#include "app/chat_types.h"
#include "ui/window/text_edit.h"

class QFrame;
class QLabel;
class QPushButton;
class QTimer;
class QToolButton;

namespace tendril::ui {

/// The editor itself: grows with its text up to a share of the window, sends on Enter (never while an input
/// method composes).
class ComposerEdit final : public TextEdit {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ComposerEdit)

  public:
    explicit ComposerEdit(QWidget* parent = nullptr);

    void setMaximumLines(int lines);
    void setEscapeWanted(bool wanted) { escapeWanted_ = wanted; }
    /// True: Ctrl+Z belongs to the window ("undo the deletion") until the text is edited again.
    void yieldUndo(bool yield) { yieldUndo_ = yield; }

  Q_SIGNALS:
    void submitted();
    void upInEmpty();
    void escaped();
    void filesPasted(const QStringList& paths);
    void focusMoved(bool inside);

  protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void inputMethodEvent(QInputMethodEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool canInsertFromMimeData(const QMimeData* source) const override;
    void insertFromMimeData(const QMimeData* source) override;

  private:
    void fitHeight();
    void fitHint();

    int maximumLines_ = 10;
    bool composing_ = false;
    bool escapeWanted_ = false;
    bool yieldUndo_ = false;
};

class AnswerModeButton;
class AttachmentStrip;

class Composer final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Composer)

  public:
    explicit Composer(QWidget* parent = nullptr);

    QString text() const;
    void setDraft(const QString& text);  ///< without saving it again
    /// The conversation is shown with this draft: when it is what was sent last, it could not be sent.
    void sendRefused(const QString& text);
    void flushDraft();  ///< saves now what waits to be saved
    void setAttachments(const QVector<app::AttachmentItem>& documents);
    /// What would become shorter if the draft were sent now, in a line; empty: nothing.
    void setPlanned(const QString& text);
    void focusAttachments();
    void setGenerating(bool generating);
    /// Why nothing can be sent now ("Choose a model first"); empty: it can.
    void setBlocked(const QString& reason);
    void beginEdit(qint64 message,
                   const QString& text);  ///< the next Enter edits that message; the draft waits
    void cancelEdit();
    bool editing() const { return editing_ != 0; }
    void yieldUndo(bool yield);
    void focusEditor();
    void setAnswerMode(tendril::app::AnswerMode mode);
    void openAnswerModes();  ///< the switch's menu, by key

  Q_SIGNALS:
    void sendRequested(const QString& text);
    void editSubmitted(qint64 message, const QString& text);
    void stopRequested();
    /// At each pause in typing, and once a second while it goes on; at once for files.
    void draftChanged(const QString& text);
    void filesPasted(const QStringList& paths);
    void attachRequested();
    void attachmentRemoved(qint64 document);
    void attachmentChosen(qint64 document, tendril::app::AttachmentChoice choice);
    void plannedRequested();  ///< the line about what becomes shorter was pressed
    void editLastRequested();
    void hint(const QString& text);  ///< why Enter did nothing
    void answerModeChosen(tendril::app::AnswerMode mode);

  private:
    void submit();
    void tellDraft();
    void endEdit();
    void replaceText(const QString& text);
    void updateButton();
    void updateDocuments();
    void buildPlanBar();
    void setFrameFocus(bool focused);

    QFrame* frame_;
    QWidget* editBar_;
    QLabel* editLabel_;
    QWidget* planBar_;
    QLabel* planLabel_;
    QPushButton* planDetails_ = nullptr;
    AttachmentStrip* strip_;
    QToolButton* clip_;
    ComposerEdit* edit_;
    AnswerModeButton* mode_;
    QToolButton* button_;
    QTimer* draftTimer_;  ///< runs while the pause in typing lasts
    QTimer* draftLimit_;  ///< runs while something is typed that was not told
    QString blocked_;
    QString keptDraft_;
    QString sent_;  ///< what was sent last, while it may still come back
    QVector<app::AttachmentItem> documents_;
    qint64 editing_ = 0;
    bool generating_ = false;
    bool replacing_ = false;
};

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The open conversation: shows messages, streams into them, lets a person read, select, find, copy and act by
// mouse, keyboard or screen reader. Only what is in sight is laid out; the place that is read never moves by
// itself. Loads nothing. GUI thread, owned by the window.
#pragma once

#include <functional>
#include <optional>

#include <QAbstractScrollArea>
#include <QBasicTimer>
#include <QUrl>

#include "app/chat_types.h"
#include "ui/conversation/finder.h"
#include "ui/conversation/points.h"
#include "ui/conversation/transcript.h"
#include "ui/conversation/view_theme.h"

class QAccessibleEvent;
class QMenu;

namespace tendril::ui {

class ConversationView final : public QAbstractScrollArea {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ConversationView)

  public:
    explicit ConversationView(QWidget* parent = nullptr);
    ~ConversationView() override;

    void setMessages(const QVector<app::MessageItem>& messages);  ///< another conversation: shows its end
    void appendMessage(const app::MessageItem& message);
    void updateMessage(const app::MessageItem& message);
    void appendText(qint64 id, const QString& text);
    /// How an answer is written: its headings show at once, its points fill in place.
    void setExpansion(qint64 id, const app::ExpansionItem& expansion);
    void appendPointText(qint64 id, int point, const QString& text);
    void setLeftOut(const QVector<qint64>& ids);
    /// Where the model's memory was shortened, of all messages.
    void setMemoryMarks(const QVector<app::MemoryMarkItem>& marks);
    void setPrefillProgress(double share);     ///< 0 to 1, of the message that waits
    void setPlaceholder(const QString& text);  ///< shown while there is no message
    void clear();

    /// Marks `text` everywhere and goes to the next place from here; false when there is none. Empty ends the
    /// search.
    bool find(const QString& text, bool forward = true);
    QString selectedText() const;          ///< see textBetween()
    QString textOf(qint64 message) const;  ///< as it stands now, points included
    bool hasSelection() const { return selectionAnchor_.isValid() && selectionAnchor_ != caret_; }
    void selectAll();
    void copy();  ///< the selection, else the current message
    void scrollToMessage(qint64 id);
    void scrollToEnd();  ///< and stays there while an answer grows
    bool isAtEnd() const { return atEnd_; }
    void setZoom(double factor);  ///< of the fonts, 0.5 to 4
    double zoom() const { return zoom_; }
    /// Called instead of QDesktopServices once a person has agreed to open an address; for tests.
    void setLinkOpener(std::function<void(const QUrl&)> opener) { openLink_ = std::move(opener); }

    /// Told of changes besides Qt's accessibility, which is silent while no screen reader runs; for tests.
    void setAccessibilitySink(std::function<void(QAccessibleEvent*)> sink) {
        accessibilitySink_ = std::move(sink);
    }
    bool tellsAccessibility() const;
    void tellAccessibility(QAccessibleEvent* event);

    int currentMessage() const { return current_; }  ///< index, -1 = none
    void setCurrentMessage(int index, bool byKeyboard = true);
    bool followsTail() const { return followTail_; }
    void activate(int message, const Control& control);
    Transcript& transcript() { return transcript_; }  ///< for the accessible tree and tests
    TextPosition caret() const { return caret_; }
    void select(const TextPosition& from, const TextPosition& to);
    QPair<TextPosition, TextPosition> selection() const;  ///< in reading order
    QString statusText() const { return status_; }        ///< what a screen reader was told last
    QRect messageRect(int index);                         ///< in the viewport
    void ensureVisible(const QRect& rect, int margin);    ///< in the transcript's coordinates

  Q_SIGNALS:
    void retryRequested(qint64 id);
    void retryNormallyRequested(qint64 id);
    void editRequested(qint64 id);
    void continueRequested(qint64 id);
    void versionRequested(qint64 id, int version);
    void memoryRequested(qint64 id, tendril::app::MessageMemory memory);
    void restoreRequested(qint64 mark);           ///< the full text in the place of a shortened one
    void linkActivated(const QString& address);   ///< the view asks by itself before it opens anything
    void matchesChanged(int current, int total);  ///< from 1; total is -1 while it is counted
    void zoomChanged(double factor);
    void copied();
    void selectionChanged();
    void atEndChanged(bool atEnd);  ///< whether the newest lines are in sight

  protected:
    bool event(QEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void changeEvent(QEvent* event) override;
    void timerEvent(QTimerEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool focusNextPrevChild(bool next) override;

  private:
    struct Spot {
        int message = -1;
        std::optional<Control> control;
    };
    // conversation_view.cpp
    void restyle();
    void settle();
    void updateScrollRange();
    void lookForEnd();
    void scrollBy(int pixels);
    void setScroll(int value);
    void paintMessage(QPainter& painter, int index, const QRect& clip);
    Marks marksFor(int message, int block);
    void announce(const QString& text);
    void sayNewText(int index, const QString& text);
    void sayUnsaid(int index, int block, bool whole);
    void stateSeen(int index, app::MessageState before);
    // conversation_points.cpp
    bool changeBlocks(const std::function<Transcript::Change()>& make);
    void pointsSeen(int index, bool grew, qsizetype written);
    void moveAlong(const Transcript::Change& change);
    Anchor readingAnchor();
    int followLimit() const;
    void releaseHead();
    void sayPoints(int index, int point, const QString& text);
    void sayPoint(int index, int point, bool whole);
    void showDetails(int message);
    // conversation_memory.cpp
    void activateNote(int message, const Control& control);
    void showText(const QString& title, const QString& about, const QString& text, const QString& mark);
    // conversation_mouse.cpp
    Spot spotAt(const QPoint& viewportPoint);
    void setPointed(const Spot& spot);
    void dragTo(const QPoint& viewportPoint);
    BlockLayout* wideBlockAt(const QPoint& viewportPoint);
    bool grabSidewaysBar(const QPoint& viewportPoint);
    void askToOpen(const QString& address);
    void copyText(const QString& text, std::optional<Control> control, int message);
    // conversation_keys.cpp
    bool actionKey(QKeyEvent* event);
    bool moveKey(QKeyEvent* event);
    bool selectKey(QKeyEvent* event);
    bool zoomKey(QKeyEvent* event);
    TextPosition moved(const TextPosition& from, int key, bool word);
    void stepMessage(int by);
    bool stepSideways(int by);
    void showCaretSideways();
    bool press(int message, Control::Kind kind);
    void fillMenu(QMenu& menu, int message, const std::optional<Control>& control);

    double zoom_ = 1;
    ViewTheme theme_;
    Transcript transcript_{theme_};
    Finder finder_{transcript_};
    QString placeholder_;
    int laidOutWidth_ = 0;
    bool followTail_ = true;
    qint64 held_ = 0;             ///< the message whose beginning stays in sight while the end is followed
    std::optional<Anchor> kept_;  ///< what stays in place when the changes since the last frame are laid out
    bool atEnd_ = true;
    bool adjusting_ = false;  ///< the scroll bar moves because heights changed, not because a person did it
    double prefill_ = 0;
    int current_ = -1;
    bool byKeyboard_ = false;  ///< the current message shows its ring
    int focusControl_ = -1;    ///< index into the current message's controls; -1 = the message itself
    Spot pointed_, pressed_;
    Spot copied_;  ///< shows its tick
    TextPosition selectionAnchor_, caret_;
    TextPosition wordBegin_, wordEnd_;  ///< of the double click that a drag extends
    Spot sideways_;                     ///< the wide block whose bar is dragged, as a copyCode control
    int sidewaysX_ = 0;
    bool selecting_ = false;
    bool byWords_ = false;
    QPoint dragPoint_;
    QBasicTimer dragTimer_, caretTimer_, copiedTimer_, countTimer_;
    bool caretOn_ = true;
    QString status_;
    QString unsaid_;  ///< streamed text that does not make a sentence yet
    SpokenPoints said_;
    std::function<void(const QUrl&)> openLink_;
    std::function<void(QAccessibleEvent*)> accessibilitySink_;
};

}  // namespace tendril::ui

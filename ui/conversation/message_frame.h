// SPDX-License-Identifier: Apache-2.0
// One message as it stands in the column: who speaks, its Markdown, its state, and the controls that belong
// to it. Made when the message comes into sight. Coordinates are the message's own, x from the viewport's
// left edge. GUI thread, owned by the Transcript.
#pragma once

#include <optional>

#include <QCoreApplication>
#include <QPainter>
#include <QSet>
#include <QString>
#include <QVector>

#include "app/chat_types.h"
#include "ui/conversation/message_body.h"

namespace tendril::ui {

/// Something in a message that can be pressed.
struct Control {
    enum class Kind {
        previousVersion,
        nextVersion,
        link,
        copyCode,
        resume,
        details,  ///< how the answer was made
        retryNormally,
        retry,
        edit,
        pin,      ///< always given to the model in full, or no longer
        exclude,  ///< never given to the model, or again
        copy,
        sources,     ///< shows or hides the list of sources
        source,      ///< one of them
        markText,    ///< shows or hides what the model has in the place of old turns
        markAll,     ///< all of it, when it is long
        restoreText  ///< the model gets the full text again
    };
    Kind kind = Kind::copy;
    int block = -1;  ///< of link and copyCode
    int link = -1;   ///< which of the block's links, of the sources, of the marks
    QString name;    ///< for tool tips and screen readers
    bool operator==(const Control& other) const {
        return kind == other.kind && block == other.block && link == other.link;
    }
};

/// What is shown with a message besides the message itself.
struct MessageExtras {
    QVector<app::MemoryMarkItem> marks;  ///< lines behind it
    bool sourcesOpen = false;
    QSet<qint64> marksOpen;  ///< by their ids
};
constexpr int kMarkTextShown = 1'500;  ///< characters in place; all of them are in a dialog

/// The controls that stand around the text.
QVector<Control> ownControls(const app::MessageItem& item, const MessageExtras& extras);
/// Every control of a message, in the order of the Tab key. Needs no layout, so that a screen reader can be
/// told of messages out of sight.
QVector<Control> controlsOf(const app::MessageItem& item, const MessageExtras& extras,
                            const markup::Sections& document);
/// The addresses of a block's links, in the order in which BlockLayout::linkAt counts them.
QStringList linksOf(const markup::Block& block);
/// "You", "Assistant", "System".
QString roleName(app::MessageRole role);
/// Why the answer ends early, as far as it is known.
QString interruptedText(const app::MessageItem& item);

class MessageFrame {
    Q_DECLARE_TR_FUNCTIONS(tendril::ui::MessageFrame)
    Q_DISABLE_COPY_MOVE(MessageFrame)

  public:
    struct Look {
        bool focused = false;  ///< the keyboard's message: a ring, and its actions are shown
        bool hovered = false;
        const Control* focus = nullptr;    ///< the control that the keyboard is on
        const Control* pointed = nullptr;  ///< the control under the pointer
        const Control* copied = nullptr;   ///< shows a tick for a moment
        double prefill = 0;
        bool caret = false;  ///< the streaming mark is on (it blinks)
        MessageBody::MarksOf marks;
    };

    MessageFrame(const app::MessageItem& item, const MessageExtras& extras, const ViewTheme& theme,
                 const SyntaxLibrary& syntaxes);

    void setWidth(int viewportWidth);
    /// A point's text (the item's own: section 0) has grown by this.
    markup::BlockChange append(std::size_t section, const QString& text);
    markup::BlockChange update();  ///< anything else of the item has changed

    int height() const;
    MessageBody& body() { return body_; }
    const MessageBody& body() const { return body_; }
    QPoint bodyOrigin() const { return bodyRect_.topLeft(); }
    bool layOut(int y0, int y1);  ///< see MessageBody
    bool paint(QPainter& painter, const QPoint& origin, const QRect& clip, const Look& look);

    QVector<Control> controls() const { return controlsOf(item_, extras_, body_.document()); }
    QRect controlRect(const Control& control);         ///< lays the control's block out
    QRect unfoldedRect(const Control& control) const;  ///< of sources and marks, what they show included
    /// The control at a point; nullopt = none. The actions at the foot are only there when they are shown.
    std::optional<Control> controlAt(const QPoint& point, bool actionsShown);
    int column() const { return column_; }

  private:
    struct MarkPlace {
        QRect line;
        QRect text;  ///< of no height while it is hidden
    };
    void place();
    int cardPadding() const { return isUser() ? theme_.px(14) : 0; }
    bool isUser() const { return item_.role == app::MessageRole::user; }
    QRect actionRect(Control::Kind kind) const;
    QString footText() const;
    void paintHead(QPainter& painter, const Look& look);
    void paintState(QPainter& painter, const Look& look);
    void paintFoot(QPainter& painter, const Look& look);
    void paintPoints(QPainter& painter, const Look& look, const QRect& clip);
    void paintPointSign(QPainter& painter, app::PointItem::State state, const QRectF& place) const;
    void paintButton(QPainter& painter, const Control& control, const Look& look);
    void paintBlockControls(QPainter& painter, const Look& look, const QRect& clip);
    bool isOnDemand(Control::Kind kind) const;
    // message_notes.cpp
    QString headText() const;
    int placeDocuments(int y);
    int placeSources(int y);
    int placeMarks(int y);
    QVector<Control::Kind> markButtons(const app::MemoryMarkItem& mark) const;
    int markButtonWidth(Control::Kind kind, const app::MemoryMarkItem& mark) const;
    int markLineHeight(const app::MemoryMarkItem& mark) const;
    int markTextHeight(const app::MemoryMarkItem& mark) const;
    QRect noteRect(const Control& control) const;
    void paintDocuments(QPainter& painter) const;
    void paintPressable(QPainter& painter, const Control& control, const Look& look, bool framed);
    void paintSources(QPainter& painter, const Look& look);
    void paintMarks(QPainter& painter, const Look& look);
    int stateHeight() const;
    QRectF endOfText(int block);

    const app::MessageItem& item_;
    const MessageExtras& extras_;
    const ViewTheme& theme_;
    MessageBody body_;
    int viewportWidth_ = 0;
    int left_ = 0;    ///< of the column
    int column_ = 0;  ///< its width
    QRect head_;
    QRect documents_;  ///< that the message came with
    QRect card_;       ///< behind a user's text
    QRect bodyRect_;
    QRect state_;  ///< waiting, failed, interrupted
    QRect sources_;
    QRect foot_;
    QVector<MarkPlace> marks_;
    int bottom_ = 0;        ///< of all of it
    QVector<Control> own_;  ///< ownControls()
    bool points_ = false;   ///< the body shows the item's points, one section each
};

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// All messages of the open conversation and where they stand. Heights are guesses until a message has been in
// sight; only the messages in sight and a few more are kept laid out. Knows nothing of widgets. GUI thread,
// owned by the view.
#pragma once

#include <memory>
#include <vector>

#include <QHash>
#include <QString>
#include <QVector>

#include "app/chat_types.h"
#include "ui/conversation/message_frame.h"
#include "ui/conversation/syntax_library.h"
#include "ui/conversation/view_theme.h"

namespace tendril::ui {

/// A place between two characters.
struct TextPosition {
    int message = -1;
    int block = 0;
    int offset = 0;  ///< in plainText(block)
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the comparison for a null pointer
    auto operator<=>(const TextPosition&) const = default;
    bool isValid() const { return message >= 0; }
};

/// A place that stays where it is on the screen while heights around it become known.
struct Anchor {
    int message = -1;
    int block = -1;
    int screenY = 0;  ///< of the block's top (of the message's, without a block), from the viewport's top
    qreal share = 0;  ///< how much of the block is above the viewport's top: for a new width
};

class Transcript {
    Q_DISABLE_COPY_MOVE(Transcript)

  public:
    explicit Transcript(const ViewTheme& theme);

    void set(const QVector<app::MessageItem>& items);
    void append(const app::MessageItem& item);
    /// Where something changed, and which blocks of what is laid out.
    struct Change {
        int message = -1;  ///< -1 when there is no such message
        markup::BlockChange blocks;
    };
    Change update(const app::MessageItem& item);
    int appendText(qint64 id, const QString& text);  ///< -1 as well
    /// How the answer is written; keeps the texts that its points have.
    Change setExpansion(qint64 id, const app::ExpansionItem& expansion);
    Change appendToPoint(qint64 id, int point, const QString& text);
    void setLeftOut(const QVector<qint64>& ids);
    Change setMarks(int i, const QVector<app::MemoryMarkItem>& marks);
    Change toggleSources(int i);
    Change toggleMark(int i, int mark);  ///< by its place among the message's marks
    void setWidth(int viewportWidth);
    void forgetLayouts();  ///< the theme has changed

    int count() const { return static_cast<int>(rows_.size()); }
    const app::MessageItem& item(int i) const { return rows_[static_cast<std::size_t>(i)]->item; }
    const MessageExtras& extras(int i) const { return rows_[static_cast<std::size_t>(i)]->extras; }
    /// Another number whenever the message's text or its points have changed.
    quint64 revision(int i) const { return rows_[static_cast<std::size_t>(i)]->revision; }
    int indexOf(qint64 id) const { return indices_.value(id, -1); }
    int totalHeight() const;
    int top(int i) const;
    int height(int i) const { return rows_[static_cast<std::size_t>(i)]->height; }
    int messageAt(int y) const;  ///< -1 when empty
    MessageFrame& frame(int i);  ///< made when it is not there
    bool hasFrame(int i) const { return rows_[static_cast<std::size_t>(i)]->frame != nullptr; }
    int frameCount() const;  ///< how many messages are kept laid out

    /// Lays out what stands between y0 and y1; true when that changed heights or places.
    bool layOut(int y0, int y1);
    void heightChanged(int i);
    void dropFarFrames(int first, int last);  ///< keeps a few beside those

    Anchor anchorAt(int y, int viewportHeight) const;
    Anchor anchorOf(int message, int block, int y) const;  ///< of a message that is laid out
    int scrollFor(const Anchor& anchor) const;             ///< keeps its screenY
    int scrollForShare(const Anchor& anchor);              ///< after a change of width

    TextPosition positionAt(int x, int y);
    QRect caretRect(const TextPosition& position);  ///< in the transcript's coordinates
    /// The blocks of a message, read anew when it is not laid out; valid until the next call.
    const markup::Sections& document(int i);

  private:
    struct Row {
        app::MessageItem item;
        MessageExtras extras;
        int height = 0;
        std::unique_ptr<MessageFrame> frame;
        quint64 used = 0;
        quint64 revision = 0;
    };

    Change remake(int index);
    Change refresh(int index);

    int guessedHeight(const app::MessageItem& item) const;
    void settleTops(int upTo) const;
    void dirtyFrom(int i);

    const ViewTheme& theme_;
    SyntaxLibrary syntaxes_;
    std::vector<std::unique_ptr<Row>> rows_;
    QHash<qint64, int> indices_;
    int width_ = 0;
    quint64 clock_ = 0;
    mutable std::vector<int> tops_;  ///< [row], and the end; valid below validTops_
    mutable int validTops_ = 0;
    markup::Sections spare_;  ///< of the message document() was last asked for
    quint64 spareRevision_ = 0;
    quint64 revisions_ = 0;
};

}  // namespace tendril::ui

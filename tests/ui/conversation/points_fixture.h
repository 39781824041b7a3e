// SPDX-License-Identifier: Apache-2.0
// Answers that grow in points, and where their headings stand in a shown view.
#pragma once

#include <memory>

#include <QEvent>

#include "tests/ui/conversation/view_fixture.h"

namespace tendril::ui {

inline app::ExpansionItem outlineOf(int points) {
    app::ExpansionItem out;
    out.skeleton = true;
    out.reasonKey = QStringLiteral("suits");
    out.predictedGain = 1.9;
    for (int i = 1; i <= points; ++i) {
        app::PointItem point;
        point.heading = QStringLiteral("**%1. Factor number %1**\n\n").arg(i);
        out.points.append(point);
    }
    return out;
}

inline app::ExpansionItem growing(app::ExpansionItem outline) {
    for (app::PointItem& point : outline.points) {
        point.state = app::PointItem::State::growing;
    }
    return outline;
}

/// As the worker joins them: points without text are left out.
inline QString stitched(const app::ExpansionItem& expansion) {
    QStringList parts;
    for (const app::PointItem& point : expansion.points) {
        if (!point.text.trimmed().isEmpty()) {
            parts.append((point.heading + point.text).trimmed());
        }
    }
    return parts.join(QStringLiteral("\n\n"));
}

inline app::MessageItem finished(int points) {
    app::MessageItem item = message(2, app::MessageRole::assistant, {});
    item.expansion = outlineOf(points);
    for (app::PointItem& point : item.expansion.points) {
        point.text = QStringLiteral("Some text.");
        point.state = app::PointItem::State::done;
        point.tokens = 81;
        point.ms = 2'500;
    }
    item.text = stitched(item.expansion);
    return item;
}

/// A question, and an answer (id 2) that waits.
inline std::unique_ptr<ConversationView> viewWithQuestion(int width = 900, int height = 700) {
    auto view = shownView(width, height);
    view->setMessages({message(1, app::MessageRole::user, QStringLiteral("What are the main factors?")),
                       message(2, app::MessageRole::assistant, {}, app::MessageState::waiting)});
    paint(*view);
    return view;
}

inline QString sentences(int count, int seed) {
    return QStringLiteral("Sentence number %1 goes on for some words so that it takes its room. ")
        .arg(seed)
        .repeated(count);
}

inline int headingBlock(ConversationView& view, int point) {
    return static_cast<int>(
        view.transcript().frame(1).body().document().begin_of(static_cast<std::size_t>(point)));
}

inline int headingY(ConversationView& view, int point) {
    // In one text the headings are found by their words.
    const MessageBody& body = view.transcript().frame(1).body();
    if (body.document().sections() > 1) {
        return blockY(view, 1, headingBlock(view, point));
    }
    for (int i = 0; i < body.blockCount(); ++i) {
        if (plainText(body.block(i)) == QStringLiteral("%1. Factor number %1").arg(point + 1)) {
            return blockY(view, 1, i);
        }
    }
    return -1;
}

/// As a person scrolls: step by step, seeing what is there.
inline void scrollHeadingTo(ConversationView& view, int point, int y) {
    for (int round = 0; round < 6; ++round) {
        QScrollBar* bar = view.verticalScrollBar();
        bar->setValue(bar->value() + headingY(view, point) - y);
        paint(view);
    }
}

inline int firstBlockInSight(ConversationView& view) {
    const MessageBody& body = view.transcript().frame(1).body();
    return body.blockAt(view.verticalScrollBar()->value() - view.transcript().top(1) -
                        view.transcript().frame(1).bodyOrigin().y());
}

/// Counts how often the view paints itself.
class PaintCounter : public QObject {
  public:
    explicit PaintCounter(ConversationView& view) { view.viewport()->installEventFilter(this); }
    int count() const { return count_; }

  protected:
    bool eventFilter(QObject* object, QEvent* event) override {
        count_ += event->type() == QEvent::Paint ? 1 : 0;
        return QObject::eventFilter(object, event);
    }

  private:
    int count_ = 0;
};

}  // namespace tendril::ui

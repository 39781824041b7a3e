// SPDX-License-Identifier: Apache-2.0
// A shown conversation view and the little that every test of it needs.
#pragma once

#include <memory>

#include <QApplication>
#include <QScrollBar>
#include <QTest>

#include "tests/ui/conversation/sample_conversation.h"
#include "ui/conversation/conversation_view.h"

namespace tendril::ui {

inline std::unique_ptr<ConversationView> shownView(int width = 900, int height = 700) {
    auto view = std::make_unique<ConversationView>();
    view->resize(width, height);
    view->show();
    view->setFocus();
    QApplication::processEvents();
    return view;
}

/// Lets the view lay out and paint what is in sight.
inline void paint(ConversationView& view) {
    view.viewport()->repaint();
    QApplication::processEvents();
}

/// A long answer about `topic`: headings, lists, code, a table.
inline QString longAnswer(int topic) {
    return QStringLiteral(
               "## Topic %1\n\nA paragraph about **topic %1** that is long enough to take more than one line "
               "in a column of the "
               "usual width, with `code` in it.\n\n- first item\n- second item\n\n```cpp\nint f%1() {\n    "
               "return %1; // done\n}\n```\n\n"
               "| a | b |\n|---|---|\n| %1 | two |\n\nAnd a last sentence.\n")
        .arg(topic);
}

inline QVector<app::MessageItem> longConversation(int messages) {
    QVector<app::MessageItem> out;
    out.reserve(messages);
    for (int i = 0; i < messages; ++i) {
        const bool user = i % 2 == 0;
        out.append(message(i + 1, user ? app::MessageRole::user : app::MessageRole::assistant,
                           user ? QStringLiteral("Question number %1, please?").arg(i) : longAnswer(i)));
    }
    return out;
}

/// Where a message's block stands in the viewport; laid out by the last painting.
inline int blockY(ConversationView& view, int index, int block) {
    Transcript& transcript = view.transcript();
    return transcript.top(index) + transcript.frame(index).bodyOrigin().y() +
           transcript.frame(index).body().top(block) - view.verticalScrollBar()->value();
}

inline QPoint controlPoint(ConversationView& view, int index, Control::Kind kind, int nth = 0) {
    for (const Control& control : view.transcript().frame(index).controls()) {
        if (control.kind == kind && nth-- == 0) {
            const QRect rect = view.transcript().frame(index).controlRect(control);
            return rect.center() +
                   QPoint(0, view.transcript().top(index) - view.verticalScrollBar()->value());
        }
    }
    return {-1, -1};
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The button to the newest message. GUI thread.
#include "ui/window/jump_button.h"

#include <QEvent>

#include "ui/conversation/conversation_view.h"
#include "ui/window/icons.h"

namespace tendril::ui {

namespace {
constexpr int kSize = 36;
constexpr int kGap = 10;  ///< to the view's lower edge
}  // namespace

JumpButton::JumpButton(ConversationView& view, QWidget* parent) : QToolButton(parent), view_(view) {
    setObjectName(QStringLiteral("jumpToNewest"));
    setIcon(ui::icon(QStringLiteral("to-end")));
    setIconSize(QSize(18, 18));
    setFixedSize(kSize, kSize);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Go to the newest message"));
    setToolTip(tr("Go to the newest message (Ctrl+J)"));
    hide();
    view_.installEventFilter(this);
    connect(this, &QToolButton::clicked, &view_, &ConversationView::scrollToEnd);
    // Queued: the view may notice while it is painted.
    connect(&view_, &ConversationView::atEndChanged, this, &JumpButton::place, Qt::QueuedConnection);
}

void JumpButton::place() {
    const bool wanted = view_.isVisible() && !view_.isAtEnd();
    if (wanted) {
        const QPoint edge = view_.mapTo(parentWidget(), QPoint(view_.width() / 2, view_.height()));
        move(edge.x() - kSize / 2, edge.y() - kSize - kGap);
        raise();
    } else if (hasFocus()) {
        view_.setFocus(Qt::OtherFocusReason);
    }
    setVisible(wanted);
}

bool JumpButton::eventFilter(QObject* watched, QEvent* event) {
    switch (event->type()) {
        case QEvent::Resize:
        case QEvent::Move:
        case QEvent::Show:
        case QEvent::Hide:
            place();
            break;
        default:
            break;
    }
    return QToolButton::eventFilter(watched, event);
}

}  // namespace tendril::ui

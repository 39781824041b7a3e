// SPDX-License-Identifier: Apache-2.0
// The switch beside the composer. GUI thread.
#include "ui/window/answer_mode_button.h"

#include <QActionGroup>
#include <QKeyEvent>
#include <QMenu>

#include "ui/window/icons.h"

namespace tendril::ui {

using app::AnswerMode;

AnswerModeButton::AnswerModeButton(QWidget* parent) : QToolButton(parent) {
    setObjectName(QStringLiteral("answerMode"));
    setPopupMode(QToolButton::InstantPopup);
    setFocusPolicy(Qt::StrongFocus);
    setIconSize(QSize(20, 20));
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    auto* menu = new QMenu(this);
    menu->setAccessibleName(tr("Answers in parallel"));
    auto* group = new QActionGroup(this);
    setMenu(menu);
    add(group, AnswerMode::automatic, tr("&Automatic: points in parallel where it suits the question"));
    add(group, AnswerMode::always, tr("Always in &parallel"));
    add(group, AnswerMode::never, tr("Always in &one piece"));
    setMode(AnswerMode::automatic);
}

void AnswerModeButton::add(QActionGroup* group, AnswerMode mode, const QString& text) {
    QAction* action = menu()->addAction(text);
    action->setCheckable(true);
    action->setActionGroup(group);
    action->setData(static_cast<int>(mode));
    connect(action, &QAction::triggered, this, [this, mode] {
        if (mode != mode_) {
            setMode(mode);
            Q_EMIT chosen(mode);
        }
    });
}

void AnswerModeButton::setMode(AnswerMode mode) {
    mode_ = mode;
    for (QAction* action : menu()->actions()) {
        action->setChecked(action->data().toInt() == static_cast<int>(mode));
    }
    QString name;
    QString text;
    switch (mode) {
        case AnswerMode::automatic:
            name = tr("Answers in parallel: where it suits the question");
            break;
        case AnswerMode::always:
            name = tr("Answers in parallel: always");
            text = tr("Parallel");
            break;
        case AnswerMode::never:
            name = tr("Answers in parallel: never");
            text = tr("One piece");
            break;
    }
    setIcon(ui::icon(mode == AnswerMode::never ? QStringLiteral("prompt") : QStringLiteral("parallel"),
                     mode == AnswerMode::automatic ? IconColor::muted : IconColor::text));
    setText(text.isEmpty() ? text : QLatin1Char(' ') + text);
    setAccessibleName(name);
    setToolTip(
        tr("%1 (Ctrl+Shift+O).\nA long answer is written as an outline whose points grow at the same time.")
            .arg(name));
}

void AnswerModeButton::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Down) {
        showMenu();
        return;
    }
    QToolButton::keyPressEvent(event);
}

}  // namespace tendril::ui

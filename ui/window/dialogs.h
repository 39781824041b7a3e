// SPDX-License-Identifier: Apache-2.0
// The small dialogs: system prompt of a conversation, shortcuts, about. None of them blocks; each deletes
// itself when it is closed. GUI thread.
#pragma once

#include <functional>

#include <QString>
#include <QVector>

class QAction;
class QDialog;
class QWidget;

namespace tendril::ui {

/// Edits the system prompt of one conversation; `accepted` gets the new text when it was changed.
QDialog* showPromptDialog(QWidget* parent, const QString& text, std::function<void(const QString&)> accepted);

struct ShortcutGroup {
    QString title;
    QVector<QAction*> actions;  ///< those without a shortcut are left out
};
QDialog* showShortcutsDialog(QWidget* parent, const QVector<ShortcutGroup>& groups);

QDialog* showAboutDialog(QWidget* parent);

}  // namespace tendril::ui

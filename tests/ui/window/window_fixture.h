// SPDX-License-Identifier: Apache-2.0
// A shown window over a fake port, with a ready model and an empty conversation, for the tests of the window.
// GUI thread.
#pragma once

#include <memory>

#include <QAction>
#include <QListView>
#include <QPlainTextEdit>
#include <QToolButton>

#include "tests/ui/window/fake_port.h"
#include "ui/window/main_window.h"

namespace tendril::ui {

class WindowFixture : public QObject {
    Q_OBJECT

  protected Q_SLOTS:
    void init();
    void cleanup();

  protected:
    QPlainTextEdit* editor() const {
        return window_->findChild<QPlainTextEdit*>(QStringLiteral("composerEdit"));
    }
    QToolButton* sendButton() const { return window_->findChild<QToolButton*>(QStringLiteral("sendButton")); }
    QListView* list() const { return window_->findChild<QListView*>(QStringLiteral("conversationList")); }
    QAction* action(const char* name) const {
        return window_->findChild<QAction*>(QString::fromLatin1(name));
    }
    QString statusText() const;
    QStringList notices() const;              ///< the bars that are seen
    void fillList();                          ///< three conversations on three days; the first is open
    static QVector<app::MessageItem> talk();  ///< a question and an interrupted answer, ids 10 and 11
    void generating(bool on);

    std::unique_ptr<FakePort> port_;
    std::unique_ptr<MainWindow> window_;
};

}  // namespace tendril::ui

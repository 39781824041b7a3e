// SPDX-License-Identifier: Apache-2.0
// The fixture. GUI thread.
#include "tests/ui/window/window_fixture.h"

#include <QTest>

#include "ui/window/message_bar.h"
#include "ui/window/status_line.h"

namespace tendril::ui {

using app::MessageItem;
using app::MessageRole;
using app::MessageState;
using app::TurnStatus;

void WindowFixture::init() {
    port_ = std::make_unique<FakePort>();
    window_ = std::make_unique<MainWindow>(*port_, app::Settings(), QString());
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    port_->ready();
    port_->open(1);
    port_->taken();
}

void WindowFixture::cleanup() {
    window_.reset();
    port_.reset();
}

QStringList WindowFixture::notices() const {
    QStringList texts;
    for (const MessageBar* bar : window_->findChildren<MessageBar*>()) {
        if (bar->isVisible()) {
            texts << bar->text();
        }
    }
    return texts;
}

QVector<MessageItem> WindowFixture::talk() {
    return {FakePort::message(10, MessageRole::user, QStringLiteral("What is a vine?")),
            FakePort::message(11, MessageRole::assistant, QStringLiteral("A *climbing* plant."),
                              MessageState::interrupted)};
}

void WindowFixture::fillList() {
    const QDateTime now = QDateTime::currentDateTime();
    Q_EMIT port_->conversationsChanged({{1, QStringLiteral("Vines"), now},
                                        {2, QStringLiteral("Roots"), now.addDays(-1)},
                                        {3, QStringLiteral("Leaves"), now.addDays(-5)}});
}

void WindowFixture::generating(bool on) {
    TurnStatus status;
    status.generating = on;
    Q_EMIT port_->turnChanged(status);
}

QString WindowFixture::statusText() const {
    return window_->findChild<StatusLine*>()->text();
}

}  // namespace tendril::ui

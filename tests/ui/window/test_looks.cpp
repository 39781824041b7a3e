// SPDX-License-Identifier: Apache-2.0
// Draws the window in its states, light and dark. With TENDRIL_SCREENSHOTS=folder the pictures are kept for a
// person to look at:
//   TENDRIL_SCREENSHOTS=/tmp/pictures xvfb-run -a build/dev/tests/ui/window/test_looks -platform xcb
#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QDir>
#include <QImage>
#include <QLabel>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QTabWidget>
#include <QTest>

#include "tests/ui/window/fake_port.h"
#include "ui/conversation/conversation_view.h"
#include "ui/window/main_window.h"
#include "ui/window/theme.h"

namespace tendril::ui {

using app::MessageItem;
using app::MessageRole;
using app::MessageState;

class TestLooks final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase();
    void states_data();
    void states();

  private:
    void fill();
    void keep(QWidget* widget, const QString& name);
    static QVector<MessageItem> longTalk();

    std::unique_ptr<FakePort> port_;
    std::unique_ptr<MainWindow> window_;
    QString folder_;
};

void TestLooks::initTestCase() {
    folder_ = qEnvironmentVariable("TENDRIL_SCREENSHOTS");
    if (!folder_.isEmpty()) {
        QVERIFY(QDir().mkpath(folder_));
    }
}

void TestLooks::keep(QWidget* widget, const QString& name) {
    QTest::qWait(60);
    const QImage image = widget->grab().toImage();
    QVERIFY(!image.isNull());
    for (const QLabel* label : widget->findChildren<QLabel*>()) {
        const bool whole = !label->wordWrap() || label->height() >= label->heightForWidth(label->width());
        QVERIFY2(!label->isVisible() || whole, qPrintable(name + QStringLiteral(" cuts: ") + label->text()));
    }
    if (!folder_.isEmpty()) {
        QVERIFY(image.save(folder_ + QLatin1Char('/') + name + QStringLiteral(".png")));
    }
}

QVector<MessageItem> TestLooks::longTalk() {
    MessageItem question =
        FakePort::message(1, MessageRole::user,
                          QStringLiteral("How do I read a large file line by line in C++, and what does it "
                                         "cost compared with reading it at once?"));
    MessageItem answer = FakePort::message(
        2, MessageRole::assistant,
        QStringLiteral(
            R"(Read it with `std::getline` on a buffered stream. It keeps one line in memory, so the size of the file does not matter:

```cpp
#include <fstream>
#include <string>

std::size_t count_lines(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string line;
    std::size_t count = 0;
    while (std::getline(file, line)) {
        ++count;  // `line` is valid until the next turn
    }
    return count;
}
```

## What it costs

| way | memory | 1 GB, warm cache |
|:----|-------:|-----------------:|
| `getline` | one line | 0.9 s |
| `read` in blocks of 1 MiB | 1 MiB | 0.3 s |
| `mmap` | none of its own | 0.2 s |

Three things to keep in mind:

1. **Long lines** grow the buffer; set a limit if the file is not yours.
2. A file without a final newline still gives its last line.
3. On Windows, `\r` stays at the end of each line in binary mode.

> Measure before you change it: most programs wait for the disk, not for `getline`.
)"));
    answer.footer =
        QStringLiteral("read 31 new tokens, 0 reused, first token after 84 ms · 41.2 tokens/s · SmolLM2");
    MessageItem second = FakePort::message(3, MessageRole::user, QStringLiteral("And in Python?"));
    MessageItem cut = FakePort::message(
        4, MessageRole::assistant,
        QStringLiteral("In Python a file is already an iterator over its lines:\n\n```python\nwith "
                       "open(path) as file:\n    "
                       "for line in file:\n        handle(line)\n```\n\nIt is buffered, and"),
        MessageState::interrupted);
    cut.versions = 2;
    cut.version = 2;
    cut.footer =
        QStringLiteral("read 9 new tokens, 388 reused, first token after 21 ms · 40.8 tokens/s · SmolLM2");
    return {question, answer, second, cut};
}

void TestLooks::fill() {
    const QDateTime now = QDateTime::currentDateTime();
    Q_EMIT port_->conversationsChanged(
        {{1, QStringLiteral("Reading large files in C++"), now},
         {2, QStringLiteral("Names for a small boat"), now},
         {3, QStringLiteral("Heat pump or gas? A comparison of running costs over ten years"),
          now.addDays(-1)},
         {4, QStringLiteral("Letter to the landlord about the heating and the noise"), now.addDays(-3), true},
         {5, QStringLiteral("Regular expressions"), now.addDays(-4)},
         {6, QStringLiteral("Sourdough, second try"), now.addDays(-12)},
         {7, QStringLiteral("Trip to Lisbon"), now.addDays(-70)}});
}

void TestLooks::states_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

void TestLooks::states() {
    QFETCH(bool, dark);
    const QString tone = QString::fromLatin1(QTest::currentDataTag());
    app::Settings settings;
    settings.theme = dark ? app::ThemeChoice::dark : app::ThemeChoice::light;
    port_ = std::make_unique<FakePort>();
    window_ = std::make_unique<MainWindow>(*port_, settings, QString());
    window_->resize(1120, 780);
    window_->show();
    QVERIFY(QTest::qWaitForWindowExposed(window_.get()));

    Q_EMIT port_->modelChanged(app::ModelState());
    keep(window_.get(), tone + QStringLiteral("-1-no-model"));
    app::ModelItem model;
    model.path = QStringLiteral("/home/me/.local/share/tendril/models/SmolLM2-135M-Instruct.Q4_1.gguf");
    model.name = QStringLiteral("SmolLM2 135M Instruct");
    model.quantisation = QStringLiteral("Q4_1");
    model.parameters = 134'515'008;
    model.fileBytes = 98'000'000;
    model.neededBytes = 310'000'000;
    model.availableBytes = 20'400'000'000;
    app::ModelItem large = model;
    large.path = QStringLiteral("/home/me/models/Qwen2.5-72B.gguf");
    large.name = QStringLiteral("Qwen2.5 72B Instruct");
    large.quantisation = QStringLiteral("Q4_K_M");
    large.parameters = 72'700'000'000;
    large.fileBytes = 47'400'000'000;
    large.neededBytes = 51'200'000'000;
    app::ModelItem broken = model;
    broken.path = QStringLiteral("/home/me/models/half-download.gguf");
    broken.name.clear();
    broken.error = QStringLiteral("The file ends inside its tensors: 1.2 GB of 4.7 GB are there.");
    Q_EMIT port_->modelsDescribed({model, large, broken});
    keep(window_.get(), tone + QStringLiteral("-2-model-found"));
    port_->ready(QStringLiteral("SmolLM2 135M Instruct, a name that needs a second line of the text"));
    fill();
    port_->open(2);
    keep(window_.get(), tone + QStringLiteral("-3-new-conversation"));
    port_->open(1, longTalk());
    app::TurnStatus status;
    status.tokensPerSecond = 40.8;
    status.contextUsed = 512;
    status.contextLimit = 8192;
    status.readTokens = 9;
    status.reusedTokens = 388;
    Q_EMIT port_->turnChanged(status);
    keep(window_.get(), tone + QStringLiteral("-4-conversation"));

    const QImage image = window_->grab().toImage();
    const double ratio = image.devicePixelRatio();
    const QColor side =
        image.pixelColor(static_cast<int>(40 * ratio), static_cast<int>((window_->height() - 30) * ratio));
    QCOMPARE(side, themeColors(dark).window);

    status.generating = true;
    Q_EMIT port_->turnChanged(status);
    auto* editor = window_->findChild<QPlainTextEdit*>(QStringLiteral("composerEdit"));
    editor->setPlainText(QStringLiteral(
        "A longer message that I am still writing while the answer comes in, so long that it needs a "
        "second line of the composer and perhaps a third one.\n\nWith a paragraph."));
    Q_EMIT port_->conversationDeleted(5, QStringLiteral("Regular expressions"));
    keep(window_.get(), tone + QStringLiteral("-5-writing"));
    status.generating = false;
    Q_EMIT port_->turnChanged(status);

    app::ModelState failed;
    failed.kind = app::ModelState::Kind::failed;
    failed.text = QStringLiteral(
        "“Qwen2.5-72B.gguf” needs 51.2 GB, but only 20.4 GB of memory are free. A smaller quantisation, a "
        "shorter context or "
        "closing other programs would help.");
    Q_EMIT port_->modelChanged(failed);
    Q_EMIT port_->notice(
        QStringLiteral("The database was damaged; it is kept as chats.db.damaged-2026-11-22. What could be "
                       "read is in the new one."));
    window_->findChild<QAction*>(QStringLiteral("find"))->trigger();
    keep(window_.get(), tone + QStringLiteral("-6-error"));
    window_->resize(620, 560);
    keep(window_.get(), tone + QStringLiteral("-7-small"));
    window_->resize(1120, 780);
    port_->ready();

    Q_EMIT port_->searchFinished(QStringLiteral("file"), {});
    app::OpenedConversation secret;
    secret.id = 4;
    secret.title = QStringLiteral("Letter to the landlord about the heating and the noise");
    secret.isPrivate = true;
    secret.messages = longTalk();
    Q_EMIT port_->conversationOpened(secret);
    QTest::qWait(60);
    window_->findChild<ConversationView*>()->verticalScrollBar()->setValue(0);
    QTest::qWait(60);
    keep(window_.get(), tone + QStringLiteral("-7-private"));
    app::CacheStatus cache;
    cache.memoryBytes = 310'000'000;
    cache.memoryUsed = 121'000'000;
    cache.tokensKept = 12'034;
    cache.diskBytes = 1'240'000'000;
    cache.diskQuota = 16'000'000'000;
    Q_EMIT port_->cacheChanged(cache);
    window_->findChild<QAction*>(QStringLiteral("chooseModel"))->trigger();
    keep(window_->findChild<QWidget*>(QStringLiteral("modelPopup")), tone + QStringLiteral("-8-models"));
    window_->findChild<QWidget*>(QStringLiteral("modelPopup"))->close();
    for (const char* name : {"settings", "prompt", "shortcuts", "about"}) {
        window_->findChild<QAction*>(QString::fromLatin1(name))->trigger();
        auto* dialog = window_->findChild<QDialog*>(QString::fromLatin1(name) + QStringLiteral("Dialog"));
        QVERIFY(dialog != nullptr);
        keep(dialog, tone + QStringLiteral("-9-") + QString::fromLatin1(name));
        if (auto* tabs = dialog->findChild<QTabWidget*>()) {
            for (int i = 1; i < tabs->count(); ++i) {
                tabs->setCurrentIndex(i);
                keep(dialog, tone + QStringLiteral("-9-settings-%1").arg(i));
            }
        }
        dialog->close();
    }
    window_.reset();
    port_.reset();
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestLooks)
#include "test_looks.moc"

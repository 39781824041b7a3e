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
#include <QTranslator>

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
    void memory_data();
    void memory();

  private:
    void tellMemory();
    bool open(bool dark);
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

/// A window of the usual size; true: it is on the screen.
bool TestLooks::open(bool dark) {
    app::Settings settings;
    settings.theme = dark ? app::ThemeChoice::dark : app::ThemeChoice::light;
    port_ = std::make_unique<FakePort>();
    window_ = std::make_unique<MainWindow>(*port_, settings, QString());
    window_->resize(1120, 780);
    window_->show();
    return QTest::qWaitForWindowExposed(window_.get());
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
    QVERIFY(open(dark));

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

void TestLooks::memory_data() {
    QTest::addColumn<bool>("dark");
    QTest::addColumn<bool>("german");
    QTest::newRow("light") << false << false;
    QTest::newRow("dark") << true << false;
    QTest::newRow("german") << false << true;
}

void TestLooks::tellMemory() {
    using app::MemoryChange;
    QVector<MessageItem> talk = longTalk();
    app::AttachmentItem report = FakePort::document(7, QStringLiteral("annual-report-2025.md"));
    report.choice = app::AttachmentChoice::shortened;
    report.plannedTokens = 6'100;
    talk[0].memory = app::MessageMemory::pinned;
    talk[2].documents = {report, FakePort::document(8, QStringLiteral("notes.txt"), 310)};
    talk[3].sources = {{7, QStringLiteral("annual-report-2025.md"), 3,
                        QStringLiteral("A file is an iterator over its lines.")},
                       {7, QStringLiteral("annual-report-2025.md"), 11,
                        QStringLiteral("Buffers are 8 KiB by default; see the table below.")}};
    talk[3].state = MessageState::complete;
    port_->open(1, talk);
    Q_EMIT port_->memoryMarksChanged(
        {{5, 2, MemoryChange::summarised, QStringLiteral("summary"), 3'900, 420,
          QStringLiteral(
              "The user asked how to read a large file line by line in C++. The assistant showed "
              "std::getline and compared it with read in blocks (0.3 s for 1 GB) and mmap (0.2 s)."),
          true},
         {0, 4, MemoryChange::window, {}, 0, 0, {}, false}});
    app::AttachmentItem reading =
        FakePort::document(9, QStringLiteral("a scan of the whole contract.pdf"), 0);
    reading.progress = 0.4;
    app::AttachmentItem broken = FakePort::document(10, QStringLiteral("data.bin"), 0);
    broken.error = QStringLiteral("data.bin is no text, so it cannot be part of a message.");
    app::AttachmentItem searched = FakePort::document(11, QStringLiteral("handbook.md"), 48'200);
    searched.choice = app::AttachmentChoice::searched;
    searched.plannedTokens = 900;
    Q_EMIT port_->attachmentsChanged({report, searched, reading, broken});
    Q_EMIT port_->contextPlanned({7'400,
                                  8'192,
                                  {320, 3'100, 3'600, 380, 512, 8'192},
                                  {{MemoryChange::summarised, {1, 2, 3}, 0, 2'900, 380},
                                   {MemoryChange::compressed, {}, 7, 12'300, 6'100}}});
    Q_EMIT port_->memoryWorkChanged({QStringLiteral("Summarising old turns"), 0.4, true});
}

void TestLooks::memory() {
    QFETCH(bool, dark);
    QFETCH(bool, german);
    const QString tone = QStringLiteral("memory-") + QString::fromLatin1(QTest::currentDataTag());
    QTranslator translator;
    if (german && (!translator.load(QLocale(QLocale::German), QStringLiteral("tendril"), QStringLiteral("_"),
                                    QStringLiteral(":/i18n")) ||
                   !QCoreApplication::installTranslator(&translator))) {
        QSKIP("built without lrelease (qt6-l10n-tools): English only");
    }
    QVERIFY(open(dark));
    port_->ready(QStringLiteral("SmolLM2 135M Instruct"));
    fill();
    tellMemory();
    auto* view = window_->findChild<ConversationView*>();
    view->setFocus();
    keep(window_.get(), tone + QStringLiteral("-1-end"));
    view->setCurrentMessage(3);
    QTest::keyClick(view, Qt::Key_S);
    view->setCurrentMessage(1);
    QTest::keyClick(view, Qt::Key_M);
    view->verticalScrollBar()->setValue(view->verticalScrollBar()->maximum() - 330);
    keep(window_.get(), tone + QStringLiteral("-2-unfolded"));
    window_->findChild<QAction*>(QStringLiteral("context"))->trigger();
    auto* panel = window_->findChild<QWidget*>(QStringLiteral("contextPanel"));
    keep(panel, tone + QStringLiteral("-3-panel"));
    panel->close();
    window_->findChild<QAction*>(QStringLiteral("settings"))->trigger();
    auto* dialog = window_->findChild<QDialog*>(QStringLiteral("settingsDialog"));
    dialog->findChild<QTabWidget*>()->setCurrentIndex(4);
    keep(dialog, tone + QStringLiteral("-4-settings"));
    dialog->close();
    window_->resize(620, 640);
    keep(window_.get(), tone + QStringLiteral("-5-small"));
    window_.reset();
    port_.reset();
    QCoreApplication::removeTranslator(&translator);
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestLooks)
#include "test_looks.moc"

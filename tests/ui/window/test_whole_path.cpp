// SPDX-License-Identifier: Apache-2.0
// The whole path on a real model: window, controller, worker, engine and database. Ask, see the answer come,
// stop, close, open again, go on. Needs the default model, which the set-up fetches; skips without it.
#include <QAction>
#include <QLabel>
#include <QListView>
#include <QPlainTextEdit>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include "app/chat_controller.h"
#include "app/chat_worker.h"
#include "app/log.h"
#include "app/shown_values.h"
#include "tests/support/real_models.h"
#include "ui/window/composer.h"
#include "ui/window/main_window.h"
#include "ui/window/message_bar.h"
#include "ui/window/status_line.h"

namespace tendril::ui {

using app::MessageItem;
using app::MessageState;

class TestWholePath final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init();
    void cleanup();
    void answersAndGoesOnAfterARestart();
    void aWrongFileIsExplained();
    void deletedConversationComesBack();
    void littleIsLeftToReadAtEnter_data();
    void littleIsLeftToReadAtEnter();

  private:
    /// Until the model has read what is typed: the cache holds as many tokens as the conversation with its
    /// draft has.
    void waitUntilRead();
    void startProgram(const QString& model);
    void endProgram();
    void ask(const QString& text);
    /// At the answer's own end, or at the limit of tokens, which counts as interrupted: it can be continued.
    static bool ended(const MessageItem& message) {
        return message.state == MessageState::complete || message.state == MessageState::interrupted;
    }
    QPlainTextEdit* editor() const {
        return window_->findChild<QPlainTextEdit*>(QStringLiteral("composerEdit"));
    }

    std::unique_ptr<QTemporaryDir> folder_;
    QString model_;
    std::unique_ptr<app::ChatController> controller_;
    std::unique_ptr<MainWindow> window_;
    app::ModelState state_;
    app::TurnStatus turn_;
    app::CacheStatus cache_;
    QString told_;         ///< of the draft, by the composer
    quint32 counted_ = 0;  ///< tokens of the conversation with its draft
    bool readAhead_ = true;
    app::OpenedConversation opened_;
    QVector<MessageItem> messages_;  ///< as the window was told
};

void TestWholePath::init() {
    model_ = QString::fromStdString(test::find_real_model(test::kDefaultModel).string());
    if (model_.isEmpty()) {
        QSKIP("the default model is not here; packaging/fetch-default-model brings it");
    }
    folder_ = std::make_unique<QTemporaryDir>();
    QVERIFY(folder_->isValid());
}

void TestWholePath::cleanup() {
    endProgram();
}

void TestWholePath::startProgram(const QString& model) {
    app::Settings settings;
    settings.sampler.temperature = 0;
    settings.maxAnswerTokens = 48;
    settings.context = 2048;
    settings.threads = 2;
    settings.readAhead = readAhead_;
    settings.titlesByModel = false;  // what is read for them would count
    app::ChatWorkerOptions options;
    options.database = folder_->filePath(QStringLiteral("chats.db")).toStdString();
    options.settings = app::to_worker_settings(settings);
    const auto log = app::make_silent_log();
    controller_ = std::make_unique<app::ChatController>(
        std::make_unique<app::ChatWorker>(std::move(options), app::make_engine_port(log), log),
        app::ChatController::Files{{}, {}, model, !model.isEmpty(), settings});
    window_ = std::make_unique<MainWindow>(*controller_, settings, QString());
    connect(controller_.get(), &app::ChatPort::modelChanged, this,
            [this](const app::ModelState& state) { state_ = state; });
    connect(controller_.get(), &app::ChatPort::turnChanged, this,
            [this](const app::TurnStatus& turn) { turn_ = turn; });
    connect(controller_.get(), &app::ChatPort::cacheChanged, this,
            [this](const app::CacheStatus& status) { cache_ = status; });
    connect(controller_.get(), &app::ChatPort::contextPlanned, this,
            [this](const app::ContextPlanItem& plan) { counted_ = plan.used; });
    connect(controller_.get(), &app::ChatPort::conversationOpened, this,
            [this](const app::OpenedConversation& opened) {
                opened_ = opened;
                messages_ = opened.messages;
            });
    connect(controller_.get(), &app::ChatPort::messageAdded, this,
            [this](const MessageItem& message) { messages_.append(message); });
    connect(controller_.get(), &app::ChatPort::messageTextAppended, this,
            [this](qint64 id, const QString& text) {
                for (MessageItem& message : messages_) {
                    message.text += message.id == id ? text : QString();
                }
            });
    connect(controller_.get(), &app::ChatPort::messageChanged, this, [this](const MessageItem& changed) {
        for (MessageItem& message : messages_) {
            message = message.id == changed.id ? changed : message;
        }
    });
    connect(window_->findChild<Composer*>(), &Composer::draftChanged, this,
            [this](const QString& text) { told_ = text; });
    window_->show();
    controller_->start();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
}

void TestWholePath::endProgram() {
    if (window_ != nullptr) {
        window_->close();
    }
    window_.reset();
    controller_.reset();
    messages_.clear();
    opened_ = {};
    state_ = {};
    turn_ = {};
}

void TestWholePath::ask(const QString& text) {
    QTRY_COMPARE_WITH_TIMEOUT(state_.kind, app::ModelState::Kind::ready, 60000);
    QTest::keyClicks(editor(), text);
    QTest::keyClick(editor(), Qt::Key_Return);
}

void TestWholePath::answersAndGoesOnAfterARestart() {
    startProgram(model_);
    ask(QStringLiteral("What is the capital of France?"));
    QTRY_COMPARE_WITH_TIMEOUT(messages_.size(), 2, 30000);
    QTRY_VERIFY_WITH_TIMEOUT(ended(messages_[1]), 120000);
    const QString first = messages_[1].text;
    QVERIFY(first.size() > 10);
    QVERIFY2(messages_[1].footer.contains(QStringLiteral("tokens/s")), qPrintable(messages_[1].footer));
    QTRY_VERIFY(!turn_.generating);
    const QString status = window_->findChild<StatusLine*>()->text();
    QVERIFY2(status.contains(QStringLiteral("CPU")) && status.contains(QStringLiteral("tokens/s")),
             qPrintable(status));
    QTest::keyClicks(editor(), QStringLiteral("not sent yet"));
    endProgram();

    startProgram(model_);
    QTRY_COMPARE_WITH_TIMEOUT(messages_.size(), 2, 30000);
    QCOMPARE(messages_[1].text, first);
    QTRY_COMPARE(editor()->toPlainText(), QStringLiteral("not sent yet"));
    editor()->clear();
    ask(QStringLiteral("Name a river there and tell me a long story about it."));
    QTRY_COMPARE_WITH_TIMEOUT(messages_.size(), 4, 30000);
    QTRY_VERIFY_WITH_TIMEOUT(messages_[3].text.size() > 20, 60000);
    QTest::keyClick(editor(), Qt::Key_Escape);
    QTRY_VERIFY_WITH_TIMEOUT(!turn_.generating, 10000);
    QTRY_VERIFY(ended(messages_[3]));
    const QString stopped = messages_[3].text;
    if (messages_[3].state == MessageState::interrupted) {
        QTRY_VERIFY(window_->findChild<QAction*>(QStringLiteral("continue"))->isEnabled());
        window_->findChild<QAction*>(QStringLiteral("continue"))->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(messages_[3].text.size() > stopped.size(), 60000);
        QVERIFY(messages_[3].text.startsWith(stopped));
    }
}

void TestWholePath::aWrongFileIsExplained() {
    const QString path = folder_->filePath(QStringLiteral("notes.gguf"));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("this is no model");
    file.close();
    startProgram(QString());
    window_->openModel(path);
    QTRY_COMPARE_WITH_TIMEOUT(state_.kind, app::ModelState::Kind::failed, 10000);
    QVERIFY(!state_.text.isEmpty());
    QCOMPARE(window_->findChild<QLabel*>(QStringLiteral("welcomeText"))->text(), state_.text);
    window_->openModel(model_);  // and a good one works after it
    QTRY_COMPARE_WITH_TIMEOUT(state_.kind, app::ModelState::Kind::ready, 60000);
}

void TestWholePath::deletedConversationComesBack() {
    startProgram(model_);
    ask(QStringLiteral("Say hello."));
    QTRY_COMPARE_WITH_TIMEOUT(messages_.size(), 2, 30000);
    QTRY_VERIFY_WITH_TIMEOUT(ended(messages_[1]), 120000);
    auto* list = window_->findChild<QListView*>(QStringLiteral("conversationList"));
    QTRY_VERIFY(list->model()->rowCount() >= 2);
    const int rows = list->model()->rowCount();
    const qint64 id = opened_.id;
    window_->findChild<QAction*>(QStringLiteral("delete"))->trigger();
    auto* undo = window_->findChild<QAction*>(QStringLiteral("undoDelete"));
    QTRY_VERIFY(undo->isEnabled());
    undo->trigger();
    QTRY_COMPARE(list->model()->rowCount(), rows);
    window_->openConversation(id);
    QTRY_COMPARE(opened_.id, id);
    QTRY_COMPARE(messages_.size(), 2);
}

void TestWholePath::waitUntilRead() {
    QSignalSpy answered(controller_.get(), &app::ChatPort::cacheChanged);
    controller_->askCache();
    QVERIFY(answered.wait());  // the worker has counted the draft by now
    QTRY_VERIFY_WITH_TIMEOUT(((controller_->askCache(), cache_.tokensKept >= counted_)), 30000);
}

void TestWholePath::littleIsLeftToReadAtEnter_data() {
    QTest::addColumn<bool>("readAhead");
    QTest::newRow("read ahead") << true;
    QTest::newRow("not read ahead") << false;  // the control: the same words are unread then
}

void TestWholePath::littleIsLeftToReadAtEnter() {
    QFETCH(bool, readAhead);
    readAhead_ = readAhead;
    startProgram(model_);
    QTRY_COMPARE_WITH_TIMEOUT(state_.kind, app::ModelState::Kind::ready, 60000);
    const QStringList questions = {
        QStringLiteral(
            "I would like to plant a vine at the north wall of my house, where the soil is dry and there is "
            "little sun in the winter. Which kinds would you choose, what do they need in the first year, "
            "and "
            "how far from the wall should they be planted?"),
        QStringLiteral("Thank you. Please tell me now how I keep it away from the gutter and from the "
                       "windows, and whether "
                       "birds like to nest in it.")};
    for (int i = 0; i < questions.size(); ++i) {
        const QString words = questions[i].section(QLatin1Char(' '), 0, -2) + QLatin1Char(' ');
        QTest::keyClicks(editor(), words, Qt::NoModifier, 2);
        QTRY_COMPARE_WITH_TIMEOUT(told_, words, 10000);  // at the pause in typing
        if (readAhead) {
            waitUntilRead();
        }
        QTest::keyClicks(editor(), questions[i].section(QLatin1Char(' '), -1));
        QTest::keyClick(editor(), Qt::Key_Return);
        const int answer = 2 * i + 1;
        QTRY_COMPARE_WITH_TIMEOUT(messages_.size(), answer + 1, 30000);
        QTRY_VERIFY_WITH_TIMEOUT(ended(messages_[answer]), 120000);
        const QRegularExpression numbers(QStringLiteral("read ([0-9,]+) new tokens?, ([0-9,]+) reused"));
        const auto match = numbers.match(messages_[answer].footer);
        QVERIFY2(match.hasMatch(), qPrintable(messages_[answer].footer));
        const int unread = match.captured(1).remove(QLatin1Char(',')).toInt();
        // The last word and its full stop, and what the template puts behind a message.
        QVERIFY2(readAhead ? unread <= 8 : unread > 25, qPrintable(messages_[answer].footer));
        qInfo("%s", qPrintable(messages_[answer].footer));
    }
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestWholePath)
#include "test_whole_path.moc"

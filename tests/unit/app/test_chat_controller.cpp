// SPDX-License-Identifier: Apache-2.0
// The worker's events as the window gets them: on its thread, at most 30 times a second, with nothing lost.
#include <thread>

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

#include "app/chat_controller.h"
#include "app/shown_values.h"
#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::test;
using app::ChatController;

class TestChatController : public QObject {
    Q_OBJECT

    /// A controller over a fake engine.
    struct Fixture {
        WorkerFixture f;
        std::unique_ptr<ChatController> controller;

        explicit Fixture(ChatController::Files files = {{}, {}, {}, false, {}}) {
            controller = std::make_unique<ChatController>(
                std::make_unique<app::ChatWorker>(f.options, f.engine.port(), f.log), std::move(files));
        }
        void start() {
            QSignalSpy opened(controller.get(), &ChatController::conversationOpened);
            QSignalSpy model(controller.get(), &ChatController::modelChanged);
            controller->start();
            QVERIFY(opened.wait());
            controller->loadModel("/models/fake.gguf");
            QTRY_VERIFY(!model.isEmpty() &&
                        model.back().front().value<app::ModelState>().kind == app::ModelState::Kind::ready);
        }
    };

  private Q_SLOTS:
    void turnReachesTheWindow() {
        Fixture x;
        x.start();
        QSignalSpy added(x.controller.get(), &ChatController::messageAdded);
        QSignalSpy changed(x.controller.get(), &ChatController::messageChanged);
        QSignalSpy listed(x.controller.get(), &ChatController::conversationsChanged);
        QString shown;
        connect(x.controller.get(), &ChatController::messageTextAppended, this,
                [&](qint64, const QString& text) {
                    QCOMPARE(QThread::currentThread(), thread());
                    shown += text;
                });
        x.controller->send("Question");
        x.f.engine.take_request();
        x.f.engine.prefill(5, 10, 3);
        x.f.engine.say("Ans");
        x.f.engine.say("wer");
        x.f.engine.finish();
        QTRY_VERIFY(!changed.isEmpty() &&
                    changed.back().front().value<app::MessageItem>().state == app::MessageState::complete);
        QCOMPARE(added.size(), 2);
        QCOMPARE(added[0].front().value<app::MessageItem>().role, app::MessageRole::user);
        QCOMPARE(added[1].front().value<app::MessageItem>().state, app::MessageState::waiting);
        QCOMPARE(shown, QString("Answer"));
        const auto last = changed.back().front().value<app::MessageItem>();
        QCOMPARE(last.text, QString("Answer"));
        QVERIFY(last.footer.contains("fake"));
        QVERIFY(!listed.isEmpty());
        QCOMPARE(listed.back().front().value<QVector<app::ConversationItem>>().front().title,
                 QString("Question"));
    }

    /// The mode of answers belongs to the conversation; new ones begin with that of the settings.
    void answerModeIsKeptWithTheConversation() {
        ChatController::Files files{{}, {}, {}, false, {}};
        files.initial.answerMode = app::AnswerMode::never;
        Fixture x(files);
        QSignalSpy opened(x.controller.get(), &ChatController::conversationOpened);
        x.start();
        const auto last = [&] { return opened.back().front().value<app::OpenedConversation>(); };
        QCOMPARE(last().answerMode, app::AnswerMode::never);
        const qint64 first = last().id;
        x.controller->setAnswerMode(app::AnswerMode::always);
        x.controller->send("Question");
        x.f.engine.take_request();
        x.f.engine.finish();
        opened.clear();
        x.controller->newConversation();
        QTRY_VERIFY(!opened.isEmpty() && last().id != first);
        QCOMPARE(last().answerMode, app::AnswerMode::never);
        x.controller->openConversation(first);
        QTRY_VERIFY(last().id == first);
        QCOMPARE(last().answerMode, app::AnswerMode::always);
    }

    /// How an answer was made comes to the window with its values and in words.
    void expansionsAreShown() {
        app::ExpansionState state;
        state.skeleton = true;
        state.reason_key = "suits";
        state.reason = "The answer has independent points.";
        state.predicted_gain = 1.9;
        state.outline_ms = 700;
        state.total_ms = 5'000;
        app::PointState point;
        point.heading = "**1. Price**";
        point.phase = app::PointPhase::stopped;
        point.tokens = 81;
        point.ms = 2'500;
        state.points = {point, {}};
        app::ShownMessage shown;
        shown.message.role = storage::Role::assistant;
        shown.message.text = "**1. Price**\n\nText";
        shown.message.expansion = app::to_json(state);
        const app::ExpansionItem item = app::to_item(shown).expansion;
        QVERIFY(item.skeleton);
        QCOMPARE(item.reasonKey, QString("suits"));
        QCOMPARE(item.reason, QString("The answer has independent points."));
        QCOMPARE(item.predictedGain, 1.9);
        QCOMPARE(item.outlineMs, 700.0);
        QCOMPARE(item.totalMs, 5'000.0);
        QCOMPARE(item.points.size(), 2);
        QCOMPARE(item.points[0].heading, QString("**1. Price**"));
        QCOMPARE(item.points[0].state, app::PointItem::State::stopped);
        QCOMPARE(item.points[0].tokens, 81);
        QCOMPARE(item.points[0].ms, 2'500.0);
        QCOMPARE(item.points[1].state, app::PointItem::State::waiting);
        shown.message.expansion = "{";
        QVERIFY(app::to_item(shown).expansion.empty());
    }

    void fastTextIsJoined() {
        Fixture x;
        x.start();
        int deliveries = 0;
        QString shown;
        connect(x.controller.get(), &ChatController::messageTextAppended, this,
                [&](qint64, const QString& text) {
                    ++deliveries;
                    shown += text;
                });
        x.controller->send("Question");
        x.f.engine.take_request();
        QElapsedTimer clock;
        clock.start();
        std::thread engine([&] {
            for (int i = 0; i < 3000; ++i) {
                x.f.engine.say("w ");
                std::this_thread::sleep_for(
                    std::chrono::microseconds(100));  // an engine that is faster than a screen
            }
            x.f.engine.finish();
        });
        QTRY_COMPARE_WITH_TIMEOUT(shown.size(), 6000, 20000);
        engine.join();
        // 30 a second, and one at either end.
        QVERIFY2(deliveries <= clock.elapsed() / 33 + 2,
                 qPrintable(QString("%1 in %2 ms").arg(deliveries).arg(clock.elapsed())));
    }

    void slowWindowLosesNothing() {
        Fixture x;
        x.start();
        QString shown;
        connect(x.controller.get(), &ChatController::messageTextAppended, this,
                [&](qint64, const QString& text) { shown += text; });
        x.controller->send("Question");
        x.f.engine.take_request();
        QString expected;
        for (int i = 0; i < 2000; ++i) {  // this thread is the window's: nothing is delivered meanwhile
            const QString word = QString::number(i) + " ";
            x.f.engine.say(word.toStdString());
            expected += word;
        }
        x.f.engine.finish();
        QTRY_COMPARE(shown, expected);
    }

    void newConversationHasAName() {
        Fixture x;
        QSignalSpy opened(x.controller.get(), &ChatController::conversationOpened);
        x.controller->start();
        QVERIFY(opened.wait());
        QCOMPARE(opened.front().front().value<app::OpenedConversation>().title, QString("New conversation"));
    }

    void settingsAreSavedAndTheLastModelKept() {
        QTemporaryDir folder;
        const QString file = folder.filePath("settings.json");
        QString notice;
        {
            Fixture x({file, {}, {}, false, {}});
            x.start();
            app::Settings settings;
            settings.threads = 3;
            settings.lastModel = "/an/older/one.gguf";
            x.controller->applySettings(settings);
        }  // its end waits for the file
        const app::Settings saved = app::loadSettings(file, notice);
        QCOMPARE(saved.threads, 3U);
        QCOMPARE(saved.lastModel, QString("/models/fake.gguf"));
    }

    void modelsOfTheFoldersAreDescribed() {
        QTemporaryDir folder;
        QFile model(folder.filePath("one.gguf"));
        QVERIFY(model.open(QIODevice::WriteOnly));
        model.write("x");
        model.close();
        Fixture x({{}, {folder.path()}, {}, false, {}});
        QSignalSpy described(x.controller.get(), &ChatController::modelsDescribed);
        x.controller->start();
        x.controller->describeModels({});
        QVERIFY(described.wait());
        const auto models = described.front().front().value<QVector<app::ModelItem>>();
        QCOMPARE(models.size(), 1);
        QCOMPARE(models.front().fileBytes, quint64{1});
        QVERIFY(models.front().path.endsWith("one.gguf"));
    }

    void deletedConversationCanBeBroughtBack() {
        Fixture x;
        x.start();
        QSignalSpy deleted(x.controller.get(), &ChatController::conversationDeleted);
        QSignalSpy opened(x.controller.get(), &ChatController::conversationOpened);
        x.controller->renameConversation(1, "  Name  ");
        x.controller->deleteConversation(1);
        QTRY_COMPARE(deleted.size(), 1);
        QCOMPARE(deleted.front().at(1).toString(), QString("Name"));
        x.controller->restoreConversation(1);
        QTRY_VERIFY(!opened.isEmpty() && opened.back().front().value<app::OpenedConversation>().id == 1);
    }

    void endsWhileAnAnswerIsWritten() {
        Fixture x;
        x.start();
        x.controller->send("Question");
        x.f.engine.take_request();
        x.f.engine.say("Half");
        QSignalSpy text(x.controller.get(), &ChatController::messageTextAppended);
        QVERIFY(!text.isEmpty() || text.wait());
        x.controller.reset();
        QCOMPARE(x.f.second_connection()->messages(1).value().at(1).text, std::string("Half"));
    }
};

QTEST_GUILESS_MAIN(TestChatController)
#include "test_chat_controller.moc"

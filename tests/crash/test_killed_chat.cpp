// SPDX-License-Identifier: Apache-2.0
// kill -9 while `tendril-cli chat` streams, again and again on one database: no committed message is lost, at
// most 250 ms of streamed text is, the file stays sound, and the answer that was cut can be continued. The
// check itself is checked on a chat that does not journal.
#include <algorithm>
#include <random>

#include <QTemporaryDir>
#include <QTest>

#include "tests/crash/chat_process.h"
#include "tests/support/endless_model.h"

using namespace tendril;
using namespace tendril::test;
using storage::MessageStatus;

namespace {

constexpr double kPromiseMs = 250;
/// Between the printing of an event and its time stamp, the kill and its effect, on a machine that is busy
/// with other tests.
constexpr double kSlackMs = 150;
constexpr const char* kContext = "16384";

}  // namespace

class TestKilledChat : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    QString model() const { return folder_.filePath("endless.gguf"); }
    QStringList chat(const QString& database, const QStringList& more) const {
        return QStringList{"chat",   model(),         "--database", database,    "--json", "--context",
                           kContext, "--temperature", "1",          "--threads", "2"} +
               more;
    }
    std::unique_ptr<storage::ChatStore> open(const QString& database) const {
        storage::OpenReport report;
        auto store = storage::ChatStore::open(database.toStdString(), report);
        return store && report.notices.empty() ? std::move(*store) : nullptr;
    }

  private Q_SLOTS:
    void initTestCase() { QVERIFY(write_endless_model(model().toStdString())); }

    void nothingPromisedIsLost() {
        const int kills = qEnvironmentVariableIntValue("TENDRIL_CRASH_KILLS") > 0
                              ? qEnvironmentVariableIntValue("TENDRIL_CRASH_KILLS")
                              : 100;
        const QString database = folder_.filePath("chats.db");
        std::mt19937 random(20261122);  // the same moments each time, as far as the machine allows
        const auto between = [&](int low, int high) {
            return low + static_cast<int>(random() % static_cast<unsigned>(high - low));
        };
        std::map<storage::ConversationId, Said> before;  // what was checked in earlier rounds must stay
        storage::ConversationId cut = 0;  // a conversation that ends with an interrupted answer
        std::string cut_text;
        double most_lost = 0;
        int streaming = 0;
        int continued = 0;
        for (int i = 0; i < kills; ++i) {
            const bool goes_on = cut != 0 && i % 3 == 1;
            ChatProcess process(
                TENDRIL_CLI,
                chat(database, goes_on ? QStringList{"--conversation", QString::number(cut), "--continue"}
                                       : QStringList{"--new"}));
            if (!goes_on) {
                process.send("Question " + QByteArray::number(i));
            }
            if (i % 10 == 9) {
                process.read_for(between(0, 120));  // while it starts
            } else {
                QVERIFY2(process.read_until("text"), process.errors().constData());
                process.read_for(between(0, 700));
            }
            const double killed = process.kill();
            const Said& said = process.said();
            const auto store = open(database);
            if (store == nullptr && said.conversation == 0) {
                continue;  // killed before there was a database
            }
            QVERIFY(store != nullptr);
            const Finding finding = check_store(*store, said, killed, kPromiseMs + kSlackMs);
            QVERIFY2(finding.problem.empty(),
                     qPrintable(QString("kill %1: %2").arg(i).arg(QString::fromStdString(finding.problem))));
            for (const auto& [id, earlier] : before) {
                QCOMPARE(check_store(*store, earlier, 0, 1e9).problem, std::string());
            }
            if (goes_on && said.conversation != 0) {
                QCOMPARE(said.reply_before, cut_text);
                continued += said.streamed.empty() ? 0 : 1;
            }
            most_lost = std::max(most_lost, finding.lost_ms);
            streaming += said.streamed.empty() ? 0 : 1;
            if (!said.committed.empty()) {
                Said kept;
                kept.conversation = said.conversation;
                kept.committed = said.committed;
                before[said.conversation] = kept;
            }
            if (said.reply != 0 && finding.status == MessageStatus::interrupted) {
                cut = said.conversation;
                cut_text = finding.reply_text;
            }
        }
        qInfo(
            "%d kills, %d while streaming, %d of those in continued answers; oldest text lost: %.0f ms "
            "before the kill",
            kills, streaming, continued, most_lost);
        QVERIFY(streaming >= kills * 8 / 10);  // else this test has tested something else
        QVERIFY(continued > 0);

        ChatProcess last(TENDRIL_CLI,
                         chat(database, {"--conversation", QString::number(cut), "--continue", "-n", "5"}));
        QCOMPARE(last.wait(), 0);
        const auto rows = open(database)->messages(cut).value();
        QVERIFY(rows.back().text.size() > cut_text.size());
        QCOMPARE(rows.back().text.substr(0, cut_text.size()), cut_text);
    }

    /// A chat that journals too late must be found out, or the test above says nothing.
    void lateJournalIsFoundOut() {
        const QString database = folder_.filePath("late.db");
        ChatProcess process(TENDRIL_CLI, chat(database, {"--new", "--journal-ms", "60000"}));
        process.send("Question");
        QVERIFY(process.read_until("text"));
        process.read_for(2 * (kPromiseMs + kSlackMs));
        const double killed = process.kill();
        const auto store = open(database);
        QVERIFY(store != nullptr);
        const Finding finding = check_store(*store, process.said(), killed, kPromiseMs + kSlackMs);
        QVERIFY2(finding.problem.find("text is lost") != std::string::npos, finding.problem.c_str());
    }

    /// The same for a database that lost a message, holds another text, or left an answer open.
    void otherLossesAreFoundOut() {
        const QString database = folder_.filePath("other.db");
        const auto store = open(database);
        QVERIFY(store != nullptr);
        storage::Message message;
        message.conversation = store->create_conversation("", "").value().id;
        message.text = "Question";
        const auto question = store->add_message(message).value();
        message.parent = question;
        message.role = storage::Role::assistant;
        message.text.clear();
        const auto reply = store->begin_reply(message).value();
        QVERIFY(store->append_reply(reply, "Stored text"));
        Said said;
        said.conversation = message.conversation;
        said.committed[question] = "Question";
        said.reply = reply;
        said.streamed = {{1000, "Stored "}, {1010, "text"}};
        QVERIFY(!check_store(*store, said, 2000, 250).problem.empty());  // still streaming
        message.id = reply;
        message.status = MessageStatus::interrupted;
        QVERIFY(store->finish_reply(message));
        QCOMPARE(check_store(*store, said, 2000, 250).problem, std::string());
        said.streamed[1].text = "test";
        QVERIFY(!check_store(*store, said, 2000, 250).problem.empty());
        said.streamed[1].text = "text and more";
        QVERIFY(!check_store(*store, said, 2000, 250).problem.empty());
        QCOMPARE(check_store(*store, said, 1100, 250).problem,
                 std::string());  // it was too young to be promised
        said.committed[question + 100] = "Another";
        QVERIFY(!check_store(*store, said, 1100, 250).problem.empty());
    }
};

QTEST_GUILESS_MAIN(TestKilledChat)
#include "test_killed_chat.moc"

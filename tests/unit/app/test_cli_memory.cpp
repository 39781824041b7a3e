// SPDX-License-Identifier: Apache-2.0
// Long conversations through tendril-cli chat on a tiny model: tokens read for each turn, one new beginning
// for each shortening, conversations that go on for ever, and a program killed while it shortens.
#include <csignal>

#include <QJsonArray>
#include <QTest>

#include "storage/chat_store.h"
#include "tests/unit/app/cli_program.h"

using namespace tendril;
using namespace tendril::test;

namespace {

constexpr int kContext = 1024;

struct Turn {
    int read = 0;            ///< tokens in front of the answer
    int prompt = 0;          ///< all of it
    bool shortened = false;  ///< behind it
    QString status;
};

struct Talk {
    std::vector<Turn> turns;
    int marks = 0;        ///< how often the memory was shortened
    int memory_read = 0;  ///< tokens, in idle time, for the shortened memory
    QStringList methods;  ///< of all marks
    int total_read() const {
        int sum = 0;
        for (const Turn& turn : turns) {
            sum += turn.read;
        }
        return sum;
    }
    int all_read() const { return total_read() + memory_read; }
    int most_read(std::size_t from) const {
        int most = 0;
        for (std::size_t i = from; i < turns.size(); ++i) {
            most = std::max(most, turns[i].read);
        }
        return most;
    }
};

Talk read_talk(const QByteArray& out) {
    Talk talk;
    double newest = 0;
    for (const QByteArray& line : out.split('\n')) {
        const QJsonObject event = QJsonDocument::fromJson(line).object();
        const QString kind = event["event"].toString();
        if (kind == "finished") {
            talk.turns.push_back({event["prompt_tokens"].toInt() - event["cached_tokens"].toInt(),
                                  event["prompt_tokens"].toInt(), false, event["status"].toString()});
        } else if (kind == "memory_work") {
            talk.memory_read += event["tokens_read"].toInt();
        } else if (kind == "memory") {
            for (const auto& mark : event["marks"].toArray()) {
                const double id = mark.toObject()["id"].toDouble();
                if (id > newest) {
                    newest = id;
                    talk.methods += mark.toObject()["method"].toString();
                    ++talk.marks;
                    if (!talk.turns.empty()) {
                        talk.turns.back().shortened = true;
                    }
                }
            }
        }
    }
    return talk;
}

QByteArray questions(int count) {
    QByteArray text;
    for (int i = 0; i < count; ++i) {
        text += "Question " + QByteArray::number(i) + ": my garden has " + QByteArray::number(i * 7) +
                " trees, what about them?\n";
    }
    return text;
}

}  // namespace

class TestCliMemory : public QObject {
    Q_OBJECT

    ModelFolder folder_{kContext};
    ModelFolder large_{4 * kContext};

    CliResult chat(const QString& name, int turns, const QStringList& more) {
        return run_cli(QStringList{"chat", folder_.model(), "--database", folder_.path(name), "--json", "-n",
                                   "16", "--temperature", "0"} +
                           more,
                       questions(turns));
    }

  private Q_SLOTS:
    void fortyTurnsReadTheirOwnTokens() {
        const CliResult good = chat("good.db", 40, {"--compress", "summary"});
        QCOMPARE(good.code, 0);
        const Talk talk = read_talk(good.out);
        QCOMPARE(talk.turns.size(), 40U);
        QVERIFY2(talk.marks >= 1 && talk.marks <= 8, QByteArray::number(talk.marks));
        // Nobody waits for more than a question and the template around it: what is new in the prompt
        // after a shortening was read in idle time.
        const int own = talk.turns.at(1).read;
        QVERIFY2(talk.most_read(1) <= own + 24,
                 QByteArray::number(talk.most_read(1)) + " " + QByteArray::number(own));
        for (const Turn& turn : talk.turns) {
            QVERIFY(turn.prompt <= kContext);
        }

        // Negative control: shortened at each turn. The model reads far more, if in idle time.
        const Talk big = read_talk(chat("big.db", 40, {"--compress", "leave_out"}).out);
        const Talk bad = read_talk(
            chat("bad.db", 40, {"--compress", "leave_out", "--shorten-at", "0.5", "--shorten-to", "0.49"})
                .out);
        const QByteArray figures = QByteArray::number(bad.marks) + " shortenings, " +
                                   QByteArray::number(bad.all_read()) + " tokens; in big steps " +
                                   QByteArray::number(big.marks) + ", " + QByteArray::number(big.all_read()) +
                                   "; by summaries " + QByteArray::number(talk.all_read());
        qInfo("%s", figures.constData());
        QVERIFY2(big.marks >= 1 && bad.marks >= 2 * big.marks, figures);
        QVERIFY2(big.memory_read > 0 && bad.all_read() * 10 > big.all_read() * 15, figures);

        // And without any of it, each block that is left out is waited for.
        const Talk off = read_talk(chat("off.db", 40, {}).out);
        QCOMPARE(off.marks, 0);
        QVERIFY2(off.most_read(1) > 3 * talk.most_read(1), QByteArray::number(off.most_read(1)));
        QVERIFY(off.total_read() > talk.total_read());
    }

    void wordsAreLeftOut_data() {
        QTest::addColumn<QString>("method");
        for (const char* method : {"frequency", "selective", "llmlingua"}) {
            QTest::newRow(method) << method;
        }
    }
    void wordsAreLeftOut() {
        QFETCH(QString, method);
        // A tenth of the context must hold more than the words around what is left.
        const CliResult result = run_cli(
            {"chat", large_.model(), "--database", large_.path(method + ".db"), "--json", "-n", "16",
             "--temperature", "0", "--compress", method, "--shorten-at", "0.4", "--shorten-to", "0.2"},
            questions(40));
        QCOMPARE(result.code, 0);
        const Talk talk = read_talk(result.out);
        QCOMPARE(talk.turns.size(), 40U);
        QVERIFY2(talk.methods.contains(method), qPrintable(talk.methods.join(' ')));
        QVERIFY2(talk.marks <= 8, QByteArray::number(talk.marks));
        QVERIFY2(talk.most_read(1) <= talk.turns.at(1).read + 24, QByteArray::number(talk.most_read(1)));
    }

    void itGoesOnForEver() {
        const CliResult result = chat("long.db", 200, {"--compress", "summary"});
        QCOMPARE(result.code, 0);
        const Talk talk = read_talk(result.out);
        QCOMPARE(talk.turns.size(), 200U);
        for (const Turn& turn : talk.turns) {
            QVERIFY(turn.status == "complete" || turn.status == "interrupted");
            QVERIFY(turn.prompt <= kContext);
        }
        QVERIFY2(talk.most_read(1) <= talk.turns.at(1).read + 24, QByteArray::number(talk.most_read(1)));
        QVERIFY(talk.marks > 5);
    }

    void killedWhileItShortens() {
        QProcess process;
        process.start(QStringLiteral(TENDRIL_CLI),
                      {"chat", folder_.model(), "--database", folder_.path("killed.db"), "--json", "-n", "16",
                       "--compress", "summary"});
        process.write(questions(60));
        process.closeWriteChannel();
        int works = 0;
        QByteArray rest;
        while (process.waitForReadyRead(60000)) {
            rest += process.readAllStandardOutput();
            if (rest.contains("\"running\":true") && ++works == 1) {
                ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
                break;
            }
        }
        process.waitForFinished();
        QCOMPARE(works, 1);
        storage::OpenReport report;
        auto store = storage::ChatStore::open(folder_.path("killed.db").toStdString(), report).value();
        QVERIFY(store->check().has_value());
        const auto messages = store->messages(1).value();
        QVERIFY(messages.size() > 10);
        const auto rows = store->representations(1).value();
        for (const auto& row : rows) {
            QVERIFY(!row.text.empty() && row.last_message.has_value());  // whole, or not there
        }
        store.reset();
        const CliResult again = run_cli({"chat", folder_.model(), "--database", folder_.path("killed.db"),
                                         "--json", "--conversation=1", "-n", "16", "--compress", "summary"},
                                        questions(2));
        QCOMPARE(again.code, 0);
        QCOMPARE(read_talk(again.out).turns.size(), 2U);
    }

    /// A document's keys and values are pruned after the first answer, and the next turns read behind them.
    void aDocumentIsPruned() {
        QFile file(large_.path("trees.txt"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        for (int i = 0; i < 40; ++i) {
            file.write("Row " + QByteArray::number(i) + " of the garden has olive trees.\n");
        }
        file.close();
        const auto talk = [&](const QString& name, const QStringList& more) {
            return run_cli(
                QStringList{"chat", large_.model(), "--database", large_.path(name), "--json", "-n", "16",
                            "--temperature", "0", "--attach", large_.path("trees.txt") + ":whole"} +
                    more,
                questions(3));
        };
        const CliResult pruned = talk("pruned.db", {"--prune-kv", "0.5"});
        QCOMPARE(pruned.code, 0);
        const Talk turns = read_talk(pruned.out);
        QCOMPARE(turns.turns.size(), 3U);
        QCOMPARE(turns.methods, QStringList{"kvzip"});
        const Talk whole = read_talk(talk("whole.db", {}).out);
        QVERIFY(whole.methods.isEmpty());
        // The text is the same, and nobody waits for more of it.
        QCOMPARE(turns.turns[0].prompt, whole.turns[0].prompt);
        for (std::size_t i : {1, 2}) {
            QVERIFY2(turns.turns[i].read <= whole.turns[i].read + 8, QByteArray::number(turns.turns[i].read));
            QVERIFY(turns.turns[i].prompt > 200 && turns.turns[i].status != "failed");
        }
        // In the next run of the program it is whole, without a word missing, and pruned once more.
        const CliResult again =
            run_cli({"chat", large_.model(), "--database", large_.path("pruned.db"), "--json",
                     "--conversation=1", "-n", "16", "--temperature", "0", "--prune-kv", "0.5"},
                    questions(2));
        QCOMPARE(again.code, 0);
        QCOMPARE(read_talk(again.out).methods, QStringList{"kvzip"});
    }

    /// A model with sliding windows cannot: said once in words, and the document is read whole.
    void aModelThatCannotPruneSaysSo() {
        TinyModel options;
        options.architecture = "gemma3";
        options.context = 2 * kContext;
        const QString model = folder_.path("windows.gguf");
        tiny_model(options).write(model.toStdString());
        QFile file(folder_.path("rows.txt"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        for (int i = 0; i < 12; ++i) {
            file.write("Row " + QByteArray::number(i) + " of the garden has olive trees.\n");
        }
        file.close();
        const CliResult result =
            run_cli({"chat", model, "--database", folder_.path("windows.db"), "--json", "-n", "16",
                     "--temperature", "0", "--attach", file.fileName() + ":whole", "--prune-kv", "0.5"},
                    questions(3));
        QVERIFY2(result.code == 0, result.err);
        const Talk talk = read_talk(result.out);
        QCOMPARE(talk.turns.size(), 3U);
        QVERIFY(talk.methods.isEmpty());
        for (const Turn& turn : talk.turns) {
            QVERIFY(turn.status != "failed" && turn.prompt > 300);
        }
        QStringList notices;
        for (const QByteArray& line : result.out.split('\n')) {
            const QJsonObject event = QJsonDocument::fromJson(line).object();
            const QString text = event["text"].toString();
            if (event["event"] == "notice" && text.contains("stays whole")) {
                notices << text;
            }
        }
        QCOMPARE(notices, QStringList("The document stays whole for the model: What a model with sliding "
                                      "windows has read of a text cannot be shortened."));
        storage::OpenReport report;
        const auto store =
            storage::ChatStore::open_read_only(folder_.path("windows.db").toStdString(), report).value();
        QVERIFY(store->representations(1).value().empty());
    }

    void wrongUsage() {
        QCOMPARE(chat("w.db", 1, {"--prune-kv", "0"}).code, 2);
        QCOMPARE(chat("w.db", 1, {"--compress", "magic"}).code, 2);
        QCOMPARE(chat("w.db", 1, {"--compress", "summary", "--shorten-at", "1.5"}).code, 2);
        QCOMPARE(chat("w.db", 1, {"--compress", "summary", "--shorten-to", "0"}).code, 2);
        QVERIFY(run_cli({"chat", "--help"}).out.contains("--shorten-at"));
    }
};

QTEST_GUILESS_MAIN(TestCliMemory)
#include "test_cli_memory.moc"

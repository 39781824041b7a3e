// SPDX-License-Identifier: Apache-2.0
// The contract of tendril-cli, checked on the program itself: JSON fields, exit codes, words for bad input,
// no GUI library.
#include <signal.h>

#include <cmath>

#include <QFile>
#include <QJsonArray>
#include <QTest>

#include "app/file_lock.h"
#include "storage/chat_store.h"
#include "tests/support/endless_model.h"
#include "tests/unit/app/cli_program.h"

using namespace tendril;
using namespace tendril::test;

class TestCli : public QObject {
    Q_OBJECT

    ModelFolder folder_;

    QString model() const { return folder_.model(); }
    QString put(const QString& name, const QByteArray& text) const {
        QFile file(folder_.path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size()) {
            qFatal("cannot write %s", qPrintable(name));
        }
        return file.fileName();
    }
    static void has(const QJsonObject& object, const QStringList& fields) {
        for (const QString& field : fields) {
            QVERIFY2(object.contains(field), qPrintable(field));
        }
    }
    static QList<QJsonObject> lines(const QByteArray& out) {
        QList<QJsonObject> all;
        for (const QByteArray& line : out.split('\n')) {
            if (!line.isEmpty()) {
                all.append(QJsonDocument::fromJson(line).object());
            }
        }
        return all;
    }
    static QList<QJsonObject> named(const QList<QJsonObject>& events, const QString& name) {
        QList<QJsonObject> some;
        for (const QJsonObject& event : events) {
            if (event["event"].toString() == name) {
                some.append(event);
            }
        }
        return some;
    }

  private Q_SLOTS:
    void linksNoGuiLibrary() {
        QProcess ldd;
        ldd.start("ldd", {TENDRIL_CLI});
        QVERIFY(ldd.waitForFinished());
        const QByteArray libraries = ldd.readAllStandardOutput();
        QVERIFY(libraries.contains("libsqlite3"));  // the list is one
        for (const char* word : {"Qt6", "libX11", "libwayland", "libgtk", "libGL"}) {
            QVERIFY2(!libraries.contains(word), word);
        }
    }

    void wrongUsage_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::newRow("nothing") << QStringList{};
        QTest::newRow("unknown command") << QStringList{"frobnicate"};
        QTest::newRow("no model") << QStringList{"inspect"};
        QTest::newRow("unknown option") << QStringList{"inspect", model(), "--frob"};
        QTest::newRow("no prompt") << QStringList{"generate", model()};
        QTest::newRow("two prompts") << QStringList{"generate", model(),         "--prompt",
                                                    "a",        "--prompt-file", "b"};
        QTest::newRow("not a number") << QStringList{"generate", model(), "--prompt", "a", "-n", "many"};
        QTest::newRow("negative") << QStringList{"bench", model(), "-r", "-1"};
        QTest::newRow("kv") << QStringList{"generate", model(), "--prompt", "a", "--kv", "q5_0"};
        QTest::newRow("two forms") << QStringList{"generate",  model(), "--prompt",      "a",
                                                  "--grammar", "g",     "--json-schema", "s"};
        QTest::newRow("cache without a name")
            << QStringList{"generate", model(), "--prompt", "a", "--cache-dir", ""};
        QTest::newRow("less than no host memory")
            << QStringList{"generate", model(), "--prompt", "a", "--host-pages", "-1"};
        QTest::newRow("device") << QStringList{"generate", model(), "--prompt", "a", "--device", "abacus"};
        QTest::newRow("render nothing") << QStringList{"render"};
        QTest::newRow("render both") << QStringList{"render", model(), "--template", "t"};
        QTest::newRow("chat without database") << QStringList{"chat", model()};
        QTest::newRow("new and old") << QStringList{"chat",  model(),          "--database", "d",
                                                    "--new", "--conversation", "1"};
        QTest::newRow("export format") << QStringList{"export", "--database", "d", "1", "--format", "pdf"};
    }
    void wrongUsage() {
        QFETCH(QStringList, arguments);
        const CliResult result = run_cli(arguments);
        QCOMPARE(result.code, 2);
        QVERIFY(result.out.isEmpty());
        QVERIFY(!result.err.isEmpty());
    }

    void helpIsNoError() {
        const CliResult help = run_cli({"chat", "--help"});
        QCOMPARE(help.code, 0);
        for (const char* word : {"committed", "finished", "--database"}) {
            QVERIFY2(help.out.contains(word), word);
        }
        QCOMPARE(run_cli({"--version"}).code, 0);
    }

    void badModelsAreRefusedInWords_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<bool>("there");
        const auto whole = tiny_model({}).bytes();
        const QByteArray good(reinterpret_cast<const char*>(whole.data()),
                              static_cast<qsizetype>(whole.size()));
        QTest::newRow("missing") << QByteArray() << false;
        QTest::newRow("empty") << QByteArray() << true;
        QTest::newRow("garbage") << QByteArray("This is not a model at all, but a text.").repeated(100)
                                 << true;
        QTest::newRow("magic only") << QByteArray("GGUF") << true;
        QTest::newRow("cut header") << good.left(100) << true;
        QTest::newRow("cut tensors") << good.left(good.size() - 100) << true;
    }
    void badModelsAreRefusedInWords() {
        QFETCH(QByteArray, bytes);
        QFETCH(bool, there);
        const QString file = there ? put("bad.gguf", bytes) : folder_.path("missing.gguf");
        put("text", "some text");
        for (const QStringList& command :
             {QStringList{"inspect", file}, QStringList{"tokenize", file}, QStringList{"render", file},
              QStringList{"generate", file, "--prompt", "a"},
              QStringList{"score", file, "--file", folder_.path("text")},
              QStringList{"bench", file, "-p", "1", "-n", "1"},
              QStringList{"chat", file, "--database", folder_.path("bad.db"), "--new"}}) {
            const CliResult result = run_cli(command + QStringList{"--json"}, "{}");
            if (command.front() == "tokenize" || command.front() == "render") {
                QVERIFY(result.code == 1 ||
                        bytes.size() > 100);  // the vocabulary of a file with cut tensors may be read
                if (result.code == 0) {
                    continue;
                }
            }
            QVERIFY2(result.code == 1, qPrintable(command.front() + QString::number(result.code)));
            QVERIFY2(result.err.startsWith("tendril-cli: ") && result.err.size() > 20,
                     result.err.constData());
            QVERIFY2(result.err.contains(QFileInfo(file).fileName().toUtf8()), result.err.constData());
            QVERIFY(command.front() == "chat" || result.out.isEmpty());
        }
    }

    void inspectDescribes() {
        const QJsonObject json = run_cli({"inspect", model(), "--json"}).object();
        has(json, {"architecture", "parameters", "quantisation", "context_length", "template", "sha256",
                   "memory_bytes"});
        QCOMPARE(json["architecture"].toString(), QString("llama"));
        QCOMPARE(json["sha256"].toString().size(), 64);
        QVERIFY(json["memory_bytes"].toDouble() > 0);
    }

    void tokenizeTakesBytesAsTheyAre() {
        const QByteArray bytes = QByteArray("a\0b\xff\r\n the <|im_end|>", 20);
        const CliResult result = run_cli({"tokenize", model(), "--json"}, bytes);
        QCOMPARE(result.code, 0);
        const QJsonArray tokens = result.object()["tokens"].toArray();
        QCOMPARE(tokens.at(0).toInt(), int('a'));
        QCOMPARE(tokens.at(1).toInt(), 0);
        QCOMPARE(tokens.at(3).toInt(), 0xff);
        QVERIFY(!tokens.contains(258));
        QVERIFY(run_cli({"tokenize", model(), "--json", "--parse-special"}, "x<|im_end|>")
                    .object()["tokens"]
                    .toArray()
                    .contains(258));
        QCOMPARE(run_cli({"tokenize", model()}, "ab").out, QByteArray("97 98\n"));
        QCOMPARE(run_cli({"tokenize", model(), "--json"}, "").object()["tokens"].toArray().size(), 0);
    }

    void renderTakesAnyVariable() {
        const QString form = put("t.jinja",
                                 "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% "
                                 "endfor %}{{ extra.deep[1] }}");
        const CliResult result = run_cli(
            {"render", "--template", form, "--json"},
            R"({"messages":[{"role":"user","content":"h\u00e9"}],"bos_token":"B","extra":{"deep":[1,"x"]}})");
        QVERIFY2(result.code == 0, result.err.constData());
        QCOMPARE(result.object()["text"].toString(), QString::fromUtf8("B<user>h\u00e9x"));
        QCOMPARE(run_cli({"render", "--template", form}, "{}").out, QByteArray());
        QCOMPARE(run_cli({"render", "--template", form}, "not json").code, 1);
        QCOMPARE(run_cli({"render", "--template", put("bad.jinja", "{% if %}")}, "{}").code, 1);
        QCOMPARE(
            run_cli({"render", "--template",
                     put("loop.jinja",
                         "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}")},
                    "{}")
                .code,
            1);
        QCOMPARE(run_cli({"render", "--template", folder_.path("none.jinja")}, "{}").code, 1);
    }

    void generateAnswers() {
        const QStringList base = {"generate", model(), "--prompt", "Hello", "-n", "8", "--json"};
        const CliResult first = run_cli(base + QStringList{"--temperature", "0"});
        QVERIFY2(first.code == 0, first.err.constData());
        const QJsonObject json = first.object();
        has(json, {"text", "tokens", "prompt_tokens", "cached_tokens", "drafted_tokens", "accepted_tokens",
                   "load_ms", "prefill_ms", "first_token_ms", "decode_ms", "stop_reason"});
        QCOMPARE(json["prompt_tokens"].toInt(), 5);
        QVERIFY(json["tokens"].toArray().size() <= 8);
        QCOMPARE(run_cli(base + QStringList{"--temperature", "0"}).object()["tokens"], json["tokens"]);
        const QStringList seeded = base + QStringList{"--temperature", "1", "--seed", "18446744073709551615"};
        QCOMPARE(run_cli(seeded).object()["tokens"], run_cli(seeded).object()["tokens"]);
        QVERIFY(run_cli(seeded).object()["tokens"] !=
                run_cli(base + QStringList{"--temperature", "1", "--seed", "2"}).object()["tokens"]);
    }

    void generatePrunesWhatStandsInFrontOfTheLastParagraph() {
        const QString text = QString("The ferry waits for the fog. ").repeated(8) + "\n\nWhy?";
        const CliResult got =
            run_cli({"generate", model(), "--prompt", text, "-n", "4", "--json", "--prune-kv", "0.5"});
        QCOMPARE(got.code, 0);
        const QJsonObject pruned = got.object()["pruned"].toObject();
        const int tokens = pruned["tokens"].toInt();
        QVERIFY(tokens > 100 && tokens < got.object()["prompt_tokens"].toInt());
        QCOMPARE(got.object()["cached_tokens"].toInt(), tokens);  // nothing of it is read again
        QVERIFY(pruned["kept"].toInt() * 2 >= tokens - 1 && pruned["kept"].toInt() * 2 <= tokens + 1);
        QVERIFY(pruned["bytes"].toInt() < pruned["bytes_before"].toInt() && pruned["bytes"].toInt() > 0);
        const CliResult one =
            run_cli({"generate", model(), "--prompt", "Why?", "-n", "2", "--json", "--prune-kv", "0.5"});
        QCOMPARE(one.code, 0);
        QVERIFY(!one.object().contains("pruned") && one.err.contains("nothing in front"));
        QCOMPARE(run_cli({"generate", model(), "--prompt", "a", "--prune-kv", "0"}).code, 2);
    }

    void generateReadsFiles() {
        const QString messages = put(
            "messages.json",
            R"([{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"hi"}]}])");
        QCOMPARE(run_cli({"generate", model(), "--messages", messages, "-n", "1", "--json"}).code, 0);
        QCOMPARE(run_cli({"generate", model(), "--messages", "-", "-n", "1", "--json"},
                         R"([{"role":"user","content":"hi"}])")
                     .code,
                 0);
        QCOMPARE(run_cli({"generate", model(), "--prompt-file", put("p", QByteArray("a\xff\0b", 4)), "-n",
                          "1", "--json"})
                     .object()["prompt_tokens"]
                     .toInt(),
                 4);
        for (const QByteArray& bad : {QByteArray("{}"), QByteArray("[]"), QByteArray("[1]"),
                                      QByteArray("[{\"role\":\"user\"}]"), QByteArray("\xff")}) {
            QCOMPARE(run_cli({"generate", model(), "--messages", put("bad.json", bad), "-n", "1"}).code, 1);
        }
    }

    void promptLongerThanTheContextIsRefused() {
        const CliResult result =
            run_cli({"generate", model(), "--prompt", QString(3000, 'x'), "-n", "1", "--json"});
        QCOMPARE(result.code, 1);
        QVERIFY2(result.err.contains("512"), result.err.constData());
    }

    void scoreSumsToItsPerplexity() {
        const CliResult result =
            run_cli({"score", model(), "--file", put("t", "Hello world"), "--top", "3", "--json"});
        QVERIFY2(result.code == 0, result.err.constData());
        const QJsonObject json = result.object();
        const QJsonArray logprobs = json["logprobs"].toArray();
        QCOMPARE(logprobs.size(), json["tokens"].toArray().size());
        QCOMPARE(json["top"].toArray().size(), logprobs.size());
        QVERIFY(logprobs.at(0).isNull() && json["top"].toArray().at(0).isNull());  // nothing foretells it
        QCOMPARE(json["top"].toArray().at(1).toArray().size(), 3);
        const CliResult tokenized = run_cli({"tokenize", model(), "--add-bos", "--json"}, "Hello world");
        QCOMPARE(json["tokens"].toArray(), tokenized.object()["tokens"].toArray());
        double sum = 0;
        for (int i = 1; i < logprobs.size(); ++i) {
            QVERIFY(logprobs.at(i).isDouble() && logprobs.at(i).toDouble() <= 0);
            sum += logprobs.at(i).toDouble();
        }
        QVERIFY(std::abs(std::exp(-sum / static_cast<double>(logprobs.size() - 1)) -
                         json["perplexity"].toDouble()) < 1e-3 * json["perplexity"].toDouble());
        QCOMPARE(run_cli({"score", model(), "--file", put("t", "x"), "--json"}).code, 1);
    }

    void longTextIsScoredInWindows() {
        QByteArray text;
        for (int i = 0; i < 1500; ++i) {
            text += static_cast<char>('a' + i * 7 % 26);
        }
        const auto scored = [&](const char* context) {
            return run_cli({"score", model(), "--file", put("long", text), "--context", context, "--json"})
                .object()["logprobs"]
                .toArray();
        };
        const QJsonArray windows = scored("512");
        QCOMPARE(windows.size(), 1500);
        const QJsonArray begin = scored("256");
        for (int i = 1; i < 256; ++i) {  // the same history, so the same score
            QVERIFY(std::abs(windows.at(i).toDouble() - begin.at(i).toDouble()) < 1e-3);
        }
    }

    void benchListsItsRows() {
        const CliResult result =
            run_cli({"bench", model(), "-p", "32", "-n", "4", "-b", "1,2", "-r", "2", "--json"});
        QVERIFY2(result.code == 0, result.err.constData());
        const QJsonArray rows = result.json().array();
        QVERIFY(rows.size() >= 3);
        for (const QJsonValue& row : rows) {
            has(row.toObject(), {"test", "tokens", "batch", "depth", "tokens_per_second", "peak_rss_bytes"});
            QCOMPARE(row["tokens_per_second"].toArray().size(), 2);
        }
        QCOMPARE(rows.at(0)["test"].toString(), QString("prefill"));
    }

    /// A test that is deeper than the default context loads what it needs.
    void benchTakesTheContextItNeeds() {
        TinyModel tiny;
        tiny.context = 8192;
        const Bytes bytes = tiny_model(tiny).bytes();
        const QString file = put("deep.gguf", QByteArray(reinterpret_cast<const char*>(bytes.data()),
                                                         static_cast<qsizetype>(bytes.size())));
        const QStringList deep = {"bench", file, "-p",  "0",  "-n", "2",     "-d",
                                  "4096",  "-b", "1,4", "-r", "1",  "--json"};
        const CliResult result = run_cli(deep);
        QVERIFY2(result.code == 0, result.err.constData());
        QCOMPARE(result.json().array().size(), 2);
        QCOMPARE(result.json().array().at(1)["depth"].toInt(), 4096);
        QVERIFY(run_cli(deep + QStringList{"--context", "4096"}).code == 1);  // what was asked for is kept
    }

    void chatKeepsAConversation() {
        const QString database = folder_.path("chat.db");
        const CliResult first = run_cli(
            {"chat", model(), "--database", database, "--new", "-n", "4", "--json"}, "Hello\n\nAgain \xff\n");
        QVERIFY2(first.code == 0, first.err.constData());
        const auto events = lines(first.out);
        for (const QJsonObject& event : events) {
            QVERIFY(event.contains("event") && event.contains("time_ms"));
        }
        const auto committed = named(events, "committed");
        QCOMPARE(committed.size(), 2);
        QCOMPARE(committed[1]["text"].toString(), QString("Again ") + QChar(0xFFFD));
        const auto finished = named(events, "finished");
        QCOMPARE(finished.size(), 2);
        QString streamed;
        for (const QJsonObject& event : named(events, "text")) {
            if (event["message"] == finished[0]["message"]) {
                streamed += event["text"].toString();
            }
        }
        QCOMPARE(streamed, finished[0]["text"].toString());
        const QString id = QString::number(committed[0]["conversation"].toInt());
        const CliResult second = run_cli(
            {"chat", model(), "--database", database, "--conversation", id, "-n", "1", "--json"}, "More\n");
        QCOMPARE(named(lines(second.out), "opened").front()["messages"].toArray().size(), 4);
        const CliResult markdown = run_cli({"export", "--database", database, id});
        QVERIFY(markdown.out.contains("Hello") && markdown.out.contains("More"));
        const CliResult json = run_cli({"export", "--database", database, id, "--format", "json"});
        QVERIFY(json.json().isObject());
        QVERIFY(run_cli({"export", "--database", database, id, "--json"})
                    .object()["text"]
                    .toString()
                    .contains("Hello"));
        QCOMPARE(run_cli({"export", "--database", database, "999"}).code, 1);
        QCOMPARE(run_cli({"export", "--database", folder_.path("none.db"), "1"}).code, 1);
        QVERIFY(!QFile::exists(folder_.path("none.db")));
        QCOMPARE(run_cli({"chat", model(), "--database", database, "--conversation", "999"}).code, 1);
    }

    void chatWithoutJsonIsForPeople() {
        const CliResult result =
            run_cli({"chat", model(), "--database", folder_.path("plain.db"), "-n", "3"}, "Hello\n");
        QCOMPARE(result.code, 0);
        QVERIFY(!result.out.contains("event"));
    }

    void lockedDatabaseIsRefusedPolitely() {
        const QString database = folder_.path("locked.db");
        const auto lock = app::FileLock::try_acquire(app::lock_file_of(database.toStdString()));
        QVERIFY(lock && *lock);
        const CliResult result = run_cli({"chat", model(), "--database", database}, "Hello\n");
        QCOMPARE(result.code, 1);
        QVERIFY(result.err.contains("window"));
        QVERIFY(!QFile::exists(database));
    }

    void exportLeavesARunningAnswerAlone() {
        const QString database = folder_.path("running.db");
        storage::OpenReport report;
        const auto store = storage::ChatStore::open(database.toStdString(), report).value();
        storage::Message message;
        message.conversation = store->create_conversation("Title", "").value().id;
        message.text = "Question";
        message.parent = store->add_message(message).value();
        message.role = storage::Role::assistant;
        message.text.clear();
        const auto reply = store->begin_reply(message).value();
        QVERIFY(store->append_reply(reply, "So far"));
        QVERIFY(run_cli({"export", "--database", database, "1"}).out.contains("So far"));
        QVERIFY(store->append_reply(reply, " so good"));  // still in progress
        QCOMPARE(store->messages(1).value().at(1).status, storage::MessageStatus::streaming);
    }

    void interruptEndsCleanly() {
        const QString endless = folder_.path("endless.gguf");
        QVERIFY(write_endless_model(endless.toStdString()));
        const QString database = folder_.path("int.db");
        QProcess process;
        process.start(TENDRIL_CLI, {"chat", endless, "--database", database, "--json"});
        process.write("Hello\n");
        QByteArray out;
        while (!out.contains("\"text\",") && process.waitForReadyRead(20000)) {
            out += process.readAllStandardOutput();
        }
        QVERIFY(process.processId() > 0);
        ::kill(static_cast<pid_t>(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(20000));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 1);
        out += process.readAllStandardOutput();
        const auto finished = named(lines(out), "finished");
        QCOMPARE(finished.size(), 1);
        QCOMPARE(finished.front()["status"].toString(), QString("interrupted"));
        QCOMPARE(finished.front()["stop_reason"].toString(), QString("cancelled"));
        // and the answer can be gone on with
        const CliResult again = run_cli({"chat", endless, "--database", database, "--conversation", "1",
                                         "--continue", "-n", "3", "--json"});
        QVERIFY2(again.code == 0, again.err.constData());
        QVERIFY(named(lines(again.out), "finished")
                    .front()["text"]
                    .toString()
                    .startsWith(finished.front()["text"].toString()));
    }

    void closedOutputIsNoCrash() {
        QProcess process;
        process.start("sh", {"-c", QString("'%1' generate '%2' --prompt Hello -n 400 --seed 1 | head -c 1 > "
                                           "/dev/null; echo ${PIPESTATUS:-ended}")
                                       .arg(TENDRIL_CLI, model())});
        QVERIFY(process.waitForFinished(60000));
        QCOMPARE(process.readAllStandardOutput().trimmed(), QByteArray("ended"));
        QVERIFY(!process.readAllStandardError().contains("Broken pipe"));
    }

    void realModelAnswersAQuestion() {
        const QString real = real_model("SmolLM2-135M-Instruct.Q4_1.gguf");
        if (real.isEmpty()) {
            QSKIP("SmolLM2 is not in the cache");
        }
        const QString messages =
            put("q.json",
                R"([{"role":"user","content":"What is the capital of France? Answer in one sentence."}])");
        const CliResult result =
            run_cli({"generate", real, "--messages", messages, "-n", "24", "--temperature", "0", "--json"});
        QVERIFY2(result.code == 0, result.err.constData());
        QVERIFY2(result.object()["text"].toString().contains("Paris"), result.out.constData());
        QCOMPARE(result.object()["stop_reason"].toString(), QString("end_of_text"));
    }
};

QTEST_GUILESS_MAIN(TestCli)
#include "test_cli.moc"

// SPDX-License-Identifier: Apache-2.0
// The app's small parts: titles, the tree of a conversation, the queue to a slow reader, folders, model
// files, writing files.
#include <cstdlib>

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "app/conversation_tree.h"
#include "app/event_queue.h"
#include "app/file_writer.h"
#include "app/load_marker.h"
#include "app/mailbox.h"
#include "app/model_files.h"
#include "app/paths.h"
#include "app/shown_values.h"
#include "app/title.h"

using namespace tendril;
using namespace tendril::app;
using storage::Message;
using storage::Role;
namespace fs = std::filesystem;

class TestParts : public QObject {
    Q_OBJECT

    static Message message(MessageId id, std::optional<MessageId> parent, Role role) {
        Message one;
        one.id = id;
        one.parent = parent;
        one.role = role;
        return one;
    }
    static void touch(const fs::path& file, const QByteArray& text = "x") {
        fs::create_directories(file.parent_path());
        QFile out(QString::fromStdString(file.string()));
        QVERIFY(out.open(QIODevice::WriteOnly));
        out.write(text);
    }

  private Q_SLOTS:
    void titles_data() {
        QTest::addColumn<QString>("question");
        QTest::addColumn<QString>("title");
        QTest::newRow("plain") << "Hello there"
                               << "Hello there";
        QTest::newRow("lines") << "  # First line\n\n second\tline  "
                               << "First line second line";
        QTest::newRow("nothing") << " \n\t "
                                 << "";
        QTest::newRow("cut between words")
            << "Please explain to me in a few words how rainbows are made by the sun"
            << "Please explain to me in a few words how rainbows…";
        QTest::newRow("one long word") << QString(100, 'a') << QString(48, 'a') + "…";
        QTest::newRow("wide characters") << QString(60, QChar(0x65E5)) << QString(48, QChar(0x65E5)) + "…";
    }
    void titles() {
        QFETCH(QString, question);
        QFETCH(QString, title);
        QCOMPARE(QString::fromStdString(title_from(question.toStdString())), title);
    }

    void treeShowsBranchesAndVersions() {
        storage::Conversation conversation;
        conversation.leaf = 6;
        ConversationTree tree(conversation, {message(1, {}, Role::user), message(2, 1, Role::assistant),
                                             message(3, 1, Role::assistant), message(4, 2, Role::user),
                                             message(5, 4, Role::assistant), message(6, 3, Role::user)});
        QCOMPARE(tree.branch().size(), 3U);
        QCOMPARE(tree.branch().at(1)->id, 3);
        QCOMPARE(tree.versions(2), (std::vector<MessageId>{2, 3}));
        QCOMPARE(tree.newest_leaf_below(2), 5);
        QCOMPARE(tree.newest_leaf_below(6), 6);
        QVERIFY(tree.on_branch(3));
        QVERIFY(!tree.on_branch(2));
        const auto shown = tree.shown_branch();
        QCOMPARE(shown.at(1).version, 2);
        QCOMPARE(shown.at(1).versions, 2);
    }

    void treeSurvivesACycle() {
        storage::Conversation conversation;
        conversation.leaf = 1;
        const ConversationTree tree(conversation,
                                    {message(1, 2, Role::user), message(2, 1, Role::assistant)});
        QVERIFY(tree.branch().size() <= 3);
        QVERIFY(tree.newest_leaf_below(1) > 0);
    }

    void leftOutIsOfTheNewestAnswer() {
        storage::Conversation conversation;
        conversation.leaf = 4;
        auto answer = message(4, 3, Role::assistant);
        answer.left_out = {1, 2};
        ConversationTree tree(conversation, {message(1, {}, Role::user), message(2, 1, Role::assistant),
                                             message(3, 2, Role::user), answer});
        const auto shown = tree.shown_branch();
        QVERIFY(shown.at(0).left_out && shown.at(1).left_out && !shown.at(2).left_out &&
                !shown.at(3).left_out);
    }

    void queueJoinsWhatASlowReaderDidNotTake() {
        int woken = 0;
        EventQueue queue([&] { ++woken; });
        for (int i = 0; i < 1000; ++i) {
            queue.push(ReplyText{1, 2, "x"});
            TurnChanged progress;
            progress.message = 2;
            progress.generating = true;
            progress.context_used = static_cast<std::uint32_t>(i);
            queue.push(progress);
        }
        queue.push(Notice{"n"});
        queue.push(ReplyText{1, 2, "y"});  // must not be joined past the notice
        QCOMPARE(woken, 1);
        const auto events = queue.take();
        QCOMPARE(events.size(), 4U);
        QCOMPARE(std::get<ReplyText>(events[0]).text.size(), 1000U);
        QCOMPARE(std::get<TurnChanged>(events[1]).context_used, 999U);
        QCOMPARE(std::get<ReplyText>(events[3]).text, std::string("y"));
        queue.push(Notice{"again"});
        QCOMPARE(woken, 2);
        queue.close();
        QCOMPARE(queue.wait().size(), 1U);
        QVERIFY(queue.wait().empty());
    }

    void mailboxEndsItsWaitAtTheDeadline() {
        Mailbox mailbox;
        const auto start = Clock::now();
        QVERIFY(!mailbox.take(start + std::chrono::milliseconds(20)));
        QVERIFY(Clock::now() >= start + std::chrono::milliseconds(20));
        mailbox.put([] {});
        QVERIFY(mailbox.take(std::nullopt).has_value());
    }

    void jobsThatMustRunDoRun() {
        std::atomic<int> done{0};
        {
            JobThread jobs;
            for (int i = 0; i < 10; ++i) {
                jobs.post_final([&] { ++done; });
            }
        }
        QCOMPARE(done.load(), 10);
    }

    void pathsFollowTheVariables() {
        QTemporaryDir home;
        const fs::path root = home.path().toStdString();
        qputenv("HOME", home.path().toUtf8());
        for (const char* name :
             {"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TENDRIL_DATA_DIR"}) {
            qunsetenv(name);
        }
        auto paths = find_paths().value();
        QCOMPARE(paths.database(), root / ".local/share/tendril/chats.db");
        QCOMPARE(paths.settings(), root / ".config/tendril/settings.json");
        QCOMPARE(paths.log(), root / ".local/state/tendril/tendril.log");
        QCOMPARE(paths.pages(), root / ".cache/tendril/pages");
        QCOMPARE(paths.measurements(), root / ".cache/tendril/measurements");
        qputenv("XDG_DATA_HOME", "/elsewhere");
        qputenv("XDG_CONFIG_HOME", "relative/is/ignored");
        paths = find_paths().value();
        QCOMPARE(paths.data, fs::path("/elsewhere/tendril"));
        QCOMPARE(paths.config, root / ".config/tendril");
        qputenv("TENDRIL_DATA_DIR", (root / "all").c_str());
        QCOMPARE(find_paths().value().data, root / "all");
        paths = find_paths(root / "option").value();
        QCOMPARE(paths.settings(), root / "option/config/settings.json");
        QCOMPARE(paths.pages(), root / "option/cache/pages");
        QVERIFY(make_folders(paths));
        QCOMPARE(fs::status(paths.data).permissions() & fs::perms::all, fs::perms::owner_all);
        QVERIFY(!make_folders(Paths{"/proc/nowhere", "/proc/nowhere", "/proc/nowhere", "/proc/nowhere"}));
        qunsetenv("TENDRIL_DATA_DIR");
    }

    void modelsAreFoundOnce() {
        QTemporaryDir folder;
        const fs::path root = folder.path().toStdString();
        touch(root / "a.gguf");
        touch(root / "deep/er/B.GGUF");
        touch(root / "notes.txt");
        touch(root / "split-00001-of-00002.gguf");
        touch(root / "split-00002-of-00002.gguf");
        fs::create_symlink(root / "a.gguf", root / "link.gguf");
        fs::create_directory_symlink(root, root / "loop");
        fs::create_symlink(root / "gone", root / "dead.gguf");
        const auto found = find_models({root, root / "deep", root / "nowhere"});
        const fs::path real = fs::canonical(root);
        QCOMPARE(found, (std::vector<fs::path>{real / "a.gguf", real / "deep/er/B.GGUF",
                                               real / "split-00001-of-00002.gguf"}));
        QCOMPARE(find_models({root}, {.depth = 0}).size(), 2U);
        QVERIFY(find_models({root}, {.entries = 1}).size() <= 1);
        QCOMPARE(find_models({root}, {.models = 1}).size(), 1U);
    }

    void neededMemoryGrowsWithTheContext() {
        engine::ModelDescription description;
        description.memory_bytes = 1'000'000 + 4096 * 10;
        description.kv_bytes_per_token = 10;
        description.context_length = 8192;
        QCOMPARE(needed_memory(description, 0), std::uint64_t{1'040'960});
        QCOMPARE(needed_memory(description, 8192), std::uint64_t{1'081'920});
        QCOMPARE(needed_memory(description, 100'000),
                 std::uint64_t{1'081'920});  // not more than it was trained for
    }

    void filesAreWrittenWholeOrNotAtAll() {
        QTemporaryDir folder;
        const fs::path file = fs::path(folder.path().toStdString()) / "out";
        touch(file, "old");
        QVERIFY(write_file(file, "new text"));
        QCOMPARE(fs::file_size(file), 8U);
        QVERIFY(!write_file(fs::path(folder.path().toStdString()) / "no/such/folder", "x"));
        const auto entries =
            std::distance(fs::directory_iterator(folder.path().toStdString()), fs::directory_iterator());
        QCOMPARE(entries, 1);  // no temporary file stays
        if (fs::exists("/dev/full")) {
            QVERIFY(!write_file("/dev/full/x", "x"));
        }
    }

    void footerSaysWhatWasRead() {
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
        ShownMessage shown;
        shown.message.role = Role::assistant;
        shown.message.model_name = "Model";
        shown.message.counters = {3116, 3104, 101, 80, 2000};
        QCOMPARE(
            to_item(shown).footer,
            QString("read 12 new tokens, 3,104 reused, first token after 80 ms · 50.0 tokens/s · Model"));
        shown.message.counters = {3116, 3104, 0, 0, 0};  // stopped before the first one
        QCOMPARE(to_item(shown).footer, QString("read 12 new tokens, 3,104 reused · Model"));
        shown.message.counters = {};
        QVERIFY(to_item(shown).footer.isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestParts)
#include "test_parts.moc"

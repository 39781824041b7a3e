// SPDX-License-Identifier: Apache-2.0
// A program that lets answers grow in several points at once is killed at random moments, again and again
// over one database: what it had said to be written is in the answer, which is marked as cut, and the file
// stays sound.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <sstream>

#include <QTemporaryDir>
#include <QtTest>

#include "storage/chat_store.h"

using namespace tendril;
using namespace tendril::storage;

namespace {

constexpr std::uint32_t kPoints = 4;
constexpr const char* kHeading = "**A point**\n\n";

/// What point `point` gets in round `round`: "p2r17 ".
std::string piece(std::uint32_t point, int round) {
    return "p" + std::to_string(point) + "r" + std::to_string(round) + " ";
}

void say(const std::string& line) {
    [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, (line + "\n").data(), line.size() + 1);
}

/// One answer after another until it is killed. Says "m ID" when one is begun, "r ROUND" when a round of it
/// is on the disk, "f ID" when it is finished.
int work(const char* file, bool forgetful) {
    OpenReport report;
    const auto store = ChatStore::open(file, report);
    if (!store || !report.notices.empty()) {
        return 3;
    }
    Message reply;
    reply.role = Role::assistant;
    reply.conversation = (*store)->create_conversation("", "").value().id;
    say("c " + std::to_string(reply.conversation));
    for (int answer = 0;; ++answer) {
        reply.status = MessageStatus::streaming;
        reply.id = (*store)->begin_reply(reply).value();
        if (!(*store)->begin_points(reply.id, std::vector<std::string>(kPoints, kHeading), "{}")) {
            return 4;
        }
        say("m " + std::to_string(reply.id));
        for (int round = 0; round < 40; ++round) {
            std::vector<PointPiece> pieces;
            for (std::uint32_t point = 0; point < kPoints; ++point) {
                pieces.push_back({point, piece(point, round)});
            }
            if (!forgetful && !(*store)->append_points(reply.id, pieces)) {
                return 5;
            }
            say("r " + std::to_string(round));
        }
        reply.status = MessageStatus::complete;
        reply.text = "all of it";
        if (!(*store)->finish_expanded_reply(reply)) {
            return 6;
        }
        reply.text.clear();
        say("f " + std::to_string(reply.id));
    }
}

struct Said {
    ConversationId conversation = 0;
    MessageId begun = 0;
    MessageId finished = 0;
    int rounds = 0;  // of the one that was begun last
};

Said read(const std::string& text) {
    Said said;
    std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
    char what = 0;
    std::int64_t value = 0;
    while (lines >> what >> value) {
        if (what == 'c') {
            said.conversation = value;
        } else if (what == 'm') {
            said.begun = value;
            said.rounds = 0;
        } else if (what == 'r') {
            said.rounds = static_cast<int>(value) + 1;
        } else if (what == 'f') {
            said.finished = value;
        }
    }
    return said;
}

std::string run_and_kill(const char* program, const std::string& file, const char* how, int life_us) {
    int ends[2] = {};
    if (::pipe(ends) != 0) {
        return {};
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::execl(program, program, how, file.c_str(), nullptr);
        ::_exit(9);
    }
    ::close(ends[1]);
    std::string text;
    char buffer[4096];
    ssize_t got = ::read(ends[0], buffer, sizeof buffer);  // its life begins when the store is open
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(life_us);
    while (got > 0) {
        text.append(buffer, static_cast<std::size_t>(got));
        const auto left =
            std::chrono::duration_cast<std::chrono::nanoseconds>(end - std::chrono::steady_clock::now());
        const timespec wait{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
        pollfd readable{ends[0], POLLIN, 0};
        if (left.count() <= 0 || ::ppoll(&readable, 1, &wait, nullptr) == 0) {
            break;
        }
        got = ::read(ends[0], buffer, sizeof buffer);
    }
    ::kill(child, SIGKILL);
    while ((got = ::read(ends[0], buffer, sizeof buffer)) > 0) {
        text.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? text : "ended by itself";
}

/// Empty when the row holds every round that was said, in order, in every point.
std::string problem_of(const Message& row, int rounds) {
    if (row.status != MessageStatus::interrupted) {
        return "it is not marked as cut";
    }
    std::vector<std::string> expected(2);
    for (int more = 0; more < 2; ++more) {  // the round after the last said one may be there as well
        for (std::uint32_t point = 0; point < kPoints && rounds + more > 0; ++point) {
            std::string text;
            for (int round = 0; round < rounds + more; ++round) {
                text += piece(point, round);
            }
            text.pop_back();
            expected[static_cast<std::size_t>(more)] +=
                (point == 0 ? "" : "\n\n") + std::string(kHeading) + text;
        }
    }
    return row.text == expected[0] || row.text == expected[1] ? "" : "text is lost, or another one is there";
}

}  // namespace

class TestKilledPoints : public QObject {
    Q_OBJECT
  public:
    const char* program = nullptr;

  private Q_SLOTS:
    void killedAtRandomMoments();
    void forgetfulProgramIsFoundOut();

  private:
    QTemporaryDir folder_;
};

void TestKilledPoints::killedAtRandomMoments() {
    const int asked = qEnvironmentVariableIntValue("TENDRIL_CRASH_KILLS");
    const int kills = asked > 0 ? asked : 60;
    const std::string file = folder_.filePath("chats.db").toStdString();
    std::mt19937 random(77);
    int cut = 0;
    int finished = 0;
    for (int kill = 0; kill < kills; ++kill) {
        const std::string text = run_and_kill(program, file, "--child", static_cast<int>(random() % 90'000));
        QVERIFY(text != "ended by itself");
        const Said said = read(text);
        OpenReport report;
        const auto store = ChatStore::open(file, report);
        QVERIFY2(store.has_value() && report.notices.empty(), "the file is damaged");
        QVERIFY((*store)->check());
        const auto rows = (*store)->messages(said.conversation).value();
        for (const Message& row : rows) {
            if (row.id == said.begun && row.id != said.finished && row.status != MessageStatus::complete) {
                QCOMPARE(problem_of(row, said.rounds), std::string());
                cut += said.rounds > 0 ? 1 : 0;
            } else if (row.id <= said.finished) {
                QCOMPARE(row.text, std::string("all of it"));
                QCOMPARE(row.status, MessageStatus::complete);
                ++finished;
            }
        }
    }
    qInfo("%d kills, %d while points grew, %d finished answers", kills, cut, finished);
    QVERIFY(cut >= kills / 2);
}

/// A program that says to have written what it has not must be found out, or the test above says nothing.
void TestKilledPoints::forgetfulProgramIsFoundOut() {
    const std::string file = folder_.filePath("forgetful.db").toStdString();
    Said said;
    for (int life = 20'000; said.rounds == 0; life += 5'000) {
        said = read(run_and_kill(program, file, "--forgetful", life));
    }
    OpenReport report;
    const auto store = ChatStore::open(file, report);
    const auto rows = (*store)->messages(said.conversation).value();
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const Message& m) { return m.id == said.begun; });
    QVERIFY(row != rows.end());
    QVERIFY(!problem_of(*row, said.rounds).empty() || row->status == MessageStatus::complete);
}

int main(int count, char** arguments) {
    if (count == 3) {
        return work(arguments[2], std::string(arguments[1]) == "--forgetful");
    }
    QCoreApplication application(count, arguments);
    TestKilledPoints test;
    const std::string program = QCoreApplication::applicationFilePath().toStdString();
    test.program = program.c_str();
    return QTest::qExec(&test, count, arguments);
}

#include "test_killed_points.moc"

// SPDX-License-Identifier: Apache-2.0
// A program that writes pages is killed at random moments, again and again over one folder: what it had
// finished is there, what is there is right, what was forgotten is gone, and the quota holds.
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <random>

#include <QtTest>

#include "tests/unit/cache/disk/store_fixture.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

constexpr std::size_t kPages = 6;        // of a text
constexpr std::uint32_t kForgotten = 3;  // every third text is forgotten right after the next one is there
constexpr std::uint64_t kQuota = 80 * StoreFolder::kSlot;

PageStoreOptions options_of(const std::filesystem::path& base) {
    PageStoreOptions options;
    options.folder = base / "pages";
    options.model = base / "model.gguf";
    options.identity = "layout: test\n";
    options.full_bytes = StoreFolder::kFull;
    options.window_bytes = StoreFolder::kWindow;
    options.quota = kQuota;
    // Time flies, so that a page that was let go can be written again.
    options.hooks.now = [hours = std::make_shared<std::atomic<int>>(0)] {
        return std::chrono::steady_clock::time_point(std::chrono::hours(++*hours));
    };
    return options;
}

/// Writes texts from `seed` on until it is killed, and says what it has finished: "t SEED", "f SEED".
int work(const std::filesystem::path& base, std::uint32_t seed) {
    const std::unique_ptr<PageStore> store = StoreFolder::ready(options_of(base));
    const auto say = [](char what, std::uint32_t which) {
        const std::string line = std::string(1, what) + " " + std::to_string(which) + "\n";
        [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, line.data(), line.size());
    };
    say('s', seed);
    for (;; ++seed) {
        const Text text(*store->root(), seed, kPages, seed % 4 == 0 ? 2 : 0);
        if (!put(*store, text, 0, kPages, seed, seed % 2 == 0)) {
            return 3;
        }
        say('t', seed);
        if (seed % kForgotten == 1) {
            std::promise<Status> done;
            store->forget(seed - 1, [&](const Status& status) { done.set_value(status); });
            if (!done.get_future().get()) {
                return 4;
            }
            say('f', seed - 1);
        }
    }
}

struct Said {
    std::uint32_t begun = 0;      // every text below may have been touched
    std::uint32_t finished = 0;   // 0: none in this run
    std::uint32_t forgotten = 0;  // 0: none in this run
    int exit_code = -1;           // -1: it was killed
};

/// Starts the program, kills it after `life`, and tells what it had said.
Said run_and_kill(const char* program, const std::filesystem::path& base, std::uint32_t seed,
                  std::chrono::microseconds life) {
    int ends[2] = {};
    if (::pipe(ends) != 0) {
        return {};
    }
    const std::string number = std::to_string(seed);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::execl(program, program, "--child", base.c_str(), number.c_str(), nullptr);
        ::_exit(5);
    }
    ::close(ends[1]);
    std::string text;
    char buffer[4096];
    // Its life begins when the store is open.
    ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    text.append(buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    const auto end = std::chrono::steady_clock::now() + life;
    while (got > 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::microseconds>(end - std::chrono::steady_clock::now());
        const timespec wait{left.count() / 1'000'000, (left.count() % 1'000'000) * 1000};
        pollfd readable{ends[0], POLLIN, 0};
        if (left.count() <= 0 || ::ppoll(&readable, 1, &wait, nullptr) == 0) {
            break;
        }
        got = ::read(ends[0], buffer, sizeof buffer);
        text.append(buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    }
    ::kill(child, SIGKILL);
    while ((got = ::read(ends[0], buffer, sizeof buffer)) > 0) {
        text.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    Said said;
    said.begun = seed + 1;
    said.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    for (const QString& line : QString::fromStdString(text).split('\n', Qt::SkipEmptyParts)) {
        const std::uint32_t which = line.mid(2).toUInt();
        if (line.startsWith('t')) {
            said.finished = which;
            said.begun = which + 2;
        } else if (line.startsWith('f')) {
            said.forgotten = which;
        }
    }
    return said;
}

}  // namespace

class TestKilledStore : public QObject {
    Q_OBJECT
  public:
    const char* program = nullptr;

  private Q_SLOTS:
    void killed_at_random_moments();
};

void TestKilledStore::killed_at_random_moments() {
    const QTemporaryDir temporary;
    const std::filesystem::path base = temporary.path().toStdString();
    write_bytes(base / "model.gguf", std::vector<std::byte>(5000, std::byte{7}));
    bool given = false;
    const int asked = qEnvironmentVariableIntValue("TENDRIL_CRASH_KILLS", &given);
    const int kills = given ? asked : 60;
    std::mt19937 random(4242);
    std::uint32_t seed = 1;
    int finished = 0;
    int forgotten = 0;
    for (int kill = 0; kill < kills; ++kill) {
        const std::chrono::microseconds life(random() % 120000);
        const Said said = run_and_kill(program, base, seed, life);
        QCOMPARE(said.exit_code, -1);
        const std::uint32_t first = seed > 12 ? seed - 12 : 1;
        const auto store = StoreFolder::ready(options_of(base));
        QVERIFY(store->root());
        for (std::uint32_t which = first; which < said.begun; ++which) {
            const Text text(*store->root(), which, kPages, which % 4 == 0 ? 2 : 0);
            QVERIFY2(right_pages(*store, text) >= 0, qPrintable(QString("text %1 is wrong").arg(which)));
        }
        if (said.finished != 0) {
            const Text text(*store->root(), said.finished, kPages, said.finished % 4 == 0 ? 2 : 0);
            QCOMPARE(right_pages(*store, text), static_cast<int>(kPages));
            QCOMPARE(get(*store, text, kPages - 1, said.finished % 2 == 0), Got::right);
            ++finished;
        }
        QCOMPARE(store->state().refused_pages, 0U);
        QVERIFY(store->state().bytes <= kQuota);
        if (said.forgotten != 0) {
            const Text text(*store->root(), said.forgotten, kPages, said.forgotten % 4 == 0 ? 2 : 0);
            const std::string marker = text.marker(kPages - 1);
            const auto wanted = std::as_bytes(std::span(marker));
            for (const auto& entry : std::filesystem::recursive_directory_iterator(base / "pages")) {
                const std::vector<std::byte> bytes =
                    entry.is_regular_file() ? read_bytes(entry.path()) : std::vector<std::byte>();
                QVERIFY(std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) == bytes.end());
            }
            ++forgotten;
        }
        seed = said.begun;
    }
    qInfo("%d kills: %d with finished texts, %d with forgotten ones, %u texts", kills, finished, forgotten,
          seed);
    QVERIFY(finished > kills / 6);
    QVERIFY(kills < 20 || forgotten > 0);
}

int main(int count, char** arguments) {
    if (count == 4 && std::string(arguments[1]) == "--child") {
        return work(arguments[2], static_cast<std::uint32_t>(std::stoul(arguments[3])));
    }
    QCoreApplication application(count, arguments);
    TestKilledStore test;
    const std::string program = QCoreApplication::applicationFilePath().toStdString();
    test.program = program.c_str();
    return QTest::qExec(&test, count, arguments);
}

#include "test_killed_store.moc"

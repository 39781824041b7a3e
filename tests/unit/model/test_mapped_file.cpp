// SPDX-License-Identifier: Apache-2.0
// A mapped file that shrinks, vanishes or is no file at all: an error in words, never the end of the process.
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <numeric>
#include <thread>

#include <QTemporaryDir>
#include <QTest>

#include "engine/model/mapped_file.h"

using namespace tendril;
using namespace tendril::engine;

namespace {

std::uint64_t sum_of(std::span<const std::byte> bytes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 64) {
        sum += static_cast<std::uint64_t>(*reinterpret_cast<const volatile unsigned char*>(&bytes[i]));
    }
    return sum;
}

}  // namespace

class TestMappedFile : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::filesystem::path path(const char* name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }
    std::filesystem::path write(const char* name, std::size_t size) const {
        std::ofstream(path(name), std::ios::binary) << std::string(size, '\1');
        return path(name);
    }

  private Q_SLOTS:
    void readsWhatIsThere();
    void refusesWhatIsNoFile();
    void shrinksAHundredTimes();
    void shrinksUnderThreads();
    void shrinksWithinAPage();
    void vanishes();
    void twoFilesDoNotMixUp();
    void otherFaultsStillEndTheProcess();
    void givesPagesBack();
    void manyFilesAtOnce();
};

void TestMappedFile::readsWhatIsThere() {
    const auto file = MappedFile::open(write("a", 10000));
    QVERIFY(file.has_value());
    QCOMPARE((*file)->bytes().size(), std::size_t{10000});
    QVERIFY((*file)->bytes()[9999] == std::byte{1} && !(*file)->damaged());
}

void TestMappedFile::refusesWhatIsNoFile() {
    QVERIFY(MappedFile::open(path("absent")).error().code == ErrorCode::not_found);
    const auto folder = MappedFile::open(folder_.path().toStdString());
    QVERIFY(!folder && folder.error().message.find("is a folder") != std::string::npos);
    QVERIFY(MappedFile::open(write("empty", 0)).error().message == "The file is empty.");
    QCOMPARE(mkfifo(path("pipe").c_str(), 0600), 0);
    const auto pipe = MappedFile::open(path("pipe"));  // must not wait for a writer
    QVERIFY(!pipe && pipe.error().message.find("not a regular file") != std::string::npos);
}

void TestMappedFile::shrinksAHundredTimes() {
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (int i = 0; i < 100; ++i) {
        const std::filesystem::path name = write("shrinking", 64 * page);
        const auto file = MappedFile::open(name);
        QVERIFY(file.has_value());
        const std::size_t left = static_cast<std::size_t>(i) % 64 * page + (i % 2 == 0 ? 0 : 100);
        std::filesystem::resize_file(name, left);
        const std::uint64_t whole = 64 * page / 64;
        QVERIFY(sum_of((*file)->bytes()) < whole);  // zeros where the file was
        QVERIFY((*file)->damaged());
        QVERIFY(sum_of((*file)->bytes()) < whole);
    }
}

void TestMappedFile::shrinksUnderThreads() {
    const std::size_t size = 8U << 20;
    for (int i = 0; i < 10; ++i) {
        const std::filesystem::path name = write("shared", size);
        const auto file = MappedFile::open(name);
        QVERIFY(file.has_value());
        std::atomic<bool> stop{false};
        std::atomic<int> passes{0};
        std::vector<std::thread> readers;
        for (int t = 0; t < 4; ++t) {
            readers.emplace_back([&] {
                while (!stop) {
                    static_cast<void>(sum_of((*file)->bytes()));
                    ++passes;
                }
            });
        }
        QTRY_VERIFY(passes > 4);
        std::filesystem::resize_file(name, 0);
        const int seen = passes;
        QTRY_VERIFY(passes > seen + 8);  // everyone has read on after the cut
        stop = true;
        for (std::thread& reader : readers) {
            reader.join();
        }
        QVERIFY((*file)->damaged());
        QVERIFY(sum_of((*file)->bytes()) == 0);
    }
}

void TestMappedFile::shrinksWithinAPage() {
    const std::filesystem::path name = write("little", 3000);
    const auto file = MappedFile::open(name);
    std::filesystem::resize_file(name, 2999);
    QVERIFY((*file)->damaged());  // no fault tells of it
}

void TestMappedFile::vanishes() {
    const std::filesystem::path name = write("gone", 100000);
    const auto file = MappedFile::open(name);
    std::filesystem::remove(name);
    QCOMPARE(sum_of((*file)->bytes()), std::uint64_t{(100000 + 63) / 64});  // the system keeps it for us
    QVERIFY(!(*file)->damaged());
}

void TestMappedFile::twoFilesDoNotMixUp() {
    const auto one = MappedFile::open(write("one", 100000));
    const auto two = MappedFile::open(write("two", 100000));
    std::filesystem::resize_file(path("one"), 0);
    QCOMPARE(sum_of((*one)->bytes()), std::uint64_t{0});
    QVERIFY((*one)->damaged() && !(*two)->damaged());
    QCOMPARE(sum_of((*two)->bytes()), std::uint64_t{(100000 + 63) / 64});
    const auto again = MappedFile::open(write("three", 5000));  // slots are free of old damage
    QVERIFY(!(*again)->damaged());
}

void TestMappedFile::otherFaultsStillEndTheProcess() {
    const std::filesystem::path name = write("foreign", 100000);
    const auto file = MappedFile::open(name);  // the guard is in place
    QVERIFY(file.has_value());
    const pid_t child = fork();
    if (child == 0) {
        std::FILE* const own = std::fopen(name.c_str(), "rb");
        void* const at = mmap(nullptr, 100000, PROT_READ, MAP_PRIVATE, fileno(own), 0);
        if (truncate(name.c_str(), 0) != 0) {
            _exit(3);
        }
        setenv("QTEST_DISABLE_STACK_DUMP", "1", 1);  // Qt Test's own handler would call gdb
        signal(SIGALRM, SIG_DFL);
        alarm(20);  // a handler that returns without repair would fault for ever
        _exit(static_cast<volatile const char*>(at)[50000]);
    }
    int status = 0;
    QCOMPARE(waitpid(child, &status, 0), child);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    QVERIFY(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);  // the sanitizer's own handler ends it
#else
    QVERIFY(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
#endif
}

void TestMappedFile::givesPagesBack() {
    const std::size_t size = 16U << 20;
    const auto file = MappedFile::open(write("big", size));
    const std::span<const std::byte> bytes = (*file)->bytes();
    static_cast<void>(sum_of(bytes));
    const auto resident = [&bytes] {
        // Shared clean pages stay in the page cache; what is ours is seen in the process's own tables.
        std::ifstream maps("/proc/self/smaps");
        char wanted[32];
        std::snprintf(wanted, sizeof wanted, "%lx-", reinterpret_cast<unsigned long>(bytes.data()));
        bool inside = false;
        for (std::string line; std::getline(maps, line);) {
            inside = inside || line.rfind(wanted, 0) == 0;
            if (inside && line.rfind("Rss:", 0) == 0) {
                return std::stoul(line.substr(4));
            }
        }
        return 0UL;
    };
    QVERIFY(resident() > 15000);
    (*file)->release_pages(bytes.subspan(100, size / 2));
    QVERIFY(resident() < 9000);
    (*file)->release_pages(bytes.subspan(100, 200));  // less than a page: nothing to give
    (*file)->prefetch(bytes);
    QCOMPARE(sum_of(bytes), std::uint64_t{size / 64});
}

void TestMappedFile::manyFilesAtOnce() {
    const std::filesystem::path name = write("many", 100);
    std::vector<std::unique_ptr<MappedFile>> files;
    Result<std::unique_ptr<MappedFile>> next = MappedFile::open(name);
    while (next && files.size() < 1000) {
        files.push_back(std::move(*next));
        next = MappedFile::open(name);
    }
    QVERIFY(files.size() >= 200 && !next && next.error().code == ErrorCode::too_large);
    files.pop_back();
    QVERIFY(MappedFile::open(name).has_value());
}

QTEST_GUILESS_MAIN(TestMappedFile)
#include "test_mapped_file.moc"

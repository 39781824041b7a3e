// SPDX-License-Identifier: Apache-2.0
// The disk tier when the disk or its files are not as they should be: never a wrong page, and a reason said.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

#include <QtTest>

#include "tests/unit/cache/disk/store_fixture.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

constexpr std::uint64_t kHeader = 4096;  // of a segment file

}  // namespace

class TestPageStoreFaults : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void flipped_byte_data();
    void flipped_byte();
    void flipped_byte_without_checksums_is_served();
    void pages_exchanged_between_files();
    void cut_at_any_byte();
    void hostile_segments();
    void full_disk_and_later_room();
    void full_disk_at_every_write();
    void file_size_limit();
    void damaged_owners();
    void file_system_without_holes();
};

void TestPageStoreFaults::flipped_byte_data() {
    QTest::addColumn<qulonglong>("offset");  // in the slot of page 1
    QTest::newRow("magic") << 0ULL;
    QTest::newRow("format") << 8ULL;
    QTest::newRow("name") << 40ULL;
    QTest::newRow("parent") << 50ULL;
    QTest::newRow("page index") << 64ULL;
    QTest::newRow("tokens") << 100ULL;
    QTest::newRow("sizes") << 330ULL;
    QTest::newRow("checksum") << 370ULL;
    QTest::newRow("first byte of the payload") << 4096ULL;
    QTest::newRow("middle of the payload") << 4096ULL + 10000;
    QTest::newRow("last byte of the payload") << 4096ULL + StoreFolder::kFull - 1;
}

void TestPageStoreFaults::flipped_byte() {
    QFETCH(const qulonglong, offset);
    for (const bool restart : {false, true}) {
        StoreFolder folder;
        auto store = folder.ready();
        const Text text(*store->root(), 1, 3);
        QVERIFY(put(*store, text, 0, 3, 1));
        QCOMPARE(folder.segments().size(), 1U);
        if (restart) {
            store.reset();
        }
        flip(folder.segments()[0], kHeader + StoreFolder::kSlot + offset);
        if (restart) {
            std::filesystem::remove(folder.shelf() / "index");  // both ways to find pages
            store = folder.ready();
        }
        QCOMPARE(get(*store, text, 1), Got::nothing);
        QCOMPARE(get(*store, text, 0), Got::right);
        QCOMPARE(get(*store, text, 2), Got::right);
        QVERIFY(folder.log().find("is not used") != std::string::npos);
        // The place of the damaged page is erased, and the page can be written again.
        QVERIFY(put(*store, text, 1, 2, 1));
        QCOMPARE(right_pages(*store, text), 3);
    }
}

/// Negative control: it is the checksum that catches these.
void TestPageStoreFaults::flipped_byte_without_checksums_is_served() {
    StoreFolder folder;
    PageStoreOptions options = folder.options();
    options.hooks.verify = false;
    const auto store = StoreFolder::ready(options);
    const Text text(*store->root(), 1, 3);
    QVERIFY(put(*store, text, 0, 3, 1));
    flip(folder.segments()[0], kHeader + StoreFolder::kSlot + 4096 + 10000);
    QCOMPARE(get(*store, text, 1), Got::wrong);
}

/// Whole pages in the wrong place: a file of one model in the folder of another, and two files exchanged.
void TestPageStoreFaults::pages_exchanged_between_files() {
    StoreFolder folder;
    PageStoreOptions other = folder.options();
    other.model = folder.model("b");
    PageName root_a;
    PageName root_b;
    std::filesystem::path of_a;
    {
        const auto store = folder.ready();
        root_a = *store->root();
        QVERIFY(put(*store, Text(root_a, 1, 3), 0, 3, 1));
        of_a = folder.segments()[0];
    }
    {
        const auto store = StoreFolder::ready(other);
        root_b = *store->root();
        QVERIFY(put(*store, Text(root_b, 1, 3), 0, 3, 1));
    }
    const std::filesystem::path of_b = folder.path() / hex(root_b) / of_a.filename();
    QVERIFY(std::filesystem::exists(of_b));
    std::filesystem::copy_file(of_b, of_a, std::filesystem::copy_options::overwrite_existing);
    const auto store = folder.ready();
    QCOMPARE(right_pages(*store, Text(root_a, 1, 3)), 0);
    QVERIFY(folder.log().find("belongs to another text or model") != std::string::npos);
}

void TestPageStoreFaults::cut_at_any_byte() {
    StoreFolder folder;
    PageName root;
    {
        const auto store = folder.ready();
        root = *store->root();
        QVERIFY(put(*store, Text(root, 1, 4), 0, 4, 1));
    }
    const std::filesystem::path file = folder.segments()[0];
    const std::filesystem::path owners = folder.shelf() / "owners";
    const std::vector<std::byte> whole = read_bytes(file);
    const std::vector<std::byte> whole_owners = read_bytes(owners);
    std::size_t cut = whole.size();
    for (int step = 0; cut > 0; ++step) {
        std::vector<std::byte> bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
        write_bytes(file, bytes);
        write_bytes(owners, whole_owners);
        if (step % 2 == 0) {
            std::filesystem::remove(folder.shelf() / "index");
        }
        const auto store = folder.ready();
        const int expected = cut < kHeader ? 0 : static_cast<int>((cut - kHeader) / StoreFolder::kSlot);
        QCOMPARE(right_pages(*store, Text(root, 1, 4)), expected);
        cut -= std::min<std::size_t>(cut, 1 + (static_cast<std::size_t>(step) * 997) % 4999);
    }
}

void TestPageStoreFaults::hostile_segments() {
    StoreFolder folder;
    PageName root;
    {
        const auto store = folder.ready();
        root = *store->root();
        QVERIFY(put(*store, Text(root, 1, 4), 0, 4, 1));
    }
    const std::filesystem::path shelf = folder.shelf();
    const std::vector<std::byte> whole = read_bytes(folder.segments()[0]);
    write_bytes(shelf / "full-000000aa.pages", {});                            // empty
    write_bytes(shelf / "full-000000ab.pages", std::vector<std::byte>(99));    // too short
    write_bytes(shelf / "window-000000ac.pages", whole);                       // another kind's bytes
    write_bytes(shelf / "full-000000ad.pages", std::vector<std::byte>(9999));  // zeros
    write_bytes(shelf / "full-000000ae.pages", whole);                         // every page a second time
    std::filesystem::resize_file(shelf / "full-000000ad.pages", 1ULL << 40);   // a hole of a terabyte
    QCOMPARE(::mkfifo((shelf / "full-000000af.pages").c_str(), 0600), 0);      // would block a reader
    std::filesystem::create_directory(shelf / "full-000000b0.pages");
    std::filesystem::remove(shelf / "index");
    const auto store = folder.ready();
    QCOMPARE(right_pages(*store, Text(root, 1, 4)), 4);
    QCOMPARE(store->state().pages, 4U);
}

void TestPageStoreFaults::full_disk_and_later_room() {
    StoreFolder folder;
    PageStoreOptions options = folder.options();
    auto room = std::make_shared<std::atomic<std::int64_t>>(1LL << 40);
    auto now = std::make_shared<std::atomic<std::int64_t>>(1000);
    options.hooks.now = [now] { return std::chrono::steady_clock::time_point(std::chrono::seconds(*now)); };
    options.hooks.pwrite = [room](int file, const void* bytes, std::size_t count, off_t offset) -> ssize_t {
        // As a file system that has `room` bytes left: a part is written, then no more.
        if (*room <= 0) {
            errno = ENOSPC;
            return -1;
        }
        const ssize_t written =
            ::pwrite(file, bytes, std::min(count, static_cast<std::size_t>(room->load())), offset);
        *room -= written;
        return written;
    };
    const auto store = StoreFolder::ready(options);
    const Text text(*store->root(), 1, 12);
    QVERIFY(put(*store, text, 0, 4, 1));
    *room = 2 * static_cast<std::int64_t>(StoreFolder::kSlot) + 9000;  // full in the middle of a page
    QVERIFY(!put(*store, text, 4, 12, 1));
    QVERIFY(mentions(*store, "full"));
    QCOMPARE(right_pages(*store, text), 6);
    const std::uint64_t size = std::filesystem::file_size(folder.segments()[0]);
    QCOMPARE((size - kHeader) % StoreFolder::kSlot, 0U);  // what was begun is cut off again
    *room = 1LL << 40;
    QVERIFY(!put(*store, text, 6, 7, 1));  // not at once
    *now += 60;
    QVERIFY(put(*store, text, 6, 12, 1));
    QCOMPARE(right_pages(*store, text), 12);
    QVERIFY(store->state().note.empty());
}

/// A fault at each write in turn, opening included: never a wrong page, never a crash.
void TestPageStoreFaults::full_disk_at_every_write() {
    for (int failing = 0; failing < 40; ++failing) {
        StoreFolder folder;
        PageStoreOptions options = folder.options();
        auto left = std::make_shared<std::atomic<int>>(failing);
        options.hooks.pwrite = [left](int file, const void* bytes, std::size_t count,
                                      off_t offset) -> ssize_t {
            if (--*left < 0) {
                errno = ENOSPC;
                return -1;
            }
            return ::pwrite(file, bytes, count, offset);
        };
        PageName root;
        {
            const auto store = StoreFolder::ready(options);
            if (!store->root()) {
                QVERIFY(!store->state().note.empty());
                continue;
            }
            root = *store->root();
            put(*store, Text(root, 1, 8), 0, 8, 1, true);
            QVERIFY(right_pages(*store, Text(root, 1, 8)) >= 0);
        }
        const auto store = folder.ready();
        QVERIFY(right_pages(*store, Text(root, 1, 8)) >= 0);
        QVERIFY(put(*store, Text(root, 1, 8), 0, 8, 1, true));
        QCOMPARE(right_pages(*store, Text(root, 1, 8)), 8);
    }
}

/// A real limit of the system instead of a hook.
void TestPageStoreFaults::file_size_limit() {
    if (!kCanFork) {
        QSKIP("forks");
    }
    StoreFolder folder;
    const bool fine = in_child([&] {
        const rlimit limit{kHeader + 3 * StoreFolder::kSlot + 5000, RLIM_INFINITY};
        ::signal(SIGXFSZ, SIG_IGN);
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
            return false;
        }
        const auto store = folder.ready();
        const Text text(*store->root(), 1, 8);
        const bool all = put(*store, text, 0, 8, 1);
        return !all && right_pages(*store, text) == 3 && !store->state().note.empty();
    });
    QVERIFY(fine);
    const auto store = folder.ready();
    QCOMPARE(right_pages(*store, Text(*store->root(), 1, 8)), 3);
}

void TestPageStoreFaults::damaged_owners() {
    StoreFolder folder;
    PageName root;
    {
        const auto store = folder.ready();
        root = *store->root();
        QVERIFY(put(*store, Text(root, 1, 5), 0, 5, 1));
    }
    const std::filesystem::path owners = folder.shelf() / "owners";
    flip(owners, 2 * 48 + 20);  // the claim of the third page
    {
        const auto store = folder.ready();
        const Text text(root, 1, 5);
        QCOMPARE(right_pages(*store, text), 4);
        QVERIFY(!folder.contains(text.marker(2)));  // nobody could have it removed later
    }
    std::filesystem::remove(owners);
    const auto store = folder.ready();
    QCOMPARE(right_pages(*store, Text(root, 1, 5)), 0);
    QVERIFY(!folder.contains(Text(root, 1, 5).marker(0)));
}

void TestPageStoreFaults::file_system_without_holes() {
    StoreFolder folder;
    PageStoreOptions options = folder.options();
    options.hooks.holes = false;
    options.quota = 64 * StoreFolder::kSlot;
    PageName root;
    {
        const auto store = StoreFolder::ready(options);
        root = *store->root();
        for (std::uint32_t seed = 1; seed <= 12; ++seed) {
            QVERIFY(put(*store, Text(root, seed, 8), 0, 8, seed));
            QCOMPARE(right_pages(*store, Text(root, seed, 8)), 8);
            QVERIFY(folder.disk_bytes() <= options.quota);
        }
        std::atomic<bool> done = false;
        store->forget(12, [&](const Status& status) { done = status.has_value(); });
        store->wait_until_idle();
        QVERIFY(done);
        QVERIFY(!folder.contains(Text(root, 12, 8).marker(4)));
        QVERIFY(store->state().pages >= 10);
    }
    const auto store = StoreFolder::ready(options);
    int right = 0;
    for (std::uint32_t seed = 1; seed <= 11; ++seed) {
        right += right_pages(*store, Text(root, seed, 8));
    }
    QCOMPARE(static_cast<std::uint64_t>(right), store->state().pages);
}

QTEST_GUILESS_MAIN(TestPageStoreFaults)
#include "test_page_store_faults.moc"

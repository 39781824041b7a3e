// SPDX-License-Identifier: Apache-2.0
// What the disk tier keeps, for whom, and for how long.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include <QtTest>

#include "tests/unit/cache/disk/store_fixture.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

Status forget(PageStore& store, std::uint64_t owner) {
    std::promise<Status> done;
    store.forget(owner, [&](Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
}

Status clear(PageStore& store) {
    std::promise<Status> done;
    store.clear([&](Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
}

}  // namespace

class TestPageStore : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void pages_outlive_the_process();
    void names_cover_all_before_them();
    void window_part_comes_later();
    void other_identity_is_a_miss_data();
    void other_identity_is_a_miss();
    void replaced_model_file_is_hashed_anew();
    void forgotten_pages_are_gone();
    void shared_pages_live_until_the_last_owner();
    void an_owner_may_come_back();
    void nothing_is_written_while_it_is_forgotten();
    void forget_reaches_other_models();
    void clear_removes_everything();
    void quota_evicts_leaves_first();
    void quota_takes_other_models_first();
    void evicted_page_is_not_written_again_at_once();
    void files_are_private();
    void start_without_index_finds_the_same();
    void reader_and_writer_at_once();
};

void TestPageStore::pages_outlive_the_process() {
    StoreFolder folder;
    std::optional<PageName> root;
    {
        const auto store = folder.ready();
        root = store->root();
        QVERIFY(root);
        const Text text(*root, 1, 20);
        QCOMPARE(get(*store, text, 0), Got::nothing);
        QVERIFY(put(*store, text, 0, 20, 7));
        QCOMPARE(right_pages(*store, text), 20);
        QVERIFY(store->holds(text.name(3)).full);
        QVERIFY(!store->holds(text.name(3)).window);
        QCOMPARE(store->state().pages, 20U);
        QCOMPARE(store->state().written_bytes, 20 * StoreFolder::kSlot);
        QVERIFY(store->state().note.empty());
        QVERIFY(store->state().bytes >= 20 * StoreFolder::kSlot);
    }
    const auto store = folder.open();  // the hash is remembered: usable at once
    QVERIFY(store->root() == root);
    const Text text(*root, 1, 20);
    QCOMPARE(right_pages(*store, text), 20);
    QCOMPARE(store->state().refused_pages, 0U);
    QVERIFY(store->owners() == std::vector<std::uint64_t>{7});
    QCOMPARE(right_pages(*store, Text(*root, 2, 20)), 0);
}

void TestPageStore::names_cover_all_before_them() {
    const PageName root = root_name("x");
    const Text one(root, 1, 4);
    const Text other(root, 2, 4);
    const Text elsewhere(root_name("y"), 1, 4);
    QVERIFY(one.name(3) != other.name(3));
    QVERIFY(one.name(3) != elsewhere.name(3));
    QVERIFY(page_name(one.name(0), one.key(1).tokens) == one.name(1));
    // Negative control: without the parent the same tokens in another place would have the same name.
    QVERIFY(page_name(other.name(0), one.key(1).tokens) != one.name(1));
    // The page of another parent is refused even under its own name.
    StoreFolder folder;
    const auto store = folder.ready();
    const Text text(*store->root(), 1, 3);
    QVERIFY(put(*store, text, 0, 3, 1));
    PageKey key = text.key(2);
    key.parent = text.name(0);
    std::vector<std::byte> full(StoreFolder::kFull);
    QVERIFY(!store->read(key, full, {}));
    QCOMPARE(store->state().refused_pages, 1U);
    QVERIFY(folder.log().find("belongs to another text") != std::string::npos);
}

void TestPageStore::window_part_comes_later() {
    StoreFolder folder;
    {
        const auto store = folder.ready();
        const Text text(*store->root(), 1, 3);
        QVERIFY(put(*store, text, 0, 3, 1, false));
        QCOMPARE(get(*store, text, 1, true), Got::nothing);
        QVERIFY(put(*store, text, 1, 2, 1, true));
        QVERIFY(store->holds(text.name(1)).window);
        QCOMPARE(get(*store, text, 1, true), Got::right);
        QCOMPARE(get(*store, text, 2, true), Got::nothing);
        const std::uint64_t before = store->state().written_bytes;
        QVERIFY(put(*store, text, 1, 2, 1, true));  // there already
        QCOMPARE(store->state().written_bytes, before);
    }
    const auto store = folder.open();
    const Text text(*store->root(), 1, 3);
    QCOMPARE(get(*store, text, 1, true), Got::right);
    QCOMPARE(get(*store, text, 1, false), Got::right);
    QVERIFY(!store->holds(text.name(2)).window);
}

void TestPageStore::other_identity_is_a_miss_data() {
    QTest::addColumn<QString>("what");
    QTest::newRow("other model of the same shape") << "model";
    QTest::newRow("other layout") << "layout";
    QTest::newRow("other page size") << "size";
}

void TestPageStore::other_identity_is_a_miss() {
    QFETCH(const QString, what);
    StoreFolder folder;
    PageName root;
    {
        const auto store = folder.ready();
        root = *store->root();
        QVERIFY(put(*store, Text(root, 1, 4), 0, 4, 1));
    }
    PageStoreOptions options = folder.options();
    if (what == "model") {
        options.model = folder.model("b");
    } else if (what == "layout") {
        options.identity = "layout: test 2\n";
    } else {
        options.full_bytes += 2;
    }
    {
        const auto store = StoreFolder::ready(options);
        QVERIFY(store->root() && *store->root() != root);
        QVERIFY(!store->holds(Text(root, 1, 4).name(0)).full);
        QVERIFY(!store->holds(Text(*store->root(), 1, 4).name(0)).full);
        QVERIFY(store->state().other_bytes > 0);
    }
    const auto store = folder.ready();
    QCOMPARE(right_pages(*store, Text(root, 1, 4)), 4);
}

void TestPageStore::replaced_model_file_is_hashed_anew() {
    StoreFolder folder;
    PageName root;
    { root = *folder.ready()->root(); }
    struct stat before {};
    QCOMPARE(::stat(folder.model("a").c_str(), &before), 0);
    flip(folder.model("a"), 500);  // same path, size, inode; and the old time is put back
    const timespec times[] = {before.st_atim, before.st_mtim};
    QCOMPARE(::utimensat(AT_FDCWD, folder.model("a").c_str(), times, 0), 0);
    QVERIFY(*folder.ready()->root() != root);
    flip(folder.model("a"), 500);
    QVERIFY(*folder.ready()->root() == root);
}

void TestPageStore::forgotten_pages_are_gone() {
    StoreFolder folder;
    const auto store = folder.ready();
    const Text mine(*store->root(), 1, 6);
    const Text other(*store->root(), 2, 6);
    QVERIFY(put(*store, mine, 0, 6, 1, true));
    QVERIFY(put(*store, other, 0, 6, 2));
    QVERIFY(folder.contains(mine.marker(3)));  // control: the search can find it
    QVERIFY(forget(*store, 1));
    for (std::size_t page = 0; page < mine.size(); ++page) {
        QVERIFY(!folder.contains(mine.marker(page)));
        const auto tokens = std::as_bytes(mine.key(page).tokens);
        const std::string raw(reinterpret_cast<const char*>(tokens.data()), tokens.size());
        QVERIFY(!folder.contains(raw));
    }
    QCOMPARE(right_pages(*store, mine), 0);
    QCOMPARE(right_pages(*store, other), 6);
    QCOMPARE(store->state().refused_pages, 0U);
    QVERIFY(forget(*store, 2));
    QCOMPARE(store->state().pages, 0U);
    QVERIFY(folder.segments().empty());
}

void TestPageStore::shared_pages_live_until_the_last_owner() {
    StoreFolder folder;
    const Text* text = nullptr;
    std::unique_ptr<Text> first;
    std::unique_ptr<Text> second;
    {
        const auto store = folder.ready();
        first = std::make_unique<Text>(*store->root(), 1, 6, 3);
        second = std::make_unique<Text>(*store->root(), 2, 6, 3);
        QVERIFY(put(*store, *first, 0, 6, 1));
        QVERIFY(put(*store, *second, 0, 6, 2));  // the first three are there: owned by both now
        QCOMPARE(store->state().pages, 9U);
        text = first.get();
    }
    {
        const auto store = folder.ready();  // owners survive a restart
        QVERIFY(forget(*store, 1));
        QCOMPARE(right_pages(*store, *text), 3);
        QCOMPARE(right_pages(*store, *second), 6);
        QVERIFY(folder.contains(first->marker(1)));
        QVERIFY(!folder.contains(first->marker(4)));
    }
    const auto store = folder.ready();
    QCOMPARE(right_pages(*store, *second), 6);
    QVERIFY(forget(*store, 2));
    QVERIFY(!folder.contains(first->marker(1)));
    QCOMPARE(store->state().pages, 0U);
}

/// A conversation that is taken out of the trash again, or is private no more.
void TestPageStore::an_owner_may_come_back() {
    StoreFolder folder;
    std::unique_ptr<Text> text;
    {
        const auto store = folder.ready();
        text = std::make_unique<Text>(*store->root(), 1, 3);
        QVERIFY(put(*store, *text, 0, 3, 1));
        QVERIFY(forget(*store, 1));
        QVERIFY(!folder.contains(text->marker(0)));
        QVERIFY(put(*store, *text, 0, 2, 1));
        QCOMPARE(right_pages(*store, *text), 2);
        QVERIFY(put(*store, *text, 2, 3, 0));  // nobody's
        store->own(text->name(2), 1);
        QVERIFY(store->owners() == std::vector<std::uint64_t>{1});
    }
    const auto store = folder.ready();
    QCOMPARE(right_pages(*store, *text), 3);  // its claims outlive the old end of the owner
    QVERIFY(forget(*store, 1));
    QVERIFY(!folder.contains(text->marker(0)));
    QVERIFY(folder.contains(text->marker(2)));  // nobody's still
}

void TestPageStore::nothing_is_written_while_it_is_forgotten() {
    StoreFolder folder;
    PageStoreOptions options = folder.options();
    std::promise<void> reached;
    std::promise<void> go_on;
    std::atomic<bool> hold = false;
    options.hooks.pwrite = [&](int file, const void* bytes, std::size_t size, off_t at) {
        if (hold.exchange(false)) {
            reached.set_value();
            go_on.get_future().wait();
        }
        return ::pwrite(file, bytes, size, at);
    };
    const auto store = StoreFolder::ready(options);
    const Text text(*store->root(), 1, 3);
    QVERIFY(put(*store, text, 0, 2, 1));
    hold = true;
    const auto fill = [&](std::span<std::byte> full, std::span<std::byte>) {
        const std::vector<std::byte> bytes = text.payload(2, full.size());
        std::copy(bytes.begin(), bytes.end(), full.begin());
    };
    QVERIFY(store->write(text.key(2), 1, false, fill));
    reached.get_future().wait();
    std::promise<void> forgotten;
    store->forget(1, [&](const Status&) { forgotten.set_value(); });
    QVERIFY(!store->write(text.key(0), 1, false, fill));
    go_on.set_value();
    forgotten.get_future().wait();
    QCOMPARE(store->state().pages, 0U);
    QVERIFY(!folder.contains(text.marker(2)));
    QVERIFY(put(*store, text, 0, 3, 1));
}

void TestPageStore::forget_reaches_other_models() {
    StoreFolder folder;
    std::unique_ptr<Text> text;
    {
        const auto store = folder.ready();
        text = std::make_unique<Text>(*store->root(), 1, 4);
        QVERIFY(put(*store, *text, 0, 4, 1));
    }
    PageStoreOptions options = folder.options();
    options.model.clear();  // no model is loaded
    const auto store = StoreFolder::ready(options);
    QVERIFY(!store->root());
    QVERIFY(store->owners() == std::vector<std::uint64_t>{1});
    QVERIFY(folder.contains(text->marker(2)));
    QVERIFY(forget(*store, 1));
    QVERIFY(!folder.contains(text->marker(2)));
}

void TestPageStore::clear_removes_everything() {
    StoreFolder folder;
    PageStoreOptions other = folder.options();
    other.model = folder.model("b");
    {
        const auto store = StoreFolder::ready(other);
        QVERIFY(put(*store, Text(*store->root(), 5, 4), 0, 4, 1));
    }
    const auto store = folder.ready();
    const Text text(*store->root(), 1, 4);
    QVERIFY(put(*store, text, 0, 4, 2, true));
    const std::filesystem::path foreign = folder.path() / "letter.txt";
    write_bytes(foreign, std::vector<std::byte>(10));
    QVERIFY(clear(*store));
    QVERIFY(folder.segments().empty());
    QCOMPARE(store->state().pages, 0U);
    QVERIFY(store->state().bytes < 64 * 1024);
    QCOMPARE(store->state().other_bytes, 0U);
    QVERIFY(std::filesystem::exists(foreign));
    QVERIFY(put(*store, text, 0, 4, 2));  // and it goes on
    QCOMPARE(right_pages(*store, text), 4);
}

void TestPageStore::quota_evicts_leaves_first() {
    StoreFolder folder;
    PageStoreOptions options = folder.options();
    options.quota = 40 * StoreFolder::kSlot;
    const auto store = StoreFolder::ready(options);
    const PageName root = *store->root();
    std::vector<Text> texts;
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
        texts.emplace_back(root, seed, 10);
        QVERIFY(put(*store, texts.back(), 0, 10, seed));
        QVERIFY2(folder.disk_bytes() <= options.quota, qPrintable(QString::number(folder.disk_bytes())));
        QVERIFY(store->state().bytes <= options.quota);
    }
    QCOMPARE(right_pages(*store, texts.back()), 10);
    int kept = 0;
    for (const Text& text : texts) {
        bool gap = false;
        for (std::size_t page = 0; page < text.size(); ++page) {
            const bool held = store->holds(text.name(page)).full;
            QVERIFY2(!(held && gap), "a page is kept although one before it is gone");
            gap = gap || !held;
            kept += held ? 1 : 0;
        }
    }
    QVERIFY2(kept >= 30, qPrintable(QString::number(kept)));  // the quota is used
    // A text larger than the quota: as much as fits, and a sentence.
    const Text large(root, 99, 60);
    QVERIFY(!put(*store, large, 0, 60, 99));
    QVERIFY(!store->state().note.empty());
    QVERIFY(folder.disk_bytes() <= options.quota);
    QVERIFY(right_pages(*store, large) >= 30);
}

void TestPageStore::quota_takes_other_models_first() {
    StoreFolder folder;
    PageStoreOptions options = folder.options();
    options.quota = 40 * StoreFolder::kSlot;
    {
        PageStoreOptions other = options;
        other.model = folder.model("b");
        const auto store = StoreFolder::ready(other);
        QVERIFY(put(*store, Text(*store->root(), 1, 20), 0, 20, 1));
    }
    const auto store = StoreFolder::ready(options);
    const std::uint64_t others = store->state().other_bytes;
    const Text first(*store->root(), 1, 10);
    const Text second(*store->root(), 2, 10);
    QVERIFY(put(*store, first, 0, 10, 1));
    QVERIFY(put(*store, second, 0, 10, 1));
    QCOMPARE(right_pages(*store, first), 10);
    QCOMPARE(right_pages(*store, second), 10);
    QVERIFY(store->state().other_bytes < others);
    QVERIFY(folder.disk_bytes() <= options.quota);
}

void TestPageStore::evicted_page_is_not_written_again_at_once() {
    StoreFolder folder;
    PageStoreOptions options = folder.options();
    options.quota = 24 * StoreFolder::kSlot;
    auto now = std::make_shared<std::atomic<std::int64_t>>(1000);
    options.hooks.now = [now] { return std::chrono::steady_clock::time_point(std::chrono::seconds(*now)); };
    const auto store = StoreFolder::ready(options);
    const Text first(*store->root(), 1, 15);
    const Text second(*store->root(), 2, 15);
    QVERIFY(put(*store, first, 0, 15, 1));
    QVERIFY(put(*store, second, 0, 15, 2));
    const std::uint64_t written = store->state().written_bytes;
    for (int i = 0; i < 5; ++i) {  // both are in memory, and want to be on the disk as well
        put(*store, first, 0, 15, 1);
        put(*store, second, 0, 15, 2);
    }
    QCOMPARE(store->state().written_bytes, written);
    *now += 3600;
    put(*store, first, 0, 15, 1);
    QVERIFY(store->state().written_bytes > written);
}

void TestPageStore::files_are_private() {
    StoreFolder folder;
    const auto store = folder.ready();
    QVERIFY(put(*store, Text(*store->root(), 1, 2), 0, 2, 1, true));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
        struct stat about {};
        QCOMPARE(::lstat(entry.path().c_str(), &about), 0);
        QCOMPARE(about.st_mode & 0777U, entry.is_directory() ? 0700U : 0600U);
    }
    struct stat about {};
    QCOMPARE(::lstat(folder.path().c_str(), &about), 0);
    QCOMPARE(about.st_mode & 0777U, 0700U);
    const std::vector<std::byte> identity = read_bytes(folder.shelf() / "identity");
    const std::string text(reinterpret_cast<const char*>(identity.data()), identity.size());
    QVERIFY(text.find("model SHA-256: ") != std::string::npos);
    QVERIFY(text.find("layout: test") != std::string::npos);
}

void TestPageStore::start_without_index_finds_the_same() {
    StoreFolder folder;
    PageName root;
    {
        const auto store = folder.ready();
        root = *store->root();
        QVERIFY(put(*store, Text(root, 1, 12), 0, 12, 1, true));
    }
    const std::filesystem::path index = folder.shelf() / "index";
    QVERIFY(std::filesystem::exists(index));
    for (const bool damaged : {false, true}) {
        if (damaged) {
            flip(index, 300);
        } else {
            std::filesystem::remove(index);
        }
        const auto store = folder.ready();
        QCOMPARE(right_pages(*store, Text(root, 1, 12)), 12);
        QCOMPARE(get(*store, Text(root, 1, 12), 5, true), Got::right);
    }
    QVERIFY(folder.log().find("the index is not used") != std::string::npos);
}

void TestPageStore::reader_and_writer_at_once() {
    StoreFolder folder;
    PageStoreOptions options = folder.options();
    options.quota = 60 * StoreFolder::kSlot;
    const auto store = StoreFolder::ready(options);
    const PageName root = *store->root();
    std::atomic<bool> wrong = false;
    std::uint32_t seed = 1;
    for (int round = 0; round < 30; ++round, ++seed) {
        const Text text(root, seed, 8, 2);
        for (std::size_t page = 0; page < 8; ++page) {
            while (!store->write(text.key(page), seed, page % 2 == 0, [&](auto full, auto window) {
                std::ranges::copy(text.payload(page, full.size()), full.begin());
                std::ranges::copy(text.payload(page, window.size()), window.begin());
            })) {
                store->wait_until_idle();
            }
            for (std::uint32_t back = 0; back < 3 && back < seed; ++back) {
                wrong = wrong || get(*store, Text(root, seed - back, 8, 2), page, back == 1) == Got::wrong;
            }
        }
        if (round % 5 == 4) {
            store->forget(seed - 2);
        }
        wrong = wrong || store->state().bytes > options.quota;
    }
    QVERIFY(!wrong);
    store->wait_until_idle();
    QVERIFY(right_pages(*store, Text(root, seed - 1, 8, 2)) > 0);
    QCOMPARE(store->state().refused_pages, 0U);  // what was erased while it was read is no damage
}

QTEST_GUILESS_MAIN(TestPageStore)
#include "test_page_store.moc"

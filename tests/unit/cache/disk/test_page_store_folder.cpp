// SPDX-License-Identifier: Apache-2.0
// The disk tier and its folder: not writable, taken, of another version, with things of others in it.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>

#include <QtTest>

#include "tests/unit/cache/disk/store_fixture.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

class TestPageStoreFolder : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void read_only_folder();
    void newer_version();
    void damaged_marker_is_written_anew();
    void damaged_marker_beside_things_of_others();
    void another_model_with_a_damaged_identity_forgets();
    void newer_segment_is_left_alone();
    void folder_of_something_else();
    void second_process();
    void links_are_not_followed();
    void foreign_files_are_left_alone();
    void tampered_identity();
};

void TestPageStoreFolder::read_only_folder() {
    if (!kCanFork) {
        QSKIP("forks");
    }
    StoreFolder folder;
    {
        const auto store = folder.ready();
        QVERIFY(put(*store, Text(*store->root(), 1, 2), 0, 2, 1));
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
        ::chmod(entry.path().c_str(), entry.is_directory() ? 0555 : 0444);
    }
    ::chmod(folder.path().c_str(), 0555);
    ::chmod(folder.path().parent_path().c_str(), 0555);
    ::chmod(folder.path().parent_path().parent_path().c_str(), 0755);
    const bool fine = in_child([&] {
        if (::getuid() == 0 && ::setuid(65534) != 0) {  // root may write anywhere
            return false;
        }
        const auto store = folder.open();
        const Text text(root_name("x"), 1, 1);
        bool told = false;
        store->forget(1, [&](const Status& status) { told = !status; });
        return !store->root() && mentions(*store, "cannot be written") && !put(*store, text, 0, 1, 1) &&
               told && get(*store, text, 0) == Got::nothing;
    });
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
        ::chmod(entry.path().c_str(), entry.is_directory() ? 0700 : 0600);
    }
    ::chmod(folder.path().c_str(), 0700);
    ::chmod(folder.path().parent_path().c_str(), 0700);
    QVERIFY(fine);
}

void TestPageStoreFolder::newer_version() {
    StoreFolder folder;
    {
        const auto store = folder.ready();
        QVERIFY(put(*store, Text(*store->root(), 1, 2), 0, 2, 1));
    }
    const std::filesystem::path format = folder.path() / "format";
    const std::vector<std::byte> marker = read_bytes(format);
    const std::string newer = "Tendril page store, format 2\n";
    std::ofstream(format) << newer << "checksum " << hex(root_name(newer)) << "\n";
    const std::vector<std::byte> before = read_bytes(folder.segments()[0]);
    {
        const auto store = folder.ready();
        QVERIFY(!store->root());
        QVERIFY(mentions(*store, "newer version"));
        bool refused = false;
        store->clear([&](const Status& status) { refused = !status; });
        QVERIFY(refused);
    }
    QVERIFY(read_bytes(folder.segments()[0]) == before);
    write_bytes(format, marker);
    const auto store = folder.ready();
    QCOMPARE(right_pages(*store, Text(*store->root(), 1, 2)), 2);
}

/// A flipped bit anywhere in it, nothing of it, a piece of it, or more than it: the pages are there
/// afterwards.
void TestPageStoreFolder::damaged_marker_is_written_anew() {
    StoreFolder folder;
    PageName root;
    {
        const auto store = folder.ready();
        root = *store->root();
        QVERIFY(put(*store, Text(root, 1, 2), 0, 2, 1));
    }
    const std::filesystem::path format = folder.path() / "format";
    const std::vector<std::byte> marker = read_bytes(format);
    const auto opens_with = [&](const std::vector<std::byte>& bytes) {
        write_bytes(format, bytes);
        const auto store = folder.ready();
        return store->root() && store->state().note.empty() && read_bytes(format) == marker &&
               right_pages(*store, Text(root, 1, 2)) == 2;
    };
    for (std::size_t bit = 0; bit < 8 * marker.size(); ++bit) {
        std::vector<std::byte> bytes = marker;
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        QVERIFY2(opens_with(bytes), qPrintable(QString::number(bit)));
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, marker.size() - 1, std::size_t{5000}}) {
        std::vector<std::byte> bytes = marker;
        bytes.resize(size);
        QVERIFY2(opens_with(bytes), qPrintable(QString::number(size)));
    }
}

/// Without pages of ours only a folder that holds nothing else is ours.
void TestPageStoreFolder::damaged_marker_beside_things_of_others() {
    StoreFolder folder;
    PageStoreOptions options = folder.options();
    options.model.clear();
    StoreFolder::ready(options).reset();
    const std::filesystem::path format = folder.path() / "format";
    flip(format, 3);
    QVERIFY(StoreFolder::ready(options)->state().note.empty());
    flip(format, 3);
    const std::vector<std::byte> damaged = read_bytes(format);
    write_bytes(folder.path() / "letter.txt", std::vector<std::byte>(10));
    QVERIFY(mentions(*StoreFolder::ready(options), "something else"));
    QVERIFY(read_bytes(format) == damaged);
}

void TestPageStoreFolder::another_model_with_a_damaged_identity_forgets() {
    StoreFolder folder;
    std::unique_ptr<Text> text;
    {
        const auto store = folder.ready();
        text = std::make_unique<Text>(*store->root(), 1, 4);
        QVERIFY(put(*store, *text, 0, 4, 1));
    }
    flip(folder.shelf() / "identity", 20);
    PageStoreOptions options = folder.options();
    options.model = folder.model("b");
    const auto store = StoreFolder::ready(options);
    store->wait_until_idle();
    QVERIFY(store->state().other_bytes > 0);
    QVERIFY(folder.contains(text->marker(2)));  // control
    std::promise<Status> done;
    store->forget(1, [&](Status status) { done.set_value(std::move(status)); });
    QVERIFY(done.get_future().get().has_value());
    QVERIFY(!folder.contains(text->marker(2)));
}

void TestPageStoreFolder::newer_segment_is_left_alone() {
    StoreFolder folder;
    PageName root;
    {
        const auto store = folder.ready();
        root = *store->root();
        QVERIFY(put(*store, Text(root, 1, 2), 0, 2, 1));
    }
    const std::filesystem::path file = folder.segments()[0];
    flip(file, 8 + 1);  // format 1 becomes 4097
    std::vector<std::byte> bytes = read_bytes(file);
    bytes[8] = std::byte{2};
    bytes[9] = std::byte{0};
    write_bytes(file, bytes);
    const auto store = folder.ready();
    QCOMPARE(right_pages(*store, Text(root, 1, 2)), 0);
    QVERIFY(read_bytes(file) == bytes);
    QVERIFY(folder.log().find("written by a newer version") != std::string::npos);
    QVERIFY(put(*store, Text(root, 1, 2), 0, 2, 1));
    QCOMPARE(right_pages(*store, Text(root, 1, 2)), 2);
}

void TestPageStoreFolder::folder_of_something_else() {
    StoreFolder folder;
    std::filesystem::create_directories(folder.path());
    std::ofstream(folder.path() / "format") << "my notes";
    {
        const auto store = folder.ready();
        QVERIFY(mentions(*store, "something else"));
        QVERIFY(!std::filesystem::exists(folder.path() / "lock"));
    }
    std::filesystem::remove(folder.path() / "format");
    std::filesystem::remove(folder.path());
    std::ofstream(folder.path()) << "a file in the place of the folder";
    const auto store = folder.ready();
    QVERIFY(!store->state().note.empty());
}

void TestPageStoreFolder::second_process() {
    if (!kCanFork) {
        QSKIP("forks");
    }
    StoreFolder folder;
    auto store = folder.ready();
    QVERIFY(put(*store, Text(*store->root(), 1, 2), 0, 2, 1));
    QVERIFY(in_child([&] {
        const auto second = folder.open();
        bool refused = false;
        second->clear([&](const Status& status) { refused = !status; });
        return !second->root() && mentions(*second, "Another Tendril") && refused;
    }));
    QCOMPARE(right_pages(*store, Text(*store->root(), 1, 2)), 2);
    const PageName root = *store->root();
    store.reset();
    QVERIFY(in_child([&] {
        const auto second = folder.ready();
        return right_pages(*second, Text(root, 1, 2)) == 2;
    }));
}

void TestPageStoreFolder::links_are_not_followed() {
    StoreFolder folder;
    PageName root;
    {
        const auto store = folder.ready();
        root = *store->root();
        QVERIFY(put(*store, Text(root, 1, 2), 0, 2, 1));
    }
    const std::filesystem::path outside = folder.path().parent_path() / "outside.pages";
    const std::filesystem::path segment = folder.segments()[0];
    std::filesystem::rename(segment, outside);
    std::filesystem::create_symlink(outside, segment);
    const std::filesystem::path elsewhere = folder.path().parent_path() / "elsewhere";
    std::filesystem::create_directory(elsewhere);
    write_bytes(elsewhere / "owners", std::vector<std::byte>(7));
    std::filesystem::create_directory_symlink(elsewhere, folder.path() / "0123456789abcdef0123456789abcdef");
    const std::vector<std::byte> before = read_bytes(outside);
    {
        const auto store = folder.ready();
        QCOMPARE(right_pages(*store, Text(root, 1, 2)), 0);
        QVERIFY(put(*store, Text(root, 1, 2), 0, 2, 1));
        std::atomic<bool> done = false;
        store->clear([&](const Status&) { done = true; });
        store->wait_until_idle();
        QVERIFY(done);
    }
    QVERIFY(read_bytes(outside) == before);
    QCOMPARE(read_bytes(elsewhere / "owners").size(), 7U);
}

void TestPageStoreFolder::foreign_files_are_left_alone() {
    StoreFolder folder;
    std::filesystem::create_directories(folder.path() / "0123456789abcdef0123456789abcdef");
    std::filesystem::create_directories(folder.path() / "photos");
    const std::vector<std::filesystem::path> foreign = {
        folder.path() / "letter.txt", folder.path() / "photos" / "full-00000001.pages",
        folder.path() / "0123456789abcdef0123456789abcdef" / "thesis.txt"};
    for (const std::filesystem::path& path : foreign) {
        write_bytes(path, std::vector<std::byte>(100));
    }
    PageStoreOptions options = folder.options();
    options.quota = 12 * StoreFolder::kSlot;
    const auto store = StoreFolder::ready(options);
    const Text text(*store->root(), 1, 20);
    put(*store, text, 0, 20, 1);
    const std::filesystem::path beside = folder.path() / hex(*store->root()) / "full-1.pages";
    write_bytes(beside, std::vector<std::byte>(100));
    store->forget(1);
    store->clear();
    store->wait_until_idle();
    for (const std::filesystem::path& path : foreign) {
        QCOMPARE(read_bytes(path).size(), 100U);
    }
    QVERIFY(std::filesystem::exists(beside));
}

void TestPageStoreFolder::tampered_identity() {
    StoreFolder folder;
    PageName root;
    {
        const auto store = folder.ready();
        root = *store->root();
        QVERIFY(put(*store, Text(root, 1, 3), 0, 3, 1));
    }
    flip(folder.shelf() / "identity", 60);
    const auto store = folder.ready();
    QCOMPARE(right_pages(*store, Text(root, 1, 3)), 0);
    QVERIFY(!folder.contains(Text(root, 1, 3).marker(0)));
    QVERIFY(put(*store, Text(root, 1, 3), 0, 3, 1));
    QCOMPARE(right_pages(*store, Text(root, 1, 3)), 3);
}

QTEST_GUILESS_MAIN(TestPageStoreFolder)
#include "test_page_store_folder.moc"

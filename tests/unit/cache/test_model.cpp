// SPDX-License-Identifier: Apache-2.0
// The model-based test of the cache: anything in any order gives what an engine without cache gives, bit for
// bit, and leaves no page behind. Faults that are put in are noticed.
#include <random>

#include <QtTest>

#include "engine/cache/disk/disk_page_store.h"
#include "tests/unit/cache/random_user.h"

using namespace tendril::engine;
using namespace tendril::test;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kShare = 4;  // sanitizers: the fourth part
#else
constexpr std::size_t kShare = 1;
#endif

std::size_t operations(std::size_t count) {
    return count / kShare;
}

void report(const char* name, const Tally& t) {
    qInfo(
        "%s: %zu operations, %zu answers compared, %zu tokens reused, %zu pages evicted, %zu restored in %zu "
        "restarts, %zu forks, %zu moves, %zu resumes refused, %zu forgets",
        name, t.operations, t.compared, t.reused, t.evicted, t.restored, t.restarts, t.forks, t.moved,
        t.refused, t.forgets);
}

constexpr MachineOptions kPlain = {};
constexpr MachineOptions kOneLayer = {.layers = 1};

/// The disk tier itself, in a folder. It is closed and opened again at each restart; before that a bit of one
/// of its files may be changed.
struct RealDisk {
    RealDisk(RandomUser& user, bool damage) : random(7) {
        options.folder = folder.filePath("pages").toStdString();
        options.model = folder.filePath("tiny.gguf").toStdString();
        options.identity = user.machine().pages->layout_name();
        options.full_bytes = user.machine().pages->page_bytes(PageGroup::full);
        options.window_bytes = user.machine().pages->page_bytes(PageGroup::window);
        options.quota = std::uint64_t{64} << 20;
        QFile file(folder.filePath("tiny.gguf"));
        const auto& bytes = user.machine().file();
        if (!file.open(QIODevice::WriteOnly) ||
            file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<qint64>(bytes.size())) < 0) {
            qFatal("no file for the model");
        }
        user.reopen = [this, damage] {
            if (store) {
                store->wait_until_idle();
                refused += store->state().refused_pages;
                if (!store->state().note.empty()) {
                    qInfo("%s", store->state().note.c_str());
                }
                written += store->state().written_bytes;
                store.reset();
            }
            if (damage) {
                flip_a_bit();
            }
            store = open_page_store(options);
            store->wait_until_idle();
            return store.get();
        };
    }

    void flip_a_bit() {
        QFileInfoList infos;  // any byte of all files as likely as any other: mostly pages
        QDirIterator found(QString::fromStdString(options.folder.string()), QDir::Files,
                           QDirIterator::Subdirectories);
        qint64 bytes = 0;
        while (found.hasNext()) {
            found.next();
            infos << found.fileInfo();
            bytes += infos.back().size();
        }
        std::sort(infos.begin(), infos.end(),
                  [](const QFileInfo& a, const QFileInfo& b) { return a.filePath() < b.filePath(); });
        if (bytes == 0) {
            return;
        }
        auto place = static_cast<qint64>(random() % static_cast<std::uint64_t>(bytes));
        auto info = infos.cbegin();
        for (; place >= info->size(); ++info) {
            place -= info->size();
        }
        QFile file(info->filePath());
        if (!file.open(QIODevice::ReadWrite)) {
            return;
        }
        file.seek(place);
        char byte = 0;
        file.getChar(&byte);
        file.seek(place);
        file.putChar(static_cast<char>(byte ^ 4));
        ++flips;
    }

    QTemporaryDir folder;
    PageStoreOptions options;
    std::unique_ptr<PageStore> store;
    std::mt19937 random;
    std::uint64_t refused = 0, written = 0;
    int flips = 0;
};

}  // namespace

class TestModel : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void anything_in_any_order_gives_what_no_cache_gives_data() {
        QTest::addColumn<bool>("windowed");
        QTest::addColumn<int>("kv");
        QTest::addColumn<int>("count");
        QTest::newRow("all positions") << false << static_cast<int>(KvType::f16) << 90'000;
        QTest::newRow("windows") << true << static_cast<int>(KvType::f16) << 40'000;
        QTest::newRow("q8_0") << false << static_cast<int>(KvType::q8_0) << 15'000;
        QTest::newRow("q4_0, windows") << true << static_cast<int>(KvType::q4_0) << 15'000;
    }
    void anything_in_any_order_gives_what_no_cache_gives() {
        QFETCH(bool, windowed);
        QFETCH(int, kv);
        QFETCH(int, count);
        FakeStore store;
        RandomUser user({.windowed = windowed, .kv = static_cast<KvType>(kv)}, &store, 1);
        if (const std::string wrong = user.run(operations(static_cast<std::size_t>(count))); !wrong.empty()) {
            QFAIL(wrong.c_str());
        }
        report(QTest::currentDataTag(), user.tally());
        if (const std::string wrong = user.end(); !wrong.empty()) {
            QFAIL(wrong.c_str());
        }
        const Tally& tally = user.tally();
        QVERIFY(tally.compared > tally.operations / 10 && tally.reused > tally.operations);
        QVERIFY(tally.evicted > 0 && tally.restored > 0 && tally.restarts > 0 && tally.forks > 0);
        QCOMPARE(tally.refused > 0, windowed);
    }

    /// A text that was read at the start stands behind another one. With one layer its keys and values are
    /// what reading it there gives but for the angle, which the delta puts right.
    void a_delta_turns_the_query_data() {
        QTest::addColumn<int>("kv");
        QTest::addColumn<double>("tolerance");
        QTest::newRow("f16") << static_cast<int>(KvType::f16) << 0.01;
        QTest::newRow("q8_0") << static_cast<int>(KvType::q8_0) << 0.03;
    }
    void a_delta_turns_the_query() {
        QFETCH(int, kv);
        QFETCH(double, tolerance);
        TinyMachine machine({.layers = 1, .kv = static_cast<KvType>(kv)});
        std::mt19937 random(4);
        std::vector<TokenId> first(90), moved(110), rest(30);
        for (std::vector<TokenId>* text : {&first, &moved, &rest}) {
            std::generate(text->begin(), text->end(), [&] { return static_cast<TokenId>(random() % 256); });
        }
        const auto read = [&](View& view, const std::vector<TokenId>& tokens) {
            std::vector<float> logits;
            while (view.length() < tokens.size()) {
                const std::size_t end = std::min(view.length() + 64, tokens.size());
                [&] { QVERIFY(machine.cache->make_room(view, end - view.length())); }();
                logits = machine.read(view, tokens, end);
            }
            return logits;
        };
        const std::vector<TokenId> all = joined(joined(first, moved), rest);
        const std::vector<float> want = machine.read_anew(all);
        float off[2] = {0, 0};
        for (const bool without_delta : {false, true}) {
            View alone = machine.cache->make_view();
            read(alone, moved);
            View view = machine.cache->make_view();
            read(view, first);
            view.append_segment(alone, 0, moved.size());
            if (without_delta) {
                CacheFaults::set_deltas(view, 0);
            }
            off[without_delta ? 1 : 0] = farthest(read(view, all), want);
        }
        qInfo("logits off by %g with the delta, by %g without", static_cast<double>(off[0]),
              static_cast<double>(off[1]));
        QVERIFY(off[0] < static_cast<float>(tolerance));
        QVERIFY(off[1] > 10 * off[0]);
    }

    void the_same_over_files_data() {
        QTest::addColumn<bool>("windowed");
        QTest::addColumn<bool>("damage");
        QTest::newRow("all positions") << false << false;
        QTest::newRow("windows") << true << false;
        QTest::newRow("damaged files") << false << true;
        QTest::newRow("damaged files, windows") << true << true;
    }
    void the_same_over_files() {
        QFETCH(bool, windowed);
        QFETCH(bool, damage);
        RandomUser user({.windowed = windowed}, nullptr, 5);
        RealDisk disk(user, damage);
        if (const std::string wrong = user.restart() + user.run(operations(12'000)); !wrong.empty()) {
            QFAIL(wrong.c_str());
        }
        if (const std::string wrong = user.restart() + user.end(); !wrong.empty()) {
            QFAIL(wrong.c_str());
        }
        report(QTest::currentDataTag(), user.tally());
        qInfo("%llu bytes written, %d bits changed, %llu pages refused",
              static_cast<unsigned long long>(disk.written), disk.flips,
              static_cast<unsigned long long>(disk.refused));
        QVERIFY(user.tally().restored > 0 && disk.written > 0);
        QVERIFY(damage || disk.refused == 0);
        QVERIFY(!damage || disk.flips > 0);
        if (kShare == 1) {  // enough of them that pages in use were hit
            QCOMPARE(disk.refused > 0, damage);
        }
    }

    void moved_text_is_as_if_read_where_it_stands() {
        RandomUser user(kOneLayer, nullptr, 2);
        if (const std::string wrong = user.run(operations(15'000)); !wrong.empty()) {
            QFAIL(wrong.c_str());
        }
        report("one layer, moved text", user.tally());
        if (const std::string wrong = user.end(); !wrong.empty()) {
            QFAIL(wrong.c_str());
        }
        QVERIFY(user.tally().moved > operations(15'000) / 100);
        QVERIFY(user.tally().moved_kept > operations(15'000) / 400);
    }

    void faults_are_noticed_data() {
        QTest::addColumn<int>("fault");
        QTest::newRow("without parent") << static_cast<int>(Fault::without_parent);
        QTest::newRow("stale page") << static_cast<int>(Fault::stale_page);
        QTest::newRow("delta 0") << static_cast<int>(Fault::zero_delta);
        QTest::newRow("flipped bit") << static_cast<int>(Fault::flipped_bit);
    }
    void faults_are_noticed() {
        QFETCH(int, fault);
        FakeStore store;
        FlippingStore flipping;
        const Fault kind = static_cast<Fault>(fault);
        RandomUser user(kind == Fault::zero_delta ? kOneLayer : kPlain,
                        kind == Fault::flipped_bit ? &flipping : &store, 3, kind);
        const std::string wrong = user.run(20'000);
        qInfo("%s", wrong.c_str());
        QVERIFY(wrong.find("other logits") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestModel)
#include "test_model.moc"

// SPDX-License-Identifier: Apache-2.0
// The pure parts of the disk tier: headers, the index, the log of owners, file names.
#include <QtTest>

#include "engine/cache/disk/index_file.h"
#include "engine/cache/disk/owner_log.h"
#include "engine/cache/disk/record.h"
#include "engine/cache/disk/segment.h"

using namespace tendril::engine;

namespace {

PageName named(int number) {
    return root_name(std::to_string(number));
}

IndexContents sample() {
    IndexContents contents{named(1), 2.5, 77, {}, {}};
    contents.segments = {{PagePart::full, 3, 10}, {PagePart::window, 4, 2}};
    contents.pages = {{named(2), named(1), 0, {3, 0}, {}, 1.5, 70},
                      {named(3), named(2), 1, {3, 1}, {4, 0}, 1.6, 71}};
    return contents;
}

}  // namespace

class TestPageStoreParts : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void record_header();
    void record_header_any_flipped_bit();
    void index_file();
    void index_file_any_damage();
    void owner_log();
    void file_names();
};

void TestPageStoreParts::record_header() {
    RecordHeader header{PagePart::window, named(1), named(2), named(3), 17, {}, 12345, 99, {}};
    header.tokens[63] = -5;
    std::array<std::byte, kBlock> block{};
    encode(header, block);
    RecordHeader back;
    QCOMPARE(decode(block, back), Doubt::none);
    QVERIFY(back.part == PagePart::window && back.root == named(1) && back.name == named(2) &&
            back.parent == named(3) && back.index == 17 && back.tokens == header.tokens &&
            back.payload == 12345);
    block.fill(std::byte{0});
    QCOMPARE(decode(block, back), Doubt::empty);
    block[4000] = std::byte{1};
    QCOMPARE(decode(block, back), Doubt::foreign);
    SegmentHeader segment{PagePart::full, named(9), 5000};
    encode(segment, block);
    SegmentHeader segment_back;
    QCOMPARE(decode(block, segment_back), Doubt::none);
    QVERIFY(segment_back.root == named(9));
    QCOMPARE(segment_back.slot_bytes(), 4096U + 8192U);
    QCOMPARE(decode(block, back), Doubt::foreign);  // a segment header is no record
    segment.payload = kMaxPayload + 1;
    encode(segment, block);
    QCOMPARE(decode(block, segment_back), Doubt::damaged);
}

void TestPageStoreParts::record_header_any_flipped_bit() {
    const RecordHeader header{PagePart::full, named(1), named(2), named(3), 17, {}, 12345, 99, {}};
    std::array<std::byte, kBlock> block{};
    encode(header, block);
    int served = 0;
    for (std::size_t bit = 0; bit < 376 * 8; ++bit) {
        block[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        RecordHeader back;
        QVERIFY(decode(block, back) != Doubt::none);
        served +=
            decode(block, back, false) == Doubt::none ? 1 : 0;  // negative control: without the checksum
        block[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    }
    QVERIFY(served > 2000);
}

void TestPageStoreParts::index_file() {
    const std::optional<IndexContents> back = decode_index(encode(sample()));
    QVERIFY(back);
    QVERIFY(back->root == named(1));
    QCOMPARE(back->clock, 77U);
    QCOMPARE(back->segments.size(), 2U);
    QCOMPARE(back->pages.size(), 2U);
    QVERIFY(back->pages[1].window == (SlotNumber{4, 0}));
    QVERIFY(back->pages[0].window == SlotNumber{});
    QCOMPARE(back->pages[1].worth, 1.6);
}

void TestPageStoreParts::index_file_any_damage() {
    const std::vector<std::byte> whole = encode(sample());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        QVERIFY(!decode_index(std::span(whole).first(size)));
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::vector<std::byte> bytes = whole;
        bytes[at] ^= std::byte{4};
        QVERIFY(!decode_index(bytes));
    }
    // Counts that do not fit, under a right checksum.
    std::vector<std::byte> bytes(whole.begin(), whole.end() - 16);
    bytes[12] = std::byte{0xff};
    bytes[15] = std::byte{0xff};
    const Checksum sum = checksum(bytes);
    const auto raw = std::as_bytes(std::span(sum));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
    QVERIFY(!decode_index(bytes));
}

void TestPageStoreParts::owner_log() {
    QTemporaryDir temporary;
    const DiskHooks hooks;
    tendril::Result<Descriptor> folder = open_root_folder(temporary.path().toStdString());
    QVERIFY(folder);
    const auto all = [](const PageName&) { return true; };
    Claims claims;
    {
        auto log = OwnerLog::open(*folder, hooks, all, claims);
        QVERIFY(log && claims.empty());
        QVERIFY(log->claim(named(1), 5) && log->claim(named(1), 6) && log->claim(named(2), 5));
        QVERIFY(log->forget(5));
        QVERIFY(log->claim(named(3), 5));  // claimed again after it
    }
    auto log = OwnerLog::open(*folder, hooks, all, claims);
    QVERIFY(log);
    QVERIFY(claims[named(1)] == std::vector<std::uint64_t>{6});
    QVERIFY(!claims.contains(named(2)));
    QVERIFY(claims[named(3)] == std::vector<std::uint64_t>{5});
    // A torn record at the end is cut off, the rest stays.
    const auto bytes = read_file(*folder, OwnerLog::kFile, 1U << 20);
    QVERIFY(bytes);
    const auto replayed = OwnerLog::replay(std::span(*bytes).first(bytes->size() - 10));
    QCOMPARE(replayed.damaged, 1U);
    QVERIFY(!replayed.claims.contains(named(3)));
    QVERIFY(replayed.claims.contains(named(1)));
    // Claims to pages that are gone are not carried on.
    auto fewer = OwnerLog::open(
        *folder, hooks, [](const PageName& name) { return name == named(3); }, claims);
    QVERIFY(fewer);
    QCOMPARE(claims.size(), 1U);
}

void TestPageStoreParts::file_names() {
    QCOMPARE(Segment::file_name(PagePart::full, 42), std::string("full-0000002a.pages"));
    QCOMPARE(Segment::file_name(PagePart::window, 0xffffffffU), std::string("window-ffffffff.pages"));
    const auto parsed = Segment::parse_name("window-0000002a.pages");
    QVERIFY(parsed && parsed->part == PagePart::window && parsed->number == 42);
    for (const char* name :
         {"full-2a.pages", "full-0000002A.pages", "full-0000002a.page", "full-0000002a.pagesx",
          "ful-0000002a.pages", "full-+000002a.pages", "full-0000002g.pages", ""}) {
        QVERIFY2(!Segment::parse_name(name), name);
    }
}

QTEST_GUILESS_MAIN(TestPageStoreParts)
#include "test_page_store_parts.moc"

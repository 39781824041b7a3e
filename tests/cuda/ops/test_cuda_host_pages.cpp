// SPDX-License-Identifier: Apache-2.0
// Pages that the card puts off to pinned host memory: bit for bit what was in them, whoever asks; steps whose
// pages come and go give the bits of steps that have room for all; a forgotten event is found; refused memory
// is said, and everything goes on without.
#include <QTest>

#include "tests/cuda/emulator/machine_control.h"
#include "tests/cuda/ops/cuda_fixture.h"
#include "tests/cuda/ops/step_model.h"

namespace tendril::engine::test {

namespace {

constexpr KvLayout kLayout(KvType type) {
    return {.layers = 3, .kv_heads = 2, .head_size = 32, .type = type, .windowed = {}};
}

tendril::test::TinyModel tiny() {
    tendril::test::TinyModel options;
    options.head_size = 32;
    options.heads = 2;
    options.kv_heads = 1;
    options.width = 64;
    options.feed_forward = 96;
    options.layers = 2;
    options.context = StepModel::kContext;
    options.type = DataType::q8_0;
    return options;
}

std::vector<TokenId> text(std::size_t count, Random& random) {
    std::vector<TokenId> tokens(count);
    for (TokenId& token : tokens) {
        token = static_cast<TokenId>(random() % 256);
    }
    return tokens;
}

/// Four texts in turns, two of them in a step now and then; all logits.
std::vector<float> take_turns(StepModel& model, std::size_t turns) {
    Random random(11);
    std::vector<StepBranch> branches = {{0, 0}, {4, 0}, {8, 0}, {12, 0}};
    std::vector<float> all;
    for (std::size_t turn = 0; turn < turns; ++turn) {
        std::vector<std::vector<TokenId>> tokens(branches.size());
        tokens[turn % 4] = text(turn < 4 ? 40 : turn % 5 == 0 ? 33 : 5, random);
        if (turn % 3 == 2) {
            tokens[(turn + 1) % 4] = text(2, random);
        }
        std::vector<StepBranch> now;
        std::vector<std::vector<TokenId>> said;
        std::vector<std::size_t> who;
        for (std::size_t i = 0; i < branches.size(); ++i) {
            if (!tokens[i].empty()) {
                now.push_back(branches[i]);
                said.push_back(tokens[i]);
                who.push_back(i);
            }
        }
        const std::vector<float> logits = model.step(now, said);
        all.insert(all.end(), logits.begin(), logits.end());
        for (std::size_t i = 0; i < who.size(); ++i) {
            branches[who[i]] = now[i];
        }
    }
    return all;
}

/// As late as the program allows, and back.
class Lazily {
  public:
    explicit Lazily(emulator::Streams streams) : before_(emulator::settings().streams) {
        emulator::settings().streams = streams;
    }
    ~Lazily() { emulator::settings().streams = before_; }

  private:
    emulator::Streams before_;
};

}  // namespace

class CudaHostPagesTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { emulator::reset_machine(); }
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }
    void bytesAreKept_data();
    void bytesAreKept();
    void stepsAreTheSame_data();
    void stepsAreTheSame();
    void aForgottenEventIsFound();
    void refusedMemoryIsSaid();
    void half();
};

void CudaHostPagesTest::bytesAreKept_data() {
    QTest::addColumn<int>("type");
    QTest::addColumn<bool>("windows");
    for (const KvType type : {KvType::f16, KvType::q4_0}) {
        for (const bool windows : {false, true}) {
            QTest::addRow("%s%s", name_of(type), windows ? ", windows" : "")
                << static_cast<int>(type) << windows;
        }
    }
}

/// Random writes, copies, reads and discards over both groups, against plain memory.
void CudaHostPagesTest::bytesAreKept() {
    QFETCH(int, type);
    QFETCH(bool, windows);
    const Lazily lazily(emulator::Streams::kLazy);
    const auto backend = cuda();
    KvLayout layout = kLayout(static_cast<KvType>(type));
    if (windows) {
        layout.windowed = {true, false, true};
    }
    auto pages = std::move(*backend->make_kv_pages(layout, {6, windows ? std::size_t{4} : 0}));
    const std::size_t bytes =
        6 * pages->page_bytes(PageGroup::full) + 4 * pages->page_bytes(PageGroup::window);
    const auto taken = pages->keep_on_host(2 * bytes);
    QVERIFY(taken && *taken > 0);
    QCOMPARE(pages->page_count(PageGroup::full), std::size_t{18});
    QCOMPARE(pages->step_pages(PageGroup::full), std::size_t{6});
    QCOMPARE(pages->page_count(PageGroup::window), std::size_t{windows ? 12U : 0U});
    Random random(static_cast<unsigned>(type) + 3);
    std::vector<std::vector<std::byte>> known[2];
    for (const PageGroup group : {PageGroup::full, PageGroup::window}) {
        known[static_cast<std::size_t>(group)].resize(pages->page_count(group));
    }
    for (int turn = 0; turn < (slow_build() ? 160 : 400); ++turn) {
        const PageGroup group = windows && random() % 2 == 0 ? PageGroup::window : PageGroup::full;
        auto& all = known[static_cast<std::size_t>(group)];
        const auto page = static_cast<PageId>(random() % all.size());
        const auto other = static_cast<PageId>(random() % all.size());
        std::vector<std::byte> now(pages->page_bytes(group));
        switch (random() % 8) {
            case 0:
            case 1:
            case 2:
                std::generate(now.begin(), now.end(), [&] { return static_cast<std::byte>(random()); });
                pages->import_page(group, page, now);
                all[page] = now;
                break;
            case 3:
                if (!all[page].empty() && other != page) {
                    pages->copy_page(group, page, other, kPageTokens);
                    all[other] = all[page];
                }
                break;
            case 4:
                if (random() % 4 == 0) {
                    pages->discard(group, page);
                    all[page].clear();
                }
                break;
            default:
                if (!all[page].empty()) {
                    pages->export_page(group, page, now);
                    QVERIFY(now == all[page]);
                }
        }
    }
    const auto traffic = pages->host_traffic();
    QVERIFY(traffic.put_off > 20 && traffic.fetched > 3);
}

void CudaHostPagesTest::stepsAreTheSame_data() {
    QTest::addColumn<int>("streams");
    QTest::newRow("late") << static_cast<int>(emulator::Streams::kLazy);
    if (!slow_build()) {
        QTest::newRow("at once") << static_cast<int>(emulator::Streams::kEager);
        QTest::newRow("drawn") << static_cast<int>(emulator::Streams::kRandom);
    }
}

/// Sixteen pages of which the card has room for six.
void CudaHostPagesTest::stepsAreTheSame() {
    QFETCH(int, streams);
    use_schedule(0);
    const std::size_t turns = slow_build() ? 14 : 32;
    const auto backend = cuda();
    StepModel wide(*backend, tiny());
    const auto wanted = take_turns(wide, turns);
    QCOMPARE(wide.pages().host_traffic().put_off, std::uint64_t{0});
    const Lazily lazily(static_cast<emulator::Streams>(streams));
    StepModel narrow(*backend, tiny(), KvType::f16, 6, 10 * wide.pages().page_bytes(PageGroup::full));
    QCOMPARE(narrow.pages().page_count(PageGroup::full), std::size_t{16});
    QVERIFY(take_turns(narrow, turns) == wanted);
    const auto traffic = narrow.pages().host_traffic();
    QVERIFY2(traffic.put_off > traffic.fetched && traffic.fetched >= (slow_build() ? 2U : 12U),
             qPrintable(QStringLiteral("%1, %2").arg(traffic.put_off).arg(traffic.fetched)));
}

/// Without the order between copies and steps numbers are wrong where work is late, and the checker names it
/// even where it is not.
void CudaHostPagesTest::aForgottenEventIsFound() {
    if (slow_build() && emulator::build_name() != "check") {
        return;  // it takes more steps until a page is read too early
    }
    use_schedule(0);
    const std::size_t turns = slow_build() ? 14 : 32;
    const auto backend = cuda();
    StepModel wide(*backend, tiny());
    const auto wanted = take_turns(wide, turns);
    const bool checks = emulator::build_name() == "check";
    const Lazily lazily(checks ? emulator::Streams::kEager : emulator::Streams::kLazy);
    emulator::print_problems(false);
    bool right = false;
    {
        StepModel narrow(*backend, tiny(), KvType::f16, 6, 10 * wide.pages().page_bytes(PageGroup::full));
        emulator::skip_calls("cudaStreamWaitEvent");
        right = take_turns(narrow, turns) == wanted;
        QVERIFY(narrow.pages().host_traffic().fetched > 0);
    }
    const std::string report = emulator::problem_report();
    emulator::forget_problems();
    emulator::print_problems(true);
    QCOMPARE(right, checks);
    QCOMPARE(report.find("an operation of another stream") != std::string::npos, checks);
}

void CudaHostPagesTest::refusedMemoryIsSaid() {
    emulator::MachineDescription machine;
    machine.pinned = std::size_t{2} << 20;  // enough for what steps need
    emulator::reset_machine(machine);
    const auto backend = cuda();
    auto pages = std::move(*backend->make_kv_pages(kLayout(KvType::f16), {400, 0}));
    const auto taken = pages->keep_on_host(400 * pages->page_bytes(PageGroup::full));
    QVERIFY(!taken);
    QVERIFY2(taken.error().message.find("kept on the disk only") != std::string::npos,
             taken.error().message.c_str());
    QCOMPARE(pages->page_count(PageGroup::full), std::size_t{400});
    std::vector<std::byte> bytes(pages->page_bytes(PageGroup::full), std::byte{7}), got(bytes.size());
    pages->import_page(PageGroup::full, 399, bytes);
    pages->export_page(PageGroup::full, 399, got);
    QVERIFY(got == bytes && backend->health());
}

/// Less than was asked for is better than nothing.
void CudaHostPagesTest::half() {
    emulator::MachineDescription machine;
    machine.pinned = std::size_t{8} << 20;
    emulator::reset_machine(machine);
    const auto backend = cuda();
    auto pages = std::move(*backend->make_kv_pages(kLayout(KvType::f16), {400, 0}));
    const auto taken = pages->keep_on_host(400 * pages->page_bytes(PageGroup::full));
    QVERIFY(taken && *taken <= machine.pinned);
    const std::size_t count = pages->page_count(PageGroup::full);
    QVERIFY2(count >= 500 && count < 800, std::to_string(count).c_str());
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::CudaHostPagesTest)
#include "test_cuda_host_pages.moc"

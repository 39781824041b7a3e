// SPDX-License-Identifier: Apache-2.0
// What a card keeps no longer, in whole answers: in pinned host memory first, then on the disk.
#include <algorithm>

#include <QTemporaryDir>
#include <QtTest>

#include "tests/cuda/ops/emulated_cards.h"
#include "tests/support/gguf_writer.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

class TestCudaPutOff : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path model(const TinyModel& options, const char* name) const {
        std::filesystem::path path = std::filesystem::path(folder_.path().toStdString()) / name;
        if (!tiny_model(options).write(path)) {
            qFatal("cannot write a test model");
        }
        return path;
    }

  private Q_SLOTS:
    void initTestCase() {
        qputenv("TENDRIL_CUDA_PLUGIN", TENDRIL_EMULATED_PLUGIN);
        qunsetenv("CUDA_VISIBLE_DEVICES");
        emulator::settings().workers = 2;
    }
    void init() { emulator::reset_machine(machine()); }
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }

    /// Six texts, more than the card keeps: what it puts off comes back from host memory, and from the disk
    /// only what host memory has no room for; the answers are always the same.
    void hostMemoryComesBeforeTheDisk() {
        TinyModel tiny;
        tiny.context = 512;
        LoadOptions load;
        load.path = model(tiny, "put-off.gguf");
        load.device = Device::cuda;
        load.context = 512;
        constexpr std::uint64_t kPage = 2 * 2 * 2 * 32 * 64 * 2;  // layers, keys and values, heads, f16
        struct Run {
            std::vector<std::string> texts;
            std::uint64_t disk_tokens = 0, evicted = 0;
            std::uint32_t least_cached = 1000;
        };
        const auto run = [&](std::uint64_t host_pages, const char* folder) {
            Run out;
            load.host_pages = host_pages * kPage;
            load.cache_directory = folder_.path().toStdString() + "/" + folder;
            EngineClient client;
            if (!client.load(load)) {
                return out;
            }
            for (const int round : {0, 1}) {
                for (int text = 0; text < 6; ++text) {
                    std::vector<TokenId> prompt(450);
                    for (std::size_t i = 0; i < prompt.size(); ++i) {
                        prompt[i] =
                            static_cast<TokenId>((i * i + 7 * i * static_cast<std::size_t>(text)) % 251);
                    }
                    prompt[0] = text;
                    const Reply reply = client.ask(request(std::move(prompt), 4));
                    if (!reply.finished) {
                        return Run{};
                    }
                    if (round == 1) {
                        out.texts.push_back(reply.text);
                        out.least_cached = std::min(out.least_cached, reply.finished->cached_tokens);
                        out.disk_tokens += reply.finished->disk_tokens;
                    }
                }
                // All of it is on the disk before it is asked for again.
                for (int i = 0; i < 600 && client.cache_state().disk_pages < 6 * 7; ++i) {
                    QTest::qWait(50);
                }
            }
            out.evicted = client.cache_state().evicted_entries;
            return out;
        };
        const Run wide = run(64, "wide");
        QCOMPARE(wide.texts.size(), 6U);
        QCOMPARE(wide.evicted, std::uint64_t{0});
        QCOMPARE(wide.disk_tokens, std::uint64_t{0});
        QCOMPARE(wide.least_cached, 449U);
        const Run without = run(0, "without");
        QVERIFY(without.texts == wide.texts && without.evicted > 0);
        QVERIFY(without.disk_tokens >= 448 && without.least_cached >= 448);
        const Run full = run(6, "full");
        QVERIFY(full.texts == wide.texts && full.evicted > 0 && full.least_cached >= 448);
        QVERIFY2(full.disk_tokens > 0 && full.disk_tokens <= without.disk_tokens,
                 std::to_string(full.disk_tokens).c_str());
    }

    /// Memory that the system does not lend: said once, and the model works.
    void refusedHostMemoryIsSaid() {
        emulator::MachineDescription poor = machine();
        poor.pinned = std::size_t{6} << 20;  // for steps and results, no more
        emulator::reset_machine(poor);
        LoadOptions load;
        load.path = model({}, "refused.gguf");
        load.device = Device::cuda;
        load.host_pages = std::uint64_t{1} << 30;
        EngineClient client;
        const auto loaded = client.load(load);
        QVERIFY(loaded.has_value());
        QVERIFY(loaded->description.warnings.size() == 1 &&
                loaded->description.warnings[0].find("kept on the disk only") != std::string::npos);
        const auto prompt = loaded->tokenizer->encode("the quick", {});
        const std::string text = client.ask(request(prompt, 12)).text;
        load.device = Device::cpu;
        QVERIFY(client.load(load).has_value());
        QCOMPARE(client.ask(request(prompt, 12)).text, text);
    }
};

QTEST_GUILESS_MAIN(TestCudaPutOff)
#include "test_cuda_put_off.moc"

// SPDX-License-Identifier: Apache-2.0
// Models divided between emulated graphics cards and the CPU: at every border the cards' own bits between
// cards, and near both between card and CPU; the division that a load chooses by free memory, in words; a
// card without room, and one that is lost, under a divided model.
#include <algorithm>
#include <cmath>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/backend/cpu/cpu_backend.h"
#include "engine/backend/cuda_loader.h"
#include "engine/backend/split/split_backend.h"
#include "tests/cuda/ops/emulated_cards.h"
#include "tests/unit/engine/engine_client.h"
#include "tests/unit/engine/split_harness.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

/// Cards with so many free megabytes.
void plug_in(const std::vector<std::size_t>& free_megabytes) {
    emulator::reset_machine(machine(free_megabytes));
}

std::unique_ptr<Backend> cpu() {
    CpuOptions options;
    options.threads = 2;
    return SplitHarness::must(make_cpu_backend(options));
}

std::unique_ptr<Backend> card(std::vector<int> without = {}) {
    auto made = load_cuda_backend({{TENDRIL_EMULATED_PLUGIN}, 0, std::move(without)});
    return made ? std::move(*made) : nullptr;
}

std::unique_ptr<Backend> two(std::unique_ptr<Backend> a, std::size_t layers_a, std::unique_ptr<Backend> b,
                             std::size_t layers_b) {
    std::vector<SplitPart> parts;
    parts.push_back({std::move(a), layers_a});
    parts.push_back({std::move(b), layers_b});
    return make_split_backend(std::move(parts));
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
    double most = a.size() == b.size() ? 0.0 : 1e9;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        const double apart = std::abs(static_cast<double>(a[i]) - b[i]);
        most = std::isfinite(apart) ? std::max(most, apart) : 1e9;
    }
    return most;
}

/// Both round activations to int8, and add up in other orders.
constexpr double kNear = 0.12;

constexpr std::uint32_t kContext =
    16384;  // of the large model: 64 MiB of keys and values for each of 8 layers

}  // namespace

class TestCudaSplit : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::filesystem::path large_;

    LoadOptions options(Device device) const {
        LoadOptions made;
        made.path = large_;
        made.device = device;
        made.context = kContext;
        return made;
    }
    static GenerateRequest question(const LoadedModel& model, std::uint32_t tokens = 12) {
        return request(model.tokenizer->encode("the quick brown fox", {}), tokens);
    }
    /// Loads the large model; the device line, and an answer.
    std::pair<std::string, std::string> ask(Device device,
                                            std::vector<std::string>* warnings = nullptr) const {
        EngineClient client;
        const auto loaded = client.load(options(device));
        if (!loaded) {
            return {loaded.error().message, {}};
        }
        if (warnings != nullptr) {
            *warnings = loaded->description.warnings;
        }
        return {loaded->device, client.ask(question(*loaded)).text};
    }

  private Q_SLOTS:
    void initTestCase() {
        qputenv("TENDRIL_CUDA_PLUGIN", TENDRIL_EMULATED_PLUGIN);
        qunsetenv("CUDA_VISIBLE_DEVICES");
        emulator::settings().workers = 2;
        emulator::expect_own_device(true);  // each call for a card is made while that card is current
        TinyModel model;
        model.layers = 8;
        model.heads = 8;
        model.kv_heads = 8;
        model.head_size = 128;
        model.context = kContext;
        large_ = std::filesystem::path(folder_.path().toStdString()) / "large.gguf";
        QVERIFY(tiny_model(model).write(large_));
    }
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }

    void everyBorder_data() { add_models_to_split(); }
    void everyBorder() {
        QFETCH(int, model);
        const TinyModel made = models_to_split()[static_cast<std::size_t>(model)];
        const Bytes bytes = tiny_model(made).bytes();
        plug_in({4096, 2048});
        const KvType kv = KvType::q8_0;
        const auto on_card = logits_on(*card(), bytes, kv);
        const auto on_cpu = logits_on(*cpu(), bytes, kv);
        qInfo("card and CPU differ by %.2g", difference(on_card, on_cpu));
        QVERIFY(on_card != on_cpu && difference(on_card, on_cpu) < kNear);
        for (std::size_t cut = 0; cut <= made.layers; ++cut) {
            const std::size_t rest = made.layers - cut;
            QVERIFY(logits_on(*two(card({0}), cut, card(), rest), bytes, kv) == on_card);
            const auto mixed = logits_on(*two(cpu(), cut, card(), rest), bytes, kv);
            QVERIFY(difference(mixed, on_card) < kNear && difference(mixed, on_cpu) < kNear);
            QVERIFY((mixed == on_card) == (cut == 0));
            const auto other_way = logits_on(*two(card(), cut, cpu(), rest), bytes, kv);
            QVERIFY(difference(other_way, on_card) < kNear && difference(other_way, on_cpu) < kNear);
            QVERIFY((other_way == on_cpu) == (cut == 0));
        }
    }

    void freeMemoryDecides() {
        plug_in({});
        const auto [host, wanted] = ask(Device::cpu);
        QVERIFY(!wanted.empty());
        std::vector<std::string> warnings;
        const auto expect = [&](const std::vector<std::size_t>& free, const std::string& line) {
            plug_in(free);
            const auto [device, text] = ask(Device::automatic, &warnings);
            QVERIFY2(device == line, device.c_str());
            QCOMPARE(text, wanted);
        };
        expect({1000}, "CUDA, Emulated 1000, 9 GB");
        QVERIFY(warnings.empty());
        expect({600}, "CUDA, Emulated 600, 9 GB: 5/8 layers; " + host + ": 3/8 layers");
        QVERIFY(warnings.size() == 1 &&
                warnings[0].find("room for 5 of the model's 8 layers") != std::string::npos);
        expect({700}, "CUDA, Emulated 700, 9 GB: 7/8 layers; " + host + ": 1/8 layers");
        expect({600, 550, 700}, "CUDA, Emulated 700, 9 GB: 7/8 layers; CUDA, Emulated 600, 9 GB: 1/8 layers");
        QVERIFY(warnings.size() == 1 && warnings[0].find("on 2 cards") != std::string::npos);
        expect({530, 520}, "CUDA, Emulated 530, 9 GB: 4/8 layers; CUDA, Emulated 520, 9 GB: 4/8 layers");
        plug_in({600});
        QCOMPARE(ask(Device::cuda).second, wanted);  // asked for by name too
    }

    /// What it says is free is not: fewer layers are tried, not none.
    void aCardThatIsFullerThanItSaidGetsLess() {
        plug_in({});
        const auto [host, wanted] = ask(Device::cpu);
        std::vector<std::string> warnings;
        const auto expect = [&](std::vector<std::size_t> free, std::size_t hidden, const std::string& line) {
            emulator::MachineDescription described = machine(std::move(free));
            described.devices[0].hidden = hidden << 20;
            emulator::reset_machine(described);
            const auto [device, text] = ask(Device::automatic, &warnings);
            QVERIFY2(device == line, device.c_str());
            QCOMPARE(text, wanted);
        };
        const auto told = [&] {
            return std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
                return warning.find("less memory than it had said") != std::string::npos;
            });
        };
        expect({1000}, 0, "CUDA, Emulated 1000, 9 GB");
        QVERIFY(!told());
        expect({1000}, 500, "CUDA, Emulated 1000, 9 GB: 5/8 layers; " + host + ": 3/8 layers");
        QVERIFY(told());
        expect({700}, 350, "CUDA, Emulated 700, 9 GB: 3/8 layers; " + host + ": 5/8 layers");
        QVERIFY(told());
        // The other card gives what it said.
        expect({700, 550}, 300, "CUDA, Emulated 700, 9 GB: 3/8 layers; CUDA, Emulated 550, 9 GB: 5/8 layers");
        QVERIFY(told());
        expect({600}, 590, host + " (CUDA: too little graphics memory)");
        QVERIFY(!told());
        QVERIFY(emulator::calls_of("cudaStreamCreateWithFlags") <= 4);
        QCOMPARE(emulator::live_objects().device_bytes, std::size_t{0});
    }

    void noRoomAfterAllIsSaid() {
        plug_in({600});
        emulator::fail_allocation(40, true);
        const auto [device, text] = ask(Device::automatic);
        QVERIFY2(
            device.find("CPU") == 0 && device.find("(CUDA: too little graphics memory)") != std::string::npos,
            device.c_str());
        QVERIFY(!text.empty());
    }

    void aLostCardIsLeft() {
        plug_in({600});
        EngineClient client;
        LoadOptions load = options(Device::automatic);
        std::string device;
        load.reopened = [&](Result<LoadedModel> model) { device = model ? model->device : "gone"; };
        const auto loaded = client.load(load);
        QVERIFY(loaded.has_value());
        emulator::lose_device(0, 300);
        const Reply reply = client.ask(question(*loaded, 200));
        QVERIFY(reply.error && reply.error->message.find("stopped working") != std::string::npos);
        const Reply next = client.ask(question(*loaded));
        QVERIFY2(next.finished.has_value(), next.error ? next.error->message.c_str() : "");
        QVERIFY2(device.find("CPU") == 0 && device.find("stopped working") != std::string::npos,
                 device.c_str());
    }
};

QTEST_GUILESS_MAIN(TestCudaSplit)
#include "test_cuda_split.moc"

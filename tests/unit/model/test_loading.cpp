// SPDX-License-Identifier: Apache-2.0
// Weights on a backend, the memory plan, descriptions and checksums; with the real models where they are at
// hand.
#include <fstream>
#include <limits>

#include <QDir>
#include <QElapsedTimer>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "engine/limits.h"
#include "engine/model/describe.h"
#include "engine/model/load_weights.h"
#include "engine/model/mapped_file.h"
#include "engine/model/memory_plan.h"
#include "engine/model/read_config.h"
#include "engine/model/tensor_list.h"
#include "tests/unit/model/broken_files.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

constexpr std::uint64_t kGigabyte = 1'000'000'000;

struct Opened {
    Bytes bytes;
    GgufFile file;
    ModelConfig config;
};

Opened open_tiny(const TinyModel& options) {
    Opened opened;
    opened.bytes = tiny_model(options).bytes();
    opened.file = GgufFile::parse(opened.bytes).value();
    opened.config = read_model_config(opened.file).value();
    return opened;
}

QStringList real_models() {
    const QDir folder(QDir::homePath() + "/.cache/tendril-models");
    QStringList paths;
    for (const QString& name : folder.entryList({"*.gguf"})) {
        paths << folder.filePath(name);
    }
    return paths;
}

/// A model of a few layers and 64 GB, as a file with a hole.
GgufWriter huge_model() {
    TinyModel options = small_model();
    GgufWriter writer = tiny_model(options);
    for (const char* key :
         {"llama.embedding_length", "llama.feed_forward_length", "llama.attention.head_count"}) {
        writer.remove(key);
    }
    writer.add_u32("llama.embedding_length", 32).add_u32("llama.attention.head_count", 2);
    writer.add_u32("llama.feed_forward_length", 1U << 20);
    writer.remove("llama.block_count").add_u32("llama.block_count", 160);
    writer.remove_tensor("blk.0.ffn_gate.weight")
        .remove_tensor("blk.0.ffn_up.weight")
        .remove_tensor("blk.0.ffn_down.weight");
    constexpr std::uint64_t kWide = 1U << 20;
    for (int i = 0; i < 160; ++i) {
        const std::string p = "blk." + std::to_string(i) + ".";
        writer.add_hollow_tensor(p + "ffn_gate.weight", {32, kWide}, 0, 32 * kWide * 4);
        writer.add_hollow_tensor(p + "ffn_up.weight", {32, kWide}, 0, 32 * kWide * 4);
        writer.add_hollow_tensor(p + "ffn_down.weight", {kWide, 32}, 0, 32 * kWide * 4);
        if (i > 0) {
            for (const char* norm : {"attn_norm.weight", "ffn_norm.weight"}) {
                writer.add_hollow_tensor(p + norm, {32}, 0, 128);
            }
            writer.add_hollow_tensor(p + "attn_q.weight", {32, 32}, 0, 4096);
            writer.add_hollow_tensor(p + "attn_k.weight", {32, 16}, 0, 2048);
            writer.add_hollow_tensor(p + "attn_v.weight", {32, 16}, 0, 2048);
            writer.add_hollow_tensor(p + "attn_output.weight", {32, 32}, 0, 4096);
        }
    }
    return writer;
}

}  // namespace

class TestLoading : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::filesystem::path path(const char* name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }

  private Q_SLOTS:
    void loadsAllArchitectures_data();
    void loadsAllArchitectures();
    void loadsEveryType();
    void normsOfHalfWidth();
    void separateHeadAndBiases();
    void progressRisesToOne();
    void cancels();
    void tellsWhatWasCopied();
    void planTakesTheUsualContext();
    void planLeavesRoomForSeveral();
    void planGivesWindowsFewerPages();
    void kvTypesTakeTheirBytes();
    void planShrinksTheContext();
    void planRefusesWithThreeWaysOut();
    void planHoldsToWhatWasAsked();
    void planSurvivesWildNumbers();
    void groupsAndSystemAreAsked();
    void hugeModelIsRefusedAtOnce();
    void describesATinyModel();
    void describesOddities();
    void describesDamageAsDamage();
    void checksum();
    void realModels_data();
    void realModels();
};

void TestLoading::loadsAllArchitectures_data() {
    QTest::addColumn<QString>("architecture");
    for (const char* name : {"llama", "qwen2", "qwen3", "gemma3"}) {
        QTest::newRow(name) << name;
    }
}

void TestLoading::loadsAllArchitectures() {
    QFETCH(QString, architecture);
    const Opened m = open_tiny(small_model(architecture.toStdString()));
    const auto backend = make_reference_backend();
    const Result<ModelWeights> weights = load_weights(m.file, m.config, *backend, {});
    QVERIFY(weights.has_value());
    const LayerWeights& layer = weights->layers.at(0);
    QVERIFY(layer.query->rows() == 32 && layer.query->columns() == 32 && layer.key->rows() == 16);
    QVERIFY(layer.down && layer.gate && layer.up && layer.output && layer.attention_norm &&
            layer.feed_forward_norm);
    QCOMPARE(layer.query_bias != nullptr, architecture == "qwen2");
    QCOMPARE(layer.query_norm != nullptr, architecture == "qwen3" || architecture == "gemma3");
    QCOMPARE(layer.post_attention_norm != nullptr, architecture == "gemma3");
    QCOMPARE(layer.post_feed_forward_norm != nullptr, architecture == "gemma3");
    QVERIFY(!weights->head && &weights->output_head() == weights->embedding.get());
    std::vector<float> got(32);
    backend->download(weights->output_norm->data(), got);
    QVERIFY(std::all_of(got.begin(), got.end(), [](float v) { return v >= 0.7F && v <= 1.3F; }));
}

void TestLoading::loadsEveryType() {
    for (int i = 0; i <= static_cast<int>(DataType::q6_k); ++i) {
        TinyModel options = small_model();
        options.type = static_cast<DataType>(i);
        options.width = 256;
        options.head_size = 128;
        options.feed_forward = 256;
        const Opened m = open_tiny(options);
        const auto backend = make_reference_backend();
        QVERIFY2(load_weights(m.file, m.config, *backend, {}).has_value(), traits(options.type).name);
    }
}

void TestLoading::normsOfHalfWidth() {
    for (const DataType type : {DataType::f16, DataType::bf16}) {
        GgufWriter writer = tiny_model(small_model());
        std::vector<float> values(32, 1.0F);
        values[3] = -0.5F;
        writer.remove_tensor("output_norm.weight").add_tensor("output_norm.weight", {32}, type, values);
        const Bytes bytes = writer.bytes();
        const GgufFile file = GgufFile::parse(bytes).value();
        const auto backend = make_reference_backend();
        const Result<ModelWeights> weights =
            load_weights(file, read_model_config(file).value(), *backend, {});
        QVERIFY(weights.has_value());
        std::vector<float> got(32);
        backend->download(weights->output_norm->data(), got);
        QVERIFY(got == values);
    }
}

void TestLoading::separateHeadAndBiases() {
    TinyModel options = small_model();
    options.tied = false;
    GgufWriter writer = tiny_model(options);
    writer.add_tensor("blk.0.attn_output.bias", {32}, DataType::f32, std::vector<float>(32, 0.25F));
    const Bytes bytes = writer.bytes();
    const GgufFile file = GgufFile::parse(bytes).value();
    const auto backend = make_reference_backend();
    const Result<ModelWeights> weights = load_weights(file, read_model_config(file).value(), *backend, {});
    QVERIFY(weights && weights->head && &weights->output_head() == weights->head.get());
    QVERIFY(weights->layers[0].output_bias && !weights->layers[0].query_bias);
}

void TestLoading::progressRisesToOne() {
    const Opened m = open_tiny(small_model());
    const auto backend = make_reference_backend();
    std::vector<double> shares;
    const auto heard = [&shares](double share) {
        shares.push_back(share);
        return true;
    };
    QVERIFY(load_weights(m.file, m.config, *backend, heard).has_value());
    QVERIFY(std::is_sorted(shares.begin(), shares.end()) && shares.size() > 10);
    QVERIFY(shares.front() > 0.0 && shares.back() == 1.0);
}

void TestLoading::cancels() {
    const Opened m = open_tiny(small_model());
    const auto backend = make_reference_backend();
    int calls = 0;
    const auto stop_at_third = [&calls](double) { return ++calls < 3; };
    const Result<ModelWeights> weights = load_weights(m.file, m.config, *backend, stop_at_third);
    QVERIFY(!weights && weights.error().code == ErrorCode::cancelled);
    QCOMPARE(calls, 3);
}

void TestLoading::tellsWhatWasCopied() {
    const Opened m = open_tiny(small_model());
    const auto backend = make_reference_backend();
    std::size_t vectors = 0;
    const auto heard = [&](std::span<const std::byte> bytes) {
        vectors += bytes.data() == m.file.find_tensor("output_norm.weight")->bytes.data() ? 1 : 0;
        QVERIFY(bytes.data() !=
                m.file.find_tensor("token_embd.weight")->bytes.data());  // the reference borrows it
    };
    QVERIFY(load_weights(m.file, m.config, *backend, {}, heard).has_value());
    QCOMPARE(vectors, std::size_t{1});
}

constexpr MemoryNeeds kNeeds = {.weights = 2 * kGigabyte,
                                .tokenizer = 10'000'000,
                                .scratch = 90'000'000,
                                .kv_per_token = 100'000,
                                .trained_context = 32768};

void TestLoading::planTakesTheUsualContext() {
    const Result<MemoryPlan> plan = plan_memory(kNeeds, 0, 16 * kGigabyte);
    QVERIFY(plan && plan->context == 4096 && plan->note.empty());
    QCOMPARE(plan->kv_bytes, std::uint64_t{(4096 + 64) * 100'000});
    QCOMPARE(plan->total_bytes, 2'100'000'000 + plan->kv_bytes);
    MemoryNeeds small = kNeeds;
    small.trained_context = 2048;
    QVERIFY(plan_memory(small, 0, 16 * kGigabyte)->context == 2048);
    small.trained_context = 100;  // below the minimum that others need
    QVERIFY(plan_memory(small, 0, 16 * kGigabyte)->context == 100);
}

void TestLoading::planLeavesRoomForSeveral() {
    const std::uint64_t page = 64 * 100'000;
    const Result<MemoryPlan> much = plan_memory(kNeeds, 0, 64 * kGigabyte);
    QCOMPARE(much->pages.full, std::size_t{4 * 64 + 1});
    QCOMPARE(much->pages.window, std::size_t{0});
    QCOMPARE(much->spare_bytes, 3 * 64 * page);
    // A quarter of what is left, and no more.
    const Result<MemoryPlan> some = plan_memory(kNeeds, 0, much->total_bytes + 8 * page);
    QCOMPARE(some->pages.full, std::size_t{64 + 1 + 2});
    QVERIFY(some->context == 4096 && some->spare_bytes == 2 * page);
    const Result<MemoryPlan> none = plan_memory(kNeeds, 4096, much->total_bytes);
    QCOMPARE(none->pages.full, std::size_t{64 + 1});
    QCOMPARE(none->spare_bytes, std::uint64_t{0});
}

void TestLoading::planGivesWindowsFewerPages() {
    MemoryNeeds needs = kNeeds;
    needs.window_per_token = 400'000;
    needs.window = 1024;
    const KvPageCounts of_much = needs.pages(32768);
    QCOMPARE(of_much.full, std::size_t{513});
    QVERIFY(of_much.window >= 1024 / 64 + 512 / 64 && of_much.window < 80);
    QCOMPARE(needs.pages(256).window, std::size_t{5});  // never more than of the others
    MemoryNeeds everywhere = kNeeds;
    everywhere.kv_per_token += needs.window_per_token;
    QVERIFY(needs.total(32768) - 2'100'000'000 < (everywhere.total(32768) - 2'100'000'000) / 2);
    const Result<MemoryPlan> plan = plan_memory(needs, 32768, 256 * kGigabyte);
    QVERIFY(plan && plan->pages.window > of_much.window && plan->pages.window < plan->pages.full / 2);
    // To the page, as without windows.
    const Result<MemoryPlan> tight = plan_memory(needs, 0, needs.total(640));
    QVERIFY(tight && tight->context == 640 && tight->spare_bytes == 0);
    QVERIFY(plan_memory(needs, 0, needs.total(640) - 1)->context == 576);
}

void TestLoading::kvTypesTakeTheirBytes() {
    const Opened m = open_tiny(small_model("llama"));
    const std::uint64_t f16 = memory_needs(m.file, m.config).kv_per_token;
    QCOMPARE(memory_needs(m.file, m.config, {}, KvType::q8_0).kv_per_token, f16 * 34 / 64);
    QCOMPARE(memory_needs(m.file, m.config, {}, KvType::q4_0).kv_per_token, f16 * 18 / 64);
    QCOMPARE(memory_needs(m.file, m.config).window_per_token, std::uint64_t{0});
    TinyModel gemma = small_model("gemma3");
    gemma.layers = 6;
    const Opened g = open_tiny(gemma);
    const MemoryNeeds needs = memory_needs(g.file, g.config);
    QCOMPARE(needs.window_per_token, 5 * needs.kv_per_token);
    QCOMPARE(needs.window, std::uint64_t{gemma.window});
    const KvLayout layout = kv_layout(g.config, KvType::f16);
    QVERIFY(layout.windowed.size() == 6 && layout.windowed[4] && !layout.windowed[5]);
}

void TestLoading::planShrinksTheContext() {
    const Result<MemoryPlan> plan = plan_memory(kNeeds, 0, 2'300'000'000);
    QVERIFY(plan.has_value());
    QVERIFY(plan->context >= 512 && plan->context < 2000 && plan->context % 64 == 0);
    QVERIFY(plan->total_bytes <= 2'300'000'000 && plan->note.find("Memory is short") == 0);
    QVERIFY(kNeeds.total(plan->context + 64) > 2'300'000'000);  // not smaller than it has to be
    // To the byte: the smallest that works, and one less.
    const std::uint64_t least = kNeeds.total(512);
    QVERIFY(plan_memory(kNeeds, 0, least) && plan_memory(kNeeds, 0, least)->context == 512);
    QVERIFY(!plan_memory(kNeeds, 0, least - 1));
}

void TestLoading::planRefusesWithThreeWaysOut() {
    const Result<MemoryPlan> plan = plan_memory(kNeeds, 0, kGigabyte);
    QVERIFY(!plan && plan.error().code == ErrorCode::out_of_memory);
    const std::string& text = plan.error().message;
    for (const char* part :
         {"2.2 GB", "1.0 GB are free", "smaller model", "smaller context", "close other programs"}) {
        QVERIFY2(text.find(part) != std::string::npos, text.c_str());
    }
}

void TestLoading::planHoldsToWhatWasAsked() {
    QVERIFY(plan_memory(kNeeds, 8192, 16 * kGigabyte)->context == 8192);
    const Result<MemoryPlan> beyond = plan_memory(kNeeds, 100'000, 16 * kGigabyte);
    QVERIFY(beyond && beyond->context == 32768 && beyond->note.find("32768") != std::string::npos);
    const Result<MemoryPlan> much = plan_memory(kNeeds, 32768, 3 * kGigabyte);
    QVERIFY(!much && much.error().message.find("up to 8896 tokens fit") != std::string::npos);
}

void TestLoading::planSurvivesWildNumbers() {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    MemoryNeeds wild = {kMost, kMost, kMost, kMost, kMost};
    QVERIFY(!plan_memory(wild, 0, 16 * kGigabyte));
    QVERIFY(!plan_memory(kNeeds, 0, 0));
    wild = kNeeds;
    wild.kv_per_token = 0;
    wild.trained_context = 0;
    QVERIFY(plan_memory(wild, 0, kMost).has_value());
}

void TestLoading::groupsAndSystemAreAsked() {
    const auto write = [](const std::filesystem::path& file, const char* text) {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    };
    const MemorySources sources = {path("proc"), path("cgroup")};
    QCOMPARE(available_memory(sources),
             std::numeric_limits<std::uint64_t>::max());  // nothing known: no limit
    write(path("proc") / "meminfo", "MemTotal:  9000 kB\nMemAvailable:    4000 kB\n");
    QCOMPARE(available_memory(sources), std::uint64_t{4'096'000});
    write(path("proc") / "self/cgroup", "0::/user/app\n");
    write(path("cgroup") / "user/app/memory.max", "max\n");
    write(path("cgroup") / "user/app/memory.current", "1000000\n");
    QCOMPARE(available_memory(sources), std::uint64_t{4'096'000});
    write(path("cgroup") / "user/memory.max", "3000000\n");  // the group around it is the tighter one
    write(path("cgroup") / "user/memory.current", "2000000\n");
    QCOMPARE(available_memory(sources), std::uint64_t{1'000'000});
    write(path("cgroup") / "user/memory.stat", "anon 1\ninactive_file 500000\n");
    QCOMPARE(available_memory(sources), std::uint64_t{1'500'000});
    write(path("proc") / "self/cgroup", "7:cpu,memory:/box\n3:pids:/\n");
    write(path("cgroup") / "memory/box/memory.limit_in_bytes", "700000\n");
    write(path("cgroup") / "memory/box/memory.usage_in_bytes", "800000\n");
    QCOMPARE(available_memory(sources), std::uint64_t{0});
    QVERIFY(available_memory() > 1'000'000);  // of this machine
}

void TestLoading::hugeModelIsRefusedAtOnce() {
    const std::filesystem::path file = path("huge.gguf");
    if (!huge_model().write_sparse(file)) {
        QSKIP("this file system has no sparse files of 64 GB");
    }
    QVERIFY(std::filesystem::file_size(file) > 64 * kGigabyte);
    QElapsedTimer clock;
    clock.start();
    const auto mapped = MappedFile::open(file);
    QVERIFY(mapped.has_value());
    const Result<GgufFile> parsed = GgufFile::parse((*mapped)->bytes());
    QVERIFY(parsed.has_value());
    const Result<ModelConfig> config = read_model_config(*parsed);
    QVERIFY(config.has_value());
    const Result<MemoryPlan> plan = plan_memory(memory_needs(*parsed, *config), 0, 24 * kGigabyte);
    QVERIFY(!plan && plan.error().code == ErrorCode::out_of_memory);
    QVERIFY2(plan.error().message.find("24.0 GB are free") != std::string::npos,
             plan.error().message.c_str());
    QVERIFY2(clock.elapsed() < 500, qPrintable(QString::number(clock.elapsed())));
    const Result<ModelDescription> description = describe_model(file);  // all shapes are as they should be
    QVERIFY(description && description->memory_bytes > 64 * kGigabyte);
}

void TestLoading::describesATinyModel() {
    TinyModel options = small_model("qwen2");
    options.type = DataType::q8_0;
    GgufWriter writer = tiny_model(options);
    writer.add_string("tokenizer.chat_template", "{{ messages }}");
    QVERIFY(writer.write(path("tiny.gguf")));
    const Result<ModelDescription> d = describe_model(path("tiny.gguf"));
    QVERIFY(d.has_value());
    QVERIFY(d->architecture == "qwen2" && d->name == "Tiny qwen2" && d->quantisation == "Q8_0");
    // Embedding, four attention matrices, three feed-forward ones; three norms; three biases.
    QCOMPARE(d->parameters, std::uint64_t{264 * 32 + 2 * 1024 + 2 * 512 + 3 * 1024 + 3 * 32 + 64});
    QVERIFY(d->layers == 1 && d->vocabulary == 264 && d->context_length == 256);
    QVERIFY(d->kv_bytes_per_token == 1 * 2 * 16 * 2 && d->chat_template == "{{ messages }}" &&
            d->warnings.empty());
    QCOMPARE(d->file_bytes, std::uint64_t{writer.bytes().size()});
    QVERIFY(d->weight_bytes > 9000 && d->weight_bytes < d->file_bytes && d->memory_bytes > d->weight_bytes);
}

void TestLoading::describesOddities() {
    TinyModel options = small_model();
    options.tied = false;
    GgufWriter writer = tiny_model(options);
    writer.remove("general.name").remove_tensor("output.weight");
    writer.add_tensor("output.weight", {32, 264}, DataType::f16, std::vector<float>(32 * 264, 0.0F));
    writer.add_u32("llama.attention.sliding_window", 100);
    writer.add_string("tokenizer.chat_template", std::string(kMaxChatTemplateBytes + 1, 'x'));
    QVERIFY(writer.write(path("no name.gguf")));
    const Result<ModelDescription> d = describe_model(path("no name.gguf"));
    QVERIFY(d.has_value());
    QCOMPARE(d->name, std::string("no name"));
    QCOMPARE(d->quantisation, std::string("F32 (mixed)"));
    QVERIFY(!d->chat_template && d->warnings.size() == 2);
    QVERIFY(d->warnings[1].find("100 tokens") != std::string::npos);
}

void TestLoading::describesDamageAsDamage() {
    QVERIFY(describe_model(path("absent.gguf")).error().code == ErrorCode::not_found);
    std::ofstream(path("note.txt")) << "hello";
    QVERIFY(describe_model(path("note.txt")).error().code == ErrorCode::malformed);
}

void TestLoading::checksum() {
    std::ofstream(path("abc"), std::ios::binary) << "abc";
    QCOMPARE(file_sha256(path("abc")).value_or(""),
             std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    std::ofstream(path("none"), std::ios::binary) << "";
    QCOMPARE(file_sha256(path("none")).value_or(""),
             std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    std::ofstream(path("big"), std::ios::binary) << std::string(9'000'001, 'q');
    std::vector<double> shares;
    const auto heard = [&shares](double share) {
        shares.push_back(share);
        return true;
    };
    const Result<std::string> sum = file_sha256(path("big"), heard);
    QVERIFY(shares.size() >= 3 && shares.back() == 1.0);
    QProcess tool;
    tool.start("sha256sum", {QString::fromStdString(path("big").string())});
    QVERIFY(tool.waitForFinished());
    QCOMPARE(QString::fromStdString(sum.value_or("")), QString(tool.readAllStandardOutput().left(64)));
    QVERIFY(file_sha256(path("big"), [](double) { return false; }).error().code == ErrorCode::cancelled);
    QVERIFY(file_sha256(path("not there")).error().code == ErrorCode::not_found);
    QVERIFY(!file_sha256(folder_.path().toStdString()).has_value());
}

void TestLoading::realModels_data() {
    QTest::addColumn<QString>("file");
    const QStringList models = real_models();
    if (models.isEmpty()) {
        QSKIP("no models in ~/.cache/tendril-models");
    }
    for (const QString& model : models) {
        QTest::newRow(qPrintable(QFileInfo(model).fileName())) << model;
    }
}

void TestLoading::realModels() {
    QFETCH(QString, file);
    static_cast<void>(describe_model(file.toStdString()));  // the header comes into the page cache
    QElapsedTimer clock;
    clock.start();
    const Result<ModelDescription> d = describe_model(file.toStdString());
    const double took = static_cast<double>(clock.nsecsElapsed()) / 1e6;
    QVERIFY2(d.has_value(), d ? "" : d.error().message.c_str());
    qInfo("%s: %s, %.0f M parameters, %.0f MB, %.2f ms", d->name.c_str(), d->quantisation.c_str(),
          static_cast<double>(d->parameters) / 1e6, static_cast<double>(d->memory_bytes) / 1e6, took);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    QVERIFY2(took < 50, qPrintable(QString::number(took)));
#endif
    const auto mapped = MappedFile::open(file.toStdString());
    const GgufFile gguf = GgufFile::parse((*mapped)->bytes()).value();
    const auto backend = make_reference_backend();
    const Result<ModelWeights> weights = load_weights(gguf, read_model_config(gguf).value(), *backend, {});
    QVERIFY(weights && weights->layers.size() == d->layers && weights->embedding->rows() == d->vocabulary);
    QVERIFY(!(*mapped)->damaged());
}

QTEST_GUILESS_MAIN(TestLoading)
#include "test_loading.moc"

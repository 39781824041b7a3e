// SPDX-License-Identifier: Apache-2.0
// What is read from good files: values of every type, the configurations of all architectures, and rope
// scaling.
#include <cmath>

#include <QTest>

#include "engine/model/read_config.h"
#include "engine/model/tensor_list.h"
#include "tests/unit/model/broken_files.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

Result<ModelConfig> config_of(const GgufWriter& writer) {
    const Bytes bytes = writer.bytes();
    const Result<GgufFile> file = GgufFile::parse(bytes);
    return file ? read_model_config(*file) : fail(file.error());
}

Bytes number_bytes(auto value) {
    Bytes bytes;
    append(bytes, value);
    return bytes;
}

}  // namespace

class TestConfig : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void valuesOfEveryType();
    void versionTwo();
    void otherAlignment();
    void emptyFileIsAFile();
    void llama();
    void llama3Factors();
    void qwen2();
    void qwen3();
    void gemma3();
    void gemma3OfSize27B();
    void gemma3Patterns();
    void gemma3WithoutWindow();
    void linearScaling_data();
    void linearScaling();
    void yarn();
    void poolingAsTheFileSays();
    void equalListsStandForOneNumber();
    void vocabularyFromTheFirstThatIsThere();
    void factorsSurviveACopy();
    void brokenNameIsCleaned();
};

void TestConfig::valuesOfEveryType() {
    GgufWriter writer;
    writer.add_raw("u8", 0, number_bytes(std::uint8_t{200})).add_raw("i8", 1, number_bytes(std::int8_t{-5}));
    writer.add_raw("u16", 2, number_bytes(std::uint16_t{60000}))
        .add_raw("i16", 3, number_bytes(std::int16_t{-300}));
    writer.add_u32("u32", 4'000'000'000U).add_i32("i32", -7).add_f32("f32", 1.5F).add_bool("bool", true);
    writer.add_string("text", "a\0b")
        .add_u64("u64", ~std::uint64_t{0})
        .add_raw("i64", 11, number_bytes(std::int64_t{-1}));
    writer.add_raw("f64", 12, number_bytes(0.1))
        .add_strings("texts", {"x", "", "yz"})
        .add_i32s("numbers", {3, -4});
    writer.add_f32s("floats", {0.5F}).add_bools("flags", {true, false, true}).add_strings("none", {});
    const Bytes bytes = writer.bytes();
    const Result<GgufFile> file = GgufFile::parse(bytes);
    QVERIFY(file.has_value());
    const auto at = [&file](const char* key) -> const GgufValue& { return *file->find(key); };
    QCOMPARE(at("u8").as_unsigned().value_or(0), std::uint64_t{200});
    QCOMPARE(at("i8").as_integer().value_or(0), std::int64_t{-5});
    QVERIFY(!at("i8").as_unsigned());
    QCOMPARE(at("u16").as_number().value_or(0), 60000.0);
    QCOMPARE(at("i16").as_integer().value_or(0), std::int64_t{-300});
    QCOMPARE(at("u32").as_integer().value_or(0), std::int64_t{4'000'000'000});
    QVERIFY(at("u32").as_unsigned() && !at("f32").as_unsigned() && !at("text").as_integer() &&
            !at("bool").as_integer());
    QVERIFY(at("u64").as_unsigned() == ~std::uint64_t{0} && !at("u64").as_integer());
    QVERIFY(at("i64").as_integer() == -1 && at("f64").as_number() == 0.1 && at("f32").as_number() == 1.5);
    QVERIFY(at("bool").as_bool() == true && !at("u8").as_bool());
    QCOMPARE(at("texts").as_strings()->at(2), std::string_view("yz"));
    QVERIFY(at("none").as_strings()->empty() && !at("numbers").as_strings() && !at("texts").as_integers());
    QVERIFY((at("numbers").as_integers() == std::vector<std::int64_t>{3, -4}));
    QVERIFY((at("floats").as_numbers() == std::vector<double>{0.5}) && !at("floats").as_integers());
    QVERIFY((at("flags").as_bools() == std::vector<bool>{true, false, true}));
    QVERIFY(file->find("absent") == nullptr && file->find_tensor("absent") == nullptr);
}

void TestConfig::versionTwo() {
    GgufWriter writer = tiny_model(small_model());
    writer.version = 2;
    QVERIFY(config_of(writer).has_value());
}

void TestConfig::otherAlignment() {
    for (const std::uint32_t alignment : {1U, 8U, 4096U}) {
        GgufWriter writer;
        writer.alignment = alignment;
        writer.add_u32("general.alignment", alignment);
        writer.add_tensor("a", {3}, DataType::f32, std::vector<float>{1, 2, 3});
        writer.add_tensor("b", {1, 2}, DataType::f16, std::vector<float>{4, 5});
        const Bytes bytes = writer.bytes();
        const Result<GgufFile> file = GgufFile::parse(bytes);
        QVERIFY(file.has_value());
        const GgufTensor* const b = file->find_tensor("b");
        QVERIFY(b != nullptr && b->columns == 1 && b->rows == 2 && b->bytes.size() == 4);
        QVERIFY((Bytes(b->bytes.begin(), b->bytes.end()) == encode(DataType::f16, std::vector<float>{4, 5})));
    }
}

void TestConfig::emptyFileIsAFile() {
    const Bytes bytes = GgufWriter().bytes();
    QVERIFY(GgufFile::parse(bytes).has_value());
}

void TestConfig::llama() {
    TinyModel options;
    options.layers = 3;
    const Result<ModelConfig> c = config_of(tiny_model(options));
    QVERIFY(c.has_value());
    QCOMPARE(c->architecture, std::string("llama"));
    QCOMPARE(c->name, std::string("Tiny llama"));
    QVERIFY(c->layers == 3 && c->width == 64 && c->heads == 4 && c->kv_heads == 2 && c->head_size == 16);
    QVERIFY(c->feed_forward_width == 128 && c->vocabulary == kTinyVocabulary && c->context_tokens == 256);
    QVERIFY(c->activation == Activation::silu && c->embedding_scale == 1.0F && c->attention_scale == 0.25F);
    QCOMPARE(c->norm_epsilon, 1e-6F);
    QCOMPARE(c->rope.size(), std::size_t{1});
    QVERIFY(c->rope[0].pairing == RopeSettings::Pairing::adjacent && c->rope[0].base == 10000.0F);
    QVERIFY(c->rope[0].position_scale == 1.0F && c->rope[0].yarn_factor == 0.0F &&
            c->rope[0].factors.empty());
    QVERIFY(c->layer.size() == 3 && c->layer[2].window == 0 && c->layer[2].rope_index == 0);
}

void TestConfig::llama3Factors() {
    GgufWriter writer = tiny_model(small_model());
    const std::vector<float> factors = {1, 1, 1, 2.5F, 8, 8, 8, 8};
    writer.add_tensor("rope_freqs.weight", {8}, DataType::f32, factors);
    const Result<ModelConfig> c = config_of(writer);
    QVERIFY(c.has_value());
    QVERIFY(std::equal(c->rope[0].factors.begin(), c->rope[0].factors.end(), factors.begin(), factors.end()));
}

void TestConfig::qwen2() {
    const Result<ModelConfig> c = config_of(tiny_model(small_model("qwen2")));
    QVERIFY(c && c->rope[0].pairing == RopeSettings::Pairing::halves && c->rope[0].base == 1e6F);
}

void TestConfig::qwen3() {
    TinyModel options = small_model("qwen3");
    options.head_size = 64;  // wider than width / heads
    const Bytes bytes = tiny_model(options).bytes();
    const Result<GgufFile> file = GgufFile::parse(bytes);
    const Result<ModelConfig> c = read_model_config(*file);
    QVERIFY(c && c->head_size == 64 && c->attention_scale == 0.125F);
    QVERIFY(check_tensors(*file, *c).has_value());
}

void TestConfig::gemma3() {
    TinyModel options;
    options.architecture = "gemma3";
    options.layers = 7;
    GgufWriter writer = tiny_model(options);
    writer.add_string("gemma3.rope.scaling.type", "linear").add_f32("gemma3.rope.scaling.factor", 8.0F);
    writer.add_f32("gemma3.final_logit_softcapping", 30.0F);
    const Result<ModelConfig> c = config_of(writer);
    QVERIFY(c.has_value());
    QVERIFY(c->embedding_scale == 8.0F && c->activation == Activation::gelu_tanh &&
            c->logit_softcap == 30.0F);
    QCOMPARE(c->rope.size(), std::size_t{2});
    QVERIFY(c->rope[0].base == 1e6F && c->rope[0].position_scale == 0.125F);
    QVERIFY(c->rope[1].base == 10000.0F && c->rope[1].position_scale == 1.0F);
    for (std::size_t i = 0; i < 7; ++i) {
        QCOMPARE(c->layer[i].window, std::size_t{i == 5 ? 0U : 32U});
        QCOMPARE(c->layer[i].rope_index, std::size_t{i == 5 ? 0U : 1U});
    }
}

void TestConfig::gemma3OfSize27B() {
    GgufWriter writer = tiny_model(small_model("gemma3"));
    for (const char* key :
         {"block_count", "embedding_length", "attention.head_count", "attention.head_count_kv"}) {
        writer.remove(std::string("gemma3.") + key);
    }
    writer.add_u32("gemma3.block_count", 62).add_u32("gemma3.embedding_length", 5376);
    writer.add_u32("gemma3.attention.head_count", 32).add_u32("gemma3.attention.head_count_kv", 16);
    writer.add_u32("gemma3.attention.key_length", 128);
    const Result<ModelConfig> c = config_of(writer);
    QVERIFY(c.has_value());
    QCOMPARE(c->attention_scale, 1.0F / std::sqrt(168.0F));
}

void TestConfig::gemma3Patterns() {
    TinyModel options = small_model("gemma3");
    options.layers = 4;
    const auto windows = [&options](const std::function<void(GgufWriter&)>& change) {
        GgufWriter writer = tiny_model(options);
        change(writer);
        const Result<ModelConfig> c = config_of(writer);
        std::string text;
        for (std::size_t i = 0; c && i < c->layer.size(); ++i) {
            text += c->layer[i].window > 0 ? 'w' : 'f';
        }
        return text;
    };
    const std::string key = "gemma3.attention.sliding_window_pattern";
    QCOMPARE(windows([&](GgufWriter& f) { f.add_u32(key, 2); }), std::string("wfwf"));
    QCOMPARE(windows([&](GgufWriter& f) { f.add_u32(key, 1); }), std::string("ffff"));
    QCOMPARE(windows([&](GgufWriter& f) { f.add_u32(key, 0); }), std::string("wwww"));
    QCOMPARE(windows([&](GgufWriter& f) {
                 f.add_bools(key, {true, false, false, true});
             }),
             std::string("wffw"));
    QCOMPARE(windows([&](GgufWriter& f) { f.add_i32s(key, {0, 1, 1, 0}); }), std::string("fwwf"));
}

void TestConfig::gemma3WithoutWindow() {
    GgufWriter writer = tiny_model(small_model("gemma3"));
    writer.remove("gemma3.attention.sliding_window");
    const Result<ModelConfig> c = config_of(writer);
    QVERIFY(c && c->rope.size() == 1 && c->layer[0].window == 0 && c->layer[0].rope_index == 0);
}

void TestConfig::linearScaling_data() {
    QTest::addColumn<QString>("type");
    QTest::addColumn<QString>("key");
    QTest::addColumn<float>("factor");
    QTest::addColumn<float>("scale");
    QTest::newRow("linear") << "linear"
                            << "scaling.factor" << 4.0F << 0.25F;
    QTest::newRow("no type means linear") << ""
                                          << "scaling.factor" << 2.0F << 0.5F;
    QTest::newRow("none ignores the factor") << "none"
                                             << "scaling.factor" << 4.0F << 1.0F;
    QTest::newRow("old key") << ""
                             << "scale_linear" << 4.0F << 0.25F;
    QTest::newRow("zero means one") << "linear"
                                    << "scaling.factor" << 0.0F << 1.0F;
}

void TestConfig::linearScaling() {
    QFETCH(QString, type);
    QFETCH(QString, key);
    QFETCH(float, factor);
    QFETCH(float, scale);
    GgufWriter writer = tiny_model(small_model("qwen2"));
    if (!type.isEmpty()) {
        writer.add_string("qwen2.rope.scaling.type", type.toStdString());
    }
    writer.add_f32("qwen2.rope." + key.toStdString(), factor);
    const Result<ModelConfig> c = config_of(writer);
    QVERIFY(c && c->rope[0].position_scale == scale && c->rope[0].yarn_factor == 0.0F);
}

void TestConfig::yarn() {
    GgufWriter writer = tiny_model(small_model("qwen3"));
    writer.add_string("qwen3.rope.scaling.type", "yarn").add_f32("qwen3.rope.scaling.factor", 4.0F);
    Result<ModelConfig> c = config_of(writer);
    QVERIFY(c.has_value());
    QVERIFY(c->rope[0].yarn_factor == 4.0F && c->rope[0].position_scale == 1.0F);
    QVERIFY(c->rope[0].yarn_original_context == 256 && c->rope[0].yarn_attention_factor == 1.0F);
    QVERIFY(c->rope[0].yarn_beta_fast == 32.0F && c->rope[0].yarn_beta_slow == 1.0F);
    writer.add_u32("qwen3.rope.scaling.original_context_length", 64)
        .add_f32("qwen3.rope.scaling.attn_factor", 0.5F);
    writer.add_f32("qwen3.rope.scaling.yarn_log_multiplier", 1.0F);
    c = config_of(writer);
    QVERIFY(c && c->rope[0].yarn_original_context == 64);
    QVERIFY(std::abs(c->rope[0].yarn_attention_factor - 0.5F / (1.0F + 0.1F * std::log(4.0F))) < 1e-6F);
}

void TestConfig::poolingAsTheFileSays() {
    QVERIFY(config_of(tiny_model(small_model("qwen3")))->pooling == Pooling::mean);
    const std::optional<Pooling> wanted[] = {
        Pooling::mean, Pooling::mean, Pooling::first, Pooling::last, {}, {}};
    for (std::uint32_t type = 0; type < 6; ++type) {
        GgufWriter writer = tiny_model(small_model("qwen3"));
        writer.add_u32("qwen3.pooling_type", type);
        const Result<ModelConfig> c = config_of(writer);
        QVERIFY(c && c->pooling == wanted[type]);  // what is not known is no reason to refuse the model
    }
    GgufWriter text = tiny_model(small_model("qwen3"));
    text.add_string("qwen3.pooling_type", "last");
    QVERIFY(config_of(text) && !config_of(text)->pooling);
}

void TestConfig::equalListsStandForOneNumber() {
    GgufWriter writer = tiny_model(small_model());
    writer.remove("llama.attention.head_count").add_i32s("llama.attention.head_count", {2});
    writer.remove("llama.feed_forward_length").add_i32s("llama.feed_forward_length", {32, 32, 32});
    const Result<ModelConfig> c = config_of(writer);
    QVERIFY(c && c->heads == 2 && c->feed_forward_width == 32);
}

void TestConfig::vocabularyFromTheFirstThatIsThere() {
    GgufWriter writer = tiny_model(small_model());
    writer.add_u32("llama.vocab_size", 99);
    QCOMPARE(config_of(writer)->vocabulary, std::size_t{kTinyVocabulary});
    writer.remove("tokenizer.ggml.tokens");
    QCOMPARE(config_of(writer)->vocabulary, std::size_t{99});
    writer.remove("llama.vocab_size");
    QCOMPARE(config_of(writer)->vocabulary, std::size_t{kTinyVocabulary});  // the embedding's rows
}

void TestConfig::factorsSurviveACopy() {
    ModelConfig copy;
    {
        TinyModel options = small_model();
        options.rope_factors = true;
        const Result<ModelConfig> c = config_of(tiny_model(options));
        QVERIFY(c.has_value());
        copy = *c;
    }
    QCOMPARE(copy.rope[0].factors.size(), std::size_t{8});
    QVERIFY(copy.rope[0].factors[7] >= 1.0F && copy.rope[0].factors[7] <= 8.0F);
}

void TestConfig::brokenNameIsCleaned() {
    GgufWriter writer = tiny_model(small_model());
    writer.remove("general.name").add_string("general.name", "ev\xFFil\n" + std::string(500, 'x'));
    const std::string name = config_of(writer)->name;
    QVERIFY(name.substr(0, 6) == "ev?il?" && name.size() == 200);
}

QTEST_GUILESS_MAIN(TestConfig)
#include "test_config.moc"

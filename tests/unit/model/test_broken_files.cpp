// SPDX-License-Identifier: Apache-2.0
// Every kind of broken model file gets its own words, and no byte of a file can bring the reader down.
#include <chrono>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "engine/model/describe.h"
#include "engine/model/load_weights.h"
#include "engine/model/read_config.h"
#include "engine/model/tensor_list.h"
#include "tests/unit/model/broken_files.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

/// All that a load does with a file, on the reference backend.
Status try_all(const Bytes& bytes) {
    const Result<GgufFile> file = GgufFile::parse(bytes);
    if (!file) {
        return fail(file.error());
    }
    const Result<ModelConfig> config = read_model_config(*file);
    if (!config) {
        return fail(config.error());
    }
    const std::unique_ptr<Backend> backend = make_reference_backend();
    const Result<ModelWeights> weights = load_weights(*file, *config, *backend, {});
    return weights ? Status{} : fail(weights.error());
}

void fill_table(const std::vector<BrokenFile>& files) {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("part");
    for (const BrokenFile& file : files) {
        QTest::newRow(file.name.c_str()) << QByteArray(reinterpret_cast<const char*>(file.bytes.data()),
                                                       static_cast<qsizetype>(file.bytes.size()))
                                         << static_cast<int>(file.code) << QString::fromStdString(file.part);
    }
}

Bytes to_bytes(const QByteArray& array) {
    const auto* begin = reinterpret_cast<const std::byte*>(array.constData());
    return {begin, begin + array.size()};
}

void check_refused(const Status& status, int code, const QString& part) {
    QVERIFY(!status.has_value());
    const QString message = QString::fromStdString(status.error().message);
    QVERIFY2(message.contains(part), qPrintable(message + " does not say " + part));
    QCOMPARE(static_cast<int>(status.error().code), code);
    QVERIFY(message.endsWith('.') && !message.contains('\n') && message.size() < 400);
}

}  // namespace

class TestBrokenFiles : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void atLeastEightyKinds();
    void containers_data() { fill_table(broken_containers()); }
    void containers();
    void models_data() { fill_table(broken_models()); }
    void models();
    void truncatedAtEveryByte_data();
    void truncatedAtEveryByte();
    void everyByteChanged();
    void manySmallThingsTakeLinearTime();
};

void TestBrokenFiles::atLeastEightyKinds() {
    QVERIFY(broken_containers().size() + broken_models().size() >= 80);
}

void TestBrokenFiles::containers() {
    QFETCH(QByteArray, bytes);
    QFETCH(int, code);
    QFETCH(QString, part);
    const Bytes file = to_bytes(bytes);
    const Result<GgufFile> parsed = GgufFile::parse(file);
    check_refused(parsed ? Status{} : fail(parsed.error()), code, part);
}

void TestBrokenFiles::models() {
    QFETCH(QByteArray, bytes);
    QFETCH(int, code);
    QFETCH(QString, part);
    const Bytes file = to_bytes(bytes);
    QVERIFY(GgufFile::parse(file).has_value());
    check_refused(try_all(file), code, part);
}

void TestBrokenFiles::truncatedAtEveryByte_data() {
    QTest::addColumn<QString>("architecture");
    for (const char* name : {"llama", "qwen2", "qwen3", "gemma3"}) {
        QTest::newRow(name) << name;
    }
}

void TestBrokenFiles::truncatedAtEveryByte() {
    QFETCH(QString, architecture);
    const GgufWriter writer = tiny_model(small_model(architecture.toStdString()));
    const Bytes whole = writer.bytes();
    QVERIFY(try_all(whole).has_value());
    const std::size_t header = writer.header_bytes();
    QVERIFY(header > 4000);
    for (std::size_t size = 0; size < header + 64; ++size) {
        // A copy of exactly this size, so that a sanitizer sees any read behind its end.
        const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const Result<GgufFile> parsed = GgufFile::parse(part);
        QVERIFY2(!parsed.has_value(), qPrintable(QString::number(size)));
        QVERIFY(parsed.error().code == ErrorCode::malformed && !parsed.error().message.empty());
    }
}

void TestBrokenFiles::everyByteChanged() {
    Bytes bytes = tiny_model(small_model("gemma3")).bytes();
    const std::size_t header = tiny_model(small_model("gemma3")).header_bytes();
    std::size_t refused = 0;
    for (std::size_t i = 0; i < header; ++i) {
        for (const unsigned value : {0x00U, 0x7FU, 0x80U, 0xFFU}) {
            const std::byte old = std::exchange(bytes[i], static_cast<std::byte>(value));
            const Result<GgufFile> file = GgufFile::parse(bytes);
            const Result<ModelConfig> config = file ? read_model_config(*file) : fail(file.error());
            const Status tensors = config ? check_tensors(*file, *config) : fail(config.error());
            refused += tensors ? 0 : 1;
            bytes[i] = old;
        }
    }
    QVERIFY(refused > header);  // most changes hit lengths, types, names or sizes
}

void TestBrokenFiles::manySmallThingsTakeLinearTime() {
    GgufWriter writer;
    std::vector<std::string> empty(2'000'000);  // 16 MB of lengths
    writer.add_strings("tokens", empty);
    for (int i = 0; i < 60'000; ++i) {
        writer.add_u32("key." + std::to_string(i * 7919 % 60'000), 1);
        writer.add_tensor("t." + std::to_string(i), {1}, DataType::f32, std::vector<float>(1, 0.0F));
    }
    const Bytes bytes = writer.bytes();
    const auto start = std::chrono::steady_clock::now();
    const Result<GgufFile> file = GgufFile::parse(bytes);
    const auto took = std::chrono::steady_clock::now() - start;
    QVERIFY(file.has_value());
    QCOMPARE(file->tensors().size(), std::size_t{60'000});
    QVERIFY(file->find("key.59999") != nullptr && file->find_tensor("t.59999") != nullptr);
    QVERIFY2(took < std::chrono::seconds(3), "quadratic time would take minutes");
}

QTEST_GUILESS_MAIN(TestBrokenFiles)
#include "test_broken_files.moc"

// SPDX-License-Identifier: Apache-2.0
// The arithmetic that readers and kernels stand on: checked sums, 16-bit floats, and the meaning of every
// tensor type.
#include <cmath>
#include <cstring>
#include <limits>

#include <QFile>
#include <QTest>

#include "engine/checked_math.h"
#include "engine/half.h"
#include "engine/model/dequantize.h"
#include "engine/model/quote.h"
#include "engine/model/tensor_types.h"

using namespace tendril;
using namespace tendril::engine;

class TestNumbers : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void checkedSums();
    void everyHalfSurvivesTheRoundTrip();
    void halvesRoundToNearestEven();
    void bfloat16();
    void dequantizeMatchesGguf();
    void dequantizeStaysInside();
    void blockBytes();
    void typeNumbersAgree();
    void namesInMessages();
};

void TestNumbers::checkedSums() {
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
    QCOMPARE(checked_add<std::uint64_t>(kMax - 1, 1).value_or(0), kMax);
    QVERIFY(!checked_add<std::uint64_t>(kMax, 1));
    QVERIFY(!checked_add<std::uint8_t>(200, 100));  // narrow types overflow at their own width
    QCOMPARE(checked_multiply<std::uint64_t>(1ULL << 32, (1ULL << 32) - 1).value_or(0),
             kMax - ((1ULL << 32) - 1));
    QVERIFY(!checked_multiply<std::uint64_t>(1ULL << 32, 1ULL << 32));
    QCOMPARE(checked_align<std::uint64_t>(33, 32).value_or(0), std::uint64_t{64});
    QCOMPARE(checked_align<std::uint64_t>(64, 32).value_or(0), std::uint64_t{64});
    QVERIFY(!checked_align<std::uint64_t>(kMax - 3, 32));
    QVERIFY(!checked_cast<std::uint32_t>(std::int64_t{-1}));
    QVERIFY(!checked_cast<std::int64_t>(kMax));
    QCOMPARE(checked_cast<std::uint8_t>(std::int64_t{255}).value_or(0), std::uint8_t{255});
    QCOMPARE(saturating_multiply<std::uint64_t>(kMax, 2), kMax);
    QCOMPARE(saturating_add<std::uint64_t>(kMax, 2), kMax);
}

void TestNumbers::everyHalfSurvivesTheRoundTrip() {
    for (std::uint32_t i = 0; i < 65536; ++i) {
        const auto half = static_cast<std::uint16_t>(i);
        const float value = half_to_float(half);
        if (std::isnan(value)) {
            QVERIFY((i & 0x7C00U) == 0x7C00U && std::isnan(half_to_float(float_to_half(value))));
        } else {
            QCOMPARE(float_to_half(value), half);
        }
    }
    QCOMPARE(half_to_float(0x3C00), 1.0F);
    QCOMPARE(half_to_float(0xC000), -2.0F);
    QCOMPARE(half_to_float(0x0001), 0x1p-24F);
    QCOMPARE(half_to_float(0x7BFF), 65504.0F);
    QVERIFY(std::isinf(half_to_float(0xFC00)));
}

void TestNumbers::halvesRoundToNearestEven() {
    // Between each two neighbours: the middle goes to the even one, its float neighbours to the nearer one.
    for (std::uint16_t low = 0; low < 0x7BFF; ++low) {
        const float middle = (half_to_float(low) + half_to_float(static_cast<std::uint16_t>(low + 1))) / 2;
        const auto even = static_cast<std::uint16_t>(low + (low & 1));
        QCOMPARE(float_to_half(middle), even);
        QCOMPARE(float_to_half(std::nextafter(middle, 0.0F)), low);
        QCOMPARE(float_to_half(-std::nextafter(middle, 1e9F)),
                 static_cast<std::uint16_t>(0x8000U | (low + 1U)));
    }
    QCOMPARE(float_to_half(65519.996F), std::uint16_t{0x7BFF});
    QCOMPARE(float_to_half(65520.0F), std::uint16_t{0x7C00});
    QCOMPARE(float_to_half(1e30F), std::uint16_t{0x7C00});
}

void TestNumbers::bfloat16() {
    QCOMPARE(bfloat16_to_float(0x3F80), 1.0F);
    QCOMPARE(float_to_bfloat16(1.0F), std::uint16_t{0x3F80});
    QCOMPARE(float_to_bfloat16(1.00390625F), std::uint16_t{0x3F80});  // tie: down to even
    QCOMPARE(float_to_bfloat16(1.01171875F), std::uint16_t{0x3F82});  // tie: up to even
    QVERIFY(std::isnan(bfloat16_to_float(float_to_bfloat16(std::bit_cast<float>(0x7F800001U)))));
    QVERIFY(std::isinf(bfloat16_to_float(float_to_bfloat16(std::numeric_limits<float>::max()))));
}

void TestNumbers::dequantizeMatchesGguf() {
    QFile file(QStringLiteral(TENDRIL_TEST_DATA "/dequantize_golden.bin"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    int kinds = 0;
    while (!file.atEnd()) {
        std::array<std::uint32_t, 4> head{};  // type, blocks, bytes, floats
        QCOMPARE(file.read(reinterpret_cast<char*>(head.data()), sizeof head), qint64{sizeof head});
        const std::optional<DataType> type = tensor_type(head[0]);
        QVERIFY(type.has_value());
        const QByteArray bytes = file.read(head[2]);
        const QByteArray floats = file.read(static_cast<qint64>(head[3]) * 4);
        std::vector<float> expected(head[3]);
        QCOMPARE(static_cast<std::size_t>(floats.size()), expected.size() * 4);
        std::memcpy(expected.data(), floats.constData(), expected.size() * 4);
        const std::span from(reinterpret_cast<const std::byte*>(bytes.constData()), head[2]);
        QVERIFY(check_block_bytes(*type, from.size(), expected.size()).has_value());
        std::vector<float> got(expected.size());
        dequantize(*type, from, got);
        for (std::size_t i = 0; i < got.size(); ++i) {
            // The package multiplies in another order for some types; a few units in the last place at most.
            const float allowed = 4e-7F * std::max(std::abs(expected[i]), 1e-3F);
            QVERIFY2(std::abs(got[i] - expected[i]) <= allowed,
                     qPrintable(QStringLiteral("%1 [%2]: %3 for %4")
                                    .arg(traits(*type).name)
                                    .arg(i)
                                    .arg(got[i])
                                    .arg(expected[i])));
        }
        ++kinds;
    }
    QCOMPARE(kinds, 11);
}

void TestNumbers::dequantizeStaysInside() {
    const std::vector<std::byte> two(2 * 34, std::byte{1});
    std::vector<float> out(40, -7.0F);  // room for one block only
    dequantize(DataType::q8_0, two, out);
    QVERIFY(out[31] != -7.0F && out[32] == -7.0F);
    dequantize(DataType::q8_0, std::span(two).first(33),
               std::span(out).first(32));  // less than a block: nothing
}

void TestNumbers::blockBytes() {
    QVERIFY(check_block_bytes(DataType::q4_k, 288, 512).has_value());
    QVERIFY(!check_block_bytes(DataType::q4_k, 287, 512).has_value());
    QVERIFY(!check_block_bytes(DataType::q4_k, 144, 255).has_value());
    QVERIFY(!check_block_bytes(DataType::f32, 4, std::numeric_limits<std::size_t>::max()).has_value());
}

void TestNumbers::typeNumbersAgree() {
    for (int i = 0; i <= static_cast<int>(DataType::q6_k); ++i) {
        const auto type = static_cast<DataType>(i);
        const std::uint32_t number = tensor_type_number(type);
        QVERIFY(tensor_type(number) == type);
        QCOMPARE(QString(tensor_type_name(number)), QString(traits(type).name));
    }
    QVERIFY(tensor_type_name(43) == nullptr && tensor_type_name(0xFFFFFFFFU) == nullptr);
}

void TestNumbers::namesInMessages() {
    QCOMPARE(in_quotes("a\nb\"\xC3\xA9"), std::string("'a\\x0ab\"\\xc3\\xa9'"));
    QCOMPARE(in_quotes(std::string(81, 'x')), "'" + std::string(80, 'x') + "...'");
    QCOMPARE(clean_text("Tiny \xC3\xA9\xF0\x9F\x8C\xB1\x01\n", 100),
             std::string("Tiny \xC3\xA9\xF0\x9F\x8C\xB1??"));
    QCOMPARE(clean_text("\xC3", 100), std::string("?"));
    QCOMPARE(clean_text("\xC0\x80\xED\xA0\x80\xF5\x80\x80\x80", 100),
             std::string(9, '?'));                             // overlong, surrogate, too high
    QCOMPARE(clean_text("ab\xC3\xA9", 3), std::string("ab"));  // never half a character
}

QTEST_GUILESS_MAIN(TestNumbers)
#include "test_numbers.moc"

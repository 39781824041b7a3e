// SPDX-License-Identifier: Apache-2.0
// Products and embeddings of every weight type on every instruction set against the reference backend.
//
// Tolerances, relative to ||w|| * ||x||:
//  * exact: the reference on the input as int8 rounds it; what is left is the order of float sums: 1e-6
//  * end to end: rounding the input. A step is the block's largest / 127, its error uniform: for blocks whose
//  largest is below
//    10 x 4 sigma the sum's error stays below 0.5 step * sqrt(32 columns) in nearly all cases; stated: 0.12 /
//    sqrt(columns)
//  * float weights: 1e-6 both ways
//  * bf16 weights where the instruction set multiplies bf16: as int8, with the input as bf16 rounds it
#include <cmath>
#include <cstdio>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "engine/half.h"
#include "tests/ops/op_cases.h"

namespace tendril::engine::test {

class MatmulTest : public QObject {
    Q_OBJECT

    static void add_isas();

  private Q_SLOTS:
    void matchesReference_data() { add_isas(); }
    void matchesReference();
    void everyNumberOfRows_data() { add_isas(); }
    void everyNumberOfRows();
    void sharesOneInput();
    void plantedErrorIsSeen();
    void brokenInputShows();
    void embedsFromTheSameWeight();
    void keepsTheSizeOfTheSource();
    void refusesBadSources();
    void refusesMissingInstructions();
};

namespace {

/// The input as a product of this type sees it.
std::vector<float> seen_by(Isa isa, DataType type, const std::vector<float>& in) {
    if (type == DataType::bf16 && (isa == Isa::avx512bf16 || isa == Isa::amx || isa == Isa::amxemulated)) {
        std::vector<float> out;
        for (const float value : in) {
            out.push_back(bfloat16_to_float(float_to_bfloat16(value)));
        }
        return out;
    }
    return is_float(type) ? in : quantised_rows(in);
}

}  // namespace

void MatmulTest::add_isas() {
    QTest::addColumn<int>("isa");
    for (const Isa isa : kAllIsas) {
        QTest::newRow(name(isa)) << static_cast<int>(isa);
    }
}

void MatmulTest::matchesReference() {
    QFETCH(int, isa);
    const auto backend = cpu(static_cast<Isa>(isa));
    if (backend == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    const auto reference = make_reference_backend();
    const ProductShape shapes[] = {{1, 576, 1},    {7, 896, 3},    {16, 1536, 8},  {49, 576, 37},
                                   {130, 4864, 2}, {33, 256, 17},  {512, 1280, 5}, {17, 768, 64},
                                   {96, 512, 9},   {576, 1536, 2}, {896, 512, 36}, {1536, 576, 24},
                                   {4864, 256, 10}};
    const ProductShape odd[] = {{5, 32, 1}, {19, 160, 6}, {40, 96, 37}, {3, 544, 12}};
    Random random(7);
    for (const DataType type : kAllTypes) {
        std::vector<ProductShape> all(std::begin(shapes), std::end(shapes));
        if (traits(type).block_elements <= 32) {
            all.insert(all.end(), std::begin(odd), std::end(odd));
        }
        if (is_float(type)) {
            all.push_back({9, 37, 11});
        }
        double exact = 0.0;
        double whole = 0.0;
        for (const ProductShape& shape : all) {
            if (shape.columns % traits(type).block_elements != 0) {
                continue;
            }
            const ProductErrors errors = product_errors(
                *backend, *reference, random, type, shape,
                [&](const std::vector<float>& in) { return seen_by(static_cast<Isa>(isa), type, in); });
            exact = std::max(exact, errors.exact);
            whole = std::max(whole, errors.whole);
        }
        std::printf("%-10s %-5s error / (|w||x|): rounded input %.2g, end to end %.2g / sqrt(columns)\n",
                    name(static_cast<Isa>(isa)), traits(type).name, exact, whole);
        QVERIFY2(exact <= kExactProduct, traits(type).name);
        QVERIFY2(whole <= 0.12, traits(type).name);
    }
}

/// 1 to 37 rows, over an odd number of groups of outputs and a last one that is not full; and a vocabulary's
/// worth of outputs. Each number of rows has its own way through the kernels.
void MatmulTest::everyNumberOfRows() {
    QFETCH(int, isa);
    const auto backend = cpu(static_cast<Isa>(isa), 2);
    if (backend == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    const auto reference = make_reference_backend();
    constexpr std::size_t kRows = 37;
    Random random(9);
    for (const DataType type : kAllTypes) {
        for (const auto& [outputs, rows] : {std::pair<std::size_t, std::size_t>{105, kRows}, {49152, 1}}) {
            const std::size_t columns = outputs > 1000 ? 256 : traits(type).block_elements <= 32 ? 576 : 768;
            if (outputs > 1000 && type != DataType::q8_0 && type != DataType::q6_k) {
                continue;
            }
            const auto bytes = random_weight(random, type, outputs, columns);
            const WeightSource source = source_of(type, outputs, columns, bytes);
            const auto in = random_rows(random, rows, columns);
            const auto scale = product_scale(weight_floats(source), in, columns);
            const auto wanted = product(*reference, source, seen_by(static_cast<Isa>(isa), type, in));
            for (std::size_t count = 1; count <= rows; ++count) {
                const auto got = product(*backend, source, std::span(in).first(count * columns));
                QVERIFY2(worst(got, std::span(wanted).first(got.size()),
                               std::span(scale).first(got.size())) <= kExactProduct,
                         qPrintable(QString("%1, %2 rows").arg(traits(type).name).arg(count)));
            }
        }
    }
}

/// The products of a group may have different types and sizes, as q, k and v of a mixed quantisation have.
void MatmulTest::sharesOneInput() {
    const auto reference = make_reference_backend();
    Random random(11);
    const auto in = random_rows(random, 5, 512);
    for (const Isa isa : kAllIsas) {
        const auto backend = cpu(isa, 3);
        if (backend == nullptr) {
            continue;
        }
        const DeviceRows input(*backend, 512, in);
        QVERIFY(backend->reserve(5, 512));
        std::vector<std::vector<std::byte>> bytes;
        std::vector<std::unique_ptr<Weight>> weights;
        std::vector<std::unique_ptr<DeviceRows>> outputs;
        std::vector<Product> products;
        for (const DataType type : kAllTypes) {  // 11 products: more than one fork takes
            const std::size_t outs = 40 + bytes.size() * 13;
            bytes.push_back(random_weight(random, type, outs, 512));
            weights.push_back(std::move(*backend->prepare(source_of(type, outs, 512, bytes.back()))));
            outputs.push_back(std::make_unique<DeviceRows>(*backend, 5, outs));
            products.push_back({weights.back().get(), nullptr, outputs.back()->rows()});
        }
        backend->matmul(input.rows(), products);
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            const WeightSource source = source_of(kAllTypes[i], weights[i]->rows(), 512, bytes[i]);
            const auto wanted = product(*reference, source, seen_by(isa, kAllTypes[i], in));
            const auto scale = product_scale(weight_floats(source), in, 512);
            QVERIFY(worst(outputs[i]->values(), wanted, scale) <= kExactProduct);
        }
    }
}

/// Negative control: one sign of one scale of one block, and the comparison must fail.
void MatmulTest::plantedErrorIsSeen() {
    const auto backend = cpu(best_host_isa());
    const auto reference = make_reference_backend();
    Random random(13);
    for (const DataType type : kAllTypes) {
        const auto bytes = random_weight(random, type, 33, 1536);
        const WeightSource source = source_of(type, 33, 1536, bytes);
        const auto broken = with_a_wrong_sign(type, bytes);
        const auto in = random_rows(random, 4, 1536);
        const auto seen = seen_by(best_host_isa(), type, in);
        const auto scale = product_scale(weight_floats(source), in, 1536);
        const auto wanted = product(*reference, source, seen);
        QVERIFY(worst(product(*backend, source, in), wanted, scale) <= kExactProduct);
        QVERIFY2(
            worst(product(*backend, source_of(type, 33, 1536, broken), in), wanted, scale) > kExactProduct,
            traits(type).name);
    }
}

/// A value that is not finite makes all outputs of its row so, and touches no other row.
void MatmulTest::brokenInputShows() {
    Random random(15);
    for (const Isa isa : kAllIsas) {
        const auto backend = cpu(isa);
        if (backend == nullptr) {
            continue;
        }
        for (const DataType type : kAllTypes) {
            const auto bytes = random_weight(random, type, 20, 512);
            for (const float bad : {NAN, -INFINITY}) {
                auto in = random_rows(random, 3, 512);
                in[512 + 77] = bad;
                const auto got = product(*backend, source_of(type, 20, 512, bytes), in);
                for (std::size_t i = 0; i < got.size(); ++i) {
                    QVERIFY2(std::isfinite(got[i]) == (i / 20 != 1), traits(type).name);
                }
            }
        }
    }
}

void MatmulTest::embedsFromTheSameWeight() {
    const auto reference = make_reference_backend();
    Random random(17);
    for (const DataType type : kAllTypes) {
        const auto bytes = random_weight(random, type, 53, 768);
        const WeightSource source = source_of(type, 53, 768, bytes);
        const auto floats = weight_floats(source);
        const std::vector<TokenId> tokens = {52, 0, 17, 17, 31, 16, 1};
        const auto both = {std::pair(cpu(best_host_isa()).release(), 1),
                           std::pair(make_reference_backend().release(), 0)};
        for (const auto& [raw, unused] : both) {
            const std::unique_ptr<Backend> backend(raw);
            const auto table = std::move(*backend->prepare(source));
            const DeviceRows out(*backend, tokens.size(), 768);
            backend->embed(*table, tokens, 2.5F, out.rows());
            const auto got = out.values();
            for (std::size_t i = 0; i < got.size(); ++i) {
                const float wanted = 2.5F * floats[static_cast<std::size_t>(tokens[i / 768]) * 768 + i % 768];
                QVERIFY(std::fabs(got[i] - wanted) <= 1e-6F * std::fabs(wanted) + 1e-7F);
            }
        }
    }
}

void MatmulTest::keepsTheSizeOfTheSource() {
    const auto backend = cpu(best_host_isa());
    Random random(19);
    for (const DataType type : kAllTypes) {
        const auto bytes = random_weight(random, type, 64, 1536);
        const WeightSource source = source_of(type, 64, 1536, bytes);
        const auto weight = std::move(*backend->prepare(source));
        QVERIFY(!weight->borrows_source());
        QCOMPARE(weight->bytes(), backend->prepared_bytes(source));
        QVERIFY2(static_cast<double>(weight->bytes()) <= 1.05 * static_cast<double>(bytes.size()),
                 traits(type).name);
    }
}

void MatmulTest::refusesBadSources() {
    const std::vector<std::byte> bytes(144 * 4);
    for (Backend* raw : {cpu(best_host_isa()).release(), make_reference_backend().release()}) {
        const std::unique_ptr<Backend> backend(raw);
        QVERIFY(backend->prepare(source_of(DataType::q4_k, 4, 256, bytes)));
        QVERIFY(!backend->prepare(source_of(DataType::q4_k, 4, 255, bytes)));
        QVERIFY(!backend->prepare(source_of(DataType::q4_k, 5, 256, bytes)));
        QVERIFY(!backend->prepare(source_of(DataType::q4_k, 0, 256, {})));
        QVERIFY(!backend->prepare(source_of(DataType::q4_k, SIZE_MAX / 2, 256, bytes)));
        QVERIFY(!backend->prepare(source_of(DataType::f32, SIZE_MAX / 4, SIZE_MAX / 4, bytes)));
    }
}

void MatmulTest::refusesMissingInstructions() {
    for (const Isa isa : kAllIsas) {
        const auto made = make_cpu_backend({1, isa});
        QCOMPARE(made.has_value(), host_supports(isa));
        if (!made) {
            QVERIFY(made.error().message.find(display_name(isa)) != std::string::npos);
        }
    }
    qputenv("TENDRIL_CPU_ISA", "scalar");
    QVERIFY((*make_cpu_backend({1, {}}))->description().find("no vector") != std::string::npos);
    qputenv("TENDRIL_CPU_ISA", "mmx");
    const auto unknown = make_cpu_backend({1, {}});
    QVERIFY(!unknown && unknown.error().message.find("mmx") != std::string::npos);
    qunsetenv("TENDRIL_CPU_ISA");
    QVERIFY(make_cpu_backend({0, {}}));
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::MatmulTest)
#include "matmul_test.moc"

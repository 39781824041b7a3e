// SPDX-License-Identifier: Apache-2.0
// Products and embeddings of every weight type by the CUDA kernels, on the emulator, against the reference
// backend.
//
// Tolerances, relative to ||w|| * ||x||:
//  * exact: the reference on the input as int8 rounds it; what is left is the order of float sums: 1e-6
//  * end to end: rounding the input (tests/ops/matmul_test.cpp): 0.12 / sqrt(columns)
//  * float weights: 1e-6 both ways
// And bit for bit: a row's result depends neither on the other rows nor on their number, that is, on the
// kernel.
#include <cmath>
#include <cstdio>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "tests/cuda/ops/cuda_fixture.h"
#include "tests/ops/op_cases.h"

namespace tendril::engine::test {

class CudaMatmulTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }
    void matchesReference_data() { add_schedules(); }
    void matchesReference();
    void rowsDoNotDependOnTheirNumber_data() { add_schedules(); }
    void rowsDoNotDependOnTheirNumber();
    void multipliesByAVocabulary();
    void sharesOneInput();
    void plantedErrorIsSeen();
    void brokenInputShows();
    void embedsFromTheSameWeight();
    void keepsTheSizeOfTheSource();
    void refusesBadSources();
};

namespace {

std::vector<float> seen_by(DataType type, const std::vector<float>& in) {
    return is_float(type) ? in : quantised_rows(in);
}

std::vector<ProductShape> shapes_for(DataType type, bool all) {
    std::vector<ProductShape> shapes;
    if (slow_build()) {
        shapes = {{7, 896, 1}, {33, 512, 3}, {35, 768, 17}, {9, 256, 70}};
    } else {
        shapes = {{1, 576, 1}, {7, 896, 3}, {49, 576, 37}, {33, 256, 17}, {17, 768, 64}, {96, 512, 9}};
        if (all) {
            shapes.insert(shapes.end(), {{16, 1536, 8}, {130, 4864, 2}, {576, 1536, 2}, {40, 512, 130}});
        }
    }
    if (traits(type).block_elements <= 32) {
        shapes.insert(shapes.end(), {{5, 32, 1}, {19, 160, 6}, {40, 96, 37}, {3, 544, 12}});
    }
    if (is_float(type)) {
        shapes.push_back({9, 37, 11});
        shapes.push_back({3, 65, 2});
    }
    std::erase_if(shapes,
                  [&](const ProductShape& s) { return s.columns % traits(type).block_elements != 0; });
    return shapes;
}

}  // namespace

void CudaMatmulTest::matchesReference() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    QVERIFY(backend != nullptr);
    const auto reference = make_reference_backend();
    Random random(7);
    for (const DataType type : kAllTypes) {
        double exact = 0.0;
        double whole = 0.0;
        for (const ProductShape& shape : shapes_for(type, schedule == 0)) {
            const ProductErrors errors =
                product_errors(*backend, *reference, random, type, shape,
                               [&](const std::vector<float>& in) { return seen_by(type, in); });
            exact = std::max(exact, errors.exact);
            whole = std::max(whole, errors.whole);
        }
        std::printf("%-5s error / (|w||x|): rounded input %.2g, end to end %.2g / sqrt(columns)\n",
                    traits(type).name, exact, whole);
        QVERIFY2(exact <= kExactProduct, traits(type).name);
        QVERIFY2(whole <= 0.12, traits(type).name);
    }
}

/// Every number of rows from every kind of start against 37 (and 70) rows at once: lanes, tiles of 16, 32 and
/// 64 rows.
void CudaMatmulTest::rowsDoNotDependOnTheirNumber() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    Random random(51);
    for (const DataType type : kAllTypes) {
        const std::size_t columns = traits(type).block_elements <= 32 ? 352 : 512;
        const std::size_t outputs = 41;
        const std::size_t rows = slow_build() ? 37 : 70;
        const auto bytes = random_weight(random, type, outputs, columns);
        const WeightSource source = source_of(type, outputs, columns, bytes);
        const auto in = random_rows(random, rows, columns);
        const auto bias = random_rows(random, 1, outputs);
        const auto all = product(*backend, source, in, bias);
        for (std::size_t count = 1; count <= 37; count += slow_build() ? 6 : 1) {
            const std::size_t first = count * 5 % (rows - count + 1);
            const auto got =
                product(*backend, source, std::span(in).subspan(first * columns, count * columns), bias);
            QVERIFY2(same_bits(got, std::span<const float>(all).subspan(first * outputs, count * outputs)),
                     qPrintable(QString("%1, %2 rows").arg(traits(type).name).arg(count)));
        }
    }
}

void CudaMatmulTest::multipliesByAVocabulary() {
    use_schedule(0);
    const auto backend = cuda();
    const auto reference = make_reference_backend();
    Random random(9);
    const std::size_t outputs = slow_build() ? 1031 : 49152;
    for (const DataType type : {DataType::q8_0, DataType::q6_k}) {
        const auto bytes = random_weight(random, type, outputs, 256);
        const WeightSource source = source_of(type, outputs, 256, bytes);
        const auto in = random_rows(random, 1, 256);
        const auto scale = product_scale(weight_floats(source), in, 256);
        QVERIFY(worst(product(*backend, source, in), product(*reference, source, seen_by(type, in)), scale) <=
                kExactProduct);
    }
}

/// The products of a group may have different types and sizes, as q, k and v of a mixed quantisation have.
void CudaMatmulTest::sharesOneInput() {
    use_schedule(0);
    const auto backend = cuda();
    const auto reference = make_reference_backend();
    Random random(11);
    for (const std::size_t rows : {std::size_t{5}, std::size_t{18}}) {
        const auto in = random_rows(random, rows, 512);
        const DeviceRows input(*backend, 512, in);
        std::vector<std::vector<std::byte>> bytes;
        std::vector<std::unique_ptr<Weight>> weights;
        std::vector<std::unique_ptr<DeviceRows>> outputs;
        std::vector<Product> products;
        for (const DataType type : kAllTypes) {  // 11 products: more than one launch takes
            const std::size_t outs = 20 + bytes.size() * 7;
            bytes.push_back(random_weight(random, type, outs, 512));
            weights.push_back(std::move(*backend->prepare(source_of(type, outs, 512, bytes.back()))));
            outputs.push_back(std::make_unique<DeviceRows>(*backend, rows, outs));
            products.push_back({weights.back().get(), nullptr, outputs.back()->rows()});
        }
        const std::uint64_t before = emulator::counters().launches;
        backend->matmul(input.rows(), products);
        if (emulator::build_name() != "device") {  // a real card does not count
            QCOMPARE(emulator::counters().launches - before,
                     3U + 1U + 2U);  // floats, rounding, eight types by fours
        }
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            const WeightSource source = source_of(kAllTypes[i], weights[i]->rows(), 512, bytes[i]);
            const auto wanted = product(*reference, source, seen_by(kAllTypes[i], in));
            const auto scale = product_scale(weight_floats(source), in, 512);
            QVERIFY2(worst(outputs[i]->values(), wanted, scale) <= kExactProduct, traits(kAllTypes[i]).name);
        }
    }
}

/// Negative control: one sign of one scale of one block, and the comparison must fail.
void CudaMatmulTest::plantedErrorIsSeen() {
    use_schedule(0);
    const auto backend = cuda();
    const auto reference = make_reference_backend();
    Random random(13);
    for (const DataType type : kAllTypes) {
        const auto bytes = random_weight(random, type, 13, 512);
        const WeightSource source = source_of(type, 13, 512, bytes);
        const auto broken = with_a_wrong_sign(type, bytes);
        const auto in = random_rows(random, 4, 512);
        const auto scale = product_scale(weight_floats(source), in, 512);
        const auto wanted = product(*reference, source, seen_by(type, in));
        QVERIFY(worst(product(*backend, source, in), wanted, scale) <= kExactProduct);
        QVERIFY2(
            worst(product(*backend, source_of(type, 13, 512, broken), in), wanted, scale) > kExactProduct,
            traits(type).name);
    }
}

/// A value that is not finite makes all outputs of its row so, and touches no other row.
void CudaMatmulTest::brokenInputShows() {
    use_schedule(0);
    const auto backend = cuda();
    Random random(15);
    for (const std::size_t rows : {std::size_t{3}, std::size_t{11}}) {
        for (const DataType type : kAllTypes) {
            const auto bytes = random_weight(random, type, 20, 256);
            for (const float bad : {NAN, -INFINITY}) {
                auto in = random_rows(random, rows, 256);
                in[256 + 77] = bad;
                const auto got = product(*backend, source_of(type, 20, 256, bytes), in);
                for (std::size_t i = 0; i < got.size(); ++i) {
                    QVERIFY2(std::isfinite(got[i]) == (i / 20 != 1), traits(type).name);
                }
            }
        }
    }
}

void CudaMatmulTest::embedsFromTheSameWeight() {
    use_schedule(0);
    const auto backend = cuda();
    Random random(17);
    for (const DataType type : kAllTypes) {
        const auto bytes = random_weight(random, type, 53, 768);
        const WeightSource source = source_of(type, 53, 768, bytes);
        const auto floats = weight_floats(source);
        const std::vector<TokenId> tokens = {52, 0, 17, 17, 31, 16, 1};
        const auto table = std::move(*backend->prepare(source));
        const DeviceRows out(*backend, tokens.size(), 768);
        backend->embed(*table, tokens, 2.5F, out.rows());
        const auto got = out.values();
        for (std::size_t i = 0; i < got.size(); ++i) {
            const float wanted = 2.5F * floats[static_cast<std::size_t>(tokens[i / 768]) * 768 + i % 768];
            QVERIFY2(std::fabs(got[i] - wanted) <= 1e-6F * std::fabs(wanted) + 2e-7F, traits(type).name);
        }
    }
}

void CudaMatmulTest::keepsTheSizeOfTheSource() {
    const auto backend = cuda();
    Random random(19);
    for (const DataType type : kAllTypes) {
        const auto bytes = random_weight(random, type, 64, 1536);
        const WeightSource source = source_of(type, 64, 1536, bytes);
        const auto weight = std::move(*backend->prepare(source));
        QVERIFY(!weight->borrows_source());
        QCOMPARE(weight->bytes(), backend->prepared_bytes(source));
        QVERIFY2(static_cast<double>(weight->bytes()) <= 1.01 * static_cast<double>(bytes.size()),
                 traits(type).name);
    }
}

void CudaMatmulTest::refusesBadSources() {
    const std::vector<std::byte> bytes(144 * 4);
    const auto backend = cuda();
    QVERIFY(backend->prepare(source_of(DataType::q4_k, 4, 256, bytes)));
    QVERIFY(!backend->prepare(source_of(DataType::q4_k, 5, 256, bytes)));
    QVERIFY(!backend->prepare(source_of(DataType::q4_k, 4, 250, bytes)));
    QVERIFY(!backend->prepare(source_of(DataType::q4_k, 0, 256, {})));
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::CudaMatmulTest)
#include "test_cuda_matmul.moc"

// SPDX-License-Identifier: Apache-2.0
// Matrices, copies, atomics, indices, grid barriers and compiled forms against the host.
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

#include <QTest>

#include "tests/cuda/conformance/conformance.h"
#include "tests/cuda/conformance/device_buffer.h"
#include "tests/cuda/emulator/control.h"

using namespace tendril;
using conformance::DeviceBuffer;

namespace {

std::vector<__half> random_halves(size_t count) {
    std::mt19937 random(3);
    std::vector<__half> values(count);
    for (__half& v : values) {
        v = __float2half(static_cast<float>(static_cast<int>(random() % 65) - 32) / 16);
    }
    return values;
}

uint16_t bits(__half v) {
    return __half_raw(v).x;
}

}  // namespace

class TestConformance : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }

    void loadsMatrices_data() {
        QTest::addColumn<bool>("four");
        QTest::addColumn<bool>("transposed");
        QTest::newRow("x4") << true << false;
        QTest::newRow("x2") << false << false;
        QTest::newRow("x4 transposed") << true << true;
        QTest::newRow("x2 transposed") << false << true;
    }
    void loadsMatrices() {
        QFETCH(bool, four);
        QFETCH(bool, transposed);
        std::vector<__half> tile = random_halves(256);
        for (size_t i = 0; i < tile.size(); ++i) {
            __half_raw raw;
            raw.x = static_cast<unsigned short>(i);  // each element tells its place
            tile[i] = raw;
        }
        const unsigned matrices = four ? 4 : 2;
        const DeviceBuffer<__half> in(tile);
        const DeviceBuffer<uint32_t> out(matrices * 32);
        QCOMPARE(conformance::load_matrices(four, transposed, in.get(), out.get()), cudaSuccess);
        const std::vector<uint32_t> got = out.values();
        for (unsigned m = 0; m < matrices; ++m) {
            for (unsigned lane = 0; lane < 32; ++lane) {
                const auto element =
                    [&](unsigned i) {  // row and column within the 8 x 8 matrix m of the tile
                        const unsigned row = transposed ? lane % 4 * 2 + i : lane / 4;
                        const unsigned column = transposed ? lane / 4 : lane % 4 * 2 + i;
                        return uint32_t{bits(tile[(m % 2 * 8 + row) * 16 + m / 2 * 8 + column])};
                    };
                QCOMPARE(got[m * 32 + lane], element(0) | element(1) << 16);
            }
        }
    }

    void multipliesHalves() {
        const std::vector<__half> a = random_halves(16 * 16), b = random_halves(8 * 16);
        std::vector<float> c(16 * 8);
        std::iota(c.begin(), c.end(), -60.0f);
        const DeviceBuffer<__half> left(a), right(b);
        const DeviceBuffer<float> result(c);
        QCOMPARE(conformance::multiply_f16(left.get(), right.get(), result.get()), cudaSuccess);
        const std::vector<float> got = result.values();
        for (size_t row = 0; row < 16; ++row) {
            for (size_t column = 0; column < 8; ++column) {
                float expected = c[row * 8 + column];  // multiples of 1/256: exact in every order
                for (size_t k = 0; k < 16; ++k) {
                    expected += __half2float(a[row * 16 + k]) * __half2float(b[column * 16 + k]);
                }
                QCOMPARE(got[row * 8 + column], expected);
            }
        }
    }

    void multipliesBytes() {
        std::mt19937 random(5);
        std::vector<int8_t> a(16 * 32), b(8 * 32);
        std::vector<int> c(16 * 8);
        for (auto* values : {&a, &b}) {
            for (int8_t& v : *values) {
                v = static_cast<int8_t>(random());
            }
        }
        std::iota(c.begin(), c.end(), -1000);
        const DeviceBuffer<int8_t> left(a), right(b);
        const DeviceBuffer<int> result(c);
        QCOMPARE(conformance::multiply_s8(left.get(), right.get(), result.get()), cudaSuccess);
        const std::vector<int> got = result.values();
        for (size_t row = 0; row < 16; ++row) {
            for (size_t column = 0; column < 8; ++column) {
                int expected = c[row * 8 + column];
                for (size_t k = 0; k < 32; ++k) {
                    expected += a[row * 32 + k] * b[column * 32 + k];
                }
                QCOMPARE(got[row * 8 + column], expected);
            }
        }
    }

    void copiesPieces_data() {
        QTest::addColumn<int>("bytes");
        for (const int bytes : {16, 12, 8, 4, 0}) {
            QTest::newRow(std::to_string(bytes).c_str()) << bytes;
        }
    }
    void copiesPieces() {
        QFETCH(int, bytes);
        std::vector<uint4> from(64);
        for (unsigned i = 0; i < 64; ++i) {
            from[i] = {i * 4 + 1, i * 4 + 2, i * 4 + 3, i * 4 + 4};
        }
        const DeviceBuffer<uint4> in(from), out(64);
        QCOMPARE(conformance::copy_pieces(in.get(), out.get(), bytes), cudaSuccess);
        const std::vector<uint4> got = out.values();
        for (size_t i = 0; i < 64; ++i) {
            uint4 expected{};
            std::memcpy(&expected, &from[i / 32 * 32 + 31 - i % 32], static_cast<size_t>(bytes));
            QVERIFY(std::memcmp(&got[i], &expected, sizeof expected) == 0);
        }
    }

    void countsAtomically() {
        constexpr unsigned kBlocks = 5, kBlock = 96, kCount = kBlocks * kBlock,
                           kSum = kCount * (kCount - 1) / 2;
        std::vector<unsigned> start(16);
        start[2] = 1000000;
        start[4] = ~0u;
        const DeviceBuffer<unsigned> words(start);
        const DeviceBuffer<float> sum(std::vector<float>(1));
        const DeviceBuffer<unsigned long long> wide(std::vector<unsigned long long>(1));
        QCOMPARE(conformance::count_atomically(words.get(), sum.get(), wide.get(), dim3(kBlocks), kBlock),
                 cudaSuccess);
        const std::vector<unsigned> got = words.values();
        QCOMPARE(got[0], kSum);
        QCOMPARE(got[1], kCount - 1);
        QCOMPARE(got[2], 0u);
        QCOMPARE(got[3], ~0u);
        QCOMPARE(got[4], 0u);
        QCOMPARE(got[5], 0u);  // 0 ^ 1 ^ ... ^ 479
        QCOMPARE(got[6], kCount % 10);
        QCOMPARE(got[7], 0u);  // 480 steps of 10
        QCOMPARE(got[8], 0u - kSum);
        QCOMPARE(got[9], 0u - kSum);
        QCOMPARE(got[10], 5u);
        QCOMPARE(got[11], 77u);
        QCOMPARE(got[12], kSum);
        QCOMPARE(sum.values()[0], static_cast<float>(kSum));
        QCOMPARE(wide.values()[0], (uint64_t{kCount} << 32) + kSum);
    }

    void numbersThreads() {
        const dim3 grid(3, 2, 2), block(8, 4, 2);
        const DeviceBuffer<unsigned> out(12 * 64);
        QCOMPARE(conformance::number_threads(out.get(), grid, block), cudaSuccess);
        const std::vector<unsigned> got = out.values();
        for (unsigned i = 0; i < got.size(); ++i) {
            QCOMPARE(got[i], i);
        }
    }

    void crossesGridBarriers() {
        constexpr int kCount = 256;
        std::vector<float> in(kCount);
        std::iota(in.begin(), in.end(), 1.0f);
        const DeviceBuffer<float> from(in), between(kCount), to(kCount);
        QCOMPARE(conformance::reverse_by_grid(from.get(), between.get(), to.get(), kCount), cudaSuccess);
        const std::vector<float> got = to.values();
        for (size_t i = 0; i < kCount; ++i) {
            QCOMPARE(got[i], in[kCount - 1 - i]);
        }
    }

    // The checker must see these stores: it would say that the second kernel reads what nobody wrote.
    void storesWhatFunctionsReturn() {
        std::vector<float> in(conformance::kThreads);
        std::iota(in.begin(), in.end(), 1.0f);
        const DeviceBuffer<float> from(in), out(in.size());
        const DeviceBuffer<__half> halves(2 * in.size());
        const DeviceBuffer<float2> pairs(in.size());
        QCOMPARE(conformance::store_returned(from.get(), halves.get(), pairs.get(), out.get()), cudaSuccess);
        const std::vector<float> got = out.values();
        for (size_t i = 0; i < in.size(); ++i) {
            QCOMPARE(got[i], 6 * in[i]);
        }
    }

    void usesCompiledForms() {
        constexpr int kTable[8] = {3, -1, 4, 1, -5, 9, 2, 6};
        const auto called = [](int v, int times) {
            for (int i = 0; i < times; ++i) {
                v = v * 3 + i;
            }
            return v;
        };
        std::vector<int> in(conformance::kThreads);
        std::iota(in.begin(), in.end(), 1000);
        const DeviceBuffer<int> from(in), to(in.size());
        QCOMPARE(conformance::use_compiled_forms(from.get(), to.get()), cudaSuccess);
        const std::vector<int> got = to.values();
        for (size_t i = 0; i < in.size(); ++i) {
            const int v = in[i];
            int local[8];
            for (int k = 0; k < 8; ++k) {
                local[k] = v * k + 1;
            }
            local[v & 7] += kTable[v & 7];
            const int cases[8] = {called(v, 2), v * 11,   v - 100,      called(v, v & 3),
                                  -v,           v ^ 0x55, local[v & 3], local[v & 3]};
            QCOMPARE(got[i], cases[v & 7] + local[(v >> 3) & 7]);
        }
    }
};

QTEST_GUILESS_MAIN(TestConformance)
#include "test_conformance.moc"

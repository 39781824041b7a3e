// SPDX-License-Identifier: Apache-2.0
// ldmatrix and mma by the fragment layouts of the PTX ISA: in every layout lane = 4 * group + quad, and a
// register holds neighbouring columns of one row.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstring>

#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

namespace {

template <int kMatrices, bool kTransposed>
void load_matrix(WarpExchange& exchange, Location where) {
    const unsigned char* rows[kMatrices][8];
    const Thread& self = Worker::running_thread();
    for (int i = 0; i < kMatrices * 8; ++i) {
        std::memcpy(&rows[i / 8][i % 8], exchange.in[i], sizeof(void*));
        if (reinterpret_cast<uintptr_t>(rows[i / 8][i % 8]) % 16 != 0) {
            report("misaligned", where, "ldmatrix row address is not a multiple of 16");
        }
        check_read(*self.block->threads[self.warp * kWarpLanes + static_cast<unsigned>(i)],
                   rows[i / 8][i % 8], 16, where);
    }
    for (int lane = 0; lane < 32; ++lane) {
        for (int m = 0; m < kMatrices; ++m) {
            unsigned char* out = exchange.out[lane] + 4 * m;
            if (kTransposed) {
                std::memcpy(out, rows[m][lane % 4 * 2] + lane / 4 * 2, 2);
                std::memcpy(out + 2, rows[m][lane % 4 * 2 + 1] + lane / 4 * 2, 2);
            } else {
                std::memcpy(out, rows[m][lane / 4] + lane % 4 * 4, 4);
            }
        }
    }
}

struct F16 {
    using Sum = float;
    static float value(uint32_t word, int i) {
        __half_raw raw;
        raw.x = static_cast<unsigned short>(word >> 16 * i);
        return __half2float(__half(raw));
    }
    static constexpr int kPerWord = 2;
};
struct Bf16 {
    using Sum = float;
    static float value(uint32_t word, int i) {
        const uint32_t bits = word >> 16 * i << 16;
        float f;
        std::memcpy(&f, &bits, sizeof f);
        return f;
    }
    static constexpr int kPerWord = 2;
};
struct S8 {
    using Sum = int;
    static int value(uint32_t word, int i) { return static_cast<int8_t>(word >> 8 * i); }
    static constexpr int kPerWord = 4;
};

// One product of kRows x 8, depth 4 * kPerWord * kHalves: a has (kRows / 8) * kHalves words, b kHalves, d
// kRows / 4.
template <class Type, int kRows, int kHalves>
void product(WarpExchange& exchange, Location) {
    constexpr int kDepth = 4 * Type::kPerWord * kHalves;
    constexpr int kA = kRows / 8 * kHalves, kD = kRows / 4;
    using Sum = typename Type::Sum;
    struct Lane {
        Sum d[kD];
        uint32_t a[kA], b[kHalves];
    };
    static_assert(sizeof(Lane) <= sizeof exchange.in[0] && sizeof(Sum) * kD <= sizeof exchange.out[0]);
    Sum a[kRows][kDepth], b[kDepth][8], d[kRows][8];
    for (int t = 0; t < 32; ++t) {
        Lane lane;
        std::memcpy(&lane, exchange.in[t], sizeof lane);
        const int group = t / 4, quad = t % 4;
        for (int half = 0; half < kHalves; ++half) {
            for (int i = 0; i < Type::kPerWord; ++i) {
                const int k = (4 * half + quad) * Type::kPerWord + i;
                b[k][group] = Type::value(lane.b[half], i);
                for (int r = 0; r < kRows / 8; ++r) {
                    a[8 * r + group][k] = Type::value(lane.a[half * (kRows / 8) + r], i);
                }
            }
        }
        for (int i = 0; i < kD; ++i) {
            d[i / 2 * 8 + group][2 * quad + i % 2] = lane.d[i];
        }
    }
    for (int row = 0; row < kRows; ++row) {
        Sum sums[8] = {};
        for (int k = 0; k < kDepth; ++k) {
            for (int column = 0; column < 8; ++column) {
                sums[column] += a[row][k] * b[k][column];
            }
        }
        for (int column = 0; column < 8; ++column) {
            d[row][column] += sums[column];
        }
    }
    for (int t = 0; t < 32; ++t) {
        for (int i = 0; i < kD; ++i) {
            std::memcpy(exchange.out[t] + sizeof(Sum) * i, &d[i / 2 * 8 + t / 4][2 * (t % 4) + i % 2],
                        sizeof(Sum));
        }
    }
}

}  // namespace

const Collective kLoadMatrixX1{"ldmatrix.x1", load_matrix<1, false>, true};
const Collective kLoadMatrixX2{"ldmatrix.x2", load_matrix<2, false>, true};
const Collective kLoadMatrixX4{"ldmatrix.x4", load_matrix<4, false>, true};
const Collective kLoadMatrixX1Transposed{"ldmatrix.x1.trans", load_matrix<1, true>, true};
const Collective kLoadMatrixX2Transposed{"ldmatrix.x2.trans", load_matrix<2, true>, true};
const Collective kLoadMatrixX4Transposed{"ldmatrix.x4.trans", load_matrix<4, true>, true};
const Collective kMmaF16k16{"mma.m16n8k16.f16", product<F16, 16, 2>, true};
const Collective kMmaF16k8{"mma.m16n8k8.f16", product<F16, 16, 1>, true};
const Collective kMmaBf16k16{"mma.m16n8k16.bf16", product<Bf16, 16, 2>, true};
const Collective kMmaS8k32{"mma.m16n8k32.s8", product<S8, 16, 2>, true};
const Collective kMmaS8k16{"mma.m8n8k16.s8", product<S8, 8, 1>, true};

}  // namespace tendril::emulator

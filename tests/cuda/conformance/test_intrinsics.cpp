// SPDX-License-Identifier: Apache-2.0
// Each function of by_thread.inc against the host's own computation of it, in the tier that
// TENDRIL_CUDA_EMULATOR says.
#include <bit>
#include <cmath>
#include <functional>
#include <random>
#include <set>

#include <QTest>

#include "tests/cuda/conformance/conformance.h"
#include "tests/cuda/conformance/device_buffer.h"
#include "tests/cuda/emulator/control.h"

using namespace tendril;
using conformance::DeviceBuffer;
using conformance::kThreads;

namespace {

struct Words {
    std::vector<uint32_t> a, b, c;
};

Words drawn() {
    std::mt19937 generator(7);
    const auto random = [&] { return static_cast<uint32_t>(generator()); };
    Words words{std::vector<uint32_t>(kThreads), std::vector<uint32_t>(kThreads),
                std::vector<uint32_t>(kThreads)};
    for (unsigned i = 0; i < kThreads; ++i) {
        words.a[i] = random();
        words.b[i] = i % 5 == 0 ? random() % 16 : random();  // small divisors and shifts as well
        words.c[i] = random();
    }
    words.a[0] = 0;  // no bit, no logarithm
    words.a[1] = 0x80000000u;
    words.a[2] = ~0u;
    return words;
}

uint32_t u(float v) {
    return std::bit_cast<uint32_t>(v);
}
float f(uint32_t v) {
    return std::bit_cast<float>(v);
}
int s(uint32_t v) {
    return static_cast<int>(v);
}
uint64_t wide(uint32_t high, uint32_t low) {
    return uint64_t{high} << 32 | low;
}
uint32_t fold(uint64_t v) {
    return static_cast<uint32_t>(v ^ v >> 32);
}
int8_t byte(uint32_t v, int i) {
    return static_cast<int8_t>(v >> 8 * i);
}

template <class F>
uint32_t by_bytes(uint32_t a, uint32_t b, F&& combine) {
    uint32_t result = 0;
    for (int i = 0; i < 4; ++i) {
        result |= (static_cast<uint32_t>(combine(byte(a, i), byte(b, i))) & 0xffu) << 8 * i;
    }
    return result;
}
int saturated(int v) {
    return std::max(-128, std::min(127, v));
}

// The expected word for thread i; all words are given because collectives see those of other threads.
using Expected = std::function<uint32_t(const Words&, unsigned i)>;
struct Row {
    const char* name;
    Expected expected;
    float tolerance = 0;  // relative, of words that are floats; 0: equal bits
};

template <class F>
Expected plain(F function) {
    return [function](const Words& w, unsigned i) {
        return static_cast<uint32_t>(function(w.a[i], w.b[i], w.c[i]));
    };
}

// A fold over the lanes of i's warp (or over the whole block).
template <class T, class F>
T over(const Words& w, unsigned first, unsigned count, T start, F&& combine) {
    for (unsigned lane = first; lane < first + count; ++lane) {
        start = combine(start, w.a[lane], lane - first);
    }
    return start;
}
Expected ballot_of(std::function<bool(uint32_t)> test) {
    return [test](const Words& w, unsigned i) {
        return over(w, i / 32 * 32, 32, 0u, [&](uint32_t all, uint32_t v, unsigned lane) {
            return all | (test(v) ? 1u << lane : 0u);
        });
    };
}
Expected over_warp(uint32_t start, std::function<uint32_t(uint32_t, uint32_t)> combine) {
    return [=](const Words& w, unsigned i) {
        return over(w, i / 32 * 32, 32, start,
                    [&](uint32_t n, uint32_t v, unsigned) { return combine(n, v); });
    };
}
Expected count_of(std::function<bool(uint32_t)> test, std::function<uint32_t(unsigned)> result) {
    return [=](const Words& w, unsigned) {
        return result(over(w, 0, kThreads, 0u,
                           [&](unsigned n, uint32_t v, unsigned) { return n + (test(v) ? 1u : 0u); }));
    };
}
Expected lane_at(std::function<unsigned(const Words&, unsigned)> source) {
    return [source](const Words& w, unsigned i) { return w.a[source(w, i)]; };
}

std::vector<Row> collectives() {
    const auto thirds = [](uint32_t v) { return v % 3 == 0; };
    return {
        {"shuffle_index", lane_at([](const Words& w, unsigned i) { return i / 32 * 32 + w.b[i] % 32; })},
        {"shuffle_index_of_8", lane_at([](const Words& w, unsigned i) { return i / 8 * 8 + w.b[i] % 8; })},
        {"shuffle_up", lane_at([](const Words&, unsigned i) { return i % 32 < 3 ? i : i - 3; })},
        {"shuffle_down_of_16",
         lane_at([](const Words&, unsigned i) { return i % 16 + 5 >= 16 ? i : i + 5; })},
        {"shuffle_xor", lane_at([](const Words&, unsigned i) { return i ^ 9u; })},
        {"shuffle_float", lane_at([](const Words&, unsigned i) { return i ^ 1u; })},
        {"shuffle_double", lane_at([](const Words&, unsigned i) { return i ^ 1u; })},
        {"shuffle_half_warp",
         lane_at([](const Words&, unsigned i) { return i % 32 < 16 ? i ^ 4u : i ^ 2u; })},
        {"ballot", ballot_of(thirds)},
        {"any",
         [](const Words& w, unsigned i) {
             return over(w, i / 32 * 32, 32, 0u,
                         [](unsigned n, uint32_t v, unsigned) { return n | (v == 1 ? 1u : 0u); });
         }},
        {"all",
         [](const Words& w, unsigned i) {
             return over(w, i / 32 * 32, 32, 1u,
                         [](unsigned n, uint32_t v, unsigned) { return n & (v != 1 ? 1u : 0u); });
         }},
        {"match_any",
         [](const Words& w, unsigned i) {
             return ballot_of([&](uint32_t v) { return v % 5 == w.a[i] % 5; })(w, i);
         }},
        {"reduce_add", over_warp(0u, [](uint32_t n, uint32_t v) { return n + v; })},
        {"reduce_min", over_warp(0x7fffffffu, [](uint32_t n, uint32_t v) { return s(v) < s(n) ? v : n; })},
        {"reduce_max", over_warp(0u, [](uint32_t n, uint32_t v) { return std::max(n, v); })},
        {"reduce_or", over_warp(0u, [](uint32_t n, uint32_t v) { return n | (v & 0x0ff0u); })},
        {"reduce_and", over_warp(~0u, [](uint32_t n, uint32_t v) { return n & (v | 0x0ff0u); })},
        {"reduce_xor", over_warp(0u, [](uint32_t n, uint32_t v) { return n ^ v; })},
        {"block_count", count_of(thirds, [](unsigned n) { return n; })},
        {"block_and",
         count_of([](uint32_t v) { return v != 1; }, [](unsigned n) { return n == kThreads ? 1u : 0u; })},
        {"block_or",
         count_of([](uint32_t v) { return v == 1; }, [](unsigned n) { return n != 0 ? 1u : 0u; })},
        {"sum_of_warp",
         [](const Words& w, unsigned i) {
             return u(over(w, i / 32 * 32, 32, 0.0f,
                           [](float n, uint32_t v, unsigned) { return n + static_cast<float>(v % 1000); }));
         }},
        {"max_of_warp",
         [](const Words& w, unsigned i) {
             return u(over(w, i / 32 * 32, 32, 0.0f, [](float n, uint32_t v, unsigned) {
                 return std::max(n, static_cast<float>(v % 1000));
             }));
         }},
        {"active_lane", [](const Words&, unsigned) { return 1u; }},
    };
}

std::vector<Row> integers() {
    using W = uint32_t;
    return {
        {"dot_signed", plain([](W a, W b, W c) {
             for (int i = 0; i < 4; ++i) {
                 c += static_cast<W>(byte(a, i) * byte(b, i));
             }
             return c;
         })},
        {"dot_unsigned", plain([](W a, W b, W c) {
             for (int i = 0; i < 4; ++i) {
                 c += (a >> 8 * i & 255) * (b >> 8 * i & 255);
             }
             return c;
         })},
        {"byte_perm", plain([](W a, W b, W c) {
             W r = 0;
             for (int i = 0; i < 4; ++i) {
                 r |= static_cast<W>(wide(b, a) >> 8 * (c >> 4 * i & 7) & 255) << 8 * i;
             }
             return r;
         })},
        {"funnel_left", plain([](W a, W b, W c) { return wide(b, a) << c % 32 >> 32; })},
        {"funnel_right", plain([](W a, W b, W c) { return wide(b, a) >> c % 32; })},
        {"popcount", plain([](W a, W, W) { return std::popcount(a); })},
        {"leading_zeros", plain([](W a, W, W) { return std::countl_zero(a); })},
        {"first_bit", plain([](W a, W, W) { return a == 0 ? 0 : std::countr_zero(a) + 1; })},
        {"reverse_bits", plain([](W a, W, W) {
             W r = 0;
             for (int i = 0; i < 32; ++i) {
                 r |= (a >> i & 1u) << (31 - i);
             }
             return r;
         })},
        {"high_signed", plain([](W a, W b, W) { return int64_t{s(a)} * s(b) >> 32; })},
        {"high_unsigned", plain([](W a, W b, W) { return uint64_t{a} * b >> 32; })},
        {"high_wide", plain([](W a, W b, W c) {
             const uint64_t x1 = a, x0 = b, y1 = b, y0 = c;  // by halves, as on paper
             const uint64_t middle = x1 * y0 + (x0 * y0 >> 32), low = x0 * y1 + (middle & 0xffffffffu);
             return fold(x1 * y1 + (middle >> 32) + (low >> 32));
         })},
        {"subtract_bytes",
         plain([](W a, W b, W) { return by_bytes(a, b, [](int x, int y) { return x - y; }); })},
        {"subtract_bytes_saturating",
         plain([](W a, W b, W) { return by_bytes(a, b, [](int x, int y) { return saturated(x - y); }); })},
        {"add_bytes_saturating",
         plain([](W a, W b, W) { return by_bytes(a, b, [](int x, int y) { return saturated(x + y); }); })},
        {"equal_bytes", plain([](W a, W b, W) {
             return by_bytes(a & 0x03030303u, b & 0x03030303u, [](int x, int y) { return x == y ? 255 : 0; });
         })},
        {"unequal_bytes", plain([](W a, W b, W) {
             return by_bytes(a & 0x03030303u, b & 0x03030303u, [](int x, int y) { return x != y ? 255 : 0; });
         })},
        {"divide_signed", plain([](W a, W b, W) { return int64_t{s(a)} / (s(b) | 1); })},
        {"modulo_signed", plain([](W a, W b, W) { return int64_t{s(a)} % (s(b) | 1); })},
        {"divide_unsigned", plain([](W a, W b, W) { return a / (b | 1); })},
        {"divide_wide", plain([](W a, W b, W c) { return fold(wide(a, b) / (wide(c, a) | 1)); })},
        {"modulo_wide", plain([](W a, W b, W c) { return fold(wide(a, b) % (wide(b % 7, c) | 1)); })},
        {"multiply_wide", plain([](W a, W b, W c) { return fold(uint64_t{a} * b + c); })},
        {"shift_wide",
         plain([](W a, W b, W c) { return fold(wide(a, b) << c % 64 | wide(b, c) >> a % 64); })},
        {"shift_arithmetic", plain([](W a, W b, W) { return s(a) >> b % 32; })},
        {"logic_of_three", plain([](W a, W b, W c) { return (a & b) | (~a & c) | (b ^ c); })},
        {"select", plain([](W a, W b, W c) { return s(a) < s(b) ? c : a + b; })},
        {"streaming", plain([](W a, W b, W) { return a + b; })},
        {"to_nearest", plain([](W a, W, W) {
             return static_cast<int>(std::nearbyint(static_cast<float>(s(a) % 1000) / 2));
         })},
        {"to_zero", plain([](W a, W, W) { return static_cast<int>(static_cast<float>(s(a) % 1000) / 8); })},
        {"to_below",
         plain([](W a, W, W) { return static_cast<int>(std::floor(static_cast<float>(s(a) % 1000) / 8)); })},
        {"to_above",
         plain([](W a, W, W) { return static_cast<int>(std::ceil(static_cast<float>(s(a) % 1000) / 8)); })},
        {"nan_compare", plain([](W a, W b, W) {
             const float x = a % 2 == 0 ? NAN : f(a), y = a % 3 == 0 ? NAN : f(a);
             return (x < f(b) ? 1 : 0) | (y != f(b) ? 2 : 0);
         })},
    };
}

// GPU approximations have an error of some 1e-6; what follows must hold on a GPU as well as here.
constexpr float kApproximate = 1e-5f;

std::vector<Row> floats() {
    using W = uint32_t;
    const auto of = [](auto function) {
        return plain([function](W a, W, W) { return u(static_cast<float>(function(a))); });
    };
    const auto steps = [](W a) { return static_cast<double>(a % 64); };
    return {
        {"fuse", plain([](W a, W b, W) {
             return u(std::fma(static_cast<float>(a % 4099), 1.0f / 3, static_cast<float>(b % 4099)));
         })},
        {"unfused", plain([](W a, W b, W) {
             volatile float product = static_cast<float>(a % 4099) * (1.0f / 3);
             return u(product + static_cast<float>(b % 4099));
         })},
        {"divide", plain([](W a, W b, W) { return u(static_cast<float>(a) / static_cast<float>(b | 1)); })},
        {"square_root", of([](W a) { return std::sqrt(static_cast<float>(a)); })},
        {"inverse_root",
         of([](W a) { return 1 / std::sqrt(static_cast<double>(static_cast<float>(a | 1))); }), kApproximate},
        {"exponential", of([=](W a) { return std::exp(steps(a) / 8 - 4); }), kApproximate},
        {"exact_exponential", of([=](W a) { return std::exp(steps(a) / 8 - 4); }), kApproximate},
        {"logarithm", of([](W a) { return std::log(static_cast<double>(static_cast<float>(a | 1))); }),
         kApproximate},
        {"hyperbolic", of([=](W a) { return std::tanh(steps(a) / 16 - 2); }), kApproximate},
        {"power", of([=](W a) { return std::pow(steps(a) + 1, static_cast<double>(0.37f)); }), kApproximate},
        {"sine", of([](W a) { return std::sin(static_cast<double>(a % 4096)); }), kApproximate},
        {"cosine", of([](W a) { return std::cos(static_cast<double>(a % 4096)); }), kApproximate},
        {"error_function", of([=](W a) { return std::erf(steps(a) / 16 - 2); }), kApproximate},
        {"nan_maximum",
         plain([](W a, W b, W) { return u(std::fmax(a % 2 == 0 ? NAN : 1.0f, static_cast<float>(b % 3))); })},
        {"half_round_trip", of([](W a) { return static_cast<float>(a % 100000) / 7; }), 1.0f / 2048},
        {"half_sum",
         plain([](W a, W b, W) { return u(static_cast<float>(a % 512) + static_cast<float>(b % 512) / 16); }),
         1.0f / 2048},
        {"half_product_pair",
         plain([](W a, W b, W) { return u(static_cast<float>(a % 99) * static_cast<float>(b % 77) / 8); }),
         1.0f / 2048},
        {"bfloat_round_trip", of([](W a) { return static_cast<float>(a % 100000) / 7; }), 1.0f / 256},
        {"double_arithmetic", plain([](W a, W b, W) {
             return fold(
                 static_cast<uint64_t>(std::fma(static_cast<double>(a), 1.25, static_cast<double>(b) / 3.0)));
         })},
    };
}

bool matches(uint32_t got, uint32_t expected, float tolerance) {
    if (tolerance == 0) {
        return got == expected || (std::isnan(f(got)) && std::isnan(f(expected)));
    }
    return std::fabs(f(got) - f(expected)) <= tolerance * std::max(1.0f, std::fabs(f(expected)));
}

}  // namespace

class TestIntrinsics : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void givesWhatTheHostComputes_data() {
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("index");
        const std::vector<Row> kinds[] = {collectives(), integers(), floats()};
        for (int kind = 0; kind < 3; ++kind) {
            for (size_t i = 0; i < kinds[kind].size(); ++i) {
                QTest::newRow(kinds[kind][i].name) << kind << static_cast<int>(i);
            }
        }
    }

    void givesWhatTheHostComputes() {
        QFETCH(int, kind);
        QFETCH(int, index);
        const std::vector<Row> rows = kind == 0 ? collectives() : kind == 1 ? integers() : floats();
        const Row& row = rows[static_cast<size_t>(index)];
        const Words words = drawn();
        const DeviceBuffer<uint32_t> a(words.a), b(words.b), c(words.c), out(kThreads);
        QCOMPARE(conformance::by_thread(row.name, a.get(), b.get(), c.get(), out.get()), cudaSuccess);
        const std::vector<uint32_t> got = out.values();
        for (unsigned i = 0; i < kThreads; ++i) {
            const uint32_t expected = row.expected(words, i);
            QVERIFY2(matches(got[i], expected, row.tolerance),
                     qPrintable(QStringLiteral("thread %1: %2 (%3), expected %4 (%5)")
                                    .arg(i)
                                    .arg(got[i], 0, 16)
                                    .arg(static_cast<double>(f(got[i])))
                                    .arg(expected, 0, 16)
                                    .arg(static_cast<double>(f(expected)))));
        }
        QCOMPARE(emulator::problem_report(), std::string());
    }

    // A function in by_thread.inc without a row above would go untested.
    void hasARowForEachFunction() {
        std::set<std::string> rows;
        for (const std::vector<Row>& kind : {collectives(), integers(), floats()}) {
            for (const Row& row : kind) {
                rows.insert(row.name);
            }
        }
#define BY_THREAD(name, expression) QVERIFY2(rows.count(#name) == 1, #name);
#include "tests/cuda/conformance/by_thread.inc"
#undef BY_THREAD
    }
};

QTEST_GUILESS_MAIN(TestIntrinsics)
#include "test_intrinsics.moc"

// SPDX-License-Identifier: Apache-2.0
// What this machine can do at most: bytes read per second from memory, by all threads in huge pages, and
// whole-number, bf16 and fp32 operations per second in loops that touch registers (or AMX tiles) only. Prints
// one JSON object; figures.py sets our speeds against it.
//   roofline [--threads N] [--short]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "engine/backend/cpu/huge_memory.h"
#include "engine/backend/cpu/isa.h"

namespace {

using namespace tendril::engine;
using Clock = std::chrono::steady_clock;

struct Options {
    unsigned threads = std::max(1U, std::thread::hardware_concurrency());
    bool is_short = false;
};

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Runs work(thread) on all threads at once; seconds from the first start to the last end.
template <typename Work>
double together(unsigned threads, Work&& work) {
    std::atomic<unsigned> ready{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> running;
    for (unsigned i = 0; i < threads; ++i) {
        running.emplace_back([&, i] {
            ++ready;
            while (!go) {
                std::this_thread::yield();
            }
            work(i);
        });
    }
    while (ready < threads) {
        std::this_thread::yield();
    }
    const Clock::time_point start = Clock::now();
    go = true;
    for (std::thread& thread : running) {
        thread.join();
    }
    return seconds_since(start);
}

/// Sum of 64-bit words by eight accumulators; the compiler makes vectors of it, memory is slower anyway.
std::uint64_t read_all(const std::uint64_t* from, std::size_t words) {
    std::uint64_t sums[8] = {};
    for (std::size_t i = 0; i + 8 <= words; i += 8) {
        for (std::size_t k = 0; k < 8; ++k) {
            sums[k] += from[i + k];
        }
    }
    std::uint64_t sum = 0;
    for (const std::uint64_t part : sums) {
        sum += part;
    }
    return sum;
}

/// Gigabytes per second; the best of a few passes over memory beyond the caches. 0: no memory for it.
double read_bandwidth(const Options& options) {
    const std::size_t size = std::size_t{options.is_short ? 16U : 1024U} << 20;
    auto memory = HugeMemory::take(size);
    if (!memory) {
        return 0;
    }
    auto* const words = reinterpret_cast<std::uint64_t*>((*memory)->data());
    const std::size_t share = size / 8 / options.threads;
    std::atomic<std::uint64_t> sink{0};
    double best = 0;
    together(options.threads, [&](unsigned i) { std::fill_n(words + i * share, share, i + 1); });
    for (int pass = 0; pass < (options.is_short ? 2 : 7); ++pass) {
        const double time =
            together(options.threads, [&](unsigned i) { sink += read_all(words + i * share, share); });
        best = std::max(best, static_cast<double>(share * options.threads * 8) / time / 1e9);
    }
    return sink == 0 ? 0 : best;
}

#if defined(__x86_64__)

// Twelve sums that do not wait for each other: more than latency times throughput of any of these.
#define TWELVE(one) one(0) one(1) one(2) one(3) one(4) one(5) one(6) one(7) one(8) one(9) one(10) one(11)
#define YMM_CLOBBERS                                                                                  \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", \
        "xmm12", "xmm13"
#define LOOP(one) asm volatile(TWELVE(one)::: YMM_CLOBBERS)

#define VNNI512(n) "vpdpbusd %%zmm13, %%zmm12, %%zmm" #n "\n"
#define VNNI256(n) "%{vex%} vpdpbusd %%ymm13, %%ymm12, %%ymm" #n "\n"
#define BF16(n) "vdpbf16ps %%zmm13, %%zmm12, %%zmm" #n "\n"
#define FMA512(n) "vfmadd231ps %%zmm13, %%zmm12, %%zmm" #n "\n"
#define FMA256(n) "vfmadd231ps %%ymm13, %%ymm12, %%ymm" #n "\n"
// AVX2 and AVX-512 without VNNI: bytes to pairs, pairs to fours, and the sum.
#define PAIRS256(n)                                                                      \
    "vpmaddubsw %%ymm13, %%ymm12, %%ymm" #n "\n vpmaddwd %%ymm13, %%ymm" #n ", %%ymm" #n \
    "\n vpaddd %%ymm13, %%ymm" #n ", %%ymm" #n "\n"
#define PAIRS512(n)                                                                      \
    "vpmaddubsw %%zmm13, %%zmm12, %%zmm" #n "\n vpmaddwd %%zmm13, %%zmm" #n ", %%zmm" #n \
    "\n vpaddd %%zmm13, %%zmm" #n ", %%zmm" #n "\n"

__attribute__((target("avx512f,avx512vnni"))) void vnni512() {
    LOOP(VNNI512);
}
__attribute__((target("avxvnni"))) void vnni256() {
    LOOP(VNNI256);
}
__attribute__((target("avx512f,avx512bw"))) void pairs512() {
    LOOP(PAIRS512);
}
__attribute__((target("avx2"))) void pairs256() {
    LOOP(PAIRS256);
}
__attribute__((target("avx512f,avx512bf16"))) void bf16() {
    LOOP(BF16);
}
__attribute__((target("avx512f"))) void fma512() {
    LOOP(FMA512);
}
__attribute__((target("avx2,fma"))) void fma256() {
    LOOP(FMA256);
}
__attribute__((target("avx"))) void clear_registers() {
    asm volatile("vzeroall" ::: YMM_CLOBBERS, "xmm14", "xmm15");  // no denormal or infinite numbers
}

// Tiles: four sums (a product takes 16 cycles, its result some 50), each in turn three times.
#define FOUR(one) one(0) one(1) one(2) one(3)
#define TILES8(n) "tdpbssd %%tmm5, %%tmm4, %%tmm" #n "\n"
#define TILES16(n) "tdpbf16ps %%tmm5, %%tmm4, %%tmm" #n "\n"
#define ZERO_TILE(n) "tilezero %%tmm" #n "\n"

__attribute__((target("amx-tile,amx-int8"))) void tiles8() {
    asm volatile(FOUR(TILES8) FOUR(TILES8) FOUR(TILES8)::);
}
__attribute__((target("amx-tile,amx-bf16"))) void tiles16() {
    asm volatile(FOUR(TILES16) FOUR(TILES16) FOUR(TILES16)::);
}
/// Tiles of 16 rows of 64 bytes, all of them; of the calling thread.
__attribute__((target("amx-tile"))) void clear_tiles() {
    struct alignas(64) {
        std::uint8_t palette = 1;
        std::uint8_t start = 0;
        std::uint8_t reserved[14] = {};
        std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
        std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } shape;
    static_assert(sizeof shape == 64);
    asm volatile("ldtilecfg %0" ::"m"(shape));
    asm volatile(FOUR(ZERO_TILE) ZERO_TILE(4) ZERO_TILE(5)::);
}
__attribute__((target("amx-tile"))) void release_tiles() {
    asm volatile("tilerelease");
}
void nothing() {}

struct Peak {
    const char* name;
    const char* kind;
    bool runs;
    void (*twelve)();
    double operations;  // of one of the twelve
    void (*begin)() = clear_registers;
    void (*end)() = nothing;
};

std::vector<Peak> peaks() {
    const bool avx512 = host_supports(Isa::avx512);
    const bool avx2 = host_supports(Isa::avx2);
    const bool amx = host_supports(Isa::amx);
    const double tile = 2.0 * 16 * 16 * 64;  // operations of a product of bytes; of bf16 half as many
    return {{"amx", "int8", amx, tiles8, tile, clear_tiles, release_tiles},
            {"amx", "bf16", amx, tiles16, tile / 2, clear_tiles, release_tiles},
            {"avx2", "int8", avx2, pairs256, 64},
            {"avxvnni", "int8", host_supports(Isa::avxvnni), vnni256, 64},
            {"avx512", "int8", avx512, pairs512, 128},
            {"avx512vnni", "int8", host_supports(Isa::avx512vnni), vnni512, 128},
            {"avx512bf16", "bf16", avx512 && __builtin_cpu_supports("avx512bf16") != 0, bf16, 64},
            {"avx2", "fp32", avx2, fma256, 16},
            {"avx512", "fp32", avx512, fma512, 32}};
}

/// Thousands of millions of operations per second of all threads; the best of a few.
double measure(const Peak& peak, const Options& options) {
    // About as long for each kind: a tile's product is a thousand times the work of a register's.
    const double most = (options.is_short ? 20000.0 : 4000000.0) * 128;
    const auto rounds = static_cast<std::int64_t>(most / std::clamp(peak.operations / 16, 128.0, 4096.0));
    double best = 0;
    for (int pass = 0; pass < (options.is_short ? 2 : 5); ++pass) {
        const double time = together(options.threads, [&](unsigned) {
            peak.begin();
            for (std::int64_t i = 0; i < rounds; ++i) {
                peak.twelve();
            }
            peak.end();
        });
        const double work = 12.0 * peak.operations * static_cast<double>(rounds) * options.threads;
        best = std::max(best, work / time / 1e9);
    }
    return best;
}

void print_peaks(const Options& options) {
    std::string missing;
    for (const Peak& peak : peaks()) {
        if (peak.runs) {
            std::printf(", \"%s_%s_gops\": %.0f", peak.kind, peak.name, measure(peak, options));
            std::fflush(stdout);
        } else {
            missing += std::string(missing.empty() ? "" : ", ") + "\"" + peak.kind + " " + peak.name + "\"";
        }
    }
    std::printf(", \"not_run\": [%s]", missing.c_str());
}

#else

void print_peaks(const Options&) {
    std::printf(", \"not_run\": [\"all peaks: not an x86-64 processor\"]");
}

#endif

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--short") == 0) {
            options.is_short = true;
        } else if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
            options.threads = static_cast<unsigned>(std::max(1L, std::strtol(argv[++i], nullptr, 10)));
        } else {
            std::fprintf(stderr, "usage: roofline [--threads N] [--short]\n");
            return 2;
        }
    }
    std::printf("{\"isa\": \"%s\", \"threads\": %u, \"read_gb_per_s\": %.1f", name(best_host_isa()),
                options.threads, read_bandwidth(options));
    print_peaks(options);
    std::printf("}\n");
    return 0;
}

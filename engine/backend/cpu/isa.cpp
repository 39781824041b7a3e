// SPDX-License-Identifier: Apache-2.0
// Choice of the instruction set; see isa.h.
#include "engine/backend/cpu/isa.h"

#include <cstdlib>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace tendril::engine {

const char* name(Isa isa) {
    switch (isa) {
        case Isa::scalar:
            return "scalar";
        case Isa::avx2:
            return "avx2";
        case Isa::avxvnni:
            return "avxvnni";
        case Isa::avx512:
            return "avx512";
        case Isa::avx512vnni:
            return "avx512vnni";
        case Isa::avx512bf16:
            return "avx512bf16";
        case Isa::amx:
            return "amx";
        case Isa::amxemulated:
            return "amxemulated";
    }
    return "?";
}

const char* display_name(Isa isa) {
    switch (isa) {
        case Isa::scalar:
            return "no vector instructions";
        case Isa::avx2:
            return "AVX2";
        case Isa::avxvnni:
            return "AVX-VNNI";
        case Isa::avx512:
            return "AVX-512";
        case Isa::avx512vnni:
            return "AVX-512 VNNI";
        case Isa::avx512bf16:
            return "AVX-512 VNNI + BF16";
        case Isa::amx:
            return "AMX";
        case Isa::amxemulated:
            return "AMX in software";
    }
    return "?";
}

std::optional<Isa> parse_isa(std::string_view text) {
    for (const Isa isa : kAllIsas) {
        if (text == name(isa)) {
            return isa;
        }
    }
    return std::nullopt;
}

#if defined(__x86_64__)
namespace {

/// AMX with int8 and bfloat16: CPUID leaf 7 (EDX), the tile registers among those that the system saves
/// (XCR0), and on Linux the permission to use them, which a process has to ask for.
bool may_use_tiles() {
#if defined(__linux__)
    static const bool may = [] {
        constexpr unsigned kBf16 = 1U << 22;
        constexpr unsigned kTile = 1U << 24;
        constexpr unsigned kInt8 = 1U << 25;
        constexpr unsigned kTileState = 3U << 17;
        constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
        constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
        unsigned a = 0;
        unsigned b = 0;
        unsigned c = 0;
        unsigned d = 0;
        if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 ||
            (d & (kBf16 | kTile | kInt8)) != (kBf16 | kTile | kInt8)) {
            return false;
        }
        __get_cpuid(1, &a, &b, &c, &d);
        if ((c & bit_OSXSAVE) == 0) {
            return false;
        }
        unsigned low = 0;
        unsigned high = 0;
        asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        return (low & kTileState) == kTileState &&
               ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
    }();
    return may;
#else
    return false;
#endif
}

}  // namespace
#endif

bool host_supports(Isa isa) {
#if defined(__x86_64__)
    // The compiler's run-time check reads CPUID and, for the vector registers, XGETBV.
    __builtin_cpu_init();
    const bool avx2 =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    switch (isa) {
        case Isa::scalar:
            return true;
        case Isa::avx2:
            return avx2;
        case Isa::avxvnni:
            return avx2 && __builtin_cpu_supports("avxvnni");
        case Isa::avx512:
            return avx512;
        case Isa::avx512vnni:
            return avx512 && __builtin_cpu_supports("avx512vnni");
        case Isa::avx512bf16:
        case Isa::amx:
            return avx512 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16") &&
                   (isa == Isa::avx512bf16 || may_use_tiles());
        case Isa::amxemulated:
            return true;
    }
    return false;
#else
    return isa == Isa::scalar || isa == Isa::amxemulated;
#endif
}

Isa best_host_isa() {
    Isa best = Isa::scalar;
    for (const Isa isa : kAllIsas) {
        if (isa != Isa::amxemulated && host_supports(isa)) {
            best = isa;
        }
    }
    return best;
}

Result<Isa> choose_isa(std::optional<Isa> wanted) {
    const char* asked = std::getenv("TENDRIL_CPU_ISA");
    if (!wanted && asked != nullptr && *asked != '\0') {
        wanted = parse_isa(asked);
        if (!wanted) {
            return fail(ErrorCode::invalid_argument, std::string("TENDRIL_CPU_ISA is \"") + asked +
                                                         "\"; it can be scalar, avx2, avxvnni, avx512, "
                                                         "avx512vnni, avx512bf16, amx or amxemulated.");
        }
    }
    if (!wanted) {
        return best_host_isa();
    }
    if (!host_supports(*wanted)) {
        return fail(ErrorCode::unsupported,
                    std::string("This processor cannot run ") + display_name(*wanted) +
                        " instructions, which were asked for; the best it can run is " +
                        display_name(best_host_isa()) + ".");
    }
    return *wanted;
}

}  // namespace tendril::engine

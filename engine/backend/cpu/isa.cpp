// SPDX-License-Identifier: Apache-2.0
// Choice of the instruction set; see isa.h.
#include "engine/backend/cpu/isa.h"

#include <cstdlib>
#include <string>

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
    }
    return false;
#else
    return isa == Isa::scalar;
#endif
}

Isa best_host_isa() {
    Isa best = Isa::scalar;
    for (const Isa isa : kAllIsas) {
        if (host_supports(isa)) {
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
            return fail(ErrorCode::invalid_argument,
                        std::string("TENDRIL_CPU_ISA is \"") + asked +
                            "\"; it can be scalar, avx2, avxvnni, avx512 or avx512vnni.");
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

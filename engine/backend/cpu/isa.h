// SPDX-License-Identifier: Apache-2.0
// Instruction sets that the CPU backend has kernels for: what the host can run, what a person or a test asked
// for. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/result.h"

namespace tendril::engine {

/// Ascending by speed. Each includes what its kernels need besides (FMA and F16C; BW, VL and DQ; VNNI). The
/// last is the code for AMX on tiles in plain C++: slow, for tests on any host, never chosen by itself.
enum class Isa : std::uint8_t { scalar, avx2, avxvnni, avx512, avx512vnni, avx512bf16, amx, amxemulated };

inline constexpr std::array kAllIsas = {Isa::scalar,     Isa::avx2,       Isa::avxvnni, Isa::avx512,
                                        Isa::avx512vnni, Isa::avx512bf16, Isa::amx,     Isa::amxemulated};

/// As in TENDRIL_CPU_ISA: "scalar", "avx2", "avxvnni", "avx512", "avx512vnni", "avx512bf16", "amx",
/// "amxemulated".
const char* name(Isa isa);
/// For the status line: "AVX-512 VNNI".
const char* display_name(Isa isa);
std::optional<Isa> parse_isa(std::string_view text);

/// By CPUID and XGETBV: the processor has the instructions and the system saves their registers. For AMX the
/// system is asked for the permission to use its tiles, which then holds for the whole process.
bool host_supports(Isa isa);
Isa best_host_isa();

/// `wanted`, else TENDRIL_CPU_ISA, else the best; an unknown name or a set that the host lacks is refused in
/// words.
Result<Isa> choose_isa(std::optional<Isa> wanted);

}  // namespace tendril::engine

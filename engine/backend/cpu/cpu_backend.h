// SPDX-License-Identifier: Apache-2.0
// The CPU backend: repacked weights, integer products, f16 pages; kernels by instruction set, a fork-join
// pool. Engine thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/isa.h"

namespace tendril::engine {

struct CpuOptions {
    unsigned threads = 0;    ///< at most, with the calling thread; 0: as many as the process may use
    std::optional<Isa> isa;  ///< none: TENDRIL_CPU_ISA, else the best of the host
    /// False: quantised keys and values are not rotated first; a control, to measure what rotating gains.
    bool rotate_quantised = true;
    std::uint64_t* forks = nullptr;  ///< counts the fork-joins of ops and steps, for tests
    std::string remark{};            ///< why the CPU: Backend::remark
};

/// Refuses, in words, an instruction set that is unknown or that the host lacks.
Result<std::unique_ptr<Backend>> make_cpu_backend(CpuOptions options = {});

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// What kernel code calls in the emulator's library (device*.h are the thin wrappers with CUDA's names).
// Everything here runs on a fiber, that is, inside a running kernel.
#pragma once

#include <cuda_runtime_api.h>
#include <vector_types.h>

#include <cstddef>
#include <cstdint>

#include "tests/cuda/emulator/location.h"

#define TENDRIL_EMULATOR_API __attribute__((visibility("default")))

namespace tendril::emulator {

// What the lanes of a warp put in and get out of a collective. `mask` is what the lanes named, `present` who
// came.
struct WarpExchange {
    uint32_t mask = 0;
    uint32_t present = 0;
    uint32_t words[32];      // the operand of collectives on 32-bit values
    uint32_t arguments[32];  // their second operand
    uint32_t results[32];
    alignas(16) unsigned char in[32][48];  // operands and results of the wider ones
    alignas(16) unsigned char out[32][16];
};

// One collective operation: its name in reports, what computes it once all named lanes are there, and whether
// it needs the whole warp (`.aligned` in PTX). Two lanes meet in an operation if they name the same object of
// this type.
struct Collective {
    const char* name;
    void (*compute)(WarpExchange&, Location);
    bool whole_warp;
};
extern TENDRIL_EMULATOR_API const Collective kShuffleIndex, kShuffleUp, kShuffleDown, kShuffleXor, kBallot,
    kSyncWarp, kMatchAny, kReduceAdd, kReduceMin, kReduceMax, kReduceOr, kReduceAnd, kReduceXor, kWarpSum,
    kWarpMax, kLoadMatrixX1, kLoadMatrixX2, kLoadMatrixX4, kLoadMatrixX1Transposed, kLoadMatrixX2Transposed,
    kLoadMatrixX4Transposed, kMmaF16k16, kMmaF16k8, kMmaBf16k16, kMmaS8k32, kMmaS8k16;

// A collective on one 32-bit value per lane (argument: shuffles' source or distance, and width << 16).
TENDRIL_EMULATOR_API uint32_t warp_word(const Collective&, uint32_t mask, uint32_t word, uint32_t argument,
                                        Location);
// A collective on up to 48 bytes in and 16 bytes out per lane.
TENDRIL_EMULATOR_API void warp_wide(const Collective&, uint32_t mask, const void* in, size_t in_bytes,
                                    void* out, size_t out_bytes, Location);
TENDRIL_EMULATOR_API void sync_warp(uint32_t mask, Location);
TENDRIL_EMULATOR_API unsigned active_mask();

enum class Vote { kNone, kCount, kAnd, kOr };
TENDRIL_EMULATOR_API int sync_block(Vote, bool predicate, Location);
TENDRIL_EMULATOR_API void sync_grid(Location);
TENDRIL_EMULATOR_API void fence();  // __threadfence
TENDRIL_EMULATOR_API void yield();  // __nanosleep and what spins

// The address, in the running block, of the shared array with this key (made, and filled with 0xFF, at first
// use).
TENDRIL_EMULATOR_API void* shared_array(const void* key, size_t bytes, size_t alignment, const char* name);
TENDRIL_EMULATOR_API void* dynamic_shared();

TENDRIL_EMULATOR_API void copy_async(void* to, const void* from, int bytes, int source_bytes, Location);
TENDRIL_EMULATOR_API void copy_async_commit();
TENDRIL_EMULATOR_API void copy_async_wait(int groups_left);

// Atomic read-modify-write is a loop of these two around the caller's function.
TENDRIL_EMULATOR_API void atomic_begin(void* p, size_t bytes);
TENDRIL_EMULATOR_API uint64_t atomic_load(const void* p, size_t bytes);
TENDRIL_EMULATOR_API bool atomic_exchange_if(void* p, size_t bytes, uint64_t& expected, uint64_t desired);

TENDRIL_EMULATOR_API unsigned lane_index();
TENDRIL_EMULATOR_API unsigned warp_index();

// How to call a kernel whose arguments lie at the given addresses, and how many bytes each has.
struct KernelSignature {
    void (*call)(const void* kernel, const void* const* arguments);
    const size_t* argument_bytes;
    size_t argument_count;
};
// Enqueues a kernel as cudaLaunchKernelExC does; the arguments are copied.
TENDRIL_EMULATOR_API cudaError_t enqueue_kernel(const void* kernel, const KernelSignature&, dim3 grid,
                                                dim3 block, size_t shared_bytes, cudaStream_t,
                                                bool cooperative, const void* const* arguments);

}  // namespace tendril::emulator

// The identity of the running thread, rewritten at every switch between fibers.
extern TENDRIL_EMULATOR_API __thread uint3 threadIdx __attribute__((tls_model("initial-exec")));
extern TENDRIL_EMULATOR_API __thread uint3 blockIdx __attribute__((tls_model("initial-exec")));
extern TENDRIL_EMULATOR_API __thread uint3 blockDim __attribute__((tls_model("initial-exec")));
extern TENDRIL_EMULATOR_API __thread uint3 gridDim __attribute__((tls_model("initial-exec")));

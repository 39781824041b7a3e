// SPDX-License-Identifier: Apache-2.0
// The part of cuBLAS's binary interface that the stand-in has, so that it builds where only the runtime's
// headers are. stand_in.cpp compares the numbers with the real header where that is installed.
#pragma once

#include <cuda_runtime_api.h>
#include <library_types.h>

namespace tendril::cublas {

struct Context;
using Handle = Context*;

enum Status : int {
    kSuccess = 0,
    kNotInitialized = 1,
    kAllocFailed = 3,
    kInvalidValue = 7,
    kArchMismatch = 8,
    kMappingError = 11,
    kExecutionFailed = 13,
    kInternalError = 14,
    kNotSupported = 15,
};
enum Operation : int { kNone = 0, kTransposed = 1 };
enum Compute : int {
    kCompute16F = 64,
    kCompute32F = 68,
    kCompute32FFast16F = 74,
    kCompute32FFast16BF = 75,
    kCompute32FFastTF32 = 77,
    kCompute32I = 72,
};

}  // namespace tendril::cublas

// SPDX-License-Identifier: Apache-2.0
// Words for errors of the CUDA runtime; see cuda_error.h. Any thread.
#include "engine/backend/cuda/cuda_error.h"

#include <cuda_runtime_api.h>

namespace tendril::cuda {

Error error_of(cudaError_t code, const std::string& doing) {
    const std::string detail = std::string(cudaGetErrorName(code)) + " while " + doing;
    switch (code) {
        case cudaErrorMemoryAllocation:
            return {ErrorCode::out_of_memory,
                    "The graphics card has too little free memory. Choose a smaller model or context, close "
                    "other "
                    "programs, or use the CPU.",
                    detail};
        case cudaErrorInsufficientDriver:
            return {ErrorCode::unsupported, "The graphics card's driver is too old; update it.", detail};
        case cudaErrorNoDevice:
            return {ErrorCode::unsupported, "No graphics card of NVIDIA was found.", detail};
        default:
            return {ErrorCode::io, "The graphics card stopped working while " + doing + ".", detail};
    }
}

Status check(cudaError_t code, const std::string& doing) {
    return code == cudaSuccess ? Status() : Status(fail(error_of(code, doing)));
}

}  // namespace tendril::cuda

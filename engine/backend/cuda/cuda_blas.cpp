// SPDX-License-Identifier: Apache-2.0
// cuBLAS by its binary interface; see cuda_blas.h.
#include "engine/backend/cuda/cuda_blas.h"

#include <dlfcn.h>
#include <library_types.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tendril::cuda {
namespace {

constexpr const char* kName = "libcublas.so.13";
constexpr std::size_t kOutputs = 2048;  // of a weight that are halves at a time
constexpr int kNone = 0;                // CUBLAS_OP_N
constexpr int kTransposed = 1;          // CUBLAS_OP_T
constexpr int kSumsInFloat = 68;        // CUBLAS_COMPUTE_32F
constexpr int kAnyAlgorithm = -1;       // CUBLAS_GEMM_DEFAULT

using Create = int (*)(void**);
using Destroy = int (*)(void*);
using SetStream = int (*)(void*, cudaStream_t);
using Multiply = int (*)(void*, int, int, int, int, int, const void*, const void*, cudaDataType, int,
                         const void*, cudaDataType, int, const void*, void*, cudaDataType, int, int, int);

}  // namespace

struct CudaBlas::Library {
    void* handle = nullptr;
    Destroy destroy = nullptr;
    Multiply multiply = nullptr;
};

CudaBlas::CudaBlas(Launcher& launcher, std::unique_ptr<Library> library)
    : launcher_(launcher), library_(std::move(library)) {}

CudaBlas::~CudaBlas() {
    library_->destroy(library_->handle);  // the code stays: it registers functions for the end of the process
}

std::unique_ptr<CudaBlas> CudaBlas::open(Launcher& launcher, std::string& note) {
    const char* const wish = std::getenv("TENDRIL_CUBLAS");
    if (wish == nullptr || *wish == '\0' || std::strcmp(wish, "0") == 0) {
        return nullptr;
    }
    note = "own kernels: cuBLAS was not found";
    void* const code = dlopen(std::strcmp(wish, "1") == 0 ? kName : wish, RTLD_NOW | RTLD_LOCAL);
    if (code == nullptr) {
        return nullptr;
    }
    auto library = std::make_unique<Library>();
    const auto create = reinterpret_cast<Create>(dlsym(code, "cublasCreate_v2"));
    const auto set_stream = reinterpret_cast<SetStream>(dlsym(code, "cublasSetStream_v2"));
    library->destroy = reinterpret_cast<Destroy>(dlsym(code, "cublasDestroy_v2"));
    library->multiply = reinterpret_cast<Multiply>(dlsym(code, "cublasGemmEx"));
    note = "own kernels: cuBLAS cannot be used";
    if (create == nullptr || set_stream == nullptr || library->destroy == nullptr ||
        library->multiply == nullptr || create(&library->handle) != 0) {
        return nullptr;
    }
    if (set_stream(library->handle, launcher.stream()) != 0) {
        library->destroy(library->handle);
        return nullptr;
    }
    note = "cuBLAS";
    return std::unique_ptr<CudaBlas>(new CudaBlas(launcher, std::move(library)));
}

Status CudaBlas::reserve(std::size_t max_rows, std::size_t max_width) {
    constexpr const char* kDoing = "taking memory for steps";
    const std::size_t width = (max_width + kBlockColumns - 1) / kBlockColumns * kBlockColumns;
    for (const auto& [memory, rows] : {std::pair{&weight_, kOutputs}, std::pair{&rows_, max_rows}}) {
        if (memory->size() >= rows * width * 2) {
            continue;
        }
        launcher_.synchronize(kDoing);
        Result<DeviceMemory> taken = DeviceMemory::take(rows * width * 2, kDoing);
        if (!taken) {
            return fail(std::move(taken.error()));
        }
        *memory = std::move(*taken);
    }
    return {};
}

void CudaBlas::run(engine::Rows in, const ProductPlanes& product) {
    if (Status status = reserve(in.rows, in.width); !status) {
        launcher_.fail_with(std::move(status.error()));
        return;
    }
    const auto rows = static_cast<std::uint32_t>(in.rows);
    const auto width = static_cast<std::uint32_t>(in.width);
    launcher_.run(halve_rows, HalveRowsArgs{in.data, rows_.data<std::uint16_t>(), in.rows * in.width},
                  "multiplying");
    const float one = 1.0F;
    const float zero = 0.0F;
    for (std::uint32_t first = 0; first < product.weight.rows; first += kOutputs) {
        HalveWeightArgs halves;
        halves.weight = product.weight;
        halves.out = weight_.data<std::uint16_t>();
        halves.first = first;
        halves.rows = std::min<std::uint32_t>(kOutputs, product.weight.rows - first);
        halves.width = width;
        launcher_.run(halve_weight, halves, "multiplying");
        if (!launcher_.status()) {
            return;
        }
        // BLAS has matrices by columns: ours are the transposed ones.
        const int failed = library_->multiply(
            library_->handle, kTransposed, kNone, static_cast<int>(halves.rows), static_cast<int>(rows),
            static_cast<int>(width), &one, weight_.data(), CUDA_R_16F, static_cast<int>(width), rows_.data(),
            CUDA_R_16F, static_cast<int>(width), &zero, product.out + first, CUDA_R_32F,
            static_cast<int>(product.weight.rows), kSumsInFloat, kAnyAlgorithm);
        if (failed != 0) {
            launcher_.fail_with({ErrorCode::io, "The graphics card stopped working while multiplying.",
                                 "cuBLAS gives " + std::to_string(failed)});
            return;
        }
    }
    if (product.bias != nullptr) {
        const BiasArgs bias{product.bias, product.out, rows, product.weight.rows};
        launcher_.run(add_bias, bias, "multiplying");
    }
}

}  // namespace tendril::cuda

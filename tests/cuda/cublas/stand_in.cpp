// SPDX-License-Identifier: Apache-2.0
// A libcublas.so.13 for the emulator: the same names and arguments, plain arithmetic, checked operands, and
// the order of streams kept. What it does not have is not there: a loader that wants more must cope with
// that, as with an old library.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/cuda/cublas/abi.h"
#include "tests/cuda/emulator/library_support.h"
#include "tests/cuda/emulator/report.h"

#if __has_include(<cublas_api.h>)
#include <cublas_api.h>
static_assert(int{CUBLAS_STATUS_NOT_SUPPORTED} == tendril::cublas::kNotSupported &&
              int{CUBLAS_STATUS_EXECUTION_FAILED} == tendril::cublas::kExecutionFailed &&
              int{CUBLAS_OP_T} == tendril::cublas::kTransposed &&
              int{CUBLAS_COMPUTE_32F} == tendril::cublas::kCompute32F &&
              int{CUBLAS_COMPUTE_16F} == tendril::cublas::kCompute16F &&
              int{CUBLAS_COMPUTE_32F_FAST_16F} == tendril::cublas::kCompute32FFast16F &&
              int{CUBLAS_COMPUTE_32F_FAST_16BF} == tendril::cublas::kCompute32FFast16BF &&
              int{CUBLAS_COMPUTE_32F_FAST_TF32} == tendril::cublas::kCompute32FFastTF32 &&
              int{CUBLAS_COMPUTE_32I} == tendril::cublas::kCompute32I);
#endif

namespace tendril::cublas {

struct Context {
    cudaStream_t stream = nullptr;
    int math_mode = 0;
    int pointer_mode = 0;
};

namespace {

size_t bytes_of(cudaDataType type) {
    return type == CUDA_R_8I ? 1 : type == CUDA_R_16F || type == CUDA_R_16BF ? 2 : 4;
}

// A matrix by columns, as BLAS has it.
struct Matrix {
    const void* data;
    cudaDataType type;
    int rows, columns, leading;
    size_t count() const {
        return columns == 0 ? 0
                            : static_cast<size_t>(leading) * static_cast<size_t>(columns - 1) +
                                  static_cast<size_t>(rows);
    }
    size_t bytes() const { return count() * bytes_of(type); }
};

double element(const Matrix& m, size_t i) {
    switch (m.type) {
        case CUDA_R_8I:
            return static_cast<const int8_t*>(m.data)[i];
        case CUDA_R_16F:
            return static_cast<double>(__half2float(static_cast<const __half*>(m.data)[i]));
        case CUDA_R_16BF:
            return static_cast<double>(__bfloat162float(static_cast<const __nv_bfloat16*>(m.data)[i]));
        case CUDA_R_32I:
            return static_cast<const int*>(m.data)[i];
        default:
            return static_cast<double>(static_cast<const float*>(m.data)[i]);
    }
}

void store(void* data, cudaDataType type, size_t i, double value) {
    switch (type) {
        case CUDA_R_16F:
            static_cast<__half*>(data)[i] = __float2half(static_cast<float>(value));
            break;
        case CUDA_R_16BF:
            static_cast<__nv_bfloat16*>(data)[i] = __float2bfloat16(static_cast<float>(value));
            break;
        case CUDA_R_32I:
            static_cast<int*>(data)[i] = static_cast<int>(value);
            break;
        default:
            static_cast<float*>(data)[i] = static_cast<float>(value);
            break;
    }
}

// op(matrix) as floats, row by row.
std::vector<float> operand(const Matrix& m, bool transposed) {
    const int rows = transposed ? m.columns : m.rows, columns = transposed ? m.rows : m.columns;
    std::vector<float> values(static_cast<size_t>(rows) * static_cast<size_t>(columns));
    size_t at = 0;
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            const int r = transposed ? column : row, c = transposed ? row : column;
            values[at++] = static_cast<float>(
                element(m, static_cast<size_t>(c) * static_cast<size_t>(m.leading) + static_cast<size_t>(r)));
        }
    }
    return values;
}

struct Gemm {
    bool transpose_a, transpose_b;
    int m, n, k;
    double alpha, beta;
    Matrix a, b, c;
};

void multiply(const Gemm& g) {
    emulator::library_reads(g.a.data, g.a.bytes(), "cuBLAS: the first operand");
    emulator::library_reads(g.b.data, g.b.bytes(), "cuBLAS: the second operand");
    const std::vector<float> a = operand(g.a, g.transpose_a),
                             b = operand(g.b, !g.transpose_b);  // both by depth
    auto* out = const_cast<void*>(g.c.data);
    const auto depth = static_cast<size_t>(g.k);
    for (int column = 0; column < g.n; ++column) {
        for (int row = 0; row < g.m; ++row) {
            const float *x = a.data() + static_cast<size_t>(row) * depth,
                        *y = b.data() + static_cast<size_t>(column) * depth;
            double sum = 0;  // exact for bytes; a GPU's order is its own secret for the others
            for (size_t i = 0; i < depth; ++i) {
                sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
            }
            const size_t at =
                static_cast<size_t>(column) * static_cast<size_t>(g.c.leading) + static_cast<size_t>(row);
            store(out, g.c.type, at, g.alpha * sum + (g.beta == 0 ? 0 : g.beta * element(g.c, at)));
        }
        const size_t first =
            static_cast<size_t>(column) * static_cast<size_t>(g.c.leading) * bytes_of(g.c.type);
        emulator::library_writes(static_cast<char*>(out) + first,
                                 static_cast<size_t>(g.m) * bytes_of(g.c.type));
    }
}

bool is_supported(const Gemm& g, int compute) {
    const auto is = [](cudaDataType type, std::initializer_list<cudaDataType> allowed) {
        for (const cudaDataType one : allowed) {
            if (type == one) {
                return true;
            }
        }
        return false;
    };
    if (g.a.type != g.b.type) {
        return false;
    }
    if (compute == kCompute32I) {
        return g.a.type == CUDA_R_8I && g.c.type == CUDA_R_32I;
    }
    if (compute == kCompute16F) {
        return g.a.type == CUDA_R_16F && g.c.type == CUDA_R_16F;
    }
    const bool floats = compute == kCompute32F || compute == kCompute32FFast16F ||
                        compute == kCompute32FFast16BF || compute == kCompute32FFastTF32;
    return floats && is(g.a.type, {CUDA_R_32F, CUDA_R_16F, CUDA_R_16BF}) &&
           is(g.c.type, {CUDA_R_32F, g.a.type});
}

double scalar(const void* p, int compute) {
    if (compute == kCompute16F) {
        return static_cast<double>(__half2float(*static_cast<const __half*>(p)));
    }
    return compute == kCompute32I ? *static_cast<const int*>(p)
                                  : static_cast<double>(*static_cast<const float*>(p));
}

Status enqueue(Handle handle, const Gemm& g, int compute) {
    if (g.m < 0 || g.n < 0 || g.k < 0 || g.a.leading < std::max(1, g.a.rows) ||
        g.b.leading < std::max(1, g.b.rows) || g.c.leading < std::max(1, g.m)) {
        return kInvalidValue;
    }
    if (!is_supported(g, compute)) {
        return kNotSupported;
    }
    for (const Matrix* matrix : {&g.a, &g.b, &g.c}) {
        if (!emulator::is_device_memory(matrix->data, matrix->bytes())) {
            emulator::report("bounds", "cuBLAS: an operand is not within an allocation of device memory");
            return kExecutionFailed;
        }
    }
    const cudaError_t error = emulator::enqueue_library_work(handle->stream, [g] { multiply(g); });
    return error == cudaSuccess ? kSuccess : kExecutionFailed;
}

}  // namespace

}  // namespace tendril::cublas

using namespace tendril::cublas;

#pragma GCC visibility push(default)
extern "C" {

// The real header, if it was read above, declares the same names with its own types; the C ABI is the same.
#define ENTRY(name) __asm__(#name)

Status stand_in_create(Handle* handle) ENTRY(cublasCreate_v2);
Status stand_in_create(Handle* handle) {
    int count = 0;
    if (handle == nullptr || cudaGetDeviceCount(&count) != cudaSuccess || count == 0) {
        return handle == nullptr ? kInvalidValue : kNotInitialized;
    }
    *handle = new Context;
    return kSuccess;
}
Status stand_in_destroy(Handle handle) ENTRY(cublasDestroy_v2);
Status stand_in_destroy(Handle handle) {
    delete handle;
    return handle == nullptr ? kNotInitialized : kSuccess;
}
Status stand_in_version(Handle, int* version) ENTRY(cublasGetVersion_v2);
Status stand_in_version(Handle, int* version) {
    *version = 130000;
    return kSuccess;
}
Status stand_in_set_stream(Handle handle, cudaStream_t stream) ENTRY(cublasSetStream_v2);
Status stand_in_set_stream(Handle handle, cudaStream_t stream) {
    handle->stream = stream;
    return kSuccess;
}
Status stand_in_get_stream(Handle handle, cudaStream_t* stream) ENTRY(cublasGetStream_v2);
Status stand_in_get_stream(Handle handle, cudaStream_t* stream) {
    *stream = handle->stream;
    return kSuccess;
}
Status stand_in_set_workspace(Handle, void* workspace, size_t bytes) ENTRY(cublasSetWorkspace_v2);
Status stand_in_set_workspace(Handle, void* workspace, size_t bytes) {
    return bytes == 0 || tendril::emulator::is_device_memory(workspace, bytes) ? kSuccess : kInvalidValue;
}
Status stand_in_set_math_mode(Handle handle, int mode) ENTRY(cublasSetMathMode);
Status stand_in_set_math_mode(Handle handle, int mode) {
    handle->math_mode = mode;
    return kSuccess;
}
Status stand_in_get_math_mode(Handle handle, int* mode) ENTRY(cublasGetMathMode);
Status stand_in_get_math_mode(Handle handle, int* mode) {
    *mode = handle->math_mode;
    return kSuccess;
}
Status stand_in_set_pointer_mode(Handle handle, int mode) ENTRY(cublasSetPointerMode_v2);
Status stand_in_set_pointer_mode(Handle handle, int mode) {
    handle->pointer_mode = mode;
    return mode == 0 ? kSuccess : kNotSupported;  // alpha and beta in device memory are not emulated
}
const char* stand_in_status_string(int status) ENTRY(cublasGetStatusString);
const char* stand_in_status_string(int status) {
    switch (status) {
        case kSuccess:
            return "success";
        case kNotInitialized:
            return "the library was not initialized";
        case kInvalidValue:
            return "an unsupported value or parameter was passed to the function";
        case kExecutionFailed:
            return "the GPU program failed to execute";
        case kNotSupported:
            return "the functionality requested is not supported";
        default:
            return "an error of the stand-in for cuBLAS";
    }
}

Status stand_in_gemm(Handle handle, int ta, int tb, int m, int n, int k, const void* alpha, const void* a,
                     cudaDataType a_type, int lda, const void* b, cudaDataType b_type, int ldb,
                     const void* beta, void* c, cudaDataType c_type, int ldc, int compute, int algorithm)
    ENTRY(cublasGemmEx);
Status stand_in_gemm(Handle handle, int ta, int tb, int m, int n, int k, const void* alpha, const void* a,
                     cudaDataType a_type, int lda, const void* b, cudaDataType b_type, int ldb,
                     const void* beta, void* c, cudaDataType c_type, int ldc, int compute, int) {
    if (handle == nullptr) {
        return kNotInitialized;
    }
    const bool transpose_a = ta != kNone, transpose_b = tb != kNone;
    const Gemm gemm{transpose_a,
                    transpose_b,
                    m,
                    n,
                    k,
                    scalar(alpha, compute),
                    scalar(beta, compute),
                    {a, a_type, transpose_a ? k : m, transpose_a ? m : k, lda},
                    {b, b_type, transpose_b ? n : k, transpose_b ? k : n, ldb},
                    {c, c_type, m, n, ldc}};
    return enqueue(handle, gemm, compute);
}

Status stand_in_gemm_strided(Handle handle, int ta, int tb, int m, int n, int k, const void* alpha,
                             const void* a, cudaDataType a_type, int lda, long long stride_a, const void* b,
                             cudaDataType b_type, int ldb, long long stride_b, const void* beta, void* c,
                             cudaDataType c_type, int ldc, long long stride_c, int count, int compute,
                             int algorithm) ENTRY(cublasGemmStridedBatchedEx);
Status stand_in_gemm_strided(Handle handle, int ta, int tb, int m, int n, int k, const void* alpha,
                             const void* a, cudaDataType a_type, int lda, long long stride_a, const void* b,
                             cudaDataType b_type, int ldb, long long stride_b, const void* beta, void* c,
                             cudaDataType c_type, int ldc, long long stride_c, int count, int compute,
                             int algorithm) {
    const auto at = [](const void* p, cudaDataType type, long long elements) {
        return static_cast<const char*>(p) + elements * static_cast<long long>(bytes_of(type));
    };
    Status status = kSuccess;
    for (int i = 0; i < count && status == kSuccess; ++i) {
        status =
            stand_in_gemm(handle, ta, tb, m, n, k, alpha, at(a, a_type, i * stride_a), a_type, lda,
                          at(b, b_type, i * stride_b), b_type, ldb, beta,
                          const_cast<char*>(at(c, c_type, i * stride_c)), c_type, ldc, compute, algorithm);
    }
    return status;
}

Status stand_in_sgemm(Handle handle, int ta, int tb, int m, int n, int k, const float* alpha, const float* a,
                      int lda, const float* b, int ldb, const float* beta, float* c, int ldc)
    ENTRY(cublasSgemm_v2);
Status stand_in_sgemm(Handle handle, int ta, int tb, int m, int n, int k, const float* alpha, const float* a,
                      int lda, const float* b, int ldb, const float* beta, float* c, int ldc) {
    return stand_in_gemm(handle, ta, tb, m, n, k, alpha, a, CUDA_R_32F, lda, b, CUDA_R_32F, ldb, beta, c,
                         CUDA_R_32F, ldc, kCompute32F, -1);
}

}  // extern "C"
#pragma GCC visibility pop

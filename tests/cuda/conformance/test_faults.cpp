// SPDX-License-Identifier: Apache-2.0
// Faults to order: what a program sees when there is no device, the driver is old, memory runs out, or the
// device is lost. And the stand-in for cuBLAS.
#include <dlfcn.h>

#include <QTest>

#include "tests/cuda/conformance/api_kernels.h"
#include "tests/cuda/conformance/device_buffer.h"
#include "tests/cuda/cublas/abi.h"
#include "tests/cuda/emulator/machine_control.h"

using namespace tendril;
using conformance::DeviceBuffer;

#ifndef CUBLAS_STAND_IN
#define CUBLAS_STAND_IN ""
#endif

namespace {
constexpr int kCount = 100;
}  // namespace

class TestFaults : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { emulator::reset_machine(); }
    void cleanup() {
        emulator::forget_problems();
        emulator::print_problems(true);
        cudaGetLastError();
    }

    void hasNoDevice() {
        emulator::reset_machine({.devices = {}});
        int count = 7;
        QCOMPARE(cudaGetDeviceCount(&count), cudaErrorNoDevice);
        QCOMPARE(count, 0);
        void* p = nullptr;
        QCOMPARE(cudaMalloc(&p, 4), cudaErrorNoDevice);
        QCOMPARE(std::string(cudaGetErrorString(cudaErrorNoDevice)),
                 std::string("no CUDA-capable device is detected"));
        QCOMPARE(std::string(cudaGetErrorName(cudaErrorNoDevice)), std::string("cudaErrorNoDevice"));
    }

    void hasAnOldDriver() {
        emulator::MachineDescription machine;
        machine.driver_version = 12080;
        emulator::reset_machine(machine);
        int count = 7, version = 0;
        QCOMPARE(cudaGetDeviceCount(&count), cudaErrorInsufficientDriver);
        QCOMPARE(cudaDriverGetVersion(&version), cudaSuccess);
        QCOMPARE(version, 12080);
        cudaStream_t stream = nullptr;
        QCOMPARE(cudaStreamCreate(&stream), cudaErrorInsufficientDriver);
    }

    void runsOutOfMemory() {
        emulator::fail_allocation(2);
        void *a = nullptr, *b = nullptr;
        QCOMPARE(cudaMalloc(&a, 4), cudaSuccess);
        QCOMPARE(cudaMalloc(&b, 4), cudaErrorMemoryAllocation);
        QCOMPARE(cudaMallocAsync(&b, 4, nullptr), cudaSuccess);
        cudaFree(a);
        cudaFree(b);
    }

    void failsACall() {
        emulator::fail_call("cudaStreamSynchronize", 3, cudaErrorECCUncorrectable);
        QCOMPARE(cudaStreamSynchronize(nullptr), cudaSuccess);
        QCOMPARE(cudaStreamSynchronize(nullptr), cudaSuccess);
        QCOMPARE(cudaStreamSynchronize(nullptr), cudaErrorECCUncorrectable);
        QCOMPARE(cudaStreamSynchronize(nullptr), cudaSuccess);
        emulator::fail_call("cudaMemset", 1, cudaErrorUnknown, true);
        QCOMPARE(cudaMemset(nullptr, 0, 0), cudaErrorUnknown);
        QCOMPARE(cudaMemset(nullptr, 0, 0), cudaErrorUnknown);
        emulator::clear_faults();
        QCOMPARE(cudaMemset(nullptr, 0, 0), cudaSuccess);
        QCOMPARE(emulator::calls_of("cudaMemset"), uint64_t{3});
    }

    void losesTheDevice() {
        const DeviceBuffer<float> values(std::vector<float>(kCount, 1.0f)), add(std::vector<float>{1});
        emulator::lose_device(0, 2);
        QCOMPARE(conformance::scale(values.get(), 2, add.get(), kCount, nullptr), cudaSuccess);
        conformance::scale(values.get(), 2, add.get(), kCount, nullptr);
        QCOMPARE(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
        void* p = nullptr;
        QCOMPARE(cudaMalloc(&p, 4), cudaErrorLaunchFailure);
        QCOMPARE(cudaGetLastError(), cudaErrorLaunchFailure);
        QCOMPARE(cudaGetLastError(), cudaErrorLaunchFailure);  // sticky
        QCOMPARE(cudaDeviceReset(), cudaErrorLaunchFailure);
        int count = 0;
        QCOMPARE(cudaGetDeviceCount(&count), cudaSuccess);
    }

    void endsDeadlocks() {
        emulator::print_problems(false);
        conformance::hang(nullptr);
        QCOMPARE(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
        bool found = false;
        for (const emulator::Problem& problem : emulator::problems()) {
            found = found || problem.kind == "deadlock";
        }
        QVERIFY(found);
        QCOMPARE(cudaDeviceReset(), cudaSuccess);
        QCOMPARE(cudaDeviceSynchronize(), cudaSuccess);
    }

    void hasSeveralDevices() {
        emulator::MachineDescription machine;
        machine.devices.resize(3);
        machine.devices[1].memory = size_t{1} << 20;
        machine.devices[2].peers = false;
        emulator::reset_machine(machine);
        int count = 0, can = 7;
        QCOMPARE(cudaGetDeviceCount(&count), cudaSuccess);
        QCOMPARE(count, 3);
        QCOMPARE(cudaSetDevice(3), cudaErrorInvalidDevice);
        QCOMPARE(cudaDeviceCanAccessPeer(&can, 0, 1), cudaSuccess);
        QCOMPARE(can, 1);
        QCOMPARE(cudaDeviceCanAccessPeer(&can, 0, 2), cudaSuccess);
        QCOMPARE(can, 0);
        QCOMPARE(cudaDeviceEnablePeerAccess(2, 0), cudaErrorPeerAccessUnsupported);
        const DeviceBuffer<float> here(std::vector<float>(kCount, 3.0f));
        cudaStream_t stream_of_0 = nullptr;
        cudaStreamCreate(&stream_of_0);
        cudaSetDevice(1);
        void* p = nullptr;
        QCOMPARE(cudaMalloc(&p, size_t{2} << 20), cudaErrorMemoryAllocation);
        const DeviceBuffer<float> there(kCount);
        QCOMPARE(cudaMemcpyPeer(there.get(), 1, here.get(), 0, kCount * 4), cudaSuccess);
        QCOMPARE(there.values(), std::vector<float>(kCount, 3.0f));
        QCOMPARE(conformance::scale(there.get(), 1, there.get(), kCount, stream_of_0),
                 cudaErrorInvalidResourceHandle);
        cudaStreamDestroy(stream_of_0);
    }

    void reportsCallsForAnotherDevice() {
        emulator::MachineDescription two;
        two.devices.resize(2);
        emulator::reset_machine(two);
        emulator::print_problems(false);
        const DeviceBuffer<float> here(std::vector<float>(kCount, 3.0f));
        cudaStream_t stream = nullptr;
        cudaStreamCreate(&stream);
        std::vector<float> values(kCount);
        const auto read = [&] {
            return cudaMemcpyAsync(values.data(), here.get(), kCount * 4, cudaMemcpyDeviceToHost, stream);
        };
        cudaSetDevice(1);
        QCOMPARE(read(), cudaSuccess);  // as CUDA has it
        QCOMPARE(emulator::problem_report(), std::string());
        emulator::expect_own_device(true);
        QCOMPARE(read(), cudaSuccess);
        QVERIFY(emulator::problem_report().find("while device 1 is current") != std::string::npos);
        emulator::forget_problems();
        QCOMPARE(cudaMemcpy(values.data(), here.get(), kCount * 4, cudaMemcpyDeviceToHost), cudaSuccess);
        QVERIFY(emulator::problem_report().find("memory of device 0") != std::string::npos);
        emulator::forget_problems();
        cudaSetDevice(0);
        QCOMPARE(read(), cudaSuccess);
        QCOMPARE(emulator::problem_report(), std::string());
        emulator::expect_own_device(false);
        cudaStreamDestroy(stream);
    }

    /// A call that a program forgot; host memory that the system does not lend; a card that is fuller than it
    /// says.
    void skipsCallsAndKeepsMemoryBack() {
        emulator::MachineDescription poor;
        poor.pinned = 1000;
        poor.devices[0].hidden = poor.devices[0].memory - (size_t{1} << 20);
        emulator::reset_machine(poor);
        void *p = nullptr, *q = nullptr;
        QCOMPARE(cudaMallocHost(&p, 600), cudaSuccess);
        QCOMPARE(cudaMallocHost(&q, 600), cudaErrorMemoryAllocation);
        QCOMPARE(cudaFreeHost(p), cudaSuccess);
        QCOMPARE(cudaMallocHost(&q, 600), cudaSuccess);
        size_t free = 0, total = 0;
        QCOMPARE(cudaMemGetInfo(&free, &total), cudaSuccess);
        QCOMPARE(free, total);
        QCOMPARE(cudaMalloc(&p, size_t{2} << 20), cudaErrorMemoryAllocation);
        QCOMPARE(cudaMalloc(&p, size_t{1} << 19), cudaSuccess);
        emulator::skip_calls("cudaFree");
        QCOMPARE(cudaFree(p), cudaSuccess);
        QCOMPARE(emulator::live_objects().device_allocations, size_t{1});
        emulator::clear_faults();
        QCOMPARE(cudaFree(p), cudaSuccess);
        QCOMPARE(emulator::live_objects().device_allocations, size_t{0});
    }

    void standsInForCublas() {
        using namespace tendril::cublas;
        const char* const stand_in = CUBLAS_STAND_IN;
        if (*stand_in == '\0') {
            QSKIP("NOT RUN: built without the headers of cuBLAS");
        }
        void* library = dlopen(stand_in, RTLD_NOW | RTLD_LOCAL);
        QVERIFY2(library != nullptr, "the stand-in does not load");
        const auto create = reinterpret_cast<Status (*)(Handle*)>(dlsym(library, "cublasCreate_v2"));
        const auto destroy = reinterpret_cast<Status (*)(Handle)>(dlsym(library, "cublasDestroy_v2"));
        using GemmEx =
            Status (*)(Handle, int, int, int, int, int, const void*, const void*, cudaDataType, int,
                       const void*, cudaDataType, int, const void*, void*, cudaDataType, int, int, int);
        const auto gemm = reinterpret_cast<GemmEx>(dlsym(library, "cublasGemmEx"));
        QVERIFY(create != nullptr && destroy != nullptr && gemm != nullptr);
        Handle handle = nullptr;
        QCOMPARE(create(&handle), kSuccess);
        // Rows of 3: c (2 x 4, by columns) = a (2 x 3) * b (3 x 4), a given by rows, that is, transposed.
        const DeviceBuffer<float> a(std::vector<float>{1, 2, 3, 4, 5, 6});
        const DeviceBuffer<float> b(std::vector<float>{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1}), c(8);
        const float one = 1, zero = 0;
        const auto run = [&](int lda, cudaDataType type) {
            return gemm(handle, kTransposed, kNone, 2, 4, 3, &one, a.get(), type, lda, b.get(), type, 3,
                        &zero, c.get(), CUDA_R_32F, 2, kCompute32F, -1);
        };
        QCOMPARE(run(3, CUDA_R_32F), kSuccess);
        QCOMPARE(c.values(), (std::vector<float>{1, 4, 2, 5, 3, 6, 6, 15}));
        QCOMPARE(run(2, CUDA_R_32F), kInvalidValue);
        QCOMPARE(run(3, CUDA_R_64F), kNotSupported);
        QCOMPARE(emulator::problem_report(), std::string());
        QCOMPARE(destroy(handle), kSuccess);
        emulator::reset_machine({.devices = {}});
        QCOMPARE(create(&handle), kNotInitialized);
    }
};

QTEST_GUILESS_MAIN(TestFaults)
#include "test_faults.moc"

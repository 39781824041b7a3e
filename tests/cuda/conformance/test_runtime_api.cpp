// SPDX-License-Identifier: Apache-2.0
// The emulated runtime API: memory, streams, events, graphs, limits.
#include <numeric>

#include <QTest>

#include "tests/cuda/conformance/api_kernels.h"
#include "tests/cuda/conformance/device_buffer.h"
#include "tests/cuda/emulator/environment.h"
#include "tests/cuda/emulator/machine_control.h"

using namespace tendril;
using conformance::DeviceBuffer;

namespace {

constexpr int kCount = 100;

std::vector<float> ones() {
    return std::vector<float>(kCount, 1.0f);
}

cudaStream_t new_stream() {
    cudaStream_t stream = nullptr;
    cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
    return stream;
}

// Whether a problem of this kind was reported; all are forgotten.
bool reported(const std::string& kind) {
    bool found = false;
    for (const emulator::Problem& problem : emulator::problems()) {
        found = found || problem.kind == kind;
    }
    emulator::forget_problems();
    return found;
}

}  // namespace

class TestRuntimeApi : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() {
        settings_ = emulator::settings();
        emulator::reset_machine();
    }
    void cleanup() {
        QCOMPARE(emulator::problem_report(), std::string());
        const emulator::Live live = emulator::live_objects();
        QCOMPARE(live.device_allocations + live.pinned_allocations + live.streams + live.events + live.graphs,
                 size_t{0});
        emulator::settings() = settings_;
        emulator::print_problems(true);
    }

    void countsMemory() {
        emulator::MachineDescription machine;
        machine.devices[0].memory = size_t{64} << 20;
        machine.devices[0].used_by_others = size_t{16} << 20;
        emulator::reset_machine(machine);
        size_t free = 0, total = 0;
        QCOMPARE(cudaMemGetInfo(&free, &total), cudaSuccess);
        QCOMPARE(total, size_t{64} << 20);
        QCOMPARE(free, size_t{48} << 20);
        void *a = nullptr, *b = nullptr;
        QCOMPARE(cudaMalloc(&a, size_t{40} << 20), cudaSuccess);
        QCOMPARE(cudaMalloc(&b, size_t{9} << 20), cudaErrorMemoryAllocation);
        QVERIFY(b == nullptr);
        QCOMPARE(cudaGetLastError(), cudaErrorMemoryAllocation);
        QCOMPARE(cudaGetLastError(), cudaSuccess);
        QCOMPARE(cudaFree(a), cudaSuccess);
        QCOMPARE(cudaMalloc(&b, size_t{9} << 20), cudaSuccess);
        QCOMPARE(cudaFree(b), cudaSuccess);
        QCOMPARE(cudaFree(nullptr), cudaSuccess);
    }

    void knowsPointers() {
        const DeviceBuffer<float> device(4);
        void* pinned = nullptr;
        QCOMPARE(cudaHostAlloc(&pinned, 16, cudaHostAllocDefault), cudaSuccess);
        cudaPointerAttributes attributes{};
        QCOMPARE(cudaPointerGetAttributes(&attributes, device.get() + 2), cudaSuccess);
        QCOMPARE(attributes.type, cudaMemoryTypeDevice);
        QCOMPARE(cudaPointerGetAttributes(&attributes, pinned), cudaSuccess);
        QCOMPARE(attributes.type, cudaMemoryTypeHost);
        QCOMPARE(cudaPointerGetAttributes(&attributes, &attributes), cudaSuccess);
        QCOMPARE(attributes.type, cudaMemoryTypeUnregistered);
        QCOMPARE(cudaFreeHost(pinned), cudaSuccess);
    }

    void reportsWrongUseOfMemory() {
        emulator::print_problems(false);
        int host[4] = {};
        const DeviceBuffer<int> device(2);
        QCOMPARE(cudaFree(host), cudaErrorInvalidValue);
        QVERIFY(reported("host"));
        QCOMPARE(cudaMemcpy(device.get(), host, 16, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
        QVERIFY(reported("bounds"));
        QCOMPARE(cudaMemcpy(host, device.get(), 8, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
        QVERIFY(reported("host"));
        QCOMPARE(cudaMemset(host, 0, 4), cudaErrorInvalidValue);
        QVERIFY(reported("host"));
        void* p = nullptr;
        cudaMalloc(&p, 4);
        QCOMPARE(cudaFree(p), cudaSuccess);
        QCOMPARE(cudaFree(p), cudaErrorInvalidValue);
        QVERIFY(reported("host"));
    }

    void copiesRectangles() {
        std::vector<int> from(5 * 8), to(5 * 3);
        std::iota(from.begin(), from.end(), 0);
        const DeviceBuffer<int> device(5 * 4);
        QCOMPARE(cudaMemcpy2D(device.get(), 16, from.data(), 32, 12, 5, cudaMemcpyHostToDevice), cudaSuccess);
        QCOMPARE(cudaMemcpy2D(to.data(), 12, device.get(), 16, 12, 5, cudaMemcpyDeviceToHost), cudaSuccess);
        for (int i = 0; i < 15; ++i) {
            QCOMPARE(to[static_cast<size_t>(i)], i / 3 * 8 + i % 3);
        }
    }

    // Late streams: work is done when it is waited for, not before; events order streams; a query moves a
    // stream on.
    void doesWorkLate() {
        emulator::settings().streams = emulator::Streams::kLazy;
        float *source = nullptr, *target = nullptr;
        cudaMallocHost(reinterpret_cast<void**>(&source), 4);
        cudaMallocHost(reinterpret_cast<void**>(&target), 4);
        const DeviceBuffer<float> device(1);
        cudaStream_t first = new_stream(), second = new_stream();
        cudaEvent_t event = nullptr;
        cudaEventCreate(&event);
        *source = 1;
        *target = 0;
        cudaMemcpyAsync(device.get(), source, 4, cudaMemcpyHostToDevice, first);
        *source = 2;  // too early: a GPU may read this
        cudaEventRecord(event, first);
        cudaStreamWaitEvent(second, event, 0);
        cudaMemcpyAsync(target, device.get(), 4, cudaMemcpyDeviceToHost, second);
        QCOMPARE(*target, 0.0f);
        QCOMPARE(cudaEventQuery(event), cudaErrorNotReady);
        QCOMPARE(cudaStreamSynchronize(second), cudaSuccess);
        QCOMPARE(*target, 2.0f);
        QCOMPARE(cudaEventQuery(event), cudaSuccess);
        cudaMemsetAsync(device.get(), 0, 4, first);
        QCOMPARE(cudaStreamQuery(first), cudaErrorNotReady);
        QCOMPARE(cudaStreamQuery(first), cudaSuccess);
        cudaEventDestroy(event);
        cudaStreamDestroy(first);
        cudaStreamDestroy(second);
        cudaFreeHost(source);
        cudaFreeHost(target);
    }

    void readsOrdinaryMemoryAtTheCall() {
        emulator::settings().streams = emulator::Streams::kLazy;
        std::vector<float> values = ones();
        const DeviceBuffer<float> device(values.size());
        cudaStream_t stream = new_stream();
        cudaMemcpyAsync(device.get(), values.data(), values.size() * 4, cudaMemcpyHostToDevice, stream);
        values.assign(values.size(), 5);
        cudaStreamSynchronize(stream);
        QCOMPARE(device.values(), ones());
        cudaStreamDestroy(stream);
    }

    void ordersTheDefaultStream() {
        emulator::settings().streams = emulator::Streams::kLazy;
        const DeviceBuffer<float> device(ones()), add(std::vector<float>{1});
        cudaStream_t blocking = nullptr;
        cudaStreamCreate(&blocking);
        QCOMPARE(conformance::scale(device.get(), 3, add.get(), kCount, blocking), cudaSuccess);
        QCOMPARE(device.values()[0], 4.0f);  // cudaMemcpy, on the default stream, comes after it
        cudaStreamDestroy(blocking);
    }

    void replaysGraphs() {
        const DeviceBuffer<float> values(ones()), add(std::vector<float>{1});
        cudaStream_t stream = new_stream(), side = new_stream();
        cudaEvent_t fork = nullptr, join = nullptr;
        cudaEventCreateWithFlags(&fork, cudaEventDisableTiming);
        cudaEventCreateWithFlags(&join, cudaEventDisableTiming);
        const DeviceBuffer<float> others(ones());
        float factor = 2;
        QCOMPARE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
        cudaEventRecord(fork, stream);
        cudaStreamWaitEvent(side, fork, 0);
        conformance::scale(values.get(), factor, add.get(), kCount, stream);
        conformance::scale(others.get(), 3, add.get(), kCount, side);
        factor = 100;  // the graph keeps the 2
        cudaEventRecord(join, side);
        cudaStreamWaitEvent(stream, join, 0);
        cudaStreamCaptureStatus status{};
        cudaStreamIsCapturing(side, &status);
        QCOMPARE(status, cudaStreamCaptureStatusActive);
        cudaGraph_t graph = nullptr;
        QCOMPARE(cudaStreamEndCapture(stream, &graph), cudaSuccess);
        QCOMPARE(values.values(), ones());  // captured, not run
        size_t nodes = 0;
        QCOMPARE(cudaGraphGetNodes(graph, nullptr, &nodes), cudaSuccess);
        QCOMPARE(nodes, size_t{2});
        cudaGraphExec_t program = nullptr;
        QCOMPARE(cudaGraphInstantiate(&program, graph, 0), cudaSuccess);
        const uint64_t launches = emulator::counters().launches;
        for (int i = 0; i < 3; ++i) {
            QCOMPARE(cudaGraphLaunch(program, stream), cudaSuccess);
        }
        QCOMPARE(cudaStreamSynchronize(stream), cudaSuccess);
        QCOMPARE(emulator::counters().launches, launches + 6);
        QCOMPARE(values.values()[kCount - 1], 15.0f);
        QCOMPARE(others.values()[0], 40.0f);
        QCOMPARE(cudaGraphExecUpdate(program, graph, nullptr), cudaSuccess);
        cudaGraphExecDestroy(program);
        cudaGraphDestroy(graph);
        cudaEventDestroy(fork);
        cudaEventDestroy(join);
        cudaStreamDestroy(stream);
        cudaStreamDestroy(side);
    }

    void refusesWrongCaptures() {
        const DeviceBuffer<float> values(ones()), add(std::vector<float>{1});
        cudaStream_t stream = new_stream(), side = new_stream();
        cudaEvent_t event = nullptr;
        cudaEventCreate(&event);
        cudaGraph_t graph = nullptr;
        QCOMPARE(cudaStreamEndCapture(stream, &graph), cudaErrorIllegalState);
        QCOMPARE(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal),
                 cudaErrorStreamCaptureUnsupported);

        cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
        QCOMPARE(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);
        QCOMPARE(conformance::scale(values.get(), 2, add.get(), kCount, stream),
                 cudaErrorStreamCaptureInvalidated);
        QCOMPARE(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
        QVERIFY(graph == nullptr);

        cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);  // a fork that is never joined
        cudaEventRecord(event, stream);
        cudaStreamWaitEvent(side, event, 0);
        conformance::scale(values.get(), 2, add.get(), kCount, side);
        QCOMPARE(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureUnjoined);

        cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
        void* p = nullptr;
        QCOMPARE(cudaMalloc(&p, 4), cudaErrorStreamCaptureUnsupported);
        QCOMPARE(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
        cudaGetLastError();
        cudaEventDestroy(event);
        cudaStreamDestroy(stream);
        cudaStreamDestroy(side);
        QCOMPARE(values.values(), ones());
    }

    void runsHostFunctionsInOrder() {
        cudaStream_t stream = new_stream();
        std::vector<int> order;
        const auto note = [](void* list) { static_cast<std::vector<int>*>(list)->push_back(1); };
        QCOMPARE(cudaLaunchHostFunc(stream, note, &order), cudaSuccess);
        QCOMPARE(cudaStreamSynchronize(stream), cudaSuccess);
        QCOMPARE(order.size(), size_t{1});
        cudaStreamDestroy(stream);
    }

    void timesEvents() {
        cudaEvent_t start = nullptr, end = nullptr;
        cudaEventCreate(&start);
        cudaEventCreate(&end);
        cudaEventRecord(start, nullptr);
        cudaEventRecord(end, nullptr);
        QCOMPARE(cudaEventSynchronize(end), cudaSuccess);
        float ms = -1;
        QCOMPARE(cudaEventElapsedTime(&ms, start, end), cudaSuccess);
        QVERIFY(ms >= 0);
        cudaEventDestroy(start);
        cudaEventDestroy(end);
    }

    void launchesByFunctionPointer() {
        const DeviceBuffer<float> values(ones()), add(std::vector<float>{1});
        QCOMPARE(conformance::scale(values.get(), 2, add.get(), kCount, nullptr), cudaSuccess);
        float *p = values.get(), factor = 5;
        const float* q = add.get();
        int n = kCount;
        void* arguments[] = {&p, &factor, &q, &n};
        QCOMPARE(
            cudaLaunchKernel(conformance::scale_kernel_address(), dim3(2), dim3(64), arguments, 0, nullptr),
            cudaSuccess);
        QCOMPARE(values.values()[7], 16.0f);
    }

    void keepsLimits_data() {
        QTest::addColumn<int>("arch");
        QTest::addColumn<int>("kilobytes");
        QTest::newRow("sm_75") << 750 << 64;
        QTest::newRow("sm_80") << 800 << 163;
        QTest::newRow("sm_86") << 860 << 99;
        QTest::newRow("sm_89") << 890 << 99;
        QTest::newRow("sm_90") << 900 << 227;
        QTest::newRow("sm_120") << 1200 << 99;
    }
    void keepsLimits() {
        QFETCH(int, arch);
        QFETCH(int, kilobytes);
        emulator::MachineDescription machine;
        machine.devices[0].arch = arch;
        emulator::reset_machine(machine);
        cudaDeviceProp properties{};
        QCOMPARE(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
        QCOMPARE(properties.major * 100 + properties.minor * 10, arch);
        QCOMPARE(properties.sharedMemPerBlockOptin, static_cast<size_t>(kilobytes) * 1024);
        int value = 0;
        QCOMPARE(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), cudaSuccess);
        QCOMPARE(value, kilobytes * 1024);
        QCOMPARE(conformance::use_shared(properties.sharedMemPerBlockOptin, 1, false, nullptr), cudaSuccess);
        QCOMPARE(conformance::use_shared(properties.sharedMemPerBlockOptin + 1, 1, false, nullptr),
                 cudaErrorInvalidValue);
        QCOMPARE(conformance::use_shared(16384, 100000, true, nullptr), cudaErrorCooperativeLaunchTooLarge);
        cudaGetLastError();
    }

    void readsTheEnvironment() {
        std::string error;
        const emulator::Environment e = emulator::parse_environment(
            "schedule=random,seed=7,workers=3,streams=lazy,tier=ptx,arch=90,devices=2,memory=100,driver="
            "12080,nonsense,seed=x",
            error);
        QCOMPARE(error, std::string("nonsense, seed=x"));
        QCOMPARE(e.settings.schedule, emulator::Schedule::kRandom);
        QCOMPARE(e.settings.seed, 7u);
        QCOMPARE(e.settings.ptx_arch, 900);
        QCOMPARE(e.machine.devices.size(), size_t{2});
        QCOMPARE(e.machine.devices[1].memory, size_t{100} << 20);
        QCOMPARE(e.machine.driver_version, 12080);
    }

  private:
    emulator::Settings settings_;
};

QTEST_GUILESS_MAIN(TestRuntimeApi)
#include "test_runtime_api.moc"

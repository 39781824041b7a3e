// SPDX-License-Identifier: Apache-2.0
// The machine's set-up, its faults, and the frame around every call.
#include "tests/cuda/emulator/api/machine.h"

#include <algorithm>
#include <array>
#include <optional>

#include "tests/cuda/emulator/api/host_access.h"
#include "tests/cuda/emulator/environment.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

namespace {
constexpr size_t kKiB = 1024;
constexpr int kRuntimeVersion = CUDART_VERSION;

// Never destroyed: what ends with the program may still call the API.
std::unique_ptr<Machine>& the_machine() {
    static auto& machine = *new std::unique_ptr<Machine>(std::make_unique<Machine>(environment().machine));
    return machine;
}
}  // namespace

const ArchLimits& limits_of(int arch) {
    static constexpr std::array<ArchLimits, 6> kLimits{{{750, 64 * kKiB, 64 * kKiB, 1024, 16},
                                                        {800, 164 * kKiB, 163 * kKiB, 2048, 32},
                                                        {860, 100 * kKiB, 99 * kKiB, 1536, 16},
                                                        {890, 100 * kKiB, 99 * kKiB, 1536, 24},
                                                        {900, 228 * kKiB, 227 * kKiB, 2048, 32},
                                                        {1200, 100 * kKiB, 99 * kKiB, 1536, 24}}};
    const auto* found =
        std::find_if(kLimits.begin(), kLimits.end(), [&](const ArchLimits& l) { return l.arch == arch; });
    return found == kLimits.end() ? kLimits[1] : *found;
}

Machine::Machine(const MachineDescription& description)
    : driver_version(description.driver_version),
      pinned(description.pinned),
      memory(description.devices.size()) {
    for (const DeviceDescription& device : description.devices) {
        devices.push_back(std::make_unique<Device>());
        devices.back()->description = device;
        devices.back()->default_stream.device = static_cast<int>(devices.size()) - 1;
        devices.back()->default_stream.is_default = true;
    }
}

Device& Machine::current() {
    const auto number = static_cast<size_t>(current_device());
    return *devices[number < devices.size() ? number : 0];
}

CUstream_st* Machine::stream(cudaStream_t handle) {
    if (handle == nullptr || handle == cudaStreamLegacy) {
        return &current().default_stream;
    }
    if (!streams.contains(handle)) {
        return nullptr;
    }
    if (own_devices && handle->device != current_device()) {
        report("device", "a call on a stream of device " + std::to_string(handle->device) + " while device " +
                             std::to_string(current_device()) + " is current");
    }
    return handle;
}

void Machine::expect_own(const CUstream_st& stream, const void* p) const {
    const Allocation* const allocation = own_devices ? memory.find(p) : nullptr;
    if (allocation != nullptr && allocation->place == Place::kDevice && allocation->device != stream.device) {
        report("device", "a copy on a stream of device " + std::to_string(stream.device) +
                             " of memory of device " + std::to_string(allocation->device));
    }
}

Machine& machine() {
    return *the_machine();
}

int& current_device() {
    thread_local int device = 0;
    return device;
}

cudaError_t& last_error() {
    thread_local cudaError_t error = cudaSuccess;
    return error;
}

namespace {

// Nothing: the call is done.
std::optional<cudaError_t> injected(Machine& m, const char* function) {
    ++m.calls[function];
    const auto fault = m.faults.find(function);
    if (fault == m.faults.end()) {
        return std::nullopt;
    }
    if (fault->second.skip) {
        return cudaSuccess;
    }
    if (--fault->second.remaining > 0) {
        return std::nullopt;
    }
    const cudaError_t error = fault->second.error;
    if (!fault->second.always) {
        m.faults.erase(fault);
    }
    return error;
}

cudaError_t keep(cudaError_t error) {
    if (error != cudaSuccess && error != cudaErrorNotReady) {
        last_error() = error;
    }
    return error;
}

}  // namespace

cudaError_t api_query(const char* function, const std::function<cudaError_t(Machine&)>& body) {
    if (Worker::running() != nullptr) {
        report("host", std::string(function) + " is called inside a kernel");
        return cudaErrorNotPermitted;
    }
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    const std::optional<cudaError_t> instead = injected(m, function);
    return keep(instead ? *instead : body(m));
}

cudaError_t api_call(const char* function, const std::function<cudaError_t(Machine&)>& body) {
    return api_query(function, [&](Machine& m) {
        if (m.driver_version < kRuntimeVersion / 1000 * 1000) {
            return cudaErrorInsufficientDriver;
        }
        if (m.devices.empty()) {
            return cudaErrorNoDevice;
        }
        const cudaError_t error = m.current().error;
        return error == cudaSuccess ? body(m) : error;
    });
}

OpenMemory::OpenMemory(Machine& m) : machine_(m) {
    if (machine_.open++ == 0 && machine_.closed) {
        machine_.memory.open(true);
        machine_.closed = false;
    }
}

OpenMemory::~OpenMemory() {
    if (--machine_.open == 0 && settings().protect_device_memory) {
        explain_host_access();
        machine_.memory.open(false);
        machine_.closed = true;
    }
}

void reset_machine(const MachineDescription& description) {
    for (cudaStream_t stream : machine().streams) {
        delete stream;
    }
    for (cudaEvent_t event : machine().events) {
        delete event;
    }
    for (cudaGraph_t graph : machine().graphs) {
        delete graph;
    }
    for (cudaGraphExec_t program : machine().graph_programs) {
        delete program;
    }
    const bool own_devices = machine().own_devices;
    the_machine() = nullptr;
    forget_operations();
    the_machine() = std::make_unique<Machine>(description);
    the_machine()->own_devices = own_devices;
    current_device() = 0;
    last_error() = cudaSuccess;
}

void fail_call(std::string_view function, int nth, cudaError_t error, bool always) {
    const std::lock_guard lock(machine().mutex);
    machine().faults.insert_or_assign(std::string(function), CallFault{nth, error, always});
}

void skip_calls(std::string_view function) {
    const std::lock_guard lock(machine().mutex);
    machine().faults.insert_or_assign(std::string(function), CallFault{0, cudaSuccess, true, true});
}

void expect_own_device(bool on) {
    machine().own_devices = on;
}

void fail_allocation(int nth, bool always) {
    const std::lock_guard lock(machine().mutex);
    machine().allocation_fault = {nth, cudaErrorMemoryAllocation, always};
}

void lose_device(int device, int nth_launch, cudaError_t error) {
    const std::lock_guard lock(machine().mutex);
    Device& lost = *machine().devices.at(static_cast<size_t>(device));
    lost.launches_until_lost = nth_launch;
    lost.lost_error = error;
}

void clear_faults() {
    const std::lock_guard lock(machine().mutex);
    machine().faults.clear();
    machine().allocation_fault = {0, cudaSuccess, false};
    for (const auto& device : machine().devices) {
        device->launches_until_lost = 0;
    }
}

Live live_objects() {
    const std::lock_guard lock(machine().mutex);
    Machine& m = machine();
    Live live{m.memory.live_count(Place::kDevice),
              0,
              m.memory.live_count(Place::kPinned),
              m.streams.size(),
              m.events.size(),
              m.graphs.size() + m.graph_programs.size()};
    for (size_t i = 0; i < m.devices.size(); ++i) {
        live.device_bytes += m.memory.live_bytes(static_cast<int>(i));
    }
    return live;
}

uint64_t calls_of(std::string_view function) {
    const std::lock_guard lock(machine().mutex);
    const auto entry = machine().calls.find(function);
    return entry == machine().calls.end() ? 0 : entry->second;
}

}  // namespace tendril::emulator

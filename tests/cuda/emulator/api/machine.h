// SPDX-License-Identifier: Apache-2.0
// The state behind the runtime API. One lock serves all of it: calls of several host threads take turns.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "tests/cuda/emulator/api/memory_map.h"
#include "tests/cuda/emulator/api/stream.h"
#include "tests/cuda/emulator/block.h"
#include "tests/cuda/emulator/machine_control.h"

namespace tendril::emulator {

// The limits of a device that follow from its architecture.
struct ArchLimits {
    int arch;
    size_t shared_per_processor, shared_per_block;  // the latter on request; 48 KiB without
    int threads_per_processor, blocks_per_processor;
};
const ArchLimits& limits_of(int arch);

struct Device {
    DeviceDescription description;
    cudaError_t error = cudaSuccess;  // sticky: every call on this device returns it
    bool lost = false;                // for good
    int launches_until_lost = 0;      // 0: never
    cudaError_t lost_error = cudaSuccess;
    std::set<int> peers;  // devices whose memory it may use
    CUstream_st default_stream;
};

struct CallFault {
    int remaining;
    cudaError_t error;
    bool always;
    bool skip = false;
};

struct Machine {
    explicit Machine(const MachineDescription&);

    std::recursive_mutex mutex;
    int driver_version;
    size_t pinned;
    std::vector<std::unique_ptr<Device>> devices;
    MemoryMap memory;
    std::set<cudaStream_t> streams;  // made by the program; default streams are not in it
    std::set<cudaEvent_t> events;
    std::set<cudaGraph_t> graphs;
    std::set<cudaGraphExec_t> graph_programs;
    std::map<std::string, CallFault, std::less<>> faults;
    std::map<std::string, uint64_t, std::less<>> calls;
    CallFault allocation_fault{0, cudaSuccess, false};
    std::map<const void*, KernelSignature> kernels;        // that were launched through port.h
    std::map<const void*, size_t> dynamic_shared_allowed;  // by cudaFuncSetAttribute
    bool own_devices = false;                              // see expect_own_device
    unsigned open = 0;                                     // how many need device memory to be accessible now
    bool closed = false;                                   // it is not accessible at all
    uint64_t random = 1;

    Device& current();
    // Reports memory of another device than the stream's, where a test wants none.
    void expect_own(const CUstream_st&, const void*) const;
    CUstream_st* stream(cudaStream_t);  // the current device's default stream for null; null if unknown
};

Machine& machine();
int& current_device();      // of the calling thread
cudaError_t& last_error();  // of the calling thread

// Runs one function of the API: takes the lock, counts the call, applies faults, keeps the error.
cudaError_t api_call(const char* function, const std::function<cudaError_t(Machine&)>& body);
// The same for functions that work on a lost device or without any.
cudaError_t api_query(const char* function, const std::function<cudaError_t(Machine&)>& body);

// Device memory may be touched while one of these lives.
class OpenMemory {
  public:
    explicit OpenMemory(Machine&);
    ~OpenMemory();
    OpenMemory(const OpenMemory&) = delete;
    OpenMemory& operator=(const OpenMemory&) = delete;

  private:
    Machine& machine_;
};

// Streams (streams.cpp). `work` is run with the machine's lock held.
cudaError_t enqueue(Machine&, CUstream_st&, Work, bool is_kernel = false);
void run_until(Machine&, CUstream_st&, uint64_t operations);
void run_all(Machine&, int device);
// The default stream comes after all that blocking streams of its device were given, and they after it.
void wait_for_default_order(Machine&, CUstream_st&);
// The error of a call that may not be made while a stream is captured (by this thread, or at all: as the
// capture's mode says); the capture becomes invalid.
cudaError_t refuse_in_capture(Machine&);

}  // namespace tendril::emulator

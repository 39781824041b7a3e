// SPDX-License-Identifier: Apache-2.0
// The emulated machine as a test sets it up: its devices, its driver, and the faults to come. From the host's
// threads, outside kernels.
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cuda/emulator/control.h"

namespace tendril::emulator {

struct DeviceDescription {
    std::string name = "Emulated GPU";
    int arch = 800;                   // 750, 800, 860, 890, 900, 1200: limits follow from it
    size_t memory = size_t{8} << 30;  // bytes in all
    size_t used_by_others = 0;        // of them not free to us
    size_t hidden = 0;                // not free either, though cudaMemGetInfo says so
    int processors = 4;               // streaming multiprocessors
    bool peers = true;                // may read and write the other devices' memory
};

struct MachineDescription {
    std::vector<DeviceDescription> devices = {DeviceDescription{}};  // empty: cudaErrorNoDevice
    int driver_version = 13000;  // below 13000: cudaErrorInsufficientDriver; 0: there is no driver
    size_t pinned = SIZE_MAX;    // bytes of host memory that the system lets the program lock, in all
};

// Starts afresh: no allocation, stream, error, or fault is left; pointers into the old machine are invalid.
TENDRIL_EMULATOR_API void reset_machine(const MachineDescription& = {});

// The nth call from now (1: the next) of this function ("cudaMalloc") fails so, and does nothing. With
// `always`, so do all later ones.
TENDRIL_EMULATOR_API void fail_call(std::string_view function, int nth, cudaError_t error,
                                    bool always = false);
// All calls of this function from now on do nothing and say that they succeeded, as in a program that forgot
// them.
TENDRIL_EMULATOR_API void skip_calls(std::string_view function);
// From now on, in later machines too, a call on a stream while another device is current, and a copy of
// another device's memory, are reported as "device", though CUDA allows them.
TENDRIL_EMULATOR_API void expect_own_device(bool);
// The nth allocation of device memory from now fails for want of memory, by whichever function.
TENDRIL_EMULATOR_API void fail_allocation(int nth, bool always = false);
// The nth kernel from now on this device does not run: the device is lost, and all later calls on it return
// this error.
TENDRIL_EMULATOR_API void lose_device(int device, int nth_launch, cudaError_t error = cudaErrorLaunchFailure);
TENDRIL_EMULATOR_API void clear_faults();

struct Live {
    size_t device_allocations = 0, device_bytes = 0, pinned_allocations = 0, streams = 0, events = 0,
           graphs = 0;
};
TENDRIL_EMULATOR_API Live live_objects();  // what has been made and not destroyed: for tests of leaks
// How often a function of the API was called since the machine was set up.
TENDRIL_EMULATOR_API uint64_t calls_of(std::string_view function);

}  // namespace tendril::emulator

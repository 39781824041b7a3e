// SPDX-License-Identifier: Apache-2.0
// The emulator as kernels see it: engine/backend/cuda/port.h includes this when TENDRIL_CUDA_EMULATED is
// defined. A kernel is an ordinary function that runs on one fiber per CUDA thread.
#pragma once

#if !defined(TENDRIL_ARCH)
#if defined(TENDRIL_EMULATED_ARCH)
#define TENDRIL_ARCH TENDRIL_EMULATED_ARCH
#else
#define TENDRIL_ARCH 800
#endif
#endif

#undef __launch_bounds__
#define __launch_bounds__(...)

// Kernels are found by their names when their compiled code is run instead (ptx/), so they are visible.
#define TENDRIL_KERNEL __attribute__((visibility("default"))) void
#define TENDRIL_DEVICE inline
#define TENDRIL_CONSTANT static const
#define TENDRIL_SHARED(type, name, dims) \
    using name##_array = type dims;      \
    name##_array& name = ::tendril::emulator::shared_array_here<name##_array>([] {}, #name)
#define TENDRIL_DYNAMIC_SHARED(type, name) \
    type* name = static_cast<type*>(::tendril::emulator::dynamic_shared())

// IWYU pragma: begin_exports
#include "tests/cuda/emulator/device_arithmetic.h"
#include "tests/cuda/emulator/device_atomics.h"
#include "tests/cuda/emulator/device_port.h"
#include "tests/cuda/emulator/device_warp.h"
#include "tests/cuda/emulator/launch.h"
#include "tests/cuda/emulator/runtime.h"
// IWYU pragma: end_exports

namespace tendril::emulator {

// The closure type is the declaration's own, so each declaration (and each instance of a template) has its
// own key.
template <class Array, class Tag>
inline Array& shared_array_here(Tag, const char* name) {
    static char key;
    constexpr size_t kAlignment = alignof(Array) < 16 ? 16 : alignof(Array);
    return *static_cast<Array*>(shared_array(&key, sizeof(Array), kAlignment, name));
}

}  // namespace tendril::emulator

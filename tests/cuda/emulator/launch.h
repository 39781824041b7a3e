// SPDX-License-Identifier: Apache-2.0
// Launches as port.h promises them, in the emulator: the arguments are converted to the kernel's types, their
// bytes are copied, and the call goes to the stream.
#pragma once

#include <array>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tests/cuda/emulator/runtime.h"

namespace tendril::emulator {

template <class... P>
struct KernelCall {
    template <size_t... I>
    static void call_with(const void* kernel, const void* const* arguments, std::index_sequence<I...>) {
        reinterpret_cast<void (*)(P...)>(const_cast<void*>(kernel))(*static_cast<const P*>(arguments[I])...);
    }
    static void call(const void* kernel, const void* const* arguments) {
        call_with(kernel, arguments, std::index_sequence_for<P...>{});
    }
    static constexpr std::array<size_t, sizeof...(P) + 1> kBytes{sizeof(P)..., 0};
    static constexpr KernelSignature kSignature{&call, kBytes.data(), sizeof...(P)};
};

template <class... P, class... A>
inline cudaError_t launch(bool cooperative, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes,
                          cudaStream_t stream, A&&... args) {
    static_assert((std::is_trivially_copyable_v<P> && ...), "a kernel's arguments are copied byte by byte");
    const std::tuple<P...> values(static_cast<P>(args)...);
    return std::apply(
        [&](const P&... value) {
            const std::array<const void*, sizeof...(P) + 1> pointers{static_cast<const void*>(&value)...,
                                                                     nullptr};
            return enqueue_kernel(reinterpret_cast<const void*>(kernel), KernelCall<P...>::kSignature, grid,
                                  block, shared_bytes, stream, cooperative, pointers.data());
        },
        values);
}

}  // namespace tendril::emulator

namespace tendril::cuda {

template <class... P, class... A>
inline cudaError_t launch(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes,
                          cudaStream_t stream, A&&... args) {
    return emulator::launch(false, kernel, grid, block, shared_bytes, stream, args...);
}
template <class... P, class... A>
inline cudaError_t launch_cooperative(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes,
                                      cudaStream_t stream, A&&... args) {
    return emulator::launch(true, kernel, grid, block, shared_bytes, stream, args...);
}

}  // namespace tendril::cuda

// SPDX-License-Identifier: Apache-2.0
// Errors' names and texts, and the calling thread's last error. The texts are the runtime's own words for the
// errors that the emulator gives or is told to give.
#include <algorithm>
#include <array>

#include "tests/cuda/emulator/api/machine.h"

namespace tendril::emulator {

namespace {

struct ErrorWords {
    cudaError_t error;
    const char *name, *text;
};
#define WORDS(error, text) \
    { error, #error, text }
constexpr std::array kWords = std::to_array<ErrorWords>({
    WORDS(cudaSuccess, "no error"),
    WORDS(cudaErrorInvalidValue, "invalid argument"),
    WORDS(cudaErrorMemoryAllocation, "out of memory"),
    WORDS(cudaErrorInitializationError, "initialization error"),
    WORDS(cudaErrorCudartUnloading, "driver shutting down"),
    WORDS(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    WORDS(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    WORDS(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version"),
    WORDS(cudaErrorDevicesUnavailable, "CUDA-capable device(s) is/are busy or unavailable"),
    WORDS(cudaErrorInvalidDeviceFunction, "invalid device function"),
    WORDS(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    WORDS(cudaErrorInvalidDevice, "invalid device ordinal"),
    WORDS(cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device"),
    WORDS(cudaErrorECCUncorrectable, "uncorrectable ECC error encountered"),
    WORDS(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    WORDS(cudaErrorIllegalState, "the operation cannot be performed in the present state"),
    WORDS(cudaErrorNotReady, "device not ready"),
    WORDS(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    WORDS(cudaErrorLaunchOutOfResources, "too many resources requested for launch"),
    WORDS(cudaErrorLaunchTimeout, "the launch timed out and was terminated"),
    WORDS(cudaErrorPeerAccessUnsupported, "peer access is not supported between these two devices"),
    WORDS(cudaErrorPeerAccessAlreadyEnabled, "peer access is already enabled"),
    WORDS(cudaErrorPeerAccessNotEnabled, "peer access has not been enabled"),
    WORDS(cudaErrorHostMemoryAlreadyRegistered,
          "part or all of the requested memory range is already mapped"),
    WORDS(cudaErrorHostMemoryNotRegistered, "pointer does not correspond to a registered memory region"),
    WORDS(cudaErrorHardwareStackError, "hardware stack error"),
    WORDS(cudaErrorMisalignedAddress, "misaligned address"),
    WORDS(cudaErrorLaunchFailure, "unspecified launch failure"),
    WORDS(cudaErrorCooperativeLaunchTooLarge, "too many blocks in cooperative launch"),
    WORDS(cudaErrorNotPermitted, "operation not permitted"),
    WORDS(cudaErrorNotSupported, "operation not supported"),
    WORDS(cudaErrorSystemNotReady, "system not yet initialized"),
    WORDS(cudaErrorSystemDriverMismatch, "system has unsupported display driver / cuda driver combination"),
    WORDS(cudaErrorStreamCaptureUnsupported, "operation not permitted when stream is capturing"),
    WORDS(cudaErrorStreamCaptureInvalidated, "operation failed due to a previous error during capture"),
    WORDS(cudaErrorStreamCaptureUnmatched, "capture was not initiated in this stream"),
    WORDS(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work"),
    WORDS(cudaErrorStreamCaptureIsolation, "dependency created on uncaptured work in another stream"),
    WORDS(cudaErrorCapturedEvent, "operation not permitted on an event last recorded in a capturing stream"),
    WORDS(cudaErrorGraphExecUpdateFailure,
          "the graph update was not performed because it included changes which "
          "violated constraints specific to instantiated graph update"),
    WORDS(cudaErrorUnknown, "unknown error"),
});
#undef WORDS

const ErrorWords* find(cudaError_t error) {
    const auto* words =
        std::find_if(kWords.begin(), kWords.end(), [=](const ErrorWords& w) { return w.error == error; });
    return words == kWords.end() ? nullptr : words;
}

}  // namespace

}  // namespace tendril::emulator

using namespace tendril::emulator;

#pragma GCC visibility push(default)
extern "C" {

const char* CUDARTAPI cudaGetErrorString(cudaError_t error) {
    const ErrorWords* words = find(error);
    return words == nullptr ? "unrecognized error code" : words->text;
}
const char* CUDARTAPI cudaGetErrorName(cudaError_t error) {
    const ErrorWords* words = find(error);
    return words == nullptr ? "unrecognized error code" : words->name;
}
// A sticky error stays.
cudaError_t CUDARTAPI cudaGetLastError() {
    const cudaError_t error = last_error();
    const Machine& m = machine();
    const auto device = static_cast<size_t>(current_device());
    last_error() = device < m.devices.size() ? m.devices[device]->error : cudaSuccess;
    return error;
}
cudaError_t CUDARTAPI cudaPeekAtLastError() {
    return last_error();
}

}  // extern "C"
#pragma GCC visibility pop

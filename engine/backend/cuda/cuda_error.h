// SPDX-License-Identifier: Apache-2.0
// Errors of the CUDA runtime as values: a sentence for a person, CUDA's own name for the log. Any thread.
#pragma once

#include <driver_types.h>

#include <string>

#include "engine/result.h"

namespace tendril::cuda {

/// `doing` ends the sentence "The graphics card failed while ...": "reading the weights".
Error error_of(cudaError_t code, const std::string& doing);
Status check(cudaError_t code, const std::string& doing);

}  // namespace tendril::cuda

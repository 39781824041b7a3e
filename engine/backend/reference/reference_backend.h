// SPDX-License-Identifier: Apache-2.0
// The oracle: every op of backend.h in plain C++, written to be read, on the calling thread. Sums are kept in
// double, weights are dequantised from the file's bytes at each use, keys and values are rounded as in every
// backend.
#pragma once

#include <memory>

#include "engine/backend/backend.h"

namespace tendril::engine {

std::unique_ptr<Backend> make_reference_backend();

}  // namespace tendril::engine

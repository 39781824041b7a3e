// SPDX-License-Identifier: Apache-2.0
// One backend over several: each has some of a model's consecutive layers, with their weights and the pages
// of their keys and values; a step's rows go from part to part by download and upload. A caller sees one
// backend and says which layer it is at (WeightSource::layer, HeadProjection::layer,
// AttentionSettings::layer). Results are those of the parts: a layer's bits are its part's. Engine thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/backend/backend.h"

namespace tendril::engine {

struct SplitPart {
    std::unique_ptr<Backend> backend;
    std::size_t layers = 0;  ///< 0: only what comes before the first layer, as first part
};

/// Of at least one part; the parts' layers follow each other. What comes before the first layer lies on the
/// first part, what comes behind the last one on the last part.
std::unique_ptr<Backend> make_split_backend(std::vector<SplitPart> parts);

}  // namespace tendril::engine

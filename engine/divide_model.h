// SPDX-License-Identifier: Apache-2.0
// For a model that one graphics card has no room for: its layers over more cards, and over the CPU. At load,
// on the engine thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "engine/model/memory_plan.h"
#include "engine/runtime.h"

namespace tendril::engine {

/// What cards turned out to give, by their numbers; less than they say is free.
using CardRooms = std::map<int, std::uint64_t>;
/// As the card says it now, and no more than it turned out to give.
std::uint64_t free_of(const Backend& card, const CardRooms& rooms);

struct DividedModel {
    std::unique_ptr<Backend> backend;
    MemoryPlan plan;
    std::string note;  ///< a sentence: who computes which layers
};

/// `card` is the card with the most room; further ones and the CPU's backend come from `factory`. By free
/// memory as the devices say it now. Error: nothing is gained by dividing it.
Result<DividedModel> divide_model(const GgufFile& file, const ModelConfig& config, const LoadOptions& options,
                                  std::unique_ptr<Backend> card, const CardRooms& rooms,
                                  const BackendFactory& factory);

}  // namespace tendril::engine

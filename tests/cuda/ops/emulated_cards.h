// SPDX-License-Identifier: Apache-2.0
// Machines with emulated graphics cards, and what tests of whole answers ask there.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "tests/cuda/emulator/machine_control.h"

namespace tendril::test {

/// A card for each number of free megabytes.
inline emulator::MachineDescription machine(std::vector<std::size_t> free_megabytes = {4096}) {
    emulator::MachineDescription out;
    out.devices.clear();
    for (const std::size_t megabytes : free_megabytes) {
        emulator::DeviceDescription device;
        device.name = "Emulated " + std::to_string(megabytes);
        device.used_by_others = device.memory - (megabytes << 20);
        out.devices.push_back(device);
    }
    return out;
}

/// The most likely tokens.
inline engine::GenerateRequest request(std::vector<engine::TokenId> prompt, std::uint32_t tokens) {
    engine::GenerateRequest made;
    made.prompt = std::move(prompt);
    made.max_tokens = tokens;
    made.sampler.temperature = 0.0F;
    return made;
}

}  // namespace tendril::test

// SPDX-License-Identifier: Apache-2.0
// Reads the committed references (see reference_file.py for the format). Pure.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/types.h"

namespace tendril::test {

struct Reference {
    struct Position {
        float logprob = 0;                                    ///< of the token that follows
        std::vector<std::pair<engine::TokenId, float>> best;  ///< log-probabilities, the most probable first
    };
    std::vector<engine::TokenId> tokens;
    std::vector<Position> positions;                        // [tokens - 1]
    std::vector<std::pair<engine::TokenId, float>> greedy;  // token, margin to the second
    std::size_t greedy_prompt = 0;
};

inline std::optional<Reference> read_reference(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    std::size_t at = 4;
    bool complete = bytes.substr(0, 4) == "TLR1";
    const auto read = [&]<typename T>(T& value) {
        complete = complete && at + sizeof value <= bytes.size();
        if (complete) {
            std::memcpy(&value, bytes.data() + at, sizeof value);
            at += sizeof value;
        }
    };
    std::uint32_t count = 0;
    std::uint32_t kept = 0;
    std::uint32_t greedy = 0;
    std::uint32_t prompt = 0;
    read(count);
    read(kept);
    read(greedy);
    read(prompt);
    if (!complete || count < 2 || count > 100000 || kept > 100000 || greedy > 100000) {
        return std::nullopt;
    }
    Reference reference;
    reference.greedy_prompt = prompt;
    reference.tokens.resize(count);
    for (engine::TokenId& token : reference.tokens) {
        read(token);
    }
    reference.positions.resize(count - 1);
    for (Reference::Position& position : reference.positions) {
        read(position.logprob);
        position.best.resize(kept);
        for (auto& [token, logprob] : position.best) {
            read(token);
            read(logprob);
        }
    }
    reference.greedy.resize(greedy);
    for (auto& [token, margin] : reference.greedy) {
        read(token);
        read(margin);
    }
    return complete && at == bytes.size() ? std::optional(std::move(reference)) : std::nullopt;
}

}  // namespace tendril::test

// SPDX-License-Identifier: Apache-2.0
// t(M) as it was measured before, in a small file for each model file, device and number of threads. Any
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/requests.h"
#include "engine/result.h"

namespace tendril::engine {

/// What a measurement holds for. A model file with another size or time is another model.
struct CurveKey {
    std::filesystem::path model;
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;
    std::string device;  ///< with the instruction set and the number of threads
    std::string kv;

    /// Nothing when the file cannot be looked at.
    static std::optional<CurveKey> of(const std::filesystem::path& model, std::string device, std::string kv);
};

/// Nothing when it was never measured, or when the file is not beyond doubt: then it is measured anew.
std::optional<std::vector<CurvePoint>> read_curve(const std::filesystem::path& folder, const CurveKey& key);
/// Makes the folder if need be; a reader sees the old file or the new one. Keeps the newest 64 files.
Status write_curve(const std::filesystem::path& folder, const CurveKey& key,
                   const std::vector<CurvePoint>& curve);

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// Reads an architecture's metadata keys with their ranges, keeping the first error, so that architecture
// files stay short lists of facts. Used on one thread, for the length of one read_model_config().
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/gguf.h"
#include "engine/result.h"

namespace tendril::engine {

/// Every getter gives the lower end of its range after an error, and `status()` the first error. `name` lacks
/// the prefix: "block_count" means "llama.block_count".
class ConfigReader {
  public:
    ConfigReader(const GgufFile& file, std::string_view architecture) : file_(file), prefix_(architecture) {}

    const GgufFile& file() const { return file_; }
    const GgufValue* find(std::string_view name) const;

    /// A whole number in [least, most]; absent: `fallback`, or an error when there is none. An array (one
    /// value for each layer) is taken when all its elements are equal.
    std::size_t size(std::string_view name, std::size_t least, std::size_t most,
                     std::optional<std::size_t> fallback = std::nullopt);
    /// A finite number in [least, most].
    double number(std::string_view name, double least, double most,
                  std::optional<double> fallback = std::nullopt);
    /// Empty when absent.
    std::string_view text(std::string_view name);
    bool flag(std::string_view name, bool fallback);

    void refuse(ErrorCode code, std::string message);
    bool failed() const { return error_.has_value(); }
    Status status() const;
    std::string key(std::string_view name) const;  ///< 'llama.block_count', quoted for messages

  private:
    std::optional<std::int64_t> integer(const GgufValue& value, std::string_view name);

    const GgufFile& file_;
    std::string prefix_;
    std::optional<Error> error_;
};

}  // namespace tendril::engine

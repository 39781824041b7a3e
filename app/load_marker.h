// SPDX-License-Identifier: Apache-2.0
// A file that exists while a model is being loaded: found at start it means that loading ended the program,
// and the model is not loaded again by itself. Chat worker's thread only; owned by ModelKeeper.
#pragma once

#include <filesystem>
#include <optional>

namespace tendril::app {

class LoadMarker {
  public:
    /// An empty path marks nothing (command line).
    explicit LoadMarker(std::filesystem::path file) : file_(std::move(file)) {}

    void set(const std::filesystem::path& model) const;
    void clear() const;
    /// The model whose load ended the last run; clears the mark.
    std::optional<std::filesystem::path> take() const;

  private:
    std::filesystem::path file_;
};

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// LoadMarker. Chat worker's thread only.
#include "app/load_marker.h"

#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace tendril::app {

void LoadMarker::set(const std::filesystem::path& model) const {
    if (!file_.empty()) {
        std::ofstream(file_, std::ios::trunc) << model.string();
    }
}

void LoadMarker::clear() const {
    if (!file_.empty()) {
        std::error_code ignored;
        std::filesystem::remove(file_, ignored);
    }
}

std::optional<std::filesystem::path> LoadMarker::take() const {
    if (file_.empty()) {
        return std::nullopt;
    }
    std::ifstream in(file_);
    if (!in) {
        return std::nullopt;
    }
    const std::string model{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    clear();
    return std::filesystem::path(model);
}

}  // namespace tendril::app

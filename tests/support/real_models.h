// SPDX-License-Identifier: Apache-2.0
// Where tests find real model files: the folder named by TENDRIL_TEST_MODELS, the caches, the user's data
// folder. Tests that need one skip when it is absent; the default model is fetched by the set-up.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace tendril::test {

inline constexpr const char* kDefaultModel = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// Empty when the file is nowhere.
inline std::filesystem::path find_real_model(const std::string& name) {
    const auto variable = [](const char* key) {
        const char* const value = std::getenv(key);
        return std::filesystem::path(value != nullptr ? value : "");
    };
    std::vector<std::filesystem::path> folders = {variable("TENDRIL_TEST_MODELS")};
    if (const std::filesystem::path data = variable("TENDRIL_DATA_DIR"); !data.empty()) {
        folders.push_back(data / "models");
    }
    if (const std::filesystem::path data = variable("XDG_DATA_HOME"); !data.empty()) {
        folders.push_back(data / "tendril" / "models");
    }
    if (const std::filesystem::path home = variable("HOME"); !home.empty()) {
        folders.push_back(home / ".cache" / "tendril-models");
        folders.push_back(home / ".local" / "share" / "tendril" / "models");
    }
    for (const std::filesystem::path& folder : folders) {
        std::error_code error;
        if (!folder.empty() && std::filesystem::is_regular_file(folder / name, error)) {
            return folder / name;
        }
    }
    return {};
}

}  // namespace tendril::test

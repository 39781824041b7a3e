// SPDX-License-Identifier: Apache-2.0
// Scans folders for models. Background thread; no state.
#include "app/model_files.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <system_error>

#include "engine/model/memory_plan.h"

namespace tendril::app {
namespace {

namespace fs = std::filesystem;

bool is_model_name(const fs::path& path) {
    std::string end = path.extension().string();
    std::transform(end.begin(), end.end(), end.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (end != ".gguf") {
        return false;
    }
    const std::string stem = path.stem().string();
    const std::size_t of = stem.rfind("-of-");
    const bool part = of != std::string::npos && of >= 6 && stem[of - 6] == '-';
    return !part || stem.substr(of - 5, 5) == "00001";
}

struct Scan {
    ScanLimits limits;
    std::set<fs::path> found;  // canonical
    std::size_t looked_at = 0;

    bool full() const { return looked_at >= limits.entries || found.size() >= limits.models; }

    void folder(const fs::path& path) {
        std::error_code error;
        fs::recursive_directory_iterator it(path, fs::directory_options::skip_permission_denied, error);
        const fs::recursive_directory_iterator end;
        while (!error && it != end && !full()) {
            ++looked_at;
            entry(*it);
            if (static_cast<std::size_t>(it.depth()) >= limits.depth) {
                it.disable_recursion_pending();
            }
            it.increment(error);
        }
    }
    void entry(const fs::directory_entry& entry) {
        std::error_code error;
        if (is_model_name(entry.path()) && entry.is_regular_file(error) && !error) {
            const fs::path real = fs::canonical(entry.path(), error);
            if (!error) {
                found.insert(real);
            }
        }
    }
};

}  // namespace

std::vector<fs::path> find_models(const std::vector<fs::path>& folders, ScanLimits limits) {
    Scan scan{limits, {}, 0};
    for (const fs::path& folder : folders) {
        scan.folder(folder);
    }
    return {scan.found.begin(), scan.found.end()};
}

std::uint64_t needed_memory(const engine::ModelDescription& description, std::uint32_t context) {
    const std::uint64_t standard = std::min<std::uint64_t>(description.context_length, 4096);
    const std::uint64_t wanted =
        context == 0 ? standard : std::min<std::uint64_t>(context, std::max(description.context_length, 1U));
    const std::uint64_t per_token = description.kv_bytes_per_token;
    const std::uint64_t fixed =
        description.memory_bytes - std::min(description.memory_bytes, standard * per_token);
    return fixed + wanted * per_token;
}

DescribedModel describe_model(EnginePort& engine, const fs::path& path, std::uint32_t context) {
    DescribedModel model;
    model.path = path;
    model.available_bytes = engine::available_memory();
    std::error_code error;
    const auto bytes = fs::file_size(path, error);
    model.file_bytes = error ? 0 : bytes;
    auto description = engine.inspect(path);
    if (!description) {
        model.error = description.error().message;
        return model;
    }
    model.description = std::move(*description);
    model.needed_bytes = needed_memory(model.description, context);
    return model;
}

}  // namespace tendril::app

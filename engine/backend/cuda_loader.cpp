// SPDX-License-Identifier: Apache-2.0
// Loading the CUDA plugin; see cuda_loader.h.
#include "engine/backend/cuda_loader.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "engine/backend/cuda_plugin.h"

#if !defined(TENDRIL_CUDA_PLUGIN_DIR)
#define TENDRIL_CUDA_PLUGIN_DIR "/usr/lib/tendril/plugins"
#endif

namespace tendril::engine {
namespace {

constexpr const char* kFile = "libtendril-cuda.so";

tl::unexpected<CudaRefusal> refuse(std::string note, ErrorCode code, std::string message,
                                   std::string detail = {}) {
    return tl::unexpected(CudaRefusal{std::move(note), Error{code, std::move(message), std::move(detail)}});
}

tl::unexpected<CudaRefusal> refuse(std::string note, const TendrilCudaError& error) {
    return refuse(std::move(note), static_cast<ErrorCode>(error.code), error.message, error.detail);
}

std::string version_text(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

using Loaded = tl::expected<const TendrilCudaPlugin*, CudaRefusal>;

Loaded open_plugin(const CudaSearch& search) {
    for (const std::filesystem::path& place : search.places) {
        std::error_code ignored;
        if (!std::filesystem::is_regular_file(place, ignored)) {
            continue;
        }
        void* const library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            const char* const why = dlerror();
            return refuse(
                "CUDA: the plugin cannot be loaded", ErrorCode::unsupported,
                "The CUDA plugin cannot be loaded, so the graphics card cannot be used. Choose the CPU or "
                "automatic.",
                why != nullptr ? why : place.string());
        }
        // Never closed: CUDA's runtime registers functions for the end of the process.
        const auto entry =
            reinterpret_cast<TendrilCudaPluginEntry>(dlsym(library, TENDRIL_CUDA_PLUGIN_ENTRY));
        const TendrilCudaPlugin* const plugin = entry != nullptr ? entry() : nullptr;
        if (plugin == nullptr || plugin->abi != TENDRIL_CUDA_PLUGIN_ABI ||
            std::strcmp(plugin->build, cuda_build_name()) != 0) {
            return refuse(
                "CUDA: the plugin is of another version", ErrorCode::unsupported,
                "The CUDA plugin is of another version than the program; install the one that belongs to it, "
                "or choose the CPU or automatic.",
                place.string());
        }
        return plugin;
    }
    return refuse(
        "no CUDA plugin", ErrorCode::unsupported,
        "This build has no CUDA plugin, so it cannot use a graphics card. Choose the CPU or automatic.");
}

Loaded check_driver(const TendrilCudaPlugin* plugin) {
    const int version = plugin->driver_version();
    if (version == 0) {
        return refuse(
            "CUDA: no NVIDIA driver", ErrorCode::unsupported,
            "No driver for NVIDIA graphics cards is installed, so CUDA cannot be used. Choose the CPU or "
            "automatic.");
    }
    if (version < plugin->driver_needed) {
        return refuse("CUDA: the driver is too old", ErrorCode::unsupported,
                      "The graphics driver is too old for the CUDA plugin: it knows CUDA " +
                          version_text(version) + ", and " + version_text(plugin->driver_needed) +
                          " is needed. Update it, or choose the CPU or automatic.");
    }
    return plugin;
}

/// Empty, a number that no card has, a word that is none: CUDA shows no card, and does not say why.
bool cards_are_hidden() {
    return std::getenv("CUDA_VISIBLE_DEVICES") != nullptr;
}

/// The device with the most free memory, of those that the plugin can use.
tl::expected<int, CudaRefusal> choose_device(const TendrilCudaPlugin& plugin, const CudaSearch& search) {
    TendrilCudaError error{};
    int devices = 0;
    const bool counted = plugin.count(&devices, &error) == 0;
    if (!counted && static_cast<ErrorCode>(error.code) != ErrorCode::unsupported) {
        return refuse("CUDA: the graphics card does not answer", error);
    }
    if (!counted || devices <= 0) {
        if (cards_are_hidden()) {
            return refuse(
                "CUDA: CUDA_VISIBLE_DEVICES hides the graphics card", ErrorCode::unsupported,
                "The environment variable CUDA_VISIBLE_DEVICES hides all graphics cards. Unset it, or choose "
                "the CPU or automatic.");
        }
        return refuse(
            "CUDA: no graphics card", ErrorCode::unsupported,
            "No NVIDIA graphics card was found, so CUDA cannot be used. Choose the CPU or automatic.",
            error.detail);
    }
    int best = -1;
    std::uint64_t most = 0;
    for (int device = 0; device < devices; ++device) {
        if (std::find(search.without.begin(), search.without.end(), device) != search.without.end()) {
            continue;
        }
        TendrilCudaDevice found{};
        if (plugin.probe(device, &found, &error) == 0 && (best < 0 || found.free_bytes > most)) {
            best = device;
            most = found.free_bytes;
        }
    }
    if (best < 0) {
        return refuse("CUDA: the graphics card cannot be used", error);
    }
    if (most < search.least_bytes) {
        return refuse(
            "CUDA: too little graphics memory", ErrorCode::out_of_memory,
            "The graphics card has only " + std::to_string(most >> 20) +
                " MB of free memory, which is too little for a model. Close other programs, or choose the "
                "CPU or automatic.");
    }
    return best;
}

}  // namespace

const char* cuda_build_name() {
    return TENDRIL_CUDA_BUILD;
}

CudaSearch default_cuda_search() {
    CudaSearch search;
    if (const char* const given = std::getenv("TENDRIL_CUDA_PLUGIN"); given != nullptr) {
        if (*given != '\0') {
            search.places.emplace_back(given);
        }
        return search;
    }
    std::error_code failed;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failed);
    if (!failed) {
        const std::filesystem::path folder = program.parent_path();
        search.places.push_back(folder / kFile);
        search.places.push_back(folder.parent_path() / "lib" / "tendril" / "plugins" / kFile);
    }
    search.places.push_back(std::filesystem::path(TENDRIL_CUDA_PLUGIN_DIR) / kFile);
    return search;
}

tl::expected<std::unique_ptr<Backend>, CudaRefusal> load_cuda_backend(const CudaSearch& search) {
    const Loaded plugin = open_plugin(search).and_then(check_driver);
    if (!plugin) {
        return tl::unexpected(plugin.error());
    }
    const auto device = choose_device(**plugin, search);
    if (!device) {
        return tl::unexpected(device.error());
    }
    TendrilCudaError error{};
    void* const backend = (*plugin)->create(*device, &error);
    if (backend == nullptr) {
        return refuse("CUDA: the graphics card cannot be used", error);
    }
    return std::unique_ptr<Backend>(static_cast<Backend*>(backend));
}

}  // namespace tendril::engine

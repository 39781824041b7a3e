// SPDX-License-Identifier: Apache-2.0
// Opening the disk tier. One process at a time holds a folder; the others go without, and say so.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "engine/cache/disk/folder_files.h"
#include "engine/cache/disk/page_store.h"

namespace spdlog {
class logger;
}

namespace tendril::engine {

/// Raised whenever the meaning of a page changes without a change of the backend's layout name: positions,
/// order of operations, what is written when.
inline constexpr unsigned kEngineLayout = 1;

struct PageStoreOptions {
    std::filesystem::path folder;
    /// The GGUF whose pages are kept. Empty: no pages are read or written, but all can be forgotten or
    /// cleared.
    std::filesystem::path model;
    /// Lines "what: value" for everything beside the model's bytes that the pages depend on; see
    /// page_identity.h.
    std::string identity;
    std::uint64_t full_bytes = 0;         ///< KvPages::page_bytes(PageGroup::full)
    std::uint64_t window_bytes = 0;       ///< 0: the model has no windowed layer
    std::uint64_t quota = 0;              ///< 0: the smaller of 16 GiB and a tenth of what the disk has free
    std::shared_ptr<spdlog::logger> log;  ///< may be null
    DiskHooks hooks;                      ///< for tests
};

/// Never fails: a store that cannot work says why in state().note, and reads nothing. Returns soon; when the
/// model's hash is not known yet, or the folder is slow, the rest is done on the store's thread. The
/// destructor finishes what was asked for.
std::unique_ptr<PageStore> open_page_store(PageStoreOptions options);

}  // namespace tendril::engine

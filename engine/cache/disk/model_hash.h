// SPDX-License-Identifier: Apache-2.0
// SHA-256 of model files, remembered for as long as a file is untouched (path, size, device, inode, times of
// change), since reading it takes as long as the disk needs. Any thread that may wait.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "engine/cache/disk/folder_files.h"

namespace tendril::engine {

/// One line that changes when the file does, with its path; empty: no such file. Taken when the model is
/// opened, so that a file put in its place later is not taken for it.
std::string model_marks(const std::filesystem::path& model);

/// From the memory in the folder alone.
std::optional<std::string> known_model_hash(const Descriptor& store, const std::string& marks);

/// Reads the file and remembers the result. `progress` as of file_sha256(): false ends it. An error when the
/// file is not (or no longer) the one with these marks.
Result<std::string> compute_model_hash(const Descriptor& store, const std::filesystem::path& model,
                                       const std::string& marks, const std::function<bool(double)>& progress,
                                       const DiskHooks& hooks);

}  // namespace tendril::engine

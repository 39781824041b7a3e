// SPDX-License-Identifier: Apache-2.0
// The log: a small rotating file in the state folder. The text of a chat never goes into it. Thread-safe;
// owned by main().
#pragma once

#include <filesystem>
#include <memory>

namespace spdlog {
class logger;
}

namespace tendril::app {

/// Three files of at most 1 MiB. When the file cannot be written the log goes nowhere: a full disk must not
/// stop the program.
std::shared_ptr<spdlog::logger> make_log(const std::filesystem::path& file);
/// A log that keeps nothing, for the command line and tests.
std::shared_ptr<spdlog::logger> make_silent_log();

}  // namespace tendril::app

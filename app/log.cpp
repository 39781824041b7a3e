// SPDX-License-Identifier: Apache-2.0
// Makes the log. Called once by main(); the logger is thread-safe.
#include "app/log.h"

#include <chrono>
#include <cstddef>

#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>

namespace tendril::app {
namespace {

constexpr std::size_t kLogFileBytes = 1024UL * 1024UL;
constexpr std::size_t kOlderFiles = 2;  // beside the one being written

}  // namespace

std::shared_ptr<spdlog::logger> make_silent_log() {
    return std::make_shared<spdlog::logger>("tendril", std::make_shared<spdlog::sinks::null_sink_mt>());
}

std::shared_ptr<spdlog::logger> make_log(const std::filesystem::path& file) {
    try {
        auto sink =
            std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file.string(), kLogFileBytes, kOlderFiles);
        auto log = std::make_shared<spdlog::logger>("tendril", std::move(sink));
        log->set_level(spdlog::level::info);
        log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l [%t] %v");
        log->flush_on(spdlog::level::info);
        log->set_error_handler(
            [](const std::string&) {});  // a full disk: nothing useful can be done with a failing log
        return log;
    } catch (const spdlog::spdlog_ex&) {
        return make_silent_log();
    }
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// Finds and makes the folders. Any thread; no state.
#include "app/paths.h"

#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <system_error>

namespace tendril::app {
namespace {

namespace fs = std::filesystem;

fs::path from_environment(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once at start
    return value == nullptr ? fs::path() : fs::path(value);
}

fs::path home_folder() {
    if (fs::path home = from_environment("HOME"); home.is_absolute()) {
        return home;
    }
    const passwd* entry = getpwuid(getuid());  // NOLINT(concurrency-mt-unsafe)
    return entry == nullptr || entry->pw_dir == nullptr ? fs::path() : fs::path(entry->pw_dir);
}

/// The XDG rule: relative values are ignored.
fs::path xdg(const char* variable, const fs::path& fallback) {
    const fs::path value = from_environment(variable);
    return (value.is_absolute() ? value : fallback) / "tendril";
}

}  // namespace

Result<Paths> find_paths(const fs::path& data_dir) {
    const fs::path one = data_dir.empty() ? from_environment("TENDRIL_DATA_DIR") : data_dir;
    std::error_code error;
    if (!one.empty()) {
        const fs::path root = fs::absolute(one, error);
        if (error) {
            return fail(ErrorCode::io,
                        "The folder " + one.string() + " cannot be used: " + error.message() + ".");
        }
        return Paths{root, root / "config", root / "state", root / "cache"};
    }
    const fs::path home = home_folder();
    if (home.empty()) {
        return fail(ErrorCode::not_found,
                    "There is no home folder to keep the conversations in; name one with --data-dir.");
    }
    return Paths{xdg("XDG_DATA_HOME", home / ".local/share"), xdg("XDG_CONFIG_HOME", home / ".config"),
                 xdg("XDG_STATE_HOME", home / ".local/state"), xdg("XDG_CACHE_HOME", home / ".cache")};
}

Status make_folders(const Paths& paths) {
    for (const fs::path& folder : {paths.data, paths.config, paths.state, paths.models(), paths.cache}) {
        std::error_code error;
        if (fs::create_directories(folder, error)) {
            fs::permissions(folder, fs::perms::owner_all, error);
        } else if (error) {
            return fail(ErrorCode::io,
                        "The folder " + folder.string() + " cannot be made: " + error.message() + ".");
        }
    }
    return {};
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// Where Tendril keeps its things (XDG base directories), made on first use and readable by their owner only.
// Any thread; no state.
#pragma once

#include <filesystem>

#include "engine/result.h"

namespace tendril::app {

struct Paths {
    std::filesystem::path data;    ///< ~/.local/share/tendril
    std::filesystem::path config;  ///< ~/.config/tendril
    std::filesystem::path state;   ///< ~/.local/state/tendril
    std::filesystem::path cache;   ///< ~/.cache/tendril

    std::filesystem::path database() const { return data / "chats.db"; }
    std::filesystem::path models() const { return data / "models"; }
    std::filesystem::path settings() const { return config / "settings.json"; }
    std::filesystem::path log() const { return state / "tendril.log"; }
    std::filesystem::path pages() const { return cache / "pages"; }  ///< what models have read
    std::filesystem::path measurements() const {
        return cache / "measurements";
    }  ///< of models on this machine
    std::filesystem::path load_marker() const { return state / "loading"; }
};

/// `data_dir` (--data-dir), else TENDRIL_DATA_DIR, puts everything below that one folder; else the XDG
/// variables, else $HOME.
Result<Paths> find_paths(const std::filesystem::path& data_dir = {});
/// Makes the folders, mode 0700.
Status make_folders(const Paths& paths);

}  // namespace tendril::app

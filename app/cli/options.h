// SPDX-License-Identifier: Apache-2.0
// Options that commands of tendril-cli share, and how each command is made known to the parser. Main thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

#include "engine/engine.h"

namespace tendril::app::cli {

class Interrupt;

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

/// What the parser chose to run.
struct Chosen {
    std::function<int(Interrupt&)> run;
};

struct Common {
    bool json = false;
    unsigned threads = 0;
    std::uint32_t context = 0;
    std::string device = "auto";
    std::string kv = "f16";
    std::string cache_directory;
    std::optional<std::uint32_t> host_megabytes;

    void add_json(CLI::App& command) { command.add_flag("--json", json, "Print one JSON value on stdout"); }
    /// --threads, --device, --context, --kv and --json
    void add_to(CLI::App& command);
    /// --cache-dir and --host-pages, for commands that answer from a model
    void add_cache_to(CLI::App& command);
    engine::LoadOptions load_options(const std::string& model) const;
};

/// A number as the database gives it to conversations; the words do not repeat what was given.
CLI::Validator conversation_number();

/// The options of SamplerSettings; the seed is random unless given.
struct SamplerOptions {
    engine::SamplerSettings sampler;
    bool seed_given = false;

    void add_to(CLI::App& command);
    void draw_seed();
};

void add_inspect(CLI::App& app, Chosen& chosen);
void add_tokenize(CLI::App& app, Chosen& chosen);
void add_render(CLI::App& app, Chosen& chosen);
void add_generate(CLI::App& app, Chosen& chosen);
void add_expand(CLI::App& app, Chosen& chosen);
void add_compress(CLI::App& app, Chosen& chosen);
void add_score(CLI::App& app, Chosen& chosen);
void add_bench(CLI::App& app, Chosen& chosen);
void add_chat(CLI::App& app, Chosen& chosen);
void add_export(CLI::App& app, Chosen& chosen);

}  // namespace tendril::app::cli

// SPDX-License-Identifier: Apache-2.0
// Options that commands of tendril-cli share. Main thread.
#include "app/cli/options.h"

#include <charconv>
#include <cstdio>

#include "app/turn_records.h"

namespace tendril::app::cli {
namespace {

/// CLI::Range lets "nan" pass, which is neither below nor above.
CLI::Validator number_between(double least, double most) {
    char range[64];
    std::snprintf(range, sizeof range, "%g - %g", least, most);
    return CLI::Validator(
        [=, words = std::string(range)](std::string& text) {
            double value = 0;
            const bool fits = CLI::detail::lexical_cast(text, value) && value >= least && value <= most;
            return fits ? std::string() : "Value " + text + " not in range " + words;
        },
        std::string("in [") + range + "]");
}

/// The parser takes "-1" for 2^64 - 1, and what is larger as well.
CLI::Validator whole_number() {
    return CLI::Validator(
        [](std::string& text) {
            std::uint64_t value = 0;
            const char* end = text.data() + text.size();
            const auto [read, error] = std::from_chars(text.data(), end, value);
            return error == std::errc() && read == end
                       ? std::string()
                       : "Value " + text + " is no whole number from 0 to 18446744073709551615";
        },
        "in [0 - 2^64)");
}

}  // namespace

void Common::add_to(CLI::App& command) {
    add_json(command);
    command
        .add_option("--threads", threads, "Threads to compute with; 0 = as many as the machine has to give")
        ->check(CLI::Range(0U, 1024U));
    command.add_option("--device", device, "Where to compute")
        ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
        ->capture_default_str();
    command
        .add_option("--context", context,
                    "Tokens of context; 0 = what the model was trained for, at most 4096")
        ->check(CLI::Range(0U, 1U << 24U));
    command.add_option("--kv", kv, "How keys and values are kept")
        ->check(CLI::IsMember({"f16", "q8_0", "q4_0"}))
        ->capture_default_str();
}

void Common::add_cache_to(CLI::App& command) {
    const CLI::Validator named(
        [](std::string& name) { return name.empty() ? "a folder name is needed" : ""; }, "");
    command
        .add_option(
            "--cache-dir", cache_directory,
            "Folder where what was read is kept, so that it is not read again; made if it is not there")
        ->check(named);
    command
        .add_option(
            "--host-pages", host_megabytes,
            "MB of host memory for what a graphics card puts off, 0 = none; by default an eighth of what is "
            "free, at most 4 GiB")
        ->check(CLI::Range(0U, 1U << 24U));
}

CLI::Validator conversation_number() {
    return CLI::Validator(
        [](std::string& text) {
            std::int64_t value = 0;
            const char* end = text.data() + text.size();
            const auto [read, error] = std::from_chars(text.data(), end, value);
            return error == std::errc() && read == end && value > 0
                       ? std::string()
                       : std::string("that is no number of a conversation");
        },
        "NUMBER");
}

engine::LoadOptions Common::load_options(const std::string& model) const {
    engine::LoadOptions options;
    options.path = model;
    options.threads = threads;
    options.context = context;
    options.device = device == "cpu"    ? engine::Device::cpu
                     : device == "cuda" ? engine::Device::cuda
                                        : engine::Device::automatic;
    options.kv = kv == "q8_0"   ? engine::KvType::q8_0
                 : kv == "q4_0" ? engine::KvType::q4_0
                                : engine::KvType::f16;
    options.cache_directory = cache_directory;
    if (host_megabytes) {
        options.host_pages = std::uint64_t{*host_megabytes} << 20;
    }
    return options;
}

void SamplerOptions::add_to(CLI::App& command) {
    command.add_option("--temperature", sampler.temperature, "0 = always the likeliest token")
        ->check(number_between(0, 100))
        ->capture_default_str();
    command.add_option("--top-k", sampler.top_k, "0 = off")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    command.add_option("--top-p", sampler.top_p, "1 = off")
        ->check(number_between(0, 1))
        ->capture_default_str();
    command.add_option("--min-p", sampler.min_p, "0 = off")
        ->check(number_between(0, 1))
        ->capture_default_str();
    command.add_option("--repetition-penalty", sampler.repetition_penalty, "1 = off")
        ->check(number_between(0.01, 100))
        ->capture_default_str();
    command.add_option("--presence-penalty", sampler.presence_penalty, "0 = off")
        ->check(number_between(-100, 100))
        ->capture_default_str();
    command
        .add_option("--penalty-window", sampler.penalty_window, "How many last tokens the penalties look at")
        ->check(CLI::Range(0, 1 << 24))
        ->capture_default_str();
    command
        .add_option_function<std::uint64_t>(
            "--seed",
            [this](const std::uint64_t& seed) {
                sampler.seed = seed;
                seed_given = true;
            },
            "The same seed gives the same answer; random when left out")
        ->check(whole_number());
}

void SamplerOptions::draw_seed() {
    if (!seed_given) {
        sampler.seed = sampler_of_turn({}).seed;
    }
}

}  // namespace tendril::app::cli

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
    const auto known_kv = CLI::Validator(
        [](std::string& name) {
            if (name == "q8_0" || name == "q4_0") {
                return "the KV cache as " + name + " is not there yet; only f16 is";
            }
            return name == "f16" ? std::string() : "the KV cache is kept as f16";
        },
        "f16");
    command.add_option("--kv", kv, "How keys and values are kept")->check(known_kv)->capture_default_str();
}

engine::LoadOptions Common::load_options(const std::string& model) const {
    engine::LoadOptions options;
    options.path = model;
    options.threads = threads;
    options.context = context;
    options.device = device == "cpu"    ? engine::Device::cpu
                     : device == "cuda" ? engine::Device::cuda
                                        : engine::Device::automatic;
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

// SPDX-License-Identifier: Apache-2.0
// tendril-cli bench: tokens per second. Main thread.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/interrupt.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/session.h"

namespace tendril::app::cli {
namespace {

using nlohmann::ordered_json;

struct BenchOptions {
    std::string model;
    engine::BenchRequest request;
    Common common;
};

std::uint64_t peak_memory() {
    rusage usage{};
    return getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<std::uint64_t>(usage.ru_maxrss) * 1024 : 0;
}

double median(std::vector<double> samples) {
    if (samples.empty()) {
        return 0;
    }
    std::sort(samples.begin(), samples.end());
    const std::size_t middle = samples.size() / 2;
    return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

/// v(M) = t(M) / t(1): what a step of M rows costs beside one of a single row.
double relative(const engine::BenchEvent& bench, const engine::CurvePoint& point) {
    const double one = bench.curve.front().step_ms;
    return one > 0 ? point.step_ms / one : 0;
}

ordered_json to_json(const engine::BenchEvent& bench) {
    const std::uint64_t peak = peak_memory();
    ordered_json list = ordered_json::array();
    for (const engine::BenchRow& row : bench.rows) {
        list.push_back({{"test", row.test},
                        {"tokens", row.tokens},
                        {"batch", row.batch},
                        {"depth", row.depth},
                        {"tokens_per_second", row.tokens_per_second},
                        {"peak_rss_bytes", peak}});
    }
    for (const engine::CurvePoint& point : bench.curve) {
        // "batch" and the speed as in the other rows, so that a reader of those can read these.
        list.push_back(
            {{"test", "curve"},
             {"rows", point.rows},
             {"step_ms", point.step_ms},
             {"v", relative(bench, point)},
             {"tokens", 1},
             {"batch", point.rows},
             {"depth", 0},
             {"tokens_per_second", {point.step_ms > 0 ? point.rows * 1000.0 / point.step_ms : 0.0}},
             {"peak_rss_bytes", peak}});
    }
    return list;
}

std::string to_text(const engine::BenchEvent& bench) {
    std::string text = "test       tokens   batch   depth   tokens/s (median of all rows together)\n";
    char line[160];
    for (const engine::BenchRow& row : bench.rows) {
        std::snprintf(line, sizeof line, "%-10s %6u %7u %7u %10.1f\n", row.test.c_str(), row.tokens,
                      row.batch, row.depth, median(row.tokens_per_second));
        text += line;
    }
    for (const engine::CurvePoint& point : bench.curve) {
        std::snprintf(line, sizeof line, "t(%u) = %.3f ms   v(%u) = %.2f\n", point.rows, point.step_ms,
                      point.rows, relative(bench, point));
        text += line;
    }
    std::snprintf(line, sizeof line, "peak memory: %.1f MiB\n",
                  static_cast<double>(peak_memory()) / (1024.0 * 1024.0));
    return text + line;
}

constexpr std::size_t kDefaultContext = 4096;               // what LoadOptions::context = 0 means
constexpr std::size_t kMostContext = std::size_t{1} << 24;  // more is refused in words at any rate

/// Unless a context is asked for: as much as the tests need, where that is more than the default. Each row of
/// a batch has pages of its own behind the shared ones.
engine::LoadOptions load_options(const BenchOptions& options) {
    const engine::BenchRequest& request = options.request;
    engine::LoadOptions load = options.common.load_options(options.model);
    const std::size_t rows = *std::max_element(request.batches.begin(), request.batches.end());
    const std::size_t answers = rows * (request.decode_tokens + engine::kPageTokens);
    const std::size_t needed =
        request.depth +
        std::max<std::size_t>(request.prefill_tokens, rows > 1 ? answers : request.decode_tokens);
    if (load.context == 0 && needed > kDefaultContext) {
        load.context = static_cast<std::uint32_t>(std::min<std::size_t>(needed, kMostContext));
    }
    return load;
}

int run(const BenchOptions& options, Interrupt& interrupt) {
    auto session = Session::load(load_options(options), interrupt);
    if (!session) {
        return failed(session.error());
    }
    say((*session)->model().device);
    const auto bench = (*session)->bench(options.request);
    if (!bench) {
        return failed(bench.error());
    }
    return done(options.common.json ? print_json(to_json(*bench)) : print(to_text(*bench)));
}

}  // namespace

void add_bench(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<BenchOptions>();
    engine::BenchRequest& request = options->request;
    CLI::App& command =
        *app.add_subcommand("bench", "Speed of reading prompts (prefill) and writing answers (decode)");
    command.add_option("model", options->model, "GGUF file")->required();
    command.add_option("-p", request.prefill_tokens, "Tokens of the prompt; 0 = skip")
        ->check(CLI::Range(0U, 1U << 20U))
        ->capture_default_str();
    command.add_option("-n", request.decode_tokens, "Tokens of each answer; 0 = skip")
        ->check(CLI::Range(0U, 1U << 20U))
        ->capture_default_str();
    command.add_option("-d", request.depth, "Tokens in the cache before")
        ->check(CLI::Range(0U, 1U << 24U))
        ->capture_default_str();
    command
        .add_option("-b", request.batches,
                    "Answers written at the same time, from a shared prefix of 128 tokens")
        ->delimiter(',')
        ->check(CLI::Range(1U, 1024U))
        ->capture_default_str();
    command.add_option("-r", request.repetitions, "Samples of each figure")
        ->check(CLI::Range(1U, 1000U))
        ->capture_default_str();
    command.add_flag("--curve", request.curve,
                     "Also t(M), the cost of a step of M rows: rows of test \"curve\" with rows, step_ms "
                     "and v(M) = t(M) / t(1)");
    options->common.add_to(command);
    options->common.add_cache_to(command);
    command.callback([options, &chosen] {
        chosen.run = [options](Interrupt& interrupt) { return run(*options, interrupt); };
    });
}

}  // namespace tendril::app::cli

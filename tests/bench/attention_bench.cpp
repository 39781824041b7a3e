// SPDX-License-Identifier: Apache-2.0
// Speed of attention with the shapes of known models, all their layers (so that keys and values come from
// memory, as in a step), by KV type: one row after 512 and after 4096 positions; 8 branches of one prefix of
// 4096 and 8 views with pages of their own; 256 rows of a prompt at its start and after 4096.
//   attention_bench [--short] [--threads N] [--only NAME] [--layers N]
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "engine/backend/cpu/cpu_backend.h"

namespace {

using namespace tendril::engine;

struct Options {
    bool is_short = false;
    unsigned threads = 0;
    std::size_t layers = 0;
    std::string only;
};

struct Shape {
    const char* name;
    std::size_t layers, heads, kv_heads, size;
};

constexpr std::size_t kDepth = 4096;
constexpr std::size_t kBranches = 8;
constexpr std::size_t kPrompt = 256;

/// Seconds by the clock on the wall; with one thread, of processor time, which other programs disturb less.
double seconds(const Options& options) {
    timespec now{};
    clock_gettime(options.threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Median milliseconds of one call.
double measure(const Options& options, const std::function<void()>& work) {
    std::vector<double> samples;
    work();
    for (double sum = 0.0; sum < (options.is_short ? 0.005 : 0.15) || samples.size() < 3;) {
        const double start = seconds(options);
        work();
        samples.push_back(seconds(options) - start);
        sum += samples.back();
    }
    std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2),
                     samples.end());
    return samples[samples.size() / 2] * 1e3;
}

std::vector<float> random_values(std::size_t count) {
    std::vector<float> values(count);
    std::minstd_rand random(2);
    for (float& value : values) {
        value = static_cast<float>(random() % 2000) / 1000.0F - 1.0F;
    }
    return values;
}

class Bench {
  public:
    Bench(const Options& options, Backend& backend, const Shape& shape, KvType type)
        : options_(options),
          backend_(backend),
          shape_(shape),
          layers_(options.layers != 0 ? options.layers : shape.layers),
          pages_(std::move(*backend.make_kv_pages({layers_, shape.kv_heads, shape.size, type, {}},
                                                  {kBranches * pages_of(kDepth + kPrompt), 0}))),
          ids_(kBranches * pages_of(kDepth + kPrompt)),
          q_(random_values(kPrompt * shape.heads * shape.size)),
          out_(q_.size()) {
        std::iota(ids_.begin(), ids_.end(), 0);
        ready_ = backend.reserve(kPrompt, 64).has_value();
        const std::size_t width = shape.kv_heads * shape.size;
        std::vector<float> kv = random_values(kPrompt * width);
        for (std::size_t at = 0; at < ids_.size() * kPageTokens; at += kPrompt) {
            const KvSegment segment{ids_, {}, at, kPrompt, 0};
            const StepView view{0, kPrompt, 0, std::span(&segment, 1)};
            const std::vector<std::int32_t> positions(kPrompt);
            for (std::size_t layer = 0; layer < layers_; ++layer) {
                const Rows rows{kv.data(), kPrompt, width};
                backend.store_kv(*pages_, layer, {std::span(&view, 1), positions}, rows, rows);
            }
        }
    }

    /// Milliseconds of all layers: `views` views of `rows` rows after `depth` positions; shared: the same
    /// ones.
    double run(std::size_t views, std::size_t rows, std::size_t depth, bool shared) {
        std::vector<std::vector<PageId>> ids(views);
        std::vector<KvSegment> segments(views);
        std::vector<StepView> step;
        std::vector<std::int32_t> positions;
        const std::size_t each = pages_of(kDepth + kPrompt);
        for (std::size_t v = 0; v < views; ++v) {
            for (std::size_t i = 0; i < pages_of(depth + rows); ++i) {
                const bool own = !shared || i >= depth / kPageTokens;
                ids[v].push_back(ids_[(own ? v * each : 0) + i]);
            }
            segments[v] = {ids[v], {}, 0, depth + rows, 0};
            step.push_back({positions.size(), rows, depth, std::span(&segments[v], 1)});
            for (std::size_t r = 0; r < rows; ++r) {
                positions.push_back(static_cast<std::int32_t>(depth + r));
            }
        }
        const std::size_t width = shape_.heads * shape_.size;
        return measure(options_, [&] {
            for (std::size_t layer = 0; layer < layers_; ++layer) {
                backend_.attention(*pages_, {layer, shape_.heads, 0.1F, 0, 0.0F, nullptr}, {step, positions},
                                   {q_.data(), positions.size(), width},
                                   {out_.data(), positions.size(), width});
            }
        });
    }

    bool ready() const { return ready_; }
    double megabytes(std::size_t depth) const {
        return static_cast<double>(pages_->page_bytes(PageGroup::full) * pages_of(depth)) / 1e6;
    }

  private:
    static std::size_t pages_of(std::size_t tokens) { return (tokens + kPageTokens - 1) / kPageTokens; }

    const Options& options_;
    Backend& backend_;
    Shape shape_;
    std::size_t layers_;
    std::unique_ptr<KvPages> pages_;
    std::vector<PageId> ids_;
    std::vector<float> q_, out_;
    bool ready_ = false;
};

void bench(const Options& options, Backend& backend, const Shape& shape) {
    for (const auto& [type, name] :
         {std::pair{KvType::f16, "f16"}, std::pair{KvType::q8_0, "q8_0"}, std::pair{KvType::q4_0, "q4_0"}}) {
        Bench b(options, backend, shape, type);
        if (!b.ready()) {
            std::abort();
        }
        const double far = b.run(1, 1, kDepth, false);
        std::printf("%-14s %-5s %8.3f %8.3f %8.1f | %9.3f %9.3f | %9.2f %9.2f\n", shape.name, name,
                    b.run(1, 1, 512, false), far, b.megabytes(kDepth) / far,
                    b.run(kBranches, 1, kDepth, true), b.run(kBranches, 1, kDepth, false),
                    b.run(1, kPrompt, 0, false), b.run(1, kPrompt, kDepth, false));
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
        if (argument == "--short") {
            options.is_short = true;
        } else if (argument == "--threads" && value != nullptr) {
            options.threads = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
        } else if (argument == "--layers" && value != nullptr) {
            options.layers = std::strtoul(argv[++i], nullptr, 10);
        } else if (argument == "--only" && value != nullptr) {
            options.only = argv[++i];
        } else {
            std::fprintf(stderr,
                         "usage: attention_bench [--short] [--threads N] [--only NAME] [--layers N]\n");
            return 2;
        }
    }
    auto backend = make_cpu_backend({options.threads, {}});
    if (!backend) {
        std::fprintf(stderr, "%s\n", backend.error().message.c_str());
        return 1;
    }
    std::printf("%s; milliseconds of all layers\n", (*backend)->description().c_str());
    std::printf("%-20s %8s %8s %8s | %9s %9s | %9s %9s\n", "", "at 512", "at 4096", "GB/s", "8 shared",
                "8 apart", "256 rows", "at 4096");
    constexpr Shape kShapes[] = {{"SmolLM2-135M", 30, 9, 3, 64},
                                 {"Qwen2.5-0.5B", 24, 14, 2, 64},
                                 {"Qwen2.5-1.5B", 28, 12, 2, 128},
                                 {"Gemma-3-270M", 18, 4, 1, 256}};
    if (options.is_short) {
        options.layers = 1;
    }
    for (const Shape& shape : kShapes) {
        if (options.only.empty() || std::strstr(shape.name, options.only.c_str()) != nullptr) {
            bench(options, **backend, shape);
        }
    }
    return 0;
}

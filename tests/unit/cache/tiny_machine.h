// SPDX-License-Identifier: Apache-2.0
// A tiny random model with a cache, and the same model without one: what the first gives is compared with
// what the second gives. For the model-based test. One thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "engine/backend/cpu/cpu_backend.h"
#include "engine/cache/kv_cache.h"
#include "engine/model/forward.h"
#include "engine/model/gguf.h"
#include "engine/model/load_weights.h"
#include "engine/model/read_config.h"
#include "tests/support/gguf_writer.h"

namespace tendril::test {

struct MachineOptions {
    bool windowed = false;
    std::uint32_t layers = 2;
    std::size_t pages = 28;
    std::size_t window_pages = 16;
    engine::KvType kv = engine::KvType::f16;
};

class TinyMachine {
  public:
    static constexpr std::size_t kContext = 512;
    static constexpr std::uint32_t kWindow = 70;

    explicit TinyMachine(const MachineOptions& options) {
        TinyModel model;
        model.architecture = options.windowed ? "gemma3" : "llama";
        model.layers = options.layers;
        model.width = 32;
        model.heads = 2;
        model.kv_heads = 1;
        model.feed_forward = 32;
        model.context = kContext;
        model.window = kWindow;
        GgufWriter writer = tiny_model(model);
        if (options.windowed) {
            writer.add_u32("gemma3.attention.sliding_window_pattern", 2);  // every other layer looks far
        }
        bytes_ = writer.bytes();
        file_ = must(engine::GgufFile::parse(bytes_));
        config_ = must(engine::read_model_config(file_));
        engine::CpuOptions cpu;
        cpu.threads = 1;
        backend_ = must(engine::make_cpu_backend(cpu));
        weights_ = must(engine::load_weights(file_, config_, *backend_, {}));
        engine::KvLayout layout = {config_.layers, config_.kv_heads, config_.head_size, options.kv, {}};
        for (const engine::LayerConfig& layer : config_.layer) {
            window = std::max(window, layer.window);
            layout.windowed.push_back(layer.window > 0);
        }
        if (window == 0) {
            layout.windowed.clear();
        }
        pages = must(backend_->make_kv_pages(layout, {options.pages, window > 0 ? options.window_pages : 0}));
        const std::size_t enough = kContext / engine::kPageTokens;
        plain_pages_ = must(backend_->make_kv_pages(layout, {enough, window > 0 ? enough : 0}));
        const engine::ForwardLimits limits = {.max_rows = 64, .max_logit_rows = 1, .max_positions = kContext};
        forward_ = must(engine::ForwardPass::create(config_, weights_, *backend_, *pages, limits));
        plain_ = must(engine::ForwardPass::create(config_, weights_, *backend_, *plain_pages_, limits));
        plain_ids_.resize(enough);
        std::iota(plain_ids_.begin(), plain_ids_.end(), 0U);
        cache = std::make_unique<engine::KvCache>(*pages, window);
    }

    /// Rows for tokens[view.length() .. end), at most 64; gives the logits of the last.
    const std::vector<float>& read(engine::View& view, std::span<const engine::TokenId> tokens,
                                   std::size_t end) {
        const std::size_t rows = end - view.length();
        const engine::StepView step = {0, rows, view.length(), view.segments(rows)};
        run(*forward_, step, tokens.subspan(view.length(), rows));
        view.advance(rows);
        return logits_;
    }

    /// Logits behind the last token, read from the first on, in steps of 64 rows, with nothing kept.
    const std::vector<float>& read_anew(std::span<const engine::TokenId> tokens) {
        for (std::size_t first = 0; first < tokens.size(); first += 64) {
            const std::size_t rows = std::min<std::size_t>(64, tokens.size() - first);
            const engine::KvSegment segment = {
                plain_ids_,
                window > 0 ? std::span<const engine::PageId>(plain_ids_) : std::span<const engine::PageId>(),
                0, first + rows, 0};
            const engine::StepView step = {0, rows, first, {&segment, 1}};
            run(*plain_, step, tokens.subspan(first, rows));
        }
        return logits_;
    }

    const Bytes& file() const { return bytes_; }

    std::unique_ptr<engine::KvPages> pages;
    std::unique_ptr<engine::KvCache> cache;
    std::size_t window = 0;

    template <typename T>
    static T must(Result<T> result) {
        if (!result) {
            throw std::runtime_error(result.error().message + " " + result.error().detail);
        }
        return std::move(*result);
    }

  private:
    void run(engine::ForwardPass& forward, const engine::StepView& step,
             std::span<const engine::TokenId> tokens) {
        positions_.resize(tokens.size());
        std::iota(positions_.begin(), positions_.end(), static_cast<std::int32_t>(step.first_position));
        const std::array<std::uint32_t, 1> wanted = {static_cast<std::uint32_t>(tokens.size() - 1)};
        forward.run(tokens, {{&step, 1}, positions_}, wanted, interrupt_);
        const std::span<float> logits = forward.logits(0, 1);
        logits_.assign(logits.begin(), logits.end());
    }

    Bytes bytes_;
    engine::GgufFile file_;
    engine::ModelConfig config_;
    std::unique_ptr<engine::Backend> backend_;
    engine::ModelWeights weights_;
    std::unique_ptr<engine::KvPages> plain_pages_;
    std::unique_ptr<engine::ForwardPass> forward_;
    std::unique_ptr<engine::ForwardPass> plain_;
    std::vector<engine::PageId> plain_ids_;
    std::vector<std::int32_t> positions_;
    std::vector<float> logits_;
    std::atomic<bool> interrupt_{false};
};

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

inline float farthest(const std::vector<float>& a, const std::vector<float>& b) {
    float most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        most = std::max(most, std::abs(a[i] - b[i]));
    }
    return most;
}

}  // namespace tendril::test

// SPDX-License-Identifier: Apache-2.0
// A tiny random model on a backend of choice, with forward pass, cache and scheduler, for tests below the
// façade. Its windowed layers have pages of their own when asked for (gemma3). One thread.
#pragma once

#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>

#include "engine/backend/cpu/cpu_backend.h"
#include "engine/backend/reference/reference_backend.h"
#include "engine/cache/kv_cache.h"
#include "engine/model/forward.h"
#include "engine/model/gguf.h"
#include "engine/model/load_weights.h"
#include "engine/model/memory_plan.h"
#include "engine/model/read_config.h"
#include "engine/schedule/scheduler.h"
#include "tests/support/gguf_writer.h"

namespace tendril::test {

/// Token ids are bytes; 256 ends an answer.
class ByteTokenizer final : public engine::Tokenizer {
  public:
    ByteTokenizer() : bytes_(256, '\0') { std::iota(bytes_.begin(), bytes_.end(), '\0'); }
    std::vector<engine::TokenId> encode(std::string_view text, engine::EncodeOptions) const override {
        std::vector<engine::TokenId> tokens;
        for (const char c : text) {
            tokens.push_back(static_cast<unsigned char>(c));
        }
        return tokens;
    }
    std::string_view bytes(engine::TokenId token, bool) const override {
        return token >= 0 && token < 256 ? std::string_view(bytes_).substr(static_cast<std::size_t>(token), 1)
                                         : std::string_view();
    }
    std::size_t size() const override { return kTinyVocabulary; }
    std::optional<engine::TokenId> bos() const override { return std::nullopt; }
    std::optional<engine::TokenId> eos() const override { return 256; }
    bool adds_bos() const override { return false; }
    bool is_control(engine::TokenId token) const override { return token >= 256; }
    bool ends_generation(engine::TokenId token) const override { return token == 256; }
    std::string_view bos_text() const override { return ""; }
    std::string_view eos_text() const override { return ""; }

  private:
    std::string bytes_;
};

struct TinyRuntime {
    TinyRuntime(const TinyModel& options, bool reference, std::size_t page_count = 16,
                std::size_t max_rows = 64, engine::SchedulerSettings settings = {},
                std::size_t window_pages = 0) {
        GgufWriter writer = tiny_model(options);
        if (window_pages > 0) {
            writer.add_u32("gemma3.attention.sliding_window_pattern", 2);  // every other layer looks far
        }
        bytes = writer.bytes();
        config = must(engine::read_model_config(must_keep(engine::GgufFile::parse(bytes))));
        engine::CpuOptions cpu;
        cpu.threads = 2;
        backend = reference ? engine::make_reference_backend() : must(engine::make_cpu_backend(cpu));
        weights = must(engine::load_weights(file, config, *backend, {}));
        engine::KvLayout layout = engine::kv_layout(config, engine::KvType::f16);
        if (window_pages == 0) {
            layout.windowed.clear();
        }
        pages = must(backend->make_kv_pages(layout, {page_count, window_pages}));
        cache =
            std::make_unique<engine::KvCache>(*pages, window_pages > 0 ? engine::longest_window(config) : 0);
        forward = must(engine::ForwardPass::create(
            config, weights, *backend, *pages,
            {.max_rows = max_rows, .max_logit_rows = 8, .max_positions = options.context}));
        scheduler = std::make_unique<engine::Scheduler>(*forward, *cache, std::move(settings));
    }

    /// Runs until nothing is left to do.
    void run() {
        while (!scheduler->idle()) {
            scheduler->step(interrupt);
        }
    }

    template <typename T>
    static T must(Result<T> result) {
        if (!result) {
            throw std::runtime_error(result.error().message + " " + result.error().detail);
        }
        return std::move(*result);
    }
    template <typename T>
    static std::unique_ptr<T> must(std::unique_ptr<T> made) {
        return made;
    }
    const engine::GgufFile& must_keep(Result<engine::GgufFile> parsed) {
        file = must(std::move(parsed));
        return file;
    }

    Bytes bytes;
    engine::GgufFile file;
    engine::ModelConfig config;
    std::unique_ptr<engine::Backend> backend;
    engine::ModelWeights weights;
    std::unique_ptr<engine::KvPages> pages;
    std::unique_ptr<engine::KvCache> cache;
    std::unique_ptr<engine::ForwardPass> forward;
    std::unique_ptr<engine::Scheduler> scheduler;
    ByteTokenizer tokenizer;
    std::atomic<bool> interrupt{false};
};

}  // namespace tendril::test

// SPDX-License-Identifier: Apache-2.0
// A tiny model's logits on any backend, step by step: a prompt, single tokens, a step that is broken off and
// done again, two branches over a copied page. For tests of backends whose layers lie apart. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <vector>

#include <QTest>

#include "engine/backend/backend.h"
#include "engine/model/forward.h"
#include "engine/model/load_weights.h"
#include "engine/model/memory_plan.h"
#include "engine/model/read_config.h"
#include "tests/support/gguf_writer.h"

namespace tendril::test {

class SplitHarness {
  public:
    SplitHarness(engine::Backend& backend, const Bytes& bytes, engine::KvType kv) : backend_(backend) {
        file_ = must(engine::GgufFile::parse(bytes));
        config_ = must(engine::read_model_config(file_));
        weights_ = must(engine::load_weights(file_, config_, backend, {}));
        pages_ = must(backend.make_kv_pages(engine::kv_layout(config_, kv), {kPages, kPages}));
        forward_ =
            must(engine::ForwardPass::create(config_, weights_, backend, *pages_,
                                             {.max_rows = 96, .max_logit_rows = 8, .max_positions = 256}));
    }

    /// Of all wanted rows, one behind the other.
    std::vector<float> logits() {
        std::vector<float> all;
        step(0, 90, {0, 89}, own_, all);  // rows that lie apart
        for (std::size_t at = 90; at < 94; ++at) {
            step(at, 1, {0}, own_, all);
        }
        const std::atomic<bool> broken{true};
        std::vector<engine::TokenId> tokens = text(94, 3);
        (void)run(94, tokens, {0}, own_, broken);
        step(94, 3, {0, 1, 2}, own_, all);
        // A branch: the second page, half full, is copied, and another text goes on in the copy.
        pages_->copy_page(engine::PageGroup::full, 1, 2, 97 - engine::kPageTokens);
        pages_->copy_page(engine::PageGroup::window, 1, 2, 97 - engine::kPageTokens);
        step(97, 2, {1}, branch_, all);
        step(97, 1, {0}, own_, all);
        return all;
    }
    engine::KvPages& pages() { return *pages_; }
    std::vector<std::byte> page_bytes(engine::PageId page) const {
        std::vector<std::byte> bytes(pages_->page_bytes(engine::PageGroup::full));
        pages_->export_page(engine::PageGroup::full, page, bytes);
        return bytes;
    }
    /// Goes on behind the pages of another one of the same kind.
    std::vector<float> go_on(const SplitHarness& other) {
        for (engine::PageId page = 0; page < kPages; ++page) {
            for (const engine::PageGroup group : {engine::PageGroup::full, engine::PageGroup::window}) {
                std::vector<std::byte> bytes(pages_->page_bytes(group));
                if (!bytes.empty()) {
                    other.pages_->export_page(group, page, bytes);
                    pages_->import_page(group, page, bytes);
                }
            }
        }
        std::vector<float> all;
        step(98, 4, {3}, own_, all);
        return all;
    }

    template <typename T>
    static T must(Result<T> result) {
        if (!result) {
            throw std::runtime_error(result.error().message + " " + result.error().detail);
        }
        return std::move(*result);
    }

  private:
    static constexpr std::size_t kPages = 3;

    static std::vector<engine::TokenId> text(std::size_t first, std::size_t count) {
        std::vector<engine::TokenId> tokens;
        for (std::size_t i = first; i < first + count; ++i) {
            tokens.push_back(static_cast<engine::TokenId>((i * 37 + 11) % 250));
        }
        return tokens;
    }
    bool run(std::size_t first, const std::vector<engine::TokenId>& tokens,
             const std::vector<std::uint32_t>& wanted, const std::vector<engine::PageId>& pages,
             const std::atomic<bool>& interrupt) {
        std::vector<std::int32_t> positions(tokens.size());
        std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(first));
        const engine::KvSegment segment{pages, pages, 0, first + tokens.size(), 0};
        const engine::StepView view{0, tokens.size(), first, {&segment, 1}};
        return forward_->run(tokens, {{&view, 1}, positions}, wanted, interrupt);
    }
    void step(std::size_t first, std::size_t count, const std::vector<std::uint32_t>& wanted,
              const std::vector<engine::PageId>& pages, std::vector<float>& all) {
        const std::atomic<bool> on{false};
        std::vector<engine::TokenId> tokens = text(pages == branch_ ? first + 50 : first, count);
        if (!run(first, tokens, wanted, pages, on)) {
            throw std::runtime_error("a step ended early");
        }
        const auto got = forward_->logits(0, wanted.size());
        all.insert(all.end(), got.begin(), got.end());
    }

    engine::Backend& backend_;
    engine::GgufFile file_;
    engine::ModelConfig config_;
    engine::ModelWeights weights_;
    std::unique_ptr<engine::KvPages> pages_;
    std::unique_ptr<engine::ForwardPass> forward_;
    const std::vector<engine::PageId> own_ = {0, 1};
    const std::vector<engine::PageId> branch_ = {0, 2};
};

inline std::vector<float> logits_on(engine::Backend& backend, const Bytes& bytes, engine::KvType kv) {
    return SplitHarness(backend, bytes, kv).logits();
}

/// The models that the tests divide: tied and not, with windows, quantised.
inline std::vector<TinyModel> models_to_split() {
    TinyModel llama;
    llama.layers = 4;
    llama.type = engine::DataType::q8_0;
    llama.tied = false;
    TinyModel gemma;
    gemma.architecture = "gemma3";
    gemma.layers = 7;
    TinyModel qwen;
    qwen.architecture = "qwen2";
    qwen.layers = 3;
    return {llama, gemma, qwen};
}

/// QTest rows, one for each of them: column "model".
inline void add_models_to_split() {
    QTest::addColumn<int>("model");
    const auto models = models_to_split();
    for (std::size_t i = 0; i < models.size(); ++i) {
        QTest::newRow(models[i].architecture.c_str()) << static_cast<int>(i);
    }
}

}  // namespace tendril::test

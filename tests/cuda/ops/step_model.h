// SPDX-License-Identifier: Apache-2.0
// A tiny model with random weights on a backend under test, run step by step as the scheduler would; and a
// backend that has only the parts of another's sub-layers. The test thread.
#pragma once

#include <atomic>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/model/forward.h"
#include "engine/model/gguf.h"
#include "engine/model/load_weights.h"
#include "engine/model/memory_plan.h"
#include "engine/model/read_config.h"
#include "tests/support/gguf_writer.h"

namespace tendril::engine::test {

/// Calls another backend's ops, and of its sub-layers and steps nothing.
class PartsOnly final : public Backend {
  public:
    explicit PartsOnly(Backend& whole) : whole_(whole) {}
    std::string description() const override { return whole_.description(); }
    Result<std::unique_ptr<Buffer>> allocate(std::size_t floats) override { return whole_.allocate(floats); }
    Result<std::unique_ptr<Weight>> prepare(const WeightSource& source) override {
        return whole_.prepare(source);
    }
    std::size_t prepared_bytes(const WeightSource& source) const override {
        return whole_.prepared_bytes(source);
    }
    Result<std::unique_ptr<KvPages>> make_kv_pages(const KvLayout& layout, KvPageCounts counts) override {
        return whole_.make_kv_pages(layout, counts);
    }
    Result<std::unique_ptr<RopeTable>> make_rope_table(const RopeSettings& settings, std::size_t head_size,
                                                       std::size_t max_positions) override {
        return whole_.make_rope_table(settings, head_size, max_positions);
    }
    Status reserve(std::size_t rows, std::size_t width) override { return whole_.reserve(rows, width); }
    void upload(std::span<const float> from, float* to) override { whole_.upload(from, to); }
    void download(const float* from, std::span<float> to) override { whole_.download(from, to); }
    void embed(const Weight& table, std::span<const TokenId> tokens, float scale, Rows out) override {
        whole_.embed(table, tokens, scale, out);
    }
    void matmul(Rows in, std::span<const Product> products) override { whole_.matmul(in, products); }
    void rms_norm(Rows in, const float* weight, float epsilon, Rows out) override {
        whole_.rms_norm(in, weight, epsilon, out);
    }
    void add(Rows from, Rows to) override { whole_.add(from, to); }
    void gate(Activation activation, Rows gate, Rows up, Rows out) override {
        whole_.gate(activation, gate, up, out);
    }
    void rope(const RopeTable& table, std::size_t head_size, const StepPlan& plan, Rows x) override {
        whole_.rope(table, head_size, plan, x);
    }
    void store_kv(KvPages& pages, std::size_t layer, const StepPlan& plan, Rows keys, Rows values) override {
        whole_.store_kv(pages, layer, plan, keys, values);
    }
    void attention(const KvPages& pages, const AttentionSettings& settings, const StepPlan& plan, Rows q,
                   Rows out) override {
        whole_.attention(pages, settings, plan, q, out);
    }
    void soft_cap(float softcap, Rows x) override { whole_.soft_cap(softcap, x); }

  private:
    Backend& whole_;
};

/// One branch of a text in the model's pages: page ids of its own from `first_page` on.
struct StepBranch {
    PageId first_page = 0;
    std::size_t length = 0;
};

class StepModel {
  public:
    static constexpr std::size_t kContext = 640;
    static constexpr std::size_t kPages = 40;
    static constexpr std::size_t kRows = 64;

    StepModel(Backend& backend, const tendril::test::TinyModel& options, KvType kv = KvType::f16,
              std::size_t pages = kPages, std::size_t host_bytes = 0)
        : backend_(backend),
          bytes_(tendril::test::tiny_model(options).bytes()),
          file_(must(GgufFile::parse(bytes_))),
          config_(must(read_model_config(file_))),
          weights_(must(load_weights(file_, config_, backend_, {}))) {
        KvLayout layout = kv_layout(config_, kv);
        layout.windowed.clear();
        pages_ = must(backend_.make_kv_pages(layout, {pages, 0}));
        must(pages_->keep_on_host(host_bytes));
        forward_ = must(
            ForwardPass::create(config_, weights_, backend_, *pages_,
                                {.max_rows = kRows, .max_logit_rows = kRows, .max_positions = kContext}));
    }

    /// Each branch reads its tokens, all in one step; the logits of all rows.
    std::vector<float> step(std::span<StepBranch> branches, std::span<const std::vector<TokenId>> tokens,
                            bool broken = false) {
        const std::size_t rows = run(branches, tokens, broken);
        if (rows == 0) {
            return {};
        }
        const std::span<float> logits = forward_->logits(0, rows);
        return {logits.begin(), logits.end()};
    }
    /// The same, and the best token of each row as the device draws it.
    std::vector<TokenId> drawn_step(std::span<StepBranch> branches,
                                    std::span<const std::vector<TokenId>> tokens) {
        const std::vector<Draw> greedy(run(branches, tokens, false));
        std::vector<TokenId> drawn(greedy.size());
        return forward_->draw(0, greedy, drawn) ? drawn : std::vector<TokenId>();
    }

    const ModelConfig& config() const { return config_; }
    ForwardPass& forward() { return *forward_; }
    KvPages& pages() { return *pages_; }

  private:
    /// The number of rows; 0: broken off.
    std::size_t run(std::span<StepBranch> branches, std::span<const std::vector<TokenId>> tokens,
                    bool broken) {
        std::vector<TokenId> all;
        std::vector<std::int32_t> positions;
        std::vector<std::vector<PageId>> ids(branches.size());
        std::vector<KvSegment> segments(branches.size());
        std::vector<StepView> views;
        for (std::size_t i = 0; i < branches.size(); ++i) {
            const std::size_t rows = tokens[i].size();
            ids[i].resize((branches[i].length + rows + kPageTokens - 1) / kPageTokens);
            std::iota(ids[i].begin(), ids[i].end(), branches[i].first_page);
            segments[i] = {ids[i], {}, 0, branches[i].length + rows, 0};
            views.push_back({all.size(), rows, branches[i].length, {&segments[i], 1}});
            for (std::size_t r = 0; r < rows; ++r) {
                positions.push_back(static_cast<std::int32_t>(branches[i].length + r));
            }
            all.insert(all.end(), tokens[i].begin(), tokens[i].end());
        }
        std::vector<std::uint32_t> wanted(all.size());
        std::iota(wanted.begin(), wanted.end(), 0U);
        interrupt_ = broken;
        if (!forward_->run(all, {views, positions}, wanted, interrupt_)) {
            return 0;
        }
        for (std::size_t i = 0; i < branches.size(); ++i) {
            branches[i].length += tokens[i].size();
        }
        return all.size();
    }

    template <typename T>
    static T must(Result<T> result) {
        if (!result) {
            throw std::runtime_error(result.error().message + " " + result.error().detail);
        }
        return std::move(*result);
    }

    Backend& backend_;
    tendril::test::Bytes bytes_;
    GgufFile file_;
    ModelConfig config_;
    ModelWeights weights_;
    std::unique_ptr<KvPages> pages_;
    std::unique_ptr<ForwardPass> forward_;
    std::atomic<bool> interrupt_{false};
};

}  // namespace tendril::engine::test

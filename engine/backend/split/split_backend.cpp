// SPDX-License-Identifier: Apache-2.0
// Translates each op for the part that does it, and brings there what it reads; see split_backend.h.
#include "engine/backend/split/split_backend.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>

#include "engine/backend/split/split_memory.h"

namespace tendril::engine {
namespace {

/// A buffer of the caller's, which is known to the list for as long as it lives.
class ListedBuffer final : public Buffer {
  public:
    ListedBuffer(std::vector<std::unique_ptr<Buffer>> parts, SplitBuffers& list)
        : buffer_(std::move(parts)), list_(list) {
        list_.add(buffer_);
    }
    ~ListedBuffer() override { list_.remove(buffer_); }
    float* data() override { return buffer_.key(); }
    std::size_t size() const override { return buffer_.size(); }

  private:
    SplitBuffer buffer_;
    SplitBuffers& list_;
};

const SplitWeight& split(const Weight& weight) {
    return static_cast<const SplitWeight&>(weight);
}

class SplitBackend final : public Backend {
  public:
    explicit SplitBackend(std::vector<SplitPart> parts) : parts_(std::move(parts)) {
        for (std::size_t part = 0; part < parts_.size(); ++part) {
            first_.push_back(part_of_layer_.size());
            part_of_layer_.insert(part_of_layer_.end(), parts_[part].layers, part);
        }
    }

    // --- what it is ---
    std::string description() const override {
        std::string text;
        for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {  // the cards first
            if (part->layers > 0) {
                text += (text.empty() ? "" : "; ") + part->backend->description() + ": " +
                        std::to_string(part->layers) + "/" + std::to_string(part_of_layer_.size()) +
                        " layers";
            }
        }
        return text;
    }
    std::string arithmetic() const override {
        std::string text;
        for (const SplitPart& part : parts_) {
            text +=
                (text.empty() ? "" : "; ") + std::to_string(part.layers) + ": " + part.backend->arithmetic();
        }
        return text;
    }
    std::string remark() const override {
        for (const SplitPart& part : parts_) {
            if (std::string said = part.backend->remark(); !said.empty()) {
                return said;
            }
        }
        return {};
    }
    std::optional<std::uint64_t> free_memory() const override {
        std::optional<std::uint64_t> sum;
        for (const SplitPart& part : parts_) {
            part.backend->take_turn();
            if (const auto free = part.backend->free_memory()) {
                sum = sum.value_or(0) + *free;
            }
        }
        return sum;
    }
    std::vector<Refusal> refusals() const override {
        std::vector<Refusal> all;
        for (const SplitPart& part : parts_) {
            const std::vector<Refusal> some = part.backend->refusals();
            all.insert(all.end(), some.begin(), some.end());
        }
        return all;
    }
    Status health() const override {
        for (const SplitPart& part : parts_) {
            if (Status status = part.backend->health(); !status) {
                return status;
            }
        }
        return {};
    }

    // --- memory ---
    Result<std::unique_ptr<Buffer>> allocate(std::size_t floats) override {
        std::vector<std::unique_ptr<Buffer>> buffers;
        for (const SplitPart& part : parts_) {
            part.backend->take_turn();
            auto buffer = part.backend->allocate(std::max<std::size_t>(floats, 1));
            if (!buffer) {
                return fail(std::move(buffer.error()));
            }
            buffers.push_back(std::move(*buffer));
        }
        return std::make_unique<ListedBuffer>(std::move(buffers), buffers_);
    }
    Result<std::unique_ptr<Weight>> prepare(const WeightSource& source) override {
        const std::size_t part = part_of(source);
        auto weight = backend(part).prepare(source);
        if (!weight) {
            return fail(std::move(weight.error()));
        }
        return std::make_unique<SplitWeight>(std::move(*weight), part);
    }
    std::size_t prepared_bytes(const WeightSource& source) const override {
        return parts_[part_of(source)].backend->prepared_bytes(source);
    }
    Result<std::unique_ptr<KvPages>> make_kv_pages(const KvLayout& layout, KvPageCounts counts) override {
        assert(layout.layers == part_of_layer_.size());
        std::vector<SplitPages::Part> pages;
        for (std::size_t part = 0; part < parts_.size(); ++part) {
            pages.push_back({parts_[part].backend.get(), nullptr, parts_[part].layers});
            if (parts_[part].layers == 0) {
                continue;
            }
            KvLayout own = layout;
            own.layers = parts_[part].layers;
            if (!layout.windowed.empty()) {
                const auto from = layout.windowed.begin() + static_cast<std::ptrdiff_t>(first_[part]);
                own.windowed.assign(from, from + static_cast<std::ptrdiff_t>(own.layers));
            }
            auto made = backend(part).make_kv_pages(own, counts);
            if (!made) {
                return fail(std::move(made.error()));
            }
            pages.back().pages = std::move(*made);
        }
        return std::make_unique<SplitPages>(std::move(pages), counts);
    }
    Result<std::unique_ptr<RopeTable>> make_rope_table(const RopeSettings& settings, std::size_t head_size,
                                                       std::size_t max_positions) override {
        std::vector<std::unique_ptr<RopeTable>> tables;
        for (const SplitPart& part : parts_) {
            part.backend->take_turn();
            auto table = part.backend->make_rope_table(settings, head_size, max_positions);
            if (!table) {
                return fail(std::move(table.error()));
            }
            tables.push_back(std::move(*table));
        }
        return std::make_unique<SplitRope>(std::move(tables));
    }
    Status reserve(std::size_t max_rows, std::size_t max_width) override {
        border_.resize(std::max(border_.size(), max_rows * max_width));
        for (const SplitPart& part : parts_) {
            part.backend->take_turn();
            if (Status status = part.backend->reserve(max_rows, max_width); !status) {
                return status;
            }
        }
        return {};
    }
    void upload(std::span<const float> from, float* to) override {
        SplitBuffer& buffer = buffers_.find(to);
        const auto offset = static_cast<std::size_t>(to - buffer.key());
        for (std::size_t part = 0; part < parts_.size(); ++part) {
            backend(part).upload(from, buffer.on(part) + offset);
        }
    }
    void download(const float* from, std::span<float> to) override {
        const SplitBuffer& buffer = buffers_.find(from);
        const std::size_t part = buffer.owner == kEveryPart ? 0 : buffer.owner;
        backend(part).download(buffer.on(part) + (from - buffer.key()), to);
    }

    // --- ops ---
    void embed(const Weight& table, std::span<const TokenId> tokens, float scale, Rows out) override {
        current_ = split(table).part();
        backend(current_).embed(split(table).inner(), tokens, scale, written(out));
    }
    void matmul(Rows in, std::span<const Product> products) override {
        std::array<Product, kMostTogether> group;
        for (std::size_t first = 0; first < products.size();) {
            current_ = split(*products[first].weight).part();
            std::size_t count = 0;
            while (count < kMostTogether && first + count < products.size() &&
                   split(*products[first + count].weight).part() == current_) {
                group[count] = translated(products[first + count]);
                ++count;
            }
            backend(current_).matmul(read(in), std::span(group).first(count));
            first += count;
        }
    }
    void rms_norm(Rows in, const float* weight, float epsilon, Rows out) override {
        const Rows from = read(in);
        backend(current_).rms_norm(from, constant(weight), epsilon, written(out));
    }
    void add(Rows from, Rows to) override {
        const Rows other = read(from);
        backend(current_).add(other, changed(to));
    }
    void gate(Activation activation, Rows gate, Rows up, Rows out) override {
        const Rows in = read(gate);
        const Rows other = read(up);
        backend(current_).gate(activation, in, other, written(out));
    }
    void rope(const RopeTable& table, std::size_t head_size, const StepPlan& plan, Rows x) override {
        const Rows own = changed(x);
        backend(current_).rope(static_cast<const SplitRope&>(table).on(current_), head_size, plan, own);
    }
    void store_kv(KvPages& pages, std::size_t layer, const StepPlan& plan, Rows keys, Rows values) override {
        current_ = part_of_layer_[layer];
        const Rows k = read(keys);
        const Rows v = read(values);
        backend(current_).store_kv(own_pages(pages), layer - first_[current_], plan, k, v);
    }
    void attention(const KvPages& pages, const AttentionSettings& settings, const StepPlan& plan, Rows q,
                   Rows out) override {
        current_ = part_of_layer_[settings.layer];
        const Rows in = read(q);
        backend(current_).attention(own_pages(pages), own_settings(settings), plan, in, written(out));
    }
    void soft_cap(float softcap, Rows x) override { backend(current_).soft_cap(softcap, changed(x)); }

    bool draws() const override { return parts_.back().backend->draws(); }
    bool draw(Rows logits, std::span<const Draw> how, std::span<TokenId> tokens) override {
        const Rows own = read(logits);
        return backend(current_).draw(own, how, tokens);
    }

    Status prepare_peaks(std::size_t keys) override {
        Status status;
        for (std::size_t part = 0; part < parts_.size() && status; ++part) {
            status = backend(part).prepare_peaks(keys);
        }
        return status;
    }
    void attention_peaks(const KvPages& pages, const AttentionSettings& settings, const StepView& view,
                         Rows q, const PeakRange& range, std::span<float> peaks) override {
        current_ = part_of_layer_[settings.layer];
        const Rows in = read(q);
        backend(current_).attention_peaks(own_pages(pages), own_settings(settings), view, in, range, peaks);
    }

    // --- sub-layers: a part's step begins when its first layer comes, and ends when the rows leave it ---
    void begin_step(const StepPlan& plan) override {
        buffers_.forget_contents();
        plan_ = &plan;
    }
    void end_step(bool whole) override {
        leave(whole);
        plan_ = nullptr;
    }
    void project_heads(KvPages& pages, const HeadProjection& heads, const StepPlan& plan) override {
        const std::size_t part = part_of_layer_[heads.layer];
        HeadProjection own = heads;
        if (heads.embedding != nullptr && split(*heads.embedding->table).part() != part) {
            embed(*heads.embedding->table, heads.embedding->tokens, heads.embedding->scale, heads.in.rows);
            own.embedding = nullptr;
        }
        Embedding embedding;
        enter(part);
        if (own.embedding != nullptr) {
            embedding = *own.embedding;
            embedding.table = &split(*embedding.table).inner();
            own.embedding = &embedding;
            own.in = translated(heads.in, true);
        } else {
            own.in = translated(heads.in, false);
        }
        own.query = translated(heads.query);
        own.key = translated(heads.key);
        own.value = translated(heads.value);
        own.query_norm = constant(heads.query_norm);
        own.key_norm = constant(heads.key_norm);
        own.rope = &static_cast<const SplitRope*>(heads.rope)->on(part);
        own.layer -= first_[part];
        backend(part).project_heads(own_pages(pages), own, plan);
    }
    void project_residual(const Residual& residual) override {
        enter(split(*residual.product.weight).part());
        Residual own = residual;
        own.in = read(residual.in);
        own.product = translated(residual.product);
        own.norm = constant(residual.norm);
        own.to = changed(residual.to);
        backend(current_).project_residual(own);
    }
    void project_gated(const GatedProjection& gated) override {
        enter(split(*gated.gate.weight).part());
        GatedProjection own = gated;
        own.in = translated(gated.in, false);
        own.gate = translated(gated.gate);
        own.up = translated(gated.up);
        backend(current_).project_gated(own);
    }
    void project_logits(const LogitProjection& logits) override {
        enter(split(*logits.product.weight).part());
        LogitProjection own = logits;
        own.in = translated(logits.in, false);
        own.product = translated(logits.product);
        backend(current_).project_logits(own);
    }

  private:
    static constexpr std::size_t kMostTogether = 8;

    Backend& backend(std::size_t part) {
        parts_[part].backend->take_turn();
        return *parts_[part].backend;
    }
    KvPages& own_pages(const KvPages& pages) const {
        return static_cast<const SplitPages&>(pages).on(current_);
    }
    AttentionSettings own_settings(const AttentionSettings& settings) const {
        AttentionSettings own = settings;
        own.layer -= first_[current_];
        if (own.rope != nullptr) {
            own.rope = &static_cast<const SplitRope*>(own.rope)->on(current_);
        }
        return own;
    }
    std::size_t part_of(const WeightSource& source) const {
        if (source.layer < part_of_layer_.size()) {
            return part_of_layer_[source.layer];
        }
        return source.layer == WeightSource::kBeforeLayers ? 0 : parts_.size() - 1;
    }

    /// Makes the part the one that works; within a step, begins its own.
    void enter(std::size_t part) {
        if (part == current_ && (plan_ == nullptr || stepping_ == part)) {
            return;
        }
        leave();
        current_ = part;
    }
    void leave(bool whole = true) {
        if (stepping_ != kNone) {
            backend(stepping_).end_step(whole);
            stepping_ = kNone;
        }
    }
    /// Nothing is copied while a part is within its step.
    void fetch(SplitBuffer& buffer) {
        if (buffer.owner == kEveryPart || buffer.owner == current_) {
            return;
        }
        leave();
        if (buffer.extent > 0) {
            border_.resize(std::max(border_.size(), buffer.extent));
            const std::span<float> values = std::span(border_).first(buffer.extent);
            backend(buffer.owner).download(buffer.on(buffer.owner), values);
            backend(current_).upload(values, buffer.on(current_));
        }
        buffer.owner = current_;
    }

    Rows at(const SplitBuffer& buffer, Rows rows) const {
        return {buffer.on(current_) + (rows.data - buffer.key()), rows.rows, rows.width};
    }
    Rows read(Rows rows) {
        SplitBuffer& buffer = buffers_.find(rows.data);
        fetch(buffer);
        return at(buffer, rows);
    }
    Rows changed(Rows rows) {
        read(rows);
        return written(rows);
    }
    /// What else is in the buffer comes along, unless all of it is written over.
    Rows written(Rows rows) {
        SplitBuffer& buffer = buffers_.find(rows.data);
        const auto end = static_cast<std::size_t>(rows.data - buffer.key()) + rows.rows * rows.width;
        if (rows.data != buffer.key() || end < buffer.extent) {
            fetch(buffer);
        }
        buffer.owner = current_;
        buffer.extent = std::max(buffer.extent, end);
        return at(buffer, rows);
    }
    const float* constant(const float* data) const {
        if (data == nullptr) {
            return nullptr;
        }
        const SplitBuffer& buffer = buffers_.find(data);
        return buffer.on(current_) + (data - buffer.key());
    }
    Product translated(const Product& product) {
        return {&split(*product.weight).inner(), constant(product.bias), written(product.out)};
    }
    NormedRows translated(const NormedRows& in, bool made_here) {
        const Rows rows = made_here ? written(in.rows) : read(in.rows);
        const Rows normed = written(in.normed);
        if (plan_ != nullptr && stepping_ == kNone) {
            backend(current_).begin_step(*plan_);
            stepping_ = current_;
        }
        return {rows, constant(in.weight), in.epsilon, normed};
    }

    static constexpr std::size_t kNone = SIZE_MAX;

    std::vector<SplitPart> parts_;
    std::vector<std::size_t> first_;          // [part] its first layer
    std::vector<std::size_t> part_of_layer_;  // [layer]
    SplitBuffers buffers_;
    std::vector<float> border_;  // what crosses from part to part; as large as reserve() was told
    const StepPlan* plan_ = nullptr;
    std::size_t current_ = 0;       // where ops without weight and layer are done: where the last one was
    std::size_t stepping_ = kNone;  // the part that is within its step
};

}  // namespace

std::unique_ptr<Backend> make_split_backend(std::vector<SplitPart> parts) {
    return std::make_unique<SplitBackend>(std::move(parts));
}

}  // namespace tendril::engine

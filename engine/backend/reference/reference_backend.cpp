// SPDX-License-Identifier: Apache-2.0
// The reference backend; see reference_backend.h. Engine thread only.
#include "engine/backend/reference/reference_backend.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <numbers>
#include <vector>

#include "engine/backend/rope_frequencies.h"
#include "engine/backend/weight_source.h"
#include "engine/half.h"
#include "engine/model/dequantize.h"

namespace tendril::engine {
namespace {

class HostBuffer final : public Buffer {
  public:
    explicit HostBuffer(std::size_t floats) : values_(floats, 0.0F) {}
    float* data() override { return values_.data(); }
    std::size_t size() const override { return values_.size(); }

  private:
    std::vector<float> values_;
};

/// A view of the file's bytes.
class SourceWeight final : public Weight {
  public:
    explicit SourceWeight(const WeightSource& source) : source_(source) {}
    std::size_t rows() const override { return source_.rows; }
    std::size_t columns() const override { return source_.columns; }
    std::size_t bytes() const override { return 0; }
    bool borrows_source() const override { return true; }

    void row(std::size_t index, std::span<float> out) const {
        const std::size_t size = row_bytes(source_);
        dequantize(source_.type, source_.bytes.subspan(index * size, size), out);
    }

  private:
    WeightSource source_;
};

/// Pages of f16, each [layer][keys, values][kv head][position][head_size].
class HostPages final : public KvPages {
  public:
    HostPages(const KvLayout& layout, std::size_t count)
        : layout_(layout), count_(count), values_(count * page_size(), std::uint16_t{0}) {}

    std::size_t page_count(PageGroup group) const override { return group == PageGroup::full ? count_ : 0; }
    std::string layout_name() const override { return "reference f16 1"; }
    std::size_t page_bytes(PageGroup group) const override {
        return group == PageGroup::full ? layout_.bytes_per_page() : 0;
    }
    void export_page(PageGroup, PageId page, std::span<std::byte> to) const override {
        std::memcpy(to.data(), values_.data() + page * page_size(), layout_.bytes_per_page());
    }
    void import_page(PageGroup, PageId page, std::span<const std::byte> from) override {
        std::memcpy(values_.data() + page * page_size(), from.data(), layout_.bytes_per_page());
    }

    void copy_page(PageGroup, PageId from, PageId to, std::size_t tokens) override {
        for (std::size_t layer = 0; layer < layout_.layers; ++layer) {
            for (const bool values : {false, true}) {
                for (std::size_t head = 0; head < layout_.kv_heads; ++head) {
                    std::copy_n(at(from, layer, values, head, 0), tokens * layout_.head_size,
                                at(to, layer, values, head, 0));
                }
            }
        }
    }

    const KvLayout& layout() const { return layout_; }

    std::uint16_t* at(PageId page, std::size_t layer, bool values, std::size_t head, std::size_t position) {
        return values_.data() + offset(page, layer, values, head, position);
    }
    const std::uint16_t* at(PageId page, std::size_t layer, bool values, std::size_t head,
                            std::size_t position) const {
        return values_.data() + offset(page, layer, values, head, position);
    }

  private:
    std::size_t page_size() const { return layout_.bytes_per_page() / sizeof(std::uint16_t); }
    std::size_t offset(PageId page, std::size_t layer, bool values, std::size_t head,
                       std::size_t position) const {
        const std::size_t plane = (layer * 2 + (values ? 1 : 0)) * layout_.kv_heads + head;
        return page * page_size() + (plane * kPageTokens + position) * layout_.head_size;
    }

    KvLayout layout_;
    std::size_t count_;
    std::vector<std::uint16_t> values_;
};

class ReferenceRope final : public RopeTable {
  public:
    ReferenceRope(RopeFrequencies angles, RopeSettings::Pairing pair)
        : frequencies(std::move(angles)), pairing(pair) {}
    const RopeFrequencies frequencies;
    const RopeSettings::Pairing pairing;
};

/// Four partial sums, so that the oracle is not slowed by the latency of one addition.
double dot(const float* a, const float* b, std::size_t count) {
    double sums[4] = {};
    std::size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (std::size_t lane = 0; lane < 4; ++lane) {
            sums[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
        }
    }
    for (; i < count; ++i) {
        sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double activate(Activation activation, double x) {
    if (activation == Activation::silu) {
        return x / (1.0 + std::exp(-x));
    }
    return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

/// One row and head against all positions that it sees.
void attend(const HostPages& pages, const AttentionSettings& settings, const StepView& view,
            std::size_t position, std::size_t head, const float* query, float* out) {
    const KvLayout& layout = pages.layout();
    const std::size_t size = layout.head_size;
    const std::size_t kv_head = head / (settings.heads / layout.kv_heads);
    const std::size_t end = position + 1;
    const std::size_t begin = settings.window != 0 && end > settings.window ? end - settings.window : 0;
    std::vector<double> scores(end - begin);
    double largest = -HUGE_VAL;
    for (std::size_t p = begin; p < end; ++p) {
        const std::uint16_t* key = pages.at(view.segments[0].pages[p / kPageTokens], settings.layer, false,
                                            kv_head, p % kPageTokens);
        double sum = 0.0;
        for (std::size_t i = 0; i < size; ++i) {
            sum += static_cast<double>(query[i]) * static_cast<double>(half_to_float(key[i]));
        }
        sum *= static_cast<double>(settings.scale);
        if (settings.softcap > 0.0F) {
            sum = static_cast<double>(settings.softcap) *
                  std::tanh(sum / static_cast<double>(settings.softcap));
        }
        scores[p - begin] = sum;
        largest = std::max(largest, sum);
    }
    double total = 0.0;
    std::vector<double> mixed(size, 0.0);
    for (std::size_t p = begin; p < end; ++p) {
        const double weight = std::exp(scores[p - begin] - largest);
        const std::uint16_t* value =
            pages.at(view.segments[0].pages[p / kPageTokens], settings.layer, true, kv_head, p % kPageTokens);
        for (std::size_t i = 0; i < size; ++i) {
            mixed[i] += weight * static_cast<double>(half_to_float(value[i]));
        }
        total += weight;
    }
    for (std::size_t i = 0; i < size; ++i) {
        out[i] = static_cast<float>(mixed[i] / total);
    }
}

class ReferenceBackend final : public Backend {
  public:
    std::string description() const override { return "Reference (plain C++, slow)"; }

    Result<std::unique_ptr<Buffer>> allocate(std::size_t floats) override {
        try {
            return std::make_unique<HostBuffer>(floats);
        } catch (const std::exception&) {
            return fail(ErrorCode::out_of_memory,
                        "There is not enough memory for the model's working buffers.");
        }
    }

    Result<std::unique_ptr<Weight>> prepare(const WeightSource& source) override {
        if (Status checked = check_source(source); !checked) {
            return fail(checked.error());
        }
        row_.resize(std::max(row_.size(), source.columns));
        return std::make_unique<SourceWeight>(source);
    }

    std::size_t prepared_bytes(const WeightSource&) const override { return 0; }

    Result<std::unique_ptr<KvPages>> make_kv_pages(const KvLayout& layout, KvPageCounts counts) override {
        try {
            return std::make_unique<HostPages>(layout, counts.full);
        } catch (const std::exception&) {
            return fail(ErrorCode::out_of_memory, "There is not enough memory for a context of this size.");
        }
    }

    Result<std::unique_ptr<RopeTable>> make_rope_table(const RopeSettings& settings, std::size_t head_size,
                                                       std::size_t /*max_positions*/) override {
        Result<RopeFrequencies> frequencies = rope_frequencies(settings, head_size);
        if (!frequencies) {
            return fail(frequencies.error());
        }
        return std::make_unique<ReferenceRope>(std::move(*frequencies), settings.pairing);
    }

    Status reserve(std::size_t, std::size_t) override { return {}; }
    void upload(std::span<const float> from, float* to) override { std::copy(from.begin(), from.end(), to); }
    void download(const float* from, std::span<float> to) override {
        std::copy_n(from, to.size(), to.begin());
    }

    void embed(const Weight& table, std::span<const TokenId> tokens, float scale, Rows out) override {
        for (std::size_t r = 0; r < tokens.size(); ++r) {
            const std::span<float> row(out.data + r * out.width, out.width);
            static_cast<const SourceWeight&>(table).row(static_cast<std::size_t>(tokens[r]), row);
            for (float& value : row) {
                value *= scale;
            }
        }
    }

    void matmul(Rows in, std::span<const Product> products) override {
        for (const Product& product : products) {
            const auto& weight = static_cast<const SourceWeight&>(*product.weight);
            for (std::size_t o = 0; o < weight.rows(); ++o) {
                weight.row(o, std::span(row_).first(in.width));
                const double bias = product.bias != nullptr ? static_cast<double>(product.bias[o]) : 0.0;
                for (std::size_t r = 0; r < in.rows; ++r) {
                    const double sum = dot(row_.data(), in.data + r * in.width, in.width);
                    product.out.data[r * product.out.width + o] = static_cast<float>(sum + bias);
                }
            }
        }
    }

    void rms_norm(Rows in, const float* weight, float epsilon, Rows out) override {
        for (std::size_t r = 0; r < in.rows; ++r) {
            const float* from = in.data + r * in.width;
            float* to = out.data + r * out.width;
            const double mean = dot(from, from, in.width) / static_cast<double>(in.width);
            const double scale = 1.0 / std::sqrt(mean + static_cast<double>(epsilon));
            for (std::size_t i = 0; i < in.width; ++i) {
                to[i] =
                    static_cast<float>(static_cast<double>(from[i]) * scale * static_cast<double>(weight[i]));
            }
        }
    }

    void add(Rows from, Rows to) override {
        for (std::size_t i = 0; i < from.rows * from.width; ++i) {
            to.data[i] += from.data[i];
        }
    }

    void gate(Activation activation, Rows gate, Rows up, Rows out) override {
        for (std::size_t i = 0; i < gate.rows * gate.width; ++i) {
            out.data[i] = static_cast<float>(activate(activation, static_cast<double>(gate.data[i])) *
                                             static_cast<double>(up.data[i]));
        }
    }

    void rope(const RopeTable& table, std::size_t head_size, const StepPlan& plan, Rows x) override {
        const auto& rope = static_cast<const ReferenceRope&>(table);
        const bool adjacent = rope.pairing == RopeSettings::Pairing::adjacent;
        const std::size_t pairs = head_size / 2;
        for (std::size_t r = 0; r < x.rows; ++r) {
            for (std::size_t i = 0; i < pairs; ++i) {
                const double angle = static_cast<double>(plan.positions[r]) * rope.frequencies.step[i];
                const double cosine = std::cos(angle) * rope.frequencies.magnitude;
                const double sine = std::sin(angle) * rope.frequencies.magnitude;
                for (std::size_t head = 0; head < x.width / head_size; ++head) {
                    float* at = x.data + r * x.width + head * head_size;
                    float& first = at[adjacent ? 2 * i : i];
                    float& second = at[adjacent ? 2 * i + 1 : i + pairs];
                    const double a = static_cast<double>(first);
                    const double b = static_cast<double>(second);
                    first = static_cast<float>(a * cosine - b * sine);
                    second = static_cast<float>(a * sine + b * cosine);
                }
            }
        }
    }

    void store_kv(KvPages& pages, std::size_t layer, const StepPlan& plan, Rows keys, Rows values) override {
        auto& host = static_cast<HostPages&>(pages);
        const std::size_t size = host.layout().head_size;
        for (const StepView& view : plan.views) {
            for (std::size_t i = 0; i < view.row_count; ++i) {
                const std::size_t position = view.first_position + i;
                const PageId page = view.segments.back().pages[position / kPageTokens];
                for (std::size_t head = 0; head < host.layout().kv_heads; ++head) {
                    const std::size_t offset = (view.first_row + i) * keys.width + head * size;
                    std::uint16_t* key = host.at(page, layer, false, head, position % kPageTokens);
                    std::uint16_t* value = host.at(page, layer, true, head, position % kPageTokens);
                    std::transform(keys.data + offset, keys.data + offset + size, key, float_to_half);
                    std::transform(values.data + offset, values.data + offset + size, value, float_to_half);
                }
            }
        }
    }

    void attention(const KvPages& pages, const AttentionSettings& settings, const StepPlan& plan, Rows q,
                   Rows out) override {
        const auto& host = static_cast<const HostPages&>(pages);
        const std::size_t size = host.layout().head_size;
        for (const StepView& view : plan.views) {
            for (std::size_t i = 0; i < view.row_count; ++i) {
                const std::size_t row = view.first_row + i;
                for (std::size_t head = 0; head < settings.heads; ++head) {
                    attend(host, settings, view, view.first_position + i, head,
                           q.data + row * q.width + head * size, out.data + row * out.width + head * size);
                }
            }
        }
    }

    void soft_cap(float softcap, Rows x) override {
        const auto cap = static_cast<double>(softcap);
        for (std::size_t i = 0; i < x.rows * x.width; ++i) {
            x.data[i] = static_cast<float>(cap * std::tanh(static_cast<double>(x.data[i]) / cap));
        }
    }

  private:
    std::vector<float> row_;  // one dequantised row
};

}  // namespace

std::unique_ptr<Backend> make_reference_backend() {
    return std::make_unique<ReferenceBackend>();
}

}  // namespace tendril::engine

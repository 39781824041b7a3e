// SPDX-License-Identifier: Apache-2.0
// The reference backend; see reference_backend.h. Engine thread only.
#include "engine/backend/reference/reference_backend.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <numbers>
#include <vector>

#include "engine/backend/reference/host_pages.h"
#include "engine/backend/reference/reference_attention.h"
#include "engine/backend/rope_frequencies.h"
#include "engine/backend/weight_source.h"
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
            return std::make_unique<HostPages>(layout, counts);
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
        reference_store_kv(static_cast<HostPages&>(pages), layer, plan, keys, values);
    }

    void attention(const KvPages& pages, const AttentionSettings& settings, const StepPlan& plan, Rows q,
                   Rows out) override {
        reference_attention(static_cast<const HostPages&>(pages), settings, plan, q, out);
    }

    Status prepare_peaks(std::size_t) override { return {}; }
    void attention_peaks(const KvPages& pages, const AttentionSettings& settings, const StepView& view,
                         Rows q, const PeakRange& range, std::span<float> peaks) override {
        reference_attention_peaks(static_cast<const HostPages&>(pages), settings, view, q, range, peaks);
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

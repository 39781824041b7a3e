// SPDX-License-Identifier: Apache-2.0
// The CPU backend; see cpu_backend.h.
#include "engine/backend/cpu/cpu_backend.h"

#include <algorithm>
#include <array>

#include "engine/backend/cpu/attention.h"
#include "engine/backend/cpu/attention_peaks.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/kv_pages.h"
#include "engine/backend/cpu/kv_store.h"
#include "engine/backend/cpu/layer_rows.h"
#include "engine/backend/cpu/matmul.h"
#include "engine/backend/cpu/packed_weight.h"
#include "engine/backend/cpu/rope.h"
#include "engine/backend/cpu/step_flow.h"
#include "engine/backend/cpu/step_waits.h"
#include "engine/backend/cpu/thread_pool.h"
#include "engine/backend/cpu/usable_cores.h"
#include "engine/backend/weight_source.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kAlone = std::size_t{16} << 10;  // floats below which a row-wise op is not worth a fork
constexpr std::size_t kLeastLarge = std::size_t{1} << 18;   // floats
constexpr std::size_t kSourceSlice = std::size_t{8} << 20;  // bytes of a matrix that are packed at once
constexpr std::size_t kRun = std::size_t{4} << 10;          // floats of a piece of one

struct KernelSet {
    const MatmulKernels& matmul;
    const VectorKernels& vectors;
    AttentionKernels attention;
};

KernelSet kernels_of(Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
        case Isa::avx2:
            return {kMatmulAvx2, kVectorAvx2, kAttentionAvx2};
        case Isa::avxvnni:
            return {kMatmulAvxVnni, kVectorAvx2, kAttentionAvxVnni};
        case Isa::avx512:
            return {kMatmulAvx512, kVectorAvx512, kAttentionAvx512};
        case Isa::avx512vnni:
            return {kMatmulAvx512Vnni, kVectorAvx512, kAttentionAvx512Vnni};
        case Isa::avx512bf16:
            return {kMatmulAvx512Bf16, kVectorAvx512, kAttentionAvx512Vnni};
        case Isa::amx:
            return {kMatmulAmx, kVectorAvx512, kAttentionAvx512Vnni};
#endif
        case Isa::amxemulated:
            return {kMatmulAmxEmulated, kVectorScalar, kAttentionScalar};
        default:
            return {kMatmulScalar, kVectorScalar, kAttentionScalar};
    }
}

class LargeBuffer final : public Buffer {
  public:
    LargeBuffer(std::unique_ptr<HugeMemory> memory, std::size_t floats)
        : memory_(std::move(memory)), floats_(floats) {}
    float* data() override { return reinterpret_cast<float*>(memory_->data()); }
    std::size_t size() const override { return floats_; }

  private:
    std::unique_ptr<HugeMemory> memory_;
    std::size_t floats_;
};

class SmallBuffer final : public Buffer {
  public:
    explicit SmallBuffer(std::size_t floats) : values_(floats, 0.0F) {}
    float* data() override { return values_.data(); }
    std::size_t size() const override { return values_.size(); }

  private:
    std::vector<float> values_;
};

class CpuBackend final : public Backend {
  public:
    CpuBackend(Isa isa, unsigned threads, CpuOptions options)
        : isa_(isa),
          remark_(std::move(options.remark)),
          kernels_(kernels_of(isa)),
          pool_(threads),
          waits_(pool_),
          matmul_(pool_, kernels_.matmul, kernels_.vectors),
          attention_(pool_, kernels_.attention, kernels_.vectors),
          peaks_(pool_, kernels_.attention, kernels_.vectors),
          store_(pool_, kernels_.attention, kernels_.vectors),
          rows_(kernels_.matmul, kernels_.vectors, attention_, store_),
          flow_(pool_, rows_, attention_) {
        pool_.count_forks(options.forks);
        if (!options.rotate_quantised) {
            kernels_.attention.hadamard = [](float*, std::size_t) {};
        }
    }

    std::string description() const override {
        const unsigned threads = pool_.threads();
        return std::string("CPU, ") + display_name(isa_) + ", " + std::to_string(threads) +
               (threads == 1 ? " thread" : " threads");
    }
    std::string arithmetic() const override { return std::string("CPU, ") + display_name(isa_); }
    std::string remark() const override { return remark_; }

    Result<std::unique_ptr<Buffer>> allocate(std::size_t floats) override {
        if (floats < kLeastLarge) {  // norms and biases, hundreds of them
            return std::make_unique<SmallBuffer>(floats);
        }
        auto memory =
            HugeMemory::take_scratch(floats > SIZE_MAX / sizeof(float) ? SIZE_MAX : floats * sizeof(float));
        if (!memory) {
            return fail(memory.error());
        }
        return std::make_unique<LargeBuffer>(std::move(*memory), floats);
    }

    Result<std::unique_ptr<Weight>> prepare(const WeightSource& source) override {
        if (Status checked = check_source(source); !checked) {
            return fail(checked.error());
        }
        auto memory = arena_.take(packed_bytes(source.type, source.rows, source.columns));
        if (!memory) {
            return fail(memory.error());
        }
        auto weight =
            std::make_unique<PackedWeight>(source.type, source.rows, source.columns, std::move(*memory));
        pack(source, *weight);
        return weight;
    }

    std::size_t prepared_bytes(const WeightSource& source) const override {
        return packed_bytes(source.type, source.rows, source.columns);
    }

    Result<std::unique_ptr<KvPages>> make_kv_pages(const KvLayout& layout, KvPageCounts counts) override {
        auto pages = CpuKvPages::make(layout, counts, name(isa_));
        if (!pages) {
            return fail(pages.error());
        }
        if (Status reserved = attention_.reserve_heads(layout); !reserved) {
            return fail(reserved.error());
        }
        layouts_.push_back(layout);
        return std::unique_ptr<KvPages>(std::move(*pages));
    }

    Result<std::unique_ptr<RopeTable>> make_rope_table(const RopeSettings& settings, std::size_t head_size,
                                                       std::size_t max_positions) override {
        auto frequencies = rope_frequencies(settings, head_size);
        if (!frequencies) {
            return fail(frequencies.error());
        }
        if (head_size / 2 > CpuRope::kMaxPairs) {
            return fail(ErrorCode::too_large, "The model's heads are larger than the limit of 1024 values.");
        }
        return std::make_unique<CpuRope>(*frequencies, settings.pairing, max_positions);
    }

    Status reserve(std::size_t max_rows, std::size_t max_width) override {
        attention_.reserve_rows(max_rows);
        for (const KvLayout& layout : layouts_) {
            if (Status reserved = attention_.reserve_heads(layout); !reserved) {
                return reserved;
            }
        }
        if (Status reserved = flow_.reserve(max_rows, max_width); !reserved) {
            return reserved;
        }
        return matmul_.reserve(max_rows, max_width);
    }

    bool shares_memory() const override { return true; }
    void upload(std::span<const float> from, float* to) override {
        settle();
        std::copy(from.begin(), from.end(), to);
    }
    void download(const float* from, std::span<float> to) override {
        std::copy_n(from, to.size(), to.begin());
    }

    void embed(const Weight& table, std::span<const TokenId> tokens, float scale, Rows out) override {
        settle();
        const auto& packed = static_cast<const PackedWeight&>(table);
        by_rows(tokens.size(), out.width * 8, [&](std::size_t r) {
            const std::span<float> row(out.data + r * out.width, out.width);
            packed.unpack_row(static_cast<std::size_t>(tokens[r]), row);
            if (scale != 1.0F) {
                for (float& value : row) {
                    value *= scale;
                }
            }
        });
    }

    void matmul(Rows in, std::span<const Product> products) override {
        settle();
        matmul_.run(in, products);
    }

    void rms_norm(Rows in, const float* weight, float epsilon, Rows out) override {
        settle();
        by_rows(in.rows, in.width, [&](std::size_t r) {
            kernels_.vectors.rms_norm(in.data + r * in.width, weight, epsilon, out.data + r * out.width,
                                      in.width);
        });
    }

    void add(Rows from, Rows to) override {
        settle();
        by_runs(from.rows * from.width, [&](std::size_t at, std::size_t n) {
            kernels_.vectors.add(from.data + at, to.data + at, n);
        });
    }

    void gate(Activation activation, Rows gate, Rows up, Rows out) override {
        settle();
        const auto kernel = activation_of(activation);
        by_runs(gate.rows * gate.width, [&](std::size_t at, std::size_t n) {
            kernel(gate.data + at, up.data + at, out.data + at, n);
        });
    }

    void rope(const RopeTable& table, std::size_t head_size, const StepPlan& plan, Rows x) override {
        settle();
        const auto& rope = static_cast<const CpuRope&>(table);
        by_rows(x.rows, x.width, [&](std::size_t r) {
            float cosine[CpuRope::kMaxPairs];
            float sine[CpuRope::kMaxPairs];
            rope.angles(static_cast<std::size_t>(plan.positions[r]), cosine, sine);
            kernels_.vectors.rope(x.data + r * x.width, x.width / head_size, head_size, cosine, sine,
                                  rope.halves());
        });
    }

    void store_kv(KvPages& pages, std::size_t layer, const StepPlan& plan, Rows keys, Rows values) override {
        settle();
        store_.run(static_cast<CpuKvPages&>(pages), layer, plan, keys, values);
    }

    void attention(const KvPages& pages, const AttentionSettings& settings, const StepPlan& plan, Rows q,
                   Rows out) override {
        if (!flow_.noting() || !flow_.note(settings, q, out)) {
            settle();
            attention_.run(static_cast<const CpuKvPages&>(pages), settings, plan, q, out);
        }
    }

    Status prepare_peaks(std::size_t keys) override { return peaks_.prepare(keys, layouts_); }
    void attention_peaks(const KvPages& pages, const AttentionSettings& settings, const StepView& view,
                         Rows q, const PeakRange& range, std::span<float> peaks) override {
        settle();
        peaks_.run(static_cast<const CpuKvPages&>(pages), settings, view, q, range, peaks);
    }

    void soft_cap(float softcap, Rows x) override {
        settle();
        by_runs(x.rows * x.width,
                [&](std::size_t at, std::size_t n) { kernels_.vectors.soft_cap(softcap, x.data + at, n); });
    }

    void begin_step(const StepPlan& plan) override {
        flow_.begin(plan);
        waits_.begin(plan.rows());
    }
    void end_step(bool whole) override {
        if (whole) {
            settle();
        }
        flow_.end();
        waits_.end();
    }
    void project_logits(const LogitProjection& logits) override {
        waits_.begin_logits();
        Backend::project_logits(logits);
        waits_.end();
    }
    void project_heads(KvPages& pages, const HeadProjection& heads, const StepPlan& plan) override {
        if (!flow_.noting() || !flow_.note(pages, heads)) {
            settle();
            Backend::project_heads(pages, heads, plan);
        }
    }
    void project_residual(const Residual& residual) override {
        if (flow_.noting() && flow_.note(residual)) {
            return;
        }
        if (!matmul_.keeps(residual.in)) {
            settle();
            Backend::project_residual(residual);
            return;
        }
        const Rows out = residual.product.out;
        matmul_.run(residual.in, {&residual.product, 1});
        if (residual.norm != nullptr) {
            rms_norm(out, residual.norm, residual.epsilon, out);
        }
        add(out, residual.to);
    }
    void project_gated(const GatedProjection& gated) override {
        if (flow_.noting() && flow_.note(gated)) {
            return;
        }
        const NormedRows& in = gated.in;
        rms_norm(in.rows, in.weight, in.epsilon, in.normed);
        if (!matmul_.gate(in.normed, gated.gate, gated.up, activation_of(gated.activation))) {
            const std::array products = {gated.gate, gated.up};
            matmul(in.normed, products);
            gate(gated.activation, gated.gate.out, gated.up.out, gated.gate.out);
        }
    }

  private:
    CpuMatmul::Activate activation_of(Activation activation) const {
        return activation == Activation::silu ? kernels_.vectors.silu : kernels_.vectors.gelu_tanh;
    }

    /// Whatever was noted of a step is done before an op that is not, and what was kept may change.
    void settle() {
        matmul_.forget();
        if (flow_.noting()) {
            run_parts(flow_.settle());
        }
    }

    void run_parts(const StepFlow::Rest& rest) {
        const LayerCalls& layer = rest.layer;
        HeadProjection heads = layer.heads;
        heads.embedding = heads.embedding != nullptr ? &layer.embedding : nullptr;
        if (rest.calls > 0) {
            Backend::project_heads(*layer.pages, heads, *rest.plan);
        }
        if (rest.calls > 1) {
            attention_.run(*layer.pages, layer.attention, *rest.plan, heads.query.out, layer.attended);
        }
        if (rest.calls > 2) {
            Backend::project_residual(layer.output);
        }
        if (rest.calls > 3) {
            Backend::project_gated(layer.gated);
        }
    }

    /// Slice by slice, so that the source's pages can go back before the next are read.
    void pack(const WeightSource& source, PackedWeight& weight) {
        const std::size_t group_bytes = std::max<std::size_t>(1, weight.shape().group_bytes);
        const std::size_t run = std::max<std::size_t>(1, (std::size_t{64} << 10) / group_bytes);
        const std::size_t slice = std::max(run, kSourceSlice / group_bytes);
        const std::size_t row_bytes = source.bytes.size() / std::max<std::size_t>(1, source.rows);
        for (std::size_t first = 0; first < weight.groups(); first += slice) {
            const std::size_t end = std::min(weight.groups(), first + slice);
            pool_.run((end - first + run - 1) / run, [&](std::size_t piece, unsigned) {
                const std::size_t from = first + piece * run;
                for (std::size_t g = from; g < std::min(end, from + run); ++g) {
                    weight.pack_group(source, g);
                }
            });
            if (source.copied != nullptr && *source.copied) {
                const std::size_t row = std::min(source.rows, first * kGroup);
                const std::size_t last = std::min(source.rows, end * kGroup);
                (*source.copied)(source.bytes.subspan(row * row_bytes, (last - row) * row_bytes));
            }
        }
    }

    template <typename Work>
    void by_rows(std::size_t rows, std::size_t width, Work&& work) {
        if (rows * width < kAlone) {
            for (std::size_t r = 0; r < rows; ++r) {
                work(r);
            }
            return;
        }
        const std::size_t run = std::max<std::size_t>(1, kRun / std::max<std::size_t>(width, 1));
        pool_.run((rows + run - 1) / run, [&](std::size_t piece, unsigned) {
            for (std::size_t r = piece * run; r < std::min(rows, (piece + 1) * run); ++r) {
                work(r);
            }
        });
    }

    template <typename Work>
    void by_runs(std::size_t count, Work&& work) {
        if (count < kAlone) {
            work(0, count);
            return;
        }
        pool_.run((count + kRun - 1) / kRun, [&](std::size_t piece, unsigned) {
            work(piece * kRun, std::min(kRun, count - piece * kRun));
        });
    }

    Isa isa_;
    std::string remark_;
    KernelSet kernels_;
    ThreadPool pool_;
    StepWaits waits_;
    WeightArena arena_;
    CpuMatmul matmul_;
    CpuAttention attention_;
    CpuPeaks peaks_;
    CpuKvStore store_;
    LayerRows rows_;
    StepFlow flow_;
    std::vector<KvLayout> layouts_;
};

}  // namespace

Result<std::unique_ptr<Backend>> make_cpu_backend(CpuOptions options) {
    const Result<Isa> isa = choose_isa(options.isa);
    if (!isa) {
        return fail(isa.error());
    }
    const unsigned threads = options.threads == 0 ? usable_cores() : options.threads;
    return std::make_unique<CpuBackend>(*isa, threads, std::move(options));
}

}  // namespace tendril::engine

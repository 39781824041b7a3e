// SPDX-License-Identifier: Apache-2.0
// The CUDA backend; see cuda_backend.h.
#include "engine/backend/cuda/cuda_backend.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <limits>

#include "engine/backend/cuda/cuda_attention.h"
#include "engine/backend/cuda/cuda_blas.h"
#include "engine/backend/cuda/cuda_draw.h"
#include "engine/backend/cuda/cuda_matmul.h"
#include "engine/backend/cuda/cuda_pages.h"
#include "engine/backend/cuda/cuda_sublayers.h"
#include "engine/backend/cuda/cuda_weight.h"
#include "engine/backend/cuda/device_memory.h"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/launcher.h"
#include "engine/backend/cuda/step_tables.h"
#include "engine/backend/weight_source.h"

namespace tendril::cuda {
namespace {

using engine::KvPages;
using engine::Rows;
using engine::StepPlan;
using engine::Weight;

constexpr std::size_t kMostHeadSize = 256;
/// Numbers of rows that steps are filled up to, so that a few graphs serve all.
constexpr std::size_t kBuckets[] = {1, 2, 4, 8, 12, 16, 24, 32};
constexpr std::size_t kGraphRows = kBuckets[std::size(kBuckets) - 1];
constexpr std::size_t kKeptFree = std::size_t{192} << 20;  // for the driver, our scratch, and the desktop
constexpr std::size_t kDownloadBytes = std::size_t{4} << 20;

class CudaBuffer final : public engine::Buffer {
  public:
    CudaBuffer(DeviceMemory memory, std::size_t floats) : memory_(std::move(memory)), floats_(floats) {}
    float* data() override { return memory_.data<float>(); }
    std::size_t size() const override { return floats_; }

  private:
    DeviceMemory memory_;
    std::size_t floats_;
};

std::uint32_t u32(std::size_t value) {
    return static_cast<std::uint32_t>(value);
}

class CudaBackend final : public engine::Backend {
  public:
    CudaBackend(DeviceReport report, std::uint32_t multiprocessors, std::uint32_t stages)
        : report_(std::move(report)),
          uploads_(launcher_),
          matmul_(launcher_, stages),
          attention_(launcher_, uploads_, multiprocessors),
          sublayers_(launcher_, uploads_, matmul_, multiprocessors),
          draw_(launcher_, uploads_) {}

    Status open() {
        Status status = launcher_.open();
        free_at_start_ = free_now();
        if (status) {
            blas_ = CudaBlas::open(launcher_, blas_note_);
            matmul_.use(blas_.get());
        }
        return status;
    }
    std::string remark() const override { return blas_note_; }

    std::string description() const override {
        char memory[32];
        std::snprintf(memory, sizeof memory, "%.0f GB", static_cast<double>(report_.total_bytes) / 1e9);
        return "CUDA, " + report_.name + ", " + memory;
    }
    std::string arithmetic() const override {
        return "CUDA 2, compute " + std::to_string(report_.major) + "." + std::to_string(report_.minor) +
               (blas_ ? ", cuBLAS" : "");
    }

    std::optional<std::uint64_t> free_memory() const override { return spare(free_now()); }
    std::vector<Refusal> refusals() const override {
        return refused_ ? std::vector<Refusal>{{report_.device, spare(free_at_start_), given_}}
                        : std::vector<Refusal>();
    }
    std::optional<int> device_number() const override { return report_.device; }
    void take_turn() override { launcher_.note(cudaSetDevice(report_.device), "starting"); }
    Status health() const override { return launcher_.status(); }

    Result<std::unique_ptr<engine::Buffer>> allocate(std::size_t floats) override {
        const std::size_t bytes = floats > SIZE_MAX / 8 ? SIZE_MAX / 2 : floats * sizeof(float);
        Result<DeviceMemory> memory = noted(DeviceMemory::take(bytes, "taking memory"));
        if (!memory) {
            return fail(std::move(memory.error()));
        }
        launcher_.note(cudaMemsetAsync(memory->data(), 0, bytes, launcher_.stream()), "taking memory");
        return std::make_unique<CudaBuffer>(std::move(*memory), floats);
    }

    Result<std::unique_ptr<Weight>> prepare(const engine::WeightSource& source) override {
        if (Status checked = engine::check_source(source); !checked) {
            return fail(std::move(checked.error()));
        }
        if (source.rows > std::numeric_limits<std::int32_t>::max() ||
            source.columns > std::numeric_limits<std::int32_t>::max()) {
            return fail(ErrorCode::too_large, "A weight of the model has more than 2^31 rows or columns.");
        }
        return noted(CudaWeight::make(source, launcher_.stream()));
    }

    std::size_t prepared_bytes(const engine::WeightSource& source) const override {
        return plane_offsets(source.type, source.rows, source.columns).total;
    }

    Result<std::unique_ptr<KvPages>> make_kv_pages(const engine::KvLayout& layout,
                                                   engine::KvPageCounts counts) override {
        if (layout.head_size > kMostHeadSize) {
            return fail(
                ErrorCode::too_large,
                "The model's heads are larger than the 256 values that the CUDA backend can attend to.");
        }
        return noted(CudaPages::make(layout, counts, launcher_));
    }

    Result<std::unique_ptr<engine::RopeTable>> make_rope_table(const engine::RopeSettings& settings,
                                                               std::size_t head_size, std::size_t) override {
        return noted(CudaRope::make(settings, head_size, launcher_));
    }

    Status reserve(std::size_t max_rows, std::size_t max_width) override {
        reserved_rows_ = std::max(reserved_rows_, max_rows);
        return noted(uploads_.reserve(max_rows)
                         .and_then([&] { return matmul_.reserve(max_rows, max_width); })
                         .and_then([&] { return blas_ ? blas_->reserve(max_rows, max_width) : Status(); })
                         .and_then([&] { return attention_.reserve(); })
                         .and_then([&] { return sublayers_.reserve(); }));
    }

    void upload(std::span<const float> from, float* to) override {
        launcher_.copy(to, from.data(), from.size_bytes(), cudaMemcpyHostToDevice, "writing");
        launcher_.synchronize("writing");
        uploads_.synchronized();
    }

    void download(const float* from, std::span<float> to) override {
        const bool pinned = to.size_bytes() <= kDownloadBytes && take_download_space();
        void* const target = pinned ? static_cast<void*>(download_.data()) : to.data();
        launcher_.copy(target, from, to.size_bytes(), cudaMemcpyDeviceToHost, "reading results");
        launcher_.synchronize("reading results");
        uploads_.synchronized();
        if (!launcher_.status()) {
            std::fill(to.begin(), to.end(), std::numeric_limits<float>::quiet_NaN());
        } else if (pinned) {
            std::memcpy(to.data(), target, to.size_bytes());
        }
    }

    void begin_step(const StepPlan& plan) override {
        if (plan.rows() > kGraphRows) {
            return;
        }
        const std::size_t bucket = *std::find_if(std::begin(kBuckets), std::end(kBuckets),
                                                 [&](std::size_t rows) { return rows >= plan.rows(); });
        step_ = {plan.rows(), bucket <= reserved_rows_ ? bucket : plan.rows()};
        uploads_.begin_step(plan, step_.padded);
        launcher_.begin_queue();
    }
    void end_step(bool whole) override {
        if (step_.rows != 0) {
            launcher_.end_queue(whole);
            uploads_.end_step();
            step_ = {};
        }
    }

    void embed(const Weight& table, std::span<const engine::TokenId> tokens, float scale, Rows out) override {
        EmbedArgs args;
        args.table = static_cast<const CudaWeight&>(table).planes();
        args.tokens = uploads_.tokens(tokens);
        args.out = out.data;
        args.rows = u32(padded(out).rows);
        args.width = u32(out.width);
        args.scale = scale;
        launcher_.run(cuda::embed, args, "embedding");
    }

    void matmul(Rows in, std::span<const engine::Product> products) override {
        matmul_.run(padded(in), products);
    }

    void rms_norm(Rows in, const float* weight, float epsilon, Rows out) override {
        NormArgs args;
        args.in = in.data;
        args.weight = weight;
        args.out = out.data;
        args.rows = u32(padded(in).rows);
        args.width = u32(in.width);
        args.epsilon = epsilon;
        launcher_.run(cuda::rms_norm, args, "normalising");
    }

    void add(Rows from, Rows to) override {
        const AddArgs args{from.data, to.data, padded(from).rows * from.width};
        launcher_.run(cuda::add, args, "adding");
    }

    void gate(engine::Activation activation, Rows gate, Rows up, Rows out) override {
        GateArgs args;
        args.gate = gate.data;
        args.up = up.data;
        args.out = out.data;
        args.count = padded(gate).rows * gate.width;
        args.gelu = activation == engine::Activation::gelu_tanh ? 1 : 0;
        launcher_.run(cuda::gate, args, "gating");
    }

    void rope(const engine::RopeTable& table, std::size_t head_size, const StepPlan& plan, Rows x) override {
        RopeArgs args;
        args.x = x.data;
        args.positions = uploads_.positions(plan.positions);
        args.angles = static_cast<const CudaRope&>(table).angles();
        args.rows = u32(padded(x).rows);
        args.heads = u32(x.width / head_size);
        args.head_size = u32(head_size);
        launcher_.run(cuda::rope, args, "rotating");
    }

    void store_kv(KvPages& pages, std::size_t layer, const StepPlan& plan, Rows keys, Rows values) override {
        const auto& own = static_cast<const CudaPages&>(pages);
        StoreArgs args;
        args.planes = own.planes(layer);
        args.step = uploads_.tables(plan, own);
        args.keys = keys.data;
        args.values = values.data;
        args.rows = u32(padded(keys).rows);
        args.kv_heads = u32(own.layout().kv_heads);
        args.head_size = u32(own.layout().head_size);
        launcher_.run(cuda::store_kv, args, "writing the context");
    }

    void attention(const KvPages& pages, const engine::AttentionSettings& settings, const StepPlan& plan,
                   Rows q, Rows out) override {
        const auto& own = static_cast<const CudaPages&>(pages);
        const bool rounds = padded(q).rows <= kVectorRows && own.layout().head_size % kBlockColumns == 0;
        const Rows rows = padded(out);
        attention_.run(own, settings, plan, q, out,
                       rounds ? matmul_.place_for(rows).value_or(QuantisedRows()) : QuantisedRows());
        if (rounds) {
            matmul_.note_quantised(rows);
        }
    }

    void soft_cap(float softcap, Rows x) override {
        SoftCapArgs args;
        args.x = x.data;
        args.count = padded(x).rows * x.width;
        args.cap = softcap;
        launcher_.run(cuda::soft_cap, args, "capping");
    }

    bool draws() const override { return true; }
    bool draw(Rows logits, std::span<const engine::Draw> how, std::span<engine::TokenId> tokens) override {
        return draw_.run(logits, how, tokens);
    }

    void project_heads(KvPages& pages, const engine::HeadProjection& heads, const StepPlan& plan) override {
        engine::HeadProjection all = heads;
        all.in = padded(heads.in);
        if (!sublayers_.project_heads(static_cast<const CudaPages&>(pages), all, plan)) {
            Backend::project_heads(pages, heads, plan);
        }
    }
    void project_residual(const engine::Residual& residual) override {
        engine::Residual all = residual;
        all.in = padded(residual.in);
        if (!sublayers_.project_residual(all)) {
            Backend::project_residual(residual);
        }
    }
    void project_gated(const engine::GatedProjection& gated) override {
        engine::GatedProjection all = gated;
        all.in = padded(gated.in);
        all.gate.out = padded(gated.gate.out);
        if (!sublayers_.project_gated(all)) {
            Backend::project_gated(gated);
        }
    }
    void project_logits(const engine::LogitProjection& logits) override {
        if (step_.rows != 0 || !sublayers_.project_logits(logits)) {
            Backend::project_logits(logits);
        }
    }

  private:
    static std::size_t free_now() {
        std::size_t free = 0;
        std::size_t total = 0;
        return cudaMemGetInfo(&free, &total) == cudaSuccess ? free : 0;
    }
    static std::size_t spare(std::size_t free) { return free > kKeptFree ? free - kKeptFree : 0; }
    /// Remembers how much there was when there was no more.
    template <typename T>
    T noted(T result) {
        if (!result && result.error().code == ErrorCode::out_of_memory) {
            const std::size_t free = free_now();
            given_ = refused_ ? given_ : free_at_start_ - std::min(free_at_start_, free);
            refused_ = true;
        }
        return result;
    }
    /// Rows of a step as its graph has them.
    Rows padded(Rows rows) const {
        return step_.rows == 0 ? rows : Rows{rows.data, rows.rows / step_.rows * step_.padded, rows.width};
    }
    engine::NormedRows padded(const engine::NormedRows& in) const {
        return {padded(in.rows), in.weight, in.epsilon, in.normed};
    }

    bool take_download_space() {
        if (download_.size() == 0) {
            Result<PinnedMemory> memory = PinnedMemory::take(kDownloadBytes, "taking memory for results");
            if (memory) {
                download_ = std::move(*memory);
            }
        }
        return download_.size() != 0;
    }

    struct Step {
        std::size_t rows = 0;  ///< of the plan; 0: no step that becomes a graph
        std::size_t padded = 0;
    };
    DeviceReport report_;
    std::size_t free_at_start_ = 0;
    std::size_t given_ = 0;
    bool refused_ = false;
    std::size_t reserved_rows_ = 0;
    Step step_;
    Launcher launcher_;
    StepUploads uploads_;
    std::unique_ptr<CudaBlas> blas_;
    std::string blas_note_;
    CudaMatmul matmul_;
    CudaAttention attention_;
    CudaSublayers sublayers_;
    CudaDraw draw_;
    PinnedMemory download_;
};

}  // namespace

Result<DeviceReport> probe_device(int device) {
    int count = 0;
    if (Status status = check(cudaGetDeviceCount(&count), "looking for graphics cards"); !status) {
        return fail(std::move(status.error()));
    }
    if (device < 0 || device >= count) {
        return fail(error_of(cudaErrorNoDevice, "looking for graphics card " + std::to_string(device)));
    }
    cudaDeviceProp properties{};
    DeviceReport report;
    report.device = device;
    cudaError_t error = cudaSetDevice(device);
    error = error == cudaSuccess ? cudaGetDeviceProperties(&properties, device) : error;
    error = error == cudaSuccess ? cudaMemGetInfo(&report.free_bytes, &report.total_bytes) : error;
    if (Status status = check(error, "looking at the graphics card"); !status) {
        return fail(std::move(status.error()));
    }
    report.name = properties.name;
    report.major = properties.major;
    report.minor = properties.minor;
    if (properties.major * 10 + properties.minor < 75) {
        return fail(ErrorCode::unsupported,
                    "The graphics card " + report.name + " is too old: it has compute capability " +
                        std::to_string(report.major) + "." + std::to_string(report.minor) +
                        ", and 7.5 is needed (RTX 20 and later).");
    }
    return report;
}

Result<std::unique_ptr<engine::Backend>> make_cuda_backend(const CudaOptions& options) {
    Result<DeviceReport> report = probe_device(options.device);
    if (!report) {
        return fail(std::move(report.error()));
    }
    int multiprocessors = 0;
    int shared = 0;
    cudaError_t error =
        cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, options.device);
    error = error == cudaSuccess
                ? cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, options.device)
                : error;
    const std::uint32_t stages = static_cast<std::size_t>(shared) >= most_tile_shared_bytes(2) ? 2 : 1;
    error = error == cudaSuccess ? allow_shared_memory(stages) : error;
    if (Status status = check(error, "starting"); !status) {
        return fail(std::move(status.error()));
    }
    const std::uint32_t units =
        options.multiprocessors != 0 ? options.multiprocessors : static_cast<std::uint32_t>(multiprocessors);
    auto backend = std::make_unique<CudaBackend>(std::move(*report), units, stages);
    if (Status status = backend->open(); !status) {
        return fail(std::move(status.error()));
    }
    return std::unique_ptr<engine::Backend>(std::move(backend));
}

}  // namespace tendril::cuda

// SPDX-License-Identifier: Apache-2.0
// Speed of the CPU backend's ops, to steer its kernels by: read bandwidth for one row, whole-number
// operations for 512 rows, by weight type; a step's cost by its number of rows; and whole steps with the
// shapes of known models (random weights).
//   ops_bench [--short] [--threads N] [--only types|attention|models] [--match TEXT]
// --match keeps the types and models whose name contains the text.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/backend/cpu/cpu_backend.h"
#include "tests/support/step_views.h"

namespace {

using namespace tendril::engine;

struct Options {
    bool is_short = false;
    unsigned threads = 0;
    std::string only;
    std::string match;
    bool wants(const char* part) const { return only.empty() || only == part; }
    bool matches(const char* name) const { return std::string(name).find(match) != std::string::npos; }
};

/// Seconds by the clock on the wall; with one thread, of processor time, which other programs disturb less.
double seconds(const Options& options) {
    timespec now{};
    clock_gettime(options.threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Median seconds of one call.
double measure(const Options& options, const std::function<void()>& work) {
    const double total = options.is_short ? 0.005 : 0.4;
    std::vector<double> samples;
    work();
    for (double sum = 0.0; sum < total || samples.size() < 3;) {
        const double start = seconds(options);
        work();
        samples.push_back(seconds(options) - start);
        sum += samples.back();
    }
    std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2),
                     samples.end());
    return samples[samples.size() / 2];
}

std::unique_ptr<Weight> random_weight(Backend& backend, DataType type, std::size_t rows,
                                      std::size_t columns) {
    static std::minstd_rand random(1);
    std::vector<std::byte> bytes(rows * columns / traits(type).block_elements * traits(type).block_bytes);
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        const auto word = static_cast<std::uint32_t>(random()) & 0xBFBFBFBFU;  // no infinite scale
        std::memcpy(bytes.data() + i, &word, 4);
    }
    return std::move(*backend.prepare({type, rows, columns, bytes}));
}

struct Matrix {
    std::unique_ptr<Buffer> buffer;
    Rows rows;
};

Matrix matrix(Backend& backend, std::size_t rows, std::size_t width) {
    Matrix m{std::move(*backend.allocate(rows * width)), {}};
    std::vector<float> values(rows * width);
    std::minstd_rand random(2);
    for (float& value : values) {
        value = static_cast<float>(random() % 2000) / 1000.0F - 1.0F;
    }
    backend.upload(values, m.buffer->data());
    m.rows = {m.buffer->data(), rows, width};
    return m;
}

void bench_types(const Options& options, Backend& backend) {
    const std::size_t outputs = options.is_short ? 256 : 16384;  // beyond the caches
    const std::size_t columns = options.is_short ? 512 : 4096;
    std::printf("%-5s %10s %10s %10s | %s\n", "type", "1 row GB/s", "64 GOPS", "512 GOPS",
                "cost of 2, 4, 8, 16, 32 rows over one");
    for (const DataType type :
         {DataType::f32, DataType::f16, DataType::bf16, DataType::q8_0, DataType::q4_0, DataType::q4_1,
          DataType::q5_0, DataType::q5_1, DataType::q4_k, DataType::q5_k, DataType::q6_k}) {
        if (!options.matches(traits(type).name)) {
            continue;
        }
        const auto weight = random_weight(backend, type, outputs, columns);
        const Matrix in = matrix(backend, 512, columns);
        const Matrix out = matrix(backend, 512, outputs);
        const auto rows = [&](std::size_t count) {
            const Product one{weight.get(), nullptr, {out.rows.data, count, outputs}};
            return measure(options, [&] {
                backend.matmul({in.rows.data, count, columns}, std::span(&one, 1));
            });
        };
        const double single = rows(1);
        const double work = 2.0 * static_cast<double>(outputs * columns);
        std::printf("%-5s %10.1f %10.0f %10.0f |", traits(type).name,
                    static_cast<double>(weight->bytes()) / single / 1e9, 64 * work / rows(64) / 1e9,
                    512 * work / rows(512) / 1e9);
        for (const std::size_t count : {2, 4, 8, 16, 32}) {
            std::printf(" %5.2f", rows(count) / single);
        }
        std::printf("\n");
        std::fflush(stdout);
    }
}

struct Context {
    std::unique_ptr<KvPages> pages;
    std::vector<PageId> ids;
    test::StepViews view;
    std::vector<std::int32_t> positions;
    StepPlan plan() const { return {view.views(), positions}; }
    void at(std::size_t first, std::size_t rows) {
        view.clear();
        view.add(0, rows, first, ids);
        positions.resize(rows);
        for (std::size_t i = 0; i < rows; ++i) {
            positions[i] = static_cast<std::int32_t>(first + i);
        }
    }
};

std::unique_ptr<Context> context(Backend& backend, const KvLayout& layout, std::size_t tokens) {
    auto made = std::make_unique<Context>();
    Context& c = *made;
    const std::size_t count = (tokens + kPageTokens - 1) / kPageTokens;
    c.pages = std::move(*backend.make_kv_pages(layout, {count, 0}));
    for (std::size_t i = 0; i < count; ++i) {
        c.ids.push_back(static_cast<PageId>(i));
    }
    const Matrix kv = matrix(backend, tokens, layout.kv_heads * layout.head_size);
    c.at(0, tokens);
    for (std::size_t layer = 0; layer < layout.layers; ++layer) {
        backend.store_kv(*c.pages, layer, c.plan(), kv.rows, kv.rows);
    }
    return made;
}

void bench_attention(const Options& options, Backend& backend) {
    std::printf(
        "\nattention, one layer          heads   size | one row after 512, 4096: us (GB/s)     | 512 rows: "
        "ms (GFLOPS)\n");
    struct Shape {
        const char* what;
        std::size_t heads, kv_heads, size;
    };
    for (const Shape& s : {Shape{"SmolLM2 135M", 9, 3, 64}, Shape{"Qwen2.5 0.5B", 14, 2, 64},
                           Shape{"Qwen2.5 1.5B", 12, 2, 128}, Shape{"Gemma 3 270M", 4, 1, 256}}) {
        const std::unique_ptr<Context> made =
            context(backend, {1, s.kv_heads, s.size, KvType::f16, {}}, 4160);
        Context& c = *made;
        const Matrix q = matrix(backend, 512, s.heads * s.size);
        const Matrix out = matrix(backend, 512, s.heads * s.size);
        const auto run = [&](std::size_t first, std::size_t rows) {
            c.at(first, rows);
            const AttentionSettings settings{0, s.heads, 0.1F, 0, 0.0F, nullptr};
            return measure(options, [&] {
                backend.attention(*c.pages, settings, c.plan(), {q.rows.data, rows, q.rows.width},
                                  {out.rows.data, rows, q.rows.width});
            });
        };
        const double near = run(512, 1);
        const double far = run(4096, 1);
        const double prompt = run(0, 512);
        const auto bytes = [&](std::size_t tokens) {
            return static_cast<double>(tokens * s.kv_heads * s.size * 4) / 1e9;
        };
        std::printf("%-28s %2zu/%-2zu %6zu | %8.1f (%5.1f)   %8.1f (%5.1f) | %8.2f (%.0f)\n", s.what, s.heads,
                    s.kv_heads, s.size, near * 1e6, bytes(513) / near, far * 1e6, bytes(4097) / far,
                    prompt * 1e3, 4.0 * static_cast<double>(s.heads * s.size) * 512 * 513 / 2 / prompt / 1e9);
    }
}

/// Layers of one kind with the types that they have in the file that is named.
struct Model {
    const char* name;
    std::size_t layers, width, heads, kv_heads, head_size, inner, vocabulary;
    DataType qk, v, o, up, down, head;
};

struct Layer {
    std::unique_ptr<Weight> q, k, v, o, gate, up, down;
};

class Steps {
  public:
    Steps(Backend& backend, const Model& m)
        : backend_(backend),
          m_(m),
          context_(context(backend, {m.layers, m.kv_heads, m.head_size, KvType::f16, {}}, 640)),
          norm_(matrix(backend, 1, m.width)),
          x_(matrix(backend, 512, m.width)),
          y_(matrix(backend, 512, m.width)),
          q_(matrix(backend, 512, m.heads * m.head_size)),
          k_(matrix(backend, 512, m.kv_heads * m.head_size)),
          v_(matrix(backend, 512, m.kv_heads * m.head_size)),
          a_(matrix(backend, 512, m.heads * m.head_size)),
          g_(matrix(backend, 512, m.inner)),
          u_(matrix(backend, 512, m.inner)),
          logits_(matrix(backend, 1, m.vocabulary)) {
        const std::size_t inner_width = m.heads * m.head_size;
        const std::size_t kv = m.kv_heads * m.head_size;
        for (std::size_t i = 0; i < m.layers; ++i) {
            layers_.push_back({random_weight(backend, m.qk, inner_width, m.width),
                               random_weight(backend, m.qk, kv, m.width),
                               random_weight(backend, m.v, kv, m.width),
                               random_weight(backend, m.o, m.width, inner_width),
                               random_weight(backend, m.up, m.inner, m.width),
                               random_weight(backend, m.up, m.inner, m.width),
                               random_weight(backend, m.down, m.width, m.inner)});
        }
        head_ = random_weight(backend, m.head, m.vocabulary, m.width);
        rope_ = std::move(*backend.make_rope_table({}, m.head_size, 1024));
        ready_ = backend.reserve(512, m.inner).has_value();
    }

    /// One step of `rows` rows from position `first`, logits for the last.
    void step(std::size_t first, std::size_t rows) {
        if (!ready_) {
            std::abort();
        }
        context_->at(first, rows);
        const auto of = [rows](const Matrix& m) { return Rows{m.rows.data, rows, m.rows.width}; };
        for (std::size_t i = 0; i < m_.layers; ++i) {
            const Layer& l = layers_[i];
            backend_.rms_norm(of(x_), norm_.rows.data, 1e-5F, of(y_));
            const Product qkv[] = {
                {l.q.get(), nullptr, of(q_)}, {l.k.get(), nullptr, of(k_)}, {l.v.get(), nullptr, of(v_)}};
            backend_.matmul(of(y_), qkv);
            backend_.rope(*rope_, m_.head_size, context_->plan(), of(q_));
            backend_.rope(*rope_, m_.head_size, context_->plan(), of(k_));
            backend_.store_kv(*context_->pages, i, context_->plan(), of(k_), of(v_));
            backend_.attention(*context_->pages, {i, m_.heads, 0.1F, 0, 0.0F, nullptr}, context_->plan(),
                               of(q_), of(a_));
            const Product o{l.o.get(), nullptr, of(y_)};
            backend_.matmul(of(a_), std::span(&o, 1));
            backend_.rms_norm(of(y_), norm_.rows.data, 1e-5F,
                              of(x_));  // in place of add: random weights must not blow up
            backend_.add(of(y_), of(x_));
            const Product both[] = {{l.gate.get(), nullptr, of(g_)}, {l.up.get(), nullptr, of(u_)}};
            backend_.matmul(of(x_), both);
            backend_.gate(Activation::silu, of(g_), of(u_), of(g_));
            const Product down{l.down.get(), nullptr, of(y_)};
            backend_.matmul(of(g_), std::span(&down, 1));
            backend_.rms_norm(of(y_), norm_.rows.data, 1e-5F, of(x_));
        }
        const Product last{head_.get(), nullptr, logits_.rows};
        backend_.matmul({x_.rows.data, 1, m_.width}, std::span(&last, 1));
    }

  private:
    Backend& backend_;
    Model m_;
    std::unique_ptr<Context> context_;
    Matrix norm_, x_, y_, q_, k_, v_, a_, g_, u_, logits_;
    std::vector<Layer> layers_;
    std::unique_ptr<Weight> head_;
    std::unique_ptr<RopeTable> rope_;
    bool ready_ = false;
};

void bench_models(const Options& options, Backend& backend) {
    using enum DataType;
    std::printf(
        "\nwhole steps, shapes of (tok/s)  prefill 512 | decode at 64 | rows: cost over one: 2, 4, 8, 16, "
        "32\n");
    std::vector<Model> models = {
        {"SmolLM2 135M Q4_1", 30, 576, 9, 3, 64, 1536, 49152, q4_1, q4_1, q4_1, q4_1, q4_1, q8_0},
        {"Gemma 3 270M Q4_K_M", 18, 640, 4, 1, 256, 2048, 262144, q5_0, q8_0, q4_k, q5_0, q6_k, q8_0},
        {"Qwen2.5 0.5B Q4_K_M", 24, 896, 14, 2, 64, 4864, 151936, q5_0, q8_0, q5_0, q5_0, q6_k, q8_0},
        {"Qwen2.5 1.5B Q4_K_M", 28, 1536, 12, 2, 128, 8960, 151936, q4_k, q6_k, q4_k, q4_k, q6_k, q6_k}};
    if (options.is_short) {
        models = {{"small", 2, 256, 4, 2, 64, 512, 1024, q4_k, q6_k, q4_k, q4_k, q6_k, q6_k}};
    }
    for (const Model& m : models) {
        if (!options.matches(m.name)) {
            continue;
        }
        Steps steps(backend, m);
        const double prompt = measure(options, [&] { steps.step(0, 512); });
        const double single = measure(options, [&] { steps.step(64, 1); });
        std::printf("%-30s %12.0f | %12.1f |", m.name, 512 / prompt, 1 / single);
        for (const std::size_t rows : {2, 4, 8, 16, 32}) {
            std::printf(" %5.2f", measure(options, [&] { steps.step(64, rows); }) / single);
        }
        std::printf("\n");
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--short") {
            options.is_short = true;
        } else if (argument == "--threads" && i + 1 < argc) {
            options.threads = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
        } else if (argument == "--only" && i + 1 < argc) {
            options.only = argv[++i];
        } else if (argument == "--match" && i + 1 < argc) {
            options.match = argv[++i];
        } else {
            std::fprintf(
                stderr,
                "usage: ops_bench [--short] [--threads N] [--only types|attention|models] [--match TEXT]\n");
            return 2;
        }
    }
    auto backend = make_cpu_backend({options.threads, {}});
    if (!backend) {
        std::fprintf(stderr, "%s\n", backend.error().message.c_str());
        return 1;
    }
    std::printf("%s\n", (*backend)->description().c_str());
    if (options.wants("types")) {
        bench_types(options, **backend);
    }
    if (options.wants("attention")) {
        bench_attention(options, **backend);
    }
    if (options.wants("models")) {
        bench_models(options, **backend);
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Measures the speed of a loaded model, as llama-bench and llama-batched-bench do: random tokens, a warm-up
// run first, the work of a step without sampling. Runs alone, on the engine thread, and blocks it.
#pragma once

#include <atomic>
#include <functional>
#include <random>

#include "engine/cache/kv_cache.h"
#include "engine/model/forward.h"
#include "engine/schedule/curve_meter.h"

namespace tendril::engine {

class Bench {
  public:
    /// `keep_going` is asked when `interrupt` breaks off a step; false ends the run.
    Bench(ForwardPass& forward, KvCache& cache, const std::atomic<bool>& interrupt,
          std::function<bool()> keep_going);

    /// Errors: cancelled, or a test that does not fit into the pages (named with its need).
    Result<BenchEvent> run(const BenchRequest& request);

  private:
    Status check(const BenchRequest& request) const;
    Result<double> prefill_once(std::size_t depth, std::size_t tokens);
    Result<double> decode_once(std::size_t depth, std::size_t batch, std::size_t tokens);
    Result<std::vector<CurvePoint>> curve();
    Status read(View& view, std::size_t tokens);
    Status decode(std::vector<View>& views);
    Status step(std::span<const std::uint32_t> wanted);
    TokenId random_token();

    ForwardPass& forward_;
    KvCache& cache_;
    const std::atomic<bool>& interrupt_;
    std::function<bool()> keep_going_;
    std::minstd_rand random_{20240229};
    std::vector<TokenId> tokens_;
    std::vector<std::int32_t> positions_;
    std::vector<StepView> views_;
};

}  // namespace tendril::engine

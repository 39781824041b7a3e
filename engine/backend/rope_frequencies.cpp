// SPDX-License-Identifier: Apache-2.0
// Angles of rotary embeddings; see rope_frequencies.h. Pure; any thread.
#include "engine/backend/rope_frequencies.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tendril::engine {
namespace {

/// The (fractional) pair index whose wave turns `turns` times within `context` positions.
double pair_with_turns(double turns, double context, double size, double base) {
    return size * std::log(context / (turns * 2.0 * std::numbers::pi)) / (2.0 * std::log(base));
}

}  // namespace

Result<RopeFrequencies> rope_frequencies(const RopeSettings& settings, std::size_t head_size) {
    const std::size_t pairs = head_size / 2;
    if (head_size == 0 || head_size % 2 != 0) {
        return fail(ErrorCode::unsupported,
                    "The model rotates heads of an odd size, which is not supported.");
    }
    if (!settings.factors.empty() && settings.factors.size() != pairs) {
        return fail(ErrorCode::malformed, "The model's rope factors do not fit the size of its heads.");
    }
    if (!(settings.base > 1.0F) || !std::isfinite(settings.base) || !std::isfinite(settings.position_scale)) {
        return fail(ErrorCode::malformed, "The model's rope base or scale is not a usable number.");
    }
    const bool yarn = settings.yarn_factor > 0.0F && settings.yarn_original_context > 0;
    const double size = static_cast<double>(head_size);
    const double base = settings.base;
    double low = 0.0;
    double high = 0.0;
    RopeFrequencies out;
    if (yarn) {
        const auto context = static_cast<double>(settings.yarn_original_context);
        low = std::max(0.0, std::floor(pair_with_turns(settings.yarn_beta_fast, context, size, base)));
        high = std::min(size - 1.0, std::ceil(pair_with_turns(settings.yarn_beta_slow, context, size, base)));
        out.magnitude = static_cast<double>(settings.yarn_attention_factor) *
                        (1.0 + 0.1 * std::log(static_cast<double>(settings.yarn_factor)));
    }
    out.step.resize(pairs);
    for (std::size_t i = 0; i < pairs; ++i) {
        const double index = static_cast<double>(i);
        double step = std::pow(base, -2.0 * index / size) * static_cast<double>(settings.position_scale);
        if (!settings.factors.empty()) {
            step /= static_cast<double>(settings.factors[i]);
        }
        if (yarn) {
            const double slowed = step / static_cast<double>(settings.yarn_factor);
            const double kept = 1.0 - std::clamp((index - low) / std::max(0.001, high - low), 0.0, 1.0);
            step = slowed * (1.0 - kept) + step * kept;
        }
        out.step[i] = step;
    }
    return out;
}

}  // namespace tendril::engine

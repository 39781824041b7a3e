// SPDX-License-Identifier: Apache-2.0
// The sampler chain. Vocabularies reach 262,144 entries, so nothing here sorts more than the candidates that
// stay.
#include "engine/sample/sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "engine/sample/logit_scan.h"
#include "engine/sample/random.h"

namespace tendril::engine {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

float in_range(float value, float low, float high, float neutral) {
    return std::isnan(value) ? neutral : std::clamp(value, low, high);
}

}  // namespace

SamplerSettings clamped(SamplerSettings settings) {
    settings.temperature = in_range(settings.temperature, 0.0F, 100.0F, 0.0F);
    settings.top_k = std::max(settings.top_k, 0);
    settings.top_p = in_range(settings.top_p, 0.0F, 1.0F, 1.0F);
    settings.min_p = in_range(settings.min_p, 0.0F, 1.0F, 0.0F);
    settings.repetition_penalty = in_range(settings.repetition_penalty, 0.01F, 100.0F, 1.0F);
    settings.presence_penalty = in_range(settings.presence_penalty, -100.0F, 100.0F, 0.0F);
    settings.penalty_window = std::clamp(settings.penalty_window, 0, 4096);
    // Below this the division would overflow; the best token's share is 1 anyway.
    if (settings.temperature < 1e-4F) {
        settings.temperature = 0.0F;
    }
    return settings;
}

std::optional<Draw> device_draw(const SamplerSettings& settings, std::uint64_t position) {
    const bool greedy = settings.temperature == 0.0F || settings.top_k == 1;
    const bool bounded = settings.top_k > 0 ? settings.top_k <= Draw::kMostTopK
                                            : settings.top_p >= 1.0F && settings.min_p > 0.0F;
    if (settings.repetition_penalty != 1.0F || settings.presence_penalty != 0.0F || !(greedy || bounded)) {
        return std::nullopt;
    }
    return Draw{uniform(settings.seed, position), settings.temperature, settings.top_k, settings.top_p,
                settings.min_p};
}

void Sampler::penalise(std::span<float> logits, std::span<const TokenId> recent) {
    if (settings_.repetition_penalty == 1.0F && settings_.presence_penalty == 0.0F) {
        return;
    }
    recent =
        recent.last(std::min<std::size_t>(recent.size(), static_cast<std::size_t>(settings_.penalty_window)));
    seen_.reserve(
        static_cast<std::size_t>(settings_.penalty_window));  // once; assign() grows to the exact size
    seen_.assign(recent.begin(), recent.end());
    std::sort(seen_.begin(), seen_.end());
    seen_.erase(std::unique(seen_.begin(), seen_.end()), seen_.end());
    for (const TokenId token : seen_) {
        if (token < 0 || static_cast<std::size_t>(token) >= logits.size()) {
            continue;
        }
        float& logit = logits[static_cast<std::size_t>(token)];
        logit = logit > 0.0F ? logit / settings_.repetition_penalty : logit * settings_.repetition_penalty;
        logit -= settings_.presence_penalty;
    }
}

/// All tokens whose logit reaches `floor`, by id.
void Sampler::keep_all(std::span<const float> logits, float floor) {
    candidates_.clear();
    for (std::size_t i = 0; i < logits.size(); ++i) {
        if (logits[i] >= floor && logits[i] != kMinusInfinity) {
            candidates_.push_back({logits[i], static_cast<TokenId>(i)});
        }
    }
}

/// The lowest id among the largest logits; -1: all are excluded. Fills maxima_. Error: not finite.
Result<TokenId> Sampler::find_best(std::span<const float> logits) {
    maxima_.resize(logit_blocks(logits.size()));
    const bool valid = largest_of_blocks(logits, maxima_);
    const auto block = std::max_element(maxima_.begin(), maxima_.end());  // the first of equals
    if (!valid || block == maxima_.end() || *block == kMinusInfinity) {
        return fail(ErrorCode::malformed,
                    "The model gave numbers that are not finite; its file may be damaged.",
                    valid ? "all logits are minus infinity" : "NaN or infinity in the logits");
    }
    const auto from = logits.begin() + (block - maxima_.begin()) * static_cast<std::ptrdiff_t>(kLogitBlock);
    return static_cast<TokenId>(std::find(from, logits.end(), *block) - logits.begin());
}

/// The `count` best, equal ones by lower id. Collects what is above the running threshold, then cuts it back.
/// As many blocks reach their `count`-th largest maximum, so what is below cannot stay.
void Sampler::keep_best(std::span<const float> logits, std::size_t count) {
    const auto better = [](const Candidate& a, const Candidate& b) {
        return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
    };
    const std::size_t room = std::max<std::size_t>(2 * count, 256);
    const auto cut = [&] {
        const auto end = candidates_.begin() + static_cast<std::ptrdiff_t>(count);
        std::nth_element(candidates_.begin(), end - 1, candidates_.end(), better);
        candidates_.erase(end, candidates_.end());
        return candidates_.back().logit;
    };
    candidates_.clear();
    float threshold = kMinusInfinity;
    if (count <= maxima_.size()) {
        highest_ = maxima_;
        const auto last = highest_.begin() + static_cast<std::ptrdiff_t>(count - 1);
        std::nth_element(highest_.begin(), last, highest_.end(), std::greater<>());
        threshold = std::nextafter(*last, kMinusInfinity);
    }
    for (std::size_t block = 0; block < maxima_.size(); ++block) {
        if (!(maxima_[block] > threshold)) {
            continue;
        }
        const std::size_t end = std::min(logits.size(), (block + 1) * kLogitBlock);
        for (std::size_t i = block * kLogitBlock; i < end; ++i) {
            if (logits[i] > threshold) {  // an equal one has a higher id than those that are kept
                candidates_.push_back({logits[i], static_cast<TokenId>(i)});
                if (candidates_.size() >= room) {
                    threshold = std::max(threshold, cut());
                }
            }
        }
    }
    if (candidates_.size() > count) {
        cut();
    }
}

/// Cuts candidates_ to the fewest best whose weights reach `share` of the sum. Sorts in blocks that double,
/// from the best down.
void Sampler::keep_mass(double share) {
    double total = 0;
    for (const double weight : weights_) {
        total += weight;
    }
    std::vector<Candidate>& all = candidates_;
    const auto better = [](const Candidate& a, const Candidate& b) {
        return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
    };
    const float best =
        std::max_element(all.begin(), all.end(), [](auto& a, auto& b) { return a.logit < b.logit; })->logit;
    double mass = 0;
    std::size_t sorted = 0;
    for (std::size_t block = 128; sorted < all.size(); block *= 2) {
        const std::size_t end = std::min(all.size(), sorted + block);
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(sorted);
        std::partial_sort(from, all.begin() + static_cast<std::ptrdiff_t>(end), all.end(), better);
        for (; sorted < end; ++sorted) {
            weights_[sorted] = std::exp(static_cast<double>(all[sorted].logit - best) /
                                        static_cast<double>(settings_.temperature));
            mass += weights_[sorted];
            if (mass >= share * total) {
                all.resize(sorted + 1);
                weights_.resize(sorted + 1);
                return;
            }
        }
    }
}

TokenId Sampler::pick(double random) const {
    double total = 0;
    for (const double weight : weights_) {
        total += weight;
    }
    double left = random * total;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        left -= weights_[i];
        if (left < 0) {
            return candidates_[i].token;
        }
    }
    return candidates_.back().token;  // rounding of the sum
}

/// Fills candidates_ (by id) with what top-k leaves, and weights_ with their weights relative to the best
/// one.
void Sampler::collect(std::span<const float> logits, float best) {
    const double temperature = static_cast<double>(settings_.temperature);
    if (settings_.top_k > 0 && static_cast<std::size_t>(settings_.top_k) < logits.size()) {
        keep_best(logits, static_cast<std::size_t>(settings_.top_k));
        std::sort(candidates_.begin(), candidates_.end(),
                  [](const Candidate& a, const Candidate& b) { return a.token < b.token; });
    } else if (settings_.top_p >= 1.0F && settings_.min_p > 0.0F) {
        // min-p alone: its bound on the logit spares the exponentials of the rest. The margin leaves the
        // exact cut to keep_probable().
        keep_all(logits, best + static_cast<float>(temperature * std::log(settings_.min_p)) - 1e-3F);
    } else {
        keep_all(logits, kMinusInfinity);
    }
    weights_.resize(candidates_.size());
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        weights_[i] = std::exp(static_cast<double>(candidates_[i].logit - best) / temperature);
    }
}

/// Drops candidates whose weight is below `share` of the best one's, which is 1.
void Sampler::keep_probable(double share) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        if (weights_[i] >= share) {
            candidates_[kept] = candidates_[i];
            weights_[kept++] = weights_[i];
        }
    }
    candidates_.resize(kept);
    weights_.resize(kept);
}

Result<TokenId> Sampler::draw(std::span<float> logits, std::span<const TokenId> recent,
                              std::uint64_t position, const TokenMask* mask) {
    if (mask != nullptr) {
        apply(*mask, logits);
    }
    penalise(logits, recent);
    const Result<TokenId> best = find_best(logits);
    if (!best || settings_.temperature == 0.0F || settings_.top_k == 1) {
        return best;
    }
    collect(logits, logits[static_cast<std::size_t>(*best)]);
    if (settings_.top_p < 1.0F) {
        keep_mass(static_cast<double>(settings_.top_p));
    }
    if (settings_.min_p > 0.0F) {
        keep_probable(static_cast<double>(settings_.min_p));
    }
    return pick(uniform(settings_.seed, position));
}

}  // namespace tendril::engine

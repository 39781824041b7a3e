// SPDX-License-Identifier: Apache-2.0
// StitchedAnswers.
#include "app/expand/stitched_answers.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tendril::app {
namespace {

constexpr std::size_t kShortestRun = 8;  // tokens; also how a run is found
constexpr std::size_t kMostAnswers = 4;
constexpr std::size_t kSlack = 32;  // tokens that an answer may be longer than its points

bool begins_with(std::span<const engine::TokenId> whole, std::span<const engine::TokenId> front) {
    return whole.size() >= front.size() && std::equal(front.begin(), front.end(), whole.begin());
}

/// Where each run of kShortestRun tokens first stands.
class Places {
  public:
    explicit Places(std::span<const engine::TokenId> text) : text_(text) {
        for (std::size_t i = 0; i + kShortestRun <= text.size(); ++i) {
            places_.emplace(key(text.subspan(i)), i);
        }
    }
    /// At or behind `from`; text.size() when nowhere.
    std::size_t find(std::span<const engine::TokenId> tokens, std::size_t from) const {
        const auto [first, last] = places_.equal_range(key(tokens));
        std::size_t best = text_.size();
        for (auto it = first; it != last; ++it) {
            if (it->second >= from && it->second < best &&
                begins_with(text_.subspan(it->second), tokens.first(kShortestRun))) {
                best = it->second;
            }
        }
        return best;
    }

  private:
    static std::uint64_t key(std::span<const engine::TokenId> tokens) {
        std::uint64_t hash = 1469598103934665603ULL;  // FNV-1a
        for (std::size_t i = 0; i < kShortestRun; ++i) {
            hash = (hash ^ static_cast<std::uint32_t>(tokens[i])) * 1099511628211ULL;
        }
        return hash;
    }

    std::span<const engine::TokenId> text_;
    std::multimap<std::uint64_t, std::size_t> places_;
};

}  // namespace

std::vector<engine::MovedText> aligned_runs(std::span<const engine::TokenId> prompt, std::size_t from,
                                            std::size_t to, const std::vector<WrittenPoint>& points) {
    std::vector<engine::MovedText> runs;
    to = std::min(to, prompt.size());
    for (const WrittenPoint& point : points) {
        const std::span<const engine::TokenId> text =
            std::span(point.tokens).subspan(std::min<std::size_t>(point.heading_at, point.tokens.size()));
        const Places places(text);
        std::size_t behind = 0;  // in text
        for (std::size_t at = from; at + kShortestRun <= to;) {
            const std::size_t found = places.find(prompt.subspan(at), behind);
            if (found == text.size()) {
                ++at;
                continue;
            }
            const auto rest = text.subspan(found);
            const auto here = prompt.subspan(at, to - at);
            const auto length = static_cast<std::size_t>(
                std::mismatch(rest.begin(), rest.end(), here.begin(), here.end()).first - rest.begin());
            engine::MovedText run;
            run.at = static_cast<std::uint32_t>(at);
            run.length = static_cast<std::uint32_t>(length);
            run.context.assign(point.tokens.begin(),
                               point.tokens.end() - static_cast<std::ptrdiff_t>(rest.size() - length));
            runs.push_back(std::move(run));
            behind = found + length;
            at += length;
            from = at;
        }
    }
    return runs;
}

void StitchedAnswers::keep(storage::MessageId answer, std::vector<engine::TokenId> prompt,
                           std::vector<WrittenPoint> points) {
    if (!points.empty()) {
        kept_.push_back({answer, std::move(prompt), std::move(points)});
    }
    if (kept_.size() > kMostAnswers) {
        kept_.pop_front();
    }
}

std::vector<engine::MovedText> StitchedAnswers::moved(const std::vector<BranchMessage>& branch,
                                                      const std::vector<engine::TokenId>& prompt) const {
    std::vector<engine::MovedText> all;
    std::size_t behind = 0;
    for (const auto& [message, documents] : branch) {
        const auto it = std::find_if(kept_.begin(), kept_.end(),
                                     [&](const Kept& one) { return one.answer == message->id; });
        if (it == kept_.end() || it->prompt.size() < behind || !begins_with(prompt, it->prompt)) {
            continue;
        }
        std::size_t length = kSlack;
        for (const WrittenPoint& point : it->points) {
            length += point.tokens.size() - point.heading_at;
        }
        for (engine::MovedText& run :
             aligned_runs(prompt, it->prompt.size(), it->prompt.size() + length, it->points)) {
            behind = run.at + run.length;
            all.push_back(std::move(run));
        }
    }
    return all;
}

void StitchedAnswers::read(std::span<const engine::TokenId> tokens) {
    std::erase_if(kept_, [&](const Kept& one) {
        return tokens.size() > one.prompt.size() && begins_with(tokens, one.prompt);
    });
}

}  // namespace tendril::app

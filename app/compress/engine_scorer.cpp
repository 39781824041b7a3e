// SPDX-License-Identifier: Apache-2.0
// EngineScorer. Caller's thread; sinks on the engine's.
#include "app/compress/engine_scorer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "app/compress/pieces.h"

namespace tendril::app {

using engine::TokenId;

/// The tokens of `job` from `first` on, behind `request.from` others.
struct EngineScorer::Window {
    std::size_t job = 0;
    std::vector<prompt::RankedPiece> pieces;  // that are scored
    engine::ScoreRequest request;
};

struct EngineScorer::Desk {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::optional<engine::ScoredEvent>> scored;
    std::optional<Error> error;
    std::size_t ended = 0;

    void put(std::size_t which, engine::Event event) {
        {
            const std::lock_guard lock(mutex);
            if (auto* one = std::get_if<engine::ScoredEvent>(&event)) {
                scored[which] = std::move(*one);
            } else if (auto* failed = std::get_if<Error>(&event)) {
                error = error ? error : std::move(*failed);
            } else {
                return;
            }
            ++ended;
        }
        changed.notify_all();
    }
};

EngineScorer::EngineScorer(ScoringPort port, engine::CacheScope scope)
    : port_(std::move(port)), scope_(scope) {}

/// The first token of a text wants something in front of it to be foretold by.
std::vector<TokenId> EngineScorer::beginning() const {
    if (const auto bos = port_.tokenizer->bos()) {
        return {*bos};
    }
    if (const auto eos = port_.tokenizer->eos()) {
        return {*eos};
    }
    return port_.tokenizer->encode("\n", {});
}

std::vector<EngineScorer::Window> EngineScorer::windows_of(std::span<const prompt::ScoreJob> jobs) const {
    const std::vector<TokenId> begin = beginning();
    const std::size_t room = std::max<std::size_t>(port_.context, begin.size() + 16) - begin.size();
    std::vector<Window> windows;
    for (std::size_t j = 0; j < jobs.size(); ++j) {
        const std::vector<TokenId> text = port_.tokenizer->encode(jobs[j].text, {});
        const auto pieces = pieces_of(*port_.tokenizer, text, jobs[j].text);
        std::vector<TokenId> past =
            jobs[j].context.empty() ? std::vector<TokenId>() : port_.tokenizer->encode(jobs[j].context, {});
        const std::size_t step = text.size() + past.size() <= room ? text.size() : room / 2;
        for (std::size_t first = 0; first < text.size(); first += step) {
            const std::size_t last = std::min(text.size(), first + step);
            const std::size_t kept = std::min(past.size(), room - (last - first));
            Window window{j,
                          {pieces.begin() + static_cast<std::ptrdiff_t>(first),
                           pieces.begin() + static_cast<std::ptrdiff_t>(last)},
                          {}};
            std::vector<TokenId>& tokens = window.request.tokens;
            tokens = begin;
            tokens.insert(tokens.end(), past.end() - static_cast<std::ptrdiff_t>(kept), past.end());
            window.request.from = static_cast<std::uint32_t>(tokens.size());
            tokens.insert(tokens.end(), text.begin() + static_cast<std::ptrdiff_t>(first),
                          text.begin() + static_cast<std::ptrdiff_t>(last));
            window.request.cache = scope_;
            window.request.keep = !jobs[j].context.empty();  // the next one goes on from it
            past.insert(past.end(), text.begin() + static_cast<std::ptrdiff_t>(first),
                        text.begin() + static_cast<std::ptrdiff_t>(last));
            windows.push_back(std::move(window));
        }
    }
    return windows;
}

Result<std::vector<std::vector<prompt::ScoredPiece>>> EngineScorer::score(
    std::span<const prompt::ScoreJob> jobs) {
    std::vector<Window> windows = windows_of(jobs);
    auto desk = std::make_shared<Desk>();
    desk->scored.resize(windows.size());
    std::size_t submitted = 0;
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t w = 0; w < windows.size() && !stopped_; ++w, ++submitted) {
            tokens_asked_ += windows[w].request.tokens.size();
            running_.push_back(port_.submit(
                std::move(windows[w].request),
                [desk, w](engine::RequestId, engine::Event event) { desk->put(w, std::move(event)); }));
        }
    }
    {
        std::unique_lock lock(desk->mutex);
        desk->changed.wait(lock, [&] { return desk->ended >= submitted; });
    }
    {
        // Never both at once: an engine may answer while it is asked, or told to stop.
        const std::lock_guard lock(mutex_);
        running_.clear();
    }
    if (stopped_) {
        return fail(ErrorCode::cancelled, "The compression was stopped.");
    }
    if (desk->error) {
        return fail(*desk->error);
    }
    std::vector<std::vector<prompt::ScoredPiece>> all(jobs.size());
    for (std::size_t w = 0; w < windows.size(); ++w) {
        const auto& tokens = desk->scored[w]->tokens;
        for (std::size_t i = 0; i < std::min(tokens.size(), windows[w].pieces.size()); ++i) {
            const auto& piece = windows[w].pieces[i];
            all[windows[w].job].push_back({piece.begin, piece.end, -tokens[i].logprob});
        }
    }
    return all;
}

void EngineScorer::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const engine::RequestId id : running_) {
        port_.cancel(id);
    }
}

}  // namespace tendril::app

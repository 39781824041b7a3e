// SPDX-License-Identifier: Apache-2.0
// PrunedPort. Calls on any thread; sinks on the engine's, where a request whose beginning is gone is given to
// the engine once more.
#include "app/context/pruned_port.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace tendril::app {
namespace {

using engine::RequestId;
using engine::TokenId;

std::size_t common(std::span<const TokenId> a, std::span<const TokenId> b) {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

const std::vector<TokenId>& tokens_of(const engine::GenerateRequest& request) {
    return request.prompt;
}
const std::vector<TokenId>& tokens_of(const engine::ChooseRequest& request) {
    return request.prompt;
}
const std::vector<TokenId>& tokens_of(const engine::PrefillRequest& request) {
    return request.tokens;
}
const std::vector<TokenId>& tokens_of(const engine::ScoreRequest& request) {
    return request.tokens;
}

/// What has a beginning is pruned in front of the last token, which is always read.
bool begins_with(const std::vector<TokenId>& tokens, const PrunedBeginning& beginning) {
    const std::size_t length = beginning.tokens.size();
    return tokens.size() > length && common(tokens, beginning.tokens) == length;
}

}  // namespace

/// A request with a pruned beginning, until its end.
struct PrunedPort::Flight {
    std::mutex mutex;
    bool cancelled = false;
    RequestId again = 0;  // 0: not asked anew
};

struct PrunedPort::Shared {
    std::mutex mutex;
    EnginePort* engine = nullptr;  // null: the port is gone
    std::map<std::uint64_t, PrunedBeginning> kept;
    std::map<RequestId, std::weak_ptr<Flight>> flights;
    std::function<void(std::uint64_t)> on_lost;

    /// The engine has let it go.
    EnginePort* lost(std::uint64_t owner, std::uint64_t key) {
        const std::lock_guard lock(mutex);
        const auto found = kept.find(owner);
        if (engine != nullptr && found != kept.end() && found->second.key == key) {
            kept.erase(found);
            on_lost(owner);
        }
        return engine;
    }
};

PrunedPort::PrunedPort(EnginePort& engine, std::function<void(std::uint64_t owner)> on_lost)
    : engine_(engine), shared_(std::make_shared<Shared>()) {
    shared_->engine = &engine_;
    shared_->on_lost = std::move(on_lost);
}

PrunedPort::~PrunedPort() {
    const std::lock_guard lock(shared_->mutex);
    shared_->engine = nullptr;
}

void PrunedPort::keep(std::uint64_t owner, PrunedBeginning beginning) {
    const std::lock_guard lock(shared_->mutex);
    shared_->kept[owner] = std::move(beginning);
}

void PrunedPort::drop(std::uint64_t owner) {
    const std::lock_guard lock(shared_->mutex);
    shared_->kept.erase(owner);
}

void PrunedPort::clear() {
    const std::lock_guard lock(shared_->mutex);
    shared_->kept.clear();
}

void PrunedPort::read(std::span<const TokenId> tokens) {
    const std::lock_guard lock(shared_->mutex);
    for (auto& [owner, beginning] : shared_->kept) {
        if (common(beginning.before, tokens) == beginning.before.size()) {
            beginning.before.clear();
        }
    }
}

template <typename Request>
RequestId PrunedPort::pass(Request request, engine::EventSink sink) {
    std::unique_lock lock(shared_->mutex);
    const auto found = shared_->kept.find(request.cache.owner);
    if (request.pruned || found == shared_->kept.end() || !begins_with(tokens_of(request), found->second)) {
        lock.unlock();
        return engine_.submit(std::move(request), std::move(sink));
    }
    auto whole = std::make_shared<Request>(request);
    const PrunedBeginning& beginning = found->second;
    const std::size_t length = beginning.tokens.size();
    request.pruned = engine::PrunedPrefix{beginning.key, static_cast<std::uint32_t>(length)};
    if constexpr (std::is_same_v<Request, engine::GenerateRequest>) {
        const std::size_t known =
            std::min(common(request.prompt, beginning.before), request.prompt.size() - 1);
        if (request.moved.empty() && known > length) {
            request.moved.push_back(
                {static_cast<std::uint32_t>(length),
                 {beginning.before.begin(), beginning.before.begin() + static_cast<std::ptrdiff_t>(known)},
                 static_cast<std::uint32_t>(known - length)});
        }
    }
    lock.unlock();
    auto flight = std::make_shared<Flight>();
    const std::uint64_t key = request.pruned->key;
    const RequestId id = engine_.submit(std::move(request), [shared = shared_, flight, whole, sink, key](
                                                                RequestId first, engine::Event event) {
        const auto* error = std::get_if<Error>(&event);
        if (error == nullptr || error->code != ErrorCode::not_found) {
            sink(first, std::move(event));
            return;
        }
        EnginePort* const engine = shared->lost(whole->cache.owner, key);
        std::unique_lock mine(flight->mutex);
        if (engine == nullptr || flight->cancelled) {
            mine.unlock();
            sink(first, Error{ErrorCode::cancelled, "This was stopped.", {}});
            return;
        }
        flight->again = engine->submit(std::move(*whole), [flight, sink, first](RequestId, engine::Event e) {
            sink(first, std::move(e));
        });
    });
    const std::lock_guard again(shared_->mutex);
    std::erase_if(shared_->flights, [](const auto& one) { return one.second.expired(); });
    shared_->flights[id] = flight;
    return id;
}

void PrunedPort::cancel(RequestId request) {
    std::shared_ptr<Flight> flight;
    {
        const std::lock_guard lock(shared_->mutex);
        const auto found = shared_->flights.find(request);
        flight = found != shared_->flights.end() ? found->second.lock() : nullptr;
    }
    if (flight) {
        const std::lock_guard lock(flight->mutex);
        flight->cancelled = true;
        request = flight->again != 0 ? flight->again : request;
    }
    engine_.cancel(request);
}

RequestId PrunedPort::submit(engine::GenerateRequest request, engine::EventSink sink) {
    return pass(std::move(request), std::move(sink));
}
RequestId PrunedPort::submit(engine::PrefillRequest request, engine::EventSink sink) {
    return pass(std::move(request), std::move(sink));
}
RequestId PrunedPort::submit(engine::ScoreRequest request, engine::EventSink sink) {
    return pass(std::move(request), std::move(sink));
}
RequestId PrunedPort::submit(engine::ChooseRequest request, engine::EventSink sink) {
    return pass(std::move(request), std::move(sink));
}
RequestId PrunedPort::submit(engine::EmbedRequest request, engine::EventSink sink) {
    return engine_.submit(std::move(request), std::move(sink));
}
RequestId PrunedPort::submit(engine::PruneRequest request, engine::EventSink sink) {
    return engine_.submit(std::move(request), std::move(sink));
}
RequestId PrunedPort::submit(engine::BenchRequest request, engine::EventSink sink) {
    return engine_.submit(std::move(request), std::move(sink));
}

void PrunedPort::load(engine::LoadOptions options, std::function<void(engine::LoadProgress)> progress,
                      std::function<void(Result<engine::LoadedModel>)> done) {
    engine_.load(std::move(options), std::move(progress), std::move(done));
}
void PrunedPort::cancel_load() {
    engine_.cancel_load();
}
void PrunedPort::curve(std::function<void(std::vector<engine::CurvePoint>)> answer) {
    engine_.curve(std::move(answer));
}
void PrunedPort::cache_state(std::function<void(engine::CacheState)> answer) {
    engine_.cache_state(std::move(answer));
}
void PrunedPort::clear_cache(std::function<void(Status)> done) {
    engine_.clear_cache(std::move(done));
}
void PrunedPort::forget(std::uint64_t owner) {
    engine_.forget(owner);
}
void PrunedPort::forget_others(std::vector<std::uint64_t> known) {
    engine_.forget_others(std::move(known));
}
Result<engine::ModelDescription> PrunedPort::inspect(const std::filesystem::path& path) {
    return engine_.inspect(path);
}

}  // namespace tendril::app

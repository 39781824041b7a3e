// SPDX-License-Identifier: Apache-2.0
// Session: the engine's events, waited for. Main thread.
#include "app/cli/session.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "app/cli/interrupt.h"
#include "app/cli/output.h"

namespace tendril::app::cli {
namespace {

/// What the engine's thread leaves for the main thread.
template <typename Outcome>
struct Desk {
    std::mutex mutex;
    std::condition_variable filled;
    std::string text;
    std::optional<Outcome> outcome;

    void put(const std::string& more) {
        {
            const std::lock_guard lock(mutex);
            text += more;
        }
        filled.notify_one();
    }
    void end(Outcome how) {
        {
            const std::lock_guard lock(mutex);
            outcome = std::move(how);
        }
        filled.notify_one();
    }
};

const Error kOtherKind{ErrorCode::internal, "The engine gave an answer of another kind than asked for.", {}};

}  // namespace

Session::Session(Interrupt& interrupt) : interrupt_(interrupt), engine_(nullptr) {}

Result<std::unique_ptr<Session>> Session::load(engine::LoadOptions options, Interrupt& interrupt) {
    std::unique_ptr<Session> session(new Session(interrupt));
    auto desk = std::make_shared<Desk<Result<engine::LoadedModel>>>();
    const std::string path = options.path.string();
    const Interrupt::Scope scope(interrupt, [&session] { session->engine_.cancel_load(); });
    session->engine_.load(
        std::move(options), [](engine::LoadProgress) {},
        [desk](Result<engine::LoadedModel> result) { desk->end(std::move(result)); });
    std::unique_lock lock(desk->mutex);
    desk->filled.wait(lock, [&] { return desk->outcome.has_value(); });
    if (!*desk->outcome) {
        return fail(about_file(desk->outcome->error(), path));
    }
    session->model_ = std::move(**desk->outcome);
    for (const std::string& warning : session->model_.description.warnings) {
        say(warning);
    }
    return session;
}

template <typename Request>
Session::Outcome Session::run(Request request, const std::function<bool(std::string_view)>& on_text) {
    auto desk = std::make_shared<Desk<Outcome>>();
    const engine::RequestId id =
        engine_.submit(std::move(request), [desk](engine::RequestId, engine::Event event) {
            if (auto* text = std::get_if<engine::TextEvent>(&event)) {
                desk->put(text->text);
            } else if (auto* finished = std::get_if<engine::FinishedEvent>(&event)) {
                desk->end(std::move(*finished));
            } else if (auto* scored = std::get_if<engine::ScoredEvent>(&event)) {
                desk->end(std::move(*scored));
            } else if (auto* pruned = std::get_if<engine::PrunedEvent>(&event)) {
                desk->end(*pruned);
            } else if (auto* bench = std::get_if<engine::BenchEvent>(&event)) {
                desk->end(std::move(*bench));
            } else if (auto* error = std::get_if<Error>(&event)) {
                desk->end(std::move(*error));
            }
        });
    const Interrupt::Scope scope(interrupt_, [this, id] { engine_.cancel(id); });
    if (interrupt_.asked()) {
        engine_.cancel(id);  // the signal came before this scope
    }
    for (;;) {
        std::unique_lock lock(desk->mutex);
        desk->filled.wait(lock, [&] { return desk->outcome.has_value() || !desk->text.empty(); });
        const std::string text = std::exchange(desk->text, {});
        auto outcome = std::move(desk->outcome);
        lock.unlock();
        if (!text.empty() && on_text && !on_text(text)) {
            engine_.cancel(id);
        }
        if (outcome) {
            return std::move(*outcome);
        }
    }
}

Result<engine::FinishedEvent> Session::generate(engine::GenerateRequest request,
                                                const std::function<bool(std::string_view)>& on_text) {
    Outcome outcome = run(std::move(request), on_text);
    if (auto* finished = std::get_if<engine::FinishedEvent>(&outcome)) {
        return std::move(*finished);
    }
    auto* error = std::get_if<Error>(&outcome);
    return fail(error != nullptr ? *error : kOtherKind);
}

Result<engine::ScoredEvent> Session::score(engine::ScoreRequest request) {
    Outcome outcome = run(std::move(request), {});
    if (auto* scored = std::get_if<engine::ScoredEvent>(&outcome)) {
        return std::move(*scored);
    }
    auto* error = std::get_if<Error>(&outcome);
    return fail(error != nullptr ? *error : kOtherKind);
}

Result<engine::PrunedEvent> Session::prune(engine::PruneRequest request) {
    Outcome outcome = run(std::move(request), {});
    if (auto* pruned = std::get_if<engine::PrunedEvent>(&outcome)) {
        return *pruned;
    }
    auto* error = std::get_if<Error>(&outcome);
    return fail(error != nullptr ? *error : kOtherKind);
}

Result<engine::BenchEvent> Session::bench(engine::BenchRequest request) {
    Outcome outcome = run(std::move(request), {});
    if (auto* bench = std::get_if<engine::BenchEvent>(&outcome)) {
        return std::move(*bench);
    }
    auto* error = std::get_if<Error>(&outcome);
    return fail(error != nullptr ? *error : kOtherKind);
}

std::vector<engine::TokenId> encode_with_bos(const engine::Tokenizer& tokenizer, std::string_view text,
                                             bool parse_special) {
    std::vector<engine::TokenId> tokens;
    const std::string_view bos = tokenizer.bos_text();
    const bool has_bos = parse_special && !bos.empty() && text.substr(0, bos.size()) == bos;
    if (tokenizer.adds_bos() && tokenizer.bos() && !has_bos) {
        tokens.push_back(*tokenizer.bos());
    }
    const auto rest = tokenizer.encode(text, {.add_bos = false, .parse_special = parse_special});
    tokens.insert(tokens.end(), rest.begin(), rest.end());
    return tokens;
}

}  // namespace tendril::app::cli

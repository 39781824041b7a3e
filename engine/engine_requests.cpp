// SPDX-License-Identifier: Apache-2.0
// From requests to tasks of the scheduler, and measurements. Engine thread.
#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "engine/engine_thread.h"
#include "engine/schedule/bench.h"
#include "engine/schedule/choice.h"
#include "engine/schedule/embedding.h"
#include "engine/schedule/generation.h"
#include "engine/schedule/prefill.h"
#include "engine/schedule/pruning.h"
#include "engine/schedule/scoring.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kMaxStops = 64;
constexpr std::size_t kMaxStopBytes = 4096;
constexpr std::size_t kMaxOptions = 256;

const char* name_of(StopReason reason) {
    switch (reason) {
        case StopReason::end_of_text:
            return "end of text";
        case StopReason::stop_text:
            return "stop text";
        case StopReason::max_tokens:
            return "token limit";
        case StopReason::context_full:
            return "context full";
        case StopReason::cancelled:
            return "cancelled";
    }
    return "?";
}

template <typename Request>
std::optional<PrunedPrefix> pruned_of(const Request& request) {
    return std::visit(
        [](const auto& one) -> std::optional<PrunedPrefix> {
            if constexpr (requires { one.pruned; }) {
                return one.pruned;
            } else {
                return std::nullopt;
            }
        },
        request);
}

Error no_model() {
    return {ErrorCode::not_found, "No model is loaded.", {}};
}

}  // namespace

Status Engine::Thread::check(const std::vector<TokenId>& tokens, std::size_t most) const {
    if (tokens.size() > most) {
        return fail(ErrorCode::too_large, "The text has " + std::to_string(tokens.size()) +
                                              " tokens, but the context holds " + std::to_string(most) + ".");
    }
    const auto vocabulary = static_cast<TokenId>(runtime_->config.vocabulary);
    for (const TokenId token : tokens) {
        if (token < 0 || token >= vocabulary) {
            return fail(ErrorCode::invalid_argument, "The text has a token that the model does not know.",
                        "token " + std::to_string(token) + " of " + std::to_string(vocabulary));
        }
    }
    return {};
}

Status Engine::Thread::check(const std::vector<MovedText>& moved, std::span<const TokenId> prompt) const {
    std::size_t end = 0;
    for (const MovedText& stretch : moved) {
        if (Status status = check(stretch.context, runtime_->model.context); !status) {
            return status;
        }
        if (stretch.at < end || stretch.length == 0 || stretch.length > stretch.context.size() ||
            stretch.at > prompt.size() || stretch.length > prompt.size() - stretch.at) {
            return fail(ErrorCode::invalid_argument, "A moved stretch of the text lies where no text is.",
                        "at " + std::to_string(stretch.at) + ", " + std::to_string(stretch.length) + " of " +
                            std::to_string(stretch.context.size()) + " tokens");
        }
        end = std::size_t{stretch.at} + stretch.length;
        const std::span<const TokenId> here = prompt.subspan(stretch.at, stretch.length);
        if (!std::equal(here.begin(), here.end(),
                        stretch.context.end() - static_cast<std::ptrdiff_t>(stretch.length))) {
            return fail(ErrorCode::invalid_argument, "A moved stretch of the text is not the text there.",
                        "at " + std::to_string(stretch.at));
        }
    }
    return {};
}

Result<std::unique_ptr<Task>> Engine::Thread::make_task(Submit& submit, GenerateRequest& request) const {
    if (request.prompt.empty()) {
        return fail(ErrorCode::invalid_argument, "There is no text to continue.");
    }
    const std::size_t context = runtime_->model.context;
    if (Status status = check(request.prompt, context); !status) {
        return fail(std::move(status.error()));
    }
    if (Status status = check(request.moved, request.prompt); !status) {
        return fail(std::move(status.error()));
    }
    const auto too_long = [](const std::string& stop) { return stop.size() > kMaxStopBytes; };
    if (request.stop.size() > kMaxStops || std::any_of(request.stop.begin(), request.stop.end(), too_long)) {
        return fail(ErrorCode::too_large, "There may be at most " + std::to_string(kMaxStops) +
                                              " stop texts of at most " + std::to_string(kMaxStopBytes) +
                                              " bytes.");
    }
    std::shared_ptr<grammar::Matcher> matcher;
    if (request.grammar) {
        auto opened = runtime_->grammars->open(request.grammar);
        if (!opened) {
            return fail(std::move(opened.error()));
        }
        matcher = std::move(*opened);
    }
    return std::make_unique<Generation>(submit.id, std::move(request), logged(std::move(submit.sink)),
                                        *runtime_->tokenizer, context, submit.when, std::move(matcher));
}

Result<std::unique_ptr<Task>> Engine::Thread::make_task(Submit& submit, PrefillRequest& request) const {
    if (Status status = check(request.tokens, runtime_->model.context); !status) {
        return fail(std::move(status.error()));
    }
    return std::make_unique<Prefill>(submit.id, std::move(request), logged(std::move(submit.sink)),
                                     submit.when);
}

Result<std::unique_ptr<Task>> Engine::Thread::make_task(Submit& submit, ScoreRequest& request) const {
    if (request.tokens.size() < 2) {
        return fail(ErrorCode::invalid_argument, "A text needs at least two tokens to be scored.");
    }
    if (Status status = check(request.tokens, runtime_->model.context + std::size_t{1}); !status) {
        return fail(std::move(status.error()));
    }
    if (request.from >= request.tokens.size()) {
        return fail(ErrorCode::invalid_argument, "There is no token left to be scored.");
    }
    const std::span<const TokenId> before = std::span(request.tokens).first(Scoring::unscored(request));
    if (Status status = check(request.moved, before); !status) {
        return fail(std::move(status.error()));
    }
    return std::make_unique<Scoring>(submit.id, std::move(request), std::move(submit.sink));
}

Result<std::unique_ptr<Task>> Engine::Thread::make_task(Submit& submit, EmbedRequest& request) const {
    if (request.tokens.empty()) {
        return fail(ErrorCode::invalid_argument, "There is no text to embed.");
    }
    request.pooling = request.pooling ? request.pooling : runtime_->config.pooling;
    if (!request.pooling) {
        return fail(
            ErrorCode::unsupported,
            "The model makes no vectors of texts in a way that is supported; it may be one that ranks.");
    }
    if (Status status = check(request.tokens, runtime_->model.context); !status) {
        return fail(std::move(status.error()));
    }
    return std::make_unique<TextEmbedding>(submit.id, std::move(request), std::move(submit.sink));
}

/// The pages of the pruned text, so that they stay until the task ends.
Status Engine::Thread::hold(const PrunedPrefix& pruned, Task& task) const {
    const Frozen frozen = runtime_->cache->pruned(pruned.key);
    const Error gone{ErrorCode::not_found, "What was shortened of this text is not kept any more.", {}};
    if (frozen.key == 0) {
        return fail(gone);
    }
    if (frozen.length != pruned.length || task.reusable() < frozen.length) {
        return fail(ErrorCode::invalid_argument, "The shortened text is not the beginning of this one.",
                    std::to_string(pruned.length) + " of " + std::to_string(frozen.length) + " tokens");
    }
    View held = runtime_->cache->match_pruned(pruned.key, task.tokens(), frozen.length, task.scope());
    if (held.empty()) {
        return fail(gone);  // of another text, or another's
    }
    task.set_pruned(std::move(held));
    return {};
}

Result<std::unique_ptr<Task>> Engine::Thread::make_task(Submit& submit, PruneRequest& request) const {
    if (Status status = check(request.tokens, runtime_->model.context); !status) {
        return fail(std::move(status.error()));
    }
    if (Status status = check(request.ask, runtime_->model.context); !status) {
        return fail(std::move(status.error()));
    }
    if (request.length == 0 || request.from > request.tokens.size() ||
        request.length != request.tokens.size() - request.from || !(request.keep > 0 && request.keep <= 1)) {
        return fail(ErrorCode::invalid_argument, "There is no such part of the text to shorten.",
                    std::to_string(request.from) + " + " + std::to_string(request.length) + " of " +
                        std::to_string(request.tokens.size()) + " tokens, keep " +
                        std::to_string(request.keep));
    }
    if (runtime_->cache->pool().windowed()) {
        return fail(ErrorCode::unsupported,
                    "What a model with sliding windows has read of a text cannot be shortened.");
    }
    if (request.ask.empty()) {
        request.ask = runtime_->tokenizer->encode("\n\nRepeat the previous text exactly.\n\n", {});
    }
    const std::size_t chunk = Pruning::longest_chunk(request, runtime_->model.context);
    if (chunk == 0 && request.method == PruneMethod::kvzip) {
        return fail(ErrorCode::too_large, "The context has no room left to shorten this text in it.");
    }
    const std::size_t keys = request.method == PruneMethod::kvzip ? chunk : request.length;
    if (Status status = runtime_->backend->prepare_peaks(keys); !status) {
        return fail(std::move(status.error()));
    }
    const ModelConfig& config = runtime_->config;
    return std::make_unique<Pruning>(submit.id, std::move(request), logged(std::move(submit.sink)),
                                     submit.when, *runtime_->cache,
                                     PruneShape{config.layers, config.kv_heads, runtime_->model.context});
}

Result<std::unique_ptr<Task>> Engine::Thread::make_task(Submit& submit, ChooseRequest& request) const {
    if (request.prompt.empty() || request.options.empty()) {
        return fail(ErrorCode::invalid_argument, "There is nothing to choose from.");
    }
    if (request.options.size() > kMaxOptions) {
        return fail(ErrorCode::too_large,
                    "There may be at most " + std::to_string(kMaxOptions) + " options.");
    }
    if (Status status = check(request.prompt, runtime_->model.context); !status) {
        return fail(std::move(status.error()));
    }
    if (Status status = check(request.options, kMaxOptions); !status) {
        return fail(std::move(status.error()));
    }
    if (Status status = check(request.moved, request.prompt); !status) {
        return fail(std::move(status.error()));
    }
    return std::make_unique<Choice>(submit.id, std::move(request), logged(std::move(submit.sink)),
                                    submit.when);
}

Result<std::unique_ptr<Task>> Engine::Thread::make_task(Submit& submit) const {
    if (auto* const generate = std::get_if<GenerateRequest>(&submit.request)) {
        return make_task(submit, *generate);
    }
    if (auto* const prefill = std::get_if<PrefillRequest>(&submit.request)) {
        return make_task(submit, *prefill);
    }
    if (auto* const embed = std::get_if<EmbedRequest>(&submit.request)) {
        return make_task(submit, *embed);
    }
    if (auto* const prune = std::get_if<PruneRequest>(&submit.request)) {
        return make_task(submit, *prune);
    }
    if (auto* const choose = std::get_if<ChooseRequest>(&submit.request)) {
        return make_task(submit, *choose);
    }
    return make_task(submit, std::get<ScoreRequest>(submit.request));
}

Status Engine::Thread::start(Submit& submit) {
    if (!runtime_) {
        return fail(no_model());
    }
    if (std::holds_alternative<BenchRequest>(submit.request)) {
        benches_.push_back(std::move(submit));
        return {};
    }
    const std::optional<PrunedPrefix> pruned = pruned_of(submit.request);
    Result<std::unique_ptr<Task>> task = make_task(submit);
    if (!task) {
        return fail(std::move(task.error()));
    }
    if (pruned) {
        if (Status status = hold(*pruned, **task); !status) {
            return status;
        }
    }
    runtime_->scheduler->add(std::move(*task));
    return {};
}

void Engine::Thread::run_bench(Submit& submit) {
    Result<BenchEvent> result = fail(Error{});
    try {
        Bench bench(*runtime_->forward, *runtime_->cache, interrupt_,
                    [&] { return bench_goes_on(submit.id); });
        result = bench.run(std::get<BenchRequest>(submit.request));
    } catch (const std::exception& exception) {
        result = fail(error_of(exception));
    }
    if (result) {
        submit.sink(submit.id, std::move(*result));
    } else {
        submit.sink(submit.id, std::move(result.error()));
    }
}

/// Looks at what broke off a step: only its own cancel, a change of model and the end of the program stop a
/// measurement.
bool Engine::Thread::bench_goes_on(RequestId id) {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
        return false;
    }
    for (const Command& command : commands_) {
        const auto* const cancel = std::get_if<Cancel>(&command);
        if (std::holds_alternative<Load>(command) || std::holds_alternative<Unload>(command) ||
            (cancel != nullptr && cancel->id == id)) {
            return false;
        }
    }
    interrupt_ = false;
    return true;
}

EventSink Engine::Thread::logged(EventSink sink) const {
    if (!log_) {
        return sink;
    }
    return [log = log_, sink = std::move(sink)](RequestId id, Event event) {
        if (const auto* const finished = std::get_if<FinishedEvent>(&event)) {
            log->info(
                "request {}: {}; prompt {} tokens, {} of them reused, {} moved, read in {:.1f} ms; first "
                "token after {:.1f} ms; {} tokens in {:.1f} ms",
                id, name_of(finished->reason), finished->prompt_tokens, finished->cached_tokens,
                finished->moved_tokens, finished->prefill_ms, finished->first_token_ms,
                finished->tokens.size(), finished->decode_ms);
        } else if (const auto* const prefilled = std::get_if<PrefilledEvent>(&event)) {
            log->info("request {}: {} {} tokens ahead, {} of them reused, after {:.1f} ms", id,
                      prefilled->complete ? "read" : "cancelled with", prefilled->tokens, prefilled->reused,
                      prefilled->ms);
        } else if (const auto* const chosen = std::get_if<ChosenEvent>(&event)) {
            log->info("request {}: chose among {}; prompt {} tokens, {} of them reused, {} moved; {:.1f} ms",
                      id, chosen->logprobs.size(), chosen->prompt_tokens, chosen->cached_tokens,
                      chosen->moved_tokens, chosen->ms);
        } else if (const auto* const pruned = std::get_if<PrunedEvent>(&event)) {
            log->info("request {}: kept {} keys of each head, {} of {} bytes, after {:.1f} ms", id,
                      pruned->kept, pruned->bytes_after, pruned->bytes_before, pruned->ms);
        } else if (const auto* const error = std::get_if<Error>(&event)) {
            log->warn("request {} failed: {} ({})", id, error->message, error->detail);
        }
        sink(id, std::move(event));
    };
}

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// Commands, steps, and the border at which exceptions become errors.
#include "engine/engine_thread.h"

#include <algorithm>
#include <new>
#include <utility>

#include <spdlog/logger.h>

#include "engine/cache/disk/disk_page_store.h"

namespace tendril::engine {
namespace {

constexpr auto kTimeToFlush = std::chrono::seconds(2);  // at the end of a model

}  // namespace

Error error_of(const std::exception& exception) {
    if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
        return {ErrorCode::out_of_memory, "There is not enough memory for this.", exception.what()};
    }
    return {ErrorCode::internal, "Something went wrong inside the program.", exception.what()};
}

Engine::Thread::Thread(std::shared_ptr<spdlog::logger> log, BackendFactory factory)
    : log_(std::move(log)), factory_(std::move(factory)), thread_([this] { run(); }) {}

Engine::Thread::~Thread() {
    cancel_load();
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        interrupt_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

// --- any thread ---

void Engine::Thread::load(LoadOptions options, std::function<void(LoadProgress)> progress,
                          std::function<void(Result<LoadedModel>)> done) {
    const std::uint64_t number = ++last_load_;
    cancelled_loads_ = number - 1;  // the newest choice counts
    post(Load{number, std::move(options), std::move(progress), std::move(done)}, true);
}

void Engine::Thread::cancel_load() {
    cancelled_loads_ = last_load_.load();
}

void Engine::Thread::unload() {
    cancel_load();
    post(Unload{}, true);
}

RequestId Engine::Thread::submit(Request request, EventSink sink) {
    const RequestId id = ++last_request_;
    const auto* generate = std::get_if<GenerateRequest>(&request);
    const auto* choose = std::get_if<ChooseRequest>(&request);
    const auto* score = std::get_if<ScoreRequest>(&request);
    const bool waited_for = (generate != nullptr && generate->priority == Priority::interactive) ||
                            (choose != nullptr && choose->priority == Priority::interactive) ||
                            (score != nullptr && score->priority == Priority::interactive);
    // A step that begins just now may be broken off in vain; it has hardly begun.
    const bool urgent = idle_piece_ || (waited_for && !interactive_step_);
    post(Submit{id, std::move(request), std::move(sink), Clock::now()}, urgent);
    return id;
}

void Engine::Thread::cancel(RequestId id) {
    // A person who types cancels what is read ahead again and again: what is being read is mostly still
    // wanted.
    post(Cancel{id}, !unhurried_step_);
}

void Engine::Thread::curve(std::function<void(std::vector<CurvePoint>)> answer) {
    post(AskCurve{std::move(answer)}, false);
}

void Engine::Thread::cache_state(std::function<void(CacheState)> answer) {
    post(AskState{std::move(answer)}, false);
}

void Engine::Thread::clear_cache(std::function<void(Status)> done) {
    post(Clear{std::move(done)}, false);
}

void Engine::Thread::forget(std::uint64_t owner) {
    post(Forget{owner}, false);
}

void Engine::Thread::forget_others(std::vector<std::uint64_t> known) {
    post(ForgetOthers{std::move(known)}, false);
}

void Engine::Thread::post(Command command, bool break_step) {
    {
        const std::lock_guard lock(mutex_);
        commands_.push_back(std::move(command));
        if (break_step) {
            interrupt_ = true;
        }
    }
    wake_.notify_one();
}

// --- engine thread ---

void Engine::Thread::run() {
    std::deque<Command> commands;
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            const auto ready = [&] { return stopping_ || !commands_.empty() || has_work(); };
            if (const auto retry = runtime_ ? runtime_->idle->next_try() : std::nullopt) {
                wake_.wait_until(lock, *retry, ready);
            } else {
                wake_.wait(lock, ready);
            }
            interrupt_ = false;
            commands.swap(commands_);
            if (stopping_) {
                break;
            }
        }
        work(commands);
    }
    // What is to be forgotten is forgotten before the program ends.
    for (Command& command : commands) {
        if (auto* const what = std::get_if<Forget>(&command)) {
            perform(*what);
        }
    }
    drop_model();
    for (Command& command : commands) {
        refuse(command);
    }
}

bool Engine::Thread::has_work() const {
    return runtime_ && (!runtime_->scheduler->idle() || !benches_.empty() ||
                        runtime_->idle->pending(IdleWork::IdleClock::now()));
}

void Engine::Thread::work(std::deque<Command>& commands) {
    while (!commands.empty()) {
        Command command = std::move(commands.front());
        commands.pop_front();
        std::visit([this](auto& what) { perform(what); }, command);
    }
    try {
        if (!step() && !bench()) {
            idle();
        }
    } catch (const std::exception& exception) {
        const Error error = error_of(exception);
        if (log_) {
            log_->error("a step failed: {}", error.detail);
        }
        runtime_->scheduler->fail_all(error);
        runtime_->idle->give_up();
    }
    leave_lost_device();
}

/// What lay on the device is gone; the model file is not: the same model is opened on the CPU, and the next
/// request is answered there.
void Engine::Thread::leave_lost_device() {
    if (!runtime_) {
        return;
    }
    const Status health = runtime_->backend->health();
    if (health) {
        return;
    }
    if (log_) {
        log_->error("the device is lost, the model is opened on the CPU: {}", health.error().detail);
    }
    runtime_->scheduler->fail_all(lost_device_error(health.error()));
    drop_model();
    options_.device = Device::cpu;
    Result<std::unique_ptr<Runtime>> opened = fail(ErrorCode::internal, "");
    try {
        opened = Runtime::open(
            options_, [](double) { return true; }, factory_, log_);
    } catch (const std::exception& exception) {
        opened = fail(error_of(exception));
    }
    if (opened) {
        runtime_ = std::move(*opened);
        runtime_->model.device += " (CUDA: the graphics card stopped working)";
    } else if (log_) {
        log_->warn("loading failed: {} ({})", opened.error().message, opened.error().detail);
    }
    if (options_.reopened) {
        options_.reopened(runtime_ ? Result<LoadedModel>(runtime_->model) : fail(std::move(opened.error())));
    }
}

/// True when a step was run.
bool Engine::Thread::step() {
    if (!runtime_ || runtime_->scheduler->idle()) {
        return false;
    }
    interactive_step_ = runtime_->scheduler->interactive_ready();
    unhurried_step_ = runtime_->scheduler->unhurried();
    runtime_->scheduler->step(interrupt_);
    interactive_step_ = false;
    unhurried_step_ = false;
    runtime_->idle->touched();
    drop_damaged_model();
    return true;
}

/// True when a measurement was run.
bool Engine::Thread::bench() {
    if (benches_.empty()) {
        return false;
    }
    Submit bench = std::move(benches_.front());
    benches_.pop_front();
    run_bench(bench);
    return true;
}

void Engine::Thread::idle() {
    if (!runtime_ || !runtime_->idle->pending(IdleWork::IdleClock::now())) {
        return;
    }
    idle_piece_ = true;
    runtime_->idle->do_piece(interrupt_);
    idle_piece_ = false;
    drop_damaged_model();
}

void Engine::Thread::drop_damaged_model() {
    if (!runtime_->file->damaged()) {
        return;
    }
    if (log_) {
        log_->error("the model file changed while it was in use; the model is unloaded");
    }
    runtime_->scheduler->fail_all(MappedFile::damage_error());
    drop_model();
}

void Engine::Thread::perform(Load& load) {
    drop_model();
    if (!load.options.cache_directory.empty()) {
        cache_folder_ = load.options.cache_directory;
    }
    double told = -1;
    const auto progress = [&](double share) {
        if (load.number <= cancelled_loads_) {
            return false;
        }
        if (load.progress && (share - told >= 0.01 || share >= 1)) {
            told = share;
            load.progress({share});
        }
        return true;
    };
    Result<std::unique_ptr<Runtime>> opened = fail(ErrorCode::cancelled, "Loading the model was cancelled.");
    try {
        if (progress(0)) {
            opened = Runtime::open(load.options, progress, factory_, log_);
        }
    } catch (const std::exception& exception) {
        opened = fail(error_of(exception));
    }
    if (!opened) {
        if (log_) {
            log_->warn("loading failed: {} ({})", opened.error().message, opened.error().detail);
        }
        load.done(fail(std::move(opened.error())));
        return;
    }
    runtime_ = std::move(*opened);
    options_ = load.options;
    const LoadedModel& model = runtime_->model;
    if (log_) {
        log_->info("model loaded in {:.0f} ms: {}, {} parameters, {}, context {}, device {}", model.load_ms,
                   model.description.architecture, model.description.parameters,
                   model.description.quantisation, model.context, model.device);
    }
    load.done(model);
}

void Engine::Thread::perform(Unload&) {
    drop_model();
}

void Engine::Thread::perform(Submit& submit) {
    const EventSink sink = submit.sink;
    const RequestId id = submit.id;
    Status status;
    try {
        status = start(submit);
    } catch (const std::exception& exception) {
        status = fail(error_of(exception));
    }
    if (!status) {
        sink(id, std::move(status.error()));
    }
}

void Engine::Thread::perform(Cancel& cancel) {
    if (runtime_ && runtime_->scheduler->cancel(cancel.id)) {
        return;
    }
    const auto bench = std::find_if(benches_.begin(), benches_.end(),
                                    [&](const Submit& waiting) { return waiting.id == cancel.id; });
    if (bench != benches_.end()) {
        bench->sink(bench->id, Error{ErrorCode::cancelled, "The measurement was stopped.", {}});
        benches_.erase(bench);
    }
}

void Engine::Thread::perform(AskState& ask) {
    ask.answer(runtime_ ? runtime_->cache_state() : CacheState{});
}

void Engine::Thread::perform(AskCurve& ask) {
    ask.answer(runtime_ ? runtime_->idle->curve() : std::vector<CurvePoint>());
}

void Engine::Thread::perform(Clear& clear) {
    if (runtime_) {
        runtime_->cache->clear(std::move(clear.done));
    } else if (const auto store = store_without_model()) {
        store->clear(std::move(clear.done));
    } else {
        clear.done({});
    }
}

void Engine::Thread::perform(Forget& forget) {
    if (runtime_) {
        runtime_->scheduler->forget(forget.owner);
        runtime_->cache->forget(forget.owner);
    } else if (const auto store = store_without_model()) {
        store->forget(forget.owner);
    }
}

void Engine::Thread::perform(ForgetOthers& forget) {
    if (runtime_) {
        runtime_->cache->forget_others(forget.known);
    }
}

/// The disk's pages can be removed without a model too, if it is known where they are.
std::unique_ptr<PageStore> Engine::Thread::store_without_model() const {
    if (cache_folder_.empty()) {
        return nullptr;
    }
    PageStoreOptions options;
    options.folder = cache_folder_;
    options.log = log_;
    return open_page_store(std::move(options));
}

/// The last event of a command that the engine does not get to.
void Engine::Thread::refuse(Command& command) {
    const Error error{ErrorCode::cancelled, "The program is closing.", {}};
    if (auto* const load = std::get_if<Load>(&command)) {
        load->done(fail(error));
    } else if (auto* const submit = std::get_if<Submit>(&command)) {
        submit->sink(submit->id, error);
    } else if (auto* const ask = std::get_if<AskState>(&command)) {
        ask->answer({});
    } else if (auto* const curve = std::get_if<AskCurve>(&command)) {
        curve->answer({});
    } else if (auto* const clear = std::get_if<Clear>(&command)) {
        clear->done(fail(error));
    }
}

void Engine::Thread::drop_model() {
    if (!runtime_) {
        return;
    }
    runtime_->scheduler->cancel_all();
    for (Submit& bench : benches_) {
        bench.sink(bench.id, Error{ErrorCode::cancelled, "The model was unloaded.", {}});
    }
    benches_.clear();
    if (!runtime_->file->damaged() && runtime_->backend->health()) {  // else what was read last may be wrong
        runtime_->idle->flush(kTimeToFlush);
    }
    runtime_.reset();
    if (log_) {
        log_->info("model unloaded");
    }
}

}  // namespace tendril::engine

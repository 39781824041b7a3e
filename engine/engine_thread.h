// SPDX-License-Identifier: Apache-2.0
// The thread behind the façade. Its public methods may be called from any thread and only leave a command;
// everything else happens on the engine thread, which takes commands between two steps.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <variant>

#include "engine/engine.h"
#include "engine/runtime.h"

namespace tendril::engine {

/// What an exception means that reached a border: want of memory, or a bug of ours.
Error error_of(const std::exception& exception);

class Engine::Thread {
  public:
    explicit Thread(std::shared_ptr<spdlog::logger> log, BackendFactory factory = make_backend);
    ~Thread();

    void load(LoadOptions options, std::function<void(LoadProgress)> progress,
              std::function<void(Result<LoadedModel>)> done);
    void cancel_load();
    void unload();
    using Request = std::variant<GenerateRequest, PrefillRequest, ScoreRequest, EmbedRequest, PruneRequest,
                                 ChooseRequest, BenchRequest>;
    RequestId submit(Request request, EventSink sink);
    void cancel(RequestId id);
    void curve(std::function<void(std::vector<CurvePoint>)> answer);
    void cache_state(std::function<void(CacheState)> answer);
    void clear_cache(std::function<void(Status)> done);
    void forget(std::uint64_t owner);
    void forget_others(std::vector<std::uint64_t> known);

  private:
    struct Load {
        std::uint64_t number = 0;
        LoadOptions options;
        std::function<void(LoadProgress)> progress;
        std::function<void(Result<LoadedModel>)> done;
    };
    struct Unload {};
    struct Submit {
        RequestId id = 0;
        Request request;
        EventSink sink;
        Clock::time_point when;
    };
    struct Cancel {
        RequestId id = 0;
    };
    struct AskState {
        std::function<void(CacheState)> answer;
    };
    struct AskCurve {
        std::function<void(std::vector<CurvePoint>)> answer;
    };
    struct Clear {
        std::function<void(Status)> done;
    };
    struct Forget {
        std::uint64_t owner = 0;
    };
    struct ForgetOthers {
        std::vector<std::uint64_t> known;
    };
    using Command =
        std::variant<Load, Unload, Submit, Cancel, AskState, AskCurve, Clear, Forget, ForgetOthers>;

    void post(Command command, bool break_step);
    void run();
    void work(std::deque<Command>& commands);
    void perform(Load& load);
    void perform(Unload& unload);
    void perform(Submit& submit);
    void perform(Cancel& cancel);
    void perform(AskState& ask);
    void perform(AskCurve& ask);
    void perform(Clear& clear);
    void perform(Forget& forget);
    void perform(ForgetOthers& forget);
    void refuse(Command& command);
    Status start(Submit& submit);
    Result<std::unique_ptr<Task>> make_task(Submit& submit) const;
    Result<std::unique_ptr<Task>> make_task(Submit& submit, GenerateRequest& request) const;
    Result<std::unique_ptr<Task>> make_task(Submit& submit, PrefillRequest& request) const;
    Result<std::unique_ptr<Task>> make_task(Submit& submit, ScoreRequest& request) const;
    Result<std::unique_ptr<Task>> make_task(Submit& submit, EmbedRequest& request) const;
    Result<std::unique_ptr<Task>> make_task(Submit& submit, PruneRequest& request) const;
    Result<std::unique_ptr<Task>> make_task(Submit& submit, ChooseRequest& request) const;
    Status check(const std::vector<TokenId>& tokens, std::size_t most) const;
    Status check(const std::vector<MovedText>& moved, std::span<const TokenId> prompt) const;
    Status hold(const PrunedPrefix& pruned, Task& task) const;
    bool step();
    bool bench();
    void idle();
    void run_bench(Submit& submit);
    bool bench_goes_on(RequestId id);
    bool has_work() const;
    std::unique_ptr<PageStore> store_without_model() const;
    void drop_model();
    void drop_damaged_model();
    void leave_lost_device();
    EventSink logged(EventSink sink) const;

    std::shared_ptr<spdlog::logger> log_;
    BackendFactory factory_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Command> commands_;  // under mutex_
    bool stopping_ = false;         // under mutex_

    std::atomic<bool> interrupt_{false};             // breaks off the step that runs
    std::atomic<bool> interactive_step_{false};      // the step that runs is not to be broken off for another
    std::atomic<bool> idle_piece_{false};            // what runs is to be broken off for anything
    std::atomic<bool> unhurried_step_{false};        // nor for a cancel
    std::atomic<std::uint64_t> last_load_{0};        // number of the newest load
    std::atomic<std::uint64_t> cancelled_loads_{0};  // all loads up to this number are not wanted any more
    std::atomic<RequestId> last_request_{0};

    std::filesystem::path cache_folder_;  // of the last load that named one; engine thread from here on
    LoadOptions options_;                 // of the model that is loaded
    std::unique_ptr<Runtime> runtime_;
    std::deque<Submit> benches_;  // wait until all tasks are done
    std::thread thread_;
};

}  // namespace tendril::engine

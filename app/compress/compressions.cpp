// SPDX-License-Identifier: Apache-2.0
// Compressions. Chat worker's thread and the compression thread, as each function says.
#include "app/compress/compressions.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include <spdlog/logger.h>

#include "app/compress/engine_scorer.h"
#include "app/compress/pieces.h"

namespace tendril::app {
namespace {

constexpr auto kProgressPace = std::chrono::milliseconds(40);
constexpr std::uint32_t kScorerContext = 4096;  ///< tokens of a scorer of its own: more than any job has

Error cancelled() {
    return {ErrorCode::cancelled, "The compression was stopped.", {}};
}

}  // namespace

/// What both threads see of one order.
struct Compressions::Job {
    std::uint64_t id = 0;
    CompressionOrder order;
    Progress progress;  // worker's thread
    Done done;          // worker's thread
    std::shared_ptr<const engine::Tokenizer> target;
    ScoringPort loaded;                 // the loaded model
    std::string loaded_key;             // in what is known
    engine::LoadOptions scorer;         // path empty: the loaded model scores
    prompt::CancelFlag stopped{false};  // any thread
    std::mutex mutex;
    EngineScorer* running = nullptr;  // under mutex

    void stop() {
        const std::lock_guard lock(mutex);
        stopped = true;
        if (running != nullptr) {
            running->stop();
        }
    }
    void runs(EngineScorer* now) {
        const std::lock_guard lock(mutex);
        running = now;
        if (now != nullptr && stopped) {
            now->stop();
        }
    }
};

/// The gate of a scorer of its own, and whether callbacks still have somewhere to go.
struct Compressions::Shared {
    std::mutex mutex;
    std::condition_variable changed;
    bool person_waits = false;
    std::uint64_t loads_for = 0;  // the order for which a scorer is being loaded
    bool gone = false;            // worker's thread
};

/// Waits while a person does.
class Compressions::Gated final : public prompt::Scorer {
  public:
    Gated(prompt::Scorer& scorer, Shared& shared, const Job& job)
        : scorer_(scorer), shared_(shared), job_(job) {}
    Result<std::vector<std::vector<prompt::ScoredPiece>>> score(
        std::span<const prompt::ScoreJob> jobs) override {
        std::unique_lock lock(shared_.mutex);
        shared_.changed.wait(lock, [this] { return !shared_.person_waits || job_.stopped; });
        lock.unlock();
        return job_.stopped ? fail(cancelled()) : scorer_.score(jobs);
    }

  private:
    prompt::Scorer& scorer_;
    Shared& shared_;
    const Job& job_;
};

prompt::Method compress_method(const std::string& name) {
    const auto named = prompt::method_named(name);
    return named && !prompt::needs_question(*named) ? *named : prompt::kDefaultMethod;
}

Compressions::Compressions(WorkerLink& link, ModelKeeper& models, ScorerKeeper::MakeEngine make_engine,
                           Clock::duration keep_scorer)
    : link_(link),
      models_(models),
      known_(std::make_shared<KnownScores>()),
      shared_(std::make_shared<Shared>()),
      scorer_(std::move(make_engine), keep_scorer, "The scoring model"),
      thread_([this] { main(); }) {}

Compressions::~Compressions() {
    shared_->gone = true;
    for (const auto& [id, job] : jobs_) {
        job->stop();
    }
    person_waits(false);
    scorer_.interrupt();
    orders_.put([this] { ending_ = true; });
    thread_.join();
}

std::uint64_t Compressions::start(CompressionOrder order, Progress progress, Done done) {
    auto job = std::make_shared<Job>();
    job->id = ++last_;
    job->order = std::move(order);
    job->progress = std::move(progress);
    job->done = std::move(done);
    jobs_[job->id] = job;
    if (!models_.ready()) {
        link_.mailbox->put([this, shared = shared_, id = job->id] {
            if (!shared->gone) {
                ended(id, fail(ErrorCode::not_found,
                               "A model must be loaded before a text can be made shorter for it."));
            }
        });
        return job->id;
    }
    const engine::LoadedModel& model = models_.model();
    job->target = model.tokenizer;
    job->loaded = {[&engine = link_.engine](engine::ScoreRequest request, engine::EventSink sink) {
                       return engine.submit(std::move(request), std::move(sink));
                   },
                   [&engine = link_.engine](engine::RequestId id) { engine.cancel(id); }, model.tokenizer,
                   model.context};
    job->loaded_key = loaded_key();
    if (link_.settings.scorer_model != models_.status().path) {
        job->scorer.path = link_.settings.scorer_model;
        job->scorer.device = link_.settings.device;
        job->scorer.threads = link_.settings.threads;
        job->scorer.context = kScorerContext;
    }
    orders_.put([this, job] { run(job); });
    return job->id;
}

void Compressions::cancel(std::uint64_t id) {
    const auto job = jobs_.find(id);
    if (job == jobs_.end()) {
        return;
    }
    job->second->stop();
    // Under the gate's mutex, so that a wait that has just looked does not miss it.
    const std::lock_guard lock(shared_->mutex);
    shared_->changed.notify_all();
    if (shared_->loads_for == id) {
        scorer_.interrupt();
    }
}

void Compressions::model_changed() {
    loaded_key_ = models_.ready() ? scorer_key(models_.status().path) : std::string();
    for (const auto& [id, job] : jobs_) {
        cancel(id);
    }
}

void Compressions::person_waits(bool waits) {
    const std::lock_guard lock(shared_->mutex);
    if (std::exchange(shared_->person_waits, waits) != waits) {
        shared_->changed.notify_all();
    }
}

std::string Compressions::scorer_id() const {
    const auto& path = link_.settings.scorer_model;
    return path.empty() ? models_.status().path.stem().string() : path.stem().string();
}

std::string Compressions::loaded_key() const {
    return loaded_key_.empty() ? scorer_key(models_.status().path) : loaded_key_;
}

/// Compression thread.
void Compressions::main() {
    while (!ending_) {
        if (const auto next = orders_.take(scorer_.due())) {
            (*next)();
        } else {
            scorer_.let_go();
        }
    }
}

/// Compression thread.
void Compressions::run(const std::shared_ptr<Job>& job) {
    auto result = job->stopped ? Result<prompt::Compressed>(fail(cancelled())) : compress(*job);
    auto shared_result = std::make_shared<Result<prompt::Compressed>>(std::move(result));
    link_.mailbox->put([this, shared = shared_, id = job->id, shared_result] {
        if (!shared->gone) {
            ended(id, std::move(*shared_result));
        }
    });
}

/// Compression thread.
Result<prompt::Compressed> Compressions::compress(Job& job) {
    if (!prompt::needs_model(job.order.settings.method)) {
        return compress_with(job, {}, false);
    }
    if (job.scorer.path.empty()) {
        return compress_with(job, job.loaded, false);
    }
    const auto loads_for = [this](std::uint64_t id) {
        const std::lock_guard lock(shared_->mutex);
        shared_->loads_for = id;
    };
    loads_for(job.id);
    const auto port = scorer_.get(job.scorer);
    loads_for(0);
    if (!port) {
        if (job.stopped || port.error().code == ErrorCode::cancelled) {
            return fail(cancelled());
        }
        link_.mailbox->put([this, shared = shared_, error = port.error()] {
            if (!shared->gone && told_ != error.message) {
                told_ = error.message;
                link_.log->warn("scorer: {} ({})", error.message, error.detail);
                link_.notice(error.message + " The loaded model scores instead.");
            }
        });
        return compress_with(job, job.loaded, false);
    }
    auto result = compress_with(job, *port, true);
    scorer_.used();
    return result;
}

/// Compression thread. `own`: the port is of a scorer beside the loaded model.
Result<prompt::Compressed> Compressions::compress_with(Job& job, const ScoringPort& port, bool own) {
    const auto progress = [this, &job, told = Clock::time_point()](double share) mutable {
        if (const auto now = Clock::now(); now - told >= kProgressPace) {
            told = now;
            link_.mailbox->put([this, shared = shared_, id = job.id, share] {
                const auto found = shared->gone ? jobs_.end() : jobs_.find(id);
                if (!shared->gone && found != jobs_.end() && found->second->progress) {
                    found->second->progress(share);
                }
            });
        }
    };
    const auto count = counter_of(job.target);
    if (!port.tokenizer) {
        prompt::FrequencyScorer ranks(ranker_of(job.target));
        return prompt::compress(job.order.text, job.order.settings, ranks, count, job.stopped, progress);
    }
    EngineScorer scorer(port, job.order.scope);
    Gated gated(scorer, *shared_, job);
    KnowingScorer knowing(own ? static_cast<prompt::Scorer&>(gated) : scorer, *known_,
                          own ? scorer_key(job.scorer.path) : job.loaded_key);
    job.runs(&scorer);
    auto result = prompt::compress(job.order.text, job.order.settings, knowing, count, job.stopped, progress);
    job.runs(nullptr);
    return job.stopped ? fail(cancelled()) : std::move(result);
}

/// Worker's thread.
void Compressions::ended(std::uint64_t id, Result<prompt::Compressed> result) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) {
        return;
    }
    const auto job = found->second;
    jobs_.erase(found);
    if (job->done) {
        job->done(job->stopped ? fail(cancelled()) : std::move(result));
    }
}

}  // namespace tendril::app

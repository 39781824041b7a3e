// SPDX-License-Identifier: Apache-2.0
// Texts made shorter in the background, one after the other: by the loaded model, by a small one of its own,
// or by none. Chat worker's thread, on which the callbacks come too; owns the compression thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "app/compress/known_scores.h"
#include "app/compress/scorer_keeper.h"
#include "app/model_keeper.h"
#include "app/worker_link.h"
#include "prompt/compress/compress.h"

namespace tendril::app {

struct CompressionOrder {
    std::string text;
    prompt::CompressSettings settings;
    engine::CacheScope scope;
};

/// The method by its name in the settings; unknown, empty, or for one question only (what is made serves all
/// that will be asked): the program's default.
prompt::Method compress_method(const std::string& name);

class Compressions {
  public:
    using Done = std::function<void(Result<prompt::Compressed>)>;
    using Progress = std::function<void(double)>;  ///< share done; at most 25 a second

    Compressions(WorkerLink& link, ModelKeeper& models, ScorerKeeper::MakeEngine make_engine,
                 Clock::duration keep_scorer = ScorerKeeper::kKept);
    ~Compressions();  ///< stops everything; no callback comes any more
    Compressions(const Compressions&) = delete;
    Compressions& operator=(const Compressions&) = delete;

    /// `done` comes once, never inside this call. Errors: no model is loaded, whose tokens are counted; bad
    /// input; the scorer's; cancelled. A scorer of the settings that cannot be used is told to the person,
    /// and the loaded model scores.
    std::uint64_t start(CompressionOrder order, Progress progress, Done done);
    /// `done` comes with an error (cancelled); nothing for an id that has ended.
    void cancel(std::uint64_t id);
    /// What runs is stopped: it counts the tokens of a model that is gone.
    void model_changed();
    /// While true, a scorer of its own reads nothing more: it would take the cores from a person's answer.
    /// (The loaded model minds that by itself.)
    void person_waits(bool waits);
    /// Who scores, as representations remember it: the file's name without its ending; empty: no model.
    std::string scorer_id() const;
    /// What scorers have said so far, and the loaded model's key in it.
    const std::shared_ptr<KnownScores>& known() const { return known_; }
    std::string loaded_key() const;

  private:
    struct Job;
    struct Shared;
    class Gated;
    void run(const std::shared_ptr<Job>& job);  // compression thread
    Result<prompt::Compressed> compress(Job& job);
    Result<prompt::Compressed> compress_with(Job& job, const ScoringPort& port, bool own);
    void ended(std::uint64_t id, Result<prompt::Compressed> result);
    void main();

    WorkerLink& link_;
    ModelKeeper& models_;
    std::map<std::uint64_t, std::shared_ptr<Job>> jobs_;
    std::uint64_t last_ = 0;
    std::shared_ptr<KnownScores> known_;
    std::string loaded_key_;  // of the file as it was when it was loaded; empty: not asked for yet
    std::string told_;        // about this scorer a person was told already
    std::shared_ptr<Shared> shared_;
    ScorerKeeper scorer_;  // compression thread, but for interrupt()
    Mailbox orders_;
    bool ending_ = false;  // compression thread
    std::thread thread_;
};

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// Vectors of texts, by a small model of its own: questions at once, the texts of documents only while nobody
// waits for an answer. Chat worker's thread, on which the callbacks come too; owns the embedding thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/compress/scorer_keeper.h"
#include "app/worker_link.h"

namespace tendril::app {

class Embedder {
  public:
    using Vectors = std::vector<std::vector<float>>;
    using Done = std::function<void(Result<Vectors>)>;
    enum class When : std::uint8_t { now, idle };

    Embedder(WorkerLink& link, ScorerKeeper::MakeEngine make_engine,
             Clock::duration keep = ScorerKeeper::kKept);
    ~Embedder();  ///< stops everything; no callback comes any more
    Embedder(const Embedder&) = delete;
    Embedder& operator=(const Embedder&) = delete;

    /// The model of the settings, as its vectors are stored under; empty: none, or it could not be used.
    std::string model() const;
    /// One vector for each text. `done` comes once, never inside this call. Errors: the model's, which a
    /// person is told once and which switch it off until the settings name another; cancelled.
    std::uint64_t start(std::vector<std::string> texts, When when, Done done);
    void cancel(std::uint64_t id);
    /// While true, no texts of documents are read.
    void person_waits(bool waits);

  private:
    struct Job;
    struct Reading;
    std::shared_ptr<Job> next();  // embedding thread; null: the end
    bool step(Job& job);          // embedding thread; true: it has ended
    void main();
    void tell(const std::shared_ptr<Job>& job);
    void ended(const std::shared_ptr<Job>& job);

    WorkerLink& link_;
    std::map<std::uint64_t, std::shared_ptr<Job>> jobs_;  // worker's thread
    std::uint64_t last_ = 0;
    std::string broken_;           // the model that could not be used
    std::shared_ptr<bool> alive_;  // worker's thread
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<Job>> now_;  // under mutex_, as all that follows
    std::deque<std::shared_ptr<Job>> idle_;
    std::shared_ptr<Job> running_;
    bool person_waits_ = false;
    bool ending_ = false;
    ScorerKeeper keeper_;  // embedding thread, but for interrupt()
    std::thread thread_;
};

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// Embedder. Chat worker's thread and the embedding thread, as each function says.
#include "app/documents/embedder.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include <spdlog/logger.h>

namespace tendril::app {
namespace {

constexpr std::size_t kBatch = 4;                  ///< texts between two looks at who waits
constexpr std::uint32_t kEmbeddingContext = 4096;  ///< tokens: several chunks at once

}  // namespace

/// What both threads see of one order.
struct Embedder::Job {
    std::uint64_t id = 0;
    std::vector<std::string> texts;
    When when = When::idle;
    Done done;  // worker's thread
    engine::LoadOptions options;
    std::atomic<bool> stopped{false};
    Result<Vectors> result{Vectors{}};  // embedding thread, until it is told
};

/// One batch in the engine, whose sinks may outlive the wait.
struct Embedder::Reading {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t left = 0;
    Vectors vectors;
    std::optional<Error> error;
};

Embedder::Embedder(WorkerLink& link, ScorerKeeper::MakeEngine make_engine, Clock::duration keep)
    : link_(link),
      alive_(std::make_shared<bool>(true)),
      keeper_(std::move(make_engine), keep, "The embedding model"),
      thread_([this] { main(); }) {}

Embedder::~Embedder() {
    *alive_ = false;
    for (const auto& [id, job] : jobs_) {
        job->stopped = true;
    }
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        changed_.notify_all();
    }
    keeper_.interrupt();
    thread_.join();
}

std::string Embedder::model() const {
    const std::string path = link_.settings.embedding_model.string();
    return path == broken_ ? std::string() : path;
}

std::uint64_t Embedder::start(std::vector<std::string> texts, When when, Done done) {
    auto job = std::make_shared<Job>();
    job->id = ++last_;
    job->texts = std::move(texts);
    job->when = when;
    job->done = std::move(done);
    job->options.path = link_.settings.embedding_model;
    job->options.device = link_.settings.device;
    job->options.threads = link_.settings.threads;
    job->options.context = kEmbeddingContext;
    jobs_[job->id] = job;
    const std::lock_guard lock(mutex_);
    (when == When::now ? now_ : idle_).push_back(job);
    changed_.notify_all();
    return job->id;
}

void Embedder::cancel(std::uint64_t id) {
    const auto job = jobs_.find(id);
    if (job == jobs_.end()) {
        return;
    }
    job->second->stopped = true;
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    if (running_ == job->second) {
        keeper_.interrupt();
    }
}

void Embedder::person_waits(bool waits) {
    const std::lock_guard lock(mutex_);
    if (person_waits_ != waits) {
        person_waits_ = waits;
        changed_.notify_all();
    }
}

/// Embedding thread. The model is let go of here, when it was not needed for long.
std::shared_ptr<Embedder::Job> Embedder::next() {
    std::unique_lock lock(mutex_);
    running_.reset();
    while (!ending_) {
        const bool idle = !idle_.empty() && (!person_waits_ || idle_.front()->stopped);
        if (!now_.empty() || idle) {
            auto& from = now_.empty() ? idle_ : now_;
            running_ = std::move(from.front());
            from.pop_front();
            return running_;
        }
        const auto due = keeper_.due();
        if (!due) {
            changed_.wait(lock);
        } else if (changed_.wait_until(lock, *due) == std::cv_status::timeout) {
            lock.unlock();
            keeper_.let_go();
            lock.lock();
        }
    }
    return nullptr;
}

/// Embedding thread.
void Embedder::main() {
    while (const auto job = next()) {
        if (job->stopped) {
            job->result = fail(ErrorCode::cancelled, "Reading the documents was stopped.");
            tell(job);
        } else if (step(*job)) {
            tell(job);
        } else {
            const std::lock_guard lock(mutex_);
            (job->when == When::now ? now_ : idle_).push_front(job);
        }
    }
}

/// Embedding thread: the next few texts of a job.
bool Embedder::step(Job& job) {
    const auto port = keeper_.get(job.options);
    if (!port) {
        job.result = fail(port.error());
        return true;
    }
    const std::size_t begin = job.result->size();
    const std::size_t count = std::min(kBatch, job.texts.size() - begin);
    auto reading = std::make_shared<Reading>();
    reading->left = count;
    reading->vectors.resize(count);
    std::vector<engine::RequestId> ids;
    for (std::size_t i = 0; i < count; ++i) {
        engine::EmbedRequest request;
        request.tokens = port->tokenizer->encode(job.texts[begin + i], {.add_bos = true});
        if (request.tokens.size() >= port->context) {
            const engine::TokenId last = request.tokens.back();  // perhaps what ends a text for the model
            request.tokens.resize(port->context - 1);
            request.tokens.back() = last;
        }
        ids.push_back(port->embed(std::move(request), [reading, i](engine::RequestId, engine::Event event) {
            const std::lock_guard lock(reading->mutex);
            if (auto* made = std::get_if<engine::EmbeddedEvent>(&event)) {
                reading->vectors[i] = std::move(made->vector);
            } else if (auto* error = std::get_if<Error>(&event)) {
                reading->error = std::move(*error);
            }
            --reading->left;
            reading->changed.notify_all();
        }));
    }
    std::unique_lock lock(reading->mutex);
    bool given_up = false;
    while (reading->left > 0) {
        // A stop has no way to this wait of its own; it is looked for often enough.
        reading->changed.wait_for(lock, std::chrono::milliseconds(50));
        if (job.stopped && !given_up) {
            given_up = true;
            lock.unlock();
            std::for_each(ids.begin(), ids.end(), [&](auto id) { port->cancel(id); });
            lock.lock();
        }
    }
    keeper_.used();
    if (reading->error) {
        if (reading->error->code != ErrorCode::cancelled) {
            reading->error->message = "The embedding model " + job.options.path.filename().string() +
                                      " cannot be used: " + reading->error->message;
        }
        job.result = fail(std::move(*reading->error));
        return true;
    }
    std::move(reading->vectors.begin(), reading->vectors.end(), std::back_inserter(*job.result));
    return job.result->size() == job.texts.size();
}

/// Embedding thread.
void Embedder::tell(const std::shared_ptr<Job>& job) {
    link_.mailbox->put([this, alive = alive_, job] {
        if (*alive) {
            ended(job);
        }
    });
}

/// Worker's thread.
void Embedder::ended(const std::shared_ptr<Job>& job) {
    jobs_.erase(job->id);
    if (!job->result && job->result.error().code != ErrorCode::cancelled && !job->stopped) {
        const Error& error = job->result.error();
        link_.log->warn("embedding: {} ({})", error.message, error.detail);
        if (broken_ != job->options.path.string()) {
            broken_ = job->options.path.string();
            link_.notice(error.message + " Documents are searched by their words alone.");
        }
    }
    job->done(std::move(job->result));
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// A chat worker over a fake engine and a database in a temporary folder, and a recorder of what it tells.
// Test thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>

#include <QTemporaryDir>

#include "app/chat_worker.h"
#include "app/log.h"
#include "tests/unit/app/fake_engine.h"

namespace tendril::test {

class Recorder {
  public:
    void put(app::WorkerEvent event) {
        {
            const std::lock_guard lock(mutex_);
            events_.push_back(std::move(event));
        }
        filled_.notify_all();
    }
    /// The next event of type T for which `fits` is true; those before it are dropped.
    template <typename T, typename Fits>
    T wait(Fits fits) {
        std::unique_lock lock(mutex_);
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        for (;;) {
            while (!events_.empty()) {
                app::WorkerEvent event = std::move(events_.front());
                events_.pop_front();
                if (const T* one = std::get_if<T>(&event); one != nullptr && fits(*one)) {
                    return *one;
                }
            }
            if (filled_.wait_until(lock, deadline) == std::cv_status::timeout) {
                throw std::runtime_error("an event did not come");
            }
        }
    }
    template <typename T>
    T wait() {
        return wait<T>([](const T&) { return true; });
    }
    /// What is there now, all of it.
    std::deque<app::WorkerEvent> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(events_, {});
    }

  private:
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<app::WorkerEvent> events_;
};

struct WorkerFixture {
    QTemporaryDir folder;
    FakeEngine engine;
    Recorder events;
    app::ChatWorkerOptions options;
    app::ChatWorker::StoreOpener opener = &storage::ChatStore::open;
    std::shared_ptr<spdlog::logger> log = app::make_silent_log();
    std::unique_ptr<app::ChatWorker> worker;

    WorkerFixture() {
        options.database = path("chats.db");
        options.load_marker = path("loading");
    }
    std::filesystem::path path(const char* name) const {
        return std::filesystem::path(folder.path().toStdString()) / name;
    }

    void run() {
        worker = std::make_unique<app::ChatWorker>(options, engine.port(), log, opener);
        worker->run([this](app::WorkerEvent event) { events.put(std::move(event)); });
    }
    void load() {
        worker->load("/models/fake.gguf");
        events.wait<app::ModelChanged>(
            [](const auto& e) { return e.status.phase == app::ModelPhase::ready; });
    }
    /// Worker, model and an open conversation.
    app::ConversationShown start() {
        run();
        worker->open_last();
        const auto shown = events.wait<app::ConversationShown>();
        load();
        return shown;
    }
    /// A whole turn; gives the answer's row.
    storage::Message turn(const std::string& question, const std::string& answer) {
        worker->send(question);
        engine.take_request();
        engine.say(answer);
        engine.finish();
        return events.wait<app::TurnEnded>().message;
    }
    /// The database as another process sees it.
    std::unique_ptr<storage::ChatStore> second_connection() const {
        storage::OpenReport report;
        auto store = storage::ChatStore::open_read_only(options.database, report);
        if (!store) {
            throw std::runtime_error(store.error().message + store.error().detail);
        }
        return std::move(*store);
    }
};

}  // namespace tendril::test

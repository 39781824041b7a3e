// SPDX-License-Identifier: Apache-2.0
// The chat worker: one thread that owns the database and talks to the engine. Commands go in from any thread
// and return at once; what happened comes out through one sink, called on the worker's thread. Used by the
// window (ChatController) and `tendril-cli chat` alike.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/engine_port.h"
#include "app/journal.h"
#include "app/power.h"
#include "app/worker_events.h"
#include "app/worker_link.h"

namespace tendril::app {

struct ChatWorkerOptions {
    std::filesystem::path database;
    std::filesystem::path load_marker;      ///< empty: a crash while loading is not remembered
    std::filesystem::path cache_directory;  ///< see engine::LoadOptions; used while the settings allow it
    std::filesystem::path measurements;
    std::filesystem::path power_supplies = kPowerSupplies;
    /// t(M) that is not remembered is measured before the first answer instead of in idle moments.
    bool measure_at_load = false;
    std::function<std::unique_ptr<EnginePort>()> make_scorer;  ///< see Compressions; empty: a real engine
    WorkerSettings settings;
    Clock::duration journal_interval = kJournalInterval;  ///< longer ones are for tests of the tests
    /// When the database's folder cannot be used: keep this session's conversations in a temporary one, and
    /// say so. Else WorkerEnded.
    bool allow_temporary = false;
    std::function<std::unique_ptr<EnginePort>()> make_embedding_engine = {};  ///< empty: the real one
};

class ChatWorker {
  public:
    using Sink = std::function<void(WorkerEvent)>;
    using StoreOpener = std::function<Result<std::unique_ptr<storage::ChatStore>>(
        const std::filesystem::path&, storage::OpenReport&)>;

    ChatWorker(ChatWorkerOptions options, std::unique_ptr<EnginePort> engine,
               std::shared_ptr<spdlog::logger> log);
    /// For tests: another way to open the store.
    ChatWorker(ChatWorkerOptions options, std::unique_ptr<EnginePort> engine,
               std::shared_ptr<spdlog::logger> log, StoreOpener opener);
    ~ChatWorker();  ///< writes what there is of answers (interrupted), then ends the engine and the thread
    ChatWorker(const ChatWorker&) = delete;
    ChatWorker& operator=(const ChatWorker&) = delete;

    /// Begins the thread and opens the database. Commands given before are kept.
    void run(Sink sink);

    // Conversations
    void open_last();
    void open_new();
    void open(ConversationId id);
    void rename(ConversationId id, std::string title);
    void trash(ConversationId id);
    void restore(ConversationId id);
    void export_to(ConversationId id, std::filesystem::path file, bool json);
    void set_system_prompt(std::string text);
    void set_private(bool is_private);  ///< the open one: never on the cache's disk, never shared
    void set_answer_mode(storage::AnswerMode mode);  ///< of the open one
    void search(std::string words);

    // Turns of the open conversation
    void send(std::string text);
    void stop();
    void retry(MessageId message);
    void retry_normally(MessageId message);  ///< as one text, never in points
    void edit(MessageId message, std::string text);
    void continue_reply(MessageId message);
    void show_version(MessageId message, int version);
    void save_draft(std::string text);

    // The model
    void load(std::filesystem::path path);
    void autoload(std::filesystem::path path);  ///< empty: the last one used. Not after a crash while loading
    void cancel_load();
    void describe(std::vector<std::filesystem::path> paths, std::vector<std::filesystem::path> folders);
    void apply(WorkerSettings settings);

    // The cache and the draft
    void ask_cache();    ///< answers with CacheChanged
    void clear_cache();  ///< all of it, in memory and on disk; answers with CacheChanged

    // Documents of the open conversation's draft; each answers with DraftDocuments.
    void attach_files(std::vector<std::filesystem::path> paths);
    void remove_document(DocumentId document);
    void set_document_choice(DocumentId document, storage::AttachmentChoice choice);

    // What the model has of the open conversation
    void set_memory(MessageId message, storage::MessageMemory memory);
    void restore_full_text(std::int64_t representation);
    void shorten_now();
    void cancel_memory_work();

  private:
    struct Core;
    void post(std::function<void(Core&)> command);
    void main(const Sink& sink);
    Result<std::unique_ptr<storage::ChatStore>> open_store(const Sink& sink);

    ChatWorkerOptions options_;
    std::unique_ptr<EnginePort> engine_;
    std::shared_ptr<spdlog::logger> log_;
    StoreOpener opener_;
    std::shared_ptr<Mailbox> mailbox_;
    Core* core_ = nullptr;  // worker's thread only; null when the database could not be opened
    bool ended_ = false;    // worker's thread only
    std::thread thread_;
};

}  // namespace tendril::app

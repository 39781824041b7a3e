// SPDX-License-Identifier: Apache-2.0
// Shortens what the model keeps of the documents that a conversation begins with, where they are attached
// whole: in idle time, after an answer, their keys and values are pruned to those that it looks at when it
// repeats them (KVzip), and the conversation is read on behind that. The text stays the source of truth: what
// is pruned is in memory only, and goes with the model, with the cache, when memory is short and when what
// stands in front changes; then the whole text is read, and that is said. Chat worker's thread only; owned by
// ChatWorker's core.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/context/pruned_port.h"
#include "app/conversation_tree.h"
#include "app/model_keeper.h"
#include "app/worker_link.h"

namespace tendril::app {

class DocumentPruner {
  public:
    /// `port`: the link's engine.
    DocumentPruner(WorkerLink& link, ModelKeeper& models, PrunedPort& port);
    DocumentPruner(const DocumentPruner&) = delete;
    DocumentPruner& operator=(const DocumentPruner&) = delete;

    std::function<void()> on_changed;  ///< the model reads something else of a conversation from now on
    /// Told what the model has read whole.
    std::function<void(const std::vector<engine::TokenId>&)> on_read;

    void consider(const std::shared_ptr<ConversationTree>& tree);  ///< an answer has ended
    void work();                                                   ///< nothing else is to be done now
    void stop();    ///< a turn begins: it goes first, the work is done after it
    void cancel();  ///< by a person: not tried again before the next turn has ended
    void settings_changed();
    void model_changed();
    void cache_cleared();
    void lost(ConversationId conversation);  ///< memory was short
    void forget(ConversationId conversation);
    /// A person wants the full text.
    void restore(ConversationId conversation);
    void has_read(std::span<const engine::TokenId> tokens) { port_.read(tokens); }
    bool idle() const { return !job_; }

    /// What prompts of this conversation begin with, if that is pruned now.
    std::optional<storage::RepresentationId> in_use(const ConversationTree& tree);

  private:
    using Tree = std::shared_ptr<ConversationTree>;
    struct Stretch {
        std::vector<engine::TokenId> tokens;  // from the conversation's beginning
        std::uint32_t from = 0;
        std::vector<engine::TokenId> ask;
        DocumentId document = 0;  // the first one
    };
    struct Live {
        std::vector<engine::TokenId> tokens;
        storage::RepresentationId row = 0;
    };
    struct Job {
        Tree tree;
        std::uint64_t serial = 0;
        engine::RequestId request = 0;
        Stretch stretch;
        std::vector<engine::TokenId> reading;  // behind what was pruned; empty: it is being pruned
        std::uint32_t read = 0;
    };

    bool wanted(const ConversationTree& tree, DocumentId document) const;
    std::optional<Stretch> stretch_of(const ConversationTree& tree);
    std::optional<std::vector<engine::TokenId>> beginning_of(const ConversationTree& tree);
    void begin(const Tree& tree);
    void pruned(const engine::PrunedEvent& event);
    Result<storage::RepresentationId> row_of(ConversationTree& tree, DocumentId document, std::int64_t before,
                                             std::int64_t after);
    void refused(const Error& error);
    void read_on();
    void ended(std::uint64_t serial, const engine::Event& event);
    void tell(const char* what, double progress);
    void end();
    void drop_all(const char* why);

    WorkerLink& link_;
    ModelKeeper& models_;
    PrunedPort& port_;
    Tree waiting_;
    std::optional<Job> job_;
    std::map<ConversationId, Live> live_;
    std::set<ConversationId> refused_;  // by this model, in words
    bool model_cannot_ = false;
    std::uint64_t serial_ = 0;
};

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// A conversation in memory: its messages as a tree, and the branch that is shown. Chat worker's thread only;
// owned by ConversationDesk. Knows nothing of the database: whoever changes one changes the other.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "app/documents/attached.h"
#include "app/worker_events.h"

namespace tendril::app {

/// In the place of a message: the draft.
inline constexpr MessageId kDraft = 0;

class ConversationTree {
  public:
    ConversationTree() = default;
    ConversationTree(storage::Conversation conversation, std::vector<storage::Message> messages);

    storage::Conversation& conversation() { return conversation_; }
    const storage::Conversation& conversation() const { return conversation_; }
    bool empty() const { return messages_.empty(); }
    const AttachedDocuments& documents(MessageId id) const;
    AttachedDocuments& documents(MessageId id) { return documents_[id]; }
    /// What stands for stretches of the conversation or its documents, oldest first.
    std::vector<storage::Representation>& representations() { return representations_; }
    const std::vector<storage::Representation>& representations() const { return representations_; }

    storage::Message* find(MessageId id);
    const storage::Message* find(MessageId id) const;
    /// Adds a message and makes it the end of the branch.
    void add(storage::Message message);
    /// Forgets a message that has no children (one that never reached the database).
    void remove(MessageId id);
    void set_leaf(std::optional<MessageId> leaf) { conversation_.leaf = leaf; }

    /// From the root to the leaf; with `end`, to that message instead. Cycles and missing parents (a file may
    /// hold them) end the walk.
    std::vector<const storage::Message*> branch() const;
    std::vector<const storage::Message*> branch_to(std::optional<MessageId> end) const;
    bool on_branch(MessageId id) const;
    std::vector<const storage::Message*> all() const;  ///< the whole tree, by id

    /// Ids of the messages that have the same parent and role, oldest first; holds `id` itself.
    std::vector<MessageId> versions(MessageId id) const;
    /// The newest message below `id` that ends a branch; `id` itself when it has no children.
    MessageId newest_leaf_below(MessageId id) const;

    /// The newest answer on the branch, which decides what counts as left out.
    const storage::Message* newest_answer() const;
    ShownMessage shown(const storage::Message& message) const;
    std::vector<ShownMessage> shown_branch() const;

  private:
    void add_documents(ShownMessage& shown) const;
    std::span<const MessageId> children(std::optional<MessageId> parent) const;

    storage::Conversation conversation_;
    std::vector<storage::Representation> representations_;
    std::map<MessageId, AttachedDocuments> documents_;
    std::map<MessageId, storage::Message> messages_;
    std::map<MessageId, std::vector<MessageId>> children_;  // key 0: the roots
};

}  // namespace tendril::app

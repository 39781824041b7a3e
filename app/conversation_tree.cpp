// SPDX-License-Identifier: Apache-2.0
// ConversationTree. Chat worker's thread only.
#include "app/conversation_tree.h"

#include <algorithm>
#include <set>

#include "app/documents/message_context.h"

namespace tendril::app {

using storage::Message;
using storage::Role;

ConversationTree::ConversationTree(storage::Conversation conversation, std::vector<Message> messages) {
    const auto leaf = conversation.leaf;
    conversation_ = std::move(conversation);
    for (Message& message : messages) {
        add(std::move(message));
    }
    conversation_.leaf = leaf;
}

const AttachedDocuments& ConversationTree::documents(MessageId id) const {
    static const AttachedDocuments kNone;
    const auto it = documents_.find(id);
    return it == documents_.end() ? kNone : it->second;
}

Message* ConversationTree::find(MessageId id) {
    const auto it = messages_.find(id);
    return it == messages_.end() ? nullptr : &it->second;
}

const Message* ConversationTree::find(MessageId id) const {
    const auto it = messages_.find(id);
    return it == messages_.end() ? nullptr : &it->second;
}

void ConversationTree::add(Message message) {
    const MessageId id = message.id;
    auto& siblings = children_[message.parent.value_or(0)];
    if (std::find(siblings.begin(), siblings.end(), id) == siblings.end()) {
        siblings.push_back(id);
    }
    messages_.insert_or_assign(id, std::move(message));
    conversation_.leaf = id;
}

void ConversationTree::remove(MessageId id) {
    const Message* message = find(id);
    if (message == nullptr || !children(id).empty()) {
        return;
    }
    const auto parent = message->parent;
    std::erase(children_[parent.value_or(0)], id);
    messages_.erase(id);
    if (conversation_.leaf == id) {
        conversation_.leaf = parent;
    }
}

std::span<const MessageId> ConversationTree::children(std::optional<MessageId> parent) const {
    const auto it = children_.find(parent.value_or(0));
    return it == children_.end() ? std::span<const MessageId>() : std::span<const MessageId>(it->second);
}

std::vector<const Message*> ConversationTree::branch() const {
    return branch_to(conversation_.leaf);
}

std::vector<const Message*> ConversationTree::branch_to(std::optional<MessageId> end) const {
    std::vector<const Message*> path;
    std::optional<MessageId> next = end;
    while (next && path.size() <= messages_.size()) {
        const Message* message = find(*next);
        if (message == nullptr) {
            break;
        }
        path.push_back(message);
        next = message->parent;
    }
    std::reverse(path.begin(), path.end());
    return path;
}

std::vector<const Message*> ConversationTree::all() const {
    std::vector<const Message*> all;
    for (const auto& [id, message] : messages_) {
        all.push_back(&message);
    }
    return all;
}

bool ConversationTree::on_branch(MessageId id) const {
    const auto path = branch();
    return std::any_of(path.begin(), path.end(), [id](const Message* message) { return message->id == id; });
}

std::vector<MessageId> ConversationTree::versions(MessageId id) const {
    const Message* message = find(id);
    if (message == nullptr) {
        return {};
    }
    std::vector<MessageId> same;
    for (const MessageId sibling : children(message->parent)) {
        if (find(sibling)->role == message->role) {
            same.push_back(sibling);
        }
    }
    std::sort(same.begin(), same.end());
    return same;
}

MessageId ConversationTree::newest_leaf_below(MessageId id) const {
    MessageId newest = id;
    bool newest_is_leaf = children(id).empty();
    std::vector<MessageId> open = {id};
    std::set<MessageId> seen;
    while (!open.empty()) {
        const MessageId current = open.back();
        open.pop_back();
        if (!seen.insert(current).second) {
            continue;
        }
        const auto below = children(current);
        if (below.empty() && (!newest_is_leaf || current > newest)) {
            newest = current;
            newest_is_leaf = true;
        }
        open.insert(open.end(), below.begin(), below.end());
    }
    return newest;
}

const Message* ConversationTree::newest_answer() const {
    const auto path = branch();
    const auto it = std::find_if(path.rbegin(), path.rend(),
                                 [](const Message* message) { return message->role == Role::assistant; });
    return it == path.rend() ? nullptr : *it;
}

void ConversationTree::add_documents(ShownMessage& shown) const {
    shown.documents = documents(shown.message.id).shown;
    if (shown.message.role == Role::assistant && !shown.message.context.empty()) {
        shown.sources = sources_in(shown.message.context);
    }
}

ShownMessage ConversationTree::shown(const Message& message) const {
    ShownMessage shown;
    shown.message = message;
    add_documents(shown);
    const auto same = versions(message.id);
    shown.versions = std::max(1, static_cast<int>(same.size()));
    shown.version = static_cast<int>(std::find(same.begin(), same.end(), message.id) - same.begin()) + 1;
    if (const Message* answer = newest_answer()) {
        const auto& out = answer->left_out;
        shown.left_out = std::find(out.begin(), out.end(), message.id) != out.end();
    }
    return shown;
}

std::vector<ShownMessage> ConversationTree::shown_branch() const {
    const Message* answer = newest_answer();
    const std::set<MessageId> out =
        answer == nullptr ? std::set<MessageId>()
                          : std::set<MessageId>(answer->left_out.begin(), answer->left_out.end());
    std::vector<ShownMessage> all;
    for (const Message* message : branch()) {
        ShownMessage one;
        one.message = *message;
        const auto same = versions(message->id);
        one.versions = static_cast<int>(same.size());
        one.version = static_cast<int>(std::find(same.begin(), same.end(), message->id) - same.begin()) + 1;
        one.left_out = out.contains(message->id);
        add_documents(one);
        all.push_back(std::move(one));
    }
    return all;
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// The chat worker's events in JSON. Main thread.
#include "app/cli/chat_events.h"

#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/documents/message_context.h"
#include "app/turn_records.h"

namespace tendril::app::cli {
namespace {

using nlohmann::ordered_json;

double monotonic_ms() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

ordered_json named(const char* event) {
    return {{"event", event}, {"time_ms", monotonic_ms()}};
}

ordered_json message_json(const storage::Message& message) {
    ordered_json json = {{"message", message.id},
                         {"role", name_of(message.role)},
                         {"status", name_of(message.status)},
                         {"text", message.text}};
    if (!message.error.empty()) {
        json["error"] = message.error;
    }
    return json;
}

const char* change_name(MemoryChange change) {
    switch (change) {
        case MemoryChange::compressed:
            return "compressed";
        case MemoryChange::summarised:
            return "summary";
        case MemoryChange::pruned:
            return "pruned";
        case MemoryChange::left_out:
            return "left_out";
        case MemoryChange::window:
            return "window";
    }
    return "";
}

ordered_json documents_json(const std::vector<DraftDocument>& documents) {
    ordered_json list = ordered_json::array();
    for (const DraftDocument& one : documents) {
        list.push_back({{"document", one.id},
                        {"name", one.name},
                        {"kind", one.kind},
                        {"bytes", one.bytes},
                        {"tokens", one.tokens},
                        {"planned_tokens", one.planned_tokens},
                        {"choice", storage::name_of(one.choice)},
                        {"progress", one.progress},
                        {"error", one.error}});
    }
    return list;
}

const char* phase_name(ModelPhase phase) {
    switch (phase) {
        case ModelPhase::none:
            return "none";
        case ModelPhase::loading:
            return "loading";
        case ModelPhase::ready:
            return "ready";
        case ModelPhase::failed:
            return "failed";
    }
    return "";
}

struct ToJson {
    std::optional<ordered_json> operator()(const ConversationShown& e) const {
        ordered_json json = named("opened");
        json["conversation"] = e.conversation.id;
        json["title"] = e.conversation.title;
        json["messages"] = ordered_json::array();
        for (const ShownMessage& shown : e.messages) {
            json["messages"].push_back(message_json(shown.message));
            if (!shown.documents.empty()) {
                json["messages"].back()["documents"] = documents_json(shown.documents);
            }
        }
        return json;
    }
    std::optional<ordered_json> operator()(const MessageAdded& e) const {
        const bool user = e.message.message.role == storage::Role::user;
        ordered_json json = named(!user ? "reply" : e.message.message.id > 0 ? "committed" : "unsaved");
        json["conversation"] = e.conversation;
        json["message"] = e.message.message.id;
        if (user) {
            json["text"] = e.message.message.text;
        }
        if (!e.message.documents.empty()) {
            json["documents"] = documents_json(e.message.documents);
        }
        return json;
    }
    std::optional<ordered_json> operator()(const DraftDocuments& e) const {
        ordered_json json = named("documents");
        json["conversation"] = e.conversation;
        json["documents"] = documents_json(e.documents);
        return json;
    }
    std::optional<ordered_json> operator()(const ReplyText& e) const {
        ordered_json json = named("text");
        json["message"] = e.message;
        json["text"] = e.text;
        return json;
    }
    std::optional<ordered_json> operator()(const OutlineShown& e) const {
        ordered_json json = named("outline");
        json["message"] = e.message;
        json["mode"] = e.expansion.skeleton ? "skeleton" : "normal";
        json["reason_key"] = e.expansion.reason_key;
        json["reason"] = e.expansion.reason;
        json["points"] = ordered_json::array();
        for (const PointState& point : e.expansion.points) {
            json["points"].push_back({{"title", point.title},
                                      {"heading", point.heading},
                                      {"state", name_of(point.phase)},
                                      {"needs", point.needs},
                                      {"tokens", point.tokens},
                                      {"stop", point.stop}});
        }
        return json;
    }
    std::optional<ordered_json> operator()(const PointText& e) const {
        ordered_json json = named("point");
        json["message"] = e.message;
        json["point"] = e.point;
        json["text"] = e.text;
        return json;
    }
    std::optional<ordered_json> operator()(const LeftOutChanged& e) const {
        if (e.messages.empty()) {
            return std::nullopt;
        }
        ordered_json json = named("left_out");
        json["messages"] = e.messages;
        return json;
    }
    std::optional<ordered_json> operator()(const ModelChanged& e) const {
        ordered_json json = named("model");
        json["phase"] = phase_name(e.status.phase);
        json["name"] = e.status.name;
        json["progress"] = e.status.progress;
        json["device"] = e.status.device;
        json["context"] = e.status.context;
        json["text"] = e.status.text;
        return json;
    }
    std::optional<ordered_json> operator()(const TurnChanged& e) const {
        if (!e.generating || e.prefill.total == 0 || e.tokens_per_second > 0) {
            return std::nullopt;
        }
        ordered_json json = named("prefill");
        json["message"] = e.message;
        json["done"] = e.prefill.done;
        json["total"] = e.prefill.total;
        json["reused"] = e.prefill.reused;
        return json;
    }
    std::optional<ordered_json> operator()(const TurnEnded& e) const {
        ordered_json json = named("finished");
        json["conversation"] = e.conversation;
        json["message"] = e.message.id;
        json["status"] = name_of(e.message.status);
        json["error"] = e.message.error;
        json["stop_reason"] = e.finished ? name_of(e.finished->reason) : "failed";
        json["text"] = e.message.text;
        if (auto expansion = ordered_json::parse(e.message.expansion, nullptr, false);
            expansion.is_object()) {
            json["expansion"] = std::move(expansion);
        }
        for (const Source& source : sources_in(e.message.context)) {
            json["sources"].push_back({{"document", source.document},
                                       {"name", source.name},
                                       {"chunk", source.chunk},
                                       {"excerpt", source.excerpt},
                                       {"line", source.line}});
        }
        json["seed"] = e.message.seed;
        json["model"] = e.message.model_name;
        json["prompt_tokens"] = e.message.counters.prompt_tokens;
        json["cached_tokens"] = e.message.counters.cached_tokens;
        json["moved_tokens"] = e.finished ? e.finished->moved_tokens : 0;  // of the cached ones
        json["answer_tokens"] = e.message.counters.answer_tokens;
        json["first_token_ms"] = e.message.counters.first_token_ms;
        json["decode_ms"] = e.message.counters.decode_ms;
        return json;
    }
    std::optional<ordered_json> operator()(const ContextCounted& e) const {
        ordered_json json = named("context");
        json["conversation"] = e.conversation;
        json["used"] = e.used;
        json["limit"] = e.limit;
        json["system"] = e.shares.system;
        json["documents"] = e.shares.documents;
        json["turns"] = e.shares.turns;
        json["draft"] = e.shares.draft;
        json["reserve"] = e.shares.reserve;
        json["if_sent"] = ordered_json::array();
        for (const PlannedChange& change : e.if_sent) {
            json["if_sent"].push_back({{"kind", change_name(change.kind)},
                                       {"messages", change.messages},
                                       {"document", change.document},
                                       {"tokens_before", change.tokens_before},
                                       {"tokens_after", change.tokens_after}});
        }
        return json;
    }
    std::optional<ordered_json> operator()(const MemoryMarks& e) const {
        ordered_json json = named("memory");
        json["conversation"] = e.conversation;
        json["marks"] = ordered_json::array();
        for (const MemoryMark& mark : e.marks) {
            json["marks"].push_back({{"id", mark.id},
                                     {"after", mark.after},
                                     {"kind", change_name(mark.kind)},
                                     {"method", mark.method},
                                     {"tokens_before", mark.tokens_before},
                                     {"tokens_after", mark.tokens_after},
                                     {"undoable", mark.undoable},
                                     {"text", mark.text},
                                     {"document", mark.document}});
        }
        return json;
    }
    std::optional<ordered_json> operator()(const MemoryWork& e) const {
        ordered_json json = named("memory_work");
        json["conversation"] = e.conversation;
        json["what"] = e.what;
        json["progress"] = e.progress;
        json["running"] = e.running;
        if (!e.running) {
            json["tokens_read"] = e.tokens_read;
        }
        return json;
    }
    std::optional<ordered_json> operator()(const Notice& e) const {
        ordered_json json = named("notice");
        json["text"] = e.text;
        return json;
    }
    template <typename Other>
    std::optional<ordered_json> operator()(const Other&) const {
        return std::nullopt;
    }
};

std::string ending_of(const TurnEnded& ended) {
    return ended.message.error.empty() ? "\n\n" : "\n[" + ended.message.error + "]\n\n";
}

}  // namespace

const char* const kChatEventsHelp =
    "Each line of standard input is a turn of the user. With --json every line printed is one event:\n"
    "  model      phase (loading, ready, failed), name, progress, device, context, text\n"
    "  opened     conversation, title, messages (message, role, status, text)\n"
    "  documents  conversation, documents (document, name, kind, bytes, tokens, planned_tokens, choice, "
    "progress,\n"
    "             error): what is attached to the next turn, whenever it changes\n"
    "  committed  conversation, message, text, documents: the turn is in the database, for good\n"
    "  unsaved    the same, but the disk is full; it is tried again\n"
    "  reply      conversation, message: the answer is begun\n"
    "  left_out   messages that did not fit into the context\n"
    "  prefill    message, done, total, reused (tokens of the prompt)\n"
    "  text       message, text: to be added to the answer; in the database 250 ms later\n"
    "  outline    message, mode (skeleton, normal), reason_key, reason, points (title, heading, state, "
    "needs, "
    "tokens, stop): how an answer is made\n"
    "  point      message, point (from 0), text: to be added to it; the whole text comes with finished\n"
    "  finished   conversation, message, status (complete, interrupted, failed), error, stop_reason, text, "
    "sources (document, name, chunk, excerpt, line: the places of searched documents), seed, model and "
    "counters\n"
    "  context    used, limit, system, documents, turns, draft, reserve (tokens), if_sent (kind, messages, "
    "document, tokens_before, tokens_after): what would be shortened\n"
    "  memory     marks (id, after (message), kind (summary, compressed, left_out, window), method, "
    "tokens_before, tokens_after, undoable, text): what the model has in place of older messages\n"
    "  memory_work what, progress, running: older messages are being shortened\n"
    "  notice     text: something to know\n"
    "Each has time_ms as well, on the machine's monotonic clock. SIGINT ends the answer, which can be "
    "continued, and the chat.";

std::optional<ordered_json> to_json(const WorkerEvent& event) {
    return std::visit(ToJson{}, event);
}

std::string ChatText::of(const WorkerEvent& event) {
    if (const auto* text = std::get_if<ReplyText>(&event)) {
        return text->text;
    }
    if (const auto* outline = std::get_if<OutlineShown>(&event)) {
        const bool first = !in_points_ && outline->expansion.skeleton;
        in_points_ = outline->expansion.skeleton;
        std::string text;
        for (std::size_t i = 0; first && i < outline->expansion.points.size(); ++i) {
            text += std::to_string(i + 1) + ". " + outline->expansion.points[i].title + "\n";
        }
        return text.empty() ? text : text + "\n";
    }
    if (const auto* ended = std::get_if<TurnEnded>(&event)) {
        return (std::exchange(in_points_, false) ? ended->message.text : std::string()) + ending_of(*ended);
    }
    return {};
}

}  // namespace tendril::app::cli

// SPDX-License-Identifier: Apache-2.0
// A conversation as a text of its own: Markdown of the branch that is shown, or JSON of the whole tree. Runs
// on the store's thread.
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "storage/chat_store.h"

namespace tendril::storage {

namespace {

std::string iso_time(TimeMs time) {
    const std::chrono::system_clock::time_point point{std::chrono::milliseconds(time)};
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", std::chrono::floor<std::chrono::seconds>(point));
}

nlohmann::ordered_json to_json(const Message& m, const std::vector<Attachment>& attachments) {
    nlohmann::ordered_json json;
    json["id"] = m.id;
    json["parent"] = m.parent ? nlohmann::ordered_json(*m.parent) : nlohmann::ordered_json(nullptr);
    json["role"] = name_of(m.role);
    json["status"] = name_of(m.status);
    json["text"] = m.text;
    json["created"] = iso_time(m.created);
    if (!m.error.empty()) {
        json["error"] = m.error;
    }
    if (m.role == Role::assistant) {
        json["model"] = m.model_name;
        json["model_sha256"] = m.model_sha256;
        json["sampler"] = nlohmann::ordered_json::parse(m.sampler, nullptr, false);
        if (json["sampler"].is_discarded()) {
            json["sampler"] = nullptr;
        }
        json["seed"] = m.seed;
        json["prompt_tokens"] = m.counters.prompt_tokens;
        json["cached_tokens"] = m.counters.cached_tokens;
        json["answer_tokens"] = m.counters.answer_tokens;
        json["first_token_ms"] = m.counters.first_token_ms;
        json["decode_ms"] = m.counters.decode_ms;
        json["left_out"] = m.left_out;
        if (auto expansion = nlohmann::ordered_json::parse(m.expansion, nullptr, false);
            !expansion.is_discarded()) {
            json["expansion"] = std::move(expansion);
        }
    }
    if (m.memory != MessageMemory::normal) {
        json["memory"] = name_of(m.memory);
    }
    if (auto context = nlohmann::ordered_json::parse(m.context, nullptr, false); !context.is_discarded()) {
        json["context"] = std::move(context);
    }
    for (const Attachment& a : attachments) {
        if (a.message == m.id) {
            json["documents"].push_back({{"document", a.document}, {"choice", name_of(a.choice)}});
        }
    }
    return json;
}

nlohmann::ordered_json to_json(const Document& d) {
    return {{"id", d.id},
            {"name", d.name},
            {"kind", name_of(d.kind)},
            {"file_bytes", d.file_bytes},
            {"created", iso_time(d.created)},
            {"text", d.text}};
}

nlohmann::ordered_json to_json(const Representation& r) {
    nlohmann::ordered_json json{{"form", name_of(r.form)},
                                {"method", r.method},
                                {"rate", r.rate},
                                {"scorer", r.scorer},
                                {"undone", r.undone},
                                {"created", iso_time(r.created)},
                                {"tokens_before", r.tokens_before},
                                {"tokens_after", r.tokens_after},
                                {"text", r.text}};
    if (r.document) {
        json["document"] = *r.document;
    } else if (r.first_message && r.last_message) {
        json["first_message"] = *r.first_message;
        json["last_message"] = *r.last_message;
    }
    return json;
}

/// The documents with their texts and what the model reads in place of texts, as far as there are any.
Status add_documents(nlohmann::ordered_json& json, ChatStore& store, ConversationId id) {
    const auto documents = store.documents(id);
    if (!documents) {
        return fail(documents.error());
    }
    for (const Document& listed : *documents) {
        const auto whole = store.document(listed.id);
        if (!whole) {
            return fail(whole.error());
        }
        json["documents"].push_back(to_json(*whole));
    }
    const auto representations = store.representations(id);
    if (!representations) {
        return fail(representations.error());
    }
    for (const Representation& r : *representations) {
        json["representations"].push_back(to_json(r));
    }
    return {};
}

/// "Attached: `report.pdf` (searched), `notes.md`"
std::string attached_names(MessageId message, const std::vector<Document>& documents,
                           const std::vector<Attachment>& attachments) {
    std::string names;
    for (const Attachment& a : attachments) {
        for (const Document& d : documents) {
            if (a.message == message && d.id == a.document) {
                names += names.empty() ? "Attached: " : ", ";
                names += fmt::format("`{}`", d.name);
                names += a.choice == AttachmentChoice::whole ? std::string()
                                                             : fmt::format(" ({})", name_of(a.choice));
            }
        }
    }
    return names.empty() ? names : names + "\n\n";
}

std::string as_markdown(const Conversation& conversation, const std::vector<Message>& branch,
                        const std::vector<Document>& documents, const std::vector<Attachment>& attachments) {
    std::string text =
        fmt::format("# {}\n\n", conversation.title.empty() ? "Conversation" : conversation.title);
    if (!conversation.system_prompt.empty()) {
        text += fmt::format("## System\n\n{}\n\n", conversation.system_prompt);
    }
    for (const Message& m : branch) {
        const std::string who = m.role == Role::user     ? "You"
                                : m.role == Role::system ? "System"
                                : m.model_name.empty()   ? "Assistant"
                                                         : fmt::format("Assistant ({})", m.model_name);
        text += fmt::format("## {}\n\n{}{}\n\n", who, attached_names(m.id, documents, attachments), m.text);
        if (m.status == MessageStatus::interrupted) {
            text += "*(interrupted)*\n\n";
        } else if (m.status == MessageStatus::failed) {
            text += fmt::format("*(failed: {})*\n\n", m.error);
        }
    }
    return text;
}

}  // namespace

const char* name_of(Role role) {
    return role == Role::system ? "system" : role == Role::user ? "user" : "assistant";
}

const char* name_of(AnswerMode mode) {
    return mode == AnswerMode::always ? "always" : mode == AnswerMode::never ? "never" : "auto";
}

const char* name_of(MessageMemory memory) {
    return memory == MessageMemory::pinned     ? "pinned"
           : memory == MessageMemory::excluded ? "excluded"
                                               : "normal";
}

const char* name_of(DocumentKind kind) {
    return kind == DocumentKind::markdown ? "markdown"
           : kind == DocumentKind::source ? "source"
           : kind == DocumentKind::pdf    ? "pdf"
                                          : "text";
}

const char* name_of(AttachmentChoice choice) {
    return choice == AttachmentChoice::compressed ? "compressed"
           : choice == AttachmentChoice::searched ? "searched"
                                                  : "whole";
}

const char* name_of(RepresentationForm form) {
    switch (form) {
        case RepresentationForm::compressed:
            return "compressed";
        case RepresentationForm::summary:
            return "summary";
        case RepresentationForm::pruned:
            return "pruned";
        case RepresentationForm::left_out:
            return "left out";
        case RepresentationForm::full:
            break;
    }
    return "full";
}

const char* name_of(MessageStatus status) {
    switch (status) {
        case MessageStatus::complete:
            return "complete";
        case MessageStatus::streaming:
            return "streaming";
        case MessageStatus::interrupted:
            return "interrupted";
        case MessageStatus::failed:
            return "failed";
    }
    return "failed";
}

Result<std::string> export_conversation(ChatStore& store, ConversationId id, ExportFormat format) {
    const auto conversation = store.conversation(id);
    if (!conversation) {
        return fail(conversation.error());
    }
    const auto attachments = store.attachments(id);
    if (!attachments) {
        return fail(attachments.error());
    }
    if (format == ExportFormat::markdown) {
        const auto branch = store.branch(id);
        if (!branch) {
            return fail(branch.error());
        }
        const auto documents = store.documents(id);
        return documents ? Result<std::string>(as_markdown(*conversation, *branch, *documents, *attachments))
                         : fail(documents.error());
    }
    const auto messages = store.messages(id);
    if (!messages) {
        return fail(messages.error());
    }
    nlohmann::ordered_json json;
    json["format"] = "tendril-conversation";
    json["version"] = 1;
    json["title"] = conversation->title;
    json["system_prompt"] = conversation->system_prompt;
    json["private"] = conversation->is_private;
    json["answer_mode"] = name_of(conversation->answer_mode);
    json["created"] = iso_time(conversation->created);
    json["leaf"] =
        conversation->leaf ? nlohmann::ordered_json(*conversation->leaf) : nlohmann::ordered_json(nullptr);
    json["messages"] = nlohmann::ordered_json::array();
    for (const Message& m : *messages) {
        json["messages"].push_back(to_json(m, *attachments));
    }
    if (auto added = add_documents(json, store, id); !added) {
        return fail(added.error());
    }
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tendril::storage

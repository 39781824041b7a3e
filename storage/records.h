// SPDX-License-Identifier: Apache-2.0
// What the store keeps, as values: conversations, messages, and what they are counted by. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tendril::storage {

using ConversationId = std::int64_t;
using MessageId = std::int64_t;
using DocumentId = std::int64_t;
using RepresentationId = std::int64_t;
using TimeMs = std::int64_t;  ///< milliseconds since 1970, UTC

enum class Role : std::uint8_t { system, user, assistant };
/// streaming: being written now; found at start it means a crash, and becomes interrupted.
enum class MessageStatus : std::uint8_t { complete, streaming, interrupted, failed };

/// Who gave a conversation its title: a person's is never replaced by itself.
enum class TitledBy : std::uint8_t { first_words, model, person };

/// Whether answers of a conversation may grow in points side by side: where it pays, always, or never.
enum class AnswerMode : std::uint8_t { automatic, always, never };

/// Whether a message may leave the model's memory: when it must, never, or at once.
enum class MessageMemory : std::uint8_t { normal, pinned, excluded };

enum class DocumentKind : std::uint8_t { text, markdown, source, pdf };
/// How a message's document goes into the prompt.
enum class AttachmentChoice : std::uint8_t { whole, compressed, searched };
/// In what form the model reads a document or a run of messages.
enum class RepresentationForm : std::uint8_t { full, compressed, summary, pruned, left_out };

/// One name per thing in exports, events and templates: "user", "complete", "auto", ...
const char* name_of(Role role);
const char* name_of(MessageStatus status);
const char* name_of(AnswerMode mode);
const char* name_of(MessageMemory memory);
const char* name_of(DocumentKind kind);
const char* name_of(AttachmentChoice choice);
const char* name_of(RepresentationForm form);

struct Conversation {
    ConversationId id = 0;
    std::string title;
    TimeMs created = 0;
    TimeMs updated = 0;
    std::optional<TimeMs> deleted;  ///< in the trash since
    std::optional<MessageId> leaf;  ///< end of the branch that is shown
    std::string draft;              ///< text of the composer, not sent yet
    std::string system_prompt;
    std::string model_path;   ///< last used; empty = the program's default
    bool is_private = false;  ///< its tokens are never on disk outside of this database, and never shared
    TitledBy titled_by = TitledBy::first_words;
    AnswerMode answer_mode = AnswerMode::automatic;
};

struct MessageCounters {
    std::int64_t prompt_tokens = 0;
    std::int64_t cached_tokens = 0;
    std::int64_t answer_tokens = 0;
    double first_token_ms = 0;
    double decode_ms = 0;
};

struct Message {
    MessageId id = 0;
    ConversationId conversation = 0;
    std::optional<MessageId> parent;  ///< the message before it; siblings are versions (edits, retries)
    Role role = Role::user;
    MessageStatus status = MessageStatus::complete;
    std::string text;
    std::string error;       ///< why it failed, for a person
    std::string model_name;  ///< assistant only
    std::string model_sha256;
    std::string sampler;  ///< JSON
    std::uint64_t seed = 0;
    MessageCounters counters;
    TimeMs created = 0;
    std::optional<TimeMs> finished;
    std::vector<std::int64_t> left_out;  ///< ids of messages that the model did not read for this answer
    std::string expansion;  ///< JSON: how an answer came about that could have grown in points; mostly empty
    MessageMemory memory = MessageMemory::normal;
    /// JSON. Of a user's message: the chunks that were found for it; of an answer: what the model read for
    /// it.
    std::string context;
};

/// A file's text, kept with the conversation.
struct Document {
    DocumentId id = 0;
    ConversationId conversation = 0;
    std::string name;  ///< of the file, without its folders
    DocumentKind kind = DocumentKind::text;
    std::int64_t file_bytes = 0;
    std::string text;  ///< UTF-8; empty in lists
    std::int64_t text_bytes = 0;
    std::string text_hash;  ///< bytes; the same text has the same
    TimeMs created = 0;
};

struct Attachment {
    DocumentId document = 0;
    std::optional<MessageId> message;  ///< none: the draft's
    AttachmentChoice choice = AttachmentChoice::whole;
};

/// What the model reads in place of a document, or of the messages from first_message to last_message.
struct Representation {
    RepresentationId id = 0;
    ConversationId conversation = 0;
    std::optional<DocumentId> document;
    std::optional<MessageId> first_message, last_message;
    RepresentationForm form = RepresentationForm::compressed;
    std::string method;
    double rate = 1;
    std::string scorer;
    std::string text;
    std::int64_t tokens_before = 0;
    std::int64_t tokens_after = 0;
    bool undone = false;  ///< a person wants the full text back
    TimeMs created = 0;
};

/// A stretch of a document's text, in bytes.
struct DocumentChunk {
    std::uint32_t chunk = 0;  ///< from 0
    std::int64_t first_byte = 0;
    std::int64_t end_byte = 0;
};
struct NewChunk {
    std::int64_t first_byte = 0;
    std::int64_t end_byte = 0;
    std::string words;  ///< what it is found by: its text, characters of scripts without spaces set apart
};
/// A chunk that has at least one of the phrases that were looked for.
struct ChunkMatch {
    DocumentId document = 0;
    std::uint32_t chunk = 0;
    std::int64_t bytes = 0;
    std::vector<std::uint32_t> counts;  ///< how often it has each phrase
};
struct ChunkMatches {
    std::size_t chunks = 0;  ///< of all documents that were looked through
    std::int64_t bytes = 0;  ///< of them together
    std::vector<ChunkMatch> matches;
};
struct ChunkVector {
    std::uint32_t chunk = 0;
    std::vector<float> vector;
};

/// What one point of a growing answer got since the last time.
struct PointPiece {
    std::uint32_t point = 0;  ///< from 0
    std::string text;
};

}  // namespace tendril::storage

// SPDX-License-Identifier: Apache-2.0
// What the window shows: plain values that the controller sends to the GUI thread. No rules here.
#pragma once

#include <QDateTime>
#include <QString>
#include <QVector>

#include "app/context_types.h"

namespace tendril::app {

struct ConversationItem {
    qint64 id = 0;
    QString title;
    QDateTime updated;
    bool isPrivate = false;  ///< what is read of it is never on disk and never shared
};

enum class MessageRole { system, user, assistant };
enum class MessageState { complete, waiting /* reading the prompt */, streaming, interrupted, failed };

/// Whether the answers of a conversation may be written as points that grow at the same time.
enum class AnswerMode { automatic, always, never };

/// One point of an answer that is written, or was, beside others.
struct PointItem {
    enum class State { waiting, growing, done, stopped /* cut off before its end */ };
    QString heading;  ///< Markdown, as it stands in the answer in front of a blank line
    QString text;     ///< Markdown; only while the message grows, then the message has it
    State state = State::waiting;
    int tokens = 0;
    double ms = 0;  ///< from the question to its end
};

/// How an answer came about. While its points grow, the message's own text is empty and this holds it.
struct ExpansionItem {
    bool skeleton = false;  ///< points in parallel; else an ordinary answer
    QString reasonKey;      ///< why so; empty: it was not asked
    QString reason;         ///< a sentence for a person
    QVector<PointItem> points;
    double predictedGain = 0;  ///< how many times faster than an ordinary answer; 0 = not predicted
    double outlineMs = 0;      ///< until the outline was whole
    double firstTextMs = 0;    ///< until the first character of a point
    double totalMs = 0;        ///< 0 while it grows
    bool empty() const { return reasonKey.isEmpty() && points.isEmpty(); }
};

struct MessageItem {
    qint64 id = 0;
    MessageRole role = MessageRole::user;
    MessageState state = MessageState::complete;
    QString text;   ///< Markdown, exactly as stored
    QString error;  ///< why it failed, for a person
    QString
        footer;  ///< "read 12 new tokens, 3,104 reused, first token after 80 ms · 41.2 tokens/s · SmolLM2"
    int version = 1;  ///< which of `versions` siblings this is, from 1
    int versions = 1;
    bool leftOut = false;  ///< the model did not read it for the newest answer
    ExpansionItem expansion;
    MessageMemory memory = MessageMemory::normal;
    QVector<AttachmentItem> documents;  ///< that it came with
    QVector<SourceItem> sources;        ///< that the answer was made with
};

struct ModelItem {
    QString path;
    QString name;       ///< of the file, without its suffix: what a person chose and recognises
    QString givenName;  ///< what the file's metadata calls the model; may be empty or strange
    QString architecture;
    QString quantisation;
    quint64 fileBytes = 0;
    quint64 parameters = 0;
    quint64 neededBytes = 0;     ///< weights, KV and scratch at the context in the settings
    quint64 availableBytes = 0;  ///< memory free now
    quint32 contextLength = 0;
    QString error;  ///< why it cannot be used; empty = it can
    bool fits() const { return error.isEmpty() && neededBytes <= availableBytes; }
};

struct ModelState {
    enum class Kind { none, loading, ready, failed };
    Kind kind = Kind::none;
    QString path;
    QString name;         ///< as in ModelItem
    QString givenName;    ///< as in ModelItem; once loaded
    double progress = 0;  ///< 0 to 1 while loading
    QString device;       ///< "CPU, AVX-512 VNNI, 4 threads (no CUDA plugin)"
    quint32 contextLimit = 0;
    QString text;  ///< the error when failed; a warning ("no chat template, using ChatML") when ready
};

struct TurnStatus {
    bool generating = false;
    double prefillShare = 0;  ///< 0 to 1 while the prompt is being read
    double tokensPerSecond = 0;
    quint32 contextUsed = 0;
    quint32 contextLimit = 0;
    quint32 readTokens = 0;  ///< of the prompt of the newest answer
    quint32 reusedTokens = 0;
};

/// What the model has read and need not read again.
struct CacheStatus {
    quint64 memoryBytes = 0;  ///< taken for it
    quint64 memoryUsed = 0;
    quint64 tokensKept = 0;
    quint64 diskBytes = 0;
    quint64 diskQuota = 0;
    QString diskNote;      ///< why the disk is not used; empty = it is
    bool cleared = false;  ///< this answers clearCache()
};

struct SearchResult {
    qint64 conversation = 0;
    qint64 message = 0;  ///< 0: the title matched
    QString title;
    QString snippet;  ///< plain text; hits between U+0002 and U+0003
};

struct OpenedConversation {
    qint64 id = 0;
    QString title;
    QString draft;
    QString systemPrompt;
    bool isPrivate = false;
    AnswerMode answerMode = AnswerMode::automatic;
    QVector<MessageItem> messages;
};

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// Turns the worker's values into what the window shows, words included. GUI thread; pure functions.
#include "app/shown_values.h"

#include <algorithm>

#include <QCoreApplication>
#include <QLocale>
#include <climits>

#include "app/sentences.h"

namespace tendril::app {
namespace {

struct Text {
    Q_DECLARE_TR_FUNCTIONS(tendril::app::Text)
};

MessageRole role_of(storage::Role role) {
    switch (role) {
        case storage::Role::system:
            return MessageRole::system;
        case storage::Role::user:
            return MessageRole::user;
        case storage::Role::assistant:
            return MessageRole::assistant;
    }
    return MessageRole::user;
}

MessageState state_of(const ShownMessage& shown) {
    switch (shown.message.status) {
        case storage::MessageStatus::complete:
            return MessageState::complete;
        case storage::MessageStatus::streaming:
            return shown.waiting ? MessageState::waiting : MessageState::streaming;
        case storage::MessageStatus::interrupted:
            return MessageState::interrupted;
        case storage::MessageStatus::failed:
            return MessageState::failed;
    }
    return MessageState::complete;
}

PointItem::State state_of(PointPhase phase) {
    switch (phase) {
        case PointPhase::waiting:
            return PointItem::State::waiting;
        case PointPhase::growing:
            return PointItem::State::growing;
        case PointPhase::done:
            return PointItem::State::done;
        case PointPhase::stopped:
            return PointItem::State::stopped;
    }
    return PointItem::State::waiting;
}

AnswerMode mode_of(storage::AnswerMode mode) {
    switch (mode) {
        case storage::AnswerMode::automatic:
            return AnswerMode::automatic;
        case storage::AnswerMode::always:
            return AnswerMode::always;
        case storage::AnswerMode::never:
            return AnswerMode::never;
    }
    return AnswerMode::automatic;
}

MessageMemory memory_of(storage::MessageMemory memory) {
    switch (memory) {
        case storage::MessageMemory::normal:
            return MessageMemory::normal;
        case storage::MessageMemory::pinned:
            return MessageMemory::pinned;
        case storage::MessageMemory::excluded:
            return MessageMemory::excluded;
    }
    return MessageMemory::normal;
}

QString milliseconds(double ms) {
    return ms < 1000 ? Text::tr("%1 ms").arg(qRound(ms))
                     : Text::tr("%1 s").arg(QLocale().toString(ms / 1000, 'f', 1));
}

QString footer_of(const storage::Message& message) {
    const storage::MessageCounters& counters = message.counters;
    if (message.role != storage::Role::assistant || counters.prompt_tokens == 0) {
        return {};
    }
    const QLocale locale;
    const qint64 fresh = std::max<qint64>(0, counters.prompt_tokens - counters.cached_tokens);
    QString text =
        (fresh == 1 ? Text::tr("read %1 new token, %2 reused") : Text::tr("read %1 new tokens, %2 reused"))
            .arg(locale.toString(fresh), locale.toString(static_cast<qint64>(counters.cached_tokens)));
    if (counters.first_token_ms > 0) {
        text += Text::tr(", first token after %1").arg(milliseconds(counters.first_token_ms));
    }
    if (counters.decode_ms > 0 && counters.answer_tokens > 1) {
        const double speed = static_cast<double>(counters.answer_tokens - 1) * 1000.0 / counters.decode_ms;
        text += Text::tr(" · %1 tokens/s").arg(locale.toString(speed, 'f', 1));
    }
    if (!message.model_name.empty()) {
        text += QStringLiteral(" · ") + QString::fromStdString(message.model_name);
    }
    return text;
}

engine::KvType kv_type_of(KvChoice choice) {
    switch (choice) {
        case KvChoice::f16:
            return engine::KvType::f16;
        case KvChoice::q8_0:
            return engine::KvType::q8_0;
        case KvChoice::q4_0:
            return engine::KvType::q4_0;
    }
    return engine::KvType::f16;
}

std::string memory_method_of(const Settings& settings) {
    switch (settings.memoryMethod) {
        case MemoryMethod::summary:
            return "summary";
        case MemoryMethod::leaveOut:
            return "leave_out";
        case MemoryMethod::shortened:
            break;
    }
    const bool automatic = settings.compressMethod == TextMethod::automatic;
    return nameOf(automatic ? TextMethod::selective : settings.compressMethod).toStdString();
}

QString path_text(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

}  // namespace

ConversationItem to_item(const storage::Conversation& conversation) {
    ConversationItem item;
    item.id = conversation.id;
    item.title = conversation.title.empty() ? Text::tr("New conversation")
                                            : QString::fromStdString(conversation.title);
    item.updated = QDateTime::fromMSecsSinceEpoch(conversation.updated);
    item.isPrivate = conversation.is_private;
    return item;
}

MessageItem to_item(const ShownMessage& shown) {
    MessageItem item;
    item.id = shown.message.id;
    item.role = role_of(shown.message.role);
    item.state = state_of(shown);
    item.text = QString::fromStdString(shown.message.text);
    item.error = in_their_language(shown.message.error);
    item.footer = footer_of(shown.message);
    item.version = shown.version;
    item.versions = shown.versions;
    item.leftOut = shown.left_out;
    item.memory = memory_of(shown.message.memory);
    for (const DraftDocument& document : shown.documents) {
        item.documents.append(to_item(document));
    }
    for (const Source& source : shown.sources) {
        item.sources.append({source.document, QString::fromStdString(source.name),
                             static_cast<int>(source.chunk), QString::fromStdString(source.excerpt),
                             QString::fromStdString(source.line)});
    }
    if (const auto expansion = read_expansion(shown.message.expansion)) {
        item.expansion = to_item(*expansion);
    }
    return item;
}

ExpansionItem to_item(const ExpansionState& state) {
    ExpansionItem item;
    item.skeleton = state.skeleton;
    item.reasonKey = QString::fromStdString(state.reason_key);
    item.reason = in_their_language(state.reason);
    item.predictedGain = state.predicted_gain;
    item.outlineMs = state.outline_ms;
    item.firstTextMs = state.first_text_ms;
    item.totalMs = state.total_ms;
    for (const PointState& point : state.points) {
        item.points.append({QString::fromStdString(point.heading),
                            {},
                            state_of(point.phase),
                            static_cast<int>(std::min<std::uint32_t>(point.tokens, INT_MAX)),
                            point.ms});
    }
    return item;
}

OpenedConversation to_opened(const ConversationShown& shown) {
    OpenedConversation opened;
    opened.id = shown.conversation.id;
    opened.title = to_item(shown.conversation).title;
    opened.draft = QString::fromStdString(shown.conversation.draft);
    opened.systemPrompt = QString::fromStdString(shown.conversation.system_prompt);
    opened.isPrivate = shown.conversation.is_private;
    opened.answerMode = mode_of(shown.conversation.answer_mode);
    opened.messages.reserve(static_cast<qsizetype>(shown.messages.size()));
    for (const ShownMessage& message : shown.messages) {
        opened.messages.append(to_item(message));
    }
    return opened;
}

ModelItem to_item(const DescribedModel& model) {
    ModelItem item;
    item.path = path_text(model.path);
    item.name = path_text(model.path.stem());
    item.givenName = QString::fromStdString(model.description.name);
    item.architecture = QString::fromStdString(model.description.architecture);
    item.quantisation = QString::fromStdString(model.description.quantisation);
    item.fileBytes = model.file_bytes;
    item.parameters = model.description.parameters;
    item.neededBytes = model.needed_bytes;
    item.availableBytes = model.available_bytes;
    item.contextLength = model.description.context_length;
    item.error = in_their_language(model.error);
    return item;
}

ModelState to_state(const ModelStatus& status) {
    ModelState state;
    switch (status.phase) {
        case ModelPhase::none:
            state.kind = ModelState::Kind::none;
            break;
        case ModelPhase::loading:
            state.kind = ModelState::Kind::loading;
            break;
        case ModelPhase::ready:
            state.kind = ModelState::Kind::ready;
            break;
        case ModelPhase::failed:
            state.kind = ModelState::Kind::failed;
            break;
    }
    state.path = path_text(status.path);
    state.name = QString::fromStdString(status.name);
    state.givenName = QString::fromStdString(status.given_name);
    state.progress = status.progress;
    state.device = in_their_language(status.device);
    state.contextLimit = status.context;
    state.text = in_their_language(status.text);
    return state;
}

TurnStatus to_status(const TurnChanged& turn) {
    TurnStatus status;
    status.generating = turn.generating;
    status.prefillShare = turn.prefill.total == 0
                              ? 0
                              : std::min(1.0, static_cast<double>(turn.prefill.done) / turn.prefill.total);
    status.tokensPerSecond = turn.tokens_per_second;
    status.contextUsed = turn.context_used;
    status.contextLimit = turn.context_limit;
    status.readTokens = turn.prefill.total - std::min(turn.prefill.total, turn.prefill.reused);
    status.reusedTokens = turn.prefill.reused;
    return status;
}

CacheStatus to_status(const CacheChanged& cache) {
    CacheStatus status;
    status.memoryBytes = cache.state.memory_bytes;
    status.memoryUsed = cache.state.memory_used;
    status.tokensKept = cache.state.tokens_kept;
    status.diskBytes = cache.state.disk_bytes;
    status.diskQuota = cache.state.disk_quota;
    status.diskNote = in_their_language(cache.state.disk_note);
    status.cleared = cache.cleared;
    return status;
}

SearchResult to_result(const storage::SearchHit& hit) {
    return {hit.conversation, hit.message, QString::fromStdString(hit.title),
            QString::fromStdString(hit.snippet)};
}

storage::AnswerMode to_stored(AnswerMode mode) {
    switch (mode) {
        case AnswerMode::automatic:
            return storage::AnswerMode::automatic;
        case AnswerMode::always:
            return storage::AnswerMode::always;
        case AnswerMode::never:
            return storage::AnswerMode::never;
    }
    return storage::AnswerMode::automatic;
}

WorkerSettings to_worker_settings(const Settings& settings) {
    const Settings s = settings.clamped();
    WorkerSettings worker;
    worker.system_prompt = s.systemPrompt.toStdString();
    worker.sampler = s.sampler;
    worker.fixed_seed = s.fixedSeed;
    worker.max_answer_tokens = s.maxAnswerTokens;
    worker.threads = s.threads;
    worker.context = s.context;
    for (auto it = s.kvOf.begin(); it != s.kvOf.end(); ++it) {
        worker.kv_of[it.key().toStdString()] = kv_type_of(it.value());
    }
    worker.answer_mode = to_stored(s.answerMode);
    worker.read_ahead = s.readAhead;
    worker.model_titles = s.titlesByModel;
    worker.work_on_battery = s.workOnBattery;
    worker.disk_cache = s.diskCache;
    worker.cache_quota = s.cacheQuota;
    worker.shorten_memory = s.shortenMemory;
    worker.memory_method = memory_method_of(s);
    worker.prune_documents = s.pruneDocuments;
    worker.compress_method = nameOf(s.compressMethod).toStdString();
    worker.compress_rate = s.compressRate;
    worker.scorer_model = s.scorerModel.toStdString();
    worker.embedding_model = s.embeddingModel.toStdString();
    return worker;
}

}  // namespace tendril::app

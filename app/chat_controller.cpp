// SPDX-License-Identifier: Apache-2.0
// ChatController: commands to the worker, events from it at most 30 times a second. GUI thread.
#include "app/chat_controller.h"

#include <utility>

#include <QMetaObject>

#include "app/chat_worker.h"
#include "app/sentences.h"
#include "app/shown_values.h"

namespace tendril::app {
namespace {

constexpr int kPaceMs = 33;

std::vector<std::filesystem::path> paths_of(const QStringList& list) {
    std::vector<std::filesystem::path> paths;
    for (const QString& one : list) {
        if (!one.isEmpty()) {
            paths.emplace_back(one.toStdString());
        }
    }
    return paths;
}

template <typename To, typename From, typename Convert>
QVector<To> converted(const std::vector<From>& from, Convert convert) {
    QVector<To> to;
    to.reserve(static_cast<qsizetype>(from.size()));
    for (const From& one : from) {
        to.append(convert(one));
    }
    return to;
}

}  // namespace

ChatController::ChatController(std::unique_ptr<ChatWorker> worker, QObject* parent)
    : ChatController(std::move(worker), Files{{}, {}, {}, false, {}}, parent) {}

ChatController::ChatController(std::unique_ptr<ChatWorker> worker, Files files, QObject* parent)
    : ChatPort(parent), worker_(std::move(worker)), files_(std::move(files)), settings_(files_.initial) {
    pace_.setSingleShot(true);
    pace_.setInterval(kPaceMs);
    connect(&pace_, &QTimer::timeout, this, &ChatController::deliver);
    // The worker has ended before this object goes, so the pointer is good whenever it is used.
    // By name, so that nothing but Qt's own event crosses the threads and a thread sanitizer can follow.
    events_ = std::make_shared<EventQueue>(
        [this] { QMetaObject::invokeMethod(this, "wake", Qt::QueuedConnection); });
}

ChatController::~ChatController() {
    worker_.reset();  // no event comes after this
}

void ChatController::start() {
    worker_->apply(to_worker_settings(settings_));
    worker_->run([events = events_](WorkerEvent event) { events->push(std::move(event)); });
    worker_->open_last();
    if (!files_.model.isEmpty()) {
        worker_->load(files_.model.toStdString());
    } else if (files_.loadLast) {
        worker_->autoload(settings_.lastModel.toStdString());
    }
}

void ChatController::wake() {
    if (!pace_.isActive()) {
        deliver();
    }
}

void ChatController::deliver() {
    std::vector<WorkerEvent> events = events_->take();
    if (events.empty()) {
        return;
    }
    pace_.start();
    for (WorkerEvent& event : events) {
        tell(std::move(event));
    }
}

void ChatController::tell(WorkerEvent event) {
    struct Teller {
        ChatController& c;
        void operator()(const ConversationsListed& e) const {
            Q_EMIT c.conversationsChanged(
                converted<ConversationItem>(e.conversations, [](const auto& one) { return to_item(one); }));
        }
        void operator()(const ConversationShown& e) const {
            c.shown_ = e.conversation.id;
            Q_EMIT c.conversationOpened(to_opened(e));
        }
        void operator()(const ConversationTrashed& e) const {
            Q_EMIT c.conversationDeleted(e.conversation, QString::fromStdString(e.title));
        }
        void operator()(const MessageAdded& e) const {
            if (e.conversation == c.shown_) {
                Q_EMIT c.messageAdded(to_item(e.message));
            }
        }
        void operator()(const MessageChanged& e) const {
            if (e.conversation == c.shown_) {
                Q_EMIT c.messageChanged(to_item(e.message));
            }
        }
        void operator()(const ReplyText& e) const {
            if (e.conversation == c.shown_) {
                Q_EMIT c.messageTextAppended(e.message, QString::fromStdString(e.text));
            }
        }
        void operator()(const OutlineShown& e) const {
            if (e.conversation == c.shown_) {
                Q_EMIT c.outlineChanged(e.message, to_item(e.expansion));
            }
        }
        void operator()(const PointText& e) const {
            if (e.conversation == c.shown_) {
                Q_EMIT c.pointTextAppended(e.message, static_cast<int>(e.point),
                                           QString::fromStdString(e.text));
            }
        }
        void operator()(const LeftOutChanged& e) const {
            if (e.conversation == c.shown_) {
                Q_EMIT c.leftOutChanged(
                    converted<qint64>(e.messages, [](MessageId id) { return static_cast<qint64>(id); }));
            }
        }
        void operator()(const SearchFinished& e) const {
            Q_EMIT c.searchFinished(
                QString::fromStdString(e.words),
                converted<SearchResult>(e.hits, [](const auto& hit) { return to_result(hit); }));
        }
        void operator()(const ModelChanged& e) const { c.tellModel(e.status); }
        void operator()(const ModelsDescribed& e) const {
            Q_EMIT c.modelsDescribed(
                converted<ModelItem>(e.models, [](const auto& model) { return to_item(model); }));
        }
        void operator()(const TurnChanged& e) const { Q_EMIT c.turnChanged(to_status(e)); }
        void operator()(const ContextCounted& e) const {
            if (e.conversation == c.shown_) {
                Q_EMIT c.contextPlanned(to_plan(e));
            }
        }
        void operator()(const DraftDocuments& e) const {
            if (e.conversation == c.shown_) {
                Q_EMIT c.attachmentsChanged(
                    converted<AttachmentItem>(e.documents, [](const auto& one) { return to_item(one); }));
            }
        }
        void operator()(const MemoryMarks& e) const {
            if (e.conversation == c.shown_) {
                Q_EMIT c.memoryMarksChanged(
                    converted<MemoryMarkItem>(e.marks, [](const auto& mark) { return to_item(mark); }));
            }
        }
        void operator()(const MemoryWork& e) const {
            if (e.conversation == c.shown_) {
                Q_EMIT c.memoryWorkChanged(to_item(e));
            }
        }
        void operator()(const CacheChanged& e) const { Q_EMIT c.cacheChanged(to_status(e)); }
        void operator()(const TurnEnded&) const {}  // MessageChanged has said it
        void operator()(const Notice& e) const { Q_EMIT c.notice(in_their_language(e.text), e.conversation); }
        void operator()(const Exported& e) const {
            Q_EMIT c.exported(QString::fromStdString(e.file.string()), QString::fromStdString(e.error));
        }
        void operator()(const WorkerEnded& e) const { Q_EMIT c.notice(in_their_language(e.error)); }
    };
    std::visit(Teller{*this}, std::move(event));
}

void ChatController::tellModel(const ModelStatus& status) {
    const QString path = QString::fromStdString(status.path.string());
    if (status.phase == ModelPhase::ready && path != settings_.lastModel) {
        settings_.lastModel = path;
        save();
    }
    Q_EMIT modelChanged(to_state(status));
}

void ChatController::save() {
    if (files_.settings.isEmpty()) {
        return;
    }
    saving_.post_final([this, settings = settings_, file = files_.settings] {
        if (const Status saved = saveSettings(settings, file); !saved) {
            events_->push(Notice{saved.error().message});
        }
    });
}

void ChatController::applySettings(const Settings& settings) {
    const QString lastModel =
        settings_.lastModel;  // the controller knows it better than a dialog that was open meanwhile
    settings_ = settings.clamped();
    if (!lastModel.isEmpty()) {
        settings_.lastModel = lastModel;
    }
    worker_->apply(to_worker_settings(settings_));
    save();
}

void ChatController::newConversation() {
    worker_->open_new();
}
void ChatController::openConversation(qint64 id) {
    worker_->open(id);
}
void ChatController::renameConversation(qint64 id, const QString& title) {
    worker_->rename(id, title.trimmed().toStdString());
}
void ChatController::deleteConversation(qint64 id) {
    worker_->trash(id);
}
void ChatController::restoreConversation(qint64 id) {
    worker_->restore(id);
}
void ChatController::exportConversation(qint64 id, const QString& file, bool json) {
    worker_->export_to(id, file.toStdString(), json);
}
void ChatController::setSystemPrompt(const QString& text) {
    worker_->set_system_prompt(text.toStdString());
}
void ChatController::setPrivate(bool isPrivate) {
    worker_->set_private(isPrivate);
}
void ChatController::setAnswerMode(AnswerMode mode) {
    worker_->set_answer_mode(to_stored(mode));
}
void ChatController::search(const QString& words) {
    worker_->search(words.toStdString());
}
void ChatController::send(const QString& text) {
    worker_->send(text.toStdString());
}
void ChatController::stop() {
    worker_->stop();
}
void ChatController::retry(qint64 message) {
    worker_->retry(message);
}
void ChatController::retryNormally(qint64 message) {
    worker_->retry_normally(message);
}
void ChatController::edit(qint64 message, const QString& text) {
    worker_->edit(message, text.toStdString());
}
void ChatController::continueReply(qint64 message) {
    worker_->continue_reply(message);
}
void ChatController::showVersion(qint64 message, int version) {
    worker_->show_version(message, version);
}
void ChatController::saveDraft(const QString& text) {
    worker_->save_draft(text.toStdString());
}
void ChatController::attachFiles(const QStringList& paths) {
    worker_->attach_files(paths_of(paths));
}
void ChatController::removeAttachment(qint64 document) {
    worker_->remove_document(document);
}
void ChatController::setAttachmentChoice(qint64 document, AttachmentChoice choice) {
    worker_->set_document_choice(document, to_stored(choice));
}
void ChatController::setMemory(qint64 message, MessageMemory memory) {
    worker_->set_memory(message, to_stored(memory));
}
void ChatController::restoreFullText(qint64 mark) {
    worker_->restore_full_text(mark);
}
void ChatController::shortenNow() {
    worker_->shorten_now();
}
void ChatController::cancelMemoryWork() {
    worker_->cancel_memory_work();
}
void ChatController::askCache() {
    worker_->ask_cache();
}
void ChatController::clearCache() {
    worker_->clear_cache();
}
void ChatController::loadModel(const QString& path) {
    worker_->load(path.toStdString());
}
void ChatController::cancelLoad() {
    worker_->cancel_load();
}

void ChatController::describeModels(const QStringList& paths) {
    if (!paths.isEmpty()) {
        worker_->describe(paths_of(paths), {});
        return;
    }
    worker_->describe({}, paths_of(settings_.modelFolders + files_.folders));
}

}  // namespace tendril::app

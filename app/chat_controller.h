// SPDX-License-Identifier: Apache-2.0
// The program's ChatPort. Lives on the GUI thread, never waits: every call is passed to the chat worker's
// thread and every answer comes back as a signal. Created by main(), owns the worker (which owns the engine
// and the store).
#pragma once

#include <memory>

#include <QTimer>

#include "app/chat_port.h"
#include "app/event_queue.h"
#include "app/mailbox.h"

namespace tendril::app {

class ChatWorker;

class ChatController final : public ChatPort {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChatController)

  public:
    /// What start() and the settings need; all may be empty (tests).
    struct Files {
        QString settings;      ///< where applySettings() saves; empty: nowhere
        QStringList folders;   ///< the program's own folders of models
        QString model;         ///< to be loaded at start, named by a person; empty: the last one used
        bool loadLast = true;  ///< at start, when `model` is empty
        Settings initial;      ///< as loaded
    };

    explicit ChatController(std::unique_ptr<ChatWorker> worker, QObject* parent = nullptr);
    ChatController(std::unique_ptr<ChatWorker> worker, Files files, QObject* parent = nullptr);
    ~ChatController() override;  ///< finishes what is being written, then ends both threads

  public Q_SLOTS:
    void start() override;
    void newConversation() override;
    void openConversation(qint64 id) override;
    void renameConversation(qint64 id, const QString& title) override;
    void deleteConversation(qint64 id) override;
    void restoreConversation(qint64 id) override;
    void exportConversation(qint64 id, const QString& file, bool json) override;
    void setSystemPrompt(const QString& text) override;
    void setPrivate(bool isPrivate) override;
    void setAnswerMode(tendril::app::AnswerMode mode) override;
    void search(const QString& words) override;

    void send(const QString& text) override;
    void stop() override;
    void retry(qint64 message) override;
    void retryNormally(qint64 message) override;
    void edit(qint64 message, const QString& text) override;
    void continueReply(qint64 message) override;
    void showVersion(qint64 message, int version) override;
    void saveDraft(const QString& text) override;

    void attachFiles(const QStringList& paths) override;
    void removeAttachment(qint64 document) override;
    void setAttachmentChoice(qint64 document, tendril::app::AttachmentChoice choice) override;
    void setMemory(qint64 message, tendril::app::MessageMemory memory) override;
    void restoreFullText(qint64 mark) override;
    void shortenNow() override;
    void cancelMemoryWork() override;

    void loadModel(const QString& path) override;
    void cancelLoad() override;
    void describeModels(const QStringList& paths) override;
    void askCache() override;
    void clearCache() override;
    void applySettings(const tendril::app::Settings& settings) override;

  private Q_SLOTS:
    void wake();

  private:
    void deliver();
    void tell(WorkerEvent event);
    void tellModel(const ModelStatus& status);
    void save();

    std::shared_ptr<EventQueue> events_;
    std::unique_ptr<ChatWorker> worker_;
    JobThread saving_;  // the settings' file, so that the GUI thread does not wait for the disk
    Files files_;
    Settings settings_;
    QTimer pace_;  // runs while the next delivery has to wait
    qint64 shown_ = 0;
};

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// The program's ChatPort. Lives on the GUI thread, never waits: every call is passed to the chat worker's
// thread and every answer comes back as a signal. Created by main(), owns the worker (which owns the engine
// and the store).
#pragma once

#include <memory>

#include "app/chat_port.h"

namespace tendril::app {

class ChatWorker;

class ChatController final : public ChatPort {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChatController)

  public:
    explicit ChatController(std::unique_ptr<ChatWorker> worker, QObject* parent = nullptr);
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
    void search(const QString& words) override;

    void send(const QString& text) override;
    void stop() override;
    void retry(qint64 message) override;
    void edit(qint64 message, const QString& text) override;
    void continueReply(qint64 message) override;
    void showVersion(qint64 message, int version) override;
    void saveDraft(const QString& text) override;

    void loadModel(const QString& path) override;
    void cancelLoad() override;
    void describeModels(const QStringList& paths) override;
    void applySettings(const tendril::app::Settings& settings) override;

  private:
    std::unique_ptr<ChatWorker> worker_;
};

}  // namespace tendril::app

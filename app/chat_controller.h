// SPDX-License-Identifier: Apache-2.0
// What the window asks for and is told. Lives on the GUI thread, never waits: every call is passed to the chat worker's thread and
// every answer comes back as a signal. Created by main(), owns the worker (which owns the engine and the store).
#pragma once

#include <QObject>
#include <QString>
#include <QVector>
#include <memory>

#include "app/chat_types.h"
#include "app/settings.h"

namespace tendril::app {

class ChatWorker;

class ChatController final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChatController)

  public:
    explicit ChatController(std::unique_ptr<ChatWorker> worker, QObject* parent = nullptr);
    ~ChatController() override;  ///< finishes what is being written, then ends both threads

  public Q_SLOTS:
    void start();  ///< asks for the list of conversations and reopens the last one
    void newConversation();
    void openConversation(qint64 id);
    void renameConversation(qint64 id, const QString& title);
    void deleteConversation(qint64 id);   ///< to the trash; conversationDeleted offers the undo
    void restoreConversation(qint64 id);
    void exportConversation(qint64 id, const QString& file, bool json);
    void setSystemPrompt(const QString& text);  ///< of the open conversation
    void search(const QString& words);          ///< empty: ends the search

    void send(const QString& text);
    void stop();
    void retry(qint64 message);                        ///< a new version of an answer
    void edit(qint64 message, const QString& text);    ///< a new version of a user message, then a new answer
    void continueReply(qint64 message);                ///< of an interrupted or stopped answer
    void showVersion(qint64 message, int version);     ///< from 1
    void saveDraft(const QString& text);

    void loadModel(const QString& path);
    void cancelLoad();
    void describeModels(const QStringList& paths);  ///< answers with modelsDescribed
    void applySettings(const tendril::app::Settings& settings);

  Q_SIGNALS:
    void conversationsChanged(const QVector<tendril::app::ConversationItem>& conversations);
    void conversationOpened(const tendril::app::OpenedConversation& conversation);
    void conversationDeleted(qint64 id, const QString& title);
    void messageAdded(const tendril::app::MessageItem& message);    ///< at the end of the open conversation
    void messageChanged(const tendril::app::MessageItem& message);  ///< state, error, footer; the text too
    void messageTextAppended(qint64 id, const QString& text);       ///< at most 30 times a second
    void leftOutChanged(const QVector<qint64>& messages);           ///< which messages the newest answer was made without
    void searchFinished(const QString& words, const QVector<tendril::app::SearchResult>& results);
    void modelChanged(const tendril::app::ModelState& state);
    void modelsDescribed(const QVector<tendril::app::ModelItem>& models);
    void turnChanged(const tendril::app::TurnStatus& status);
    void notice(const QString& text);  ///< something a person should read: a damaged database, a full disk
    void exported(const QString& file, const QString& error);

  private:
    std::unique_ptr<ChatWorker> worker_;
};

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// What the window may ask for and is told: the border between ui and everything behind it. Lives on the GUI
// thread; no call waits, every answer is a signal. ChatController implements it for the program, a recording
// fake for the tests of the window.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <QVector>

#include "app/chat_types.h"
#include "app/settings.h"

namespace tendril::app {

class ChatPort : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChatPort)

  public:
    explicit ChatPort(QObject* parent = nullptr);
    ~ChatPort() override;

  public Q_SLOTS:
    virtual void start() = 0;  ///< asks for the list of conversations and reopens the last one
    virtual void newConversation() = 0;
    virtual void openConversation(qint64 id) = 0;
    virtual void renameConversation(qint64 id, const QString& title) = 0;
    virtual void deleteConversation(qint64 id) = 0;  ///< to the trash; conversationDeleted offers the undo
    virtual void restoreConversation(qint64 id) = 0;
    virtual void exportConversation(qint64 id, const QString& file, bool json) = 0;
    virtual void setSystemPrompt(const QString& text) = 0;  ///< of the open conversation
    virtual void setPrivate(bool isPrivate) = 0;            ///< the open conversation; see ConversationItem
    /// Of the open conversation, from its next answer on; kept with it.
    virtual void setAnswerMode(tendril::app::AnswerMode mode) = 0;
    virtual void search(const QString& words) = 0;  ///< empty: ends the search

    virtual void send(const QString& text) = 0;
    virtual void stop() = 0;
    virtual void retry(qint64 message) = 0;          ///< a new version of an answer
    virtual void retryNormally(qint64 message) = 0;  ///< the same, in one piece whatever the mode
    virtual void edit(qint64 message,
                      const QString& text) = 0;      ///< a new version of a user message, then a new answer
    virtual void continueReply(qint64 message) = 0;  ///< of an interrupted or stopped answer
    virtual void showVersion(qint64 message, int version) = 0;  ///< from 1
    /// Of the open conversation, at pauses in typing: it is saved, and its finished words are read ahead.
    virtual void saveDraft(const QString& text) = 0;

    // Documents of the open conversation's draft; told by attachmentsChanged.
    virtual void attachFiles(const QStringList& paths) = 0;
    virtual void removeAttachment(qint64 document) = 0;
    virtual void setAttachmentChoice(qint64 document, tendril::app::AttachmentChoice choice) = 0;

    // What the model has of the open conversation.
    virtual void setMemory(qint64 message, tendril::app::MessageMemory memory) = 0;
    virtual void restoreFullText(qint64 mark) = 0;  ///< see MemoryMarkItem::id
    virtual void shortenNow() = 0;                  ///< what the next compaction would take
    virtual void cancelMemoryWork() = 0;

    virtual void loadModel(const QString& path) = 0;
    virtual void cancelLoad() = 0;
    /// Answers with modelsDescribed. An empty list asks for every GGUF file in the folders of the settings
    /// and the program's own.
    virtual void describeModels(const QStringList& paths) = 0;
    virtual void askCache() = 0;    ///< answers with cacheChanged
    virtual void clearCache() = 0;  ///< in memory and on disk; answers with cacheChanged
    virtual void applySettings(const tendril::app::Settings& settings) = 0;  ///< and saves them

  Q_SIGNALS:
    void conversationsChanged(const QVector<tendril::app::ConversationItem>& conversations);
    void conversationOpened(const tendril::app::OpenedConversation& conversation);
    void conversationDeleted(qint64 id, const QString& title);
    void messageAdded(const tendril::app::MessageItem& message);    ///< at the end of the open conversation
    void messageChanged(const tendril::app::MessageItem& message);  ///< state, error, footer; the text too
    void messageTextAppended(qint64 id, const QString& text);       ///< at most 30 times a second
    /// Why and how the answer is written, its headings and what each point does. Texts are not part of it.
    void outlineChanged(qint64 message, const tendril::app::ExpansionItem& expansion);
    void pointTextAppended(qint64 message, int point, const QString& text);  ///< at most 30 times a second
    void leftOutChanged(
        const QVector<qint64>& messages);  ///< which messages the newest answer was made without
    void searchFinished(const QString& words, const QVector<tendril::app::SearchResult>& results);
    void modelChanged(const tendril::app::ModelState& state);
    void modelsDescribed(const QVector<tendril::app::ModelItem>& models);
    void turnChanged(const tendril::app::TurnStatus& status);
    /// What the open conversation with its draft takes of the context, and what would become shorter.
    void contextPlanned(const tendril::app::ContextPlanItem& plan);
    void attachmentsChanged(const QVector<tendril::app::AttachmentItem>& documents);  ///< all of the draft
    void memoryMarksChanged(const QVector<tendril::app::MemoryMarkItem>& marks);      ///< all of the branch
    void memoryWorkChanged(const tendril::app::MemoryWorkItem& work);
    void cacheChanged(const tendril::app::CacheStatus& status);
    /// Something a person should read: a damaged database, a full disk. `conversation`: that it is about;
    /// 0 = about none.
    void notice(const QString& text, qint64 conversation = 0);
    void exported(const QString& file, const QString& error);
};

}  // namespace tendril::app

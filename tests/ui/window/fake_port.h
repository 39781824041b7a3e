// SPDX-License-Identifier: Apache-2.0
// A port that records what the window asks and says what a test tells it to say. GUI thread; owned by the
// test.
#pragma once

#include "app/chat_port.h"

namespace tendril::ui {

class FakePort final : public app::ChatPort {
    Q_OBJECT

  public:
    QStringList calls;  ///< "send Hello", oldest first
    app::Settings settings;

    QStringList taken() { return std::exchange(calls, {}); }
    void ready(const QString& name = QStringLiteral("SmolLM2"));
    void open(qint64 id, const QVector<app::MessageItem>& messages = {}, const QString& draft = {});
    static app::AttachmentItem document(qint64 id, const QString& name, quint32 tokens = 12'300);
    static app::MessageItem message(qint64 id, app::MessageRole role, const QString& text,
                                    app::MessageState state = app::MessageState::complete);

    void start() override { note(QStringLiteral("start")); }
    void newConversation() override { note(QStringLiteral("new")); }
    void openConversation(qint64 id) override { note(QStringLiteral("open %1").arg(id)); }
    void renameConversation(qint64 id, const QString& title) override {
        note(QStringLiteral("rename %1 %2").arg(id).arg(title));
    }
    void deleteConversation(qint64 id) override { note(QStringLiteral("delete %1").arg(id)); }
    void restoreConversation(qint64 id) override { note(QStringLiteral("restore %1").arg(id)); }
    void exportConversation(qint64 id, const QString& file, bool json) override {
        note(QStringLiteral("export %1 %2 %3")
                 .arg(id)
                 .arg(file, json ? QStringLiteral("json") : QStringLiteral("markdown")));
    }
    void setSystemPrompt(const QString& text) override { note(QStringLiteral("prompt ") + text); }
    void setPrivate(bool isPrivate) override {
        note(isPrivate ? QStringLiteral("private") : QStringLiteral("not private"));
    }
    void setAnswerMode(app::AnswerMode mode) override {
        note(QStringLiteral("mode %1").arg(static_cast<int>(mode)));
    }
    void search(const QString& words) override { note(QStringLiteral("search ") + words); }
    void send(const QString& text) override { note(QStringLiteral("send ") + text); }
    void stop() override { note(QStringLiteral("stop")); }
    void retry(qint64 message) override { note(QStringLiteral("retry %1").arg(message)); }
    void retryNormally(qint64 message) override { note(QStringLiteral("retryNormally %1").arg(message)); }
    void edit(qint64 message, const QString& text) override {
        note(QStringLiteral("edit %1 %2").arg(message).arg(text));
    }
    void continueReply(qint64 message) override { note(QStringLiteral("continue %1").arg(message)); }
    void showVersion(qint64 message, int version) override {
        note(QStringLiteral("version %1 %2").arg(message).arg(version));
    }
    void saveDraft(const QString& text) override { note(QStringLiteral("draft ") + text); }
    void attachFiles(const QStringList& paths) override {
        note(QStringLiteral("attach ") + paths.join(QLatin1Char(',')));
    }
    void removeAttachment(qint64 document) override { note(QStringLiteral("detach %1").arg(document)); }
    void setAttachmentChoice(qint64 document, app::AttachmentChoice choice) override {
        note(QStringLiteral("choice %1 %2").arg(document).arg(static_cast<int>(choice)));
    }
    void setMemory(qint64 message, app::MessageMemory memory) override {
        note(QStringLiteral("memory %1 %2").arg(message).arg(static_cast<int>(memory)));
    }
    void restoreFullText(qint64 mark) override { note(QStringLiteral("restoreText %1").arg(mark)); }
    void shortenNow() override { note(QStringLiteral("shorten")); }
    void cancelMemoryWork() override { note(QStringLiteral("cancelMemory")); }
    void askCache() override { note(QStringLiteral("cache?")); }
    void clearCache() override { note(QStringLiteral("clear")); }
    void loadModel(const QString& path) override { note(QStringLiteral("load ") + path); }
    void cancelLoad() override { note(QStringLiteral("cancelLoad")); }
    void describeModels(const QStringList& paths) override {
        note(QStringLiteral("describe ") + paths.join(QLatin1Char(',')));
    }
    void applySettings(const app::Settings& chosen) override {
        settings = chosen;
        note(QStringLiteral("settings"));
    }

  private:
    void note(const QString& call) { calls << call; }
};

}  // namespace tendril::ui

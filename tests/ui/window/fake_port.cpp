// SPDX-License-Identifier: Apache-2.0
// What the fake port says. GUI thread.
#include "tests/ui/window/fake_port.h"

namespace tendril::ui {

void FakePort::ready(const QString& name) {
    app::ModelState state;
    state.kind = app::ModelState::Kind::ready;
    state.name = name;
    state.path = QStringLiteral("/models/%1.gguf").arg(name);
    state.device = QStringLiteral("CPU, AVX-512 VNNI, 4 threads (no CUDA plugin)");
    state.contextLimit = 8192;
    Q_EMIT modelChanged(state);
}

void FakePort::open(qint64 id, const QVector<app::MessageItem>& messages, const QString& draft) {
    app::OpenedConversation conversation;
    conversation.id = id;
    conversation.title = QStringLiteral("Talk %1").arg(id);
    conversation.draft = draft;
    conversation.messages = messages;
    Q_EMIT conversationOpened(conversation);
}

app::AttachmentItem FakePort::document(qint64 id, const QString& name, quint32 tokens) {
    app::AttachmentItem item;
    item.id = id;
    item.name = name;
    item.kind = QStringLiteral("Markdown");
    item.bytes = 48'000;
    item.tokens = item.plannedTokens = tokens;
    return item;
}

app::MessageItem FakePort::message(qint64 id, app::MessageRole role, const QString& text,
                                   app::MessageState state) {
    app::MessageItem item;
    item.id = id;
    item.role = role;
    item.text = text;
    item.state = state;
    return item;
}

}  // namespace tendril::ui

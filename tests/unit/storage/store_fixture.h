// SPDX-License-Identifier: Apache-2.0
// A store in a temporary folder, with shortcuts, for the storage tests.
#pragma once

#include <QTemporaryDir>
#include <QtTest>

#include "storage/chat_store.h"

namespace tendril::storage {

class StoreFixture {
  public:
    std::filesystem::path file() const { return folder_.filePath("chats.db").toStdString(); }
    std::filesystem::path folder() const { return folder_.path().toStdString(); }

    /// Opens (again). A store that is still open is closed first.
    ChatStore& open() {
        store_.reset();
        auto opened = ChatStore::open(file(), report);
        if (!opened) {
            qFatal("open: %s (%s)", opened.error().message.c_str(), opened.error().detail.c_str());
        }
        store_ = std::move(*opened);
        return *store_;
    }
    void close() { store_.reset(); }

    OpenReport report;

  private:
    QTemporaryDir folder_;
    std::unique_ptr<ChatStore> store_;
};

inline Message make_message(ConversationId conversation, std::optional<MessageId> parent, Role role,
                            std::string text) {
    Message m;
    m.conversation = conversation;
    m.parent = parent;
    m.role = role;
    m.text = std::move(text);
    return m;
}

}  // namespace tendril::storage

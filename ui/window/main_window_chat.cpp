// SPDX-License-Identifier: Apache-2.0
// The window's conversation: what the port tells, and what a person does with messages. GUI thread.
#include <QApplication>
#include <QClipboard>
#include <QFileInfo>
#include <QStackedWidget>

#include "ui/conversation/conversation_view.h"
#include "ui/window/cache_panel.h"
#include "ui/window/composer.h"
#include "ui/window/context_panel.h"
#include "ui/window/find_bar.h"
#include "ui/window/format.h"
#include "ui/window/main_window.h"
#include "ui/window/message_bar.h"
#include "ui/window/model_chooser.h"
#include "ui/window/model_list.h"
#include "ui/window/side_bar.h"
#include "ui/window/status_line.h"
#include "ui/window/welcome.h"

namespace tendril::ui {

using app::ChatPort;
using app::MessageItem;
using app::MessageRole;
using app::MessageState;

void MainWindow::connectPort() {
    connect(&port_, &ChatPort::conversationsChanged, this,
            [this](const QVector<app::ConversationItem>& items) {
                sideBar_->setConversations(items);
                sideBar_->setOpen(conversation_);
                for (const app::ConversationItem& item : items) {
                    if (item.id == conversation_) {
                        title_ = item.title;
                        private_ = item.isPrivate;
                        updateTitle();
                        updatePrivate();
                    }
                }
            });
    connect(&port_, &ChatPort::conversationOpened, this, &MainWindow::showConversation);
    connect(&port_, &ChatPort::conversationDeleted, this, &MainWindow::showDeleted);
    connect(&port_, &ChatPort::messageAdded, this, &MainWindow::addMessage);
    connect(&port_, &ChatPort::messageChanged, this, &MainWindow::changeMessage);
    connect(&port_, &ChatPort::messageTextAppended, this, &MainWindow::appendText);
    connect(&port_, &ChatPort::outlineChanged, this, &MainWindow::changeExpansion);
    connect(&port_, &ChatPort::pointTextAppended, view_, &ConversationView::appendPointText);
    connect(&port_, &ChatPort::leftOutChanged, view_, &ConversationView::setLeftOut);
    connect(&port_, &ChatPort::searchFinished, sideBar_, &SideBar::showResults);
    connect(&port_, &ChatPort::modelChanged, this, &MainWindow::showModel);
    connect(&port_, &ChatPort::modelsDescribed, this, &MainWindow::showModels);
    connect(&port_, &ChatPort::turnChanged, this, &MainWindow::showTurn);
    connect(&port_, &ChatPort::cacheChanged, this, &MainWindow::showCache);
    connect(&port_, &ChatPort::notice, this, &MainWindow::showNotice);
    connect(&port_, &ChatPort::exported, this, &MainWindow::showExported);
}

void MainWindow::newConversation() {
    if (conversation_ != 0 && messages_.isEmpty() && composer_->text().trimmed().isEmpty()) {
        composer_->focusEditor();  // it is new already
        return;
    }
    composer_->flushDraft();
    port_.newConversation();
    composer_->focusEditor();
}

void MainWindow::showConversation(const app::OpenedConversation& conversation) {
    const bool same = conversation.id == conversation_;
    conversation_ = conversation.id;
    title_ = conversation.title;
    systemPrompt_ = conversation.systemPrompt;
    private_ = conversation.isPrivate;
    messages_ = conversation.messages;
    view_->setMessages(messages_);
    view_->setMemoryMarks(marks_);
    composer_->setAnswerMode(conversation.answerMode);
    if (!same) {  // another version of the same conversation leaves alone what is being written
        composer_->setDraft(conversation.draft);
        documentNames_.clear();
        plan_ = {};
        showMarks({});
        showMemoryWork({});
        showAttachments({});
        showTurn({});
        updateNotices();
    } else if (!conversation.draft.isEmpty()) {
        composer_->sendRefused(conversation.draft);
    }
    sideBar_->setOpen(conversation_);
    updateTitle();
    updatePrivate();
    updatePage();
    updateActions();
    if (jumpConversation_ != 0 && jumpConversation_ == conversation_) {
        jumpConversation_ = 0;
        if (jumpMessage_ != 0) {
            view_->scrollToMessage(jumpMessage_);
            findBar_->setText(jumpWords_);
        }
    } else if (!sideBar_->listHasFocus()) {
        composer_->focusEditor();
    }
}

void MainWindow::addMessage(const MessageItem& message) {
    messages_.append(message);
    view_->appendMessage(message);
    updatePage();
    updateActions();
}

void MainWindow::changeMessage(const MessageItem& message) {
    for (MessageItem& held : messages_) {
        if (held.id == message.id) {
            held = message;
            view_->updateMessage(message);
            updateActions();
            return;
        }
    }
}

void MainWindow::appendText(qint64 id, const QString& text) {
    for (qsizetype i = messages_.size(); i-- > 0;) {  // nearly always the last
        if (messages_[i].id == id) {
            messages_[i].text += text;
            view_->appendText(id, text);
            return;
        }
    }
}

void MainWindow::changeExpansion(qint64 id, const app::ExpansionItem& expansion) {
    for (MessageItem& held : messages_) {
        if (held.id == id) {
            held.expansion = expansion;
            view_->setExpansion(id, expansion);
            return;
        }
    }
}

void MainWindow::showModel(const app::ModelState& state) {
    using Kind = app::ModelState::Kind;
    const bool first = !modelKnown_;
    modelKnown_ = true;
    const Kind before = model_.kind;
    model_ = state;
    chooser_->setState(state);
    chooser_->cache().setKv(settings_.kvOf.value(state.path, app::KvChoice::f16));
    status_->setModel(state);
    welcome_->setModel(state);
    modelError_->setText(state.kind == Kind::failed ? state.text : QString());
    modelWarning_->setText(state.kind == Kind::ready ? state.text : QString());
    if (state.kind != before || first) {  // a bar that was closed stays closed until something new happens
        modelWarning_->setVisible(state.kind == Kind::ready && !state.text.isEmpty());
        if ((state.kind == Kind::none || state.kind == Kind::failed) && chooser_->models().rowCount() == 0) {
            port_.describeModels({});
        }
        if (state.kind == Kind::ready && settings_.lastModel != state.path) {
            settings_.lastModel = state.path;
        }
    }
    updatePage();
    updateComposer();
    updateActions();
}

void MainWindow::showModels(const QVector<app::ModelItem>& models) {
    chooser_->setModels(models);
    const ModelList& list = chooser_->models();
    if (list.rowCount() > 0 && list.item(0).fits()) {
        const int last = std::max(0, list.rowOf(settings_.lastModel));
        const app::ModelItem& offered = list.item(list.item(last).fits() ? last : 0);
        const QString name =
            offered.name.isEmpty() ? QFileInfo(offered.path).completeBaseName() : offered.name;
        welcome_->setSuggestion(name, offered.path,
                                describeModel(offered) + QLatin1Char('\n') + describeFit(offered));
    } else {
        welcome_->setSuggestion({}, {}, {});
    }
}

void MainWindow::showTurn(const app::TurnStatus& status) {
    turn_ = status;
    status_->setTurn(status);
    composer_->setGenerating(status.generating);
    contextPanel_->setIdle(!status.generating);
    view_->setPrefillProgress(status.generating ? status.prefillShare : 0);
    updateActions();
}

void MainWindow::showCache(const app::CacheStatus& status) {
    chooser_->cache().setStatus(status);
    if (status.cleared) {
        status_->showHint(tr("What the model had read is cleared"));
    }
}

void MainWindow::showDeleted(qint64 id, const QString& title) {
    dropNotices(id);
    sideBar_->offerUndo(id, title);
}

void MainWindow::showExported(const QString& file, const QString& error) {
    if (error.isEmpty()) {
        status_->showHint(tr("Exported to %1").arg(file));
    } else {
        showNotice(tr("The conversation could not be exported: %1").arg(error));
    }
}

void MainWindow::jumpTo(qint64 conversation, qint64 message, const QString& words) {
    jumpWords_ = words;
    if (conversation == conversation_) {
        if (message != 0) {
            view_->scrollToMessage(message);
        }
        return;
    }
    jumpConversation_ = conversation;
    jumpMessage_ = message;
    openConversation(conversation);
}

void MainWindow::find(const QString& text, bool forward) {
    findBar_->setFound(view_->find(text, forward));
}

void MainWindow::editMessage(qint64 id) {
    const MessageItem* found = message(id);
    if (found == nullptr || turn_.generating) {
        return;
    }
    composer_->beginEdit(id, found->text);
}

void MainWindow::editLast() {
    if (const MessageItem* found = last(MessageRole::user)) {
        editMessage(found->id);
    }
}

void MainWindow::retryLast() {
    if (const MessageItem* found = last(MessageRole::assistant); found != nullptr && !turn_.generating) {
        port_.retry(found->id);
    }
}

void MainWindow::retryLastNormally() {
    const MessageItem* found = last(MessageRole::assistant);
    if (found != nullptr && found->expansion.skeleton && !turn_.generating) {
        port_.retryNormally(found->id);
    }
}

void MainWindow::continueLast() {
    const MessageItem* found = last(MessageRole::assistant);
    if (found != nullptr && found->state == MessageState::interrupted && !turn_.generating) {
        port_.continueReply(found->id);
    }
}

void MainWindow::stop() {
    if (turn_.generating) {
        port_.stop();
    }
}

void MainWindow::copyLastAnswer() {
    if (const MessageItem* found = last(MessageRole::assistant)) {
        QApplication::clipboard()->setText(view_->textOf(found->id));
        status_->showHint(tr("The last answer is on the clipboard"));
    }
}

void MainWindow::renameOpen() {
    actions_[QStringLiteral("sidebar")]->setChecked(true);
    if (const qint64 id = sideBar_->current(); id != 0) {
        sideBar_->startRename(id);
    }
}

void MainWindow::deleteCurrent() {
    if (const qint64 id = sideBar_->current(); id != 0) {
        port_.deleteConversation(id);
    }
}

void MainWindow::undoDelete() {
    sideBar_->undoDelete();
}

void MainWindow::nextConversation() {
    if (const qint64 id = sideBar_->neighbour(1); id != 0) {
        openConversation(id);
    }
}

void MainWindow::previousConversation() {
    if (const qint64 id = sideBar_->neighbour(-1); id != 0) {
        openConversation(id);
    }
}

void MainWindow::focusComposer() {
    composer_->focusEditor();
}

void MainWindow::jumpToNewest() {
    view_->scrollToEnd();
}

void MainWindow::focusConversation() {
    if (pages_->currentWidget() == view_) {
        view_->setFocus(Qt::ShortcutFocusReason);
    }
}

void MainWindow::focusSearch() {
    actions_[QStringLiteral("sidebar")]->setChecked(true);
    sideBar_->focusSearch();
}

void MainWindow::focusList() {
    actions_[QStringLiteral("sidebar")]->setChecked(true);
    sideBar_->focusList();
}

void MainWindow::updatePage() {
    using Kind = app::ModelState::Kind;
    const bool talk = !messages_.isEmpty();
    pages_->setCurrentWidget(talk ? static_cast<QWidget*>(view_) : welcome_);
    // The welcome page says itself why a model failed.
    modelError_->setVisible(talk && model_.kind == Kind::failed);
    welcome_->setVisible(!talk && (modelKnown_ || conversation_ != 0));
}

const MessageItem* MainWindow::message(qint64 id) const {
    for (const MessageItem& held : messages_) {
        if (held.id == id) {
            return &held;
        }
    }
    return nullptr;
}

const MessageItem* MainWindow::last(MessageRole role) const {
    for (qsizetype i = messages_.size(); i-- > 0;) {
        if (messages_[i].role == role) {
            return &messages_[i];
        }
    }
    return nullptr;
}

}  // namespace tendril::ui

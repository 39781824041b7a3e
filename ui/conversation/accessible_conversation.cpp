// SPDX-License-Identifier: Apache-2.0
// The conversation for screen readers: the list and what it tells. GUI thread.
#include "ui/conversation/accessible_conversation.h"

#include <QAccessibleWidget>

#include "ui/conversation/accessible_message.h"

namespace tendril::ui {
namespace {

class AccessibleConversation final : public QAccessibleWidget {
    Q_DISABLE_COPY_MOVE(AccessibleConversation)

  public:
    explicit AccessibleConversation(ConversationView* view)
        : QAccessibleWidget(view, QAccessible::List),
          view_(view),
          status_(QAccessible::registerAccessibleInterface(new AccessibleStatus(view))) {}

    ~AccessibleConversation() override {
        forgetMessages();
        QAccessible::deleteAccessibleInterface(status_);
    }

    int childCount() const override { return view_->transcript().count() + 1; }

    QAccessibleInterface* child(int at) const override {
        if (at == view_->transcript().count()) {
            return status();
        }
        if (at < 0 || at > view_->transcript().count()) {
            return nullptr;
        }
        const qint64 id = view_->transcript().item(at).id;
        if (!messages_.contains(id)) {
            messages_.insert(id, QAccessible::registerAccessibleInterface(new AccessibleMessage(view_, id)));
        }
        return QAccessible::accessibleInterface(messages_.value(id));
    }

    int indexOfChild(const QAccessibleInterface* wanted) const override {
        if (wanted == status()) {
            return view_->transcript().count();
        }
        const auto* message = dynamic_cast<const AccessibleMessage*>(wanted);
        return message == nullptr ? -1 : message->index();
    }

    QAccessibleInterface* childAt(int x, int y) const override {
        const QPoint inside = view_->viewport()->mapFromGlobal(QPoint(x, y));
        for (int i = 0; view_->viewport()->rect().contains(inside) && i < view_->transcript().count(); ++i) {
            if (view_->messageRect(i).contains(inside)) {
                return child(i);
            }
        }
        return nullptr;
    }

    QAccessibleInterface* focusChild() const override {
        return view_->hasFocus() && view_->currentMessage() >= 0 ? child(view_->currentMessage()) : nullptr;
    }

    QAccessibleInterface* status() const { return QAccessible::accessibleInterface(status_); }

    void forgetMessages() {
        for (const QAccessible::Id id : std::as_const(messages_)) {
            QAccessible::deleteAccessibleInterface(id);
        }
        messages_.clear();
    }

  private:
    ConversationView* view_;
    QAccessible::Id status_;
    mutable QHash<qint64, QAccessible::Id> messages_;
};

QAccessibleInterface* makeInterface(const QString&, QObject* object) {
    auto* view = qobject_cast<ConversationView*>(object);
    return view == nullptr ? nullptr : new AccessibleConversation(view);
}

AccessibleConversation* interfaceOf(ConversationView* view) {
    return view->tellsAccessibility()
               ? static_cast<AccessibleConversation*>(QAccessible::queryAccessibleInterface(view))
               : nullptr;
}

void tell(ConversationView* view, QAccessibleInterface* interface, QAccessible::Event what) {
    if (interface != nullptr) {
        QAccessibleEvent event(interface, what);
        view->tellAccessibility(&event);
    }
}

}  // namespace

QAccessibleInterface* accessibleMessage(ConversationView* view, int message) {
    QAccessibleInterface* list = QAccessible::queryAccessibleInterface(view);
    return list == nullptr || message < 0 ? nullptr : list->child(message);
}

void installConversationAccessibility() {
    QAccessible::installFactory(makeInterface);
}

void accessibleReset(ConversationView* view) {
    if (AccessibleConversation* list = interfaceOf(view)) {
        list->forgetMessages();
        tell(view, list, QAccessible::ObjectReorder);
    }
}

void accessibleMessageAdded(ConversationView* view, int message) {
    if (AccessibleConversation* list = interfaceOf(view)) {
        tell(view, list->child(message), QAccessible::ObjectCreated);
    }
}

void accessibleMessageChanged(ConversationView* view, int message) {
    if (AccessibleConversation* list = interfaceOf(view)) {
        tell(view, list->child(message), QAccessible::NameChanged);
        tell(view, list->child(message), QAccessible::DescriptionChanged);
    }
}

void accessibleStatusChanged(ConversationView* view) {
    if (AccessibleConversation* list = interfaceOf(view)) {
        tell(view, list->status(), QAccessible::NameChanged);
    }
}

void accessibleTextInserted(ConversationView* view, int message, int block, const QString& text) {
    AccessibleConversation* list = interfaceOf(view);
    auto* item = list == nullptr ? nullptr : dynamic_cast<AccessibleMessage*>(list->child(message));
    if (item == nullptr) {
        return;
    }
    const int end = block < 0 ? item->characterCount() : item->endOf(block);
    QAccessibleTextInsertEvent event(item, qMax(0, end - static_cast<int>(text.size())), text);
    view->tellAccessibility(&event);
}

void accessibleFocusChanged(ConversationView* view, int message, int control) {
    AccessibleConversation* list = interfaceOf(view);
    if (list == nullptr || !view->hasFocus() || message < 0) {
        return;
    }
    QAccessibleInterface* item = list->child(message);
    tell(view, control < 0 || item == nullptr ? item : item->child(control), QAccessible::Focus);
}

}  // namespace tendril::ui

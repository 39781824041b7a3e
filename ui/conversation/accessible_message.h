// SPDX-License-Identifier: Apache-2.0
// One message, one of its buttons, and the status line, as a screen reader sees them. GUI thread, owned by
// Qt's accessibility cache and deleted by the conversation's interface.
#pragma once

#include <QAccessibleActionInterface>
#include <QAccessibleInterface>
#include <QAccessibleTextInterface>
#include <QCoreApplication>
#include <QHash>
#include <QPointer>

#include "ui/conversation/conversation_view.h"

namespace tendril::ui {

/// A message's text as it is read: markers of lists, cells and lines; and where its blocks begin in it.
struct SpokenText {
    QString text;
    QVector<int> begins;  ///< [block]: of its plain text, behind its marker
};
SpokenText spokenText(const markup::Sections& document);
/// Of a message, with what each of its points does while it grows.
SpokenText spokenText(const app::MessageItem& item, const markup::Sections& document);

class AccessibleMessage final : public QAccessibleInterface,
                                public QAccessibleTextInterface,
                                public QAccessibleActionInterface {
    Q_DECLARE_TR_FUNCTIONS(tendril::ui::AccessibleMessage)
    Q_DISABLE_COPY_MOVE(AccessibleMessage)

  public:
    AccessibleMessage(ConversationView* view, qint64 id) : view_(view), id_(id) {}
    ~AccessibleMessage() override;

    bool isValid() const override { return index() >= 0; }
    QObject* object() const override { return nullptr; }
    QAccessibleInterface* parent() const override;
    QAccessibleInterface* child(int index) const override;
    QAccessibleInterface* childAt(int x, int y) const override;
    int childCount() const override;
    int indexOfChild(const QAccessibleInterface* child) const override;
    QString text(QAccessible::Text kind) const override;
    void setText(QAccessible::Text, const QString&) override {}
    QRect rect() const override;
    QAccessible::Role role() const override { return QAccessible::ListItem; }
    QAccessible::State state() const override;
    void* interface_cast(QAccessible::InterfaceType type) override;

    void selection(int selectionIndex, int* start, int* end) const override;
    int selectionCount() const override;
    void addSelection(int start, int end) override { setSelection(0, start, end); }
    void removeSelection(int selectionIndex) override;
    void setSelection(int selectionIndex, int start, int end) override;
    int cursorPosition() const override;
    void setCursorPosition(int position) override { setSelection(0, position, position); }
    QString text(int start, int end) const override;
    int characterCount() const override;
    QRect characterRect(int offset) const override;
    int offsetAtPoint(const QPoint& point) const override;
    void scrollToSubstring(int start, int end) override;
    QString attributes(int offset, int* start, int* end) const override;

    QStringList actionNames() const override;
    void doAction(const QString& name) override;
    QStringList keyBindingsForAction(const QString&) const override { return {}; }

    int endOf(int block) const;  ///< offset behind its text
    int index() const { return view_ ? view_->transcript().indexOf(id_) : -1; }

  private:
    const SpokenText& spoken() const;
    TextPosition positionOf(int offset) const;
    int offsetOf(const TextPosition& position) const;

    QPointer<ConversationView> view_;
    qint64 id_;
    mutable QHash<int, QAccessible::Id> controls_;
    mutable SpokenText spoken_;
    mutable quint64 spokenRevision_ = 0;
};

class AccessibleControl final : public QAccessibleInterface, public QAccessibleActionInterface {
    Q_DISABLE_COPY_MOVE(AccessibleControl)

  public:
    AccessibleControl(ConversationView* view, qint64 id, int control)
        : view_(view), id_(id), control_(control) {}

    bool isValid() const override { return control().has_value(); }
    QObject* object() const override { return nullptr; }
    QAccessibleInterface* parent() const override;
    QAccessibleInterface* child(int) const override { return nullptr; }
    QAccessibleInterface* childAt(int, int) const override { return nullptr; }
    int childCount() const override { return 0; }
    int indexOfChild(const QAccessibleInterface*) const override { return -1; }
    QString text(QAccessible::Text kind) const override;
    void setText(QAccessible::Text, const QString&) override {}
    QRect rect() const override;
    QAccessible::Role role() const override;
    QAccessible::State state() const override;
    void* interface_cast(QAccessible::InterfaceType type) override;
    QStringList actionNames() const override { return {pressAction()}; }
    void doAction(const QString& name) override;
    QStringList keyBindingsForAction(const QString&) const override { return {}; }

  private:
    std::optional<Control> control() const;
    int message() const { return view_ ? view_->transcript().indexOf(id_) : -1; }

    QPointer<ConversationView> view_;
    qint64 id_;
    int control_;
};

class AccessibleStatus final : public QAccessibleInterface {
    Q_DISABLE_COPY_MOVE(AccessibleStatus)

  public:
    explicit AccessibleStatus(ConversationView* view) : view_(view) {}

    bool isValid() const override { return !view_.isNull(); }
    QObject* object() const override { return nullptr; }
    QAccessibleInterface* parent() const override;
    QAccessibleInterface* child(int) const override { return nullptr; }
    QAccessibleInterface* childAt(int, int) const override { return nullptr; }
    int childCount() const override { return 0; }
    int indexOfChild(const QAccessibleInterface*) const override { return -1; }
    QString text(QAccessible::Text kind) const override {
        return view_ && kind == QAccessible::Name ? view_->statusText() : QString();
    }
    void setText(QAccessible::Text, const QString&) override {}
    QRect rect() const override { return {}; }
    QAccessible::Role role() const override { return QAccessible::StatusBar; }
    QAccessible::State state() const override;

  private:
    QPointer<ConversationView> view_;
};

/// The interface of a message, made when it is not there; null when there is no such message.
QAccessibleInterface* accessibleMessage(ConversationView* view, int message);

}  // namespace tendril::ui

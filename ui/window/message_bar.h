// SPDX-License-Identifier: Apache-2.0
// One sentence that stays until it is read: a notice, an error, "Conversation deleted · Undo". GUI thread;
// owned by its parent.
#pragma once

#include <QFrame>

class QLabel;
class QPushButton;
class QTimer;
class QToolButton;

namespace tendril::ui {

class MessageBar final : public QFrame {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MessageBar)

  public:
    enum class Kind { info, warning, error };

    explicit MessageBar(Kind kind, QWidget* parent = nullptr);

    void setText(const QString& text);
    QString text() const;
    void setCompact();                    ///< without the sign at the left, for a narrow place
    void setAction(const QString& text);  ///< empty: no button; actionTriggered tells
    void closeAfter(
        int milliseconds);  ///< starts counting now; held while the mouse or the focus is on the bar

  Q_SIGNALS:
    void actionTriggered();
    void closed();  ///< by its button or by time; the owner hides or deletes it

  protected:
    void resizeEvent(QResizeEvent* event) override;

  private:
    void expire();

    QLabel* icon_;
    QLabel* label_;
    QPushButton* action_;
    QToolButton* close_;
    QTimer* timer_;
};

}  // namespace tendril::ui

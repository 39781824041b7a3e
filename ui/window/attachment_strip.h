// SPDX-License-Identifier: Apache-2.0
// The documents of the draft, above its text: one chip each, with what the model will get of it. Enter opens
// a chip's choices, Del takes it away. GUI thread; owned by the composer.
#pragma once

#include <QScrollArea>
#include <QToolButton>
#include <QVector>

#include "app/chat_types.h"

class QActionGroup;

namespace tendril::ui {

class AttachmentChip final : public QToolButton {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(AttachmentChip)

  public:
    explicit AttachmentChip(QWidget* parent);

    void setItem(const app::AttachmentItem& item);
    const app::AttachmentItem& item() const { return item_; }
    QSize sizeHint() const override;

  Q_SIGNALS:
    void choiceMade(tendril::app::AttachmentChoice choice);
    void removeRequested();
    void stepRequested(int by);

  protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

  private:
    void addChoice(QActionGroup* group, app::AttachmentChoice choice, const QString& text);

    app::AttachmentItem item_;
    QToolButton* remove_;
};

class AttachmentStrip final : public QScrollArea {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(AttachmentStrip)

  public:
    explicit AttachmentStrip(QWidget* parent = nullptr);

    /// The widget in front of the chips in the order of the Tab key.
    void setPredecessor(QWidget* widget) { predecessor_ = widget; }

    void setItems(const QVector<app::AttachmentItem>& items);
    bool isEmpty() const { return chips_.isEmpty(); }
    void focusFirst();

  Q_SIGNALS:
    void choiceRequested(qint64 document, tendril::app::AttachmentChoice choice);
    void removeRequested(qint64 document);
    void focusLeft();  ///< the chip that had the focus is gone and there is no other

  protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

  private:
    AttachmentChip* chipOf(qint64 document) const;
    AttachmentChip* makeChip(qint64 document);
    void step(const AttachmentChip* from, int by);
    void place();

    QVector<AttachmentChip*> chips_;
    QWidget* predecessor_ = nullptr;
};

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// How full the context is and with what, as a bar; its numbers are in its tool tip and its accessible
// description, all of them in the panel that it opens. GUI thread; part of the status line.
#pragma once

#include <array>

#include <QAbstractButton>

#include "app/chat_types.h"

namespace tendril::ui {

/// The parts of the context in the order in which they are drawn and told.
struct ContextPart {
    enum class Kind { system, documents, turns, draft, reserve, free };
    Kind kind = Kind::free;
    QString name;
    quint32 tokens = 0;
};
/// Parts that are known; empty when only the sum is. An answer that is written grows the turns.
QVector<ContextPart> contextParts(const app::ContextShares& shares, quint32 used);
/// The colour of a part; the answer's reserve is drawn hatched.
QColor contextColor(ContextPart::Kind kind);
void paintContextPart(QPainter& painter, const QRectF& rect, ContextPart::Kind kind);

class ContextMeter final : public QAbstractButton {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ContextMeter)

  public:
    explicit ContextMeter(QWidget* parent = nullptr);

    void setUse(quint32 used, quint32 limit, const app::ContextShares& shares);
    QSize sizeHint() const override { return {132, 22}; }

  protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

  private:
    quint32 used_ = 0;
    quint32 limit_ = 0;
    QVector<ContextPart> parts_;
};

}  // namespace tendril::ui

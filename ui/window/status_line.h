// SPDX-License-Identifier: Apache-2.0
// One quiet line: what the model runs on and why, how fast, how full the context is, what was read again. GUI
// thread; owned by the main window.
#pragma once

#include <QWidget>

#include "app/chat_types.h"

class QLabel;
class QTimer;

namespace tendril::ui {

class ElidedLabel;

/// How full the context is, drawn; its numbers are in its accessible name and in the text beside it.
class ContextMeter final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ContextMeter)

  public:
    explicit ContextMeter(QWidget* parent = nullptr);

    void setUse(quint32 used, quint32 limit);
    QSize sizeHint() const override { return {72, 8}; }

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    double share_ = 0;
};

class StatusLine final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(StatusLine)

  public:
    explicit StatusLine(QWidget* parent = nullptr);

    void setModel(const app::ModelState& state);
    void setTurn(const app::TurnStatus& status);
    void setContextUsed(quint32 used, quint32 limit);  ///< by what is open and typed now
    void showHint(const QString& text);                ///< instead of the device, for some seconds
    QString text() const;                              ///< all of it, as a screen reader gets it

  protected:
    void resizeEvent(QResizeEvent* event) override;

  private:
    void fit();
    void updateDevice();
    void setContext(quint32 used, quint32 limit);

    ElidedLabel* device_;
    QLabel* activity_;
    QLabel* read_;
    QLabel* context_;
    ContextMeter* meter_;
    QTimer* hintTimer_;
    QString deviceText_;
    app::TurnStatus turn_;
    quint32 modelLimit_ = 0;
    QString modelPath_;
};

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// One quiet line: what the model runs on and why, how fast, how full the context is, what was read again. GUI
// thread; owned by the main window.
#pragma once

#include <QWidget>

#include "app/chat_types.h"

class QLabel;
class QTimer;
class QToolButton;

namespace tendril::ui {

class ContextMeter;
class ElidedLabel;

class StatusLine final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(StatusLine)

  public:
    explicit StatusLine(QWidget* parent = nullptr);

    void setModel(const app::ModelState& state);
    void setTurn(const app::TurnStatus& status);
    void setPlan(const app::ContextPlanItem& plan);  ///< of what is open and typed now
    void setMemoryWork(const app::MemoryWorkItem& work);
    void showHint(const QString& text);  ///< instead of the device, for some seconds
    QString text() const;                ///< all of it, as a screen reader gets it
    ContextMeter& meter() { return *meter_; }

  Q_SIGNALS:
    void contextRequested();
    void cancelMemoryRequested();

  protected:
    void resizeEvent(QResizeEvent* event) override;

  private:
    void fit();
    void updateDevice();
    void setContext(quint32 used, quint32 limit);

    ElidedLabel* device_;
    QLabel* activity_;
    QLabel* read_;
    QLabel* memory_;  ///< how far the shortening is
    QToolButton* cancelMemory_;
    QLabel* context_;
    ContextMeter* meter_;
    QTimer* hintTimer_;
    QString deviceText_;
    app::TurnStatus turn_;
    app::ContextShares shares_;
    quint32 modelLimit_ = 0;
    QString modelPath_;
};

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// What the loaded model keeps of what it has read: how much in memory and on the disk, how exactly, and the
// way to clear it. Part of the model chooser's popup; GUI thread.
#pragma once

#include <QWidget>

#include "app/chat_types.h"
#include "app/settings.h"

class QComboBox;
class QLabel;
class QPushButton;
class QTimer;

namespace tendril::ui {

class CachePanel final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CachePanel)

  public:
    explicit CachePanel(QWidget* parent = nullptr);

    void setStatus(const app::CacheStatus& status);
    void setKv(app::KvChoice choice);  ///< of the loaded model, without telling

  Q_SIGNALS:
    void statusWanted();  ///< now and then while it is seen
    void clearRequested();
    void kvChosen(tendril::app::KvChoice choice);

  protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

  private:
    QLabel* memory_;
    QLabel* disk_;
    QComboBox* kv_;
    QPushButton* clear_;
    QTimer* timer_;
};

}  // namespace tendril::ui

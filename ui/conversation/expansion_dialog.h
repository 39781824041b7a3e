// SPDX-License-Identifier: Apache-2.0
// How one answer was made: why in points or in one piece, its outline, and how long each point took. GUI
// thread; the view opens it, it deletes itself.
#pragma once

#include <QDialog>

#include "app/chat_types.h"

namespace tendril::ui {

class ExpansionDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ExpansionDialog)

  public:
    explicit ExpansionDialog(const app::MessageItem& item, QWidget* parent = nullptr);

  Q_SIGNALS:
    void retryRequested();  ///< as a normal answer

  private:
    QWidget* outline(const app::ExpansionItem& expansion);
};

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// A text that an answer was made with, to be read and copied: a source, a summary. Plain text; opens nothing.
// GUI thread; the view opens it, it deletes itself.
#pragma once

#include <QDialog>

namespace tendril::ui {

class TextDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TextDialog)

  public:
    /// What stands in `text` and is `marked` is selected and in sight.
    TextDialog(const QString& title, const QString& about, const QString& text, const QString& marked,
               QWidget* parent = nullptr);
};

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// A field for several lines of plain text: the base of every such field that a person may write in. GUI
// thread; owned by its parent.
#pragma once

#include <QMimeData>
#include <QPlainTextEdit>

namespace tendril::ui {

class TextEdit : public QPlainTextEdit {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TextEdit)

  public:
    using QPlainTextEdit::QPlainTextEdit;

  protected:
    /// Qt 6.4 looks at the first format of what is pasted without asking whether there is one, and ends the
    /// program when the clipboard is empty.
    void insertFromMimeData(const QMimeData* source) override {
        if (source != nullptr && !source->formats().isEmpty()) {
            QPlainTextEdit::insertFromMimeData(source);
        }
    }
};

}  // namespace tendril::ui

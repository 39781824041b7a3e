// SPDX-License-Identifier: Apache-2.0
// A text to be read and copied. GUI thread.
#include "ui/conversation/text_dialog.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTextCursor>
#include <QVBoxLayout>

namespace tendril::ui {

TextDialog::TextDialog(const QString& title, const QString& about, const QString& text, const QString& marked,
                       QWidget* parent)
    : QDialog(parent) {
    setObjectName(QStringLiteral("textDialog"));
    setWindowTitle(title);
    auto* label = new QLabel(about, this);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    auto* edit = new QPlainTextEdit(this);
    edit->setPlainText(text);
    edit->setReadOnly(true);
    edit->setTabChangesFocus(true);
    edit->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    edit->setAccessibleName(about);
    auto* buttons = new QDialogButtonBox(this);
    QPushButton* close = buttons->addButton(QDialogButtonBox::Close);
    close->setText(tr("&Close"));
    close->setDefault(true);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(10);
    column->addWidget(label);
    column->addWidget(edit, 1);
    column->addWidget(buttons);
    resize(600, 420);
    edit->setFocus();
    if (const qsizetype at = marked.isEmpty() ? -1 : text.indexOf(marked); at >= 0) {
        QTextCursor cursor = edit->textCursor();
        cursor.setPosition(static_cast<int>(at + marked.size()));
        cursor.setPosition(static_cast<int>(at), QTextCursor::KeepAnchor);  // the beginning stays in sight
        edit->setTextCursor(cursor);
    }
}

}  // namespace tendril::ui

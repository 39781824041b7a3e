// SPDX-License-Identifier: Apache-2.0
// A text to be read and copied. GUI thread.
#include "ui/conversation/text_dialog.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace tendril::ui {

TextDialog::TextDialog(const QString& title, const QString& about, const QString& text, QWidget* parent)
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
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// See model_file_edit.h. GUI thread.
#include "ui/window/model_file_edit.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace tendril::ui {

ModelFileEdit::ModelFileEdit(const QString& name, const Words& words, QWidget* parent)
    : QWidget(parent), words_(words), field_(new QLineEdit(this)), note_(new QLabel(this)) {
    field_->setObjectName(name);
    field_->setPlaceholderText(words.without);
    field_->setClearButtonEnabled(true);
    field_->setAccessibleName(words.what);
    auto* button = new QPushButton(tr("Choose…"), this);
    button->setObjectName(name + QStringLiteral("Choose"));
    button->setAccessibleName(words.choose);
    button->setAutoDefault(false);
    note_->setObjectName(name + QStringLiteral("Note"));
    note_->setProperty("problem", true);
    note_->setWordWrap(true);
    note_->hide();
    auto* row = new QHBoxLayout;
    row->setSpacing(8);  // else that of the column
    row->addWidget(field_, 1);
    row->addWidget(button);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addLayout(row);
    column->addWidget(note_);
    setFocusProxy(field_);
    connect(field_, &QLineEdit::textChanged, this, [this] {
        check();
        Q_EMIT changed();
    });
    connect(button, &QPushButton::clicked, this, &ModelFileEdit::choose);
}

QString ModelFileEdit::file() const {
    return field_->text().trimmed();
}

void ModelFileEdit::setFile(const QString& file) {
    if (field_->text() != file) {
        field_->setText(file);
    }
    check();  // it may have come or gone meanwhile
}

void ModelFileEdit::check() {
    const bool missing = !file().isEmpty() && !QFileInfo(file()).isFile();
    const QString said =
        missing ? tr("There is no such file.") + QLatin1Char(' ') + words_.missing : QString();
    note_->setText(said);
    note_->setVisible(missing);
    field_->setAccessibleDescription(missing ? said : accessibleDescription());
}

void ModelFileEdit::choose() {
    auto* dialog = new QFileDialog(this, words_.choose);
    dialog->setObjectName(field_->objectName() + QStringLiteral("Dialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Language models (*.gguf)"), tr("All files (*)")});
    const QString folder = file().isEmpty() ? folder_ : QFileInfo(file()).absolutePath();
    if (!folder.isEmpty()) {
        dialog->setDirectory(folder);
    }
    connect(dialog, &QFileDialog::fileSelected, field_, &QLineEdit::setText);
    dialog->open();
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The small dialogs. GUI thread.
#include "ui/window/dialogs.h"

#include <QAction>
#include <QCoreApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "ui/window/icons.h"
#include "ui/window/text_edit.h"

namespace tendril::ui {

namespace {

struct Text {
    Q_DECLARE_TR_FUNCTIONS(tendril::ui::Dialogs)
};

QDialog* newDialog(QWidget* parent, const QString& title, const char* name) {
    auto* dialog = new QDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(title);
    dialog->setObjectName(QString::fromLatin1(name));
    return dialog;
}

QLabel* wrapped(const QString& text, QWidget* parent, bool muted = false) {
    auto* label = new QLabel(text, parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setProperty("muted", muted);
    return label;
}

/// A shortcut, drawn like a key.
QLabel* keyLabel(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    QFont font = label->font();
    font.setWeight(QFont::DemiBold);
    label->setFont(font);
    label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    return label;
}

struct FixedKey {
    QString keys;
    QString what;
};

void addGroup(QGridLayout* grid, int& row, const QString& title, const QVector<FixedKey>& keys,
              QWidget* parent) {
    if (keys.isEmpty()) {
        return;
    }
    QLabel* heading = wrapped(title, parent, true);
    QFont font = heading->font();
    font.setWeight(QFont::DemiBold);
    heading->setFont(font);
    heading->setContentsMargins(0, row == 0 ? 0 : 12, 0, 2);
    grid->addWidget(heading, row++, 0, 1, 2);
    for (const FixedKey& key : keys) {
        grid->addWidget(new QLabel(key.what, parent), row, 0);
        grid->addWidget(keyLabel(key.keys, parent), row++, 1);
    }
}

}  // namespace

QDialog* showPromptDialog(QWidget* parent, const QString& text,
                          std::function<void(const QString&)> accepted) {
    QDialog* dialog = newDialog(parent, Text::tr("System prompt of this conversation"), "promptDialog");
    auto* edit = new TextEdit(text, dialog);
    edit->setObjectName(QStringLiteral("promptEdit"));
    edit->setAccessibleName(Text::tr("System prompt"));
    edit->setPlaceholderText(Text::tr("For example: You are a patient teacher of mathematics."));
    edit->setTabChangesFocus(true);
    auto* buttons = new QDialogButtonBox(dialog);
    QPushButton* save = buttons->addButton(Text::tr("Save"), QDialogButtonBox::AcceptRole);
    save->setAccessibleName(Text::tr("Save the system prompt"));
    save->setDefault(true);
    save->setProperty("accent", true);
    QPushButton* cancel = buttons->addButton(Text::tr("Cancel"), QDialogButtonBox::RejectRole);
    cancel->setAccessibleName(Text::tr("Cancel"));
    auto* column = new QVBoxLayout(dialog);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(12);
    column->addWidget(
        wrapped(Text::tr("What the model is told before the first message. A change counts from the next "
                         "answer on; the model then reads the conversation again."),
                dialog, true));
    column->addWidget(edit, 1);
    column->addWidget(buttons);
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
    QObject::connect(buttons, &QDialogButtonBox::accepted, dialog, [=] {
        if (edit->toPlainText() != text) {
            accepted(edit->toPlainText());
        }
        dialog->accept();
    });
    dialog->resize(520, 320);
    dialog->open();
    edit->setFocus();
    return dialog;
}

QDialog* showShortcutsDialog(QWidget* parent, const QVector<ShortcutGroup>& groups) {
    QDialog* dialog = newDialog(parent, Text::tr("Keyboard shortcuts"), "shortcutsDialog");
    auto* page = new QWidget(dialog);
    auto* grid = new QGridLayout(page);
    grid->setContentsMargins(4, 4, 16, 4);
    grid->setHorizontalSpacing(32);
    grid->setVerticalSpacing(5);
    grid->setColumnStretch(0, 1);
    int row = 0;
    addGroup(grid, row, Text::tr("Writing"),
             {{Text::tr("Enter"), Text::tr("Send")},
              {Text::tr("Shift+Enter"), Text::tr("Break the line")},
              {Text::tr("Up"), Text::tr("Edit the last message, when nothing is written")}},
             page);
    for (const ShortcutGroup& group : groups) {
        QVector<FixedKey> keys;
        for (const QAction* action : group.actions) {
            if (!action->shortcut().isEmpty()) {
                QString name = action->text();
                name.remove(QLatin1Char('&')).remove(QStringLiteral("…"));
                keys.append({action->shortcut().toString(QKeySequence::NativeText), name});
            }
        }
        addGroup(grid, row, group.title, keys, page);
    }
    addGroup(grid, row, Text::tr("On a message in the conversation"),
             {{QStringLiteral("R"), Text::tr("Retry: another answer")},
              {QStringLiteral("N"), Text::tr("Retry as a normal answer")},
              {QStringLiteral("D"), Text::tr("How this answer was made")},
              {QStringLiteral("G"), Text::tr("Continue the answer")},
              {QStringLiteral("E"), Text::tr("Edit your message")},
              {QStringLiteral("C"), Text::tr("Copy the message")},
              {QStringLiteral("P"), Text::tr("Pin: the model always gets it in full")},
              {QStringLiteral("X"), Text::tr("Exclude: the model never gets it")},
              {QStringLiteral("S"), Text::tr("Show or hide the sources of the answer")},
              {QStringLiteral("M"), Text::tr("Show or hide what the model has of older messages")},
              {QStringLiteral("F"), Text::tr("Restore the full text for the model")}},
             page);
    addGroup(grid, row, Text::tr("On a document of your message"),
             {{Text::tr("Enter"), Text::tr("Choose how the model gets it")},
              {Text::tr("Delete"), Text::tr("Remove it from the message")}},
             page);
    addGroup(grid, row, Text::tr("List of conversations"),
             {{Text::tr("Enter"), Text::tr("Open")}, {Text::tr("Delete"), Text::tr("Delete; can be undone")}},
             page);
    grid->setRowStretch(row, 1);

    auto* scroll = new QScrollArea(dialog);
    scroll->setObjectName(QStringLiteral("shortcuts"));
    scroll->setAccessibleName(Text::tr("Keyboard shortcuts"));
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(page);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
    buttons->button(QDialogButtonBox::Close)->setAccessibleName(Text::tr("Close"));
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
    auto* column = new QVBoxLayout(dialog);
    column->setContentsMargins(16, 16, 16, 16);
    column->addWidget(scroll, 1);
    column->addWidget(buttons);
    dialog->resize(480, 620);
    dialog->open();
    return dialog;
}

QDialog* showAboutDialog(QWidget* parent) {
    QDialog* dialog = newDialog(parent, Text::tr("About Tendril"), "aboutDialog");
    auto* picture = new QLabel(dialog);
    picture->setPixmap(programIcon().pixmap(QSize(64, 64), parent->devicePixelRatioF()));
    picture->setAlignment(Qt::AlignTop);
    auto* title = new QLabel(Text::tr("Tendril %1").arg(QCoreApplication::applicationVersion()), dialog);
    QFont font = title->font();
    font.setPointSizeF(font.pointSizeF() * 1.5);
    font.setWeight(QFont::DemiBold);
    title->setFont(font);
    auto* text = new QVBoxLayout;
    text->setSpacing(8);
    text->addWidget(title);
    text->addWidget(
        wrapped(Text::tr("A desktop chat with language models that run on this computer."), dialog));
    text->addSpacing(4);
    for (const QString& promise :
         {Text::tr("No network: Tendril opens no connection, sends no statistics and looks for no updates."),
          Text::tr("Nothing is lost: every message is saved as it is written, and what is deleted can be "
                   "brought back."),
          Text::tr("Nothing is silent: what the model did not read, and why something is slow or not "
                   "possible, is said in "
                   "words."),
          Text::tr("Your files stay yours: models are used where they lie, conversations can be exported at "
                   "any time.")}) {
        auto* row = new QHBoxLayout;
        row->setSpacing(8);
        auto* mark = new QLabel(dialog);
        mark->setPixmap(icon(QStringLiteral("check"), IconColor::good)
                            .pixmap(QSize(16, 16), parent->devicePixelRatioF()));
        row->addWidget(mark, 0, Qt::AlignTop);
        row->addWidget(wrapped(promise, dialog), 1);
        text->addLayout(row);
    }
    text->addSpacing(4);
    text->addWidget(wrapped(Text::tr("Free software under the Apache License 2.0. Uses Qt %1 under the LGPL.")
                                .arg(QString::fromLatin1(qVersion())),
                            dialog, true));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
    buttons->button(QDialogButtonBox::Close)->setAccessibleName(Text::tr("Close"));
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
    auto* row = new QHBoxLayout;
    row->setSpacing(20);
    row->addWidget(picture, 0, Qt::AlignTop);
    row->addLayout(text, 1);
    auto* column = new QVBoxLayout(dialog);
    column->setContentsMargins(20, 20, 20, 16);
    column->setSpacing(16);
    column->addLayout(row);
    column->addWidget(buttons);
    dialog->setMinimumWidth(500);
    dialog->open();
    return dialog;
}

}  // namespace tendril::ui

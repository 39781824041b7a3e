// SPDX-License-Identifier: Apache-2.0
// The settings' page on documents and on what becomes of old turns. GUI thread.
#include <cmath>

#include <QCheckBox>
#include <QComboBox>
#include <QFileInfo>
#include <QFormLayout>
#include <QSpinBox>

#include "ui/window/settings_dialog.h"
#include "ui/window/settings_form.h"

namespace tendril::ui {

QComboBox* SettingsDialog::chooser(const char* name) {
    auto* box = new QComboBox(this);
    box->setObjectName(QString::fromLatin1(name));
    fitWidth(*box);
    box->setFocusPolicy(Qt::StrongFocus);
    box->installEventFilter(this);
    connect(box, &QComboBox::currentIndexChanged, this, &SettingsDialog::tellSoon);
    return box;
}

QWidget* SettingsDialog::memoryPage() {
    auto* page = new QWidget(this);
    QFormLayout* form = newForm(page);
    shorten_ = choice(tr("Shorten old turns before the context is full"), "shortenMemory");
    addRow(form, tr("&Old turns"), shorten_,
           tr("In idle moments. The conversation keeps its full text, a line shows where the model's memory "
              "begins to be short, and the full text can be restored."));
    memoryMethod_ = chooser("memoryMethod");
    memoryMethod_->addItem(tr("A summary by the model"), static_cast<int>(app::MemoryMethod::summary));
    memoryMethod_->addItem(tr("Their text, shortened"), static_cast<int>(app::MemoryMethod::shortened));
    memoryMethod_->addItem(tr("Left out"), static_cast<int>(app::MemoryMethod::leaveOut));
    addRow(form, tr("&In their place"), memoryMethod_,
           tr("What the model has of them afterwards. Pinned messages always stay whole."));
    compressMethod_ = chooser("compressMethod");
    using app::TextMethod;
    compressMethod_->addItem(tr("Automatic"), static_cast<int>(TextMethod::automatic));
    compressMethod_->addItem(tr("Rare words, at once"), static_cast<int>(TextMethod::frequency));
    compressMethod_->addItem(tr("Selective Context, by the model"), static_cast<int>(TextMethod::selective));
    compressMethod_->addItem(tr("LLMLingua, by the model"), static_cast<int>(TextMethod::llmlingua));
    addRow(
        form, tr("Shortening of &texts"), compressMethod_,
        tr("How documents are made shorter when you choose so. Numbers, negations, code, tables, quotations "
           "and headings always stay."));
    compressRate_ = whole(5, 100, 5);
    compressRate_->setObjectName(QStringLiteral("compressRate"));
    compressRate_->setSuffix(tr(" % of the tokens"));
    addRow(form, tr("&Keep"), compressRate_, {});
    prune_ = choice(tr("Keep of whole documents what the model looks at"), "pruneDocuments");
    addRow(form, tr("&Documents"), prune_,
           tr("Of those that a conversation begins with: after an answer, half of the memory that they take "
              "is given back. The text stays, and the full one can be restored. Not for models with sliding "
              "windows, and not on the graphics card."));
    scorer_ = modelFile("scorerModel", {tr("Model that judges which words matter"),
                                        tr("Choose a model that judges which words matter"),
                                        tr("The loaded model"), tr("The loaded model judges.")});
    addRow(form, tr("&Judge"), scorer_,
           tr("A small GGUF model that judges which words matter. Without one the loaded model does it."));
    embedding_ = modelFile("embeddingModel",
                           {tr("Model that searches documents by meaning"),
                            tr("Choose a model that searches documents by meaning"),
                            tr("None: by words alone"), tr("Documents are searched by their words alone.")});
    addRow(form, tr("&Search with"), embedding_,
           tr("A GGUF model made for embeddings. With one, documents are searched by meaning as well as by "
              "words."));
    return page;
}

ModelFileEdit* SettingsDialog::modelFile(const char* name, const ModelFileEdit::Words& words) {
    auto* edit = new ModelFileEdit(QString::fromLatin1(name), words, this);
    connect(edit, &ModelFileEdit::changed, this, &SettingsDialog::tellSoon);
    return edit;
}

void SettingsDialog::showMemory(const app::Settings& settings) {
    shorten_->setChecked(settings.shortenMemory);
    prune_->setChecked(settings.pruneDocuments);
    memoryMethod_->setCurrentIndex(memoryMethod_->findData(static_cast<int>(settings.memoryMethod)));
    compressMethod_->setCurrentIndex(compressMethod_->findData(static_cast<int>(settings.compressMethod)));
    compressRate_->setValue(static_cast<int>(std::lround(settings.compressRate * 100)));
    const QString folder =
        settings.lastModel.isEmpty() ? QString() : QFileInfo(settings.lastModel).absolutePath();
    scorer_->setFolder(folder);
    embedding_->setFolder(folder);
    scorer_->setFile(settings.scorerModel);
    embedding_->setFile(settings.embeddingModel);
}

void SettingsDialog::readMemory(app::Settings& settings) const {
    settings.shortenMemory = shorten_->isChecked();
    settings.pruneDocuments = prune_->isChecked();
    settings.memoryMethod = static_cast<app::MemoryMethod>(memoryMethod_->currentData().toInt());
    settings.compressMethod = static_cast<app::TextMethod>(compressMethod_->currentData().toInt());
    if (std::lround(settings.compressRate * 100) != compressRate_->value()) {
        settings.compressRate = compressRate_->value() / 100.0;
    }
    settings.scorerModel = scorer_->file();
    settings.embeddingModel = embedding_->file();
}

}  // namespace tendril::ui

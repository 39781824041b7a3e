// SPDX-License-Identifier: Apache-2.0
// The window's documents and the model's memory: what is attached, what the context holds, what becomes of
// old turns. GUI thread.
#include <QAction>
#include <QFileDialog>
#include <QStandardPaths>

#include "ui/conversation/conversation_view.h"
#include "ui/conversation/documents.h"
#include "ui/window/composer.h"
#include "ui/window/context_meter.h"
#include "ui/window/context_panel.h"
#include "ui/window/format.h"
#include "ui/window/main_window.h"
#include "ui/window/settings_dialog.h"
#include "ui/window/status_line.h"

namespace tendril::ui {

using app::ChatPort;

namespace {
constexpr qsizetype kMostFiles = 16;  ///< at once
constexpr qsizetype kPlannedShown = 2;
}  // namespace

void MainWindow::connectMemory() {
    connect(&port_, &ChatPort::attachmentsChanged, this, &MainWindow::showAttachments);
    connect(&port_, &ChatPort::contextPlanned, this, &MainWindow::showPlan);
    connect(&port_, &ChatPort::memoryMarksChanged, this, &MainWindow::showMarks);
    connect(&port_, &ChatPort::memoryWorkChanged, this, &MainWindow::showMemoryWork);
    connect(composer_, &Composer::filesPasted, this, &MainWindow::attachFiles);
    connect(composer_, &Composer::attachRequested, this, &MainWindow::chooseAttachments);
    connect(composer_, &Composer::attachmentRemoved, &port_, &ChatPort::removeAttachment);
    connect(composer_, &Composer::attachmentChosen, &port_, &ChatPort::setAttachmentChoice);
    connect(composer_, &Composer::plannedRequested, this, &MainWindow::openContextPanel);
    connect(status_, &StatusLine::contextRequested, this, &MainWindow::openContextPanel);
    connect(status_, &StatusLine::cancelMemoryRequested, &port_, &ChatPort::cancelMemoryWork);
    connect(contextPanel_, &ContextPanel::shortenRequested, this, &MainWindow::shortenNow);
    connect(contextPanel_, &ContextPanel::cancelRequested, &port_, &ChatPort::cancelMemoryWork);
    connect(contextPanel_, &ContextPanel::automaticChanged, this, [this](bool automatic) {
        app::Settings changed = settings_;
        changed.shortenMemory = automatic;
        applySettings(changed, true);
        if (settingsDialog_ != nullptr) {
            settingsDialog_->setSettings(settings_);
        }
    });
}

void MainWindow::attachFiles(const QStringList& paths) {
    if (conversation_ == 0 || paths.isEmpty()) {
        return;
    }
    if (composer_->editing()) {
        status_->showHint(tr("Documents cannot be attached while a sent message is edited"));
        return;
    }
    if (paths.size() > kMostFiles) {
        showNotice(tr("Only the first %1 of %2 files are attached.").arg(kMostFiles).arg(paths.size()),
                   conversation_);
    }
    port_.attachFiles(paths.mid(0, kMostFiles));
    composer_->focusEditor();
}

void MainWindow::chooseAttachments() {
    if (conversation_ == 0) {
        return;
    }
    auto* dialog = new QFileDialog(this, tr("Attach documents"));
    dialog->setObjectName(QStringLiteral("attachDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setNameFilters(
        {tr("Documents and source files (*)"), tr("PDF (*.pdf)"), tr("Texts and Markdown (*.txt *.md)")});
    dialog->setDirectory(QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation));
    connect(dialog, &QFileDialog::filesSelected, this, &MainWindow::attachFiles);
    dialog->open();
}

void MainWindow::showAttachments(const QVector<app::AttachmentItem>& documents) {
    composer_->setAttachments(documents);
    for (const app::AttachmentItem& document : documents) {
        documentNames_.insert(document.id, document.name);
    }
    showPlan(plan_);
}

void MainWindow::showPlan(const app::ContextPlanItem& plan) {
    plan_ = plan;
    status_->setPlan(plan);
    for (const app::MessageItem& item : std::as_const(messages_)) {
        for (const app::AttachmentItem& document : item.documents) {
            documentNames_.insert(document.id, document.name);
        }
    }
    contextPanel_->setPlan(plan, documentNames_);
    // What a person has chosen for a document stands on its chip; the line is for what comes by itself.
    QStringList lines;
    qsizetype count = 0;
    for (const app::PlannedItem& item : plan.ifSent) {
        if (item.document == 0 || item.kind == app::MemoryChange::left_out) {
            ++count;
            if (lines.size() < kPlannedShown) {
                lines << plannedLine(item, documentNames_.value(item.document));
            }
        }
    }
    QString text = lines.join(QStringLiteral("; "));
    if (count > lines.size()) {
        text += tr("; and %1 more").arg(count - lines.size());
    }
    if (plan.limit > 0 && plan.used > plan.limit) {
        composer_->setPlanned(
            tr("This does not fit: with room for the answer it takes %1 tokens, and the context holds "
               "%2.")
                .arg(formatCount(plan.used), formatCount(plan.limit)));
    } else {
        composer_->setPlanned(text.isEmpty() ? text : tr("When sent: %1.").arg(text));
    }
    updateActions();
}

void MainWindow::showMarks(const QVector<app::MemoryMarkItem>& marks) {
    marks_ = marks;
    view_->setMemoryMarks(marks);
    updateActions();
}

void MainWindow::showMemoryWork(const app::MemoryWorkItem& work) {
    working_ = work.running;
    if (!work.running && !work.what.isEmpty()) {
        status_->showHint(work.what);  // why nothing was done
    }
    status_->setMemoryWork(work);
    contextPanel_->setWork(work);
    updateActions();
}

void MainWindow::openContextPanel() {
    contextPanel_->setAutomatic(settings_.shortenMemory);
    contextPanel_->showAbove(status_->meter());
}

void MainWindow::shortenNow() {
    if (!turn_.generating && !working_) {
        port_.shortenNow();
    }
}

void MainWindow::restoreNewest() {
    for (qsizetype i = marks_.size(); i-- > 0;) {
        if (marks_[i].undoable) {
            port_.restoreFullText(marks_[i].id);
            return;
        }
    }
}

}  // namespace tendril::ui

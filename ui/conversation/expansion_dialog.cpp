// SPDX-License-Identifier: Apache-2.0
// How one answer was made. GUI thread.
#include "ui/conversation/expansion_dialog.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/conversation/points.h"

namespace tendril::ui {
namespace {

QString seconds(double ms) {
    return ExpansionDialog::tr("%1 s").arg(QLocale().toString(ms / 1000, 'f', 1));
}

QString timesOf(const app::ExpansionItem& expansion) {
    QStringList parts;
    if (expansion.outlineMs > 0) {
        parts.append(ExpansionDialog::tr("outline after %1").arg(seconds(expansion.outlineMs)));
    }
    if (expansion.firstTextMs > 0) {
        parts.append(ExpansionDialog::tr("first text after %1").arg(seconds(expansion.firstTextMs)));
    }
    if (expansion.totalMs > 0) {
        parts.append(ExpansionDialog::tr("all after %1").arg(seconds(expansion.totalMs)));
    }
    QString text = parts.join(QStringLiteral(", "));
    return text.isEmpty() ? text : text.left(1).toUpper() + text.mid(1) + QLatin1Char('.');
}

QLabel* line(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

}  // namespace

ExpansionDialog::ExpansionDialog(const app::MessageItem& item, QWidget* parent) : QDialog(parent) {
    const app::ExpansionItem& expansion = item.expansion;
    setWindowTitle(tr("How this answer was made"));
    setObjectName(QStringLiteral("expansionDialog"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(10);
    const QString summary = expansionLine(item);
    column->addWidget(line(summary.isEmpty() ? expansion.reason : summary, this));
    if (expansion.skeleton && !expansion.reason.isEmpty()) {
        column->addWidget(line(tr("Why: %1").arg(expansion.reason), this));
    }
    if (!expansion.points.isEmpty()) {
        column->addWidget(outline(expansion), 1);
    }
    if (const QString times = timesOf(expansion); !times.isEmpty()) {
        column->addWidget(line(times, this));
    }
    if (!item.footer.isEmpty()) {
        column->addWidget(line(item.footer, this));
    }
    auto* buttons = new QDialogButtonBox(this);
    QPushButton* close = buttons->addButton(QDialogButtonBox::Close);
    close->setText(tr("&Close"));
    const bool busy = item.state == app::MessageState::waiting || item.state == app::MessageState::streaming;
    if (expansion.skeleton && !busy) {
        QPushButton* retry =
            buttons->addButton(tr("&Retry as a normal answer"), QDialogButtonBox::ActionRole);
        retry->setObjectName(QStringLiteral("retryNormally"));
        retry->setAutoDefault(false);
        connect(retry, &QPushButton::clicked, this, [this] {
            Q_EMIT retryRequested();
            accept();
        });
    }
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addWidget(buttons);
    close->setDefault(true);
    resize(560, expansion.points.isEmpty() ? sizeHint().height() : 400);
}

QWidget* ExpansionDialog::outline(const app::ExpansionItem& expansion) {
    auto* tree = new QTreeWidget(this);
    tree->setObjectName(QStringLiteral("outline"));
    tree->setAccessibleName(tr("Outline"));
    tree->setRootIsDecorated(false);
    tree->setUniformRowHeights(true);
    tree->setTabKeyNavigation(false);
    tree->setHeaderLabels({tr("Point"), tr("State"), tr("Tokens"), tr("Written after")});
    for (const app::PointItem& point : expansion.points) {
        const QString state = pointStateName(point.state);
        const bool known = point.tokens > 0;
        auto* row =
            new QTreeWidgetItem(tree, {plainHeading(point.heading), state.isEmpty() ? tr("written") : state,
                                       known ? QLocale().toString(point.tokens) : QString(),
                                       known ? seconds(point.ms) : QString()});
        row->setTextAlignment(2, Qt::AlignRight | Qt::AlignVCenter);
        row->setTextAlignment(3, Qt::AlignRight | Qt::AlignVCenter);
        row->setToolTip(0, row->text(0).toHtmlEscaped());
    }
    tree->header()->setStretchLastSection(false);
    tree->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    for (int i = 1; i < 4; ++i) {
        tree->header()->setSectionResizeMode(i, QHeaderView::ResizeToContents);
    }
    tree->setCurrentItem(tree->topLevelItem(0));
    return tree;
}

}  // namespace tendril::ui

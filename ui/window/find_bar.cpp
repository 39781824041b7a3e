// SPDX-License-Identifier: Apache-2.0
// Find in the open conversation. GUI thread.
#include "ui/window/find_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QToolButton>

#include "ui/window/icons.h"

namespace tendril::ui {

FindBar::FindBar(QWidget* parent) : QWidget(parent), edit_(new QLineEdit(this)), result_(new QLabel(this)) {
    setObjectName(QStringLiteral("findBar"));
    setAttribute(Qt::WA_StyledBackground);
    edit_->setObjectName(QStringLiteral("findField"));
    edit_->setPlaceholderText(tr("Find in this conversation"));
    edit_->setAccessibleName(tr("Find in this conversation"));
    edit_->setMaximumWidth(360);
    edit_->setMaxLength(500);
    edit_->installEventFilter(this);
    result_->setProperty("muted", true);
    const auto button = [this](const char* name, const QString& text) {
        auto* made = new QToolButton(this);
        made->setIcon(icon(QString::fromLatin1(name)));
        made->setToolTip(text);
        made->setAccessibleName(text);
        made->setFocusPolicy(Qt::StrongFocus);
        return made;
    };
    QToolButton* previous = button("chevron-up", tr("Previous (Shift+F3)"));
    QToolButton* next = button("chevron-down", tr("Next (F3)"));
    QToolButton* close = button("close", tr("Close (Esc)"));

    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 6, 12, 6);
    row->setSpacing(6);
    row->addWidget(edit_, 1);
    row->addWidget(previous);
    row->addWidget(next);
    row->addWidget(result_);
    row->addStretch();
    row->addWidget(close);

    connect(edit_, &QLineEdit::textChanged, this, [this](const QString& text) {
        result_->clear();
        Q_EMIT findRequested(text, true);
    });
    connect(next, &QToolButton::clicked, this, [this] { Q_EMIT findRequested(edit_->text(), true); });
    connect(previous, &QToolButton::clicked, this, [this] { Q_EMIT findRequested(edit_->text(), false); });
    connect(close, &QToolButton::clicked, this, &FindBar::closed);
}

void FindBar::open() {
    show();
    edit_->setFocus(Qt::ShortcutFocusReason);
    edit_->selectAll();
}

void FindBar::setText(const QString& text) {
    const QSignalBlocker quiet(edit_);
    edit_->setText(text);
}

QString FindBar::text() const {
    return edit_->text();
}

void FindBar::setFound(bool found) {
    const QString text = found || edit_->text().isEmpty() ? QString() : tr("Not found");
    result_->setText(text);
    result_->setAccessibleName(text);
}

void FindBar::setMatches(int current, int total) {
    if (!edit_->text().isEmpty() && total > 0) {
        const QString text = tr("%1 of %2", "the match shown, all matches").arg(current).arg(total);
        result_->setText(text);
        result_->setAccessibleName(text);
    }
}

bool FindBar::eventFilter(QObject* watched, QEvent* event) {
    if (watched == edit_ &&
        (event->type() == QEvent::ShortcutOverride || event->type() == QEvent::KeyPress)) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Escape) {
            if (event->type() == QEvent::KeyPress) {
                Q_EMIT closed();
            }
            event->accept();
            return true;
        }
        if (event->type() == QEvent::KeyPress &&
            (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter)) {
            Q_EMIT findRequested(edit_->text(), !key->modifiers().testFlag(Qt::ShiftModifier));
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace tendril::ui

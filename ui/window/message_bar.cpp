// SPDX-License-Identifier: Apache-2.0
// One sentence with an optional button. GUI thread.
#include "ui/window/message_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTimer>
#include <QToolButton>

#include "ui/window/icons.h"

namespace tendril::ui {

namespace {

struct Look {
    const char* name;
    const char* icon;
    IconColor color;
};

Look lookOf(MessageBar::Kind kind) {
    switch (kind) {
        case MessageBar::Kind::info:
            return {"info", "info", IconColor::good};
        case MessageBar::Kind::warning:
            return {"warning", "warning", IconColor::warning};
        case MessageBar::Kind::error:
            return {"error", "warning", IconColor::error};
    }
    return {"info", "info", IconColor::good};
}

}  // namespace

MessageBar::MessageBar(Kind kind, QWidget* parent)
    : QFrame(parent),
      icon_(new QLabel(this)),
      label_(new QLabel(this)),
      action_(new QPushButton(this)),
      close_(new QToolButton(this)),
      timer_(new QTimer(this)) {
    const Look look = lookOf(kind);
    setObjectName(QStringLiteral("messageBar"));
    setProperty("kind", QString::fromLatin1(look.name));
    icon_->setPixmap(
        icon(QString::fromLatin1(look.icon), look.color).pixmap(QSize(18, 18), devicePixelRatioF()));
    label_->setWordWrap(true);
    label_->setTextFormat(Qt::PlainText);
    label_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label_->setObjectName(QStringLiteral("messageBarText"));
    label_->setAccessibleName(tr("Notice"));
    action_->setProperty("link", true);
    action_->setAccessibleName(tr("What can be done"));
    action_->hide();
    close_->setIcon(icon(QStringLiteral("close"), look.color));
    close_->setIconSize(QSize(14, 14));
    close_->setToolTip(tr("Close"));
    close_->setAccessibleName(tr("Close this notice"));

    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 6, 8, 6);
    row->setSpacing(8);
    row->addWidget(icon_);
    row->addWidget(label_, 1);
    row->addWidget(action_);
    row->addWidget(close_);

    timer_->setSingleShot(true);
    connect(timer_, &QTimer::timeout, this, &MessageBar::expire);
    connect(action_, &QPushButton::clicked, this, &MessageBar::actionTriggered);
    connect(close_, &QToolButton::clicked, this, &MessageBar::closed);
}

void MessageBar::setText(const QString& text) {
    label_->setText(text);
    label_->setAccessibleName(text.isEmpty() ? tr("Notice") : text);
    setAccessibleName(text);
}

void MessageBar::setCompact() {
    icon_->hide();
}

QString MessageBar::text() const {
    return label_->text();
}

void MessageBar::setAction(const QString& text) {
    action_->setText(text);
    action_->setAccessibleName(text);
    action_->setVisible(!text.isEmpty());
}

void MessageBar::closeAfter(int milliseconds) {
    timer_->setInterval(milliseconds);
    timer_->start();
}

void MessageBar::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    label_->setMinimumHeight(
        label_->heightForWidth(label_->width()));  // in a low window the conversation gives way, not the text
}

void MessageBar::expire() {
    if (underMouse() || action_->hasFocus() || close_->hasFocus()) {
        timer_->start();
        return;
    }
    Q_EMIT closed();
}

}  // namespace tendril::ui

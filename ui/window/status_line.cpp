// SPDX-License-Identifier: Apache-2.0
// The status line. GUI thread.
#include "ui/window/status_line.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QTimer>

#include "ui/window/elided_label.h"
#include "ui/window/format.h"
#include "ui/window/theme.h"

namespace tendril::ui {

namespace {
constexpr int kHintMs = 6000;
constexpr double kNearlyFull = 0.85;
constexpr int kGap = 16;
constexpr int kDeviceWidth = 150;  ///< at least, margins included
}  // namespace

ContextMeter::ContextMeter(QWidget* parent) : QWidget(parent) {
    setFixedSize(ContextMeter::sizeHint());
    setAccessibleName(tr("Context used"));
}

void ContextMeter::setUse(quint32 used, quint32 limit) {
    share_ = limit == 0 ? 0 : std::min(1.0, static_cast<double>(used) / limit);
    const QString text =
        limit == 0 ? tr("No context yet")
                   : tr("%1 of %2 tokens of context used").arg(formatCount(used), formatCount(limit));
    setToolTip(text);
    setAccessibleName(text);
    update();
}

void ContextMeter::paintEvent(QPaintEvent*) {
    const ThemeColors& colors = currentColors();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    QRectF bar = QRectF(rect()).adjusted(0, 1.5, 0, -1.5);
    painter.setBrush(colors.border);
    painter.drawRoundedRect(bar, 2.5, 2.5);
    if (share_ > 0) {
        bar.setWidth(std::max(5.0, bar.width() * share_));
        painter.setBrush(share_ >= kNearlyFull ? colors.warning : colors.accent);
        painter.drawRoundedRect(bar, 2.5, 2.5);
    }
}

StatusLine::StatusLine(QWidget* parent)
    : QWidget(parent),
      device_(new ElidedLabel(this)),
      activity_(new QLabel(this)),
      read_(new QLabel(this)),
      context_(new QLabel(this)),
      meter_(new ContextMeter(this)),
      hintTimer_(new QTimer(this)) {
    setObjectName(QStringLiteral("statusLine"));
    setAttribute(Qt::WA_StyledBackground);
    for (QLabel* label : {static_cast<QLabel*>(device_), activity_, read_, context_}) {
        label->setProperty("muted", true);
        label->setTextFormat(Qt::PlainText);
        QFont font = label->font();
        font.setPointSizeF(font.pointSizeF() * 0.9);
        label->setFont(font);
    }
    device_->setObjectName(QStringLiteral("device"));
    activity_->setObjectName(QStringLiteral("activity"));
    read_->setObjectName(QStringLiteral("read"));
    context_->setObjectName(QStringLiteral("context"));

    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 2, 16, 8);
    row->setSpacing(kGap);
    row->addWidget(device_, 1);
    row->addWidget(activity_);
    row->addWidget(read_);
    auto* context = new QHBoxLayout;
    context->setSpacing(8);
    context->addWidget(meter_, 0, Qt::AlignVCenter);
    context->addWidget(context_);
    row->addLayout(context);

    hintTimer_->setSingleShot(true);
    hintTimer_->setInterval(kHintMs);
    connect(hintTimer_, &QTimer::timeout, this, &StatusLine::updateDevice);
    setContext(0, 0);
    setTurn({});
}

void StatusLine::setModel(const app::ModelState& state) {
    using Kind = app::ModelState::Kind;
    switch (state.kind) {
        case Kind::none:
            deviceText_ = tr("No model loaded");
            break;
        case Kind::loading:
            deviceText_ = tr("Loading the model, %1 %").arg(static_cast<int>(state.progress * 100));
            break;
        case Kind::failed:
            deviceText_ = tr("The model could not be loaded");
            break;
        case Kind::ready:
            deviceText_ = state.device;
            break;
    }
    modelLimit_ = state.kind == Kind::ready ? state.contextLimit : 0;
    if (state.kind == Kind::loading || state.path != modelPath_) {
        modelPath_ = state.path;  // another model counts other tokens, and has read none of them
        setTurn({});
    }
    setContext(turn_.contextUsed, turn_.contextLimit != 0 ? turn_.contextLimit : modelLimit_);
    if (!hintTimer_->isActive()) {
        updateDevice();
    }
}

void StatusLine::setTurn(const app::TurnStatus& status) {
    const bool changed = turn_.generating != status.generating;
    turn_ = status;
    QString activity;
    if (status.generating && status.tokensPerSecond <= 0) {
        activity = tr("Reading the prompt, %1 %").arg(static_cast<int>(status.prefillShare * 100));
    } else if (status.tokensPerSecond > 0) {
        activity = tr("%1 tokens/s").arg(QLocale().toString(status.tokensPerSecond, 'f', 1));
    }
    activity_->setText(activity);
    activity_->setVisible(!activity.isEmpty());
    const bool read = status.readTokens > 0 || status.reusedTokens > 0;
    read_->setText(read ? tr("read %1 new, %2 reused")
                              .arg(formatCount(status.readTokens), formatCount(status.reusedTokens))
                        : QString());
    read_->setToolTip(tr("Tokens of the newest prompt: read now, and taken from the cache"));
    setContext(status.contextUsed, status.contextLimit != 0 ? status.contextLimit : modelLimit_);
    if (changed) {  // the beginning and the end of an answer are told to screen readers, not each token
        activity_->setAccessibleName(status.generating ? tr("The answer is being written")
                                                       : tr("The answer is complete"));
        QAccessibleEvent event(activity_, QAccessible::NameChanged);
        QAccessible::updateAccessibility(&event);
    }
}

void StatusLine::setContextUsed(quint32 used, quint32 limit) {
    if (!turn_.generating) {
        turn_.contextUsed = used;
        turn_.contextLimit = limit;
        setContext(used, limit);
    }
}

void StatusLine::setContext(quint32 used, quint32 limit) {
    meter_->setUse(used, limit);
    context_->setText(
        limit > 0 ? tr("%1 / %2 tokens", "context used, limit").arg(formatCount(used), formatCount(limit))
                  : QString());
    context_->setToolTip(meter_->toolTip());
    fit();
}

void StatusLine::fit() {
    // What is said first is kept longest: speed, context, what was read; the device takes what is left.
    int room = width() - kDeviceWidth - activity_->sizeHint().width();
    const auto offer = [&room](QWidget* widget, bool wanted, int needed) {
        const bool shown = wanted && room >= needed;
        widget->setVisible(shown);
        room -= shown ? needed : 0;
    };
    const bool limited = !context_->text().isEmpty();
    offer(context_, limited, context_->sizeHint().width() + kGap);
    offer(meter_, limited, meter_->sizeHint().width() + kGap);
    offer(read_, !read_->text().isEmpty(), read_->sizeHint().width() + kGap);
}

void StatusLine::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fit();
}

void StatusLine::showHint(const QString& text) {
    device_->setFullText(text);
    hintTimer_->start();
    QAccessibleEvent event(device_, QAccessible::NameChanged);
    QAccessible::updateAccessibility(&event);
}

void StatusLine::updateDevice() {
    device_->setFullText(deviceText_);
}

QString StatusLine::text() const {
    QStringList parts(device_->fullText());
    for (const QLabel* label : {activity_, read_, context_}) {
        if (!label->text().isEmpty()) {
            parts << label->text();
        }
    }
    return parts.join(QStringLiteral(" · "));
}

}  // namespace tendril::ui

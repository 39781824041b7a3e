// SPDX-License-Identifier: Apache-2.0
// The status line. GUI thread.
#include "ui/window/status_line.h"

#include <utility>

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QTimer>
#include <QToolButton>

#include "ui/window/context_meter.h"
#include "ui/window/elided_label.h"
#include "ui/window/format.h"
#include "ui/window/icons.h"

namespace tendril::ui {

namespace {
constexpr int kHintMs = 6000;
constexpr int kGap = 16;
constexpr int kDeviceWidth = 150;  ///< at least, margins included
}  // namespace

StatusLine::StatusLine(QWidget* parent)
    : QWidget(parent),
      device_(new ElidedLabel(this)),
      activity_(new QLabel(this)),
      read_(new QLabel(this)),
      memory_(new QLabel(this)),
      cancelMemory_(new QToolButton(this)),
      context_(new QLabel(this)),
      meter_(new ContextMeter(this)),
      hintTimer_(new QTimer(this)) {
    setObjectName(QStringLiteral("statusLine"));
    setAttribute(Qt::WA_StyledBackground);
    for (QLabel* label : {static_cast<QLabel*>(device_), activity_, read_, memory_, context_}) {
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
    memory_->setObjectName(QStringLiteral("memoryWork"));
    cancelMemory_->setObjectName(QStringLiteral("cancelShortening"));
    cancelMemory_->setIcon(icon(QStringLiteral("close"), IconColor::muted));
    cancelMemory_->setIconSize(QSize(12, 12));
    cancelMemory_->setFixedSize(22, 22);
    cancelMemory_->setFocusPolicy(Qt::StrongFocus);
    cancelMemory_->setAccessibleName(tr("Cancel the shortening"));
    cancelMemory_->setToolTip(tr("Cancel the shortening"));

    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 2, 16, 8);
    row->setSpacing(kGap);
    row->addWidget(device_, 1);
    row->addWidget(activity_);
    row->addWidget(read_);
    auto* memory = new QHBoxLayout;
    memory->setSpacing(2);
    memory->addWidget(memory_);
    memory->addWidget(cancelMemory_);
    row->addLayout(memory);
    auto* context = new QHBoxLayout;
    context->setSpacing(8);
    context->addWidget(meter_, 0, Qt::AlignVCenter);
    context->addWidget(context_);
    row->addLayout(context);

    hintTimer_->setSingleShot(true);
    hintTimer_->setInterval(kHintMs);
    connect(hintTimer_, &QTimer::timeout, this, &StatusLine::updateDevice);
    connect(meter_, &ContextMeter::clicked, this, &StatusLine::contextRequested);
    connect(cancelMemory_, &QToolButton::clicked, this, &StatusLine::cancelMemoryRequested);
    memory_->hide();
    cancelMemory_->hide();
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
        shares_ = {};
        setTurn({});
    }
    setContext(turn_.contextUsed, turn_.contextLimit != 0 ? turn_.contextLimit : modelLimit_);
    if (!hintTimer_->isActive()) {
        updateDevice();
    }
}

void StatusLine::setTurn(const app::TurnStatus& status) {
    const bool changed = turn_.generating != status.generating;
    const app::TurnStatus before = std::exchange(turn_, status);
    const bool waits = status.generating && status.contextUsed == 0;  // for a document or a model
    if (waits) {
        turn_.contextUsed = before.contextUsed;
        turn_.contextLimit = before.contextLimit;
    }
    QString activity;
    if (waits) {
        activity = tr("The answer waits");
    } else if (status.generating && status.tokensPerSecond <= 0) {
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
    setContext(turn_.contextUsed, turn_.contextLimit != 0 ? turn_.contextLimit : modelLimit_);
    if (changed) {  // the beginning and the end of an answer are told to screen readers, not each token
        activity_->setAccessibleName(status.generating ? tr("The answer is being written")
                                                       : tr("The answer is complete"));
        QAccessibleEvent event(activity_, QAccessible::NameChanged);
        QAccessible::updateAccessibility(&event);
    }
}

void StatusLine::setPlan(const app::ContextPlanItem& plan) {
    if (!turn_.generating) {
        shares_ = plan.shares;
        turn_.contextUsed = plan.used;
        turn_.contextLimit = plan.limit;
        setContext(plan.used, plan.limit);
    }
}

void StatusLine::setMemoryWork(const app::MemoryWorkItem& work) {
    const bool began = work.running && memory_->isHidden();
    const int percent = qRound(qBound(0.0, work.progress, 1.0) * 100);
    QString what = work.what;
    while (what.endsWith(QLatin1Char('.'))) {
        what.chop(1);
    }
    memory_->setText(
        work.running ? tr("%1, %2 %", "what is being shortened, progress").arg(what, QString::number(percent))
                     : QString());
    memory_->setVisible(work.running);
    cancelMemory_->setVisible(work.running);
    if (began) {  // the beginning is told to screen readers, not each step
        memory_->setAccessibleName(work.what);
        QAccessibleEvent event(memory_, QAccessible::NameChanged);
        QAccessible::updateAccessibility(&event);
    }
    fit();
}

void StatusLine::setContext(quint32 used, quint32 limit) {
    meter_->setUse(used, limit, shares_.limit == limit ? shares_ : app::ContextShares());
    context_->setText(
        limit > 0 ? tr("%1 / %2 tokens", "context used, limit").arg(formatCount(used), formatCount(limit))
                  : QString());
    context_->setToolTip(meter_->toolTip());
    fit();
}

void StatusLine::fit() {
    // What is said first is kept longest: speed, context, what was read; the device takes what is left.
    // While the memory is being shortened, that is said instead of the device where both have no room.
    const bool working = !memory_->isHidden();
    int room = width() - (working ? 0 : kDeviceWidth) - activity_->sizeHint().width();
    if (working) {
        room -= memory_->sizeHint().width() + cancelMemory_->width() + kGap;
    }
    const auto offer = [&room](QWidget* widget, bool wanted, int needed) {
        const bool shown = wanted && room >= needed;
        widget->setVisible(shown);
        room -= shown ? needed : 0;
    };
    const bool limited = !context_->text().isEmpty();
    offer(meter_, limited, meter_->sizeHint().width() + kGap);
    offer(context_, limited, context_->sizeHint().width() + kGap);
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
    for (const QLabel* label : {activity_, read_, memory_, context_}) {
        if (!label->text().isEmpty()) {
            parts << label->text();
        }
    }
    return parts.join(QStringLiteral(" · "));
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The panel of the cache. GUI thread.
#include "ui/window/cache_panel.h"

#include <QAccessible>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

#include "ui/window/format.h"

namespace tendril::ui {

namespace {
constexpr int kAskMs = 1000;
}  // namespace

CachePanel::CachePanel(QWidget* parent)
    : QWidget(parent),
      memory_(new QLabel(this)),
      disk_(new QLabel(this)),
      kv_(new QComboBox(this)),
      clear_(new QPushButton(this)),
      timer_(new QTimer(this)) {
    setObjectName(QStringLiteral("cachePanel"));
    auto* heading = new QLabel(tr("What the model need not read again"), this);
    QFont bold = heading->font();
    bold.setWeight(QFont::DemiBold);
    heading->setFont(bold);
    memory_->setObjectName(QStringLiteral("cacheMemory"));
    disk_->setObjectName(QStringLiteral("cacheDisk"));
    for (QLabel* label : {memory_, disk_}) {
        label->setProperty("muted", true);
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
    }
    kv_->setObjectName(QStringLiteral("kvType"));
    kv_->addItem(tr("16 bits: exact"), static_cast<int>(app::KvChoice::f16));
    kv_->addItem(tr("8 bits: half the memory"), static_cast<int>(app::KvChoice::q8_0));
    kv_->addItem(tr("4 bits: a quarter, less exact"), static_cast<int>(app::KvChoice::q4_0));
    kv_->setAccessibleName(tr("How exactly this model keeps what it has read"));
    kv_->setToolTip(tr("How exactly this model keeps what it has read. A change loads the model again."));
    clear_->setObjectName(QStringLiteral("clearCache"));
    clear_->setAutoDefault(true);

    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(kv_, 1);
    row->addWidget(clear_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(4, 2, 4, 2);
    column->setSpacing(4);
    column->addWidget(heading);
    column->addWidget(memory_);
    column->addWidget(disk_);
    column->addSpacing(4);
    column->addLayout(row);

    timer_->setInterval(kAskMs);
    connect(timer_, &QTimer::timeout, this, &CachePanel::statusWanted);
    connect(clear_, &QPushButton::clicked, this, &CachePanel::clearRequested);
    connect(kv_, &QComboBox::activated, this,
            [this](int index) { Q_EMIT kvChosen(static_cast<app::KvChoice>(kv_->itemData(index).toInt())); });
    setStatus({});
}

void CachePanel::setStatus(const app::CacheStatus& status) {
    memory_->setText(tr("In memory: %1 of %2, %3 tokens")
                         .arg(formatBytes(status.memoryUsed), formatBytes(status.memoryBytes),
                              formatCount(status.tokensKept)));
    disk_->setText(status.diskNote.isEmpty()
                       ? tr("On the disk: %1 of at most %2")
                             .arg(formatBytes(status.diskBytes), formatBytes(status.diskQuota))
                       : tr("Not on the disk: %1").arg(status.diskNote));
    const quint64 size = status.memoryUsed + status.diskBytes;
    clear_->setText(tr("Clear (%1)").arg(formatBytes(size)));
    clear_->setAccessibleName(tr("Clear what the model has read, %1").arg(formatBytes(size)));
    clear_->setToolTip(tr("Conversations stay; the model reads them again when they go on."));
    clear_->setEnabled(size > 0);
    if (status.cleared) {
        QAccessibleEvent event(clear_, QAccessible::NameChanged);
        QAccessible::updateAccessibility(&event);
    }
}

void CachePanel::setKv(app::KvChoice choice) {
    kv_->setCurrentIndex(kv_->findData(static_cast<int>(choice)));
}

void CachePanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    timer_->start();
    Q_EMIT statusWanted();
}

void CachePanel::hideEvent(QHideEvent* event) {
    timer_->stop();
    QWidget::hideEvent(event);
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The panel of the context. GUI thread.
#include "ui/window/context_panel.h"

#include <algorithm>

#include <QAccessible>
#include <QCheckBox>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QScreen>
#include <QVBoxLayout>

#include "ui/conversation/documents.h"
#include "ui/window/context_meter.h"
#include "ui/window/format.h"

namespace tendril::ui {

namespace {

constexpr int kWidth = 430;
constexpr qsizetype kLinesShown = 8;  // of what is planned; the rest is counted

/// The colour of a part beside its name; the name says what it is.
class Swatch final : public QWidget {
  public:
    Swatch(ContextPart::Kind kind, QWidget* parent) : QWidget(parent), kind_(kind) { setFixedSize(14, 14); }

  protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        paintContextPart(painter, QRectF(rect()).adjusted(1, 1, -1, -1), kind_);
    }

  private:
    ContextPart::Kind kind_;
};

QLabel* plainLabel(QWidget* parent, bool muted) {
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setProperty("muted", muted);
    return label;
}

}  // namespace

ContextPanel::ContextPanel(QWidget* parent)
    : QFrame(parent, Qt::Popup),
      sum_(plainLabel(this, true)),
      grid_(new QGridLayout),
      planned_(plainLabel(this, false)),
      workRow_(new QWidget(this)),
      work_(plainLabel(workRow_, true)),
      progress_(new QProgressBar(workRow_)),
      cancel_(new QPushButton(tr("Cancel"), workRow_)),
      shorten_(new QPushButton(tr("&Shorten now"), this)),
      automatic_(new QCheckBox(tr("Shorten old turns by &itself in idle moments"), this)) {
    setObjectName(QStringLiteral("contextPanel"));
    setAccessibleName(tr("What the model has in its context"));
    auto* heading = new QLabel(tr("What the model has in its context"), this);
    QFont bold = heading->font();
    bold.setWeight(QFont::DemiBold);
    heading->setFont(bold);
    sum_->setObjectName(QStringLiteral("contextSum"));
    planned_->setObjectName(QStringLiteral("contextPlanned"));
    grid_->setHorizontalSpacing(8);
    grid_->setVerticalSpacing(4);
    grid_->setColumnStretch(1, 1);
    progress_->setRange(0, 1000);
    progress_->setTextVisible(false);
    progress_->setAccessibleName(tr("Progress of the shortening"));
    cancel_->setObjectName(QStringLiteral("cancelMemory"));
    cancel_->setAccessibleName(tr("Cancel the shortening"));
    cancel_->setAutoDefault(true);
    shorten_->setObjectName(QStringLiteral("shortenNow"));
    shorten_->setAccessibleName(tr("Shorten the model's memory of old turns now"));
    shorten_->setToolTip(tr("The conversation keeps its full text. The full text can be restored."));
    shorten_->setAutoDefault(true);
    automatic_->setObjectName(QStringLiteral("shortenMemory"));
    automatic_->setAccessibleName(tr("Shorten old turns by itself in idle moments"));

    auto* workColumn = new QGridLayout(workRow_);
    workColumn->setContentsMargins(0, 0, 0, 0);
    workColumn->addWidget(work_, 0, 0);
    workColumn->addWidget(progress_, 1, 0);
    workColumn->addWidget(cancel_, 0, 1, 2, 1);
    workColumn->setColumnStretch(0, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(14, 12, 14, 12);
    column->setSpacing(8);
    column->addWidget(heading);
    column->addWidget(sum_);
    column->addLayout(grid_);
    auto* rule = new QFrame(this);
    rule->setObjectName(QStringLiteral("rule"));
    rule->setFixedHeight(1);
    column->addWidget(rule);
    column->addWidget(planned_);
    column->addWidget(workRow_);
    column->addWidget(shorten_, 0, Qt::AlignLeft);
    column->addWidget(automatic_);
    workRow_->hide();

    connect(shorten_, &QPushButton::clicked, this, &ContextPanel::shortenRequested);
    connect(cancel_, &QPushButton::clicked, this, &ContextPanel::cancelRequested);
    connect(automatic_, &QCheckBox::toggled, this, &ContextPanel::automaticChanged);
    setPlan({}, {});
}

void ContextPanel::showParts(const app::ContextPlanItem& plan) {
    for (QWidget* widget : std::as_const(rows_)) {
        widget->hide();
        widget->deleteLater();
    }
    rows_.clear();
    int row = 0;
    for (const ContextPart& part : contextParts(plan.shares, plan.used)) {
        auto* swatch = new Swatch(part.kind, this);
        auto* name = new QLabel(part.name, this);
        auto* tokens = new QLabel(formatCount(part.tokens), this);
        tokens->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        name->setBuddy(tokens);
        grid_->addWidget(swatch, row, 0, Qt::AlignVCenter);
        grid_->addWidget(name, row, 1);
        grid_->addWidget(tokens, row, 2);
        rows_ << swatch << name << tokens;
        ++row;
    }
}

void ContextPanel::setPlan(const app::ContextPlanItem& plan, const QHash<qint64, QString>& names) {
    showParts(plan);
    sum_->setText(
        plan.limit == 0
            ? tr("No model is loaded, so there is no context yet.")
            : tr("%1 of %2 tokens of context used").arg(formatCount(plan.used), formatCount(plan.limit)));
    QStringList lines;
    for (const app::PlannedItem& item : plan.ifSent) {
        if (lines.size() < kLinesShown) {
            lines << QStringLiteral("• ") + plannedLine(item, names.value(item.document));
        }
    }
    if (plan.ifSent.size() > lines.size()) {
        lines << tr("and %1 more").arg(plan.ifSent.size() - lines.size());
    }
    const QString planned =
        plan.limit > 0 && plan.used > plan.limit ? tr("If you send now, it does not fit into the context.")
        : lines.isEmpty()
            ? (plan.limit == 0 ? QString() : tr("If you send now, nothing is shortened or left out."))
            : tr("If you send now:") + QLatin1Char('\n') + lines.join(QLatin1Char('\n'));
    planned_->setText(planned);
    planned_->setVisible(!planned.isEmpty());
    setAccessibleDescription(sum_->text() + QLatin1Char(' ') + planned);
    fit();
}

void ContextPanel::setAutomatic(bool automatic) {
    const QSignalBlocker quiet(automatic_);
    automatic_->setChecked(automatic);
}

void ContextPanel::setWork(const app::MemoryWorkItem& work) {
    const bool began = work.running && !working_;
    working_ = work.running;
    work_->setText(work.what);
    progress_->setValue(static_cast<int>(std::clamp(work.progress, 0.0, 1.0) * 1000));
    workRow_->setVisible(working_);
    shorten_->setEnabled(!working_ && idle_);
    if (began) {
        QAccessibleEvent event(this, QAccessible::DescriptionChanged);
        QAccessible::updateAccessibility(&event);
    }
    fit();
}

void ContextPanel::setIdle(bool idle) {
    idle_ = idle;
    shorten_->setEnabled(!working_ && idle_);
}

void ContextPanel::fit() {
    setFixedWidth(kWidth);
    layout()->activate();
    resize(kWidth, layout()->hasHeightForWidth() ? layout()->heightForWidth(kWidth) : sizeHint().height());
    if (anchor_ != nullptr && isVisible()) {
        showAbove(*anchor_);
    }
}

void ContextPanel::showAbove(const QWidget& anchor) {
    anchor_ = nullptr;
    fit();
    QPoint place = anchor.mapToGlobal(QPoint(anchor.width() - kWidth, -height() - 4));
    if (const QScreen* screen = anchor.screen()) {
        const QRect room = screen->availableGeometry();
        place.setX(std::clamp(place.x(), room.left(), std::max(room.left(), room.right() - kWidth)));
        place.setY(std::max(place.y(), room.top()));
    }
    move(place);
    if (!isVisible()) {
        show();
        (shorten_->isEnabled() ? static_cast<QWidget*>(shorten_) : automatic_)
            ->setFocus(Qt::PopupFocusReason);
    }
    anchor_ = &anchor;
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The documents of the draft. GUI thread.
#include "ui/window/attachment_strip.h"

#include <algorithm>

#include <QAccessible>
#include <QActionGroup>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QPointer>
#include <QScrollBar>

#include "ui/conversation/documents.h"
#include "ui/window/icons.h"
#include "ui/window/theme.h"

namespace tendril::ui {

namespace {

constexpr int kWidest = 480;
constexpr int kWidestError = 720;  // why a file cannot be used is read in full, where there is room
constexpr int kNarrowest = 180;
constexpr int kGap = 6;
constexpr int kRowsShown = 3;  // more are scrolled
constexpr int kIcon = 20;
constexpr int kPad = 9;
constexpr int kRoomRight = 44;  // for the arrow and the cross

QFont smallFont(const QFont& font) {
    QFont small = font;
    small.setPointSizeF(font.pointSizeF() * 0.9);
    return small;
}

QFont nameFont(const QFont& font) {
    QFont bold = font;
    bold.setWeight(QFont::DemiBold);
    return bold;
}

}  // namespace

AttachmentChip::AttachmentChip(QWidget* parent) : QToolButton(parent), remove_(new QToolButton(this)) {
    setObjectName(QStringLiteral("attachment"));
    setPopupMode(QToolButton::InstantPopup);
    setFocusPolicy(Qt::StrongFocus);
    auto* menu = new QMenu(this);
    auto* group = new QActionGroup(this);
    setMenu(menu);
    addChoice(group, app::AttachmentChoice::whole, tr("&Whole: every word of it"));
    addChoice(group, app::AttachmentChoice::shortened, tr("&Shortened: what matters of it"));
    addChoice(group, app::AttachmentChoice::searched, tr("S&earched: only places that fit the question"));
    menu->addSeparator();
    QAction* away = menu->addAction(tr("&Remove"));
    away->setShortcut(Qt::Key_Delete);
    away->setShortcutContext(Qt::WidgetShortcut);
    connect(away, &QAction::triggered, this, &AttachmentChip::removeRequested);
    remove_->setObjectName(QStringLiteral("removeAttachment"));
    remove_->setIcon(ui::icon(QStringLiteral("close"), IconColor::muted));
    remove_->setIconSize(QSize(12, 12));
    remove_->setFixedSize(22, 22);
    remove_->setFocusPolicy(Qt::NoFocus);  // Del on the chip does it
    remove_->setCursor(Qt::ArrowCursor);
    connect(remove_, &QToolButton::clicked, this, &AttachmentChip::removeRequested);
}

void AttachmentChip::addChoice(QActionGroup* group, app::AttachmentChoice choice, const QString& text) {
    QAction* action = menu()->addAction(text);
    action->setCheckable(true);
    action->setActionGroup(group);
    action->setData(static_cast<int>(choice));
    connect(action, &QAction::triggered, this, [this, choice] {
        if (choice != item_.choice) {
            Q_EMIT choiceMade(choice);
        }
    });
}

void AttachmentChip::setItem(const app::AttachmentItem& item) {
    const bool told = item.ready() != item_.ready() || item.choice != item_.choice;
    item_ = item;
    for (QAction* action : menu()->actions()) {
        if (action->isCheckable()) {
            action->setChecked(action->data().toInt() == static_cast<int>(item.choice));
            action->setEnabled(item.error.isEmpty());
        }
    }
    menu()->setAccessibleName(tr("What the model gets of %1").arg(item.name));
    const QString kind = item.kind.isEmpty() ? QString() : item.kind + QStringLiteral(", ");
    setAccessibleName(tr("Document %1, %2").arg(item.name, kind + attachmentDetails(item_)));
    setAccessibleDescription(tr("Enter chooses how the model gets it, Del removes it"));
    setToolTip(item.name.toHtmlEscaped() + QLatin1String("<br>") +
               (kind + attachmentDetails(item_)).toHtmlEscaped());
    remove_->setAccessibleName(tr("Remove %1").arg(item.name));
    remove_->setToolTip(tr("Remove (Del)"));
    if (told) {
        QAccessibleEvent event(this, QAccessible::NameChanged);
        QAccessible::updateAccessibility(&event);
    }
    updateGeometry();
    update();
}

QSize AttachmentChip::sizeHint() const {
    const QFontMetrics name(nameFont(font()));
    const QFontMetrics small(smallFont(font()));
    const int text =
        std::max(name.horizontalAdvance(item_.name), small.horizontalAdvance(attachmentDetails(item_)));
    const int width = text + kIcon + 2 * kPad + kRoomRight + 4;
    const int widest = item_.error.isEmpty() ? kWidest : kWidestError;
    return {std::clamp(width, kNarrowest, widest), name.height() + small.height() + 15};
}

void AttachmentChip::resizeEvent(QResizeEvent* event) {
    QToolButton::resizeEvent(event);
    remove_->move(width() - remove_->width() - 5, (height() - remove_->height()) / 2);
}

void AttachmentChip::paintEvent(QPaintEvent*) {
    const ThemeColors& colors = currentColors();
    const bool failed = !item_.error.isEmpty();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF frame = QRectF(rect()).adjusted(0.75, 0.75, -0.75, -0.75);
    painter.setPen(QPen(hasFocus() ? colors.accent
                        : failed   ? colors.error
                                   : colors.border,
                        hasFocus() ? 1.5 : 1));
    painter.setBrush(failed ? colors.errorBase : underMouse() || isDown() ? colors.hover : colors.window);
    painter.drawRoundedRect(frame, 9, 9);
    ui::icon(QStringLiteral("document"), failed ? IconColor::error : IconColor::muted)
        .paint(&painter, QRect(kPad, (height() - kIcon) / 2, kIcon, kIcon));
    const int left = kIcon + 2 * kPad;
    const int room = width() - left - kRoomRight;
    const QFontMetrics name(nameFont(font()));
    const QFontMetrics small(smallFont(font()));
    painter.setFont(nameFont(font()));
    painter.setPen(colors.text);
    painter.drawText(QRect(left, 6, room, name.height()), Qt::AlignLeft | Qt::AlignVCenter,
                     name.elidedText(item_.name, Qt::ElideMiddle, room));
    painter.setFont(smallFont(font()));
    painter.setPen(failed ? colors.error : colors.muted);
    painter.drawText(QRect(left, 7 + name.height(), room, small.height()), Qt::AlignLeft | Qt::AlignVCenter,
                     small.elidedText(attachmentDetails(item_), Qt::ElideRight, room));
    ui::icon(QStringLiteral("chevron-down"), IconColor::muted)
        .paint(&painter, QRect(width() - kRoomRight + 2, (height() - 12) / 2, 12, 12));
    if (!failed && item_.progress < 1) {
        const QRectF bar(left, height() - 5.5, room, 2.5);
        painter.setPen(Qt::NoPen);
        painter.setBrush(colors.border);
        painter.drawRoundedRect(bar, 1.2, 1.2);
        painter.setBrush(colors.accent);
        painter.drawRoundedRect(
            QRectF(bar.topLeft(),
                   QSizeF(std::max(3.0, bar.width() * std::clamp(item_.progress, 0.0, 1.0)), 2.5)),
            1.2, 1.2);
    }
}

void AttachmentChip::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
        case Qt::Key_Down:
            showMenu();
            return;
        case Qt::Key_Delete:
        case Qt::Key_Backspace:
            Q_EMIT removeRequested();
            return;
        case Qt::Key_Left:
            Q_EMIT stepRequested(-1);
            return;
        case Qt::Key_Right:
            Q_EMIT stepRequested(1);
            return;
        default:
            QToolButton::keyPressEvent(event);
    }
}

AttachmentStrip::AttachmentStrip(QWidget* parent) : QScrollArea(parent) {
    setObjectName(QStringLiteral("attachments"));
    setAccessibleName(tr("Documents of your message"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setWidget(new QWidget(this));
    widget()->setAutoFillBackground(false);  // setWidget() has switched it on
    viewport()->setAutoFillBackground(false);
    hide();
}

AttachmentChip* AttachmentStrip::chipOf(qint64 document) const {
    for (AttachmentChip* chip : chips_) {
        if (chip->item().id == document) {
            return chip;
        }
    }
    return nullptr;
}

AttachmentChip* AttachmentStrip::makeChip(qint64 document) {
    auto* chip = new AttachmentChip(widget());
    connect(chip, &AttachmentChip::choiceMade, this,
            [this, document](app::AttachmentChoice choice) { Q_EMIT choiceRequested(document, choice); });
    connect(chip, &AttachmentChip::removeRequested, this,
            [this, document] { Q_EMIT removeRequested(document); });
    connect(chip, &AttachmentChip::stepRequested, this, [this, chip](int by) { step(chip, by); });
    return chip;
}

void AttachmentStrip::setItems(const QVector<app::AttachmentItem>& items) {
    qsizetype focused = -1;
    for (qsizetype i = 0; i < chips_.size(); ++i) {
        focused = chips_[i]->hasFocus() ? i : focused;
    }
    QVector<AttachmentChip*> kept;
    AttachmentChip* added = nullptr;
    for (const app::AttachmentItem& item : items) {
        AttachmentChip* chip = chipOf(item.id);
        if (chip == nullptr || kept.contains(chip)) {
            chip = added = makeChip(item.id);
        }
        chip->setItem(item);
        kept.append(chip);
    }
    bool lost = false;
    for (AttachmentChip* chip : std::as_const(chips_)) {
        if (!kept.contains(chip)) {
            lost = lost || chip->hasFocus();
            chip->hide();
            chip->deleteLater();
        }
    }
    chips_ = kept;
    setVisible(!chips_.isEmpty());
    place();
    if (added != nullptr && focused < 0) {  // once there is room for it
        const auto show = [this, newest = QPointer<AttachmentChip>(added)] {
            if (newest != nullptr) {
                ensureWidgetVisible(newest, 0, kGap);
            }
        };
        QMetaObject::invokeMethod(this, show, Qt::QueuedConnection);
    }
    if (lost && chips_.isEmpty()) {
        Q_EMIT focusLeft();
    } else if (lost) {
        chips_[std::min(focused, chips_.size() - 1)]->setFocus(Qt::OtherFocusReason);
    }
}

void AttachmentStrip::step(const AttachmentChip* from, int by) {
    for (qsizetype i = 0; i < chips_.size(); ++i) {
        if (chips_[i] == from && i + by >= 0 && i + by < chips_.size()) {
            chips_[i + by]->setFocus(Qt::TabFocusReason);
            ensureWidgetVisible(chips_[i + by], 0, kGap);
            return;
        }
    }
}

void AttachmentStrip::focusFirst() {
    const auto broken = std::find_if(chips_.begin(), chips_.end(), [](const AttachmentChip* chip) {
        return !chip->item().error.isEmpty();
    });
    if (!chips_.isEmpty()) {
        AttachmentChip* chip = broken == chips_.end() ? chips_.first() : *broken;
        chip->setFocus(Qt::ShortcutFocusReason);
        ensureWidgetVisible(chip, 0, kGap);
    }
}

/// Chips side by side, in as many rows as they need.
void AttachmentStrip::place() {
    const int room = std::max(kNarrowest, width() - verticalScrollBar()->sizeHint().width());
    int x = 0;
    int y = 0;
    int row = 0;
    QWidget* before = predecessor_;
    for (AttachmentChip* chip : std::as_const(chips_)) {
        const QSize size = chip->sizeHint().boundedTo(QSize(room, 1000));
        if (x > 0 && x + size.width() > room) {
            x = 0;
            y += row + kGap;
        }
        row = size.height();
        chip->setGeometry(QRect(QPoint(x, y), size));
        chip->show();
        x += size.width() + kGap;
        if (before != nullptr) {
            setTabOrder(before, chip);
        }
        before = chip;
    }
    widget()->resize(room, y + row);
    setFixedHeight(std::min(y + row, kRowsShown * row + (kRowsShown - 1) * kGap));
}

void AttachmentStrip::resizeEvent(QResizeEvent* event) {
    QScrollArea::resizeEvent(event);
    place();
}

void AttachmentStrip::changeEvent(QEvent* event) {
    QScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange) {
        place();
    }
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The model chooser. GUI thread.
#include "ui/window/model_chooser.h"

#include <QApplication>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QListView>
#include <QProgressBar>
#include <QPushButton>
#include <QScreen>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/window/cache_panel.h"
#include "ui/window/icons.h"
#include "ui/window/list_delegates.h"
#include "ui/window/model_list.h"

namespace tendril::ui {

namespace {
constexpr int kPopupWidth = 420;
constexpr int kRowsShown = 6;
constexpr int kButtonTextWidth = 280;
}  // namespace

ModelPopup::ModelPopup(ModelList& models, QWidget* parent)
    : QFrame(parent, Qt::Popup),
      models_(models),
      list_(new QListView(this)),
      empty_(new QLabel(this)),
      open_(new QPushButton(tr("Open a model file…"), this)),
      rule_(new QFrame(this)),
      cache_(new CachePanel(this)) {
    setObjectName(QStringLiteral("modelPopup"));
    setAccessibleName(tr("Models"));
    list_->setObjectName(QStringLiteral("modelList"));
    list_->setAccessibleName(tr("Models found"));
    list_->setModel(&models_);
    list_->setItemDelegate(new TwoLineDelegate(list_));
    list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->setMouseTracking(true);
    list_->setTabKeyNavigation(false);
    list_->setUniformItemSizes(true);
    list_->installEventFilter(this);
    empty_->setWordWrap(true);
    empty_->setMargin(10);
    empty_->setProperty("muted", true);
    open_->setIcon(icon(QStringLiteral("folder")));
    open_->setAccessibleName(tr("Open a model file"));
    open_->setAutoDefault(true);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->setSpacing(8);
    column->addWidget(list_);
    column->addWidget(empty_);
    column->addWidget(open_);
    rule_->setObjectName(QStringLiteral("rule"));
    rule_->setFixedHeight(1);
    column->addWidget(rule_);
    column->addWidget(cache_);
    setCacheShown(false);

    connect(list_, &QListView::clicked, this, [this](const QModelIndex& index) {
        close();
        Q_EMIT chosen(index.row());
    });
    connect(open_, &QPushButton::clicked, this, [this] {
        close();
        Q_EMIT openFileRequested();
    });
    connect(&models_, &QAbstractItemModel::modelReset, this, &ModelPopup::fitSize);
}

void ModelPopup::setSearching(bool searching) {
    searching_ = searching;
    fitSize();
}

void ModelPopup::setCacheShown(bool shown) {
    rule_->setVisible(shown);
    cache_->setVisible(shown);
    fitSize();
}

void ModelPopup::fitSize() {
    const int rows = models_.rowCount();
    list_->setVisible(rows > 0);
    empty_->setVisible(rows == 0);
    empty_->setText(
        searching_
            ? tr("Looking for models…")
            : tr("No model was found in the model folders. Any GGUF file can be opened where it lies."));
    if (rows > 0) {
        list_->setFixedHeight(std::min(rows, kRowsShown) * list_->sizeHintForRow(0) + 2);
    }
    setFixedWidth(kPopupWidth);
    adjustSize();
}

void ModelPopup::showBelow(const QWidget& anchor, int row) {
    fitSize();
    QPoint place = anchor.mapToGlobal(QPoint(anchor.width() - kPopupWidth, anchor.height() + 4));
    if (const QScreen* screen = anchor.screen()) {
        const QRect room = screen->availableGeometry();
        place.setX(std::clamp(place.x(), room.left(), std::max(room.left(), room.right() - kPopupWidth)));
    }
    move(place);
    show();
    if (models_.rowCount() > 0) {
        list_->setCurrentIndex(models_.index(std::max(0, row)));
        list_->setFocus(Qt::PopupFocusReason);
    } else {
        open_->setFocus(Qt::PopupFocusReason);
    }
}

bool ModelPopup::eventFilter(QObject* watched, QEvent* event) {
    if (watched == list_ && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if ((key == Qt::Key_Return || key == Qt::Key_Enter) && list_->currentIndex().isValid()) {
            const int row = list_->currentIndex().row();
            close();
            Q_EMIT chosen(row);
            return true;
        }
    }
    return QFrame::eventFilter(watched, event);
}

ModelChooser::ModelChooser(QWidget* parent)
    : QWidget(parent),
      models_(new ModelList(this)),
      popup_(new ModelPopup(*models_, this)),
      button_(new QToolButton(this)),
      progress_(new QProgressBar(this)),
      cancel_(new QToolButton(this)) {
    button_->setObjectName(QStringLiteral("modelButton"));
    button_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button_->setIconSize(QSize(18, 18));
    button_->setFocusPolicy(Qt::StrongFocus);
    progress_->setTextVisible(false);
    progress_->setRange(0, 1000);
    progress_->setFixedWidth(96);
    progress_->setAccessibleName(tr("Loading the model"));
    cancel_->setIcon(icon(QStringLiteral("close"), IconColor::muted));
    cancel_->setIconSize(QSize(14, 14));
    cancel_->setToolTip(tr("Cancel loading"));
    cancel_->setAccessibleName(tr("Cancel loading the model"));
    cancel_->setFocusPolicy(Qt::StrongFocus);

    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(button_);
    row->addWidget(progress_, 0, Qt::AlignVCenter);
    row->addWidget(cancel_);

    connect(button_, &QToolButton::clicked, this, &ModelChooser::openPopup);
    connect(cancel_, &QToolButton::clicked, this, &ModelChooser::cancelRequested);
    connect(popup_, &ModelPopup::openFileRequested, this, &ModelChooser::openFileRequested);
    connect(popup_, &ModelPopup::chosen, this,
            [this](int index) { Q_EMIT modelChosen(models_->item(index).path); });
    setState({});
}

void ModelChooser::setState(const app::ModelState& state) {
    using Kind = app::ModelState::Kind;
    path_ = state.path;
    const QString name = state.name.isEmpty() ? QFileInfo(state.path).completeBaseName() : state.name;
    const bool loading = state.kind == Kind::loading;
    QString text;
    switch (state.kind) {
        case Kind::none:
        case Kind::failed:
            text = tr("Choose a model");
            break;
        case Kind::loading:
            text = tr("Loading %1").arg(name);
            break;
        case Kind::ready:
            text = name;
            break;
    }
    button_->setText(button_->fontMetrics().elidedText(text, Qt::ElideMiddle, kButtonTextWidth) +
                     QStringLiteral("  ▾"));
    button_->setIcon(
        icon(QStringLiteral("model"), state.kind == Kind::ready ? IconColor::good : IconColor::muted));
    button_->setAccessibleName(state.kind == Kind::ready ? tr("Model: %1").arg(name) : text);
    QString tip = state.path.isEmpty() ? QString() : state.path + QLatin1Char('\n');
    if (!state.givenName.isEmpty()) {
        tip += tr("Named “%1” in the file").arg(state.givenName) + QLatin1Char('\n');
    }
    button_->setToolTip(tip + tr("Choose a model (Ctrl+M)"));
    popup_->setCacheShown(state.kind == Kind::ready);
    progress_->setVisible(loading);
    progress_->setValue(static_cast<int>(state.progress * 1000));
    cancel_->setVisible(loading);
}

void ModelChooser::setModels(const QVector<app::ModelItem>& models) {
    models_->setModels(models);
    popup_->setSearching(false);
    if (popup_->isVisible()) {
        popup_->showBelow(*button_, models_->rowOf(path_));
    }
}

void ModelChooser::openPopup() {
    popup_->showBelow(*button_, models_->rowOf(path_));
    Q_EMIT modelsWanted();
}

bool ModelChooser::popupVisible() const {
    return popup_->isVisible();
}

}  // namespace tendril::ui

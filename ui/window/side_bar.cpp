// SPDX-License-Identifier: Apache-2.0
// Conversations at the left. GUI thread.
#include "ui/window/side_bar.h"

#include <QAction>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include "ui/window/conversation_model.h"
#include "ui/window/icons.h"
#include "ui/window/list_delegates.h"
#include "ui/window/message_bar.h"
#include "ui/window/search_model.h"

namespace tendril::ui {

namespace {
constexpr int kSearchDelayMs = 200;
constexpr int kUndoMs = 12000;
constexpr int kUndoTitle = 28;
}  // namespace

SideBar::SideBar(QWidget* parent)
    : QWidget(parent),
      new_(new QPushButton(tr("New conversation"), this)),
      search_(new QLineEdit(this)),
      searchTimer_(new QTimer(this)),
      pages_(new QStackedWidget(this)),
      list_(new QListView(pages_)),
      results_(new QListView(pages_)),
      empty_(new QLabel(pages_)),
      model_(new ConversationModel(this)),
      found_(new SearchModel(this)),
      undo_(new MessageBar(MessageBar::Kind::info, this)) {
    setObjectName(QStringLiteral("sideBar"));
    setAttribute(Qt::WA_StyledBackground);
    pages_->setMinimumWidth(170);  // its neighbours ask for what their texts need, at any text size
    new_->setObjectName(QStringLiteral("newConversation"));
    new_->setIcon(icon(QStringLiteral("new")));
    new_->setIconSize(QSize(18, 18));
    new_->setAccessibleName(tr("New conversation"));
    new_->setToolTip(tr("New conversation (Ctrl+N)"));
    buildSearch();
    buildList();
    empty_->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    empty_->setContentsMargins(12, 24, 12, 0);
    empty_->setWordWrap(true);
    empty_->setProperty("muted", true);
    pages_->addWidget(list_);
    pages_->addWidget(results_);
    pages_->addWidget(empty_);
    undo_->setCompact();
    undo_->hide();

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 10, 10, 10);
    column->setSpacing(8);
    column->addWidget(new_);
    column->addWidget(search_);
    column->addWidget(pages_, 1);
    column->addWidget(undo_);

    connect(new_, &QPushButton::clicked, this, &SideBar::newRequested);
    connect(undo_, &MessageBar::actionTriggered, this, &SideBar::undoDelete);
    connect(undo_, &MessageBar::closed, this, &SideBar::withdrawUndo);
}

void SideBar::buildSearch() {
    search_->setObjectName(QStringLiteral("searchField"));
    search_->setPlaceholderText(tr("Search conversations"));
    search_->setAccessibleName(tr("Search conversations"));
    search_->setClearButtonEnabled(true);
    search_->addAction(icon(QStringLiteral("search"), IconColor::muted), QLineEdit::LeadingPosition);
    search_->setMaxLength(500);
    search_->installEventFilter(this);
    searchTimer_->setSingleShot(true);
    searchTimer_->setInterval(kSearchDelayMs);
    const auto ask = [this] {
        searchTimer_->stop();
        Q_EMIT searchRequested(search_->text().trimmed());
    };
    connect(searchTimer_, &QTimer::timeout, this, ask);
    connect(search_, &QLineEdit::textChanged, this, [this](const QString& text) {
        if (text.trimmed().isEmpty()) {
            searchTimer_->stop();
            pages_->setCurrentWidget(list_);
            shownWords_.clear();
            openFirst_ = false;
            Q_EMIT searchRequested(QString());
        } else {
            searchTimer_->start();
        }
    });
    connect(search_, &QLineEdit::returnPressed, this, [this, ask] {
        if (search_->text().trimmed().isEmpty()) {
            return;
        }
        if (shownWords_ == search_->text().trimmed() && found_->rowCount() > 0) {
            openResult(std::max(0, results_->currentIndex().row()));
        } else {
            openFirst_ = true;
            ask();
        }
    });
}

void SideBar::buildList() {
    for (QListView* view : {list_, results_}) {
        view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
        view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        view->setMouseTracking(true);
        view->viewport()->setAutoFillBackground(false);
        view->setResizeMode(QListView::Adjust);
        view->setTabKeyNavigation(false);
        view->setFrameShape(QFrame::NoFrame);
        view->installEventFilter(this);
    }
    list_->setObjectName(QStringLiteral("conversationList"));
    list_->setAccessibleName(tr("Conversations"));
    list_->setModel(model_);
    list_->setItemDelegate(new ConversationDelegate(list_));
    list_->setEditTriggers(QAbstractItemView::EditKeyPressed);
    list_->setContextMenuPolicy(Qt::CustomContextMenu);
    results_->setObjectName(QStringLiteral("searchResults"));
    results_->setAccessibleName(tr("Search results"));
    results_->setModel(found_);
    results_->setItemDelegate(new TwoLineDelegate(results_));
    results_->setEditTriggers(QAbstractItemView::NoEditTriggers);

    const auto open = [this](const QModelIndex& index) {
        const qint64 id = index.data(ConversationModel::IdRole).toLongLong();
        if (id > 0) {
            Q_EMIT openRequested(id);
        }
    };
    connect(list_, &QListView::clicked, this, open);
    connect(list_, &QListView::activated, this, open);  // Enter; after a double click it is open already
    connect(list_, &QListView::customContextMenuRequested, this, &SideBar::showMenu);
    connect(model_, &ConversationModel::renamed, this, &SideBar::renameRequested);
    connect(results_, &QListView::clicked, this,
            [this](const QModelIndex& index) { openResult(index.row()); });
}

void SideBar::setConversations(const QVector<app::ConversationItem>& conversations) {
    model_->setConversations(conversations, QDate::currentDate());
}

void SideBar::setOpen(qint64 id) {
    model_->setOpen(id);
    const QModelIndex index = model_->indexOf(id);
    if (index.isValid() && list_->viewport()->findChild<QLineEdit*>() == nullptr) {
        list_->setCurrentIndex(index);
        list_->scrollTo(index);
    }
}

void SideBar::showResults(const QString& words, const QVector<app::SearchResult>& results) {
    if (words.isEmpty() || words != search_->text().trimmed()) {
        return;  // an answer to what has been typed over since
    }
    shownWords_ = words;
    found_->setResults(results);
    if (results.isEmpty()) {
        empty_->setText(tr("Nothing found for “%1”").arg(words));
        pages_->setCurrentWidget(empty_);
        openFirst_ = false;
        return;
    }
    results_->setCurrentIndex(found_->index(0));
    results_->scrollToTop();
    pages_->setCurrentWidget(results_);
    if (openFirst_) {
        openFirst_ = false;
        openResult(0);
    }
}

void SideBar::openResult(int row) {
    if (row >= 0 && row < found_->rowCount()) {
        results_->setCurrentIndex(found_->index(row));
        const app::SearchResult result = found_->result(row);
        Q_EMIT resultRequested(result.conversation, result.message, shownWords_);
    }
}

void SideBar::showMenu(const QPoint& position) {
    const qint64 id = list_->indexAt(position).data(ConversationModel::IdRole).toLongLong();
    if (id <= 0) {
        return;
    }
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(icon(QStringLiteral("rename")), tr("Rename"), this, [this, id] { startRename(id); });
    menu->addAction(icon(QStringLiteral("export")), tr("Export…"), this,
                    [this, id] { Q_EMIT exportRequested(id); });
    menu->addAction(icon(QStringLiteral("trash")), tr("Delete"), this,
                    [this, id] { Q_EMIT deleteRequested(id); });
    menu->popup(list_->viewport()->mapToGlobal(position));
}

void SideBar::offerUndo(qint64 id, const QString& title) {
    undoId_ = id;
    QString name = title;
    if (name.size() > kUndoTitle) {
        name = name.left(kUndoTitle - 1).trimmed() + QStringLiteral("…");
    }
    undo_->setText(name.isEmpty() ? tr("Conversation deleted") : tr("“%1” deleted").arg(name));

    undo_->setAction(tr("Undo"));
    undo_->show();
    undo_->closeAfter(kUndoMs);
    Q_EMIT undoOfferedChanged(true);
}

bool SideBar::undoOffered() const {
    return undoId_ != 0;
}

void SideBar::undoDelete() {
    if (undoOffered()) {
        const qint64 id = undoId_;
        withdrawUndo();
        Q_EMIT restoreRequested(id);
    }
}

void SideBar::withdrawUndo() {
    undoId_ = 0;
    undo_->hide();
    Q_EMIT undoOfferedChanged(false);
}

void SideBar::startRename(qint64 id) {
    search_->clear();
    const QModelIndex index = model_->indexOf(id);
    if (index.isValid()) {
        list_->setFocus(Qt::ShortcutFocusReason);
        list_->setCurrentIndex(index);
        list_->scrollTo(index);
        list_->edit(index);
    }
}

void SideBar::focusSearch() {
    search_->setFocus(Qt::ShortcutFocusReason);
    search_->selectAll();
}

void SideBar::focusList() {
    auto* view = pages_->currentWidget() == results_ ? results_ : list_;
    view->setFocus(Qt::ShortcutFocusReason);
    if (!view->currentIndex().isValid() && view == list_ && model_->open() != 0) {
        list_->setCurrentIndex(model_->indexOf(model_->open()));
    }
}

bool SideBar::listHasFocus() const {
    return list_->hasFocus();
}

qint64 SideBar::neighbour(int step) const {
    return model_->neighbour(model_->open(), step).data(ConversationModel::IdRole).toLongLong();
}

qint64 SideBar::current() const {
    const qint64 focused = list_->currentIndex().data(ConversationModel::IdRole).toLongLong();
    return list_->hasFocus() && focused > 0 ? focused : model_->open();
}

bool SideBar::searchKey(int key) {
    if (key == Qt::Key_Down || key == Qt::Key_Up) {
        if (pages_->currentWidget() == results_) {
            const int row = results_->currentIndex().row() + (key == Qt::Key_Down ? 1 : -1);
            if (row >= 0 && row < found_->rowCount()) {
                results_->setCurrentIndex(found_->index(row));
            }
        } else if (key == Qt::Key_Down) {
            focusList();
        }
        return true;
    }
    if (key == Qt::Key_Escape && !search_->text().isEmpty()) {
        search_->clear();
        return true;
    }
    return false;
}

bool SideBar::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride && watched == search_) {
        if (static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape && !search_->text().isEmpty()) {
            event->accept();
            return true;
        }
    }
    if (event->type() != QEvent::KeyPress) {
        return QWidget::eventFilter(watched, event);
    }
    const auto* key = static_cast<QKeyEvent*>(event);
    if (watched == search_ && key->modifiers() == Qt::NoModifier) {
        return searchKey(key->key());
    }
    if (watched == list_ && key->key() == Qt::Key_Delete && key->modifiers() == Qt::NoModifier) {
        const qint64 id = current();
        if (id > 0) {
            Q_EMIT deleteRequested(id);
        }
        return true;
    }
    if (watched == results_ && (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter)) {
        openResult(results_->currentIndex().row());
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace tendril::ui

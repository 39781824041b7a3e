// SPDX-License-Identifier: Apache-2.0
// Conversations at the left: new, search, list, undo of a deletion. GUI thread; owned by the main window.
#pragma once

#include <QVector>
#include <QWidget>

#include "app/chat_types.h"

class QLabel;
class QLineEdit;
class QListView;
class QPushButton;
class QStackedWidget;
class QTimer;

namespace tendril::ui {

class ConversationModel;
class MessageBar;
class SearchModel;

class SideBar final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SideBar)

  public:
    explicit SideBar(QWidget* parent = nullptr);

    void setConversations(const QVector<app::ConversationItem>& conversations);
    void setOpen(qint64 id);
    void showResults(const QString& words, const QVector<app::SearchResult>& results);
    void offerUndo(qint64 id, const QString& title);
    bool undoOffered() const;
    void undoDelete();
    void startRename(qint64 id);
    void focusSearch();
    void focusList();
    bool listHasFocus() const;
    qint64 neighbour(int step) const;  ///< of the open conversation; 0 at the ends
    qint64 current() const;  ///< the row with the focus, else the open conversation; 0 when there is none
    const ConversationModel& model() const { return *model_; }

  Q_SIGNALS:
    void newRequested();
    void openRequested(qint64 id);
    void resultRequested(qint64 conversation, qint64 message, const QString& words);
    void renameRequested(qint64 id, const QString& title);
    void deleteRequested(qint64 id);
    void exportRequested(qint64 id);
    void restoreRequested(qint64 id);
    void searchRequested(const QString& words);  ///< empty: ends the search
    void undoOfferedChanged(bool offered);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void buildList();
    void buildSearch();
    void openResult(int row);
    void showMenu(const QPoint& position);
    void withdrawUndo();
    bool searchKey(int key);

    QPushButton* new_;
    QLineEdit* search_;
    QTimer* searchTimer_;
    QStackedWidget* pages_;
    QListView* list_;
    QListView* results_;
    QLabel* empty_;
    ConversationModel* model_;
    SearchModel* found_;
    MessageBar* undo_;
    QString shownWords_;
    qint64 undoId_ = 0;
    bool openFirst_ = false;
};

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The list of conversations for the side bar: newest first, under headings by date. GUI thread; owned by the
// side bar.
#pragma once

#include <QAbstractListModel>
#include <QDate>
#include <QVector>

#include "app/chat_types.h"

namespace tendril::ui {

class ConversationModel final : public QAbstractListModel {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ConversationModel)

  public:
    enum Role { IdRole = Qt::UserRole + 1, HeadingRole, OpenRole, PrivateRole };

    explicit ConversationModel(QObject* parent = nullptr);

    /// Keeps rows that stay, so that selection, scrolling and an editor in a row survive. Items in the order
    /// to be shown.
    void setConversations(const QVector<app::ConversationItem>& items, QDate today);
    void setOpen(qint64 id);
    qint64 open() const { return open_; }
    QModelIndex indexOf(qint64 id) const;
    QModelIndex neighbour(
        qint64 id, int step) const;  ///< the conversation before (-1) or after (1); invalid at the ends
    QString title(qint64 id) const;
    bool isPrivate(qint64 id) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

  Q_SIGNALS:
    void renamed(qint64 id, const QString& title);  ///< by the person, in the list

  private:
    struct Row {
        qint64 id = 0;  ///< below 0: a heading
        QString text;
        QDateTime updated;
        bool isPrivate = false;
    };
    static QVector<Row> withHeadings(const QVector<app::ConversationItem>& items, QDate today);
    void placeRow(int position, const Row& row);

    QVector<Row> rows_;
    qint64 open_ = 0;
};

}  // namespace tendril::ui

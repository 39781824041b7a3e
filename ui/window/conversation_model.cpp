// SPDX-License-Identifier: Apache-2.0
// The list of conversations. GUI thread.
#include "ui/window/conversation_model.h"

#include <QLocale>

namespace tendril::ui {

namespace {

/// A number that grows with age: one per heading.
int groupOf(QDate day, QDate today) {
    if (!day.isValid() || day >= today) {
        return 1;
    }
    const qint64 age = day.daysTo(today);
    if (age == 1) {
        return 2;
    }
    if (age <= 7) {
        return 3;
    }
    if (age <= 30) {
        return 4;
    }
    return 10000 * 12 - (day.year() * 12 + day.month());
}

}  // namespace

ConversationModel::ConversationModel(QObject* parent) : QAbstractListModel(parent) {}

QVector<ConversationModel::Row> ConversationModel::withHeadings(const QVector<app::ConversationItem>& items,
                                                                QDate today) {
    QVector<Row> rows;
    rows.reserve(items.size() + 8);
    int group = 0;
    for (const app::ConversationItem& item : items) {
        const QDate day = item.updated.toLocalTime().date();
        const int now = groupOf(day, today);
        if (now != group) {
            group = now;
            const QString text = group == 1   ? tr("Today")
                                 : group == 2 ? tr("Yesterday")
                                 : group == 3 ? tr("Previous 7 days")
                                 : group == 4 ? tr("Previous 30 days")
                                              : QLocale().toString(day, QStringLiteral("MMMM yyyy"));
            rows.append({-group, text, {}, false});
        }
        rows.append({item.id, item.title.isEmpty() ? tr("New conversation") : item.title, item.updated,
                     item.isPrivate});
    }
    return rows;
}

void ConversationModel::placeRow(int position, const Row& row) {
    for (int i = position; i < rows_.size(); ++i) {
        if (rows_[i].id != row.id) {
            continue;
        }
        if (i != position) {
            beginMoveRows({}, i, i, {}, position);
            rows_.move(i, position);
            endMoveRows();
        }
        if (rows_[position].text != row.text || rows_[position].updated != row.updated ||
            rows_[position].isPrivate != row.isPrivate) {
            rows_[position] = row;
            Q_EMIT dataChanged(index(position), index(position));
        }
        return;
    }
    beginInsertRows({}, position, position);
    rows_.insert(position, row);
    endInsertRows();
}

void ConversationModel::setConversations(const QVector<app::ConversationItem>& items, QDate today) {
    const QVector<Row> wanted = withHeadings(items, today);
    if (rows_.isEmpty() || wanted.isEmpty()) {
        beginResetModel();
        rows_ = wanted;
        endResetModel();
        return;
    }
    // First what is gone, so that a removal does not look like a move of everything below it.
    QSet<qint64> kept;
    for (const Row& row : wanted) {
        kept.insert(row.id);
    }
    for (int i = static_cast<int>(rows_.size()) - 1; i >= 0; --i) {
        if (!kept.contains(rows_[i].id)) {
            beginRemoveRows({}, i, i);
            rows_.removeAt(i);
            endRemoveRows();
        }
    }
    for (int i = 0; i < wanted.size(); ++i) {
        placeRow(i, wanted[i]);
    }
    if (rows_.size() > wanted.size()) {  // a double in what was asked for
        beginRemoveRows({}, static_cast<int>(wanted.size()), static_cast<int>(rows_.size()) - 1);
        rows_.resize(wanted.size());
        endRemoveRows();
    }
}

void ConversationModel::setOpen(qint64 id) {
    const QModelIndex before = indexOf(open_);
    open_ = id;
    const QModelIndex after = indexOf(open_);
    for (const QModelIndex& changed : {before, after}) {
        if (changed.isValid()) {
            Q_EMIT dataChanged(changed, changed, {OpenRole});
        }
    }
}

QModelIndex ConversationModel::indexOf(qint64 id) const {
    for (int i = 0; i < rows_.size(); ++i) {
        if (rows_[i].id == id) {
            return index(i);
        }
    }
    return {};
}

QModelIndex ConversationModel::neighbour(qint64 id, int step) const {
    for (int i = indexOf(id).row() + step; i >= 0 && i < rows_.size(); i += step) {
        if (rows_[i].id > 0) {
            return index(i);
        }
    }
    return {};
}

QString ConversationModel::title(qint64 id) const {
    return indexOf(id).data(Qt::DisplayRole).toString();
}

bool ConversationModel::isPrivate(qint64 id) const {
    return indexOf(id).data(PrivateRole).toBool();
}

int ConversationModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

QVariant ConversationModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const Row& row = rows_[index.row()];
    switch (role) {
        case Qt::DisplayRole:
        case Qt::EditRole:
            return row.text;
        case Qt::AccessibleTextRole:
            return row.isPrivate ? tr("%1, private").arg(row.text) : row.text;
        case PrivateRole:
            return row.isPrivate;
        case Qt::ToolTipRole:
            return row.id > 0
                       ? QStringLiteral("%1\n%2").arg(
                             row.text, QLocale().toString(row.updated.toLocalTime(), QLocale::ShortFormat))
                       : QVariant();
        case IdRole:
            return row.id;
        case HeadingRole:
            return row.id < 0;
        case OpenRole:
            return row.id > 0 && row.id == open_;
        default:
            return {};
    }
}

bool ConversationModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole || !checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return false;
    }
    Row& row = rows_[index.row()];
    const QString title = value.toString().simplified();
    if (row.id < 0 || title.isEmpty() || title == row.text) {
        return false;
    }
    row.text = title;
    Q_EMIT dataChanged(index, index, {Qt::DisplayRole, Qt::EditRole});
    Q_EMIT renamed(row.id, title);
    return true;
}

Qt::ItemFlags ConversationModel::flags(const QModelIndex& index) const {
    if (!index.isValid()) {
        return Qt::NoItemFlags;
    }
    if (rows_[index.row()].id < 0) {
        return Qt::ItemNeverHasChildren;
    }
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsEditable | Qt::ItemNeverHasChildren;
}

}  // namespace tendril::ui

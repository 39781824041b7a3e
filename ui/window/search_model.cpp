// SPDX-License-Identifier: Apache-2.0
// What a search found. GUI thread.
#include "ui/window/search_model.h"

#include "ui/window/list_delegates.h"

namespace tendril::ui {

SearchModel::SearchModel(QObject* parent) : QAbstractListModel(parent) {}

void SearchModel::setResults(const QVector<app::SearchResult>& results) {
    beginResetModel();
    results_ = results;
    endResetModel();
}

int SearchModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(results_.size());
}

QVariant SearchModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const app::SearchResult& result = results_[index.row()];
    const QString title = result.title.isEmpty() ? tr("New conversation") : result.title;
    switch (role) {
        case Qt::DisplayRole:
            return title;
        case Qt::AccessibleTextRole: {
            QString plain = result.snippet;
            plain.remove(QChar(2)).remove(QChar(3));
            return plain.isEmpty() ? title : tr("%1: %2", "title, part of the text").arg(title, plain);
        }
        case TwoLineDelegate::DetailRole:
            return result.message == 0 && result.snippet.isEmpty() ? tr("The title matches") : result.snippet;
        default:
            return {};
    }
}

}  // namespace tendril::ui

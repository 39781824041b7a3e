// SPDX-License-Identifier: Apache-2.0
// What a search found, for the side bar. GUI thread; owned by the side bar.
#pragma once

#include <QAbstractListModel>
#include <QVector>

#include "app/chat_types.h"

namespace tendril::ui {

class SearchModel final : public QAbstractListModel {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SearchModel)

  public:
    explicit SearchModel(QObject* parent = nullptr);

    void setResults(const QVector<app::SearchResult>& results);
    const app::SearchResult& result(int row) const { return results_[row]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

  private:
    QVector<app::SearchResult> results_;
};

}  // namespace tendril::ui

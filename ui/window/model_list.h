// SPDX-License-Identifier: Apache-2.0
// The models that were found, for the chooser. GUI thread; owned by the chooser.
#pragma once

#include <QAbstractListModel>
#include <QVector>

#include "app/chat_types.h"

namespace tendril::ui {

class ModelList final : public QAbstractListModel {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ModelList)

  public:
    explicit ModelList(QObject* parent = nullptr);

    void setModels(const QVector<app::ModelItem>& models);  ///< shown by name, those that can be used first
    const app::ModelItem& item(int row) const { return models_[row]; }
    int rowOf(const QString& path) const;  ///< -1: not in the list

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

  private:
    QVector<app::ModelItem> models_;
};

}  // namespace tendril::ui

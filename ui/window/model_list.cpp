// SPDX-License-Identifier: Apache-2.0
// The models that were found. GUI thread.
#include "ui/window/model_list.h"

#include <algorithm>

#include <QFileInfo>

#include "ui/window/format.h"
#include "ui/window/list_delegates.h"

namespace tendril::ui {
namespace {

/// Where the file lies, what its metadata calls the model, and why it cannot be used.
QString tipOf(const app::ModelItem& model) {
    QStringList lines{model.path};
    if (!model.givenName.isEmpty()) {
        lines << ModelList::tr("Named “%1” in the file").arg(model.givenName);
    }
    if (!model.error.isEmpty()) {
        lines << model.error;
    }
    return lines.join(QLatin1Char('\n'));
}

}  // namespace

ModelList::ModelList(QObject* parent) : QAbstractListModel(parent) {}

void ModelList::setModels(const QVector<app::ModelItem>& models) {
    beginResetModel();
    models_ = models;
    std::stable_sort(models_.begin(), models_.end(), [](const app::ModelItem& a, const app::ModelItem& b) {
        const int rankA = a.fits() ? 0 : a.error.isEmpty() ? 1 : 2;
        const int rankB = b.fits() ? 0 : b.error.isEmpty() ? 1 : 2;
        return rankA != rankB ? rankA < rankB : QString::localeAwareCompare(a.name, b.name) < 0;
    });
    endResetModel();
}

int ModelList::rowOf(const QString& path) const {
    for (int i = 0; i < models_.size(); ++i) {
        if (models_[i].path == path) {
            return i;
        }
    }
    return -1;
}

int ModelList::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(models_.size());
}

QVariant ModelList::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const app::ModelItem& model = models_[index.row()];
    const QString name = model.name.isEmpty() ? QFileInfo(model.path).completeBaseName() : model.name;
    switch (role) {
        case Qt::DisplayRole:
            return name;
        case Qt::ToolTipRole:
            return tipOf(model);
        case Qt::AccessibleTextRole:
            return QStringList{name, describeModel(model), describeFit(model)}.join(QStringLiteral(", "));
        case TwoLineDelegate::DetailRole:
            return describeModel(model);
        case TwoLineDelegate::FitRole:
            return describeFit(model);
        case TwoLineDelegate::FitStateRole:
            return model.fits()            ? TwoLineDelegate::fits
                   : model.error.isEmpty() ? TwoLineDelegate::tooLarge
                                           : TwoLineDelegate::unusable;
        default:
            return {};
    }
}

}  // namespace tendril::ui

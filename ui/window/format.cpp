// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them. Pure functions.
#include "ui/window/format.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

namespace tendril::ui {

namespace {
struct Text {
    Q_DECLARE_TR_FUNCTIONS(tendril::ui::Format)
};
}  // namespace

QString formatBytes(quint64 bytes) {
    const double value = static_cast<double>(bytes);
    const QLocale locale;
    if (value >= 999.5e6) {
        return Text::tr("%1 GB").arg(locale.toString(value / 1e9, 'f', value < 99.5e8 ? 1 : 0));
    }
    if (value >= 999.5e3) {
        return Text::tr("%1 MB").arg(locale.toString(value / 1e6, 'f', 0));
    }
    return Text::tr("%1 kB").arg(locale.toString(value / 1e3, 'f', 0));
}

QString formatCount(quint64 count) {
    return QLocale().toString(count);
}

QString formatParameters(quint64 parameters) {
    const double value = static_cast<double>(parameters);
    const QLocale locale;
    if (value >= 999.5e6) {
        return Text::tr("%1 billion parameters").arg(locale.toString(value / 1e9, 'f', 1));
    }
    return Text::tr("%1 million parameters").arg(locale.toString(value / 1e6, 'f', 0));
}

QString describeModel(const app::ModelItem& model) {
    QStringList parts;
    if (!model.quantisation.isEmpty()) {
        parts << model.quantisation;
    }
    if (model.parameters > 0) {
        parts << formatParameters(model.parameters);
    }
    if (model.fileBytes > 0) {
        parts << formatBytes(model.fileBytes);
    }
    return parts.join(QStringLiteral(" · "));
}

QString describeFit(const app::ModelItem& model) {
    if (!model.error.isEmpty()) {
        return model.error;
    }
    const QString need = formatBytes(model.neededBytes);
    const QString have = formatBytes(model.availableBytes);
    return model.fits() ? Text::tr("Fits: needs %1, %2 free").arg(need, have)
                        : Text::tr("Too large: needs %1, only %2 free").arg(need, have);
}

}  // namespace tendril::ui

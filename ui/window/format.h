// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, in the person's own locale. Pure functions.
#pragma once

#include <QString>

#include "app/chat_types.h"

namespace tendril::ui {

QString formatBytes(quint64 bytes);            ///< "92 MB", "1.2 GB" (powers of 1000)
QString formatCount(quint64 count);            ///< "3,104"
QString formatParameters(quint64 parameters);  ///< "134.5 million", "1.5 billion"
/// "Q4_1 · 134.5 million parameters · 92 MB"
QString describeModel(const app::ModelItem& model);
/// "Fits: needs 1.2 GB, 20 GB free", or why it cannot be used.
QString describeFit(const app::ModelItem& model);

}  // namespace tendril::ui

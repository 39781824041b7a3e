// SPDX-License-Identifier: Apache-2.0
// Tendril's own line icons, drawn in the colour of the text around them. GUI thread; no state but a cache of
// pixmaps.
#pragma once

#include <QIcon>
#include <QString>

namespace tendril::ui {

enum class IconColor { text, muted, onAccent, good, error, warning };

/// The icon resources/icons/<name>.svg; follows the palette, so that it need not be made again when the theme
/// changes.
QIcon icon(const QString& name, IconColor color = IconColor::text);

/// The program's own icon.
QIcon programIcon();

}  // namespace tendril::ui

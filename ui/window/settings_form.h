// SPDX-License-Identifier: Apache-2.0
// What the pages of the settings have in common. GUI thread.
#pragma once

class QFormLayout;
class QWidget;

namespace tendril::ui {

QFormLayout* newForm(QWidget* page);

/// As wide as the longest text it can show, in any language, and no wider.
void fitWidth(QWidget& box);

}  // namespace tendril::ui

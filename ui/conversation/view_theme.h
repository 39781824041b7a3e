// SPDX-License-Identifier: Apache-2.0
// Colours, fonts and distances of the conversation, all from the palette, the widget's font and the zoom. A
// value; GUI thread.
#pragma once

#include <array>

#include <QColor>
#include <QFont>
#include <QPalette>

#include "ui/markup/syntax.h"

namespace tendril::ui {

struct ViewTheme {
    bool dark = false;
    QColor background;
    QColor text;
    QColor muted;     ///< footers, labels; still readable (contrast above 4.5)
    QColor line;      ///< borders and grids
    QColor card;      ///< behind a user's message
    QColor codeCard;  ///< behind code
    QColor codeHead;
    QColor inlineCode;
    QColor accent;
    QColor link;
    QColor selection;
    QColor match;
    QColor currentMatch;
    QColor hover;  ///< behind a button under the pointer
    QColor error;
    QColor errorCard;
    std::array<QColor, 12> syntax;  ///< by markup::TokenKind

    QFont body;
    QFont small;
    QFont label;  ///< who speaks
    QFont mono;
    qreal zoom = 1;
    int lineHeight = 0;  ///< of body text, pixels
    int codeLineHeight = 0;
    int smallHeight = 0;
    qreal characterWidth = 0;  ///< mean, for estimates
    qreal monoWidth = 0;

    QFont heading(int level) const;
    int px(qreal value) const { return qRound(value * zoom); }
};

ViewTheme makeViewTheme(const QPalette& palette, const QFont& base, qreal zoom);

/// `share` of b in a.
QColor mixed(const QColor& a, const QColor& b, qreal share);

}  // namespace tendril::ui

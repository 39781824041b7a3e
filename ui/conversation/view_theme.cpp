// SPDX-License-Identifier: Apache-2.0
// Colours, fonts and distances of the conversation. GUI thread.
#include "ui/conversation/view_theme.h"

#include <QFontDatabase>
#include <QFontInfo>
#include <QFontMetricsF>

namespace tendril::ui {
namespace {

using Colours = std::array<QRgb, 12>;
// plain, keyword, type, constant, string, number, comment, function, meta, name, inserted, deleted
constexpr Colours kLight{0x24292f, 0x8a3b9c, 0x1b6a86, 0xa85200, 0x2b7530, 0xa85200,
                         0x69717d, 0x2457c5, 0x7d6200, 0x1b6a86, 0x1a7f37, 0xb42318};
constexpr Colours kDark{0xd7dbe0, 0xd2a6f2, 0x80d0de, 0xf0b273, 0xa1d68d, 0xf0b273,
                        0x8d96a1, 0x86b4ff, 0xe0c36f, 0x80d0de, 0x7ee787, 0xff9a91};

void setColours(ViewTheme& theme, const QPalette& palette) {
    theme.background = palette.color(QPalette::Base);
    theme.text = palette.color(QPalette::Text);
    theme.accent = palette.color(QPalette::Highlight);
    theme.dark = theme.background.lightnessF() < theme.text.lightnessF();
    const auto tint = [&](qreal share) { return mixed(theme.background, theme.text, share); };
    theme.muted = tint(theme.dark ? 0.62 : 0.60);
    theme.line = tint(0.14);
    theme.card = mixed(tint(theme.dark ? 0.075 : 0.045), theme.accent, theme.dark ? 0.10 : 0.055);
    theme.codeCard = tint(theme.dark ? 0.045 : 0.028);
    theme.codeHead = tint(theme.dark ? 0.085 : 0.06);
    theme.inlineCode = tint(theme.dark ? 0.12 : 0.075);
    theme.hover = tint(0.10);
    theme.link = theme.dark ? QColor(0x8ab4ff) : QColor(0x1a56c4);
    theme.selection = theme.accent;
    theme.selection.setAlphaF(theme.dark ? 0.45F : 0.28F);
    theme.match = theme.dark ? QColor(0x6b5a12) : QColor(0xffec99);
    theme.currentMatch = theme.dark ? QColor(0xb07a00) : QColor(0xffb84d);
    theme.error = theme.dark ? QColor(0xff9a91) : QColor(0xb42318);
    theme.errorCard = mixed(theme.background, theme.error, 0.08);
    const Colours& colours = theme.dark ? kDark : kLight;
    for (std::size_t i = 0; i < colours.size(); ++i) {
        theme.syntax[i] = QColor(colours[i]);
    }
    theme.syntax[0] = theme.text;
}

}  // namespace

QColor mixed(const QColor& a, const QColor& b, qreal share) {
    const auto part = [share](int x, int y) { return qRound(x + (y - x) * share); };
    return QColor(part(a.red(), b.red()), part(a.green(), b.green()), part(a.blue(), b.blue()));
}

QFont ViewTheme::heading(int level) const {
    static constexpr std::array<qreal, 6> kScale{1.55, 1.32, 1.15, 1.05, 1.0, 1.0};
    QFont font = body;
    font.setPixelSize(
        qRound(body.pixelSize() * kScale.at(static_cast<std::size_t>(qBound(1, level, 6) - 1))));
    font.setWeight(QFont::DemiBold);
    return font;
}

ViewTheme makeViewTheme(const QPalette& palette, const QFont& base, qreal zoom) {
    ViewTheme theme;
    theme.zoom = zoom;
    setColours(theme, palette);
    const int basePixels = QFontInfo(base).pixelSize();
    const auto sized = [&](QFont font, qreal scale) {
        font.setPixelSize(qMax(6, qRound(basePixels * scale * zoom)));
        return font;
    };
    theme.body = sized(base, 1.14);
    theme.small = sized(base, 0.92);
    theme.label = sized(base, 0.92);
    theme.label.setWeight(QFont::DemiBold);
    theme.mono = sized(QFontDatabase::systemFont(QFontDatabase::FixedFont), 1.0);
    theme.mono.setStyleHint(QFont::Monospace);
    const QFontMetricsF body(theme.body);
    const QFontMetricsF mono(theme.mono);
    theme.lineHeight = qRound(qMax(theme.body.pixelSize() * 1.6, body.height()));
    theme.codeLineHeight = qRound(qMax(theme.mono.pixelSize() * 1.55, mono.height()));
    theme.smallHeight = qRound(QFontMetricsF(theme.small).height());
    theme.characterWidth = body.averageCharWidth() * 1.04;
    theme.monoWidth = mono.horizontalAdvance(QLatin1Char('0'));
    return theme;
}

}  // namespace tendril::ui

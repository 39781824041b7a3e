// SPDX-License-Identifier: Apache-2.0
// Light and dark: colours, palette and the few style rules on top of Fusion. GUI thread; the main window owns
// one WindowTheme.
#pragma once

#include <QColor>
#include <QFont>
#include <QObject>
#include <QPalette>
#include <QString>

#include "app/settings.h"

class QApplication;

namespace tendril::ui {

/// Text colours reach a contrast of 4.5:1 on every surface they are drawn on (checked by
/// tests/ui/window/test_theme.cpp).
struct ThemeColors {
    bool dark = false;
    QColor base;    ///< conversation, editors
    QColor window;  ///< side bar, dialogs
    QColor raised;  ///< buttons, cards
    QColor hover;
    QColor selected;  ///< the open conversation, the chosen row
    QColor border;
    QColor strongBorder;  ///< 3:1 on base and window: outlines of things one can type into
    QColor text;
    QColor muted;     ///< secondary text
    QColor disabled;  ///< exempt from the contrast rule
    QColor accent;
    QColor accentText;  ///< on accent
    QColor error;       ///< text
    QColor errorBase;
    QColor warning;  ///< text
    QColor warningBase;
    QColor good;  ///< text: "fits"
    QColor hit;   ///< behind a search hit
    // Parts of the context's meter, 3:1 on base; the conversation's is the accent. Told apart by eyes that
    // see few colours.
    QColor shareSystem;
    QColor shareDocuments;
    QColor shareDraft;
};

const ThemeColors& themeColors(bool dark);
/// The colours in use now. Not from a widget's palette: a style sheet changes that.
const ThemeColors& currentColors();
bool isDark(const QPalette& palette);
double contrastRatio(const QColor& one, const QColor& other);  ///< WCAG 2.1, 1 to 21
QPalette themePalette(const ThemeColors& colors);
QString themeStyleSheet(const ThemeColors& colors);

class WindowTheme final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(WindowTheme)

  public:
    explicit WindowTheme(QApplication& application, QObject* parent = nullptr);

    void apply(app::ThemeChoice choice, int fontPoints);  ///< does nothing when nothing changes
    void systemChanged();  ///< the desktop has another palette: looked at only when the choice is "system"
    bool dark() const { return dark_; }

  private:
    bool systemIsDark();
    void show(bool dark);

    QApplication& application_;
    QFont systemFont_;
    app::ThemeChoice choice_ = app::ThemeChoice::system;
    int fontPoints_ = -1;
    bool dark_ = false;
    bool shown_ = false;
    bool looking_ = false;
};

}  // namespace tendril::ui

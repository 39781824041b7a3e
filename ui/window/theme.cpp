// SPDX-License-Identifier: Apache-2.0
// Colours and style rules. GUI thread.
#include "ui/window/theme.h"

#include <cmath>

#include <QApplication>
#include <QStyleFactory>

namespace tendril::ui {

namespace {

ThemeColors lightColors() {
    ThemeColors c;
    c.dark = false;
    c.base = QColor(0xff, 0xff, 0xff);
    c.window = QColor(0xf5, 0xf6, 0xf4);
    c.raised = QColor(0xff, 0xff, 0xff);
    c.hover = QColor(0xea, 0xed, 0xe9);
    c.selected = QColor(0xdc, 0xea, 0xe2);
    c.border = QColor(0xdf, 0xe3, 0xdf);
    c.strongBorder = QColor(0x87, 0x8f, 0x8a);
    c.text = QColor(0x1b, 0x20, 0x1d);
    c.muted = QColor(0x57, 0x60, 0x5b);
    c.disabled = QColor(0x9a, 0xa2, 0x9d);
    c.accent = QColor(0x1d, 0x73, 0x55);
    c.accentText = QColor(0xff, 0xff, 0xff);
    c.error = QColor(0xa1, 0x20, 0x1a);
    c.errorBase = QColor(0xfc, 0xec, 0xea);
    c.warning = QColor(0x6b, 0x4a, 0x00);
    c.warningBase = QColor(0xff, 0xf4, 0xd9);
    c.good = QColor(0x1a, 0x6b, 0x4e);
    c.hit = QColor(0xff, 0xe2, 0x8a);
    c.shareSystem = QColor(0x9a, 0x3f, 0x86);
    c.shareDocuments = QColor(0xc7, 0x5a, 0x12);
    c.shareDraft = QColor(0x2b, 0x7f, 0xc4);
    return c;
}

ThemeColors darkColors() {
    ThemeColors c;
    c.dark = true;
    c.base = QColor(0x1d, 0x20, 0x1e);
    c.window = QColor(0x16, 0x18, 0x17);
    c.raised = QColor(0x2a, 0x2e, 0x2b);
    c.hover = QColor(0x27, 0x2b, 0x29);
    c.selected = QColor(0x26, 0x38, 0x30);
    c.border = QColor(0x33, 0x38, 0x35);
    c.strongBorder = QColor(0x73, 0x7b, 0x76);
    c.text = QColor(0xe6, 0xe9, 0xe6);
    c.muted = QColor(0xa0, 0xa9, 0xa3);
    c.disabled = QColor(0x6b, 0x73, 0x6e);
    c.accent = QColor(0x6c, 0xcf, 0xa6);
    c.accentText = QColor(0x0c, 0x1f, 0x16);
    c.error = QColor(0xff, 0xa0, 0x96);
    c.errorBase = QColor(0x3d, 0x22, 0x20);
    c.warning = QColor(0xf2, 0xcc, 0x7c);
    c.warningBase = QColor(0x38, 0x2e, 0x18);
    c.good = QColor(0x7f, 0xd6, 0xb1);
    c.hit = QColor(0x6e, 0x5a, 0x1c);
    c.shareSystem = QColor(0xdc, 0x98, 0xcc);
    c.shareDocuments = QColor(0xf0, 0x9c, 0x55);
    c.shareDraft = QColor(0x76, 0xb9, 0xf2);
    return c;
}

double luminance(const QColor& color) {
    const auto linear = [](double v) {
        return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

}  // namespace

const ThemeColors& themeColors(bool dark) {
    static const ThemeColors light = lightColors();
    static const ThemeColors night = darkColors();
    return dark ? night : light;
}

const ThemeColors& currentColors() {
    return themeColors(isDark(QApplication::palette()));
}

bool isDark(const QPalette& palette) {
    return luminance(palette.color(QPalette::WindowText)) > luminance(palette.color(QPalette::Window));
}

double contrastRatio(const QColor& one, const QColor& other) {
    const double a = luminance(one);
    const double b = luminance(other);
    return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

QPalette themePalette(const ThemeColors& c) {
    QPalette p;
    p.setColor(QPalette::Window, c.window);
    p.setColor(QPalette::WindowText, c.text);
    p.setColor(QPalette::Base, c.base);
    p.setColor(QPalette::AlternateBase, c.window);
    p.setColor(QPalette::Text, c.text);
    p.setColor(QPalette::PlaceholderText, c.muted);
    p.setColor(QPalette::Button, c.raised);
    p.setColor(QPalette::ButtonText, c.text);
    p.setColor(QPalette::BrightText, c.accentText);
    p.setColor(QPalette::Highlight, c.accent);
    p.setColor(QPalette::HighlightedText, c.accentText);
    p.setColor(QPalette::Link, c.good);
    p.setColor(QPalette::LinkVisited, c.good);
    p.setColor(QPalette::ToolTipBase, c.raised);
    p.setColor(QPalette::ToolTipText, c.text);
    p.setColor(QPalette::Light, c.dark ? c.raised.lighter(120) : c.base);
    p.setColor(QPalette::Midlight, c.hover);
    p.setColor(QPalette::Mid, c.border);
    p.setColor(QPalette::Dark, c.strongBorder);
    p.setColor(QPalette::Shadow, c.dark ? QColor(0, 0, 0) : QColor(0x60, 0x66, 0x62));
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        p.setColor(QPalette::Disabled, role, c.disabled);
    }
    return p;
}

QString themeStyleSheet(const ThemeColors& c) {
    // Each rule is for one kind of widget; combo boxes, spin boxes, check boxes and menus stay Fusion's own.
    QString sheet = QStringLiteral(R"(
#sideBar { background: @window; }
#mainPane, #topBar { background: @base; }
#topBar { border-bottom: 1px solid @border; }
#statusLine { background: @base; }
#conversationTitle { font-weight: 600; }
#muted, QLabel[muted="true"] { color: @muted; }
QLabel[problem="true"] { color: @error; }
QSplitter::handle { background: @border; }
QMenuBar { background: @window; border-bottom: 1px solid @border; }
QPushButton { background: @raised; color: @text; border: 1px solid @border; border-radius: 7px; padding: 6px 14px; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @selected; }
QPushButton:focus { border-color: @accent; }
QPushButton:disabled { color: @disabled; }
QPushButton[accent="true"] { background: @accent; color: @accentText; border-color: @accent; }
QPushButton[accent="true"]:focus { border: 2px solid @text; padding: 5px 13px; }
QPushButton[accent="true"]:disabled { background: @hover; color: @disabled; border-color: @border; }
QPushButton[link="true"] { background: transparent; border: 1px solid transparent; color: @good; font-weight: 600; padding: 3px 6px; }
QPushButton[link="true"]:hover { background: @hover; }
QPushButton[link="true"]:focus { border-color: @accent; }
#sideBar QPushButton#newConversation { text-align: left; padding: 7px 10px; }
QToolButton#modelButton { padding: 5px 10px; border: 1px solid @border; border-radius: 7px; font-weight: 600; }
QToolButton#modelButton:focus { border-color: @accent; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px; color: @text; }
QToolButton:hover { background: @hover; }
QToolButton:pressed, QToolButton:checked { background: @selected; }
QToolButton:focus { border-color: @accent; }
QToolButton#answerMode { padding: 4px 18px 4px 6px; }
QToolButton#answerMode::menu-indicator { subcontrol-origin: padding; subcontrol-position: center right; right: 5px; }
QToolButton#sendButton { background: @accent; border-radius: 9px; border: 2px solid @accent; }
QToolButton#sendButton:hover { border-color: @text; }
QToolButton#sendButton:focus { border-color: @text; }
QToolButton#sendButton:disabled { background: @hover; border-color: @hover; }
QLineEdit { background: @base; border: 1px solid @border; border-radius: 7px; padding: 5px 8px; selection-background-color: @accent; selection-color: @accentText; }
QLineEdit:focus { border-color: @accent; }
QDialog QPlainTextEdit { background: @base; border: 1px solid @border; border-radius: 7px; padding: 4px; }
QDialog QPlainTextEdit:focus { border-color: @accent; }
#composerFrame { background: @base; border: 1px solid @strongBorder; border-radius: 14px; }
#composerFrame[focused="true"] { border-color: @accent; }
#composerFrame QPlainTextEdit { background: transparent; border: none; }
#card { background: @base; border: 1px solid @border; border-radius: 10px; }
QListView { background: @base; border: 1px solid @border; outline: none; }
#sideBar QListView, #modelPopup QListView, #card QListView { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar::handle:vertical { background: @border; border-radius: 4px; min-height: 32px; margin: 2px; }
QScrollBar::handle:vertical:hover { background: @strongBorder; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle:horizontal { background: @border; border-radius: 4px; min-width: 32px; margin: 2px; }
QScrollBar::handle:horizontal:hover { background: @strongBorder; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { background: @hover; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: @accent; border-radius: 2px; }
QToolTip { background: @raised; color: @text; border: 1px solid @border; padding: 4px 6px; }
#messageBar[kind="info"] { background: @selected; border-radius: 8px; }
#messageBar[kind="warning"] { background: @warningBase; border-radius: 8px; }
#messageBar[kind="warning"] QLabel { color: @warning; }
#messageBar[kind="error"] { background: @errorBase; border-radius: 8px; }
#messageBar[kind="error"] QLabel { color: @error; }
#modelPopup, #contextPanel { background: @raised; border: 1px solid @border; }
#rule { background: @border; }
QToolButton#jumpToNewest { background: @raised; border: 1px solid @strongBorder; border-radius: 18px; }
QToolButton#jumpToNewest:hover { background: @hover; }
QToolButton#jumpToNewest:focus { border: 2px solid @accent; }
QToolButton#privateMark:checked { background: @selected; color: @good; font-weight: 600; }
#findBar { background: @window; border-bottom: 1px solid @border; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QSpinBox, QDoubleSpinBox, QComboBox { background: @base; border: 1px solid @border; border-radius: 7px; padding: 5px 8px; min-height: 1.2em; }
QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus { border-color: @accent; }
QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: @disabled; }
QAbstractSpinBox::up-button { subcontrol-origin: border; subcontrol-position: top right; width: 22px; border: none; background: transparent; margin: 2px 2px 0 0; }
QAbstractSpinBox::down-button { subcontrol-origin: border; subcontrol-position: bottom right; width: 22px; border: none; background: transparent; margin: 0 2px 2px 0; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: @hover; border-radius: 4px; }
QAbstractSpinBox::up-arrow { image: url(:/style/spin-up.svg); width: 12px; height: 12px; }
QAbstractSpinBox::down-arrow { image: url(:/style/spin-down.svg); width: 12px; height: 12px; }
QComboBox::drop-down { subcontrol-origin: border; subcontrol-position: center right; width: 24px; border: none; }
QComboBox::down-arrow { image: url(:/style/spin-down.svg); width: 14px; height: 14px; }
QComboBox QAbstractItemView { background: @raised; border: 1px solid @border; selection-background-color: @selected; selection-color: @text; padding: 4px; }
QCheckBox { spacing: 8px; }
QCheckBox::indicator { width: 16px; height: 16px; border: 1px solid @strongBorder; border-radius: 4px; background: @base; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url(:/style/@tick.svg); }
QCheckBox::indicator:focus { border: 2px solid @accent; }
QTabWidget::pane { border: none; }
QTabBar::tab { background: transparent; color: @muted; padding: 7px 14px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; }
QTabBar::tab:focus { background: @hover; }
)");
    const std::pair<const char*, QColor> names[] = {
        {"@strongBorder", c.strongBorder},
        {"@warningBase", c.warningBase},
        {"@accentText", c.accentText},
        {"@errorBase", c.errorBase},
        {"@disabled", c.disabled},
        {"@selected", c.selected},
        {"@warning", c.warning},
        {"@window", c.window},
        {"@raised", c.raised},
        {"@border", c.border},
        {"@accent", c.accent},
        {"@hover", c.hover},
        {"@muted", c.muted},
        {"@error", c.error},
        {"@text", c.text},
        {"@good", c.good},
        {"@base", c.base},
    };
    sheet.replace(QLatin1String("@tick"), QLatin1String(c.dark ? "tick-dark" : "tick-light"));
    for (const auto& [name, color] : names) {
        sheet.replace(QLatin1String(name), color.name());
    }
    return sheet;
}

WindowTheme::WindowTheme(QApplication& application, QObject* parent)
    : QObject(parent), application_(application), systemFont_(QApplication::font()) {
    application_.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
}

void WindowTheme::apply(app::ThemeChoice choice, int fontPoints) {
    if (fontPoints != fontPoints_) {
        fontPoints_ = fontPoints;
        QFont font = systemFont_;
        if (fontPoints > 0) {
            font.setPointSize(fontPoints);
        }
        // While a style sheet is set, the widgets that are there keep the font that they have.
        application_.setStyleSheet(QString());
        QApplication::setFont(font);
        if (shown_) {
            application_.setStyleSheet(themeStyleSheet(themeColors(dark_)));
        }
    }
    choice_ = choice;
    show(choice == app::ThemeChoice::dark || (choice == app::ThemeChoice::system && systemIsDark()));
}

void WindowTheme::systemChanged() {
    if (choice_ == app::ThemeChoice::system && shown_ && !looking_) {
        show(systemIsDark());
    }
}

bool WindowTheme::systemIsDark() {
    // Qt 6.4 has no colour scheme hint. Without a palette of ours the application shows what the desktop's
    // theme gives.
    looking_ = true;
    const QPalette ours = QApplication::palette();
    QApplication::setPalette(QPalette());
    const bool dark = isDark(QApplication::palette());
    if (shown_) {
        QApplication::setPalette(ours);
    }
    looking_ = false;
    return dark;
}

void WindowTheme::show(bool dark) {
    if (shown_ && dark == dark_) {
        return;
    }
    shown_ = true;
    dark_ = dark;
    looking_ = true;
    QApplication::setPalette(themePalette(themeColors(dark)));
    application_.setStyleSheet(themeStyleSheet(themeColors(dark)));
    looking_ = false;
}

}  // namespace tendril::ui

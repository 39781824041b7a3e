// SPDX-License-Identifier: Apache-2.0
// Both themes can be read, icons take their colours, numbers read well.
#include <QApplication>
#include <QDirIterator>
#include <QImage>
#include <QListView>
#include <QLocale>
#include <QTest>

#include "ui/window/format.h"
#include "ui/window/icons.h"
#include "ui/window/theme.h"

namespace tendril::ui {

class TestTheme final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void textCanBeRead_data();
    void textCanBeRead();
    void outlinesCanBeSeen_data() { textCanBeRead_data(); }
    void outlinesCanBeSeen();
    void noPlaceholderIsLeftInTheSheet();
    void listsOfOtherWindowsAreOpaque();
    void choiceIsFollowed();
    void systemChangeIsFollowedOnlyWhenAsked();
    void everyIconDraws();
    void iconsFollowTheTheme();
    void bytesReadWell_data();
    void bytesReadWell();
};

void TestTheme::textCanBeRead_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

void TestTheme::textCanBeRead() {
    QFETCH(bool, dark);
    const ThemeColors& c = themeColors(dark);
    const std::pair<QColor, QColor> pairs[] = {
        {c.text, c.base},           {c.text, c.window},    {c.text, c.raised},      {c.text, c.hover},
        {c.text, c.selected},       {c.text, c.hit},       {c.muted, c.base},       {c.muted, c.window},
        {c.muted, c.raised},        {c.muted, c.hover},    {c.muted, c.selected},   {c.accentText, c.accent},
        {c.error, c.errorBase},     {c.error, c.raised},   {c.error, c.base},       {c.error, c.selected},
        {c.warning, c.warningBase}, {c.warning, c.raised}, {c.warning, c.selected}, {c.good, c.base},
        {c.good, c.window},         {c.good, c.raised},    {c.good, c.selected},    {c.good, c.warningBase},
        {c.good, c.errorBase},      {c.good, c.hover},
    };
    for (const auto& [text, ground] : pairs) {
        const double ratio = contrastRatio(text, ground);
        QVERIFY2(ratio >= 4.5,
                 qPrintable(QStringLiteral("%1 on %2: %3").arg(text.name(), ground.name()).arg(ratio)));
    }
    const QPalette p = themePalette(c);
    QVERIFY(contrastRatio(p.color(QPalette::PlaceholderText), p.color(QPalette::Base)) >= 4.5);
    QVERIFY(contrastRatio(p.color(QPalette::HighlightedText), p.color(QPalette::Highlight)) >= 4.5);
    QVERIFY(contrastRatio(p.color(QPalette::Link), p.color(QPalette::Base)) >= 4.5);
    QCOMPARE(isDark(p), dark);
}

void TestTheme::outlinesCanBeSeen() {
    QFETCH(bool, dark);
    const ThemeColors& c = themeColors(dark);
    QVERIFY(contrastRatio(c.strongBorder, c.base) >= 3.0);
    QVERIFY(contrastRatio(c.strongBorder, c.window) >= 3.0);
    QVERIFY(contrastRatio(c.accent, c.base) >= 3.0);
    QVERIFY(contrastRatio(c.accent, c.window) >= 3.0);
}

void TestTheme::noPlaceholderIsLeftInTheSheet() {
    for (const bool dark : {false, true}) {
        const QString sheet = themeStyleSheet(themeColors(dark));
        QVERIFY2(!sheet.contains(QLatin1Char('@')),
                 qPrintable(sheet.mid(sheet.indexOf(QLatin1Char('@')), 30)));
    }
}

// A list that a file dialog pops up to complete a name has nothing but black behind it.
void TestTheme::listsOfOtherWindowsAreOpaque() {
    for (const bool dark : {false, true}) {
        WindowTheme theme(*qApp);
        theme.apply(dark ? app::ThemeChoice::dark : app::ThemeChoice::light, 0);
        QListView view;
        view.resize(80, 60);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        const QColor shown = view.viewport()->grab().toImage().pixelColor(40, 30);
        QCOMPARE(shown, themeColors(dark).base);
    }
}

void TestTheme::choiceIsFollowed() {
    WindowTheme theme(*qApp);
    theme.apply(app::ThemeChoice::dark, 0);
    QVERIFY(theme.dark());
    QVERIFY(isDark(QApplication::palette()));
    theme.apply(app::ThemeChoice::light, 14);
    QVERIFY(!isDark(QApplication::palette()));
    QCOMPARE(QApplication::font().pointSize(), 14);
    theme.apply(app::ThemeChoice::light, 0);
    QVERIFY(QApplication::font().pointSize() != 14);
}

void TestTheme::systemChangeIsFollowedOnlyWhenAsked() {
    WindowTheme theme(*qApp);
    theme.apply(app::ThemeChoice::dark, 0);
    theme.systemChanged();  // the offscreen desktop is light
    QVERIFY(theme.dark());
    theme.apply(app::ThemeChoice::system, 0);
    QVERIFY(!theme.dark());
    theme.systemChanged();
    QVERIFY(!theme.dark());
    QCOMPARE(QApplication::palette().color(QPalette::Window), themeColors(false).window);
}

void TestTheme::everyIconDraws() {
    QDirIterator files(QStringLiteral(":/icons"));
    int count = 0;
    while (files.hasNext()) {
        files.next();
        const QString name = files.fileInfo().completeBaseName();
        const QImage image = icon(name).pixmap(24, 24).toImage();
        int drawn = 0;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) {
                drawn += qAlpha(image.pixel(x, y)) > 100 ? 1 : 0;
            }
        }
        QVERIFY2(drawn > 20, qPrintable(name));
        ++count;
    }
    QVERIFY(count >= 20);
    QVERIFY(!programIcon().isNull());
}

void TestTheme::iconsFollowTheTheme() {
    const QIcon stop = icon(QStringLiteral("stop"));
    for (const bool dark : {false, true}) {
        QApplication::setPalette(themePalette(themeColors(dark)));
        QCOMPARE(stop.pixmap(24, 24).toImage().pixelColor(12, 12), themeColors(dark).text);
        QCOMPARE(stop.pixmap(24, 24, QIcon::Disabled).toImage().pixelColor(12, 12),
                 themeColors(dark).disabled);
    }
}

void TestTheme::bytesReadWell_data() {
    QTest::addColumn<quint64>("bytes");
    QTest::addColumn<QString>("text");
    QTest::newRow("small") << quint64(512) << QStringLiteral("1 kB");
    QTest::newRow("model") << quint64(98'000'000) << QStringLiteral("98 MB");
    QTest::newRow("just below") << quint64(999'400'000) << QStringLiteral("999 MB");
    QTest::newRow("rounds up to the next unit") << quint64(999'600'000) << QStringLiteral("1.0 GB");
    QTest::newRow("one decimal") << quint64(1'200'000'000) << QStringLiteral("1.2 GB");
    QTest::newRow("none") << quint64(20'400'000'000) << QStringLiteral("20 GB");
}

void TestTheme::bytesReadWell() {
    QFETCH(quint64, bytes);
    QFETCH(QString, text);
    QLocale::setDefault(QLocale(QLocale::English));
    QCOMPARE(formatBytes(bytes), text);
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestTheme)
#include "test_theme.moc"

// SPDX-License-Identifier: Apache-2.0
// The whole window by keyboard and by screen reader: every control has a name, is reached by Tab, every
// action has a way without a mouse.
#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QSet>
#include <QTabBar>
#include <QTabWidget>
#include <QTest>

#include "tests/ui/window/fake_port.h"
#include "ui/window/main_window.h"

namespace tendril::ui {

class TestAccess final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init();
    void cleanup();
    void everyControlHasAName();
    void everyDialogControlHasAName_data();
    void everyDialogControlHasAName();
    void tabReachesEveryControl();
    void tabReachesEveryControlOfTheSettings();
    void everyActionIsInAMenu();
    void shortcutsAreUnique();
    void mnemonicsAreUnique();
    void shortcutsSheetNamesEveryShortcut();
    void listRowsAreSpoken();

  private:
    static QString nameOf(QWidget* widget);
    static QStringList unnamed(QWidget* root);
    static bool isInner(const QWidget* widget);
    void walk(QWidget* root, QWidget* from);

    std::unique_ptr<FakePort> port_;
    std::unique_ptr<MainWindow> window_;
};

void TestAccess::init() {
    port_ = std::make_unique<FakePort>();
    window_ = std::make_unique<MainWindow>(*port_, app::Settings(), QString());
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    port_->ready();
    Q_EMIT port_->conversationsChanged({{1, QStringLiteral("Vines"), QDateTime::currentDateTime()}});
    port_->open(1, {FakePort::message(1, app::MessageRole::user, QStringLiteral("Hi")),
                    FakePort::message(2, app::MessageRole::assistant, QStringLiteral("Hello."))});
    Q_EMIT port_->notice(QStringLiteral("Something to read."));
}

void TestAccess::cleanup() {
    window_.reset();
    port_.reset();
}

QString TestAccess::nameOf(QWidget* widget) {
    QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(widget);
    return interface != nullptr ? interface->text(QAccessible::Name) : QString();
}

/// Parts of one of Qt's controls, which a screen reader does not meet on their own.
bool TestAccess::isInner(const QWidget* widget) {
    const QString name = widget->objectName();
    return name.startsWith(QLatin1String("qt_")) || widget->focusProxy() != nullptr ||
           qobject_cast<const QComboBox*>(widget->parentWidget()) != nullptr ||
           widget->inherits("QComboBoxPrivateContainer") || widget->inherits("QComboBoxListView") ||
           widget->inherits("QMenu");
}

QStringList TestAccess::unnamed(QWidget* root) {
    QStringList found;
    for (QWidget* widget : root->findChildren<QWidget*>()) {
        if (widget->focusPolicy() != Qt::NoFocus && !isInner(widget) && nameOf(widget).trimmed().isEmpty()) {
            found << QStringLiteral("%1 \"%2\"")
                         .arg(QString::fromLatin1(widget->metaObject()->className()), widget->objectName());
        }
    }
    return found;
}

void TestAccess::everyControlHasAName() {
    QCOMPARE(unnamed(window_.get()).join(QLatin1Char(10)), QString());
    window_->findChild<QAction*>(QStringLiteral("find"))->trigger();
    QCOMPARE(unnamed(window_.get()).join(QLatin1Char(10)), QString());
}

void TestAccess::everyDialogControlHasAName_data() {
    QTest::addColumn<QString>("action");
    QTest::addColumn<QString>("dialog");
    QTest::newRow("settings") << QStringLiteral("settings") << QStringLiteral("settingsDialog");
    QTest::newRow("system prompt") << QStringLiteral("prompt") << QStringLiteral("promptDialog");
    QTest::newRow("shortcuts") << QStringLiteral("shortcuts") << QStringLiteral("shortcutsDialog");
    QTest::newRow("about") << QStringLiteral("about") << QStringLiteral("aboutDialog");
}

void TestAccess::everyDialogControlHasAName() {
    QFETCH(QString, action);
    QFETCH(QString, dialog);
    window_->findChild<QAction*>(action)->trigger();
    auto* shown = window_->findChild<QDialog*>(dialog);
    QVERIFY(shown != nullptr);
    QVERIFY(shown->isVisible());
    QCOMPARE(unnamed(shown).join(QLatin1Char(10)), QString());
    QTest::keyClick(shown, Qt::Key_Escape);
    QTRY_VERIFY(window_->findChild<QDialog*>(dialog) == nullptr);
}

void TestAccess::walk(QWidget* root, QWidget* from) {
    QSet<QWidget*> wanted;
    for (QWidget* widget : root->findChildren<QWidget*>()) {
        if ((widget->focusPolicy() & Qt::TabFocus) != 0 && widget->isVisibleTo(root) && widget->isEnabled() &&
            !isInner(widget) && widget->window() == root) {
            wanted.insert(widget);
        }
    }
    from->setFocus();
    QSet<QWidget*> met;
    for (int i = 0; i < 200; ++i) {
        QWidget* now = QApplication::focusWidget();
        QVERIFY(now != nullptr);
        for (QWidget* widget = now; widget != nullptr && widget != root; widget = widget->parentWidget()) {
            met.insert(widget);
        }
        QTest::keyClick(now, Qt::Key_Tab);
        if (QApplication::focusWidget() == from && i > 0) {
            break;
        }
    }
    QStringList missed;
    for (QWidget* widget : wanted - met) {
        missed << QStringLiteral("%1 (%2)").arg(nameOf(widget),
                                                QString::fromLatin1(widget->metaObject()->className()));
    }
    QCOMPARE(missed.join(QStringLiteral(", ")), QString());
    QVERIFY(wanted.size() > 3);
}

void TestAccess::tabReachesEveryControl() {
    walk(window_.get(), window_->findChild<QPlainTextEdit*>(QStringLiteral("composerEdit")));
}

void TestAccess::tabReachesEveryControlOfTheSettings() {
    window_->findChild<QAction*>(QStringLiteral("settings"))->trigger();
    auto* dialog = window_->findChild<QDialog*>(QStringLiteral("settingsDialog"));
    QApplication::setActiveWindow(dialog);  // no window manager does it offscreen
    QTRY_COMPARE(QApplication::activeWindow(), dialog);
    auto* tabs = dialog->findChild<QTabWidget*>();
    for (int page = 0; page < tabs->count(); ++page) {
        tabs->setCurrentIndex(page);
        walk(dialog, tabs->tabBar());
    }
}

void TestAccess::everyActionIsInAMenu() {
    QSet<QAction*> reachable;
    for (QAction* menu : window_->menuBar()->actions()) {
        QVERIFY2(menu->text().contains(QLatin1Char('&')), qPrintable(menu->text()));
        for (QAction* action : menu->menu()->actions()) {
            reachable.insert(action);
        }
    }
    QVERIFY(reachable.size() > 25);
    for (QAction* action : window_->findChildren<QAction*>()) {
        if (!action->objectName().isEmpty() && !action->objectName().startsWith(QLatin1Char('_')) &&
            action->menu() == nullptr) {
            QVERIFY2(reachable.contains(action), qPrintable(action->objectName()));
        }
    }
}

void TestAccess::shortcutsAreUnique() {
    QHash<QString, QString> owners;
    for (QAction* action : window_->findChildren<QAction*>()) {
        for (const QKeySequence& keys : action->shortcuts()) {
            const QString text = keys.toString();
            QVERIFY2(!owners.contains(text),
                     qPrintable(text + QLatin1Char(' ') + action->text() + QLatin1Char(' ') + owners[text]));
            owners.insert(text, action->text());
        }
    }
    for (const char* keys : {"Ctrl+N", "Ctrl+L", "Ctrl+K", "Ctrl+F", "Ctrl+Shift+C", "Ctrl+R", "Ctrl+O",
                             "Ctrl+,", "Ctrl+Q", "F1", "F2", "Esc", "Ctrl+Z"}) {
        QVERIFY2(owners.contains(QString::fromLatin1(keys)), keys);
    }
}

void TestAccess::mnemonicsAreUnique() {
    for (QAction* menu : window_->menuBar()->actions()) {
        QSet<QChar> used;
        for (QAction* action : menu->menu()->actions()) {
            if (action->isSeparator()) {
                continue;
            }
            const qsizetype at = action->text().indexOf(QLatin1Char('&'));
            QVERIFY2(at >= 0, qPrintable(action->text()));
            const QChar key = action->text().at(at + 1).toLower();
            QVERIFY2(!used.contains(key), qPrintable(action->text()));
            used.insert(key);
        }
    }
}

void TestAccess::shortcutsSheetNamesEveryShortcut() {
    QTest::keyClick(window_.get(), Qt::Key_F1);
    auto* sheet = window_->findChild<QDialog*>(QStringLiteral("shortcutsDialog"));
    QVERIFY(sheet != nullptr);
    QSet<QString> shown;
    for (const QLabel* label : sheet->findChildren<QLabel*>()) {
        shown.insert(label->text());
    }
    for (const QAction* action : window_->findChildren<QAction*>()) {
        if (!action->shortcut().isEmpty()) {
            const QString keys = action->shortcut().toString(QKeySequence::NativeText);
            QVERIFY2(shown.contains(keys), qPrintable(keys));
        }
    }
}

void TestAccess::listRowsAreSpoken() {
    QAccessibleInterface* list = QAccessible::queryAccessibleInterface(
        window_->findChild<QWidget*>(QStringLiteral("conversationList")));
    QVERIFY(list != nullptr);
    QCOMPARE(list->role(), QAccessible::List);
    QStringList rows;
    for (int i = 0; i < list->childCount(); ++i) {
        rows << list->child(i)->text(QAccessible::Name);
    }
    QCOMPARE(rows, QStringList({QStringLiteral("Today"), QStringLiteral("Vines")}));
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestAccess)
#include "test_access.moc"

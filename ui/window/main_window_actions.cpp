// SPDX-License-Identifier: Apache-2.0
// The window's menus and shortcuts, and the dialogs they open. GUI thread.
#include <algorithm>

#include <QAction>
#include <QActionGroup>
#include <QApplication>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QMenuBar>
#include <QStackedWidget>
#include <QStandardPaths>

#include "ui/conversation/conversation_view.h"
#include "ui/window/composer.h"
#include "ui/window/dialogs.h"
#include "ui/window/find_bar.h"
#include "ui/window/main_window.h"
#include "ui/window/model_chooser.h"
#include "ui/window/settings_dialog.h"
#include "ui/window/side_bar.h"
#include "ui/window/status_line.h"

namespace tendril::ui {

namespace {

constexpr int kSmallestText = 7;
constexpr int kLargestText = 36;

/// A file name from a title: no separators, nothing hidden, not too long.
QString fileNameFrom(const QString& title) {
    QString name = title.simplified();
    for (QChar& c : name) {
        if (c == u'/' || c == u'\\' || c == u':' || c == u'*' || c == u'?' || c == u'"' || c == u'<' ||
            c == u'>' || c == u'|') {
            c = u'-';
        }
    }
    while (name.startsWith(u'.')) {
        name.remove(0, 1);
    }
    name.truncate(80);
    return name.isEmpty() ? QStringLiteral("conversation") : name;
}

}  // namespace

QAction* MainWindow::addTo(QMenu* menu, const QString& name, const QString& text, const QKeySequence& keys,
                           void (MainWindow::*slot)()) {
    auto* action = menu->addAction(text);
    action->setObjectName(name);
    action->setShortcut(keys);
    if (slot != nullptr) {
        connect(action, &QAction::triggered, this, [this, slot] { (this->*slot)(); });
    }
    actions_.insert(name, action);
    return action;
}

void MainWindow::buildMenus() {
    const auto menu = [this](const QString& title) {
        QMenu* made = menuBar()->addMenu(title);
        menus_.append(made);
        return made;
    };
    menuBar()->setAccessibleName(tr("Menu bar"));
    QMenu* file = menu(tr("&File"));
    addTo(file, "new", tr("&New conversation"), QKeySequence(Qt::CTRL | Qt::Key_N),
          &MainWindow::newConversation);
    file->addSeparator();
    addTo(file, "openModel", tr("&Open model file…"), QKeySequence(Qt::CTRL | Qt::Key_O),
          &MainWindow::chooseModelFile);
    addTo(file, "chooseModel", tr("Choose &model…"), QKeySequence(Qt::CTRL | Qt::Key_M),
          &MainWindow::chooseModel);
    file->addSeparator();
    addTo(file, "export", tr("&Export conversation…"), QKeySequence(Qt::CTRL | Qt::Key_E),
          &MainWindow::exportOpen);
    file->addSeparator();
    addTo(file, "settings", tr("&Settings…"), QKeySequence(Qt::CTRL | Qt::Key_Comma),
          &MainWindow::showSettings)
        ->setMenuRole(QAction::PreferencesRole);
    addTo(file, "quit", tr("&Quit"), QKeySequence(Qt::CTRL | Qt::Key_Q), nullptr)
        ->setMenuRole(QAction::QuitRole);
    connect(actions_["quit"], &QAction::triggered, this, &QWidget::close);

    menu(tr("&Edit"));
    buildEditMenu();
    menu(tr("&Conversation"));
    buildConversationMenu();
    menu(tr("&View"));
    buildViewMenu();

    QMenu* help = menu(tr("&Help"));
    addTo(help, "shortcuts", tr("&Keyboard shortcuts"), QKeySequence(Qt::Key_F1), &MainWindow::showShortcuts);
    addTo(help, "about", tr("&About Tendril"), {}, &MainWindow::showAbout)->setMenuRole(QAction::AboutRole);
}

void MainWindow::buildEditMenu() {
    QMenu* edit = menus_.last();
    addTo(edit, "undoDelete", tr("&Undo deletion"), QKeySequence(Qt::CTRL | Qt::Key_Z),
          &MainWindow::undoDelete);
    edit->addSeparator();
    addTo(edit, "editLast", tr("&Edit last message"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E),
          &MainWindow::editLast);
    addTo(edit, "copyLast", tr("&Copy last answer"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C),
          &MainWindow::copyLastAnswer);
    edit->addSeparator();
    addTo(edit, "find", tr("&Find in conversation"), QKeySequence(Qt::CTRL | Qt::Key_F),
          &MainWindow::openFind);
    addTo(edit, "findNext", tr("Find &next"), QKeySequence(Qt::Key_F3), &MainWindow::findNext);
    addTo(edit, "findPrevious", tr("Find &previous"), QKeySequence(Qt::SHIFT | Qt::Key_F3),
          &MainWindow::findPrevious);
    addTo(edit, "search", tr("&Search all conversations"), QKeySequence(Qt::CTRL | Qt::Key_K),
          &MainWindow::focusSearch);
}

void MainWindow::buildConversationMenu() {
    QMenu* talk = menus_.last();
    addTo(talk, "stop", tr("&Stop the answer"), QKeySequence(Qt::Key_Escape), &MainWindow::stop);
    addTo(talk, "retry", tr("&Retry: another answer"), QKeySequence(Qt::CTRL | Qt::Key_R),
          &MainWindow::retryLast);
    addTo(talk, "retryNormally", tr("Retry as a nor&mal answer"),
          QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_N), &MainWindow::retryLastNormally);
    addTo(talk, "continue", tr("&Continue the answer"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R),
          &MainWindow::continueLast);
    talk->addSeparator();
    addTo(talk, "attach", tr("&Attach documents…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_A),
          &MainWindow::chooseAttachments);
    addTo(talk, "context", tr("What the mo&del has…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_M),
          &MainWindow::openContextPanel);
    addTo(talk, "shorten", tr("S&horten its memory of old turns"),
          QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S), &MainWindow::shortenNow);
    addTo(talk, "restore", tr("Restore the &full text for the model"),
          QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_T), &MainWindow::restoreNewest);
    talk->addSeparator();
    addTo(talk, "answerModes", tr("Ans&wers in parallel…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O),
          &MainWindow::openAnswerModes);
    addTo(talk, "prompt", tr("System &prompt…"), QKeySequence(Qt::CTRL | Qt::Key_P),
          &MainWindow::editSystemPrompt);
    QAction* isPrivate = addTo(talk, "private", tr("Pr&ivate: not on the disk, not shared"),
                               QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P), &MainWindow::togglePrivate);
    isPrivate->setCheckable(true);
    addTo(talk, "rename", tr("Re&name"), QKeySequence(Qt::Key_F2), &MainWindow::renameOpen);
    addTo(talk, "delete", tr("Dele&te"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Delete),
          &MainWindow::deleteCurrent);
    talk->addSeparator();
    addTo(talk, "next", tr("Ne&xt conversation"), QKeySequence(Qt::CTRL | Qt::Key_PageDown),
          &MainWindow::nextConversation);
    addTo(talk, "previous", tr("Pre&vious conversation"), QKeySequence(Qt::CTRL | Qt::Key_PageUp),
          &MainWindow::previousConversation);
}

void MainWindow::buildViewMenu() {
    QMenu* view = menus_.last();
    QAction* side = addTo(view, "sidebar", tr("&Conversations"), QKeySequence(Qt::CTRL | Qt::Key_B), nullptr);
    side->setCheckable(true);
    side->setChecked(true);
    connect(side, &QAction::toggled, sideBar_, &QWidget::setVisible);
    view->addSeparator();
    addTo(view, "focusComposer", tr("Go to the &message field"), QKeySequence(Qt::CTRL | Qt::Key_L),
          &MainWindow::focusComposer);
    addTo(view, "focusConversation", tr("Go to the con&versation"), QKeySequence(Qt::CTRL | Qt::Key_2),
          &MainWindow::focusConversation);
    addTo(view, "jump", tr("&Jump to the newest message"), QKeySequence(Qt::CTRL | Qt::Key_J),
          &MainWindow::jumpToNewest);
    addTo(view, "focusList", tr("Go to the &list of conversations"), QKeySequence(Qt::CTRL | Qt::Key_1),
          &MainWindow::focusList);
    view->addSeparator();
    QAction* bigger = addTo(view, "bigger", tr("Lar&ger text"), {}, &MainWindow::biggerText);
    bigger->setShortcuts({QKeySequence(Qt::CTRL | Qt::Key_Plus), QKeySequence(Qt::CTRL | Qt::Key_Equal)});
    addTo(view, "smaller", tr("Smaller te&xt"), QKeySequence(Qt::CTRL | Qt::Key_Minus),
          &MainWindow::smallerText);
    addTo(view, "normal", tr("&Normal text size"), QKeySequence(Qt::CTRL | Qt::Key_0),
          &MainWindow::normalText);
    view->addSeparator();
    auto* group = new QActionGroup(this);
    const auto theme = [&](const QString& name, const QString& text, app::ThemeChoice choice) {
        QAction* action = addTo(view, name, text, {}, nullptr);
        action->setCheckable(true);
        action->setActionGroup(group);
        action->setChecked(settings_.theme == choice);
        connect(action, &QAction::triggered, this, [this, choice] {
            app::Settings changed = settings_;
            changed.theme = choice;
            applySettings(changed, true);
            if (settingsDialog_ != nullptr) {
                settingsDialog_->setSettings(settings_);
            }
        });
    };
    theme("themeSystem", tr("Colours like the &desktop"), app::ThemeChoice::system);
    theme("themeLight", tr("L&ight"), app::ThemeChoice::light);
    theme("themeDark", tr("Dar&k"), app::ThemeChoice::dark);
    view->addSeparator();
    addTo(view, "fullScreen", tr("&Full screen"), QKeySequence(Qt::Key_F11), &MainWindow::toggleFullScreen);
}

void MainWindow::updateActions() {
    if (actions_.isEmpty()) {
        return;
    }
    const app::MessageItem* answer = last(app::MessageRole::assistant);
    const bool open = conversation_ != 0;
    const bool idle = !turn_.generating;
    actions_["stop"]->setEnabled(turn_.generating);
    actions_["retry"]->setEnabled(idle && answer != nullptr);
    actions_["retryNormally"]->setEnabled(idle && answer != nullptr && answer->expansion.skeleton);
    actions_["continue"]->setEnabled(idle && answer != nullptr &&
                                     answer->state == app::MessageState::interrupted);
    actions_["copyLast"]->setEnabled(answer != nullptr);
    actions_["editLast"]->setEnabled(idle && last(app::MessageRole::user) != nullptr);
    actions_["undoDelete"]->setEnabled(sideBar_->undoOffered());
    for (const char* name :
         {"export", "rename", "delete", "prompt", "private", "answerModes", "attach", "context"}) {
        actions_[name]->setEnabled(open);
    }
    actions_["shorten"]->setEnabled(open && idle && !working_ && messages_.size() > 1);
    actions_["restore"]->setEnabled(std::any_of(
        marks_.begin(), marks_.end(), [](const app::MemoryMarkItem& mark) { return mark.undoable; }));
    for (const char* name : {"find", "findNext", "findPrevious", "jump"}) {
        actions_[name]->setEnabled(!messages_.isEmpty());
    }
}

void MainWindow::chooseModelFile() {
    auto* dialog = new QFileDialog(this, tr("Open a model file"));
    dialog->setObjectName(QStringLiteral("modelFileDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Language models (*.gguf)"), tr("All files (*)")});
    if (!model_.path.isEmpty()) {
        dialog->setDirectory(QFileInfo(model_.path).absolutePath());
    } else if (!settings_.modelFolders.isEmpty()) {
        dialog->setDirectory(settings_.modelFolders.first());
    } else {
        dialog->setDirectory(QStandardPaths::writableLocation(QStandardPaths::HomeLocation));
    }
    connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::openModel);
    dialog->open();
}

void MainWindow::chooseModel() {
    chooser_->openPopup();
}

void MainWindow::showSettings() {
    if (settingsDialog_ == nullptr) {
        settingsDialog_ = new SettingsDialog(settings_, this);
        settingsDialog_->setAttribute(Qt::WA_DeleteOnClose);
        connect(settingsDialog_, &SettingsDialog::changed, this, [this](const app::Settings& settings) {
            applySettings(settings, true);
            const QString names[] = {QStringLiteral("themeSystem"), QStringLiteral("themeLight"),
                                     QStringLiteral("themeDark")};
            actions_[names[static_cast<int>(settings.theme)]]->setChecked(true);
        });
    }
    settingsDialog_->show();
    settingsDialog_->raise();
    settingsDialog_->activateWindow();
}

void MainWindow::showShortcuts() {
    QVector<ShortcutGroup> groups;
    for (const QMenu* menu : menus_) {
        QString title = menu->title();
        groups.append({title.remove(QLatin1Char('&')), menu->actions()});
    }
    showShortcutsDialog(this, groups);
}

void MainWindow::showAbout() {
    showAboutDialog(this);
}

void MainWindow::editSystemPrompt() {
    if (conversation_ == 0) {
        return;
    }
    const qint64 asked = conversation_;
    showPromptDialog(this, systemPrompt_, [this, asked](const QString& text) {
        if (asked == conversation_) {
            systemPrompt_ = text;
            port_.setSystemPrompt(text);
        }
    });
}

void MainWindow::togglePrivate() {
    if (conversation_ != 0) {
        private_ = !private_;
        port_.setPrivate(private_);
        status_->showHint(private_ ? tr("Private: never on the disk, never shared")
                                   : tr("No longer private"));
    }
    updatePrivate();
}

void MainWindow::openAnswerModes() {
    composer_->openAnswerModes();
}

void MainWindow::setAnswerMode(app::AnswerMode mode) {
    port_.setAnswerMode(mode);
    status_->showHint(mode == app::AnswerMode::automatic
                          ? tr("Answers in parallel where it suits the question")
                      : mode == app::AnswerMode::always ? tr("Answers always in parallel")
                                                        : tr("Answers always in one piece"));
}

void MainWindow::chooseKv(app::KvChoice choice) {
    if (!model_.path.isEmpty()) {
        app::Settings changed = settings_;
        changed.kvOf.insert(model_.path, choice);
        applySettings(changed.clamped(), true);
        if (settingsDialog_ != nullptr) {
            settingsDialog_->setSettings(settings_);
        }
    }
}

void MainWindow::exportOpen() {
    exportConversation(conversation_);
}

void MainWindow::exportConversation(qint64 id) {
    if (id == 0) {
        return;
    }
    auto* dialog = new QFileDialog(this, tr("Export the conversation"));
    dialog->setObjectName(QStringLiteral("exportDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    const QString markdown = tr("Markdown, for people (*.md)");
    const QString json = tr("JSON, all versions and numbers (*.json)");
    dialog->setNameFilters({markdown, json});
    dialog->setDefaultSuffix(QStringLiteral("md"));
    dialog->setDirectory(QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation));
    dialog->selectFile(fileNameFrom(id == conversation_ ? title_ : QString()));
    connect(dialog, &QFileDialog::filterSelected, dialog, [dialog, json](const QString& filter) {
        dialog->setDefaultSuffix(filter == json ? QStringLiteral("json") : QStringLiteral("md"));
    });
    connect(dialog, &QFileDialog::fileSelected, this, [this, id](const QString& file) {
        port_.exportConversation(id, file, file.endsWith(QLatin1String(".json"), Qt::CaseInsensitive));
    });
    dialog->open();
}

void MainWindow::openFind() {
    if (!messages_.isEmpty()) {
        findBar_->open();
    }
}

void MainWindow::findNext() {
    findBar_->show();
    find(findBar_->text(), true);
}

void MainWindow::findPrevious() {
    findBar_->show();
    find(findBar_->text(), false);
}

void MainWindow::closeFind() {
    findBar_->hide();
    view_->find(QString(), true);  // takes the marks away
    composer_->focusEditor();
}

void MainWindow::biggerText() {
    app::Settings changed = settings_;
    changed.fontPoints = std::min(kLargestText, QApplication::font().pointSize() + 1);
    applySettings(changed, true);
}

void MainWindow::smallerText() {
    app::Settings changed = settings_;
    changed.fontPoints = std::max(kSmallestText, QApplication::font().pointSize() - 1);
    applySettings(changed, true);
}

void MainWindow::normalText() {
    app::Settings changed = settings_;
    changed.fontPoints = 0;
    applySettings(changed, true);
}

void MainWindow::toggleFullScreen() {
    setWindowState(windowState() ^ Qt::WindowFullScreen);
}

}  // namespace tendril::ui

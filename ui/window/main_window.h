// SPDX-License-Identifier: Apache-2.0
// The window: conversations left, the conversation and the composer right. Shows what the port tells and asks
// the port for everything; knows no rule about chats or models. GUI thread; created by main().
#pragma once

#include <QHash>
#include <QMainWindow>
#include <QPointer>
#include <QVector>

#include "app/chat_port.h"
#include "ui/window/theme.h"

class QSplitter;
class QStackedWidget;
class QToolButton;
class QVBoxLayout;

namespace tendril::ui {

class Composer;
class ContextPanel;
class ConversationView;
class DropOverlay;
class ElidedLabel;
class FindBar;
class JumpButton;
class MessageBar;
class ModelChooser;
class SettingsDialog;
class SideBar;
class StatusLine;
class Welcome;
struct ShortcutGroup;

class MainWindow final : public QMainWindow {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MainWindow)

  public:
    /// `memory`: the ini file that remembers place and size of the window; empty: nothing is remembered.
    MainWindow(app::ChatPort& port, const app::Settings& settings, const QString& memory,
               QWidget* parent = nullptr);
    ~MainWindow() override;

    /// `conversation`: it is seen with this one only; 0 = always.
    void showNotice(const QString& text, qint64 conversation = 0);
    void raiseToFront();                  ///< a second instance was started
    void openConversation(qint64 id);     ///< as if it had been chosen in the list
    void openModel(const QString& path);  ///< as if it had been dropped

  Q_SIGNALS:
    void firstFrame();  ///< the window has been painted for the first time

  protected:
    bool event(QEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

  private:
    // main_window.cpp: what it is made of
    void build();
    QWidget* buildTopBar();
    QWidget* buildMainPane();
    void connectParts();
    void restoreMemory(const QString& memory);
    void saveMemory() const;
    void applySettings(const app::Settings& settings, bool tellPort);
    void updateTitle();
    void updatePrivate();
    void updateComposer();
    void updateNotices();
    void dropNotices(qint64 conversation);

    // main_window_actions.cpp: menus, shortcuts, dialogs
    QAction* addTo(QMenu* menu, const QString& name, const QString& text, const QKeySequence& keys,
                   void (MainWindow::*slot)());
    void buildMenus();
    void buildEditMenu();
    void buildConversationMenu();
    void buildViewMenu();
    void updateActions();
    void chooseModelFile();
    void chooseModel();
    void showSettings();
    void showShortcuts();
    void showAbout();
    void editSystemPrompt();
    void togglePrivate();
    void openAnswerModes();
    void setAnswerMode(tendril::app::AnswerMode mode);
    void chooseKv(app::KvChoice choice);
    void exportOpen();
    void exportConversation(qint64 id);
    void openFind();
    void findNext();
    void findPrevious();
    void closeFind();
    void biggerText();
    void smallerText();
    void normalText();
    void toggleFullScreen();

    // main_window_chat.cpp: the conversation
    void connectPort();
    void newConversation();
    void showConversation(const app::OpenedConversation& conversation);
    void addMessage(const app::MessageItem& message);
    void changeMessage(const app::MessageItem& message);
    void appendText(qint64 id, const QString& text);
    void showModel(const app::ModelState& state);
    void showModels(const QVector<app::ModelItem>& models);
    void showCache(const app::CacheStatus& status);
    void showTurn(const app::TurnStatus& status);
    void showDeleted(qint64 id, const QString& title);
    void showExported(const QString& file, const QString& error);
    void jumpTo(qint64 conversation, qint64 message, const QString& words);
    void find(const QString& text, bool forward);
    void editMessage(qint64 id);
    void editLast();
    void retryLast();
    void retryLastNormally();
    void changeExpansion(qint64 id, const app::ExpansionItem& expansion);
    void continueLast();
    void stop();
    void copyLastAnswer();
    void renameOpen();
    void deleteCurrent();
    void undoDelete();
    void nextConversation();
    void previousConversation();
    void jumpToNewest();
    void focusComposer();
    void focusConversation();
    void focusSearch();
    void focusList();
    void updatePage();
    const app::MessageItem* message(qint64 id) const;
    const app::MessageItem* last(app::MessageRole role) const;

    // main_window_memory.cpp: documents, the context, what becomes of old turns
    void connectMemory();
    void attachFiles(const QStringList& paths);
    void chooseAttachments();
    void showAttachments(const QVector<app::AttachmentItem>& documents);
    void showPlan(const app::ContextPlanItem& plan);
    void showMarks(const QVector<app::MemoryMarkItem>& marks);
    void showMemoryWork(const app::MemoryWorkItem& work);
    void openContextPanel();
    void shortenNow();
    void restoreNewest();

    app::ChatPort& port_;
    app::Settings settings_;
    QString memory_;
    WindowTheme theme_;
    app::ModelState model_;
    app::TurnStatus turn_;
    qint64 conversation_ = 0;
    QString title_;
    QString systemPrompt_;
    bool private_ = false;
    QVector<app::MessageItem> messages_;
    app::ContextPlanItem plan_;
    QVector<app::MemoryMarkItem> marks_;
    QHash<qint64, QString> documentNames_;  ///< of the open conversation
    bool working_ = false;                  ///< the model's memory is being shortened
    qint64 jumpConversation_ = 0;
    qint64 jumpMessage_ = 0;
    QString jumpWords_;
    bool modelKnown_ = false;
    bool painted_ = false;

    QSplitter* splitter_ = nullptr;
    SideBar* sideBar_ = nullptr;
    ElidedLabel* titleLabel_ = nullptr;
    QToolButton* privateMark_ = nullptr;
    ModelChooser* chooser_ = nullptr;
    QVBoxLayout* notices_ = nullptr;
    MessageBar* modelError_ = nullptr;
    MessageBar* modelWarning_ = nullptr;
    FindBar* findBar_ = nullptr;
    QStackedWidget* pages_ = nullptr;
    Welcome* welcome_ = nullptr;
    ConversationView* view_ = nullptr;
    JumpButton* jump_ = nullptr;
    Composer* composer_ = nullptr;
    StatusLine* status_ = nullptr;
    ContextPanel* contextPanel_ = nullptr;
    DropOverlay* drop_ = nullptr;
    QPointer<SettingsDialog> settingsDialog_;
    QHash<QString, QAction*> actions_;
    QVector<QMenu*> menus_;
};

}  // namespace tendril::ui

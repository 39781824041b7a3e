// SPDX-License-Identifier: Apache-2.0
// The window: its parts, its place on the screen, what is dropped on it. GUI thread.
#include "ui/window/main_window.h"

#include <algorithm>

#include <QApplication>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QScreen>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/conversation/conversation_view.h"
#include "ui/window/cache_panel.h"
#include "ui/window/composer.h"
#include "ui/window/context_panel.h"
#include "ui/window/drop_overlay.h"
#include "ui/window/elided_label.h"
#include "ui/window/find_bar.h"
#include "ui/window/icons.h"
#include "ui/window/jump_button.h"
#include "ui/window/message_bar.h"
#include "ui/window/model_chooser.h"
#include "ui/window/settings_dialog.h"
#include "ui/window/side_bar.h"
#include "ui/window/status_line.h"
#include "ui/window/welcome.h"

namespace tendril::ui {

namespace {

constexpr int kColumnWidth = 800;  ///< of composer and notices, like the conversation's
constexpr int kNoticeMargin = 16;
constexpr int kMaximumNotices = 3;  ///< older ones make room
constexpr int kModelWaitMs = 1500;  ///< after that a silent port counts as "no model"

/// Keeps `widget` in a centred column of readable width.
QWidget* centred(QWidget* widget, QWidget* parent) {
    auto* holder = new QWidget(parent);
    auto* row = new QHBoxLayout(holder);
    row->setContentsMargins(16, 0, 16, 0);
    row->setSpacing(0);
    widget->setMaximumWidth(kColumnWidth);
    row->addStretch(1);
    row->addWidget(widget, 1000);
    row->addStretch(1);
    return holder;
}

constexpr const char* kAbout = "notice";  ///< property of a notice's bar: the conversation; 0 = none

qint64 aboutOf(const MessageBar& bar) {
    return bar.property(kAbout).toLongLong();
}

/// Oldest first, also those that are not seen.
QVector<MessageBar*> noticeBars(const QWidget& window) {
    QVector<MessageBar*> bars;
    for (MessageBar* bar : window.findChildren<MessageBar*>()) {
        if (bar->property(kAbout).isValid()) {
            bars.append(bar);
        }
    }
    return bars;
}

/// Notices one below the other. Without one to show it takes no room, its margins included.
class NoticeLayout final : public QVBoxLayout {
  public:
    QSize sizeHint() const override { return isEmpty() ? QSize(0, 0) : QVBoxLayout::sizeHint(); }
    QSize minimumSize() const override { return isEmpty() ? QSize(0, 0) : QVBoxLayout::minimumSize(); }
    int heightForWidth(int width) const override {
        return isEmpty() ? 0 : QVBoxLayout::heightForWidth(width);
    }
    int minimumHeightForWidth(int width) const override {
        return isEmpty() ? 0 : QVBoxLayout::minimumHeightForWidth(width);
    }
    /// In the column of conversation and composer.
    void setGeometry(const QRect& rect) override {
        const int spare = (rect.width() - 2 * kNoticeMargin - kColumnWidth) / 2;
        QVBoxLayout::setGeometry(rect.adjusted(std::max(0, spare), 0, -std::max(0, spare), 0));
    }
};

}  // namespace

MainWindow::MainWindow(app::ChatPort& port, const app::Settings& settings, const QString& memory,
                       QWidget* parent)
    : QMainWindow(parent), port_(port), settings_(settings), memory_(memory), theme_(*qApp) {
    setObjectName(QStringLiteral("mainWindow"));
    theme_.apply(settings.theme, settings.fontPoints);
    setAcceptDrops(true);
    setMinimumSize(560, 420);
    resize(1080, 760);
    build();
    buildMenus();
    connectParts();
    connectPort();
    connectMemory();
    restoreMemory(memory);
    updateTitle();
    updatePrivate();
    updatePage();
    updateComposer();
    updateActions();
    composer_->focusEditor();
    QTimer::singleShot(kModelWaitMs, this, [this] {
        if (!modelKnown_) {
            showModel({});
        }
    });
}

MainWindow::~MainWindow() = default;

void MainWindow::build() {
    splitter_ = new QSplitter(Qt::Horizontal, this);
    splitter_->setHandleWidth(1);
    splitter_->setChildrenCollapsible(false);
    sideBar_ = new SideBar(splitter_);
    splitter_->addWidget(sideBar_);
    splitter_->addWidget(buildMainPane());
    splitter_->setStretchFactor(0, 0);
    splitter_->setStretchFactor(1, 1);
    splitter_->setSizes({264, 816});
    setCentralWidget(splitter_);
    drop_ = new DropOverlay(this);
}

QWidget* MainWindow::buildTopBar() {
    auto* bar = new QWidget(this);
    bar->setObjectName(QStringLiteral("topBar"));
    bar->setAttribute(Qt::WA_StyledBackground);
    titleLabel_ = new ElidedLabel(bar);
    titleLabel_->setObjectName(QStringLiteral("conversationTitle"));
    chooser_ = new ModelChooser(bar);
    const auto button = [bar](const char* name, const QString& tip, const QString& spoken) {
        auto* made = new QToolButton(bar);
        made->setIcon(icon(QString::fromLatin1(name), IconColor::muted));
        made->setIconSize(QSize(20, 20));
        made->setToolTip(tip);
        made->setAccessibleName(spoken);
        made->setFocusPolicy(Qt::StrongFocus);
        return made;
    };
    privateMark_ = button("lock-open", {}, {});
    privateMark_->setObjectName(QStringLiteral("privateMark"));
    privateMark_->setCheckable(true);
    privateMark_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    QToolButton* side = button("sidebar", tr("Show or hide the conversations (Ctrl+B)"),
                               tr("Show or hide the conversations"));
    QToolButton* prompt =
        button("prompt", tr("System prompt (Ctrl+P)"), tr("System prompt of this conversation"));
    QToolButton* settings = button("settings", tr("Settings (Ctrl+,)"), tr("Settings"));
    connect(side, &QToolButton::clicked, this, [this] { actions_[QStringLiteral("sidebar")]->trigger(); });
    connect(privateMark_, &QToolButton::clicked, this, &MainWindow::togglePrivate);
    connect(prompt, &QToolButton::clicked, this, &MainWindow::editSystemPrompt);
    connect(settings, &QToolButton::clicked, this, &MainWindow::showSettings);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(10, 7, 10, 7);
    row->setSpacing(6);
    row->addWidget(side);
    row->addWidget(titleLabel_, 1);
    row->addWidget(privateMark_);
    row->addWidget(chooser_);
    row->addWidget(prompt);
    row->addWidget(settings);
    return bar;
}

QWidget* MainWindow::buildMainPane() {
    auto* pane = new QWidget(splitter_);
    pane->setObjectName(QStringLiteral("mainPane"));
    pane->setAttribute(Qt::WA_StyledBackground);
    notices_ = new NoticeLayout;
    notices_->setContentsMargins(kNoticeMargin, 6, kNoticeMargin, 6);
    notices_->setSpacing(6);
    modelError_ = new MessageBar(MessageBar::Kind::error, pane);
    modelError_->setMaximumWidth(kColumnWidth);
    modelError_->setAction(tr("Choose another…"));
    modelError_->hide();
    modelWarning_ = new MessageBar(MessageBar::Kind::warning, pane);
    modelWarning_->setMaximumWidth(kColumnWidth);
    modelWarning_->hide();
    notices_->addWidget(modelError_);
    notices_->addWidget(modelWarning_);
    findBar_ = new FindBar(pane);
    findBar_->hide();
    pages_ = new QStackedWidget(pane);
    welcome_ = new Welcome(pages_);
    view_ = new ConversationView(pages_);
    view_->setObjectName(QStringLiteral("conversationView"));
    pages_->addWidget(welcome_);
    pages_->addWidget(view_);
    jump_ = new JumpButton(*view_, pane);
    composer_ = new Composer(pane);
    status_ = new StatusLine(pane);
    contextPanel_ = new ContextPanel(this);

    auto* column = new QVBoxLayout(pane);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(buildTopBar());
    column->addWidget(findBar_);
    column->addLayout(notices_);
    column->addWidget(pages_, 1);
    column->addSpacing(8);
    column->addWidget(centred(composer_, pane));
    column->addSpacing(6);
    column->addWidget(centred(status_, pane));
    return pane;
}

void MainWindow::connectParts() {
    connect(sideBar_, &SideBar::newRequested, this, &MainWindow::newConversation);
    connect(sideBar_, &SideBar::openRequested, this, &MainWindow::openConversation);
    connect(sideBar_, &SideBar::resultRequested, this, &MainWindow::jumpTo);
    connect(sideBar_, &SideBar::renameRequested, &port_, &app::ChatPort::renameConversation);
    connect(sideBar_, &SideBar::deleteRequested, &port_, &app::ChatPort::deleteConversation);
    connect(sideBar_, &SideBar::restoreRequested, &port_, &app::ChatPort::restoreConversation);
    connect(sideBar_, &SideBar::searchRequested, &port_, &app::ChatPort::search);
    connect(sideBar_, &SideBar::exportRequested, this, &MainWindow::exportConversation);
    connect(sideBar_, &SideBar::undoOfferedChanged, this, [this](bool offered) {
        composer_->yieldUndo(offered);
        updateActions();
    });
    connect(composer_, &Composer::sendRequested, &port_, &app::ChatPort::send);
    connect(composer_, &Composer::editSubmitted, &port_, &app::ChatPort::edit);
    connect(composer_, &Composer::stopRequested, this, &MainWindow::stop);
    connect(composer_, &Composer::draftChanged, &port_, &app::ChatPort::saveDraft);
    connect(composer_, &Composer::editLastRequested, this, &MainWindow::editLast);
    connect(composer_, &Composer::answerModeChosen, this, &MainWindow::setAnswerMode);
    connect(composer_, &Composer::hint, status_, &StatusLine::showHint);
    connect(&chooser_->cache(), &CachePanel::statusWanted, &port_, &app::ChatPort::askCache);
    connect(&chooser_->cache(), &CachePanel::clearRequested, &port_, &app::ChatPort::clearCache);
    connect(&chooser_->cache(), &CachePanel::kvChosen, this, &MainWindow::chooseKv);
    connect(chooser_, &ModelChooser::modelsWanted, this, [this] { port_.describeModels({}); });
    connect(chooser_, &ModelChooser::modelChosen, this, &MainWindow::openModel);
    connect(chooser_, &ModelChooser::openFileRequested, this, &MainWindow::chooseModelFile);
    connect(chooser_, &ModelChooser::cancelRequested, &port_, &app::ChatPort::cancelLoad);
    connect(welcome_, &Welcome::openFileRequested, this, &MainWindow::chooseModelFile);
    connect(welcome_, &Welcome::modelChosen, this, &MainWindow::openModel);
    connect(welcome_, &Welcome::suggestionChosen, this, [this](const QString& text) {
        composer_->setDraft(text + QLatin1Char(' '));
        composer_->focusEditor();
    });
    connect(modelError_, &MessageBar::actionTriggered, this, &MainWindow::chooseModelFile);
    connect(modelError_, &MessageBar::closed, modelError_, &QWidget::hide);
    connect(modelWarning_, &MessageBar::closed, modelWarning_, &QWidget::hide);
    connect(findBar_, &FindBar::findRequested, this, &MainWindow::find);
    connect(view_, &ConversationView::matchesChanged, findBar_, &FindBar::setMatches);
    connect(findBar_, &FindBar::closed, this, &MainWindow::closeFind);
    connect(view_, &ConversationView::retryRequested, &port_, &app::ChatPort::retry);
    connect(view_, &ConversationView::retryNormallyRequested, &port_, &app::ChatPort::retryNormally);
    connect(view_, &ConversationView::continueRequested, &port_, &app::ChatPort::continueReply);
    connect(view_, &ConversationView::versionRequested, &port_, &app::ChatPort::showVersion);
    connect(view_, &ConversationView::editRequested, this, &MainWindow::editMessage);
    connect(view_, &ConversationView::memoryRequested, &port_, &app::ChatPort::setMemory);
    connect(view_, &ConversationView::restoreRequested, &port_, &app::ChatPort::restoreFullText);
}

void MainWindow::showNotice(const QString& text, qint64 conversation) {
    QVector<MessageBar*> alike;
    for (MessageBar* bar : noticeBars(*this)) {
        if (aboutOf(*bar) == conversation) {
            if (bar->text() == text) {
                return;
            }
            alike.append(bar);
        }
    }
    if (alike.size() >= kMaximumNotices) {
        delete alike.first();
    }
    auto* bar = new MessageBar(MessageBar::Kind::warning, modelError_->parentWidget());
    bar->setMaximumWidth(kColumnWidth);
    bar->setProperty(kAbout, conversation);
    bar->setText(text);
    connect(bar, &MessageBar::closed, bar, &QObject::deleteLater);
    notices_->addWidget(bar);
    updateNotices();
}

/// Those about another conversation wait until it is open.
void MainWindow::updateNotices() {
    QVector<MessageBar*> seen;
    for (MessageBar* bar : noticeBars(*this)) {
        const qint64 about = aboutOf(*bar);
        const bool here = about == 0 || about == conversation_;
        bar->setVisible(here);
        if (here) {
            seen.append(bar);
        }
    }
    while (seen.size() > kMaximumNotices) {
        delete seen.takeFirst();
    }
}

void MainWindow::dropNotices(qint64 conversation) {
    for (MessageBar* bar : noticeBars(*this)) {
        if (aboutOf(*bar) == conversation) {
            delete bar;
        }
    }
}

void MainWindow::raiseToFront() {
    setWindowState((windowState() & ~Qt::WindowMinimized) | Qt::WindowActive);
    show();
    raise();
    activateWindow();
}

void MainWindow::openConversation(qint64 id) {
    if (id == conversation_) {
        composer_->focusEditor();
        return;
    }
    composer_->flushDraft();
    port_.openConversation(id);
}

void MainWindow::openModel(const QString& path) {
    if (!path.isEmpty()) {
        port_.loadModel(path);
    }
}

void MainWindow::applySettings(const app::Settings& settings, bool tellPort) {
    settings_ = settings;
    theme_.apply(settings.theme, settings.fontPoints);
    if (tellPort) {
        port_.applySettings(settings);
    }
}

void MainWindow::updateTitle() {
    const QString shown = title_.isEmpty() ? tr("New conversation") : title_;
    titleLabel_->setFullText(shown);
    setWindowTitle(title_.isEmpty() ? QStringLiteral("Tendril") : tr("%1 – Tendril").arg(title_));
}

void MainWindow::updatePrivate() {
    QAction* action = actions_.value(QStringLiteral("private"));
    action->setChecked(private_);
    privateMark_->setChecked(private_);
    privateMark_->setEnabled(conversation_ != 0);
    privateMark_->setIcon(private_ ? icon(QStringLiteral("lock"), IconColor::good)
                                   : icon(QStringLiteral("lock-open"), IconColor::muted));
    privateMark_->setText(private_ ? tr("Private") : QString());
    privateMark_->setAccessibleName(private_ ? tr("Private conversation: on")
                                             : tr("Private conversation: off"));
    privateMark_->setToolTip(private_ ? tr("Private: what the model reads of this conversation is never kept "
                                           "on the disk and never shared "
                                           "with other conversations (Ctrl+Shift+P)")
                                      : tr("Make this conversation private (Ctrl+Shift+P)"));
}

void MainWindow::updateComposer() {
    using Kind = app::ModelState::Kind;
    switch (model_.kind) {
        case Kind::none:
            composer_->setBlocked(tr("Choose a model first (Ctrl+M)"));
            break;
        case Kind::loading:
            composer_->setBlocked(tr("The model is still being loaded"));
            break;
        case Kind::failed:
            composer_->setBlocked(tr("The model could not be loaded; choose another one (Ctrl+M)"));
            break;
        case Kind::ready:
            composer_->setBlocked({});
            break;
    }
    composer_->setGenerating(turn_.generating);
}

void MainWindow::restoreMemory(const QString& memory) {
    if (memory.isEmpty()) {
        return;
    }
    const QSettings stored(memory, QSettings::IniFormat);
    restoreGeometry(stored.value(QStringLiteral("window/geometry")).toByteArray());
    splitter_->restoreState(stored.value(QStringLiteral("window/splitter")).toByteArray());
    splitter_->setChildrenCollapsible(false);
    actions_[QStringLiteral("sidebar")]->setChecked(
        stored.value(QStringLiteral("window/sidebar"), true).toBool());
}

void MainWindow::saveMemory() const {
    if (memory_.isEmpty()) {
        return;
    }
    QSettings stored(memory_, QSettings::IniFormat);
    stored.setValue(QStringLiteral("window/geometry"), saveGeometry());
    stored.setValue(QStringLiteral("window/splitter"), splitter_->saveState());
    stored.setValue(QStringLiteral("window/sidebar"), actions_[QStringLiteral("sidebar")]->isChecked());
}

bool MainWindow::event(QEvent* event) {
    const bool done = QMainWindow::event(event);
    if (event->type() == QEvent::ThemeChange) {
        theme_.systemChanged();
    } else if (event->type() == QEvent::UpdateRequest && !painted_) {
        painted_ = true;  // the backing store has been painted and flushed by the call above
        Q_EMIT firstFrame();
    }
    return done;
}

void MainWindow::closeEvent(QCloseEvent* event) {
    composer_->flushDraft();
    if (settingsDialog_ != nullptr) {
        settingsDialog_->flush();
    }
    saveMemory();
    QMainWindow::closeEvent(event);
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    drop_->setGeometry(rect());
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    const QString file = modelFileIn(event->mimeData());
    if (!file.isEmpty()) {
        event->acceptProposedAction();
        drop_->offer(QFileInfo(file).fileName());
    } else if (const QStringList files = documentFilesIn(event->mimeData()); !files.isEmpty()) {
        event->acceptProposedAction();
        drop_->offerDocuments(files);
    }
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent* event) {
    drop_->withdraw();
    QMainWindow::dragLeaveEvent(event);
}

void MainWindow::dropEvent(QDropEvent* event) {
    drop_->withdraw();
    const QString file = modelFileIn(event->mimeData());
    if (!file.isEmpty()) {
        event->acceptProposedAction();
        openModel(file);
    } else if (const QStringList files = documentFilesIn(event->mimeData()); !files.isEmpty()) {
        event->acceptProposedAction();
        attachFiles(files);
    }
}

}  // namespace tendril::ui

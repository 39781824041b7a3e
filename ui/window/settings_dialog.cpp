// SPDX-License-Identifier: Apache-2.0
// The settings dialog. GUI thread.
#include "ui/window/settings_dialog.h"

#include <cmath>
#include <limits>

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QEvent>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTabBar>
#include <QTabWidget>
#include <QTimer>
#include <QVBoxLayout>

#include "ui/window/settings_form.h"
#include "ui/window/text_edit.h"

namespace tendril::ui {

namespace {
constexpr int kTellDelayMs = 250;
constexpr int kMaxTokens = 1 << 20;
constexpr int kMaxThreads = 256;
constexpr int kLabelWidth = 136;
constexpr double kGigabyte = 1e9;
constexpr int kFieldWidth = 180;
}  // namespace

SettingsDialog::SettingsDialog(const app::Settings& settings, QWidget* parent)
    : QDialog(parent), base_(settings), timer_(new QTimer(this)) {
    setWindowTitle(tr("Settings"));
    setObjectName(QStringLiteral("settingsDialog"));
    timer_->setSingleShot(true);
    timer_->setInterval(kTellDelayMs);
    connect(timer_, &QTimer::timeout, this, &SettingsDialog::tell);

    auto* tabs = new QTabWidget(this);
    tabs->setDocumentMode(true);
    tabs->tabBar()->setAccessibleName(tr("Groups of settings"));
    tabs->tabBar()->setDrawBase(false);
    tabs->addTab(generalPage(), tr("&General"));
    tabs->addTab(answersPage(), tr("&Answers"));
    tabs->addTab(samplingPage(), tr("Sa&mpling"));
    tabs->addTab(readingPage(), tr("&Reading"));
    tabs->addTab(memoryPage(), tr("Memory and &documents"));
    tabs->addTab(computerPage(), tr("&Computer"));

    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    QPushButton* close = buttons->button(QDialogButtonBox::Close);
    close->setAccessibleName(tr("Close"));
    QPushButton* defaults = buttons->addButton(tr("Reset to defaults"), QDialogButtonBox::ResetRole);
    defaults->setObjectName(QStringLiteral("resetSettings"));
    defaults->setAccessibleName(tr("Reset to defaults"));
    defaults->setToolTip(tr("All settings except the model and the model folders"));
    defaults->setAutoDefault(false);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(defaults, &QPushButton::clicked, this, &SettingsDialog::reset);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 12, 16, 16);
    column->setSpacing(12);
    column->addWidget(tabs, 1);
    column->addWidget(buttons);
    setSettings(settings);
    resize(700, 580);
}

void SettingsDialog::addRow(QFormLayout* form, const QString& label, QWidget* control, const QString& hint) {
    if (control->accessibleName().isEmpty()) {
        QString name = label;
        control->setAccessibleName(name.remove(QLatin1Char('&')));
    }
    auto* cell = new QWidget(form->parentWidget());
    auto* column = new QVBoxLayout(cell);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    control->ensurePolished();
    const bool grows = control == prompt_ || control->findChild<QListWidget*>() != nullptr;
    column->addWidget(control, grows ? 1 : 0);
    cell->setSizePolicy(QSizePolicy::Preferred, grows ? QSizePolicy::Expanding : QSizePolicy::Maximum);
    if (!hint.isEmpty()) {
        auto* note = new QLabel(hint, cell);
        note->setProperty("muted", true);
        note->setWordWrap(true);
        QFont small = note->font();
        small.setPointSizeF(small.pointSizeF() * 0.9);
        note->setFont(small);
        control->setAccessibleDescription(hint);
        column->addWidget(note);
    }
    auto* name = new QLabel(label, form->parentWidget());
    name->setBuddy(control);
    name->setMinimumWidth(kLabelWidth);
    if (!grows) {
        name->setFixedHeight(
            control->sizeHint().height());  // in line with what stands beside it, not with the note below
    }
    form->addRow(name, cell);
}

QFormLayout* newForm(QWidget* page) {
    auto* form = new QFormLayout(page);
    form->setContentsMargins(4, 16, 4, 4);
    form->setHorizontalSpacing(20);
    form->setVerticalSpacing(12);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    return form;
}

void fitWidth(QWidget& box) {
    box.setMinimumWidth(kFieldWidth);
    box.setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
}

QDoubleSpinBox* SettingsDialog::decimal(double minimum, double maximum, double step, const QString& off) {
    auto* box = new QDoubleSpinBox(this);
    box->setRange(minimum, maximum);
    box->setSingleStep(step);
    box->setDecimals(2);
    box->setSpecialValueText(off);
    fitWidth(*box);
    box->setFocusPolicy(Qt::StrongFocus);
    box->installEventFilter(this);
    connect(box, &QDoubleSpinBox::valueChanged, this, &SettingsDialog::tellSoon);
    return box;
}

QSpinBox* SettingsDialog::whole(int minimum, int maximum, int step, const QString& zero) {
    auto* box = new QSpinBox(this);
    box->setRange(minimum, maximum);
    box->setSingleStep(step);
    box->setSpecialValueText(zero);
    fitWidth(*box);
    box->setFocusPolicy(Qt::StrongFocus);
    box->installEventFilter(this);
    connect(box, &QSpinBox::valueChanged, this, &SettingsDialog::tellSoon);
    return box;
}

QWidget* SettingsDialog::generalPage() {
    auto* page = new QWidget(this);
    QFormLayout* form = newForm(page);
    theme_ = new QComboBox(page);
    theme_->setObjectName(QStringLiteral("theme"));
    theme_->addItem(tr("Like the desktop"), static_cast<int>(app::ThemeChoice::system));
    theme_->addItem(tr("Light"), static_cast<int>(app::ThemeChoice::light));
    theme_->addItem(tr("Dark"), static_cast<int>(app::ThemeChoice::dark));
    fitWidth(*theme_);
    theme_->setFocusPolicy(Qt::StrongFocus);
    theme_->installEventFilter(this);
    connect(theme_, &QComboBox::currentIndexChanged, this, &SettingsDialog::tellSoon);
    addRow(form, tr("A&ppearance"), theme_, {});
    font_ = whole(0, 36, 1, tr("Like the desktop"));
    font_->setObjectName(QStringLiteral("fontSize"));
    font_->setSuffix(tr(" pt"));
    addRow(form, tr("Text si&ze"), font_, {});
    addRow(form, tr("Model &folders"), foldersEditor(),
           tr("GGUF files in these folders are offered in the model list. They stay where they are."));
    return page;
}

QWidget* SettingsDialog::foldersEditor() {
    auto* editor = new QWidget(this);
    folders_ = new QListWidget(editor);
    folders_->setObjectName(QStringLiteral("modelFolders"));
    folders_->setAccessibleName(tr("Model folders"));
    folders_->setTabKeyNavigation(false);
    folders_->setTextElideMode(Qt::ElideMiddle);
    auto* add = new QPushButton(tr("Add folder…"), editor);
    add->setAccessibleName(tr("Add a model folder"));
    add->setAutoDefault(false);
    removeFolder_ = new QPushButton(tr("Remove"), editor);
    removeFolder_->setAccessibleName(tr("Remove the chosen folder from the list"));
    removeFolder_->setAutoDefault(false);
    removeFolder_->setEnabled(false);
    auto* row = new QHBoxLayout;
    row->addWidget(add);
    row->addWidget(removeFolder_);
    row->addStretch();
    auto* column = new QVBoxLayout(editor);
    column->setContentsMargins(0, 0, 0, 0);
    auto* frame = new QFrame(editor);
    frame->setObjectName(QStringLiteral("card"));
    auto* inside = new QVBoxLayout(frame);
    inside->setContentsMargins(4, 4, 4, 4);
    inside->addWidget(folders_);
    column->addWidget(frame, 1);
    column->addLayout(row);
    editor->setFocusProxy(folders_);
    connect(add, &QPushButton::clicked, this, &SettingsDialog::addFolder);
    connect(folders_, &QListWidget::currentRowChanged, this,
            [this](int now) { removeFolder_->setEnabled(now >= 0); });
    connect(removeFolder_, &QPushButton::clicked, this, [this] {
        delete folders_->takeItem(folders_->currentRow());
        tellSoon();
    });
    return editor;
}

QWidget* SettingsDialog::answersPage() {
    auto* page = new QWidget(this);
    QFormLayout* form = newForm(page);
    prompt_ = new TextEdit(page);
    prompt_->setObjectName(QStringLiteral("systemPrompt"));
    prompt_->setTabChangesFocus(true);
    prompt_->setPlaceholderText(tr("For example: Answer briefly. Use metric units."));
    connect(prompt_, &QPlainTextEdit::textChanged, this, &SettingsDialog::tellSoon);
    addRow(form, tr("System p&rompt"), prompt_,
           tr("What the model is told before a new conversation. Each conversation can have its own."));
    mode_ = new QComboBox(page);
    mode_->setObjectName(QStringLiteral("answerMode"));
    mode_->addItem(tr("Where it suits the question"), static_cast<int>(app::AnswerMode::automatic));
    mode_->addItem(tr("Always"), static_cast<int>(app::AnswerMode::always));
    mode_->addItem(tr("Never"), static_cast<int>(app::AnswerMode::never));
    fitWidth(*mode_);
    mode_->setFocusPolicy(Qt::StrongFocus);
    mode_->installEventFilter(this);
    connect(mode_, &QComboBox::currentIndexChanged, this, &SettingsDialog::tellSoon);
    addRow(form, tr("In &parallel"), mode_,
           tr("Long answers are written faster as an outline whose points grow at the same time. Each "
              "conversation can have its own choice, beside the message field."));
    maxAnswer_ = whole(0, kMaxTokens, 256, tr("No limit"));
    maxAnswer_->setObjectName(QStringLiteral("maxAnswer"));
    maxAnswer_->setSuffix(tr(" tokens"));
    addRow(form, tr("&Longest answer"), maxAnswer_, tr("No limit: as long as the context lasts."));
    return page;
}

QWidget* SettingsDialog::samplingPage() {
    auto* page = new QWidget(this);
    QFormLayout* form = newForm(page);
    form->setVerticalSpacing(9);
    temperature_ = decimal(0, 2, 0.05, tr("0 (always the same)"));
    temperature_->setObjectName(QStringLiteral("temperature"));
    addRow(form, tr("&Temperature"), temperature_,
           tr("Higher is more varied; 0 takes the likeliest word each time."));
    topK_ = whole(0, 1000, 1, tr("Off"));
    addRow(form, tr("Top &k"), topK_, tr("Chooses among this many likeliest tokens."));
    topP_ = decimal(0.01, 1, 0.01);
    addRow(form, tr("Top &p"), topP_,
           tr("Chooses among tokens that together have this probability; 1 is off."));
    minP_ = decimal(0, 1, 0.01, tr("Off"));
    addRow(form, tr("M&in p"), minP_,
           tr("Leaves out tokens less likely than this share of the likeliest one."));
    repetition_ = decimal(0.5, 2, 0.05);
    addRow(form, tr("Re&petition penalty"), repetition_,
           tr("Above 1 makes repeated tokens less likely; 1 is off."));
    presence_ = decimal(-2, 2, 0.1);
    addRow(form, tr("Pre&sence penalty"), presence_,
           tr("Subtracted for each token that was used already; 0 is off."));
    auto* seedRow = new QWidget(page);
    fixedSeed_ = new QCheckBox(tr("Fixed"), seedRow);
    fixedSeed_->setObjectName(QStringLiteral("fixedSeed"));
    fixedSeed_->setAccessibleName(tr("Use the same seed for every answer"));
    seed_ = whole(0, std::numeric_limits<int>::max(), 1);
    seed_->setObjectName(QStringLiteral("seed"));
    seed_->setAccessibleName(tr("Seed"));
    auto* row = new QHBoxLayout(seedRow);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(fixedSeed_);
    row->addWidget(seed_);
    row->addStretch();
    seedRow->setFocusProxy(fixedSeed_);
    connect(fixedSeed_, &QCheckBox::toggled, this, [this](bool on) {
        seed_->setEnabled(on);
        tellSoon();
    });
    addRow(form, tr("S&eed"), seedRow, tr("The same seed and settings give the same answer."));
    return page;
}

QCheckBox* SettingsDialog::choice(const QString& text, const char* name) {
    auto* box = new QCheckBox(text, this);
    box->setObjectName(QString::fromLatin1(name));
    box->setAccessibleName(text);
    connect(box, &QCheckBox::toggled, this, &SettingsDialog::tellSoon);
    return box;
}

QWidget* SettingsDialog::readingPage() {
    auto* page = new QWidget(this);
    QFormLayout* form = newForm(page);
    readAhead_ = choice(tr("Read while I type and read"), "readAhead");
    addRow(form, tr("Reading a&head"), readAhead_,
           tr("The model reads the conversation when it is opened and finished words while they are typed, "
              "so that "
              "answers begin at once."));
    titles_ = choice(tr("Let the model name conversations"), "titlesByModel");
    addRow(form, tr("&Titles"), titles_,
           tr("After the first answer, in the background. A name that you give stays."));
    battery_ = choice(tr("Both also on battery"), "workOnBattery");
    addRow(form, tr("&Battery"), battery_, {});
    diskCache_ = choice(tr("Keep on the disk what was read"), "diskCache");
    addRow(form, tr("Ca&che"), diskCache_,
           tr("Conversations go on at once after a restart. It lies in your cache folder; private "
              "conversations are "
              "never in it. A change loads the model again."));
    quota_ = new QDoubleSpinBox(this);
    quota_->setObjectName(QStringLiteral("cacheQuota"));
    quota_->setRange(0, 10000);
    quota_->setDecimals(1);
    quota_->setSpecialValueText(tr("Automatic"));
    quota_->setSuffix(tr(" GB"));
    fitWidth(*quota_);
    quota_->setFocusPolicy(Qt::StrongFocus);
    quota_->installEventFilter(this);
    connect(quota_, &QDoubleSpinBox::valueChanged, this, &SettingsDialog::tellSoon);
    connect(diskCache_, &QCheckBox::toggled, quota_, &QWidget::setEnabled);
    addRow(form, tr("At &most"), quota_,
           tr("Automatic: 16 GB or a tenth of the free disk, whichever is less."));
    return page;
}

QWidget* SettingsDialog::computerPage() {
    auto* page = new QWidget(this);
    QFormLayout* form = newForm(page);
    threads_ = whole(0, kMaxThreads, 1, tr("Automatic"));
    threads_->setObjectName(QStringLiteral("threads"));
    addRow(form, tr("T&hreads"), threads_,
           tr("Automatic uses the processor's cores. Takes effect when a model is loaded."));
    context_ = whole(0, kMaxTokens, 1024, tr("Automatic"));
    context_->setObjectName(QStringLiteral("contextTokens"));
    context_->setSuffix(tr(" tokens"));
    addRow(form, tr("C&ontext"), context_,
           tr("How much of a conversation the model reads. More needs more memory. Takes effect when a model "
              "is loaded."));
    auto* promise = new QLabel(
        tr("Tendril opens no network connection. Models and conversations stay on this computer."), page);
    promise->setProperty("muted", true);
    promise->setWordWrap(true);
    form->addRow(promise);
    return page;
}

void SettingsDialog::setSettings(const app::Settings& settings) {
    showing_ = true;
    base_ = settings;
    theme_->setCurrentIndex(theme_->findData(static_cast<int>(settings.theme)));
    font_->setValue(settings.fontPoints);
    folders_->clear();
    folders_->addItems(settings.modelFolders);
    if (prompt_->toPlainText() != settings.systemPrompt) {
        prompt_->setPlainText(settings.systemPrompt);
    }
    mode_->setCurrentIndex(mode_->findData(static_cast<int>(settings.answerMode)));
    const auto limited = [](quint32 value) { return static_cast<int>(std::min<quint32>(value, kMaxTokens)); };
    maxAnswer_->setValue(limited(settings.maxAnswerTokens));
    temperature_->setValue(static_cast<double>(settings.sampler.temperature));
    topK_->setValue(settings.sampler.top_k);
    topP_->setValue(static_cast<double>(settings.sampler.top_p));
    minP_->setValue(static_cast<double>(settings.sampler.min_p));
    repetition_->setValue(static_cast<double>(settings.sampler.repetition_penalty));
    presence_->setValue(static_cast<double>(settings.sampler.presence_penalty));
    fixedSeed_->setChecked(settings.fixedSeed);
    seed_->setValue(
        static_cast<int>(std::min<std::uint64_t>(settings.sampler.seed, std::numeric_limits<int>::max())));
    seed_->setEnabled(settings.fixedSeed);
    readAhead_->setChecked(settings.readAhead);
    titles_->setChecked(settings.titlesByModel);
    battery_->setChecked(settings.workOnBattery);
    diskCache_->setChecked(settings.diskCache);
    quota_->setEnabled(settings.diskCache);
    quota_->setValue(static_cast<double>(settings.cacheQuota) / kGigabyte);
    showMemory(settings);
    threads_->setValue(limited(settings.threads));
    context_->setValue(limited(settings.context));
    timer_->stop();
    showing_ = false;
}

app::Settings SettingsDialog::settings() const {
    app::Settings s = base_;
    s.theme = static_cast<app::ThemeChoice>(theme_->currentData().toInt());
    s.fontPoints = font_->value();
    s.modelFolders.clear();
    for (int i = 0; i < folders_->count(); ++i) {
        s.modelFolders << folders_->item(i)->text();
    }
    s.systemPrompt = prompt_->toPlainText();
    s.answerMode = static_cast<app::AnswerMode>(mode_->currentData().toInt());
    s.maxAnswerTokens = static_cast<quint32>(maxAnswer_->value());
    s.sampler.temperature = static_cast<float>(temperature_->value());
    s.sampler.top_k = topK_->value();
    s.sampler.top_p = static_cast<float>(topP_->value());
    s.sampler.min_p = static_cast<float>(minP_->value());
    s.sampler.repetition_penalty = static_cast<float>(repetition_->value());
    s.sampler.presence_penalty = static_cast<float>(presence_->value());
    s.fixedSeed = fixedSeed_->isChecked();
    s.sampler.seed = static_cast<std::uint64_t>(seed_->value());
    s.readAhead = readAhead_->isChecked();
    s.titlesByModel = titles_->isChecked();
    s.workOnBattery = battery_->isChecked();
    s.diskCache = diskCache_->isChecked();
    s.cacheQuota = static_cast<quint64>(std::llround(quota_->value() * kGigabyte));
    readMemory(s);
    s.threads = static_cast<quint32>(threads_->value());
    s.context = static_cast<quint32>(context_->value());
    return s.clamped();
}

void SettingsDialog::addFolder() {
    auto* dialog = new QFileDialog(this, tr("Add a model folder"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& folder) {
        if (folders_->findItems(folder, Qt::MatchExactly).isEmpty()) {
            folders_->addItem(folder);
            tellSoon();
        }
    });
    dialog->open();
}

void SettingsDialog::tellSoon() {
    if (!showing_) {
        timer_->start();
    }
}

void SettingsDialog::tell() {
    timer_->stop();
    const app::Settings now = settings();
    if (!(now == base_)) {
        base_ = now;
        Q_EMIT changed(now);
    }
}

void SettingsDialog::flush() {
    if (timer_->isActive()) {
        tell();
    }
}

void SettingsDialog::reset() {
    app::Settings fresh;
    fresh.lastModel = base_.lastModel;
    fresh.kvOf = base_.kvOf;
    fresh.modelFolders = base_.modelFolders;
    const app::Settings before = base_;
    setSettings(fresh);
    if (!(fresh == before)) {
        Q_EMIT changed(fresh);
    }
}

void SettingsDialog::done(int result) {
    flush();
    QDialog::done(result);
}

bool SettingsDialog::eventFilter(QObject* watched, QEvent* event) {
    // A wheel over a field that is not being edited scrolls nothing and must change nothing.
    if (event->type() == QEvent::Wheel && !qobject_cast<QWidget*>(watched)->hasFocus()) {
        event->ignore();
        return true;
    }
    return QDialog::eventFilter(watched, event);
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The pane without messages. GUI thread.
#include "ui/window/welcome.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/window/icons.h"

namespace tendril::ui {

namespace {
constexpr int kTextWidth = 480;
}

Welcome::Welcome(QWidget* parent)
    : QWidget(parent),
      picture_(new QLabel(this)),
      title_(new QLabel(this)),
      text_(new QLabel(this)),
      suggested_(new QPushButton(this)),
      open_(new QPushButton(tr("Choose a model file…"), this)),
      hint_(new QLabel(this)),
      ideas_(new QWidget(this)) {
    setObjectName(QStringLiteral("welcome"));
    picture_->setAlignment(Qt::AlignCenter);
    picture_->setPixmap(programIcon().pixmap(QSize(64, 64), devicePixelRatioF()));
    for (QLabel* label : {title_, text_, hint_}) {
        label->setFixedWidth(kTextWidth);
        label->setAlignment(Qt::AlignCenter);
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
    }
    title_->setObjectName(QStringLiteral("welcomeTitle"));
    text_->setObjectName(QStringLiteral("welcomeText"));
    text_->setProperty("muted", true);
    hint_->setProperty("muted", true);
    suggested_->setProperty("accent", true);
    suggested_->setAccessibleName(tr("Use the model that was found"));
    suggested_->setObjectName(QStringLiteral("suggestedModel"));
    open_->setObjectName(QStringLiteral("chooseModelFile"));
    open_->setAccessibleName(tr("Choose a model file"));
    open_->setIcon(icon(QStringLiteral("folder")));

    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(10);
    buttons->addStretch();
    buttons->addWidget(suggested_);
    buttons->addWidget(open_);
    buttons->addStretch();

    auto* ideas = new QHBoxLayout(ideas_);
    ideas->setContentsMargins(0, 0, 0, 0);
    ideas->setSpacing(10);
    ideas->addStretch();
    for (const QString& idea : {tr("Explain how a heat pump works"), tr("Write a polite reminder e-mail"),
                                tr("Review this C++ function:")}) {
        auto* button = new QPushButton(idea, ideas_);
        button->setAccessibleName(tr("Begin with: %1").arg(idea));
        connect(button, &QPushButton::clicked, this, [this, idea] { Q_EMIT suggestionChosen(idea); });
        ideas->addWidget(button);
    }
    ideas->addStretch();

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(32, 16, 32, 16);
    column->setSpacing(12);
    column->addStretch(3);
    column->addWidget(picture_);
    column->addWidget(title_, 0, Qt::AlignHCenter);
    column->addWidget(text_, 0, Qt::AlignHCenter);
    column->addSpacing(8);
    column->addLayout(buttons);
    column->addWidget(ideas_);
    column->addWidget(hint_, 0, Qt::AlignHCenter);
    column->addStretch(4);

    connect(open_, &QPushButton::clicked, this, &Welcome::openFileRequested);
    connect(suggested_, &QPushButton::clicked, this, [this] { Q_EMIT modelChosen(suggestedPath_); });
    refresh();
}

void Welcome::setModel(const app::ModelState& state) {
    const bool same = state.kind == state_.kind && state.name == state_.name && state.text == state_.text;
    state_ = state;
    if (!same) {
        refresh();
    }
}

void Welcome::setSuggestion(const QString& name, const QString& path, const QString& detail) {
    suggestedName_ = name;
    suggestedPath_ = path;
    suggested_->setText(name.isEmpty() ? tr("Use the model that was found") : tr("Use %1").arg(name));
    suggested_->setAccessibleName(suggested_->text());
    suggested_->setToolTip(detail);
    refresh();
}

void Welcome::refresh() {
    using Kind = app::ModelState::Kind;
    const bool needsModel = state_.kind == Kind::none || state_.kind == Kind::failed;
    QFont heading = font();
    heading.setPointSizeF(heading.pointSizeF() * 1.6);
    heading.setWeight(QFont::DemiBold);
    title_->setFont(heading);
    switch (state_.kind) {
        case Kind::none:
            title_->setText(tr("Choose a model to begin"));
            text_->setText(
                tr("Tendril runs language models on this computer. A model is one GGUF file; it is used "
                   "where it "
                   "lies and nothing you write leaves this machine."));
            break;
        case Kind::failed:
            title_->setText(tr("That model could not be loaded"));
            text_->setText(state_.text);
            break;
        case Kind::loading:
            title_->setText(tr("Loading the model…"));
            text_->setText(tr("You can write your message meanwhile."));
            break;
        case Kind::ready:
            title_->setText(tr("What shall we talk about?"));
            text_->setText(tr("%1 runs on this computer. Nothing you write leaves it.").arg(state_.name));
            break;
    }
    suggested_->setVisible(needsModel && !suggestedPath_.isEmpty());
    open_->setVisible(needsModel);
    ideas_->setVisible(state_.kind == Kind::ready);
    hint_->setVisible(needsModel);
    hint_->setText(suggestedPath_.isEmpty() ? tr("You can also drop a GGUF file on this window. The set-up "
                                                 "command in the README fetches a small "
                                                 "model to start with (SmolLM2-135M, 98 MB).")
                                            : tr("You can also drop a GGUF file on this window."));
    for (QLabel* label : {title_, text_, hint_}) {
        label->setMinimumHeight(
            label->heightForWidth(kTextWidth));  // a centred layout item is not asked for it
    }
}

void Welcome::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange) {
        refresh();
    }
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The switch beside the composer: whether answers may be written as points in parallel. Says what was chosen;
// knows no conversation. GUI thread; owned by the composer.
#pragma once

#include <QToolButton>

#include "app/chat_types.h"

class QActionGroup;

namespace tendril::ui {

class AnswerModeButton final : public QToolButton {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(AnswerModeButton)

  public:
    explicit AnswerModeButton(QWidget* parent = nullptr);

    void setMode(tendril::app::AnswerMode mode);
    tendril::app::AnswerMode mode() const { return mode_; }

  Q_SIGNALS:
    void chosen(tendril::app::AnswerMode mode);  ///< by a person

  protected:
    void keyPressEvent(QKeyEvent* event) override;  ///< Enter and the down arrow open the menu as well

  private:
    void add(QActionGroup* group, tendril::app::AnswerMode mode, const QString& text);

    app::AnswerMode mode_ = app::AnswerMode::automatic;
};

}  // namespace tendril::ui

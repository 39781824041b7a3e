// SPDX-License-Identifier: Apache-2.0
// The way back to the newest message, over the conversation while its end is out of sight. GUI thread; owned
// by its parent.
#pragma once

#include <QToolButton>

namespace tendril::ui {

class ConversationView;

class JumpButton final : public QToolButton {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(JumpButton)

  public:
    /// `parent` holds the view, at whatever depth; the button floats over the view's lower edge.
    JumpButton(ConversationView& view, QWidget* parent);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void place();

    ConversationView& view_;
};

}  // namespace tendril::ui

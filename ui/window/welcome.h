// SPDX-License-Identifier: Apache-2.0
// What is shown where no message is: no model yet, or a new conversation. GUI thread; owned by the main
// window.
#pragma once

#include <QWidget>

#include "app/chat_types.h"

class QLabel;
class QPushButton;

namespace tendril::ui {

class Welcome final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Welcome)

  public:
    explicit Welcome(QWidget* parent = nullptr);

    void setModel(const app::ModelState& state);
    /// The model that is offered with one click; an empty path: none was found.
    void setSuggestion(const QString& name, const QString& path, const QString& detail);

  Q_SIGNALS:
    void openFileRequested();
    void modelChosen(const QString& path);
    void suggestionChosen(const QString& text);  ///< goes into the composer, is not sent

  protected:
    void changeEvent(QEvent* event) override;

  private:
    void refresh();

    QLabel* picture_;
    QLabel* title_;
    QLabel* text_;
    QPushButton* suggested_;
    QPushButton* open_;
    QLabel* hint_;
    QWidget* ideas_;
    app::ModelState state_;
    QString suggestedPath_;
    QString suggestedName_;
};

}  // namespace tendril::ui

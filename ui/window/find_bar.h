// SPDX-License-Identifier: Apache-2.0
// Find in the open conversation. GUI thread; owned by the main window, which does the finding.
#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;

namespace tendril::ui {

class FindBar final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FindBar)

  public:
    explicit FindBar(QWidget* parent = nullptr);

    void open();  ///< shows it and selects what it holds
    void setText(const QString& text);
    QString text() const;
    void setFound(bool found);                ///< what the last findRequested came to
    void setMatches(int current, int total);  ///< from 1; a total below 0 is being counted

  Q_SIGNALS:
    void findRequested(const QString& text, bool forward);
    void closed();

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    QLineEdit* edit_;
    QLabel* result_;
};

}  // namespace tendril::ui

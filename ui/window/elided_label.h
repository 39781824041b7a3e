// SPDX-License-Identifier: Apache-2.0
// A line of text that ends in an ellipsis where there is no room for it. GUI thread; owned by its parent.
#pragma once

#include <QLabel>

namespace tendril::ui {

class ElidedLabel final : public QLabel {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ElidedLabel)

  public:
    explicit ElidedLabel(QWidget* parent = nullptr);

    void setFullText(const QString& text);  ///< the tool tip and the accessible name as well
    QString fullText() const { return full_; }
    QSize minimumSizeHint() const override;
    QSize sizeHint() const override;

  protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

  private:
    void fit();

    QString full_;
};

}  // namespace tendril::ui

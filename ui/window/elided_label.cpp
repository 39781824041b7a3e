// SPDX-License-Identifier: Apache-2.0
// A line of text that may be shortened. GUI thread.
#include "ui/window/elided_label.h"

#include <QEvent>

namespace tendril::ui {

ElidedLabel::ElidedLabel(QWidget* parent) : QLabel(parent) {
    setTextFormat(Qt::PlainText);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
}

void ElidedLabel::setFullText(const QString& text) {
    full_ = text;
    setToolTip(text);
    setAccessibleName(text);
    updateGeometry();
    fit();
}

QSize ElidedLabel::minimumSizeHint() const {
    return {24, QLabel::minimumSizeHint().height()};
}

QSize ElidedLabel::sizeHint() const {
    // One pixel more than needed: a width that is rounded down must not cost a letter.
    return {fontMetrics().horizontalAdvance(full_) + 1, QLabel::sizeHint().height()};
}

void ElidedLabel::resizeEvent(QResizeEvent* event) {
    QLabel::resizeEvent(event);
    fit();
}

void ElidedLabel::changeEvent(QEvent* event) {
    QLabel::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) {
        updateGeometry();
        fit();
    }
}

void ElidedLabel::fit() {
    setText(fontMetrics().elidedText(full_, Qt::ElideRight, width()));
}

}  // namespace tendril::ui

// SPDX-License-Identifier: Apache-2.0
// The few signs on the conversation's buttons, drawn as lines, so that they follow the colours and the zoom.
// GUI thread.
#pragma once

#include <QPainter>

namespace tendril::ui {

enum class Sign {
    copy,
    done,
    retry,
    edit,
    resume,
    details,
    text,
    previous,
    next,
    down,
    pin,
    exclude,
    document,
    memory
};

void paintSign(QPainter& painter, Sign sign, const QRectF& rect, const QColor& colour);

}  // namespace tendril::ui

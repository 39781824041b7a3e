// SPDX-License-Identifier: Apache-2.0
// What copying a selection gives. Pure function over the transcript; GUI thread.
#pragma once

#include <QString>

#include "ui/conversation/transcript.h"

namespace tendril::ui {

/// The text between two places (from <= to). A message that lies in it whole is given as the model wrote it,
/// byte for byte; so are whole blocks between others. What is less than that, a word of a heading, is given
/// as it is shown.
QString textBetween(Transcript& transcript, const TextPosition& from, const TextPosition& to);

/// The code of a block as the model wrote it, without fences and quote signs; bytes that are shown as marks
/// are themselves again.
QString codeSource(const markup::Sections& document, int block);

/// The place at the end of a message.
TextPosition endOf(Transcript& transcript, int message);

}  // namespace tendril::ui

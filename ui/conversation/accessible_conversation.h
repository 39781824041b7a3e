// SPDX-License-Identifier: Apache-2.0
// The conversation for screen readers: a list of all messages, also those out of sight, each with its text
// and its buttons, and a status that says when an answer begins and ends. GUI thread.
#pragma once

#include <QString>

namespace tendril::ui {

class ConversationView;

void installConversationAccessibility();
void accessibleReset(ConversationView* view);
void accessibleMessageAdded(ConversationView* view, int message);
void accessibleMessageChanged(ConversationView* view, int message);
void accessibleStatusChanged(ConversationView* view);
/// `block`: the one that the text ends; -1 = the last.
void accessibleTextInserted(ConversationView* view, int message, int block, const QString& text);
/// control: index into the message's controls, -1 = the message.
void accessibleFocusChanged(ConversationView* view, int message, int control);

}  // namespace tendril::ui

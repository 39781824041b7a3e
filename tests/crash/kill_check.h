// SPDX-License-Identifier: Apache-2.0
// What a killed chat must have left in the database, given what it had printed. Pure but for the reading of
// the store.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "storage/chat_store.h"

namespace tendril::test {

/// A piece of an answer as it was printed.
struct StreamedText {
    double time_ms = 0;  ///< when, on the machine's monotonic clock
    std::string text;
};

/// What a process had said before it was killed.
struct Said {
    storage::ConversationId conversation = 0;
    std::map<storage::MessageId, std::string> committed;  ///< user messages
    storage::MessageId reply = 0;                         ///< 0: none begun
    std::string reply_before;                             ///< the text that a continued answer had
    std::vector<StreamedText> streamed;
    bool finished = false;
    std::string finished_status;
};

struct Finding {
    std::string problem;  ///< empty: everything that was promised is there
    double lost_ms = 0;   ///< age, at the kill, of the oldest text that is not in the database
    std::string reply_text;
    storage::MessageStatus status = storage::MessageStatus::complete;
};

/// `killed_ms`: the kill, on the same clock. Text older than `promise_ms` at that time must be in the store.
Finding check_store(storage::ChatStore& store, const Said& said, double killed_ms, double promise_ms);

}  // namespace tendril::test

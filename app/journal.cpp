// SPDX-License-Identifier: Apache-2.0
// ReplyJournal. Chat worker's thread only.
#include "app/journal.h"

#include <utility>

namespace tendril::app {

bool may_pass(const Error& error) {
    return error.code == ErrorCode::disk_full || error.code == ErrorCode::io || error.code == ErrorCode::busy;
}

ReplyJournal::ReplyJournal(storage::ChatStore& store, storage::MessageId id, Report report,
                           Clock::duration interval)
    : store_(store), id_(id), report_(std::move(report)), interval_(interval) {}

void ReplyJournal::add(std::string_view text, Clock::time_point now) {
    waiting_ += text;
    if (!due_ && !text.empty()) {
        due_ = now + interval_;
    }
}

void ReplyJournal::finish(storage::Message message, Clock::time_point now) {
    end_ = std::move(message);
    if (!failing_) {
        write(now);
    }
}

void ReplyJournal::write_due(Clock::time_point now) {
    if (due_ && *due_ <= now) {
        write(now);
    }
}

bool ReplyJournal::flush(Clock::time_point now) {
    write(now);
    return waiting_.empty() && (!end_ || closed_);
}

void ReplyJournal::write(Clock::time_point now) {
    if (closed_) {
        return;
    }
    if (!waiting_.empty()) {
        if (const Status appended = store_.append_reply(id_, waiting_); !appended) {
            failed(appended.error(), now);
            return;
        }
        waiting_.clear();
    }
    if (end_) {
        if (const Status finished = store_.finish_reply(*end_); !finished) {
            failed(finished.error(), now);
            return;
        }
        closed_ = true;
    }
    failing_ = false;
    due_.reset();
}

void ReplyJournal::failed(const Error& error, Clock::time_point now) {
    if (!failing_) {
        report_(error);
    }
    failing_ = true;
    due_ = now + kJournalRetry;
}

}  // namespace tendril::app

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
    if (!text.empty()) {
        wait(now);
    }
}

void ReplyJournal::begin_points(std::vector<std::string> headings, std::string expansion,
                                Clock::time_point now) {
    in_points_ = !headings.empty();
    waiting_pieces_.clear();
    new_points_ = Points{std::move(headings), std::move(expansion)};
    wait(now);
}

void ReplyJournal::add_to_point(std::uint32_t point, std::string_view text, Clock::time_point now) {
    if (!text.empty()) {
        waiting_pieces_[point] += text;
        wait(now);
    }
}

void ReplyJournal::wait(Clock::time_point now) {
    if (!due_) {
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
    return !failing_ && (!end_ || closed_);
}

Status ReplyJournal::write_waiting() {
    if (new_points_) {
        if (Status begun = store_.begin_points(id_, new_points_->headings, new_points_->expansion); !begun) {
            return begun;
        }
        new_points_.reset();
    }
    if (!waiting_pieces_.empty()) {
        std::vector<storage::PointPiece> pieces;
        for (const auto& [point, text] : waiting_pieces_) {
            pieces.push_back({point, text});
        }
        if (Status appended = store_.append_points(id_, pieces); !appended) {
            return appended;
        }
        waiting_pieces_.clear();
    }
    if (!waiting_.empty()) {
        if (Status appended = store_.append_reply(id_, waiting_); !appended) {
            return appended;
        }
        waiting_.clear();
    }
    return {};
}

Status ReplyJournal::write_end() {
    if (in_points_) {
        return store_.finish_expanded_reply(*end_);  // which has all that waits
    }
    if (Status written = write_waiting(); !written) {
        return written;
    }
    return store_.finish_reply(*end_);
}

void ReplyJournal::write(Clock::time_point now) {
    if (closed_) {
        return;
    }
    if (const Status written = end_ ? write_end() : write_waiting(); !written) {
        failed(written.error(), now);
        return;
    }
    closed_ = end_.has_value();
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

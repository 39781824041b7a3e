// SPDX-License-Identifier: Apache-2.0
// check_store().
#include "tests/crash/kill_check.h"

#include <algorithm>

namespace tendril::test {

using storage::Message;
using storage::MessageStatus;

namespace {

const Message* find(const std::vector<Message>& rows, storage::MessageId id) {
    const auto it = std::find_if(rows.begin(), rows.end(), [id](const Message& row) { return row.id == id; });
    return it == rows.end() ? nullptr : &*it;
}

std::string check_questions(const std::vector<Message>& rows, const Said& said) {
    for (const auto& [id, text] : said.committed) {
        const Message* row = find(rows, id);
        if (row == nullptr || row->text != text || row->status != MessageStatus::complete) {
            return "committed message " + std::to_string(id) + " is not there as it was";
        }
    }
    return {};
}

std::string check_reply(const Message& row, const Said& said, double killed_ms, double promise_ms,
                        Finding& finding) {
    // Texts may have been written that were never printed, or printed that were never written, but not
    // others.
    std::string printed = said.reply_before;
    std::size_t promised = printed.size();
    for (const StreamedText& piece : said.streamed) {
        if (printed.size() >= row.text.size() && finding.lost_ms == 0) {
            finding.lost_ms = killed_ms - piece.time_ms;
        }
        printed += piece.text;
        if (killed_ms - piece.time_ms > promise_ms) {
            promised = printed.size();
        }
    }
    const std::size_t common = std::min(printed.size(), row.text.size());
    if (printed.compare(0, common, row.text, 0, common) != 0) {
        return "the stored answer is another text than the printed one";
    }
    if (row.text.size() < promised) {
        return "text is lost: " + std::to_string(promised - row.text.size()) + " bytes of what was printed " +
               std::to_string(finding.lost_ms) + " ms before the kill or earlier";
    }
    if (said.finished && (row.text != printed || row.status == MessageStatus::streaming)) {
        return "a finished answer is not there as it was";
    }
    if (!said.finished && row.status != MessageStatus::interrupted && row.status != MessageStatus::complete) {
        return "the answer that was cut is not marked as interrupted";
    }
    return {};
}

}  // namespace

Finding check_store(storage::ChatStore& store, const Said& said, double killed_ms, double promise_ms) {
    Finding finding;
    if (const Status sound = store.check(); !sound) {
        finding.problem = "integrity: " + sound.error().message + " " + sound.error().detail;
        return finding;
    }
    if (said.conversation == 0) {
        return finding;  // killed before it had opened one
    }
    const auto rows = store.messages(said.conversation);
    if (!rows) {
        finding.problem = rows.error().message;
        return finding;
    }
    finding.problem = check_questions(*rows, said);
    if (!finding.problem.empty() || said.reply == 0) {
        return finding;
    }
    const Message* row = find(*rows, said.reply);
    if (row == nullptr) {
        finding.problem = "the answer that was begun is not there";
        return finding;
    }
    finding.reply_text = row->text;
    finding.status = row->status;
    finding.problem = check_reply(*row, said, killed_ms, promise_ms, finding);
    return finding;
}

}  // namespace tendril::test

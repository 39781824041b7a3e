// SPDX-License-Identifier: Apache-2.0
// DocumentIndexer. Chat worker's thread, but for cut().
#include "app/documents/document_indexer.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include <spdlog/logger.h>

#include "prompt/retrieval/chunks.h"
#include "prompt/retrieval/words.h"

namespace tendril::app {

struct DocumentIndexer::Work {
    std::string text;
    std::vector<storage::NewChunk> chunks;
    std::size_t left = 0;  ///< chunks that are still to be written: the first ones
    bool resumed = false;  ///< what an earlier run has written was looked at
    std::atomic<bool> stopped{false};
};

DocumentIndexer::~DocumentIndexer() {
    for (const auto& [id, work] : running_) {
        work->stopped = true;
    }
}

bool DocumentIndexer::complete(DocumentId id) {
    if (complete_.contains(id)) {
        return true;
    }
    if (running_.contains(id)) {
        return false;
    }
    const auto chunks = link_.store.chunks(id);
    const bool all = chunks && !chunks->empty() && chunks->front().chunk == 0;
    if (all) {
        complete_.insert(id);
    }
    return all;
}

void DocumentIndexer::start(DocumentId id) {
    if (complete(id) || running_.contains(id)) {
        return;
    }
    const auto work = std::make_shared<Work>();
    running_[id] = work;
    auto document = link_.store.document(id);
    if (!document) {
        link_.mailbox->put([this, id, error = document.error()] { end(id, fail(error)); });
        return;
    }
    work->text = std::move(document->text);
    jobs_.post([this, id, work, mailbox = link_.mailbox] {
        cut(*work);
        mailbox->put([this, id, work] {
            if (!work->stopped) {
                write(id);
            }
        });
    });
}

void DocumentIndexer::cut(Work& work) {
    const std::string_view text = work.text;
    for (const prompt::Chunk& chunk : prompt::split_chunks(text)) {
        if (work.stopped) {
            return;
        }
        work.chunks.push_back({static_cast<std::int64_t>(chunk.begin), static_cast<std::int64_t>(chunk.end),
                               prompt::index_words(text.substr(chunk.begin, chunk.end - chunk.begin))});
    }
    work.left = work.chunks.size();
    work.text = {};
}

/// What is there already counts when it is the end of the very same chunks.
Status DocumentIndexer::resume(DocumentId id, Work& work) {
    work.resumed = true;
    const auto there = link_.store.chunks(id);
    if (!there) {
        return fail(there.error());
    }
    if (there->empty()) {
        return {};
    }
    const std::size_t first = there->front().chunk;
    const auto same = [](const storage::DocumentChunk& a, const storage::NewChunk& b) {
        return a.first_byte == b.first_byte && a.end_byte == b.end_byte;
    };
    if (first + there->size() == work.chunks.size() &&
        std::equal(there->begin(), there->end(), work.chunks.begin() + static_cast<std::ptrdiff_t>(first),
                   same)) {
        work.left = first;
        return {};
    }
    return link_.store.set_chunks(id, {});
}

void DocumentIndexer::write(DocumentId id) {
    const auto work = running_[id];
    Status done = work->resumed ? Status() : resume(id, *work);
    std::vector<storage::NewChunk> slice;
    std::size_t first = work->left;
    for (std::size_t bytes = 0; first > 0 && bytes < kSliceBytes; bytes += work->chunks[first].words.size()) {
        --first;
    }
    slice.assign(std::make_move_iterator(work->chunks.begin() + static_cast<std::ptrdiff_t>(first)),
                 std::make_move_iterator(work->chunks.begin() + static_cast<std::ptrdiff_t>(work->left)));
    if (done && !slice.empty()) {
        done = link_.store.add_chunks(id, static_cast<std::uint32_t>(first), slice);
    }
    work->left = first;
    if (!done || work->left == 0) {
        link_.log->info("document {}: {} chunks{}", id, work->chunks.size(), done ? "" : ", not all written");
        end(id, done);
        return;
    }
    link_.mailbox->put([this, id, work] {  // behind what was asked for meanwhile
        if (!work->stopped) {
            write(id);
        }
    });
    on_progress(id, 1 - static_cast<double>(first) / static_cast<double>(work->chunks.size()));
}

void DocumentIndexer::stop(DocumentId id) {
    if (const auto one = running_.find(id); one != running_.end()) {
        one->second->stopped = true;
        running_.erase(one);
    }
}

void DocumentIndexer::end(DocumentId id, const Status& status) {
    if (running_.erase(id) == 0) {
        return;  // stopped meanwhile
    }
    if (status) {
        complete_.insert(id);
    }
    on_end(id, status);
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// Makes the chunks by which documents are searched. They are cut on a thread of its own and written in
// slices, between which the worker does what it is asked for. From the last one to the first: a document with
// its first chunk has them all, and what was written before the program ended is gone on with. Chat worker's
// thread only; owned by DocumentDesk.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "app/mailbox.h"
#include "app/worker_link.h"

namespace tendril::app {

class DocumentIndexer {
  public:
    /// Of the text that is written at once: some ten milliseconds of work.
    static constexpr std::size_t kSliceBytes = 64 * 1024;

    explicit DocumentIndexer(WorkerLink& link) : link_(link) {}
    ~DocumentIndexer();
    DocumentIndexer(const DocumentIndexer&) = delete;
    DocumentIndexer& operator=(const DocumentIndexer&) = delete;

    std::function<void(DocumentId, double share)> on_progress;
    /// Once for each start() that was not stopped, never inside it. Errors: the store's.
    std::function<void(DocumentId, const Status&)> on_end;

    bool complete(DocumentId id);
    /// Nothing when it is complete or under way.
    void start(DocumentId id);
    void stop(DocumentId id);

  private:
    struct Work;
    static void cut(Work& work);  // job thread
    Status resume(DocumentId id, Work& work);
    void write(DocumentId id);
    void end(DocumentId id, const Status& status);

    WorkerLink& link_;
    std::map<DocumentId, std::shared_ptr<Work>> running_;
    std::set<DocumentId> complete_;
    JobThread jobs_;  // ends first
};

}  // namespace tendril::app

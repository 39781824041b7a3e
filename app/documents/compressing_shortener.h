// SPDX-License-Identifier: Apache-2.0
// Documents made shorter by Compressions, as the settings say. Chat worker's thread only; owned by
// ChatWorker's core.
#pragma once

#include "app/compress/compressions.h"
#include "app/documents/text_shortener.h"
#include "app/worker_link.h"

namespace tendril::app {

class CompressingShortener final : public TextShortener {
  public:
    CompressingShortener(WorkerLink& link, Compressions& compressions)
        : link_(link), compressions_(compressions) {}

    std::uint64_t start(std::string text, engine::CacheScope scope, std::function<void(double)> progress,
                        Done done) override;
    void cancel(std::uint64_t job) override { compressions_.cancel(job); }

  private:
    WorkerLink& link_;
    Compressions& compressions_;
};

}  // namespace tendril::app

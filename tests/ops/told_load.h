// SPDX-License-Identifier: Apache-2.0
// A machine of four cores whose load a test tells to a pool. The thread that computes.
#pragma once

#include <atomic>
#include <optional>

#include "engine/backend/cpu/machine_load.h"

namespace tendril::engine::test {

/// The clock runs a window further with each reading, in which others used `others` cores; below 0: readings
/// fail.
class ToldLoad final : public LoadReader {
  public:
    explicit ToldLoad(const std::atomic<double>& others) : others_(others) {}
    std::optional<LoadReading> read() override {
        if (others_ < 0) {
            return {};
        }
        sums_.clock += kLoadWindow;
        sums_.idle += kLoadWindow * (4 - others_) / 2;
        sums_.ours += kLoadWindow * (4 - others_) / 2;
        sums_.cores = 4;
        return sums_;
    }

  private:
    const std::atomic<double>& others_;
    LoadReading sums_;
};

}  // namespace tendril::engine::test

// SPDX-License-Identifier: Apache-2.0
// A branch laid out as the messages of a prompt, for a given choice of what stands in it. Private to the
// context planner; pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "prompt/context/context_plan.h"

namespace tendril::prompt::context {

/// What may go where a prompt does not fit, one step after the other.
struct Step {
    enum class Kind : std::uint8_t { exchange, document, short_text };
    Kind kind = Kind::exchange;
    std::size_t index = 0;  ///< of the exchange; of the segment
    std::size_t document = 0;
};

/// The exchanges of a branch: a run of user messages with all that follows until the next one.
class Exchanges {
  public:
    explicit Exchanges(const std::vector<Segment>& segments);

    std::size_t count() const { return begins_.size(); }
    std::size_t begin(std::size_t exchange) const {
        return exchange < begins_.size() ? begins_[exchange] : end_;
    }
    std::size_t end(std::size_t exchange) const { return begin(exchange + 1); }
    /// The first exchange that begins at or behind this segment.
    std::size_t first_from(std::size_t segment) const;

  private:
    std::vector<std::size_t> begins_;
    std::size_t end_ = 0;
};

class Layout {
  public:
    /// Borrows the request. `short_text`: index into its short texts.
    Layout(const PlanRequest& request, std::optional<std::size_t> short_text);

    std::size_t steps() const { return steps_.size(); }
    /// Without what the first `gone` steps take away.
    ChatMessages messages(std::size_t gone) const;
    /// The system messages and what the first `gone` steps take away, alone: does not change when the
    /// conversation grows.
    ChatMessages taken(std::size_t gone) const;
    void fill(std::size_t gone, ContextPlan& plan) const;

  private:
    struct Chosen {
        std::vector<bool> segments;                // read as they are
        std::vector<std::vector<bool>> documents;  // read
        bool short_text = false;
    };
    Chosen without(std::size_t gone) const;
    ChatMessages render(const Chosen& chosen) const;

    const PlanRequest& request_;
    std::optional<std::size_t> short_text_;
    std::size_t covered_ = 0;  // segments
    Exchanges exchanges_;
    std::vector<Step> steps_;
};

}  // namespace tendril::prompt::context

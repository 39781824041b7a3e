// SPDX-License-Identifier: Apache-2.0
// The two sides of an expansion: what it asks of an engine, and what it tells. Both are called on its thread.
#pragma once

#include <string>

#include "app/expand/expansion_state.h"
#include "engine/engine.h"

namespace tendril::app {

/// Calls return at once; events come back through Expansion::handle(), never from inside these.
class ExpansionPort {
  public:
    virtual ~ExpansionPort() = default;
    virtual engine::RequestId submit(engine::GenerateRequest request) = 0;
    virtual engine::RequestId submit(engine::ChooseRequest request) = 0;
    virtual void cancel(engine::RequestId request) = 0;
};

class ExpansionObserver {
  public:
    virtual ~ExpansionObserver() = default;
    virtual void on_prefill(const engine::PrefillEvent& progress) = 0;  ///< of what the person waits for
    /// In points or not, and why. A second time, and without points, when points were given up.
    virtual void on_route(const ExpansionState& state) = 0;
    virtual void on_outline(const ExpansionState& state) = 0;  ///< the points are known now
    virtual void on_point_text(std::uint32_t point, const std::string& text, std::uint32_t tokens) = 0;
    virtual void on_point_state(const ExpansionState& state) = 0;
    virtual void on_text(const std::string& text, std::uint32_t tokens) = 0;  ///< of a normal answer
};

}  // namespace tendril::app

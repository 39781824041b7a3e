// SPDX-License-Identifier: Apache-2.0
// What is kept with an answer: sampler as JSON, seed, counters, and the words for how it ended. Pure
// functions but for the seed and clock.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "app/worker_link.h"

namespace tendril::app {

storage::TimeMs wall_clock_ms();

/// Whose text the engine reads, and whether it may leave the memory or be shared.
engine::CacheScope scope_of(const storage::Conversation& conversation);

/// The settings' sampler, with a fresh random seed unless a fixed one is asked for.
engine::SamplerSettings sampler_of_turn(const WorkerSettings& settings);
std::string sampler_json(const engine::SamplerSettings& sampler, const WorkerSettings& settings);

/// An answer that could go on counts as interrupted, with the reason in words.
std::pair<storage::MessageStatus, std::string> outcome(const engine::FinishedEvent& finished,
                                                       std::uint32_t max_tokens, std::uint32_t context);
/// Adds this run's tokens to those of the runs before it (a continued answer).
void add_counters(storage::MessageCounters& counters, const engine::FinishedEvent& finished);
/// The same for a later part of one answer: what it read is not the prompt's.
void add_window(storage::MessageCounters& counters, const engine::FinishedEvent& finished);

const char* name_of(engine::StopReason reason);  ///< "end_of_text", ...

}  // namespace tendril::app

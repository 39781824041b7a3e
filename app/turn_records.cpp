// SPDX-License-Identifier: Apache-2.0
// What is kept with an answer. Any thread.
#include "app/turn_records.h"

#include <chrono>
#include <random>

#include <nlohmann/json.hpp>

namespace tendril::app {

using engine::StopReason;
using storage::MessageStatus;

storage::TimeMs wall_clock_ms() {
    using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

engine::CacheScope scope_of(const storage::Conversation& conversation) {
    return {static_cast<std::uint64_t>(conversation.id), conversation.is_private};
}

engine::SamplerSettings sampler_of_turn(const WorkerSettings& settings) {
    engine::SamplerSettings sampler = settings.sampler;
    if (!settings.fixed_seed) {
        std::random_device device;
        sampler.seed = (static_cast<std::uint64_t>(device()) << 32U) | device();
    }
    return sampler;
}

std::string sampler_json(const engine::SamplerSettings& sampler, const WorkerSettings& settings) {
    const nlohmann::ordered_json json = {
        {"temperature", sampler.temperature},
        {"top_k", sampler.top_k},
        {"top_p", sampler.top_p},
        {"min_p", sampler.min_p},
        {"repetition_penalty", sampler.repetition_penalty},
        {"presence_penalty", sampler.presence_penalty},
        {"penalty_window", sampler.penalty_window},
        {"max_tokens", settings.max_answer_tokens},
    };
    return json.dump();
}

std::pair<MessageStatus, std::string> outcome(const engine::FinishedEvent& finished, std::uint32_t max_tokens,
                                              std::uint32_t context) {
    switch (finished.reason) {
        case StopReason::end_of_text:
        case StopReason::stop_text:
            return {MessageStatus::complete, {}};
        case StopReason::max_tokens:
            return {MessageStatus::interrupted,
                    "The answer reached the limit of " + std::to_string(max_tokens) + " tokens."};
        case StopReason::context_full:
            return {MessageStatus::interrupted,
                    "The context of " + std::to_string(context) + " tokens is full."};
        case StopReason::cancelled:
            return {MessageStatus::interrupted, {}};
    }
    return {MessageStatus::complete, {}};
}

void add_counters(storage::MessageCounters& counters, const engine::FinishedEvent& finished) {
    counters.prompt_tokens = finished.prompt_tokens;
    counters.cached_tokens = finished.cached_tokens + finished.moved_tokens;  // all that was not read
    counters.answer_tokens += static_cast<std::int64_t>(finished.tokens.size());
    counters.first_token_ms = finished.first_token_ms;
    counters.decode_ms += finished.decode_ms;
}

void add_window(storage::MessageCounters& counters, const engine::FinishedEvent& finished) {
    counters.answer_tokens += static_cast<std::int64_t>(finished.tokens.size());
    counters.decode_ms += finished.first_token_ms + finished.decode_ms;
}

const char* name_of(StopReason reason) {
    switch (reason) {
        case StopReason::end_of_text:
            return "end_of_text";
        case StopReason::stop_text:
            return "stop_text";
        case StopReason::max_tokens:
            return "max_tokens";
        case StopReason::context_full:
            return "context_full";
        case StopReason::cancelled:
            return "cancelled";
    }
    return "";
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// Tasks that keep what they saw, and requests whose events are kept, for the tests of the step loop. One
// thread.
#pragma once

#include <cstring>
#include <optional>

#include <QString>

#include "engine/schedule/choice.h"
#include "engine/schedule/generation.h"
#include "engine/schedule/prefill.h"
#include "tests/support/random_tokens.h"
#include "tests/unit/schedule/tiny_runtime.h"

namespace tendril::test {

using namespace engine;

using Logits = std::vector<std::vector<float>>;

/// Keeps the logits of the last row, or of all rows, and ends when all its rows were run.
class Probe final : public Task {
  public:
    Probe(RequestId id, std::vector<TokenId> tokens, Logits& seen, bool all,
          Priority priority = Priority::interactive)
        : Task(id, priority, std::move(tokens), [](RequestId, const Event&) {}), seen_(seen), all_(all) {}
    std::size_t reusable() const override { return all_ ? 0 : tokens_.size() - 1; }
    bool wants_logits(std::size_t position) const override { return all_ || position + 1 == tokens_.size(); }
    void started(std::size_t tokens) override {
        reused = tokens;
        seen_.clear();
    }
    void take(std::size_t, std::span<float> logits) override {
        seen_.emplace_back(logits.begin(), logits.end());
    }
    void step_done(std::size_t, std::size_t) override {
        if (pending() == 0) {
            end(Error{});
        }
    }
    void cancel() override { fail_with({}); }
    std::size_t reused = 0;

  private:
    Logits& seen_;
    bool all_;
};

inline Logits probe(TinyRuntime& runtime, const std::vector<TokenId>& tokens, bool all) {
    Logits seen;
    runtime.scheduler->add(std::make_unique<Probe>(1, tokens, seen, all));
    runtime.run();
    return seen;
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

inline bool same_bits(const Logits& a, const Logits& b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](auto& x, auto& y) { return same_bits(x, y); });
}

struct Answer {
    std::string text;
    std::vector<PrefillEvent> prefill;
    FinishedEvent finished;
    std::optional<PrefilledEvent> prefilled;
    std::optional<ScoredEvent> scored;
    std::optional<EmbeddedEvent> embedded;
    std::optional<PrunedEvent> pruned;
    std::optional<ChosenEvent> chosen;
    std::optional<Error> error;
    int ends = 0;
};

inline EventSink into(Answer& answer) {
    return [&answer](RequestId, Event event) {
        if (auto* text = std::get_if<TextEvent>(&event)) {
            answer.text += text->text;
        } else if (auto* prefill = std::get_if<PrefillEvent>(&event)) {
            answer.prefill.push_back(*prefill);
        } else if (auto* finished = std::get_if<FinishedEvent>(&event)) {
            answer.finished = *finished;
            ++answer.ends;
        } else if (auto* prefilled = std::get_if<PrefilledEvent>(&event)) {
            answer.prefilled = *prefilled;
            ++answer.ends;
        } else if (auto* scored = std::get_if<ScoredEvent>(&event)) {
            answer.scored = *scored;
            ++answer.ends;
        } else if (auto* embedded = std::get_if<EmbeddedEvent>(&event)) {
            answer.embedded = *embedded;
            ++answer.ends;
        } else if (auto* pruned = std::get_if<PrunedEvent>(&event)) {
            answer.pruned = *pruned;
            ++answer.ends;
        } else if (auto* chosen = std::get_if<ChosenEvent>(&event)) {
            answer.chosen = *chosen;
            ++answer.ends;
        } else if (auto* error = std::get_if<Error>(&event)) {
            answer.error = *error;
            ++answer.ends;
        }
    };
}

inline GenerateRequest request(std::vector<TokenId> prompt, std::uint32_t tokens, std::uint64_t seed = 1) {
    GenerateRequest made;
    made.prompt = std::move(prompt);
    made.max_tokens = tokens;
    made.sampler.seed = seed;
    made.sampler.temperature = 1.0F;
    return made;
}

inline void submit(TinyRuntime& runtime, RequestId id, GenerateRequest made, Answer& answer) {
    runtime.scheduler->add(std::make_unique<Generation>(id, std::move(made), into(answer), runtime.tokenizer,
                                                        runtime.forward->limits().max_positions,
                                                        Clock::now()));
}

inline void choose(TinyRuntime& runtime, RequestId id, ChooseRequest made, Answer& answer) {
    runtime.scheduler->add(std::make_unique<Choice>(id, std::move(made), into(answer), Clock::now()));
}

inline Answer answer_alone(const TinyModel& model, const GenerateRequest& made, std::size_t pages = 16) {
    TinyRuntime runtime(model, true, pages);
    Answer answer;
    submit(runtime, 1, made, answer);
    runtime.run();
    return answer;
}

inline SchedulerSettings small_chunks(std::size_t rows) {
    SchedulerSettings settings;
    settings.least_chunk = rows;
    settings.least_prefill = rows;
    settings.mixed_step_ms = 0;
    settings.prefill_step_ms = 0;
    return settings;
}

inline void read_ahead(TinyRuntime& runtime, RequestId id, std::vector<TokenId> tokens, Answer& answer,
                       CacheScope scope = {}) {
    runtime.scheduler->add(
        std::make_unique<Prefill>(id, PrefillRequest{std::move(tokens), scope}, into(answer), Clock::now()));
}

inline TinyModel model(const QString& architecture) {
    TinyModel options;
    options.architecture = architecture.toStdString();
    options.rope_factors = architecture == "llama";
    options.type = architecture == "qwen2" ? DataType::q8_0 : DataType::f16;
    return options;
}

}  // namespace tendril::test

// SPDX-License-Identifier: Apache-2.0
// An Expansion over an engine of which a test is the model: it sees each request and says what is drawn. Each
// byte is a token. Test thread.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>

#include <QtTest>
#include <nlohmann/json.hpp>

#include "app/expand/expansion.h"
#include "resources/prompts/prompts.h"
#include "tests/unit/app/fake_engine.h"

namespace tendril::test {

class FakePort final : public app::ExpansionPort {
  public:
    struct Asked {
        engine::RequestId id = 0;
        std::optional<engine::GenerateRequest> generate;
        std::optional<engine::ChooseRequest> choose;
        std::string text;  ///< of the prompt
        bool cancelled = false;
        bool open = true;
    };
    std::vector<Asked> asked;
    const engine::Tokenizer* tokenizer = nullptr;

    engine::RequestId submit(engine::GenerateRequest request) override {
        asked.push_back({asked.size() + 1, request, {}, tokenizer->decode(request.prompt, true)});
        return asked.size();
    }
    engine::RequestId submit(engine::ChooseRequest request) override {
        asked.push_back({asked.size() + 1, {}, request, tokenizer->decode(request.prompt, true)});
        return asked.size();
    }
    void cancel(engine::RequestId request) override { asked.at(request - 1).cancelled = true; }
};

class FakeObserver final : public app::ExpansionObserver {
  public:
    std::vector<std::string> told;  ///< "route normal code", "outline 3", "point 1 growing", "text 0"
    std::map<std::uint32_t, std::string> points;
    std::string text;
    app::ExpansionState last;

    void on_prefill(const engine::PrefillEvent&) override { told.push_back("prefill"); }
    void on_route(const app::ExpansionState& state) override {
        told.push_back((state.skeleton ? "route skeleton " : "route normal ") + state.reason_key);
        last = state;
        points.clear();
    }
    void on_outline(const app::ExpansionState& state) override {
        told.push_back("outline " + std::to_string(state.points.size()));
        last = state;
    }
    void on_point_text(std::uint32_t point, const std::string& more, std::uint32_t) override {
        points[point] += more;
    }
    void on_point_state(const app::ExpansionState& state) override { last = state; }
    void on_text(const std::string& more, std::uint32_t) override { text += more; }
};

struct ExpansionFixture {
    static constexpr const char* kQuestion = "What are the benefits of regular exercise for older people?";
    static constexpr const char* kOutline =
        "1. Stronger heart\n2. Better sleep\n3. Steady balance\n4. Good company\n";

    FakeEngine engine;
    FakePort port;
    FakeObserver observer;
    std::unique_ptr<app::PromptComposer> composer;
    std::unique_ptr<app::SkeletonKit> kit;
    app::ExpansionRequest request;
    std::unique_ptr<app::Expansion> expansion;
    prompt::ChatMessages messages = {{"user", kQuestion}};

    explicit ExpansionFixture(const std::function<void(nlohmann::json&)>& change = {}) {
        auto json = nlohmann::json::parse(resources::skeleton_json());
        if (change) {
            change(json);
        }
        auto made = app::SkeletonKit::make(json.dump());
        if (!made) {
            throw std::runtime_error(made.error().message + made.error().detail);
        }
        kit = std::move(*made);
        port.tokenizer = engine.model.tokenizer.get();
        composer = std::make_unique<app::PromptComposer>(engine.model);
        request.context = 100'000;
        for (const std::uint32_t rows : {1U, 2U, 4U, 8U, 16U, 32U}) {
            request.curve.push_back({rows, 10.0});  // more rows cost nothing
        }
    }
    void begin(storage::AnswerMode mode = storage::AnswerMode::automatic) {
        request.mode = mode;
        request.question = messages.back().content;
        request.prompt = composer->compose(messages);
        expansion = std::make_unique<app::Expansion>(request, *composer, kit.get(), port, observer);
        expansion->start();
    }
    /// Past router and outline: the points grow.
    void begin_points(const std::string& outline = kOutline) {
        begin(storage::AnswerMode::always);
        finish(1, outline);
    }
    FakePort::Asked& asked(engine::RequestId id) { return port.asked.at(id - 1); }
    void say(engine::RequestId id, const std::string& text, std::uint32_t tokens = 0) {
        expansion->handle(
            id, engine::TextEvent{text, tokens != 0 ? tokens : static_cast<std::uint32_t>(text.size())});
        said_[id] += text;
    }
    void finish(engine::RequestId id, const std::string& text = {},
                engine::StopReason reason = engine::StopReason::end_of_text) {
        if (!text.empty()) {
            say(id, text);
        }
        asked(id).open = false;
        engine::FinishedEvent finished;
        finished.reason = reason;
        finished.tokens = engine.model.tokenizer->encode(said_[id], {});
        finished.prompt_tokens = static_cast<std::uint32_t>(asked(id).generate->prompt.size());
        finished.cached_tokens = 5;
        expansion->handle(id, finished);
    }
    /// The router's questions, all of them: `yes` speaks for points.
    void choose(bool yes) {
        const auto& texts = prompt::skeleton::router_questions(*kit->phrases().language("en"));
        for (std::size_t i = 0; i < texts.size(); ++i) {
            engine::ChosenEvent chosen;
            chosen.logprobs.assign(texts[i].options.size(), yes ? -8.F : -0.1F);
            chosen.logprobs[texts[i].suits] = yes ? -0.1F : -8.F;
            asked(i + 1).open = false;
            expansion->handle(i + 1, chosen);
        }
    }
    std::size_t open() const {
        return static_cast<std::size_t>(
            std::count_if(port.asked.begin(), port.asked.end(), [](const auto& one) { return one.open; }));
    }
    std::size_t choices() const {
        return static_cast<std::size_t>(std::count_if(
            port.asked.begin(), port.asked.end(), [](const auto& one) { return one.choose.has_value(); }));
    }
    bool all_cancelled() const {
        return std::all_of(port.asked.begin(), port.asked.end(),
                           [](const auto& one) { return !one.open || one.cancelled; });
    }
    app::ExpansionResult result() {
        auto ended = expansion->take_result();
        if (!ended) {
            throw std::runtime_error("it has not ended");
        }
        return *ended;
    }
    bool running() { return !expansion->take_result().has_value(); }

  private:
    std::map<engine::RequestId, std::string> said_;
};

}  // namespace tendril::test

// SPDX-License-Identifier: Apache-2.0
// An engine that a test drives word by word, and a tokenizer of which each byte is a token. Any thread; owned
// by the test.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/engine_port.h"

namespace tendril::test {

/// Ids 0 to 255 are bytes; three control tokens follow.
class ByteTokenizer final : public engine::Tokenizer {
  public:
    static constexpr engine::TokenId kStart = 256;  ///< "<|im_start|>"
    static constexpr engine::TokenId kEnd = 257;    ///< "<|im_end|>"
    static constexpr engine::TokenId kBos = 258;    ///< "<s>"

    std::vector<engine::TokenId> encode(std::string_view text, engine::EncodeOptions options) const override;
    std::string_view bytes(engine::TokenId token, bool special) const override;
    std::size_t size() const override { return 259; }
    std::optional<engine::TokenId> bos() const override { return kBos; }
    std::optional<engine::TokenId> eos() const override { return kEnd; }
    bool adds_bos() const override { return adds_bos_; }
    bool is_control(engine::TokenId token) const override { return token >= 256; }
    bool ends_generation(engine::TokenId token) const override { return token == kEnd; }
    std::string_view bos_text() const override { return "<s>"; }
    std::string_view eos_text() const override { return "<|im_end|>"; }

    bool adds_bos_ = false;
    mutable std::atomic<std::size_t> encoded_bytes = 0;  ///< how much was asked for in all
};

/// What a test sees of the fake and makes it do. Shared by the test and the port that the worker owns.
class FakeEngine {
  public:
    struct Request {
        engine::RequestId id = 0;
        engine::GenerateRequest request;
        engine::EventSink sink;
    };

    struct Choice {
        engine::RequestId id = 0;
        engine::ChooseRequest request;
        std::string text;  ///< of the prompt
    };
    struct Prefill {
        engine::RequestId id = 0;
        engine::PrefillRequest request;
        std::string text;  ///< of the tokens
    };

    struct Score {
        engine::RequestId id = 0;
        engine::ScoreRequest request;
        engine::EventSink sink;
    };

    struct Prune {
        engine::RequestId id = 0;
        engine::PruneRequest request;
        std::string text;  ///< of the tokens
        engine::EventSink sink;
    };

    engine::LoadedModel model;        ///< what a load gives
    std::optional<Error> load_error;  ///< or this
    /// The vector of a text.
    std::function<std::vector<float>(const std::string&)> embed = [](const std::string&) {
        return std::vector<float>{1};
    };
    bool hold_prefills = false;  ///< they end at end_prefill() only
    /// How a cancelled prefill ends; none: with nothing read.
    std::function<engine::PrefilledEvent(engine::RequestId)> cancelled_prefill = {};
    bool hold_scores = false;  ///< they end at end_score() only; while texts are scored: release_scores()
    std::optional<Error> score_error;               ///< how scores end
    std::optional<Error> prune_error;               ///< how prunings end
    bool pruned_gone = false;                       ///< nothing that begins with pruned tokens can be read
    bool hold_loads = false;                        ///< loads end at finish_load() only
    std::function<void(const Request&)> on_submit;  ///< on the worker's thread, inside submit()

    FakeEngine();
    /// The port to give to a worker; this object must live longer.
    std::unique_ptr<app::EnginePort> port();

    /// Waits for the next request; its prompt as text.
    std::string take_request();
    const engine::GenerateRequest& request() const { return current_.request; }
    const Request& taken() const { return current_; }
    // For several requests at once: their tokens are the bytes of what was said.
    void say(const Request& to, const std::string& text);
    void finish(const Request& which, engine::StopReason reason = engine::StopReason::end_of_text);
    /// Waits for the next request to read ahead.
    Prefill take_prefill();
    void end_prefill(const Prefill& prefill);  ///< as complete; losses as scores are
    /// Waits for the next question with options.
    Choice take_choice();
    void choose(const Choice& choice, std::vector<float> logprobs);
    /// Waits for the next text to score; unless held, each token's logprob is minus its last digit.
    Score take_score();
    void end_score(const Score& score);
    void release_scores();  ///< those that are held end, and none is held any more
    /// Waits for the next text to prune.
    Prune take_prune();
    void end_prune(const Prune& prune);  ///< half of the stretch is kept
    /// What was asked for, oldest first: "generate 1", "prefill 2", "choose 3", "score 4", "prune 5", "cancel
    /// 2", "forget 7", "clear".
    std::vector<std::string> asked() const;
    engine::LoadOptions load_options() const;  ///< of the newest load
    std::vector<engine::CurvePoint> curve;     ///< t(M), as if measured
    std::vector<engine::CurvePoint> measured;  ///< t(M), when a measurement is asked for
    engine::CacheState cache;                  ///< what cache_state() gives
    void say(const std::string& text);
    void prefill(std::uint32_t done, std::uint32_t total, std::uint32_t reused);
    void finish(engine::StopReason reason = engine::StopReason::end_of_text);
    void fail_request(Error error);
    void finish_load();
    bool cancelled() const;
    std::size_t loads() const;
    std::size_t submitted() const;

  private:
    class Port;
    void note(std::string what);
    void end_load();

    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Request> requests_;
    Request current_;
    std::map<engine::RequestId, engine::EventSink> open_;
    std::deque<Prefill> prefills_;
    std::map<engine::RequestId, engine::EventSink> open_prefills_;
    std::deque<Choice> choices_;
    std::deque<Prune> prunes_;
    std::map<engine::RequestId, engine::EventSink> open_prunes_;
    std::deque<Score> scores_;
    std::map<engine::RequestId, Score> open_scores_;
    std::map<engine::RequestId, engine::EventSink> open_choices_;
    std::vector<std::string> asked_;
    engine::LoadOptions options_;
    engine::RequestId last_id_ = 0;
    std::size_t loads_ = 0;
    bool cancelled_ = false;
    std::uint32_t tokens_ = 0;
    std::map<engine::RequestId, std::string> said_;
    std::function<void(Result<engine::LoadedModel>)> load_done_;
};

}  // namespace tendril::test

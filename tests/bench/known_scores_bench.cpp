// SPDX-License-Identifier: Apache-2.0
// What it costs to shorten a document (stdin) by a scored method, at a first and at a second rate and after
// the model has read it in the background: with what is known of it (KnownScores, losses of the prefill) and
// without, in turn. Prints one JSON object: median milliseconds, tokens that the scorer read. Main thread.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <map>

#include <nlohmann/json.hpp>

#include "app/compress/engine_scorer.h"
#include "app/compress/known_scores.h"
#include "app/compress/pieces.h"
#include "app/compress/read_passages.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using nlohmann::ordered_json;
using BenchClock = std::chrono::steady_clock;

namespace {

struct Cost {
    std::vector<double> ms;
    std::size_t tokens = 0;  // the scorer's
};

class Bench {
  public:
    Bench(const char* path, std::string text) : text_(std::move(text)) {
        engine::LoadOptions options;
        options.path = path;
        options.context = 8192;
        auto loaded = client_.load(options);
        if (!loaded) {
            std::cerr << loaded.error().message << "\n";
            std::exit(1);
        }
        model_ = std::move(*loaded);
        prompt_ = model_.tokenizer->encode(
            "<|im_start|>system\nYou answer questions about a text.<|im_end|>\n<|im_start|>user\n"
            "notes.txt:\n```\n" +
                text_ + "\n```\n\n",
            {.add_bos = false, .parse_special = true});
    }

    void round(prompt::Method method) {
        const std::string name = prompt::name_of(method);
        for (const bool knowing : {false, true}) {
            const std::string how = name + (knowing ? ", known scores" : ", none known");
            app::KnownScores known;
            client_.clear_cache();
            shorten(method, 0.4, known, costs_[how + ": first rate, 0.4"]);
            forget_unless(knowing, known);
            shorten(method, 0.3, known, costs_[how + ": second rate, 0.3"]);
            forget_unless(knowing, known);
            client_.clear_cache();
            read(knowing, known, costs_[knowing ? "read with losses" : "read without losses"]);
            shorten(method, 0.4, known, costs_[how + ": after it was read, 0.4"]);
        }
    }
    ordered_json result() {
        ordered_json all = {{"document_tokens", app::counter_of(model_.tokenizer)(text_)},
                            {"prompt_tokens", prompt_.size()}};
        for (auto& [name, cost] : costs_) {
            std::sort(cost.ms.begin(), cost.ms.end());
            all[name] = {{"ms", cost.ms[cost.ms.size() / 2]}, {"scorer_tokens", cost.tokens}};
        }
        return all;
    }

  private:
    static void forget_unless(bool knowing, app::KnownScores& known) {
        if (!knowing) {
            known.clear();
        }
    }
    void shorten(prompt::Method method, double rate, app::KnownScores& known, Cost& cost) {
        app::EngineScorer reader(
            {[this](engine::ScoreRequest request, engine::EventSink sink) {
                 return client_.engine->submit(std::move(request), std::move(sink));
             },
             [this](engine::RequestId id) { client_.engine->cancel(id); }, model_.tokenizer, model_.context},
            {});
        app::KnowingScorer scorer(reader, known, "bench");
        const auto begin = BenchClock::now();
        const auto made = prompt::compress(text_, {method, rate}, scorer, app::counter_of(model_.tokenizer),
                                           reader.stopped());
        cost.ms.push_back(ms_since(begin));
        cost.tokens = reader.tokens_asked();
        if (!made) {
            std::cerr << made.error().message << "\n";
            std::exit(1);
        }
    }
    void read(bool losses, app::KnownScores& known, Cost& cost) {
        engine::PrefillRequest request;
        request.tokens = prompt_;
        request.losses = losses;
        const auto begin = BenchClock::now();
        const auto done = *client_.ask(std::move(request)).prefilled;
        const std::string texts[] = {text_};
        for (const auto& one :
             app::passages_read({*model_.tokenizer, prompt_, done.logprobs, done.logprobs_from}, texts)) {
            known.keep("bench", {{}, one.text}, one.pieces);
        }
        cost.ms.push_back(ms_since(begin));
    }
    static double ms_since(BenchClock::time_point begin) {
        return std::chrono::duration<double, std::milli>(BenchClock::now() - begin).count();
    }

    test::EngineClient client_;
    engine::LoadedModel model_;
    std::string text_;
    std::vector<engine::TokenId> prompt_;
    std::map<std::string, Cost> costs_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: known_scores_bench MODEL.gguf [ROUNDS] < document\n";
        return 2;
    }
    Bench bench(argv[1], std::string(std::istreambuf_iterator<char>(std::cin), {}));
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
    for (int i = 0; i < rounds; ++i) {
        bench.round(prompt::Method::selective);
        bench.round(prompt::Method::llmlingua);
    }
    std::cout << bench.result().dump(1) << std::endl;
}

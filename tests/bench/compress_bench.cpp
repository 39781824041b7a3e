// SPDX-License-Identifier: Apache-2.0
// Answers questions about documents that were made shorter: reads orders as JSON lines on stdin, one document
// in one form each, and prints one JSON line of answers and times for each. compress_facts.py makes the
// orders and judges the answers. Main thread.
#include <chrono>
#include <iostream>
#include <random>

#include <nlohmann/json.hpp>

#include "app/compress/engine_scorer.h"
#include "app/compress/pieces.h"
#include "prompt/compress/compress.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using nlohmann::json;
using nlohmann::ordered_json;
using test::EngineClient;
using BenchClock = std::chrono::steady_clock;

namespace {

constexpr std::uint32_t kContext = 20480;

double ms_since(BenchClock::time_point begin) {
    return std::chrono::duration<double, std::milli>(BenchClock::now() - begin).count();
}

struct Model {
    EngineClient client;
    engine::LoadedModel loaded;

    explicit Model(const std::string& path) {
        engine::LoadOptions options;
        options.path = path;
        options.context = kContext;
        auto result = client.load(options);
        if (!result) {
            std::cerr << result.error().message << "\n";
            std::exit(1);
        }
        loaded = std::move(*result);
    }
    app::ScoringPort port() {
        return {[this](engine::ScoreRequest request, engine::EventSink sink) {
                    return client.engine->submit(std::move(request), std::move(sink));
                },
                [this](engine::RequestId id) { client.engine->cancel(id); }, loaded.tokenizer,
                loaded.context};
    }
};

/// Scores that mean nothing, on the model's own tokens: the negative control of every method.
class Noise final : public prompt::Scorer {
  public:
    explicit Noise(prompt::Ranker ranker) : ranker_(std::move(ranker)) {}
    Result<std::vector<std::vector<prompt::ScoredPiece>>> score(
        std::span<const prompt::ScoreJob> jobs) override {
        std::vector<std::vector<prompt::ScoredPiece>> all;
        for (const auto& job : jobs) {
            auto& pieces = all.emplace_back();
            for (const auto& piece : ranker_(job.text)) {
                pieces.push_back({piece.begin, piece.end, noise_(random_)});
            }
        }
        return all;
    }

  private:
    prompt::Ranker ranker_;
    std::mt19937 random_{7};
    std::uniform_real_distribution<float> noise_{0, 10};
};

std::string joined(const std::vector<std::string>& words, const std::vector<bool>& keep) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        text += keep[i] ? words[i] : "";
    }
    return text;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t word = text.find_first_not_of(" \n", at);
        const std::size_t end = std::min(text.find_first_of(" \n", word), text.size());
        words.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

/// Controls: words dropped by chance, and the middle cut out; both to the same number of tokens.
std::string control(const std::string& method, const std::string& text, double rate,
                    const prompt::TokenCounter& count, unsigned seed) {
    const auto words = words_of(text);
    const auto target = static_cast<std::size_t>(rate * static_cast<double>(count(text)));
    std::vector<std::size_t> order(words.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = method == "head_tail" ? (i % 2 == 0 ? i / 2 : words.size() - 1 - i / 2) : i;
    }
    if (method == "random") {
        std::shuffle(order.begin(), order.end(), std::mt19937(seed));
    }
    std::size_t fits = 0;
    std::size_t beyond = words.size() + 1;
    while (beyond - fits > 1) {
        const std::size_t middle = (fits + beyond) / 2;
        std::vector<bool> keep(words.size());
        for (std::size_t i = 0; i < middle; ++i) {
            keep[order[i]] = true;
        }
        (count(joined(words, keep)) <= target ? fits : beyond) = middle;
    }
    std::vector<bool> keep(words.size());
    for (std::size_t i = 0; i < fits; ++i) {
        keep[order[i]] = true;
    }
    return joined(words, keep);
}

class Bench {
  public:
    Bench(const std::string& model, const std::string& scorer) : model_(model) {
        if (!scorer.empty() && scorer != model) {
            scorer_.emplace(scorer);
        }
    }

    ordered_json run(const json& order) {
        const auto begin = BenchClock::now();
        ordered_json result = {{"id", order["id"]}};
        std::string text = shortened(order, result);
        result["compress_ms"] = ms_since(begin);
        ask(order, text, result);
        if (order.value("show", false)) {
            result["text"] = text;
        }
        result["total_ms"] = ms_since(begin);
        model_.client.engine->forget(owner_);
        return result;
    }

  private:
    std::string shortened(const json& order, ordered_json& result) {
        const std::string text = order["text"];
        const std::string method = order["method"];
        const double rate = order["rate"];
        const auto count = app::counter_of(model_.loaded.tokenizer);
        result["tokens_before"] = count(text);
        std::string shorter = text;
        if (method == "random" || method == "head_tail") {
            shorter = control(method, text, rate, count, order["id"].get<unsigned>());
        } else if (method != "whole") {
            const bool noise = method.starts_with("noise:");
            const auto known = prompt::method_named(noise ? method.substr(6) : method);
            if (!known) {
                std::cerr << "no such method: " << method << "\n";
                std::exit(1);
            }
            const prompt::CompressSettings settings{*known, rate, order.value("question", std::string())};
            Model& reader = scorer_ ? *scorer_ : model_;
            app::EngineScorer by_model(reader.port(), {owner_, false});
            prompt::FrequencyScorer by_rank(app::ranker_of(model_.loaded.tokenizer));
            Noise by_chance(app::ranker_of(model_.loaded.tokenizer));
            prompt::Scorer& scorer = noise                         ? static_cast<prompt::Scorer&>(by_chance)
                                     : prompt::needs_model(*known) ? static_cast<prompt::Scorer&>(by_model)
                                                                   : by_rank;
            auto made = prompt::compress(text, settings, scorer, count, by_model.stopped());
            if (!made) {
                std::cerr << made.error().message << " " << made.error().detail << "\n";
                std::exit(1);
            }
            shorter = std::move(made->text);
            result["scored_tokens"] = by_model.tokens_asked();
            reader.client.engine->forget(owner_);
        }
        result["tokens_after"] = count(shorter);
        return shorter;
    }

    /// The document is read once; then all its questions run together.
    void ask(const json& order, const std::string& text, ordered_json& result) {
        if (order["questions"].empty()) {
            return;
        }
        const auto& tokenizer = *model_.loaded.tokenizer;
        const std::string front =
            "<|im_start|>system\nYou answer questions about a text, in as few words as possible."
            "<|im_end|>\n<|im_start|>user\n" +
            text + "\n\n";
        const auto begin = BenchClock::now();
        engine::PrefillRequest read;
        read.tokens = tokenizer.encode(front, {.add_bos = false, .parse_special = true});
        read.tokens.resize(read.tokens.size() - 1);  // the last one may join with what follows
        read.cache.owner = owner_;
        model_.client.ask(std::move(read));
        result["prefill_ms"] = ms_since(begin);
        const auto asked = BenchClock::now();
        std::vector<engine::RequestId> ids;
        for (const std::string question : order["questions"]) {
            engine::GenerateRequest request;
            request.prompt = tokenizer.encode(front + question + "<|im_end|>\n<|im_start|>assistant\n",
                                              {.add_bos = false, .parse_special = true});
            request.max_tokens = 16;
            request.sampler.temperature = 0;
            request.cache.owner = owner_;
            ids.push_back(model_.client.submit(std::move(request)));
        }
        ordered_json answers = ordered_json::array();
        for (const auto id : ids) {
            const auto reply = model_.client.reply(id);
            if (!reply.finished) {
                std::cerr << (reply.error ? reply.error->message : "no answer") << "\n";
                std::exit(1);
            }
            answers.push_back(reply.text);
        }
        result["answer_ms"] = ms_since(asked);
        result["answers"] = answers;
    }

    Model model_;
    std::optional<Model> scorer_;
    std::uint64_t owner_ = 1;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: compress_bench MODEL.gguf [SCORER.gguf] < orders.jsonl\n";
        return 2;
    }
    Bench bench(argv[1], argc > 2 ? argv[2] : "");
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << bench.run(json::parse(line)).dump(-1, ' ', false, json::error_handler_t::replace)
                  << std::endl;
    }
}

// SPDX-License-Identifier: Apache-2.0
// Prints what scoring many sentences of their own costs beside one text of their length, and reading that
// text without scores, in turns, as JSON: medians of milliseconds.
#include <algorithm>
#include <iostream>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

std::vector<TokenId> words(const Tokenizer& tokenizer, std::size_t tokens, int seed) {
    std::string text;
    for (int i = 0; text.size() < tokens * 8; ++i) {
        text += "Line " + std::to_string((i + seed) * 7919 % 1000) +
                " of a long report about rivers, bridges and ferries. ";
    }
    std::vector<TokenId> all = tokenizer.encode(text, {});
    all.resize(tokens);
    return all;
}

double since(EventClock::time_point start) {
    return std::chrono::duration<double, std::milli>(EventClock::now() - start).count();
}

double sentences(EngineClient& client, const Tokenizer& tokenizer, int count, std::size_t tokens, int seed) {
    const auto start = EventClock::now();
    std::vector<RequestId> open;
    for (int i = 0; i < count; ++i) {
        ScoreRequest made;
        made.tokens = words(tokenizer, tokens, seed + i);
        open.push_back(client.submit(made));
    }
    for (const RequestId id : open) {
        if (!client.reply(id).scored) {
            throw std::runtime_error("a sentence was not scored");
        }
    }
    return since(start);
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        std::cerr << "usage: score_bench MODEL.gguf [SENTENCES TOKENS]\n";
        return 2;
    }
    const int number = count > 3 ? std::stoi(arguments[2]) : 200;
    const std::size_t tokens = count > 3 ? std::stoul(arguments[3]) : 20;
    try {
        EngineClient client;
        LoadOptions options;
        options.path = arguments[1];
        options.context = 4096;
        const auto loaded = client.load(options);
        if (!loaded) {
            throw std::runtime_error(loaded.error().message);
        }
        const Tokenizer& tokenizer = *loaded->tokenizer;
        std::vector<double> many;
        std::vector<double> whole;
        std::vector<double> read;
        for (int round = 0; round < 5; ++round) {
            many.push_back(sentences(client, tokenizer, number, tokens, round * 1000));
            whole.push_back(
                sentences(client, tokenizer, 1, static_cast<std::size_t>(number) * tokens, round * 1000 + 1));
            PrefillRequest prefill;
            prefill.tokens = words(tokenizer, static_cast<std::size_t>(number) * tokens, round * 7 + 2);
            prefill.tokens.front() = round + 1;  // nothing of it is cached
            const auto start = EventClock::now();
            client.ask(prefill);
            read.push_back(since(start));
        }
        std::cout << nlohmann::ordered_json{{"sentences", number},
                                            {"tokens_of_each", tokens},
                                            {"sentences_ms", median(many)},
                                            {"one_text_ms", median(whole)},
                                            {"read_only_ms", median(read)}}
                         .dump(2)
                  << "\n";
    } catch (const std::exception& exception) {
        std::cerr << exception.what() << "\n";
        return 1;
    }
    return 0;
}

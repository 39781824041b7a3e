// SPDX-License-Identifier: Apache-2.0
// What the cache saves, on a real model, through the façade: one phase a run, one JSON object on stdout.
// cache_figures.py runs the phases and puts the peer beside them.
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "engine/backend/cpu/cpu_backend.h"
#include "engine/runtime.h"
#include "engine/schedule/scoring.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;
using nlohmann::ordered_json;

namespace {

constexpr std::uint32_t kContext = 12288;  // memory holds four of them
constexpr std::size_t kTurnTokens = 24;
constexpr std::size_t kBranches = 8;

struct Options {
    std::filesystem::path model;
    std::filesystem::path text;
    std::filesystem::path folder;
    std::string phase;
    std::size_t prompt = 4096;
    std::size_t answer = 40;
};

double milliseconds(EventClock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

/// A loaded engine with texts for it.
class Bench {
  public:
    Bench(const Options& options, bool with_disk) : options_(options) {
        LoadOptions load;
        load.path = options.model;
        load.context = kContext;
        if (with_disk) {
            load.cache_directory = options.folder;
        }
        auto loaded = client.load(load);
        if (!loaded) {
            std::cerr << loaded.error().message << "\n";
            std::exit(1);
        }
        model = *loaded;
        std::ifstream file(options.text);
        std::stringstream text;
        text << file.rdbuf();
        all_ = model.tokenizer->encode(text.str(), {});
        if (all_.size() < std::max<std::size_t>(6000, options.prompt + 1000)) {
            std::cerr << "the text is too short\n";
            std::exit(1);
        }
        ask({all_.begin(), all_.begin() + 8}, 4);  // memory is touched, kernels are in the caches
    }

    /// `number`: different texts share no first token run.
    std::vector<TokenId> prompt(std::size_t number) const {
        std::vector<TokenId> tokens;
        for (std::size_t i = 0; tokens.size() < options_.prompt; ++i) {
            tokens.push_back(all_[(16 + number * 977 + i) % all_.size()]);
        }
        return tokens;
    }
    std::vector<TokenId> turn(std::size_t number) const {
        const auto start = all_.begin() + static_cast<std::ptrdiff_t>(5000 + 31 * number);
        return {start, start + kTurnTokens};
    }
    GenerateRequest request(std::vector<TokenId> tokens, std::uint32_t answer, std::uint64_t seed = 0) const {
        GenerateRequest made;
        made.prompt = std::move(tokens);
        made.max_tokens = answer;
        made.sampler.temperature = seed == 0 ? 0.0F : 1.0F;
        made.sampler.seed = seed;
        made.cache.owner = 1;
        return made;
    }
    FinishedEvent ask(std::vector<TokenId> tokens, std::size_t answer) {
        const Reply reply = client.ask(request(std::move(tokens), static_cast<std::uint32_t>(answer)));
        if (!reply.finished) {
            std::cerr << (reply.error ? reply.error->message : "no answer") << "\n";
            std::exit(1);
        }
        return *reply.finished;
    }
    void read(std::vector<TokenId> tokens) {
        PrefillRequest made;
        made.tokens = std::move(tokens);
        made.cache.owner = 1;
        client.ask(std::move(made));
    }
    /// Until so many tokens are on the disk, and nothing is written any more.
    CacheState quiet_disk(std::size_t tokens) {
        CacheState state = client.cache_state();
        for (std::uint64_t before = 0; before != state.disk_pages || before < tokens / kPageTokens;) {
            before = state.disk_pages;
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            state = client.cache_state();
        }
        return state;
    }

    EngineClient client;
    LoadedModel model;

  private:
    Options options_;
    std::vector<TokenId> all_;
};

void append(std::vector<TokenId>& to, const std::vector<TokenId>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

double step_of(const FinishedEvent& event) {
    return event.decode_ms / static_cast<double>(std::max<std::size_t>(event.tokens.size(), 2) - 1);
}

std::filesystem::path tokens_file(const Options& options) {
    return options.folder.string() + ".tokens.json";
}

/// Cold, then four more turns; leaves the conversation on the disk for the next program.
ordered_json first(const Options& options) {
    Bench bench(options, true);
    std::vector<TokenId> text = bench.prompt(0);
    const FinishedEvent cold = bench.ask(text, options.answer);
    const CacheState after_first = bench.quiet_disk(text.size());
    append(text, cold.tokens);
    ordered_json turns = ordered_json::array();
    for (std::size_t number = 0; number < 4; ++number) {
        append(text, bench.turn(number));
        const FinishedEvent next = bench.ask(text, options.answer);
        turns.push_back(
            {{"first_token_ms", next.first_token_ms}, {"read", text.size() - next.cached_tokens}});
        append(text, next.tokens);
    }
    const CacheState after_all = bench.quiet_disk(text.size() - 1);
    append(text, bench.turn(9));
    std::ofstream(tokens_file(options)) << ordered_json(text);
    return {{"device", bench.model.device},
            {"cold_ms", cold.first_token_ms},
            {"cold_cached", cold.cached_tokens},
            {"step_ms", step_of(cold)},
            {"turns", turns},
            {"disk_bytes_first_turn", after_first.disk_bytes},
            {"disk_bytes_per_turn", (after_all.disk_bytes - after_first.disk_bytes) / 4},
            {"tokens_per_turn", (text.size() - options.prompt) / 4},
            {"disk_note", after_all.disk_note}};
}

ordered_json restart(const Options& options) {
    std::vector<TokenId> text;
    std::ifstream file(tokens_file(options));
    text = ordered_json::parse(file).get<std::vector<TokenId>>();
    Bench bench(options, true);
    const FinishedEvent reply = bench.ask(text, 8);
    return {{"first_token_ms", reply.first_token_ms},
            {"prompt", text.size()},
            {"cached", reply.cached_tokens},
            {"from_disk", reply.disk_tokens},
            {"load_ms", bench.model.load_ms}};
}

ordered_json alternate(const Options& options) {
    Bench bench(options, false);
    std::vector<std::vector<TokenId>> texts = {bench.prompt(0), bench.prompt(3)};
    std::vector<std::size_t> known(2);
    ordered_json turns = ordered_json::array();
    std::size_t again = 0;
    for (std::size_t round = 0; round < 4; ++round) {
        for (std::size_t which = 0; which < 2; ++which) {
            std::vector<TokenId>& text = texts[which];
            const FinishedEvent reply = bench.ask(text, options.answer);
            again += known[which] > reply.cached_tokens ? known[which] - reply.cached_tokens : 0;
            if (round > 0) {
                turns.push_back(
                    {{"first_token_ms", reply.first_token_ms}, {"read", text.size() - reply.cached_tokens}});
            }
            append(text, reply.tokens);
            known[which] = text.size() - 1;  // the last token drawn was not read
            append(text, bench.turn(2 * round + which));
        }
    }
    return {{"read_again", again}, {"turns", turns}};
}

/// Forty words in eight seconds, read while they come, as the window does it.
ordered_json typing(const Options& options) {
    static constexpr const char* kWords =
        "please explain in a few short sentences what this licence says about giving copies of a changed "
        "program to other people and whether I have to publish the source code when only my friends get it "
        "and nobody has paid";
    Bench bench(options, false);
    std::vector<TokenId> before = bench.prompt(0);
    const FinishedEvent first_answer = bench.ask(before, options.answer);
    append(before, first_answer.tokens);
    const auto render = [&](const std::string& message, bool whole) {
        std::vector<TokenId> text = before;
        const std::string turn =
            "<|im_end|>\n<|im_start|>user\n" + message + (whole ? "<|im_end|>\n<|im_start|>assistant\n" : "");
        append(text, bench.model.tokenizer->encode(turn, {false, true}));
        return text;
    };
    std::istringstream words(kWords);
    std::string message;
    std::string word;
    const auto start = EventClock::now();
    RequestId reading = 0;
    int count = 0;
    while (words >> word) {
        std::this_thread::sleep_until(start + ++count * std::chrono::milliseconds(200));
        if (reading != 0) {
            bench.client.engine->cancel(reading);
        }
        if (!message.empty()) {  // the words before this one are finished
            PrefillRequest made;
            made.tokens = render(message, false);
            made.cache.owner = 1;
            reading = bench.client.submit(std::move(made));
        }
        message += (message.empty() ? "" : " ") + word;
    }
    std::this_thread::sleep_until(start + (count + 1) * std::chrono::milliseconds(200));
    const std::vector<TokenId> text = render(message, true);
    const FinishedEvent reply = bench.ask(text, 8);
    return {{"words", count},
            {"message_tokens", text.size() - before.size()},
            {"left_at_enter", text.size() - reply.cached_tokens},
            {"first_token_ms", reply.first_token_ms},
            {"step_ms", step_of(first_answer)}};
}

/// Tokens a second of all together, while all run.
double together(Bench& bench, const std::vector<std::vector<TokenId>>& texts, std::size_t answer) {
    std::vector<RequestId> ids;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        ids.push_back(
            bench.client.submit(bench.request(texts[i], static_cast<std::uint32_t>(answer), i + 1)));
    }
    double rate = 0;
    for (const RequestId id : ids) {
        const Reply reply = bench.client.reply(id);
        if (reply.finished && reply.finished->decode_ms > 0) {
            rate += 1000.0 / step_of(*reply.finished);
        }
    }
    return rate;
}

ordered_json branches(const Options& options, bool shared) {
    Bench bench(options, true);
    std::vector<std::vector<TokenId>> texts;
    for (std::size_t i = 0; i < kBranches; ++i) {
        texts.push_back(bench.prompt(shared ? 0 : i));
        bench.read(texts.back());
    }
    const std::uint64_t prefix = bench.client.cache_state().memory_used;
    const double alone = together(bench, {texts[0]}, options.answer);
    const std::uint64_t one = bench.client.cache_state().memory_used;
    const double rate = together(bench, texts, options.answer);
    const std::uint64_t all = bench.client.cache_state().memory_used - (one - prefix);
    return {{"tokens_per_second_one", alone},
            {"tokens_per_second", rate},
            {"memory_one", one},
            {"memory", all},
            {"memory_ratio", static_cast<double>(all) / static_cast<double>(one)},
            {"reused", bench.client.cache_state().reused_tokens}};
}

/// Log-probabilities of the best tokens at each position of the text.
std::vector<ScoredToken> score(const Options& options, KvType kv, bool rotate,
                               const std::vector<TokenId>* tokens, std::vector<TokenId>& text) {
    LoadOptions load;
    load.path = options.model;
    load.context = 1024;
    load.kv = kv;
    auto runtime = Runtime::open(
        load, [](double) { return true; },
        [&](const LoadOptions&) {
            CpuOptions cpu;
            cpu.rotate_quantised = rotate;
            return make_cpu_backend(cpu);
        });
    if (!runtime) {
        std::cerr << runtime.error().message << "\n";
        std::exit(1);
    }
    if (tokens == nullptr) {
        std::ifstream file(options.text);
        std::stringstream all;
        all << file.rdbuf();
        text = (*runtime)->tokenizer->encode(all.str(), {});
        text.resize(768);
        tokens = &text;
    }
    std::vector<ScoredToken> scored;
    ScoreRequest request{*tokens, 3000};
    (*runtime)->scheduler->add(std::make_unique<Scoring>(1, std::move(request), [&](RequestId, Event event) {
        if (auto* done = std::get_if<ScoredEvent>(&event)) {
            scored = std::move(done->tokens);
        }
    }));
    const std::atomic<bool> interrupt{false};
    while (!(*runtime)->scheduler->idle()) {
        (*runtime)->scheduler->step(interrupt);
    }
    return scored;
}

/// Mean over positions of KL(reference || other); what is not among the best of both is one class.
double mean_kl(const std::vector<ScoredToken>& reference, const std::vector<ScoredToken>& other) {
    double sum = 0;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        std::unordered_map<TokenId, float> found(other[i].top.begin(), other[i].top.end());
        double rest_p = 1;
        double rest_q = 1;
        double kl = 0;
        for (const auto& [token, log_p] : reference[i].top) {
            const auto q = found.find(token);
            if (q == found.end()) {
                continue;
            }
            const double p = std::exp(static_cast<double>(log_p));
            kl += p * (static_cast<double>(log_p) - q->second);
            rest_p -= p;
            rest_q -= std::exp(static_cast<double>(q->second));
        }
        if (rest_p > 1e-9 && rest_q > 1e-9) {
            kl += rest_p * std::log(rest_p / rest_q);
        }
        sum += kl;
    }
    return sum / static_cast<double>(reference.size());
}

ordered_json divergence(const Options& options) {
    std::vector<TokenId> text;
    const auto exact = score(options, KvType::f16, true, nullptr, text);
    ordered_json result{{"tokens", text.size()}};
    for (const auto& [name, kv] : {std::pair{"q8_0", KvType::q8_0}, std::pair{"q4_0", KvType::q4_0}}) {
        result[std::string(name) + "_rotated"] = mean_kl(exact, score(options, kv, true, &text, text));
        result[std::string(name) + "_plain"] = mean_kl(exact, score(options, kv, false, &text, text));
    }
    return result;
}

/// The texts as numbers, so that the peer gets the same.
ordered_json tokens(const Options& options) {
    Bench bench(options, false);
    ordered_json texts = ordered_json::array();
    for (std::size_t i = 0; i < kBranches; ++i) {
        texts.push_back(bench.prompt(i));
    }
    ordered_json turns = ordered_json::array();
    for (std::size_t i = 0; i < 10; ++i) {
        turns.push_back(bench.turn(i));
    }
    return {{"prompts", texts}, {"turns", turns}};
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string name = arguments[i];
        const std::string value = arguments[i + 1];
        if (name == "--model") {
            options.model = value;
        } else if (name == "--text") {
            options.text = value;
        } else if (name == "--folder") {
            options.folder = value;
        } else if (name == "--phase") {
            options.phase = value;
        } else if (name == "--prompt") {
            options.prompt = std::stoul(value);
        } else if (name == "--answer") {
            options.answer = std::stoul(value);
        }
    }
    const auto start = EventClock::now();
    ordered_json result;
    if (options.phase == "first") {
        result = first(options);
    } else if (options.phase == "restart") {
        result = restart(options);
    } else if (options.phase == "alternate") {
        result = alternate(options);
    } else if (options.phase == "typing") {
        result = typing(options);
    } else if (options.phase == "shared" || options.phase == "separate") {
        result = branches(options, options.phase == "shared");
    } else if (options.phase == "divergence") {
        result = divergence(options);
    } else if (options.phase == "tokens") {
        result = tokens(options);
    } else {
        std::cerr << "usage: cache_bench --model FILE --text FILE --folder DIR --phase "
                     "first|restart|alternate|typing|"
                     "shared|separate|divergence|tokens [--prompt N --answer N]\n";
        return 2;
    }
    result["run_ms"] = milliseconds(EventClock::now() - start);
    std::cout << result << "\n";
    return 0;
}

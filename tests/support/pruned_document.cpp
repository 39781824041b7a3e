// SPDX-License-Identifier: Apache-2.0
// PrunedDocument.
#include "tests/support/pruned_document.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>

#include "engine/schedule/generation.h"
#include "engine/schedule/prefill.h"
#include "engine/schedule/pruning.h"
#include "engine/schedule/scoring.h"

namespace tendril::test {

using namespace engine;

namespace {

constexpr const char* kHead =
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHere is a report.\n\n";
constexpr const char* kAsk = "\n\nRepeat the previous text exactly.<|im_end|>\n<|im_start|>assistant\n";
constexpr std::size_t kAnswerTokens = 24;

std::vector<PlantedFact> facts(std::mt19937& random, std::size_t count) {
    const std::vector<std::string> names = {"Marta Oduya", "Iven Kalto",   "Sera Brandt",  "Tomas Wilde",
                                            "Lena Ruskin", "Pavel Ansari", "Nora Quist",   "Emil Hartog",
                                            "Ada Fenwick", "Jonas Pell",   "Rita Solberg", "Karl Vance"};
    const std::vector<std::string> towns = {"Harwick", "Lindow", "Pernau", "Osterby", "Calder", "Mirren"};
    std::vector<PlantedFact> all;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string& name = names[i % names.size()];
        const std::string number = std::to_string(1000 + random() % 9000);
        const std::string& town = towns[random() % towns.size()];
        switch (i % 3) {
            case 0:
                all.push_back({"The access code of " + name + " is " + number + ".",
                               "What is the access code of " + name + "?", number});
                break;
            case 1:
                all.push_back({name + " was born in the town of " + town + ".",
                               "In which town was " + name + " born?", town});
                break;
            default:
                all.push_back({"The invoice of " + name + " came to " + number + " crowns.",
                               "To how many crowns did the invoice of " + name + " come?", number});
        }
    }
    return all;
}

std::string filler(std::mt19937& random) {
    const std::vector<std::string> who = {"The harbour office", "A visiting inspector", "The night ferry",
                                          "The town council",   "An old engineer",      "The weather station",
                                          "A school class",     "The bridge keeper"};
    const std::vector<std::string> what = {
        "asked for a new map of the river banks",     "counted the boats that passed the lock",
        "repaired the lamp above the western gate",   "wrote down how high the water stood",
        "waited for the fog to lift from the valley", "complained about the noise of the pumps",
        "planted a row of poplars along the quay",    "sold the last of the summer tickets"};
    const std::vector<std::string> when = {"in the early morning", "after the long strike",
                                           "before the winter",    "on the second market day",
                                           "while it rained",      "late in the autumn"};
    return who[random() % who.size()] + " " + what[random() % what.size()] + " " +
           when[random() % when.size()] + ". ";
}

}  // namespace

PrunedDocument::~PrunedDocument() = default;

PrunedDocument::PrunedDocument(const std::filesystem::path& model, std::size_t tokens, unsigned seed,
                               KvType kv, std::size_t questions) {
    LoadOptions options;
    options.path = model;
    options.context = static_cast<std::uint32_t>(std::max<std::size_t>(2048, 2 * tokens + 1024));
    options.kv = kv;
    auto opened = Runtime::open(
        options, [](double) { return true; }, make_backend, nullptr);
    if (!opened) {
        throw std::runtime_error(opened.error().message);
    }
    runtime_ = std::move(*opened);
    std::mt19937 random(seed);
    const std::vector<PlantedFact> planted = facts(random, questions);
    std::string text;
    std::size_t next = 0;
    for (std::size_t length = 0; length < tokens;) {
        if (next < planted.size() && length >= (next + 1) * tokens / (planted.size() + 1)) {
            text += planted[next++].sentence + " ";
        }
        text += filler(random);
        length = encode(text).size();
    }
    text_ = encode(kHead + text);
    from_ = static_cast<std::uint32_t>(encode(kHead).size());
    ask_ = encode(kAsk);
    const Clock::time_point start = Clock::now();
    run(std::make_unique<Prefill>(
        1, PrefillRequest{text_, {}}, [](RequestId, const Event&) {}, Clock::now()));
    read_ms_ = milliseconds_between(start, Clock::now());
    for (std::size_t i = 0; i < next; ++i) {
        Question question;
        question.tokens = encode("\n\n" + planted[i].question +
                                 " Answer in one short sentence.<|im_end|>\n<|im_start|>assistant\n");
        question.answer = planted[i].answer;
        question.said = answer(question, nullptr);
        exact_ += holds(question.said, question.answer) ? 1 : 0;
        question.logprobs = rows(question, runtime_->cache->match(text_, text_.size()), true);
        questions_.push_back(std::move(question));
    }
}

std::vector<TokenId> PrunedDocument::encode(const std::string& text) const {
    return runtime_->tokenizer->encode(text, {.add_bos = false, .parse_special = true});
}

void PrunedDocument::run(std::unique_ptr<Task> task) {
    const std::atomic<bool> interrupt{false};
    runtime_->scheduler->add(std::move(task));
    longest_wait_ = 0;
    while (!runtime_->scheduler->idle()) {
        const Clock::time_point start = Clock::now();
        runtime_->scheduler->step(interrupt);
        longest_wait_ = std::max(longest_wait_, milliseconds_between(start, Clock::now()));
    }
}

PrunedEvent PrunedDocument::prune(PruneMethod method, double keep) {
    PruneRequest made;
    made.tokens = text_;
    made.from = from_;
    made.length = static_cast<std::uint32_t>(text_.size()) - from_;
    made.keep = keep;
    made.method = method;
    made.ask = ask_;
    if (!runtime_->backend->prepare_peaks(made.length)) {
        throw std::runtime_error("cannot prune");
    }
    std::optional<PrunedEvent> event;
    run(std::make_unique<Pruning>(
        1, std::move(made),
        [&](RequestId, Event one) {
            if (auto* pruned = std::get_if<PrunedEvent>(&one)) {
                event = *pruned;
            }
        },
        Clock::now(), *runtime_->cache,
        PruneShape{runtime_->config.layers, runtime_->config.kv_heads, runtime_->model.context}));
    if (!event) {
        throw std::runtime_error("not pruned");
    }
    return *event;
}

std::vector<TokenId> PrunedDocument::answer(const Question& question, const PrunedEvent* pruned) {
    GenerateRequest made;
    made.prompt = text_;
    made.prompt.insert(made.prompt.end(), question.tokens.begin(), question.tokens.end());
    made.max_tokens = kAnswerTokens;
    made.sampler.temperature = 0;
    std::vector<TokenId> said;
    auto task = std::make_unique<Generation>(
        1, std::move(made),
        [&](RequestId, Event event) {
            if (auto* finished = std::get_if<FinishedEvent>(&event)) {
                said = std::move(finished->tokens);
            }
        },
        *runtime_->tokenizer, runtime_->model.context, Clock::now());
    if (pruned != nullptr) {
        task->set_pruned(runtime_->cache->match_pruned(pruned->key, task->tokens(), text_.size(), {}));
    }
    run(std::move(task));
    return said;
}

/// Log-probabilities of the rows that foretell the answer's tokens and its end, behind what the view holds.
std::vector<std::vector<float>> PrunedDocument::rows(const Question& question, View view, bool offset) {
    std::vector<TokenId> tokens = question.tokens;
    tokens.insert(tokens.end(), question.said.begin(), question.said.end());
    const std::size_t slots = view.length() - view.gap();
    if (!runtime_->cache->make_room(view, tokens.size())) {
        throw std::runtime_error("no room");
    }
    std::vector<std::int32_t> positions(tokens.size());
    std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(offset ? text_.size() : slots));
    std::vector<std::uint32_t> wanted(question.said.size() + 1);
    std::iota(wanted.begin(), wanted.end(), static_cast<std::uint32_t>(question.tokens.size() - 1));
    const std::vector<StepView> views = {{0, tokens.size(), slots, view.segments(tokens.size())}};
    const std::atomic<bool> interrupt{false};
    runtime_->forward->run(tokens, {views, positions}, wanted, interrupt);
    std::vector<std::vector<float>> out;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const std::span<float> logits = runtime_->forward->logits(i, 1);
        if (!log_softmax(logits)) {
            throw std::runtime_error("not finite");
        }
        out.emplace_back(logits.begin(), logits.end());
    }
    return out;
}

bool PrunedDocument::holds(const std::vector<TokenId>& said, const std::string& answer) const {
    std::string text;
    for (const TokenId token : said) {
        text += runtime_->tokenizer->bytes(token);
    }
    return text.find(answer) != std::string::npos;
}

PruneFigures PrunedDocument::measure(PruneMethod method, double keep, bool offset) {
    PruneFigures figures;
    const std::uint64_t rows_before = runtime_->scheduler->work().rows;
    const PrunedEvent event = prune(method, keep);
    figures.prune_rows = runtime_->scheduler->work().rows - rows_before;
    figures.text_tokens = text_.size();
    figures.kept = event.kept;
    figures.bytes_before = event.bytes_before;
    figures.bytes_after = event.bytes_after;
    figures.prune_ms = event.ms;
    for (const Question& question : questions_) {
        ++figures.questions;
        figures.exact += holds(answer(question, &event), question.answer) ? 1 : 0;
        const auto got =
            rows(question, runtime_->cache->match_pruned(event.key, text_, text_.size(), {}), offset);
        for (std::size_t i = 0; i < got.size(); ++i) {
            const std::vector<float>& want = question.logprobs[i];
            double kl = 0;
            for (std::size_t t = 0; t < want.size(); ++t) {
                kl += std::exp(static_cast<double>(want[t])) * static_cast<double>(want[t] - got[i][t]);
            }
            figures.kl += kl;
            ++figures.rows;
            const auto best = [](const std::vector<float>& row) {
                return std::max_element(row.begin(), row.end()) - row.begin();
            };
            figures.same_best += best(want) == best(got[i]) ? 1 : 0;
        }
    }
    figures.kl /= static_cast<double>(figures.rows);
    return figures;
}

PruneFigures PrunedDocument::measure(PruneMethod method, double keep) {
    return measure(method, keep, true);
}

PruneFigures PrunedDocument::measure_without_offset(PruneMethod method, double keep) {
    return measure(method, keep, false);
}

std::pair<double, double> PrunedDocument::decode_ms(PruneMethod method, double keep, int turns) {
    const PrunedEvent event = prune(method, keep);
    std::pair<std::vector<double>, std::vector<double>> times;
    for (int turn = 0; turn < turns; ++turn) {
        for (const bool pruned : {false, true}) {
            GenerateRequest made;
            made.prompt = text_;
            const std::vector<TokenId> tail = encode("\n\nTell a long story " + std::to_string(turn) +
                                                     ".<|im_end|>\n<|im_start|>assistant\n");
            made.prompt.insert(made.prompt.end(), tail.begin(), tail.end());
            made.max_tokens = 48;
            made.sampler.temperature = 0;
            made.stop = {};
            auto task = std::make_unique<Generation>(
                1, std::move(made),
                [&](RequestId, Event one) {
                    const auto* finished = std::get_if<FinishedEvent>(&one);
                    if (finished != nullptr && finished->tokens.size() > 8) {
                        (pruned ? times.second : times.first)
                            .push_back(finished->decode_ms /
                                       static_cast<double>(finished->tokens.size() - 1));
                    }
                },
                *runtime_->tokenizer, runtime_->model.context, Clock::now());
            if (pruned) {
                task->set_pruned(runtime_->cache->match_pruned(event.key, task->tokens(), text_.size(), {}));
            }
            run(std::move(task));
        }
    }
    const auto median = [](std::vector<double>& all) {
        std::sort(all.begin(), all.end());
        return all.empty() ? 0.0 : all[all.size() / 2];
    };
    return {median(times.first), median(times.second)};
}

}  // namespace tendril::test

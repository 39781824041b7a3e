// SPDX-License-Identifier: Apache-2.0
// StitchedChat.
#include "tests/support/stitched_chat.h"

#include <stdexcept>

#include "engine/schedule/generation.h"

namespace tendril::test {
namespace {

constexpr const char* kStart = "<|im_start|>assistant\n";
constexpr const char* kTurn = "<|im_end|>\n<|im_start|>user\n";
constexpr const char* kAnswer = "<|im_end|>\n<|im_start|>assistant\n";

}  // namespace

std::vector<PointsQuestion> points_questions() {
    return {
        {"How can I improve my time management skills?",
         {"Set clear goals", "Plan each day", "Prioritise tasks", "Avoid distractions", "Take breaks",
          "Learn to say no", "Delegate work", "Review your week"},
         "Which of these should I start with, and why?",
         false},
        {"What are the main benefits of regular exercise?",
         {"Stronger heart", "Better mood", "Deeper sleep", "Healthy weight", "More energy", "Stronger bones",
          "Sharper mind", "Longer life"},
         "How much exercise do I need for better mood?",
         false},
        {"What should I consider before I buy a used car?",
         {"Price and budget", "Service history", "Mileage", "Test drive", "Insurance costs", "Signs of rust",
          "Fuel use", "The seller"},
         "Please repeat your whole answer word for word.",
         true},
    };
}

StitchedChat::StitchedChat(const std::filesystem::path& model) {
    LoadOptions options;
    options.path = model;
    options.context = 4096;
    auto opened = Runtime::open(
        options, [](double) { return true; }, make_backend, nullptr);
    if (!opened) {
        throw std::runtime_error(opened.error().message);
    }
    runtime_ = std::move(*opened);
}

std::vector<TokenId> StitchedChat::encode(const std::string& text) const {
    return runtime_->tokenizer->encode(text, {.add_bos = false, .parse_special = true});
}

void StitchedChat::run() {
    const std::atomic<bool> interrupt{false};
    while (!runtime_->scheduler->idle()) {
        runtime_->scheduler->step(interrupt);
    }
}

std::vector<FinishedEvent> StitchedChat::generate(const std::vector<std::vector<TokenId>>& prompts,
                                                  std::size_t tokens) {
    std::vector<FinishedEvent> finished(prompts.size());
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        GenerateRequest request;
        request.prompt = prompts[i];
        request.max_tokens = static_cast<std::uint32_t>(tokens);
        request.sampler.temperature = 0;
        runtime_->scheduler->add(std::make_unique<Generation>(
            i, std::move(request),
            [&finished](RequestId id, Event event) {
                if (auto* done = std::get_if<FinishedEvent>(&event)) {
                    finished[id] = std::move(*done);
                }
            },
            *runtime_->tokenizer, runtime_->model.context, Clock::now()));
    }
    run();
    return finished;
}

FinishedEvent StitchedChat::generate(std::vector<TokenId> prompt, std::size_t tokens,
                                     std::vector<MovedText> moved) {
    FinishedEvent finished;
    GenerateRequest request;
    request.prompt = std::move(prompt);
    request.max_tokens = static_cast<std::uint32_t>(tokens);
    request.sampler.temperature = 0;
    request.moved = std::move(moved);
    runtime_->scheduler->add(std::make_unique<Generation>(
        1, std::move(request),
        [&finished](RequestId, Event event) {
            if (auto* done = std::get_if<FinishedEvent>(&event)) {
                finished = std::move(*done);
            }
        },
        *runtime_->tokenizer, runtime_->model.context, Clock::now()));
    run();
    return finished;
}

Logits StitchedChat::rows(const Stitched& text, bool moved, const std::function<void(Task&)>& on_started) {
    return read(*runtime_->scheduler, text.tokens, text.end, moved ? text.moved : std::vector<MovedText>(),
                on_started)
        .logits;
}

StitchFigures StitchedChat::measure(const PointsQuestion& question, std::size_t tokens, std::size_t answer) {
    runtime_->cache->forget_kept();
    StitchFigures figures;
    const std::string history =
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n" + question.text;
    std::string outline;
    for (std::size_t i = 0; i < question.titles.size(); ++i) {
        outline += std::to_string(i + 1) + ". " + question.titles[i] + "\n";
    }
    // The trunk has been read by the time that the branches begin, as the outline's request leaves it.
    std::string instruction = "\n\nFirst write an outline of the answer only. Examples:\n";
    for (int i = 0; i < 12; ++i) {  // an outline is shown how; it stands in front of the branches only
        instruction += "Question: how do I care for plant number " + std::to_string(i) +
                       "?\n1. Choose the pot\n2. Water it each week\n3. Give it light\n";
    }
    const std::vector<TokenId> trunk = encode(history + instruction + kAnswer + outline);
    generate(trunk, 1);
    std::vector<std::vector<TokenId>> contexts;
    std::vector<std::vector<TokenId>> headings;
    for (std::size_t i = 0; i < question.titles.size(); ++i) {
        headings.push_back(encode("**" + question.titles[i] + "**\n\n"));
        contexts.push_back(
            joined(joined(trunk, encode(std::string(kTurn) + "Write point " + std::to_string(i + 1) +
                                        " only, in two or three sentences." + kAnswer)),
                   headings.back()));
    }
    const Scheduler::Work& work = runtime_->scheduler->work();
    Scheduler::Work before = work;
    const std::vector<FinishedEvent> points = generate(contexts, tokens);
    figures.branches = points.size();
    figures.branch_steps = work.steps - before.steps;
    figures.branch_rows = work.rows - before.rows;
    std::vector<std::size_t> lengths;
    for (std::size_t i = 0; i < points.size(); ++i) {
        figures.branch_tokens += points[i].tokens.size();
        figures.branch_prompt += points[i].prompt_tokens;
        figures.branch_cached += points[i].cached_tokens;
        figures.branch_read += points[i].prompt_tokens - points[i].cached_tokens - points[i].moved_tokens;
        contexts[i] = joined(contexts[i], points[i].tokens);
        lengths.push_back(headings[i].size() + points[i].tokens.size());
    }
    const std::vector<TokenId> start = encode(history + kAnswer);
    const std::vector<TokenId> glue = encode("\n\n");
    const std::vector<TokenId> next = encode(kTurn + question.next + kAnswer);
    Stitched text = stitch(start, contexts, lengths, glue, next);
    before = work;
    const FinishedEvent first = generate(text.tokens, 1, text.moved);
    figures.turn_steps = work.steps - before.steps;
    figures.turn_prompt = first.prompt_tokens;
    figures.turn_cached = first.cached_tokens;
    figures.turn_moved = first.moved_tokens;
    figures.turn_read = first.prompt_tokens - first.cached_tokens - first.moved_tokens;

    std::vector<TokenId> said;
    if (question.repeat) {
        const auto begin = text.tokens.begin() + static_cast<std::ptrdiff_t>(text.moved.front().at);
        said.assign(begin, text.tokens.begin() + static_cast<std::ptrdiff_t>(text.end));
        said.resize(std::min(said.size(), 4 * answer));
    } else {
        said = generate(text.tokens, answer, text.moved).tokens;
    }
    text.end = text.tokens.size() - 1;  // the row behind which the reply begins
    text.tokens = joined(text.tokens, said);
    const Logits stitched = rows(text, true);
    const Logits zero_delta = rows(text, true, forget_deltas);
    std::reverse(contexts.begin(), contexts.end());
    std::reverse(lengths.begin(), lengths.end());
    Stitched backwards = stitch(start, contexts, lengths, glue, joined(next, said));
    backwards.end = text.end;
    const Logits wrong_order = rows(backwards, true);
    const Logits exact = rows(text, false);
    const Logits swapped = rows(text, true);  // finds what was read by now
    figures.kl_rows = exact.size();
    figures.stitched = mean_kl(exact, stitched);
    figures.wrong_order = mean_kl(exact, wrong_order);
    figures.zero_delta = mean_kl(exact, zero_delta);
    figures.after_swap = mean_kl(exact, swapped);
    for (std::size_t row = 0; row < exact.size(); ++row) {
        const auto best = [](const std::vector<float>& logits) {
            return std::max_element(logits.begin(), logits.end()) - logits.begin();
        };
        figures.same_best += best(exact[row]) == best(stitched[row]) ? 1 : 0;
    }
    return figures;
}

}  // namespace tendril::test

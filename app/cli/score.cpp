// SPDX-License-Identifier: Apache-2.0
// tendril-cli score: log-probabilities of a given text. Main thread.
#include <algorithm>
#include <cmath>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/interrupt.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/session.h"

namespace tendril::app::cli {
namespace {

using engine::ScoredToken;
using nlohmann::ordered_json;

struct ScoreOptions {
    std::string model;
    std::string file;
    std::uint32_t top = 0;
    bool parse_special = false;
    Common common;
};

/// A text longer than the context is read in windows that overlap by half, so that each token has at least
/// half of the context before it.
Result<std::vector<ScoredToken>> score(Session& session, const std::vector<engine::TokenId>& tokens,
                                       std::uint32_t top) {
    std::vector<ScoredToken> all;
    const std::size_t context = session.model().context;
    std::size_t begin = 0;
    for (;;) {
        const std::size_t end = std::min(tokens.size(), begin + context);
        auto window = session.score({{tokens.begin() + static_cast<std::ptrdiff_t>(begin),
                                      tokens.begin() + static_cast<std::ptrdiff_t>(end)},
                                     top});
        if (!window) {
            return fail(window.error());
        }
        // The window's first score belongs to its second token.
        const std::size_t known = all.size() - begin;
        std::move(window->tokens.begin() + static_cast<std::ptrdiff_t>(known), window->tokens.end(),
                  std::back_inserter(all));
        if (end == tokens.size()) {
            return all;
        }
        begin = end - context / 2;
    }
}

double perplexity(const std::vector<ScoredToken>& scored) {
    double sum = 0;
    for (const ScoredToken& one : scored) {
        sum += one.logprob;
    }
    return scored.empty() ? 0 : std::exp(-sum / static_cast<double>(scored.size()));
}

/// The three lists are as long as the text; the first token, which nothing foretells, has null.
ordered_json to_json(engine::TokenId first, const std::vector<ScoredToken>& scored) {
    ordered_json tokens = {first};
    ordered_json logprobs = {nullptr};
    ordered_json top = {nullptr};
    for (const ScoredToken& one : scored) {
        tokens.push_back(one.token);
        logprobs.push_back(one.logprob);
        ordered_json best = ordered_json::array();
        for (const auto& [token, logprob] : one.top) {
            best.push_back({{"token", token}, {"logprob", logprob}});
        }
        top.push_back(std::move(best));
    }
    return {{"tokens", tokens}, {"logprobs", logprobs}, {"top", top}, {"perplexity", perplexity(scored)}};
}

int run(const ScoreOptions& options, Interrupt& interrupt) {
    const auto text = read_file(options.file);
    if (!text) {
        return failed(text.error());
    }
    auto session = Session::load(options.common.load_options(options.model), interrupt);
    if (!session) {
        return failed(session.error());
    }
    const auto tokens = encode_with_bos(*(*session)->model().tokenizer, *text, options.parse_special);
    if (tokens.size() < 2) {
        return failed("The text has fewer than two tokens, so there is nothing to score.");
    }
    const auto scored = score(**session, tokens, options.top);
    if (!scored) {
        return failed(scored.error());
    }
    if (options.common.json) {
        return done(print_json(to_json(tokens.front(), *scored)));
    }
    return done(print("tokens: " + std::to_string(scored->size()) +
                      "\nperplexity: " + std::to_string(perplexity(*scored)) + "\n"));
}

}  // namespace

void add_score(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<ScoreOptions>();
    CLI::App& command =
        *app.add_subcommand("score", "Log-probabilities (natural logarithm) of a given text under the model");
    command.add_option("model", options->model, "GGUF file")->required();
    command.add_option("--file", options->file, "The text; - is standard input")->required();
    command.add_option("--top", options->top, "Also the K likeliest tokens at each place")
        ->check(CLI::Range(0U, 1000U));
    command.add_flag("--parse-special", options->parse_special,
                     "Read the texts of control tokens as those tokens");
    command.footer(
        "The model's BOS goes in front if it wants one. The first token has no score: its places in logprobs "
        "and "
        "top are null.\n"
        "A text longer than the context is read in windows that overlap by half.");
    options->common.add_to(command);
    options->common.add_cache_to(command);
    command.callback([options, &chosen] {
        chosen.run = [options](Interrupt& interrupt) { return run(*options, interrupt); };
    });
}

}  // namespace tendril::app::cli

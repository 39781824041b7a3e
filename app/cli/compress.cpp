// SPDX-License-Identifier: Apache-2.0
// tendril-cli compress: a text from stdin, shorter. Main thread.
#include <chrono>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/interrupt.h"
#include "app/cli/model_header.h"
#include "app/cli/output.h"
#include "app/cli/session.h"
#include "app/cli/shorten.h"

namespace tendril::app::cli {
namespace {

using nlohmann::ordered_json;

struct CompressOptions {
    std::string model;
    ShortenOptions shorten;
};

ordered_json to_json(const prompt::Compressed& result, const ShortenOptions& options, double ms) {
    ordered_json kept = ordered_json::array();
    for (const prompt::KeptRange& range : result.kept) {
        kept.push_back({range.begin, range.end});
    }
    return {{"text", result.text},
            {"tokens_before", result.tokens_before},
            {"tokens_after", result.tokens_after},
            {"ms", ms},
            {"method", prompt::name_of(method_of(options))},
            {"rate", options.rate},
            {"kept", kept}};
}

int run(const CompressOptions& options, Interrupt& interrupt) {
    const auto header = read_header(options.model);
    if (!header) {
        return failed(header.error());
    }
    auto tokenizer = header->tokenizer();
    if (!tokenizer) {
        return failed(tokenizer.error());
    }
    const std::shared_ptr<const engine::Tokenizer> target = std::move(*tokenizer);
    const auto text = read_stdin();
    if (!text) {
        return failed(text.error());
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto result = shorten(*text, options.shorten, target, options.model, nullptr, interrupt);
    const double ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    if (!result) {
        return failed(result.error().code == ErrorCode::cancelled
                          ? Error{ErrorCode::cancelled, "Cancelled.", {}}
                          : result.error());
    }
    const auto asked = options.shorten.rate * static_cast<double>(result->tokens_before);
    if (static_cast<double>(result->tokens_after) > 1.05 * asked + 5) {
        say("Digits, negations, code, tables and quoted texts are never left out, so " +
            std::to_string(result->tokens_after) + " of " + std::to_string(result->tokens_before) +
            " tokens are left.");
    }
    if (options.shorten.common.json) {
        return done(print_json(to_json(*result, options.shorten, ms)));
    }
    return done(print(result->text.ends_with('\n') ? result->text : result->text + "\n"));
}

}  // namespace

void add_compress(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<CompressOptions>();
    CLI::App& command =
        *app.add_subcommand("compress", "A text from stdin, made shorter for a model: words are left out");
    command.add_option("model", options->model, "GGUF file of the model that will read the text")->required();
    ShortenOptions& shorten = options->shorten;
    command
        .add_option_function<std::string>(
            "--rate",
            [&shorten](const std::string& given) {
                ShortenOptions read;
                if (const auto words = read_rate(given.substr(0, given.find(':')), read)) {
                    throw CLI::ValidationError("--rate", *words);
                }
                shorten.rate = read.rate;
            },
            "Share of the tokens to keep, 0.05 to 1")
        ->required();
    command.add_option("--question", shorten.question,
                       "What will be asked: what belongs to it is kept first");
    command.add_option_function<std::string>(
        "--method",
        [&shorten](const std::string& name) {
            ShortenOptions read;
            if (const auto words = read_rate("1:" + name, read)) {
                throw CLI::ValidationError("--method", *words);
            }
            shorten.method = name;
        },
        std::string("How words are weighed; ") + prompt::name_of(prompt::kDefaultMethod) +
            " unless given, and " + prompt::name_of(prompt::kDefaultWithQuestion) + " with a question");
    command.add_option("--scorer", shorten.scorer,
                       "Another GGUF file, which scores instead of the model; any tokenizer");
    command.footer(
        "The methods frequency and question run no model. With a question, question keeps what belongs to it "
        "whole.\nDigits, negations, code, tables, URLs, quoted texts, headings and list marks always stay.");
    shorten.common.add_to(command);
    command.callback([options, &chosen] {
        chosen.run = [options](Interrupt& interrupt) { return run(*options, interrupt); };
    });
}

}  // namespace tendril::app::cli

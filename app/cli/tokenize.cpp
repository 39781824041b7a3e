// SPDX-License-Identifier: Apache-2.0
// tendril-cli tokenize: stdin, byte for byte, to token ids. Needs the vocabulary of a GGUF only. Main thread.
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/model_header.h"
#include "app/cli/options.h"
#include "app/cli/output.h"

namespace tendril::app::cli {
namespace {

struct TokenizeOptions {
    std::string model;
    engine::EncodeOptions encode;
    Common common;
};

int run(const TokenizeOptions& options) {
    auto header = read_header(options.model);
    if (!header) {
        return failed(header.error());
    }
    auto tokenizer = header->tokenizer();
    if (!tokenizer) {
        return failed(tokenizer.error());
    }
    const auto text = read_stdin();
    if (!text) {
        return failed(text.error());
    }
    const auto tokens = (*tokenizer)->encode(*text, options.encode);
    if (options.common.json) {
        return done(print_json(nlohmann::ordered_json{{"tokens", tokens}}));
    }
    std::string line;
    for (const engine::TokenId token : tokens) {
        line += (line.empty() ? "" : " ") + std::to_string(token);
    }
    return done(print(line + "\n"));
}

}  // namespace

void add_tokenize(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<TokenizeOptions>();
    CLI::App& command = *app.add_subcommand("tokenize", "Standard input, byte for byte, to token ids");
    command.add_option("model", options->model, "GGUF file; one that holds only a vocabulary will do")
        ->required();
    command.add_flag("--add-bos", options->encode.add_bos,
                     "Put BOS in front (and EOS behind) if the model wants it");
    command.add_flag("--parse-special", options->encode.parse_special,
                     "Read the texts of control tokens as those tokens");
    options->common.add_to(command);
    command.callback([options, &chosen] { chosen.run = [options](Interrupt&) { return run(*options); }; });
}

}  // namespace tendril::app::cli

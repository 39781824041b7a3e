// SPDX-License-Identifier: Apache-2.0
// tendril-cli render: stdin JSON through a chat template to the text of a prompt. Main thread.
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/model_header.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "prompt/chat_template.h"

namespace tendril::app::cli {
namespace {

using nlohmann::ordered_json;

struct RenderOptions {
    std::string model;
    std::string template_file;
    Common common;
};

struct Source {
    std::string text;
    std::string bos_text;
    std::string eos_text;
};

Result<Source> source_of(const RenderOptions& options) {
    if (!options.template_file.empty()) {
        auto text = read_file(options.template_file);
        if (!text) {
            return fail(text.error());
        }
        return Source{std::move(*text), {}, {}};
    }
    auto header = read_header(options.model);
    if (!header) {
        return fail(header.error());
    }
    auto tokenizer = header->tokenizer();
    if (!tokenizer) {
        return fail(tokenizer.error());
    }
    Source source{{}, std::string((*tokenizer)->bos_text()), std::string((*tokenizer)->eos_text())};
    if (auto own = header->chat_template()) {
        source.text = std::move(*own);
    } else {
        say("This model has no chat template; ChatML is used.");
        source.text = prompt::chatml_template();
    }
    return source;
}

int run(const RenderOptions& options) {
    auto source = source_of(options);
    if (!source) {
        return failed(source.error());
    }
    const auto form = prompt::ChatTemplate::compile(source->text);
    if (!form) {
        return failed(form.error());
    }
    const auto input = read_stdin();
    if (!input) {
        return failed(input.error());
    }
    ordered_json variables = ordered_json::parse(*input, nullptr, false);
    if (!variables.is_object()) {
        return failed("Standard input is not a JSON object with the template's variables.");
    }
    // The model's own texts unless the input has others.
    for (const auto& [key, text] : {std::pair<const char*, std::string&>{"bos_token", source->bos_text},
                                    {"eos_token", source->eos_text}}) {
        if (!variables.contains(key) && options.template_file.empty()) {
            variables[key] = text;
        }
    }
    const auto text = form->render(variables);
    if (!text) {
        return failed(text.error());
    }
    return done(options.common.json ? print_json(ordered_json{{"text", *text}}) : print(*text));
}

}  // namespace

void add_render(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<RenderOptions>();
    CLI::App& command = *app.add_subcommand(
        "render", "A JSON object on standard input through a chat template to the text of a prompt");
    auto* model = command.add_option("model", options->model, "GGUF file whose template is used");
    auto* file =
        command.add_option("--template", options->template_file, "A file with a Jinja template instead");
    file->excludes(model);
    command.footer(
        "Variables: messages, tools, add_generation_prompt, bos_token, eos_token, and any other that the "
        "template reads.");
    options->common.add_to(command);
    command.callback([options, &chosen] {
        if (options->model.empty() && options->template_file.empty()) {
            throw CLI::ValidationError("render", "a model or --template is required");
        }
        chosen.run = [options](Interrupt&) { return run(*options); };
    });
}

}  // namespace tendril::app::cli

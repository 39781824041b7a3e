// SPDX-License-Identifier: Apache-2.0
// tendril-cli generate: one answer. Main thread.
#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "app/cli/attachments.h"
#include "app/cli/interrupt.h"
#include "app/cli/messages_file.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/session.h"
#include "app/cli/shorten.h"
#include "app/cli/shortened_prompt.h"
#include "app/composing.h"
#include "app/turn_records.h"
#include "app/worker_link.h"
#include "engine/sample/grammar/grammar.h"
#include "engine/text/utf8_stream.h"
#include "prompt/json_schema.h"

namespace tendril::app::cli {
namespace {

using nlohmann::ordered_json;

struct GenerateOptions {
    std::string model;
    std::string prompt;
    std::string prompt_file;
    std::string messages;
    std::uint32_t most_tokens = 0;
    std::vector<std::string> stop;
    std::string speculate = "auto";
    double prune_kv = 0;
    std::string grammar;
    std::string json_schema;
    std::vector<std::string> attached;
    SamplerOptions sampling;
    ShortenOptions shorten;
    Common common;
};

/// What goes through the model's template; the last message is a user's where documents are attached.
Result<prompt::ChatMessages> messages_of(const GenerateOptions& options) {
    if (!options.messages.empty()) {
        auto messages = read_messages(options.messages);
        const bool asks = messages && !messages->empty() && messages->back().role == "user";
        if (messages && !asks && !options.attached.empty()) {
            return fail(ErrorCode::invalid_argument,
                        "Documents belong to a question: the last message has to be a user's.");
        }
        return messages;
    }
    auto text =
        options.prompt_file.empty() ? Result<std::string>(options.prompt) : read_file(options.prompt_file);
    if (!text) {
        return fail(text.error());
    }
    return prompt::ChatMessages{{"user", std::move(*text)}};
}

struct Prompt {
    engine::GenerateRequest request;  ///< without the settings of the sampler
    engine::PruneRequest beginning;   ///< with --prune-kv
};

/// As --compress says, else in the way and to the share that documents of chats are compressed. What speaks
/// must outlive it.
Shortening shortening_of(const GenerateOptions& options, const std::string& question, Session& session,
                         Interrupt& interrupt) {
    ShortenOptions how = options.shorten;
    how.rate = how.rate > 0 ? how.rate : WorkerSettings().compress_rate;
    how.question = question;
    const double rate = how.rate;
    return {
        rate,
        [how = std::move(how), &options, &session, &interrupt](std::string_view text) -> Result<std::string> {
            auto shorter = shorten(text, how, session.model().tokenizer, options.model, &session, interrupt);
            return shorter ? Result<std::string>(std::move(shorter->text)) : fail(shorter.error());
        }};
}

Result<Prompt> prompt_of(const GenerateOptions& options, Session& session, OneShot& attached,
                         Interrupt& interrupt) {
    Prompt made;
    engine::GenerateRequest& request = made.request;
    if (options.messages.empty() && options.attached.empty()) {
        auto text = options.prompt_file.empty() ? Result<std::string>(options.prompt)
                                                : read_file(options.prompt_file);
        if (!text) {
            return fail(text.error());
        }
        if (const Status done =
                shorten_plain_prompt(*text, options.shorten, options.model, session, interrupt);
            !done) {
            return fail(done.error());
        }
        const engine::Tokenizer& tokenizer = *session.model().tokenizer;
        request.prompt = encode_with_bos(tokenizer, *text, true);
        if (options.prune_kv > 0) {
            made.beginning = beginning_of(tokenizer, *text, request.prompt);
        }
        return made;
    }
    auto messages = messages_of(options);
    if (!messages) {
        return fail(messages.error());
    }
    for (auto& message : *messages) {
        const Status done = message.role == "user" ? shorten_user_text(message.content, options.shorten,
                                                                       options.model, session, interrupt)
                                                   : Status();
        if (!done) {
            return fail(done.error());
        }
    }
    PromptComposer composer(session.model());
    if (!options.attached.empty()) {
        const auto taken = static_cast<std::uint32_t>(composer.compose(*messages).tokens.size());
        const std::string question = messages->back().content;
        auto shot = attach_once(options.attached, question, session.model(), taken,
                                shortening_of(options, question, session, interrupt));
        if (!shot) {
            return fail(shot.error());
        }
        messages->back().content.insert(0, shot->text);
        attached = std::move(*shot);
    }
    auto composed = composer.compose(*messages);
    for (const std::string& warning : composer.warnings()) {
        say(warning);
    }
    if (!composed.warning.empty()) {
        say(composed.warning);
    }
    request.prompt = std::move(composed.tokens);
    request.stop = std::move(composed.stop);
    if (options.prune_kv > 0) {
        made.beginning = beginning_of(composer, *messages, request.prompt);
    }
    return made;
}

/// Nothing where there is nothing to prune.
Result<std::optional<engine::PrunedEvent>> prune(double keep, Session& session, Prompt& prompt) {
    if (keep == 0) {
        return std::nullopt;
    }
    const auto length = static_cast<std::uint32_t>(prompt.beginning.tokens.size());
    if (prompt.beginning.length == 0 || length == prompt.request.prompt.size()) {
        say("There is nothing in front of the last paragraph that could be shortened.");
        return std::nullopt;
    }
    prompt.beginning.keep = keep;
    const auto pruned = session.prune(std::move(prompt.beginning));
    if (!pruned) {
        return fail(pruned.error());
    }
    prompt.request.pruned = engine::PrunedPrefix{pruned->key, length};
    return *pruned;
}

/// Null when none is asked for.
Result<std::shared_ptr<const engine::Grammar>> grammar_of(const GenerateOptions& options) {
    if (options.grammar.empty() && options.json_schema.empty()) {
        return nullptr;
    }
    auto text = read_file(options.grammar.empty() ? options.json_schema : options.grammar);
    if (text && options.grammar.empty()) {
        text = prompt::grammar_of_schema(*text);
    }
    if (!text) {
        return fail(text.error());
    }
    return engine::Grammar::compile(*text);
}

ordered_json to_json(const engine::FinishedEvent& finished, std::string_view text, double load_ms,
                     std::uint64_t seed) {
    return {
        {"text", text},
        {"tokens", finished.tokens},
        {"prompt_tokens", finished.prompt_tokens},
        {"cached_tokens", finished.cached_tokens},
        {"disk_tokens", finished.disk_tokens},
        {"drafted_tokens", finished.drafted_tokens},
        {"accepted_tokens", finished.accepted_tokens},
        {"forced_tokens", finished.forced_tokens},
        {"load_ms", load_ms},
        {"prefill_ms", finished.prefill_ms},
        {"first_token_ms", finished.first_token_ms},
        {"decode_ms", finished.decode_ms},
        {"stop_reason", name_of(finished.reason)},
        {"seed", seed},
    };
}

void add_documents(ordered_json& json, const OneShot& attached) {
    for (const DraftDocument& one : attached.documents) {
        json["documents"].push_back({{"name", one.name},
                                     {"kind", one.kind},
                                     {"bytes", one.bytes},
                                     {"tokens", one.tokens},
                                     {"planned_tokens", one.planned_tokens},
                                     {"choice", storage::name_of(one.choice)}});
    }
    for (const Source& one : attached.sources) {
        json["sources"].push_back(
            {{"name", one.name}, {"chunk", one.chunk}, {"excerpt", one.excerpt}, {"line", one.line}});
    }
}

int run(GenerateOptions& options, Interrupt& interrupt) {
    auto grammar = grammar_of(options);  // a fault in it is said before the model is loaded
    if (!grammar) {
        return failed(grammar.error());
    }
    auto session = Session::load(options.common.load_options(options.model), interrupt);
    if (!session) {
        return failed(session.error());
    }
    OneShot attached;
    auto prompt = prompt_of(options, **session, attached, interrupt);
    if (!prompt) {
        return failed(prompt.error());
    }
    const auto pruned = prune(options.prune_kv, **session, *prompt);
    if (!pruned) {
        return failed(pruned.error());
    }
    engine::GenerateRequest* const request = &prompt->request;
    options.sampling.draw_seed();
    request->sampler = options.sampling.sampler;
    request->max_tokens = options.most_tokens;
    request->speculate = options.speculate == "auto";
    request->grammar = std::move(*grammar);
    request->stop.insert(request->stop.end(), options.stop.begin(), options.stop.end());
    std::string text;
    bool open = true;
    const auto finished = (*session)->generate(*request, [&](std::string_view piece) {
        text += piece;
        open = options.common.json || print(piece);
        return open;
    });
    if (!finished) {
        return failed(finished.error());
    }
    const double load_ms = (*session)->model().load_ms;
    if (options.common.json) {
        ordered_json json = to_json(*finished, text, load_ms, options.sampling.sampler.seed);
        add_documents(json, attached);
        if (*pruned) {
            json["pruned"] = {{"tokens", request->pruned->length},
                              {"kept", (*pruned)->kept},
                              {"bytes_before", (*pruned)->bytes_before},
                              {"bytes", (*pruned)->bytes_after},
                              {"ms", (*pruned)->ms}};
        }
        open = print_json(json);
    } else {
        open = open && print("\n");
    }
    return interrupt.asked() ? failed("Cancelled.") : done(open);
}

}  // namespace

void add_generate(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<GenerateOptions>();
    CLI::App& command = *app.add_subcommand("generate", "One answer to a prompt");
    command.add_option("model", options->model, "GGUF file")->required();
    auto& input = *command.add_option_group("input", "What the model reads");
    input.add_option("--prompt", options->prompt,
                     "The text as it is (the texts of control tokens count as those tokens)");
    // As with an unset variable in a script; it is not the same as an empty prompt.
    const CLI::Validator named([](std::string& name) { return name.empty() ? "a file name is needed" : ""; },
                               "");
    input.add_option("--prompt-file", options->prompt_file, "The same from a file; - is standard input")
        ->check(named);
    input
        .add_option("--messages", options->messages,
                    "A file with a JSON list of messages (role, content) for the model's template; - is "
                    "standard input")
        ->check(named);
    input.require_option(1);
    command
        .add_option("-n", options->most_tokens, "Most tokens of the answer; 0 = as many as the context holds")
        ->check(CLI::Range(0U, 1U << 24U));
    command.add_option("--stop", options->stop, "A text that ends the answer; may be given several times");
    command
        .add_option("--speculate", options->speculate,
                    "Guess tokens ahead where that is faster; the text stays the same")
        ->check(CLI::IsMember({"off", "auto"}))
        ->capture_default_str();
    command
        .add_option("--prune-kv", options->prune_kv,
                    "Keep this share of the keys and values of all in front of the prompt's last paragraph, "
                    "chosen before that is read; costs about two more readings")
        ->check(CLI::Range(0.05, 1.0));
    command.add_option_function<std::string>(
        "--compress",
        [options](const std::string& given) {
            if (const auto words = read_rate(given, options->shorten)) {
                throw CLI::ValidationError("--compress", *words);
            }
        },
        "RATE[:METHOD]: keep this share of the tokens of users' long texts (their last paragraph, the "
        "question, stays whole) and of attached files that are compressed");
    command.add_option("--scorer", options->shorten.scorer, "Another GGUF file, which scores for --compress");
    auto& form = *command.add_option_group("form", "What the answer may be");
    form.add_option("--grammar", options->grammar, "A file with a grammar in GBNF; - is standard input")
        ->check(named);
    form.add_option("--json-schema", options->json_schema,
                    "A file with a JSON schema: the answer is JSON that fits it; - is standard input")
        ->check(named);
    form.require_option(0, 1);
    command
        .add_option(
            "--attach", options->attached,
            "A text, source file or PDF that is read before the question; may be given several times. "
            "FILE:whole, FILE:compressed or FILE:searched says how; else its size decides. The prompt is a "
            "question in the "
            "model's template then")
        ->check(attachment_name());
    options->sampling.add_to(command);
    options->common.add_to(command);
    options->common.add_cache_to(command);
    command.callback([options, &chosen] {
        if (options->shorten.rate > 0 && !options->prompt.empty() && options->attached.empty()) {
            throw CLI::ExcludesError("--compress", "--prompt");
        }
        options->shorten.common = options->common;
        chosen.run = [options](Interrupt& interrupt) { return run(*options, interrupt); };
    });
}

}  // namespace tendril::app::cli

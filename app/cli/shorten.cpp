// SPDX-License-Identifier: Apache-2.0
// Compression for the commands. Main thread.
#include "app/cli/shorten.h"

#include <algorithm>
#include <charconv>

#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/session.h"
#include "app/compress/engine_scorer.h"
#include "app/compress/pieces.h"
#include "engine/text/utf8_stream.h"

namespace tendril::app::cli {
namespace {

constexpr std::size_t kLongText = 1000;    ///< bytes; what is shorter is not worth it
constexpr std::size_t kInstruction = 200;  ///< bytes of a first paragraph that stays whole

Status check(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return fail(ErrorCode::invalid_argument, "There is no text to compress.");
    }
    if (text.find('\0') != std::string_view::npos) {
        return fail(ErrorCode::unsupported, "This is no text: it has bytes that are zero.");
    }
    if (!engine::is_valid_utf8(text)) {
        return fail(ErrorCode::malformed, "The text is not valid UTF-8, so it cannot be compressed.");
    }
    return {};
}

/// Empty when it is short.
struct LongPart {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string question;
};

LongPart long_part(std::string_view text) {
    LongPart part;
    const std::size_t first = text.find("\n\n");
    part.begin = first != std::string_view::npos && first <= kInstruction ? first + 2 : 0;
    const std::size_t last_letter = text.find_last_not_of(" \t\r\n");
    const std::size_t last = text.substr(0, last_letter + 1).rfind("\n\n");
    if (last == std::string_view::npos || last <= part.begin) {
        return {};
    }
    part.end = last;
    part.question = text.substr(last + 2, last_letter - last - 1);
    return part.end - part.begin < kLongText ? LongPart{} : part;
}

Result<prompt::Compressed> by_model(std::string_view text, const prompt::CompressSettings& settings,
                                    const prompt::TokenCounter& count, Session& session,
                                    Interrupt& interrupt) {
    engine::Engine& engine = session.engine();
    EngineScorer scorer({[&engine](engine::ScoreRequest request, engine::EventSink sink) {
                             return engine.submit(std::move(request), std::move(sink));
                         },
                         [&engine](engine::RequestId id) { engine.cancel(id); }, session.model().tokenizer,
                         session.model().context},
                        {});
    const Interrupt::Scope scope(interrupt, [&scorer] { scorer.stop(); });
    if (interrupt.asked()) {
        scorer.stop();  // the signal came before this scope
    }
    return prompt::compress(text, settings, scorer, count, scorer.stopped());
}

}  // namespace

prompt::Method method_of(const ShortenOptions& options) {
    if (const auto named = prompt::method_named(options.method)) {
        return *named;
    }
    const bool asked = options.question.find_first_not_of(" \t\r\n") != std::string::npos;
    return asked ? prompt::kDefaultWithQuestion : prompt::kDefaultMethod;
}

Result<prompt::Compressed> shorten(std::string_view text, const ShortenOptions& options,
                                   const std::shared_ptr<const engine::Tokenizer>& target,
                                   const std::string& model, Session* loaded, Interrupt& interrupt) {
    if (const Status good = check(text); !good) {
        return fail(good.error());
    }
    const prompt::CompressSettings settings{method_of(options), options.rate, options.question};
    const auto count = counter_of(target);
    if (prompt::needs_question(settings.method) && settings.question.empty()) {
        return fail(ErrorCode::invalid_argument, std::string("The method ") +
                                                     prompt::name_of(settings.method) +
                                                     " needs the question that will be asked.");
    }
    if (!prompt::needs_model(settings.method)) {
        prompt::FrequencyScorer scorer(ranker_of(target));
        prompt::CancelFlag cancel{false};
        const Interrupt::Scope scope(interrupt, [&cancel] { cancel = true; });
        cancel = cancel || interrupt.asked();
        return prompt::compress(text, settings, scorer, count, cancel);
    }
    if (loaded != nullptr && options.scorer.empty()) {
        return by_model(text, settings, count, *loaded, interrupt);
    }
    auto session = Session::load(options.common.load_options(options.scorer.empty() ? model : options.scorer),
                                 interrupt);
    if (!session) {
        return fail(session.error());
    }
    return by_model(text, settings, count, **session, interrupt);
}

std::optional<std::string> read_rate(const std::string& given, ShortenOptions& options) {
    const std::size_t colon = std::min(given.find(':'), given.size());
    const char* end = given.data() + colon;
    const auto [read, error] = std::from_chars(given.data(), end, options.rate);
    if (error != std::errc() || read != end || !(options.rate >= prompt::kLeastRate && options.rate <= 1)) {
        return "The share to keep must be a number from 0.05 to 1.";
    }
    if (colon == given.size()) {
        return std::nullopt;
    }
    options.method = given.substr(colon + 1);
    if (prompt::method_named(options.method)) {
        return std::nullopt;
    }
    std::string names;
    for (const prompt::Method method : prompt::kMethods) {
        names += (names.empty() ? "" : ", ") + std::string(prompt::name_of(method));
    }
    return "There is no method \"" + options.method + "\"; the methods are " + names + ".";
}

Status shorten_user_text(std::string& text, const ShortenOptions& options, const std::string& model,
                         Session& session, Interrupt& interrupt) {
    const LongPart part = options.rate > 0 ? long_part(text) : LongPart();
    if (part.end == part.begin) {
        return {};
    }
    ShortenOptions asked = options;
    asked.question = part.question;
    const auto shorter = shorten(std::string_view(text).substr(part.begin, part.end - part.begin), asked,
                                 session.model().tokenizer, model, &session, interrupt);
    if (!shorter) {
        return fail(shorter.error());
    }
    say("The text is read in " + std::to_string(shorter->tokens_after) + " instead of " +
        std::to_string(shorter->tokens_before) + " tokens (" + prompt::name_of(method_of(asked)) + ").");
    text = text.substr(0, part.begin) + shorter->text + text.substr(part.end);
    return {};
}

Status shorten_plain_prompt(std::string& text, const ShortenOptions& options, const std::string& model,
                            Session& session, Interrupt& interrupt) {
    const auto& tokenizer = *session.model().tokenizer;
    const auto tokens = options.rate > 0 ? tokenizer.encode(text, {.add_bos = false, .parse_special = true})
                                         : std::vector<engine::TokenId>();
    if (std::any_of(tokens.begin(), tokens.end(), [&](auto token) { return tokenizer.is_control(token); })) {
        return fail(
            ErrorCode::invalid_argument,
            "This prompt has control tokens in it; --compress needs --messages to know which texts are "
            "a user's.");
    }
    return shorten_user_text(text, options, model, session, interrupt);
}

}  // namespace tendril::app::cli

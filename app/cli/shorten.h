// SPDX-License-Identifier: Apache-2.0
// Compression for the commands: checks the text, sets up the scorer that the method needs, ends on SIGINT.
// Main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/cli/options.h"
#include "prompt/compress/compress.h"

namespace tendril::app::cli {

class Interrupt;
class Session;

struct ShortenOptions {
    double rate = 0;  ///< 0: not asked for
    std::string method;
    std::string question;
    std::string scorer;  ///< GGUF file; empty: the model itself
    Common common;
};

/// By the name; empty: the program's default, which is another one with a question.
prompt::Method method_of(const ShortenOptions& options);

/// `loaded`: the model, when it is loaded already. Errors: no text, no UTF-8, the scorer's, cancelled.
Result<prompt::Compressed> shorten(std::string_view text, const ShortenOptions& options,
                                   const std::shared_ptr<const engine::Tokenizer>& target,
                                   const std::string& model, Session* loaded, Interrupt& interrupt);

/// "0.5" or "0.5:selective"; an error in words, or none.
std::optional<std::string> read_rate(const std::string& given, ShortenOptions& options);

/// Makes the long part of a user's text shorter, if asked for and as far as it has one: what stands between a
/// short beginning (an instruction) and the last paragraph, which is the question. Says so on stderr.
Status shorten_user_text(std::string& text, const ShortenOptions& options, const std::string& model,
                         Session& session, Interrupt& interrupt);
/// The same for a prompt as it is. Error: it has control tokens, so nobody knows which part is a user's.
Status shorten_plain_prompt(std::string& text, const ShortenOptions& options, const std::string& model,
                            Session& session, Interrupt& interrupt);

}  // namespace tendril::app::cli

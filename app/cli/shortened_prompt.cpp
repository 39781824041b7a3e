// SPDX-License-Identifier: Apache-2.0
// Where the part that is pruned ends, by tokens.
#include "app/cli/shortened_prompt.h"

#include <algorithm>

#include "app/cli/session.h"

namespace tendril::app::cli {
namespace {

constexpr const char* kAsk = "\n\nRepeat the previous text exactly.";

using Tokens = std::vector<engine::TokenId>;

std::uint32_t same(const Tokens& a, const Tokens& b) {
    return static_cast<std::uint32_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                      a.begin());
}

/// Bytes in front of the last paragraph.
std::size_t last_paragraph(const std::string& text) {
    const std::size_t end = text.find_last_not_of(" \n");
    const std::size_t gap = end == std::string::npos ? end : text.rfind("\n\n", end);
    return gap == std::string::npos ? 0 : gap;
}

engine::PruneRequest stretch(const Tokens& tokens, std::uint32_t from, std::uint32_t end) {
    engine::PruneRequest made;
    made.tokens.assign(tokens.begin(), tokens.begin() + end);
    made.from = std::min(from, end);
    made.length = end - made.from;
    return made;
}

}  // namespace

engine::PruneRequest beginning_of(const engine::Tokenizer& tokenizer, const std::string& prompt,
                                  const Tokens& tokens) {
    const std::string front = prompt.substr(0, last_paragraph(prompt));
    return stretch(tokens, 0, same(encode_with_bos(tokenizer, front, true), tokens));
}

engine::PruneRequest beginning_of(PromptComposer& composer, const prompt::ChatMessages& messages,
                                  const Tokens& tokens) {
    const auto user = std::find_if(messages.begin(), messages.end(),
                                   [](const prompt::ChatMessage& one) { return one.role == "user"; });
    if (user == messages.end()) {
        return {};
    }
    prompt::ChatMessages head(messages.begin(), user + 1);
    head.back().content.clear();
    prompt::ChatMessages front = messages;
    std::string& last = front.back().content;
    last.resize(last_paragraph(last));
    const std::uint32_t end = same(composer.compose(front).tokens, tokens);
    engine::PruneRequest made = stretch(tokens, same(composer.compose(head).tokens, tokens), end);
    last += kAsk;
    const Tokens asked = composer.compose(front).tokens;
    if (same(asked, tokens) >= end) {
        made.ask.assign(asked.begin() + end, asked.end());
    }
    return made;
}

}  // namespace tendril::app::cli

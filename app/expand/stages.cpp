// SPDX-License-Identifier: Apache-2.0
// PromptComposer: prompts that grow at their end only. Chat worker's thread only.
#include <utility>

#include "app/composing.h"
#include "app/control_texts.h"

namespace tendril::app {
namespace {

/// The drawn tokens that spell the beginning of `text`, as many as lie in it whole. Gives the bytes they
/// spell.
std::size_t take_whole(const engine::Tokenizer& tokenizer, const Drawn& answer,
                       std::vector<engine::TokenId>& tokens) {
    std::size_t at = 0;
    for (const engine::TokenId token : answer.tokens) {
        const std::string_view bytes = tokenizer.bytes(token);
        if (at == answer.text.size() || answer.text.compare(at, bytes.size(), bytes) != 0) {
            break;
        }
        tokens.push_back(token);
        at += bytes.size();
    }
    return at;
}

}  // namespace

Stage PromptComposer::stage(const ComposedPrompt& prompt, std::string_view suffix) const {
    Stage stage;
    stage.messages = prompt.messages;
    if (stage.messages.empty() || stage.messages.back().role != "user") {
        stage.messages.push_back({"user", {}});
    }
    std::string& last = stage.messages.back().content;
    last += controls_->cut(suffix);
    stage.text = render(stage.messages).text;
    stage.tokens = encode(stage.text);
    stage.heading_at = stage.tokens.size();
    return stage;
}

std::optional<Stage> PromptComposer::extend(const Stage& before, const Drawn& answer, std::string_view user,
                                            std::string_view heading) const {
    Stage stage;
    const std::string kept = controls_->cut(answer.text);
    stage.messages = before.messages;
    stage.messages.push_back({"assistant", before.heading + kept});
    stage.messages.push_back({"user", controls_->cut(user)});
    stage.heading = controls_->cut(heading);
    stage.text = render(stage.messages).text + stage.heading;
    const std::string front = before.text + kept;
    if (stage.text.compare(0, front.size(), front) != 0) {
        return std::nullopt;
    }
    stage.tokens = before.tokens;
    const std::size_t whole = take_whole(*tokenizer_, answer, stage.tokens);
    // The end of a word that was cut in a token is spelled anew.
    const std::string rest =
        (whole == answer.text.size() ? std::string() : controls_->cut(answer.text.substr(whole))) +
        stage.text.substr(front.size());
    append(stage.tokens, rest);
    stage.heading_at = stage.tokens.size();
    for (std::size_t bytes = 0; stage.heading_at > before.tokens.size(); --stage.heading_at) {
        bytes += tokenizer_->bytes(stage.tokens[stage.heading_at - 1], true).size();
        if (bytes > stage.heading.size()) {
            break;
        }
    }
    return stage;
}

}  // namespace tendril::app

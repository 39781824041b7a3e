// SPDX-License-Identifier: Apache-2.0
// PromptComposer. Chat worker's thread only.
#include "app/composing.h"

#include <algorithm>
#include <set>
#include <utility>

#include "app/control_texts.h"
#include "app/text_files.h"
#include "app/token_counts.h"
#include "prompt/context_fit.h"

namespace tendril::app {
namespace {

using prompt::ChatMessages;
using storage::Message;
using storage::Role;

/// Messages as the template gets them, each with the rows it stands for.
struct Prepared {
    ChatMessages messages;
    std::vector<std::vector<MessageId>> ids;  // of messages; none for the system prompt

    void add(std::string_view role, std::string text, std::vector<MessageId> rows) {
        if (!messages.empty() &&
            messages.back().role == role) {  // an answer that failed leaves two questions in a row
            messages.back().content += "\n\n" + text;
            ids.back().insert(ids.back().end(), rows.begin(), rows.end());
            return;
        }
        messages.push_back({std::string(role), std::move(text)});
        ids.push_back(std::move(rows));
    }
};

bool is_empty_answer(const Message& message) {
    return message.role == Role::assistant && message.text.empty();
}

/// A message as the model reads it: its documents, then its text.
std::string text_of(const BranchMessage& one) {
    std::string text;
    for (const DocumentText& document : one.documents) {
        text += framed_text(document.name, document.text);
    }
    return text + one.message->text;
}

Prepared prepare(const ComposeRequest& request, const ControlTexts& controls) {
    Prepared prepared;
    if (!request.system_prompt.empty()) {
        prepared.add("system", controls.cut(request.system_prompt), {});
    }
    for (const BranchMessage& one : request.branch) {
        const Message& message = *one.message;
        if (is_empty_answer(message)) {
            continue;  // failed or stopped before its first word
        }
        prepared.add(name_of(message.role), controls.cut(text_of(one)), {message.id});
    }
    return prepared;
}

std::vector<MessageId> rows_left_out(const ComposeRequest& request, const Prepared& from,
                                     const std::vector<std::size_t>& left_out) {
    std::set<MessageId> in;
    for (std::size_t i = 0; i < from.messages.size(); ++i) {
        if (!std::binary_search(left_out.begin(), left_out.end(), i)) {
            in.insert(from.ids[i].begin(), from.ids[i].end());
        }
    }
    std::vector<MessageId> out;
    for (const auto& [message, documents] : request.branch) {
        if (!is_empty_answer(*message) && !in.contains(message->id)) {
            out.push_back(message->id);
        }
    }
    return out;
}

/// What may follow finished words: kinds of text as different as a tokenizer can treat them.
constexpr std::string_view kContinuations[] = {" a", "\n1"};
constexpr std::string_view kBeginnings[] = {"a", "1"};  // of a message

/// Marks after which a word is over in scripts that write without blanks: 、 。 ！ ， ： ； ？ and the wide
/// blank.
constexpr std::string_view kWideMarks[] = {"\xE3\x80\x80", "\xE3\x80\x81", "\xE3\x80\x82", "\xEF\xBC\x81",
                                           "\xEF\xBC\x8C", "\xEF\xBC\x9A", "\xEF\xBC\x9B", "\xEF\xBC\x9F"};

/// What the templates of models that reason before they answer speak of.
constexpr std::string_view kThinking[] = {"<think>", "enable_thinking", "reasoning_content",
                                          "<|channel|>analysis"};

}  // namespace

ComposeRequest compose_request(const ConversationTree& tree, std::optional<MessageId> end,
                               const WorkerSettings& settings, std::uint32_t context) {
    ComposeRequest request;
    for (const Message* message : tree.branch_to(end)) {
        request.branch.push_back({message});
    }
    request.system_prompt = tree.conversation().system_prompt;
    request.context = context;
    if (settings.max_answer_tokens != 0) {
        request.answer_reserve = std::min(request.answer_reserve, settings.max_answer_tokens);
    }
    return request;
}

std::string_view finished_words(std::string_view draft) {
    constexpr std::string_view kBlanks = " \t\n\r\f\v";
    std::size_t end = 0;
    if (const std::size_t blank = draft.find_last_of(kBlanks); blank != std::string_view::npos) {
        const std::size_t last = draft.substr(0, blank).find_last_not_of(kBlanks);
        end = last == std::string_view::npos ? 0 : last + 1;
    }
    for (const std::string_view mark : kWideMarks) {
        if (const std::size_t at = draft.rfind(mark); at != std::string_view::npos) {
            end = std::max(end, at + mark.size());
        }
    }
    return draft.substr(0, end);
}

PromptComposer::PromptComposer(const engine::LoadedModel& model) : tokenizer_(model.tokenizer) {
    controls_ = std::make_unique<ControlTexts>(*tokenizer_);
    counts_ = std::make_unique<TokenCounts>(*tokenizer_);
    const auto& source = model.description.chat_template;
    if (source && !source->empty()) {
        thinks_ = std::any_of(std::begin(kThinking), std::end(kThinking),
                              [&](std::string_view mark) { return source->find(mark) != std::string::npos; });
        auto own = prompt::ChatTemplate::compile(*source);
        if (own) {
            template_ = std::move(*own);
            return;
        }
        warnings_.push_back("The model's chat template cannot be read: " + own.error().message);
    }
    const std::string without = render({}).warning;
    warnings_.push_back(without);
    said_.insert(without);
}

PromptComposer::~PromptComposer() = default;

prompt::RenderedPrompt PromptComposer::render(const ChatMessages& messages) const {
    return prompt::render_chat(template_ ? &*template_ : nullptr, messages,
                               {tokenizer_->bos_text(), tokenizer_->eos_text(), true});
}

std::vector<engine::TokenId> PromptComposer::encode(std::string_view text) const {
    std::vector<engine::TokenId> tokens;
    const std::string_view bos_text = tokenizer_->bos_text();
    const bool has_bos = !bos_text.empty() && text.substr(0, bos_text.size()) == bos_text;
    if (tokenizer_->adds_bos() && tokenizer_->bos() && !has_bos) {
        tokens.push_back(*tokenizer_->bos());
    }
    append(tokens, text);
    return tokens;
}

void PromptComposer::append(std::vector<engine::TokenId>& tokens, std::string_view text) const {
    for (const std::string_view piece : ControlTexts::pieces(text)) {
        const auto part = tokenizer_->encode(piece, {.add_bos = false, .parse_special = true});
        tokens.insert(tokens.end(), part.begin(), part.end());
    }
}

ComposedPrompt PromptComposer::composed(prompt::RenderedPrompt rendered,
                                        std::vector<engine::TokenId> tokens) {
    ComposedPrompt prompt;
    prompt.tokens = std::move(tokens);
    prompt.stop = std::move(rendered.stops);
    if (!rendered.warning.empty() && said_.insert(rendered.warning).second) {
        prompt.warning = std::move(rendered.warning);
    }
    return prompt;
}

ComposedPrompt PromptComposer::compose(const ChatMessages& messages) {
    ChatMessages safe = messages;
    for (prompt::ChatMessage& message : safe) {
        message.content = controls_->cut(message.content);
    }
    prompt::RenderedPrompt rendered = render(safe);
    auto tokens = encode(rendered.text);
    ComposedPrompt prompt = composed(std::move(rendered), std::move(tokens));
    prompt.messages = std::move(safe);
    return prompt;
}

Result<std::vector<engine::TokenId>> PromptComposer::certain_beginning(const ComposeRequest& request,
                                                                       std::string_view draft) {
    const std::string_view words = finished_words(draft);
    std::optional<std::vector<engine::TokenId>> certain;
    for (const std::string_view rest : words.empty() ? kBeginnings : kContinuations) {
        Message next;
        next.role = Role::user;
        next.text = std::string(words).append(rest);
        ComposeRequest whole = request;
        whole.branch.push_back({&next});
        auto composed = compose(whole);
        if (!composed) {
            return fail(composed.error());
        }
        if (certain) {
            const auto& tokens = composed->tokens;
            certain->erase(
                std::mismatch(certain->begin(), certain->end(), tokens.begin(), tokens.end()).first,
                certain->end());
        } else {
            certain = std::move(composed->tokens);
        }
    }
    return std::move(*certain);
}

Result<ComposedPrompt> PromptComposer::compose(const ComposeRequest& request) {
    const std::string so_far = controls_->cut(request.answer_so_far);
    const std::size_t so_far_tokens = so_far.empty() ? 0 : encode(so_far).size();
    const prompt::PromptCounter count = [&](const ChatMessages& messages) -> Result<std::size_t> {
        return counts_->of(render(messages).text, messages) + so_far_tokens;
    };
    const Prepared all = prepare(request, *controls_);
    std::size_t context = request.context;
    for (int attempt = 0; attempt < 4 && context > 0; ++attempt) {
        const auto fit = prompt::fit_to_context({all.messages, context, request.answer_reserve}, count);
        if (!fit) {
            return fail(fit.error());
        }
        prompt::RenderedPrompt rendered = render(fit->messages);
        auto tokens = encode(rendered.text + so_far);
        if (tokens.size() < request.context) {
            ComposedPrompt prompt = composed(std::move(rendered), std::move(tokens));
            prompt.left_out = rows_left_out(request, all, fit->left_out);
            prompt.messages = fit->messages;
            return prompt;
        }
        // The count was a little short: ask for so much more room.
        context -= std::min(context, tokens.size() - request.context + 32);
    }
    return fail(ErrorCode::too_large, "The conversation does not fit into the model's context of " +
                                          std::to_string(request.context) + " tokens.");
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// PromptComposer. Chat worker's thread only.
#include "app/composing.h"

#include <algorithm>
#include <utility>

#include "app/context/branch_plan.h"
#include "app/control_texts.h"
#include "app/token_counts.h"

namespace tendril::app {
namespace {

namespace context = prompt::context;
using prompt::ChatMessages;
using storage::Message;
using storage::Role;

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
        request.branch.push_back({message, tree.documents(message->id).read});
    }
    request.draft_documents = tree.documents(kDraft).read;
    request.draft_open = !tree.documents(kDraft).complete;
    request.representations = tree.representations();
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
    const std::string_view words = finished_words(request.draft_open ? std::string_view() : draft);
    std::optional<std::vector<engine::TokenId>> certain;
    for (const std::string_view rest : words.empty() ? kBeginnings : kContinuations) {
        Message next;
        next.role = Role::user;
        next.text = std::string(words).append(rest);
        ComposeRequest whole = request;
        whole.branch.push_back({&next, request.draft_documents});
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

context::PlanRequest PromptComposer::plan_request(const ComposeRequest& request) const {
    return plan_request(request, controls_->cut(request.answer_so_far));
}

context::PlanRequest PromptComposer::plan_request(const ComposeRequest& request,
                                                  std::string_view so_far) const {
    context::PlanRequest wanted =
        request_of(request, [this](std::string_view text) { return controls_->cut(text); });
    wanted.fixed = so_far.empty() ? 0 : counts_->piece(so_far);
    return wanted;
}

Result<std::size_t> PromptComposer::count(const ChatMessages& messages) const {
    return counts_->of(render(messages).text, messages);
}

Result<context::ContextPlan> PromptComposer::plan(const context::PlanRequest& request) const {
    if (planned_ && planned_->request == request) {
        return planned_->plan;
    }
    ++plans_made_;
    auto made = context::plan(
        request, [this](const ChatMessages& messages) { return count(messages); },
        [this](std::string_view text) { return counts_->piece(text); });
    if (made) {
        planned_ = Planned{request, *made};
    }
    return made;
}

std::optional<context::Compaction> PromptComposer::next_compaction(const context::PlanRequest& request,
                                                                   const context::ContextPlan& plan,
                                                                   const context::Thresholds& thresholds,
                                                                   bool now) const {
    return context::next_compaction(request, plan, thresholds, now,
                                    [this](const ChatMessages& messages) { return count(messages); });
}

std::size_t PromptComposer::tokens_of(std::string_view text) const {
    return counts_->piece(controls_->cut(text));
}

Result<ComposedPrompt> PromptComposer::compose(const ComposeRequest& request) {
    const std::string so_far = controls_->cut(request.answer_so_far);
    context::PlanRequest wanted = plan_request(request, so_far);
    for (int attempt = 0; attempt < 4 && wanted.context > 0; ++attempt) {
        auto planned = plan(wanted);
        if (!planned) {
            return fail(planned.error());
        }
        prompt::RenderedPrompt rendered = render(planned->messages);
        auto tokens = encode(rendered.text + so_far);
        if (tokens.size() < request.context) {
            ComposedPrompt prompt = composed(std::move(rendered), std::move(tokens));
            prompt.left_out = left_out_of(wanted, *planned);
            prompt.messages = planned->messages;
            if (planned->short_text) {
                prompt.representation = wanted.shorts[*planned->short_text].id;
            }
            prompt.shares = planned->shares;
            return prompt;
        }
        // The count was a little short: ask for so much more room.
        wanted.context -= std::min(wanted.context, tokens.size() - request.context + 32);
    }
    return fail(ErrorCode::too_large, "The conversation does not fit into the model's context of " +
                                          std::to_string(request.context) + " tokens.");
}

}  // namespace tendril::app

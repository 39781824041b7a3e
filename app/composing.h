// SPDX-License-Identifier: Apache-2.0
// From a branch of a conversation to the tokens of a prompt: the model's template, what has to be left out,
// and texts of users that look like control tokens kept harmless. Chat worker's thread only; one for each
// loaded model, owned by ModelKeeper.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/conversation_tree.h"
#include "app/worker_events.h"
#include "app/worker_link.h"
#include "engine/text/tokenizer.h"
#include "prompt/chat_template.h"
#include "prompt/context/context_plan.h"
#include "prompt/conversation.h"
#include "prompt/render_chat.h"

namespace tendril::app {

class ControlTexts;
class TokenCounts;

struct BranchMessage {
    const storage::Message* message = nullptr;
    std::vector<DocumentText> documents = {};  ///< of a user's message; rendered in front of its text
};

struct ComposeRequest {
    std::vector<BranchMessage> branch;  ///< up to the user message that is to be answered
    /// All that the conversation has; those of this branch's beginning count.
    std::span<const storage::Representation> representations = {};
    std::vector<DocumentText> draft_documents = {};  ///< of the message that follows; see certain_beginning()
    bool draft_open = false;  ///< more documents stand behind them that are not known yet
    std::string_view system_prompt;
    std::string_view answer_so_far;  ///< of an answer that is continued
    std::uint32_t context = 0;       ///< tokens of the model as loaded
    std::uint32_t answer_reserve = 512;
};

/// The request for what follows the branch that ends at `end`; no `end`: the beginning of a conversation.
/// Borrows from `tree`.
ComposeRequest compose_request(const ConversationTree& tree, std::optional<MessageId> end,
                               const WorkerSettings& settings, std::uint32_t context);

struct ComposedPrompt {
    std::vector<engine::TokenId> tokens;
    prompt::ChatMessages messages;  ///< as the template got them, the last one a user's; see stage()
    std::vector<MessageId>
        left_out;  ///< messages that are not in the prompt and nothing stands for, ascending
    std::optional<storage::RepresentationId> representation;  ///< stands for the oldest messages
    prompt::context::ContextShares shares;
    std::vector<std::string> stop;  ///< texts that end the answer, when the template is not the model's own
    std::string warning;            ///< about the template; the same one is given once for each model
};

/// A prompt that begins as another one does, token for token, so that the cache has all but its end. Made
/// from a composed prompt by stage(), then by extend() as often as needed.
struct Stage {
    prompt::ChatMessages messages;
    std::string text;     ///< rendered, heading included
    std::string heading;  ///< what the answer is made to begin with
    std::vector<engine::TokenId> tokens;
    std::size_t heading_at = 0;  ///< of `tokens`, the first that belongs to the heading alone
};

/// What a model answered to a stage.
struct Drawn {
    std::string text;                     ///< what is kept of it, from its beginning on
    std::vector<engine::TokenId> tokens;  ///< as drawn; they may go on behind `text`
};

/// The part of a text that is being typed that ends with a finished word: what stands before the last blank,
/// or behind the last mark of a script without blanks.
std::string_view finished_words(std::string_view draft);

class PromptComposer {
  public:
    explicit PromptComposer(const engine::LoadedModel& model);
    ~PromptComposer();
    PromptComposer(const PromptComposer&) = delete;
    PromptComposer& operator=(const PromptComposer&) = delete;

    /// Error: too_large with both numbers.
    Result<ComposedPrompt> compose(const ComposeRequest& request);
    /// The beginning of what compose() will give once a message is sent that begins with the finished words
    /// of `draft` (see finished_words()): the tokens that no continuation changes, without what the template
    /// puts behind the message. `request.branch` ends before that message, which begins with
    /// `draft_documents`.
    Result<std::vector<engine::TokenId>> certain_beginning(const ComposeRequest& request,
                                                           std::string_view draft);
    /// The same for a plain list of messages, none left out.
    ComposedPrompt compose(const prompt::ChatMessages& messages);

    // For what looks at a plan without a prompt:
    prompt::context::PlanRequest plan_request(const ComposeRequest& request) const;
    /// The last one is remembered: what looks whether there is room plans what is composed next.
    Result<prompt::context::ContextPlan> plan(const prompt::context::PlanRequest& request) const;
    std::size_t plans_made() const { return plans_made_; }  ///< for tests
    std::optional<prompt::context::Compaction> next_compaction(const prompt::context::PlanRequest& request,
                                                               const prompt::context::ContextPlan& plan,
                                                               const prompt::context::Thresholds& thresholds,
                                                               bool now) const;
    std::size_t tokens_of(std::string_view text) const;

    /// The same conversation with more text behind its last message, a user's. `suffix` is the program's own
    /// or a model's; it begins with a blank line.
    Stage stage(const ComposedPrompt& prompt, std::string_view suffix) const;
    /// What a model answered to `before`, then another message to it and the beginning of its answer. Nothing
    /// when the template changes what stands in front once more follows.
    std::optional<Stage> extend(const Stage& before, const Drawn& answer, std::string_view user,
                                std::string_view heading) const;
    /// True for models that reason before they answer, as far as the template says so.
    bool thinks() const { return thinks_; }
    const engine::Tokenizer& tokenizer() const { return *tokenizer_; }

    const std::vector<std::string>& warnings() const { return warnings_; }  ///< about the template as such

  private:
    /// `so_far`: of an answer that is continued, as the model reads it.
    prompt::context::PlanRequest plan_request(const ComposeRequest& request, std::string_view so_far) const;
    Result<std::size_t> count(const prompt::ChatMessages& messages) const;
    prompt::RenderedPrompt render(const prompt::ChatMessages& messages) const;
    std::vector<engine::TokenId> encode(std::string_view text) const;
    void append(std::vector<engine::TokenId>& tokens, std::string_view text) const;
    ComposedPrompt composed(prompt::RenderedPrompt rendered, std::vector<engine::TokenId> tokens);

    std::shared_ptr<const engine::Tokenizer> tokenizer_;
    std::optional<prompt::ChatTemplate> template_;
    bool thinks_ = false;
    std::vector<std::string> warnings_;
    std::set<std::string> said_;  // warnings; each is given once
    std::unique_ptr<ControlTexts> controls_;
    std::unique_ptr<TokenCounts> counts_;
    struct Planned {
        prompt::context::PlanRequest request;
        prompt::context::ContextPlan plan;
    };
    mutable std::optional<Planned> planned_;
    mutable std::size_t plans_made_ = 0;
};

}  // namespace tendril::app

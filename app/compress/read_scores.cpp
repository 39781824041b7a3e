// SPDX-License-Identifier: Apache-2.0
// ReadScores. Chat worker's thread only.
#include "app/compress/read_scores.h"

#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "app/compress/read_passages.h"
#include "prompt/skeleton/words.h"

namespace tendril::app {
namespace {

using prompt::skeleton::trimmed;

bool scored(const std::string& method, double rate) {
    const auto named = prompt::method_named(method);
    return named && prompt::scores_passages(*named, rate);
}

}  // namespace

/// As they stand in a prompt: of each message its documents, then what it says.
std::vector<std::string> ReadScores::wanted(const ConversationTree& tree) const {
    const bool documents = scored(link_.settings.compress_method, link_.settings.compress_rate);
    // How much of old turns is kept is known when it is time: mostly less than half.
    const bool turns =
        link_.settings.shorten_memory && scored(link_.settings.memory_method, prompt::kLeastRate);
    std::vector<std::string> texts;
    const auto add_documents = [&](MessageId message) {
        for (const DocumentText& one : tree.documents(message).read) {
            if (documents && one.form == storage::RepresentationForm::full) {
                texts.emplace_back(trimmed(one.text));
            }
        }
    };
    if (documents || turns) {
        for (const storage::Message* message : tree.branch_to(tree.conversation().leaf)) {
            add_documents(message->id);
            if (turns) {
                texts.emplace_back(trimmed(message->text));
            }
        }
        add_documents(kDraft);
    }
    return texts;
}

ReadScores::Take ReadScores::ask(engine::PrefillRequest& request, const ConversationTree& tree) const {
    const auto& own = link_.settings.scorer_model;
    if (!models_.ready() || (!own.empty() && own != models_.status().path)) {
        return {};  // another model scores
    }
    auto texts = wanted(tree);
    const auto known = compressions_.known();
    const std::string key = compressions_.loaded_key();
    std::erase_if(texts, [&](const std::string& text) {
        const auto passages = prompt::scored_passages(text);
        return std::all_of(passages.begin(), passages.end(), [&](const prompt::KeptRange& one) {
            return known->has(key, {{}, text.substr(one.begin, one.end - one.begin)});
        });
    });
    texts = texts_in(*models_.model().tokenizer, request.tokens, std::move(texts));
    if (texts.empty()) {
        return {};
    }
    request.losses = true;
    struct Read {
        std::vector<std::string> texts;
        std::vector<engine::TokenId> tokens;
        std::shared_ptr<const engine::Tokenizer> tokenizer;
    };
    auto prompt =
        std::make_shared<const Read>(Read{std::move(texts), request.tokens, models_.model().tokenizer});
    return [prompt, known, key, log = link_.log](const engine::Event& event) {
        const auto* read = std::get_if<engine::PrefilledEvent>(&event);
        if (read == nullptr || read->logprobs.empty()) {
            return;
        }
        const auto passages = passages_read(
            {*prompt->tokenizer, prompt->tokens, read->logprobs, read->logprobs_from}, prompt->texts);
        for (const ReadPassage& one : passages) {
            known->keep(key, {{}, one.text}, one.pieces);
        }
        log->debug("read with losses: {} tokens, {} passages scored", read->logprobs.size(), passages.size());
    };
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// See choice.h.
#include "app/documents/choice.h"

#include <algorithm>
#include <cmath>

namespace tendril::app {
namespace {

using storage::AttachmentChoice;

constexpr std::uint32_t kLeastBudget = 192;
constexpr std::uint32_t kMostBudget = 3072;

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, ",");
    }
    return digits;
}

}  // namespace

std::uint32_t search_budget(std::uint32_t context) {
    return std::clamp(context / 4, kLeastBudget, kMostBudget);
}

std::uint32_t planned_tokens(std::uint32_t tokens, AttachmentChoice choice, const ChoiceFacts& facts) {
    switch (choice) {
        case AttachmentChoice::compressed:
            return static_cast<std::uint32_t>(std::lround(tokens * facts.compress_rate));
        case AttachmentChoice::searched:
            return facts.context == 0 ? tokens : std::min(tokens, search_budget(facts.context));
        case AttachmentChoice::whole:
            break;
    }
    return tokens;
}

AttachmentChoice default_choice(std::uint32_t tokens, const ChoiceFacts& facts) {
    const std::uint32_t room = (facts.context - std::min(facts.context, facts.taken)) / 2;
    if (facts.context == 0 || tokens <= room) {
        return AttachmentChoice::whole;
    }
    if (facts.compress_rate < 1 && planned_tokens(tokens, AttachmentChoice::compressed, facts) <= room) {
        return AttachmentChoice::compressed;
    }
    return AttachmentChoice::searched;
}

std::uint32_t planned_tokens(std::span<const DraftDocument> documents) {
    std::uint32_t sum = 0;
    std::uint32_t searched = 0;
    for (const DraftDocument& document : documents) {
        if (document.choice == AttachmentChoice::searched) {
            searched = std::max(searched, document.planned_tokens);
        } else {
            sum += document.planned_tokens;
        }
    }
    return sum + searched;
}

Status fits(std::span<const DraftDocument> documents, const ChoiceFacts& facts) {
    const std::uint64_t needed = std::uint64_t{facts.taken} + planned_tokens(documents);
    const DraftDocument* largest = nullptr;
    for (const DraftDocument& document : documents) {
        if (largest == nullptr || document.planned_tokens > largest->planned_tokens) {
            largest = &document;
        }
    }
    if (facts.context == 0 || largest == nullptr || needed <= facts.context) {
        return {};
    }
    const std::string which =
        documents.size() == 1
            ? "The message with " + largest->name + " is too large: it needs "
            : "The message with " + std::to_string(documents.size()) + " documents is too large: it needs ";
    std::string words =
        which + grouped(needed) + " tokens, and the model's context holds " + grouped(facts.context) + ".";
    const bool all_searched = std::all_of(
        documents.begin(), documents.end(),
        [](const DraftDocument& document) { return document.choice == AttachmentChoice::searched; });
    if (all_searched) {
        words += " No way of reading it helps; load a model with a larger context, or remove it.";
    } else if (largest->choice != AttachmentChoice::searched) {
        words += " Have " + largest->name + " searched instead, or load the model with a larger context.";
    } else {
        words += " Have the documents searched instead, or load the model with a larger context.";
    }
    return fail(ErrorCode::too_large, std::move(words));
}

}  // namespace tendril::app

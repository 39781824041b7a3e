// SPDX-License-Identifier: Apache-2.0
// compress(): checks, weighs by the method, selects under the budget. Pure over a scorer; any thread.
#include "prompt/compress/compress.h"

#include <algorithm>
#include <cmath>

#include "prompt/compress/characters.h"
#include "prompt/compress/methods.h"
#include "prompt/compress/protection.h"
#include "prompt/compress/selection.h"

namespace tendril::prompt {
namespace {

using namespace compression;

Status check(std::string_view text, const CompressSettings& settings) {
    if (!(settings.rate >= kLeastRate && settings.rate <= 1)) {
        return fail(ErrorCode::invalid_argument, "The share to keep must be between 0.05 and 1.");
    }
    if (needs_question(settings.method) &&
        settings.question.find_first_not_of(" \t\r\n") == std::string::npos) {
        return fail(ErrorCode::invalid_argument, std::string("The method ") + name_of(settings.method) +
                                                     " needs the question that will be asked.");
    }
    if (!is_utf8(text) || !is_utf8(settings.question)) {
        return fail(ErrorCode::malformed, "The text is not valid UTF-8, so it cannot be compressed.");
    }
    return {};
}

Result<Weighed> weigh(const Work& work) {
    switch (work.settings.method) {
        case Method::frequency:
            return weigh_by_frequency(work);
        case Method::question:
            return weigh_by_question(work);
        case Method::selective:
            return weigh_selective(work);
        case Method::llmlingua:
            return weigh_llmlingua(work);
    }
    return fail(ErrorCode::internal, "There is no such method of compression.");
}

Compressed unchanged(std::string_view text, std::size_t tokens) {
    Compressed whole{std::string(text), {}, tokens, tokens};
    if (!text.empty()) {
        whole.kept.push_back({0, text.size()});
    }
    return whole;
}

}  // namespace

const char* name_of(Method method) {
    switch (method) {
        case Method::frequency:
            return "frequency";
        case Method::question:
            return "question";
        case Method::selective:
            return "selective";
        case Method::llmlingua:
            return "llmlingua";
    }
    return "?";
}

std::optional<Method> method_named(std::string_view name) {
    const auto* found = std::find_if(std::begin(kMethods), std::end(kMethods),
                                     [name](Method method) { return name == name_of(method); });
    return found == std::end(kMethods) ? std::nullopt : std::optional(*found);
}

bool needs_model(Method method) {
    return method != Method::frequency && method != Method::question;
}

bool needs_question(Method method) {
    return method == Method::question;
}

Result<Compressed> compress(std::string_view text, const CompressSettings& settings, Scorer& scorer,
                            const TokenCounter& count, const CancelFlag& cancel,
                            const CompressProgress& progress) {
    if (auto good = check(text, settings); !good) {
        return fail(good.error());
    }
    const std::size_t tokens = count(text);
    const auto target = static_cast<std::size_t>(std::llround(settings.rate * static_cast<double>(tokens)));
    if (target >= tokens) {
        return unchanged(text, tokens);
    }
    const auto guarded = protected_spans(text);
    const Work work{text, settings, guarded, tokens, scorer, cancel, progress};
    const auto weighed = weigh(work);
    if (!weighed) {
        return fail(weighed.error());
    }
    auto result = selected(text, weighed->units, weighed->scores, target, count, cancel);
    if (!result) {
        return result;
    }
    result->tokens_before = tokens;
    if (result->tokens_after >= tokens) {
        return unchanged(text, tokens);
    }
    work.tell(1);
    return result;
}

}  // namespace tendril::prompt

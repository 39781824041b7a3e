// SPDX-License-Identifier: Apache-2.0
// Patterns over words: read from data, matched by a bounded search. Pure; any thread.
#include <algorithm>

#include "prompt/skeleton/words.h"

namespace tendril::prompt::skeleton {
namespace {

constexpr std::size_t kGap = 4;      // words that `..` may stand for
constexpr std::size_t kWideGap = 8;  // characters, where each is a word

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

}  // namespace

Result<Pattern> Pattern::parse(std::string_view source) {
    Pattern pattern;
    std::string_view rest = trimmed(source);
    if (rest.starts_with('^')) {
        pattern.anchored_ = true;
        rest = trimmed(rest.substr(1));
    }
    bool gap = false;
    for (const std::string_view part : split(rest, ' ')) {
        if (part == "..") {
            gap = true;
            continue;
        }
        Element element;
        element.gap_before = gap && !pattern.elements_.empty();
        gap = false;
        for (const std::string_view name : split(part, '|')) {
            Alternative alternative;
            for (const std::string_view joined : split(name, '_')) {
                for (Word& word : words_of(joined)) {
                    alternative.push_back({std::move(word.text), false});
                }
                if (!alternative.empty()) {
                    alternative.back().any_ending = joined.ends_with('*');
                }
            }
            if (alternative.empty()) {
                return fail(ErrorCode::malformed, "A pattern of the prompts has an empty alternative.",
                            std::string(source));
            }
            element.alternatives.push_back(std::move(alternative));
        }
        pattern.elements_.push_back(std::move(element));
    }
    return pattern;
}

std::size_t Pattern::match(std::span<const Word> words, const Alternative& alternative) {
    if (words.size() < alternative.size()) {
        return 0;
    }
    for (std::size_t i = 0; i < alternative.size(); ++i) {
        const Piece& piece = alternative[i];
        if (piece.any_ending ? !words[i].text.starts_with(piece.text) : words[i].text != piece.text) {
            return 0;
        }
    }
    return alternative.size();
}

std::size_t Pattern::match_from(std::span<const Word> words, std::span<const Element> elements) {
    std::size_t best = 0;
    for (const Alternative& alternative : elements.front().alternatives) {
        const std::size_t length = match(words, alternative);
        if (length == 0) {
            continue;
        }
        const auto next = elements.subspan(1);
        if (next.empty()) {
            best = std::max(best, length);
            continue;
        }
        std::size_t most = 0;
        if (next.front().gap_before) {
            most = length < words.size() && words[length].alone ? kWideGap : kGap;
        }
        for (std::size_t gap = 0; gap <= most && length + gap < words.size(); ++gap) {
            if (const std::size_t more = match_from(words.subspan(length + gap), next); more > 0) {
                best = std::max(best, length + gap + more);
                break;
            }
        }
    }
    return best;
}

std::size_t Pattern::match_at(std::span<const Word> words) const {
    return elements_.empty() || words.empty() ? 0 : match_from(words, elements_);
}

bool Pattern::found_in(std::span<const Word> words, std::span<const Pattern> openers) const {
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (anchored_ && !words[at].opens) {
            continue;
        }
        std::span<const Word> from = words.subspan(at);
        if (match_at(from) > 0) {
            return true;
        }
        // "Could you please write": each opener may stand in front.
        for (bool skipped = anchored_; skipped;) {
            skipped = false;
            for (const Pattern& opener : openers) {
                const std::size_t length = opener.match_at(from);
                if (length > 0 && length < from.size()) {
                    from = from.subspan(length);
                    skipped = true;
                    break;
                }
            }
            if (skipped && match_at(from) > 0) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace tendril::prompt::skeleton

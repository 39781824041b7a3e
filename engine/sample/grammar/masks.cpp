// SPDX-License-Identifier: Apache-2.0
// The making of a mask: a walk of the automaton over the tree of all tokens, which leaps over the slices of
// the vocabulary that are allowed as a whole. Engine thread.
#include <algorithm>

#include "engine/sample/grammar/matcher.h"

namespace tendril::engine::grammar {
namespace {

constexpr std::size_t kMostStates = 64;  // that are followed at once

void allow(std::span<std::uint64_t> words, std::span<const TokenId> tokens) {
    for (const TokenId token : tokens) {
        words[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1}
                                                       << (static_cast<std::size_t>(token) % 64);
    }
}

void add_new(std::vector<StateId>& states, StateId state) {
    if (std::find(states.begin(), states.end(), state) == states.end()) {
        states.push_back(state);
    }
}

}  // namespace

/// False: a limit.
bool Matcher::fill_mask(StateId state, std::span<std::uint64_t> words) {
    std::fill(words.begin(), words.end(), 0);
    if (automaton_->may_end(state)) {
        allow(words, vocabulary_->trie.end_tokens());
    }
    const auto nodes = vocabulary_->trie.nodes();
    const std::uint32_t space = vocabulary_->slices.space();
    const auto end = static_cast<std::uint32_t>(nodes.size());
    path_[0] = state;
    Leap leap;
    if (!choose_leap(state, Slices::Anchor::beginning, words, leap)) {
        return false;
    }
    if (space == 0) {
        return walk_nodes(1, end, leap, words);
    }
    if (!walk_nodes(1, space, leap, words)) {
        return false;
    }
    const StateId behind = automaton_->next(state, ' ');
    if (behind == kNoState) {
        return false;
    }
    if (behind != kDeadState) {
        allow(words, vocabulary_->trie.tokens(space));
        path_[1] = behind;
        Leap inner;
        if (!choose_leap(behind, Slices::Anchor::behind_space, words, inner) ||
            !walk_nodes(space + 1, nodes[space].end, inner, words)) {
            return false;
        }
    }
    return walk_nodes(nodes[space].end, end, leap, words);
}

/// Tries the nodes of a stretch of the tree. Nearly all time goes into the first lines of the loop.
bool Matcher::walk_nodes(std::uint32_t from, std::uint32_t to, Leap leap, std::span<std::uint64_t> words) {
    const TokenTrie& trie = vocabulary_->trie;
    const TokenTrie::Node* const nodes = trie.nodes().data();
    const std::uint8_t* const classes = automaton_->network().classes.data();
    const std::size_t width = automaton_->row_width();
    const StateId* rows = automaton_->rows();
    StateId* const path = path_.data();
    for (std::uint32_t i = from; i < to;) {
        const TokenTrie::Node node = nodes[i];
        if (leap.cover[i] <= leap.length) {
            i = node.end;
            continue;
        }
        const StateId before = path[node.depth - 1];
        StateId next = rows[before * width + classes[node.byte]];
        if (next == Automaton::kUnknown) {
            next = automaton_->next(before, node.byte);
            rows = automaton_->rows();
            if (next == kNoState) {
                return false;
            }
        }
        if (next == kDeadState) {
            i = node.end;
            continue;
        }
        path[node.depth] = next;
        if (node.has_tokens) {
            allow(words, trie.tokens(i));
        }
        ++i;
    }
    return true;
}

/// The slice that spares most, whose tokens it allows. False: a limit.
bool Matcher::choose_leap(StateId state, Slices::Anchor anchor, std::span<std::uint64_t> words, Leap& leap) {
    const Slices& slices = vocabulary_->slices;
    std::size_t best = 0;
    std::span<const std::uint64_t> mask;
    leap = {slices.cover(0), 0};
    for (std::size_t kind = 0; kind < Slices::kKinds; ++kind) {
        const auto length = allowed_length(state, kind);
        if (!length) {
            return false;
        }
        if (*length > 0 && slices.count(kind, anchor, *length) > best) {
            best = slices.count(kind, anchor, *length);
            mask = slices.mask(kind, anchor, *length);
            leap = {slices.cover(kind), static_cast<std::uint8_t>(*length)};
        }
    }
    for (std::size_t i = 0; i < mask.size(); ++i) {
        words[i] |= mask[i];
    }
    return true;
}

/// Up to how many characters of the kind, whichever they are, can come next. States that were met before need
/// not be followed again: what comes behind them was, or will be, looked at nearer by. Nothing: a limit.
std::optional<std::size_t> Matcher::allowed_length(StateId state, std::size_t kind) {
    seen_.assign(1, state);
    std::size_t begin = 0;
    for (std::size_t length = 0; length < Slices::kLongest; ++length) {
        const std::size_t end = seen_.size();
        if (begin == end) {
            return Slices::kLongest;
        }
        for (std::size_t i = begin; i < end; ++i) {
            for (const ByteRun& run : vocabulary_->slices.characters(kind)) {
                const auto all = follow_run(seen_[i], run);
                if (!all) {
                    return std::nullopt;
                }
                if (!*all || seen_.size() > kMostStates) {
                    return length;
                }
            }
        }
        begin = end;
    }
    return Slices::kLongest;
}

/// Adds the states behind all texts of the run; false when one is not allowed. Nothing: a limit.
std::optional<bool> Matcher::follow_run(StateId state, const ByteRun& run) {
    const std::uint8_t* const classes = automaton_->network().classes.data();
    now_.assign(1, state);
    for (std::size_t i = 0; i < run.length; ++i) {
        next_.clear();
        for (const StateId from : now_) {
            for (unsigned byte = run.bytes[i].low; byte <= run.bytes[i].high; ++byte) {
                if (byte > run.bytes[i].low && classes[byte] == classes[byte - 1]) {
                    continue;
                }
                const StateId to = automaton_->next(from, static_cast<std::uint8_t>(byte));
                if (to == kNoState) {
                    return std::nullopt;
                }
                if (to == kDeadState) {
                    return false;
                }
                add_new(next_, to);
            }
        }
        std::swap(now_, next_);
        if (now_.size() > kMostStates) {
            return false;
        }
    }
    for (const StateId to : now_) {
        add_new(seen_, to);
    }
    return true;
}

}  // namespace tendril::engine::grammar

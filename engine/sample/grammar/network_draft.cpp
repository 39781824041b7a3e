// SPDX-License-Identifier: Apache-2.0
// From the tree of a grammar to nodes and edges (Thompson's construction, with calls). Pure; any thread.
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "engine/sample/grammar/code_points.h"
#include "engine/sample/grammar/grammar.h"
#include "engine/sample/grammar/network.h"

namespace tendril::engine::grammar {
namespace {

constexpr NodeId kNoNode = std::numeric_limits<NodeId>::max();
constexpr std::size_t kInlineNodes = 12;  // larger repeated parts are called instead of copied

class Drafter {
  public:
    explicit Drafter(const Syntax& syntax)
        : syntax_(syntax), parts_(syntax.expressions.size(), kNoNode), sizes_(parts_.size(), 0) {}

    Result<NetworkDraft> draft() {
        for (std::uint32_t rule = 0; rule < syntax_.rules.size(); ++rule) {
            draft_.entries.push_back({new_node(), rule});
        }
        measure();
        for (std::uint32_t rule = 0; rule < syntax_.rules.size(); ++rule) {
            rule_ = rule;
            add_body(syntax_.rules[rule].body, draft_.entries[rule].node);
        }
        for (std::size_t i = 0; i < waiting_.size(); ++i) {  // bodies add further ones
            const auto [expression, entry, rule] = waiting_[i];
            rule_ = rule;
            add_body(expression, entry);
        }
        if (full_) {
            return fail(ErrorCode::too_large, "The grammar is too large: it needs more than " +
                                                  std::to_string(Grammar::kMaxNodes) + " states.");
        }
        draft_.root = draft_.entries[syntax_.root].node;
        return std::move(draft_);
    }

  private:
    NodeId new_node() {
        full_ = full_ || draft_.nodes.size() >= Grammar::kMaxNodes;
        if (!full_) {
            draft_.nodes.emplace_back();
        }
        return static_cast<NodeId>(draft_.nodes.size() - 1);
    }

    /// Nodes of each expression, about; children stand in front of their parents.
    void measure() {
        for (std::size_t i = 0; i < sizes_.size(); ++i) {
            const Expression& e = syntax_.expressions[i];
            std::size_t size = 1;
            switch (e.kind) {
                case Expression::Kind::literal:
                    size = e.bytes.size();
                    break;
                case Expression::Kind::characters:
                    size = e.ranges.size() == 1 && e.ranges[0].last < 0x80 ? 1 : 8;
                    break;
                case Expression::Kind::reference:
                    break;
                case Expression::Kind::repetition:
                    size = kInlineNodes + 1;
                    break;
                case Expression::Kind::sequence:
                case Expression::Kind::choice:
                    for (const ExpressionId child : e.children) {
                        size = std::min(size + sizes_[child], kInlineNodes + 1);
                    }
            }
            sizes_[i] = size;
        }
    }

    void add_body(ExpressionId expression, NodeId entry) {
        const NodeId end = new_node();
        draft_.nodes[end].final = true;
        add(expression, entry, end);
    }

    /// Edges that read the expression between two nodes. None leads to `from` before the expression is read,
    /// and none away from `to` belongs to it.
    void add(ExpressionId id, NodeId from, NodeId to) {
        if (full_) {
            return;
        }
        const Expression& e = syntax_.expressions[id];
        switch (e.kind) {
            case Expression::Kind::literal:
                add_literal(e.bytes, from, to);
                break;
            case Expression::Kind::characters:
                add_characters(e, from, to);
                break;
            case Expression::Kind::reference:
                draft_.nodes[from].calls.push_back({draft_.entries[e.rule].node, to, false});
                break;
            case Expression::Kind::sequence:
                for (std::size_t i = 0; i + 1 < e.children.size(); ++i) {
                    const NodeId next = new_node();
                    add(e.children[i], from, next);
                    from = next;
                }
                if (e.children.empty()) {
                    draft_.nodes[from].skips.push_back(to);
                } else {
                    add(e.children.back(), from, to);
                }
                break;
            case Expression::Kind::choice:
                for (const ExpressionId child : e.children) {
                    add(child, from, to);
                }
                break;
            case Expression::Kind::repetition:
                add_repetition(id, from, to);
        }
    }

    void add_literal(const std::string& bytes, NodeId from, NodeId to) {
        if (bytes.empty()) {
            draft_.nodes[from].skips.push_back(to);
        }
        for (std::size_t i = 0; i < bytes.size() && !full_; ++i) {
            const NodeId next = i + 1 < bytes.size() ? new_node() : to;
            const auto byte = static_cast<std::uint8_t>(bytes[i]);
            draft_.nodes[from].bytes.push_back({next, byte, byte});
            from = next;
        }
    }

    /// Equal ends of byte runs share their nodes: built from the last byte to the first.
    void add_characters(const Expression& characters, NodeId from, NodeId to) {
        std::map<std::tuple<std::uint8_t, std::uint8_t, NodeId>, NodeId> ends;
        for (const ByteRun& run : utf8_runs(characters.ranges)) {
            NodeId target = to;
            for (std::size_t i = run.length - 1; i > 0 && !full_; --i) {
                const auto [low, high] = run.bytes[i];
                const auto [found, added] = ends.try_emplace({low, high, target}, kNoNode);
                if (added) {
                    found->second = new_node();
                    draft_.nodes[found->second].bytes.push_back({target, low, high});
                }
                target = found->second;
            }
            draft_.nodes[from].bytes.push_back({target, run.bytes[0].low, run.bytes[0].high});
        }
    }

    void add_repetition(ExpressionId id, NodeId from, NodeId to) {
        const Expression& e = syntax_.expressions[id];
        const ExpressionId child = e.children.front();
        const bool once = e.most == 1 || (e.least == 0 && e.most == kUnbounded);
        const bool inlined = once || sizes_[child] <= kInlineNodes;
        const auto add_one = [&](NodeId begin, NodeId end) {
            if (inlined) {
                add(child, begin, end);
            } else {
                const NodeId entry = entry_of(child);  // first: it may move the nodes
                draft_.nodes[begin].calls.push_back({entry, end, false});
            }
        };
        for (std::uint32_t i = 0; i < e.least && !full_; ++i) {
            const bool ends_here = i + 1 == e.most;
            const NodeId next = ends_here ? to : new_node();
            add_one(from, next);
            if (ends_here) {
                return;
            }
            from = next;
        }
        if (e.most == kUnbounded) {
            const NodeId loop = new_node();
            draft_.nodes[from].skips.push_back(loop);
            add_one(loop, loop);
            draft_.nodes[loop].skips.push_back(to);
            return;
        }
        for (std::uint32_t i = e.least; i < e.most && !full_; ++i) {
            draft_.nodes[from].skips.push_back(to);
            const NodeId next = i + 1 == e.most ? to : new_node();
            add_one(from, next);
            from = next;
        }
        if (e.most == 0) {
            draft_.nodes[from].skips.push_back(to);
        }
    }

    NodeId entry_of(ExpressionId expression) {
        if (parts_[expression] == kNoNode) {
            parts_[expression] = new_node();
            draft_.entries.push_back({parts_[expression], rule_});
            waiting_.push_back({expression, parts_[expression], rule_});
        }
        return parts_[expression];
    }

    struct Waiting {
        ExpressionId expression;
        NodeId entry;
        std::uint32_t rule;
    };

    const Syntax& syntax_;
    NetworkDraft draft_;
    std::vector<NodeId> parts_;       // entries of repeated expressions
    std::vector<std::size_t> sizes_;  // of expressions
    std::vector<Waiting> waiting_;    // parts whose bodies are to be added
    std::uint32_t rule_ = 0;          // that is being added
    bool full_ = false;
};

}  // namespace

Result<NetworkDraft> draft_network(const Syntax& syntax) {
    return Drafter(syntax).draft();
}

}  // namespace tendril::engine::grammar

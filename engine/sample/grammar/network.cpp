// SPDX-License-Identifier: Apache-2.0
// What a network can do: which rules begin with themselves, which nodes can be completed. Pure; any thread.
#include "engine/sample/grammar/network.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace tendril::engine::grammar {
namespace {

/// For each node those whose own end may depend on it.
class Dependents {
  public:
    Dependents(const NetworkDraft& draft, bool through_bytes) : first_(draft.nodes.size() + 1) {
        for_each(draft, through_bytes, [&](NodeId, NodeId on) { ++first_[on + 1]; });
        std::partial_sum(first_.begin(), first_.end(), first_.begin());
        nodes_.resize(first_.back());
        std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
        for_each(draft, through_bytes, [&](NodeId node, NodeId on) { nodes_[next[on]++] = node; });
    }
    std::span<const NodeId> of(NodeId node) const {
        return std::span(nodes_).subspan(first_[node], first_[node + 1] - first_[node]);
    }

  private:
    template <typename Note>
    static void for_each(const NetworkDraft& draft, bool through_bytes, const Note& note) {
        for (NodeId node = 0; node < draft.nodes.size(); ++node) {
            const NetworkDraft::Node& n = draft.nodes[node];
            for (const NodeId to : n.skips) {
                note(node, to);
            }
            for (const CallEdge& call : n.calls) {
                note(node, call.entry);
                note(node, call.back);
            }
            for (std::size_t i = 0; through_bytes && i < n.bytes.size(); ++i) {
                note(node, n.bytes[i].to);
            }
        }
    }
    std::vector<std::uint32_t> first_;
    std::vector<NodeId> nodes_;
};

/// For each of the draft's entries, those that it may call before it has read a byte.
std::vector<std::set<std::uint32_t>> first_calls(const NetworkDraft& draft) {
    const std::vector<bool> nullable = nodes_that_end(draft, false);
    std::vector<std::uint32_t> entry_of(draft.nodes.size(), 0);  // index + 1
    for (std::size_t i = 0; i < draft.entries.size(); ++i) {
        entry_of[draft.entries[i].node] = static_cast<std::uint32_t>(i + 1);
    }
    std::vector<std::set<std::uint32_t>> calls(draft.entries.size());
    std::vector<std::uint32_t> seen(draft.nodes.size(), 0);
    std::vector<NodeId> work;
    for (std::size_t i = 0; i < draft.entries.size(); ++i) {
        const auto mark = static_cast<std::uint32_t>(i + 1);
        const auto visit = [&](NodeId node) {
            if (std::exchange(seen[node], mark) != mark) {
                work.push_back(node);
            }
        };
        visit(draft.entries[i].node);
        while (!work.empty()) {
            const NetworkDraft::Node& node = draft.nodes[work.back()];
            work.pop_back();
            std::for_each(node.skips.begin(), node.skips.end(), visit);
            for (const CallEdge& call : node.calls) {
                calls[i].insert(entry_of[call.entry] - 1);
                if (nullable[call.entry]) {
                    visit(call.back);
                }
            }
        }
    }
    return calls;
}

std::string chain_of(const Syntax& syntax, const NetworkDraft& draft,
                     const std::vector<std::uint32_t>& path) {
    std::string text;
    std::uint32_t before = 0xFFFFFFFF;
    std::size_t names = 0;
    for (const std::uint32_t entry : path) {
        const std::uint32_t rule = draft.entries[entry].rule;
        if (rule == before && path.size() > 2) {
            continue;  // a part of the same rule
        }
        if (++names > 8) {
            return text + " -> ...";
        }
        text += (text.empty() ? "" : " -> ") + syntax.rules[rule].name;
        before = rule;
    }
    return text;
}

tl::unexpected<Error> left_recursion(const Syntax& syntax, const NetworkDraft& draft,
                                     const std::vector<std::uint32_t>& cycle) {
    const Rule& rule = syntax.rules[draft.entries[cycle.front()].rule];
    return fail(ErrorCode::unsupported,
                "The grammar cannot be used: line " + std::to_string(rule.place.line) + ", column " +
                    std::to_string(rule.place.column) + ": the rule \"" + rule.name +
                    "\" may begin with itself (" + chain_of(syntax, draft, cycle) +
                    "): such left recursion is not supported, a repetition says the same.");
}

}  // namespace

std::vector<bool> nodes_that_end(const NetworkDraft& draft, bool through_bytes) {
    const Dependents dependents(draft, through_bytes);
    std::vector<bool> ends(draft.nodes.size(), false);
    std::vector<NodeId> work;
    const auto mark = [&](NodeId node) {
        if (!ends[node]) {
            ends[node] = true;
            work.push_back(node);
        }
    };
    for (NodeId node = 0; node < draft.nodes.size(); ++node) {
        if (draft.nodes[node].final) {
            mark(node);
        }
    }
    const auto ends_now = [&](NodeId node) {
        const NetworkDraft::Node& n = draft.nodes[node];
        return std::any_of(n.skips.begin(), n.skips.end(), [&](NodeId to) { return ends[to]; }) ||
               std::any_of(n.calls.begin(), n.calls.end(),
                           [&](const CallEdge& call) { return ends[call.entry] && ends[call.back]; }) ||
               (through_bytes && std::any_of(n.bytes.begin(), n.bytes.end(),
                                             [&](const ByteEdge& edge) { return ends[edge.to]; }));
    };
    while (!work.empty()) {
        const NodeId node = work.back();
        work.pop_back();
        const std::span<const NodeId> others = dependents.of(node);  // equal ones stand together
        for (std::size_t i = 0; i < others.size(); ++i) {
            if (!ends[others[i]] && (i == 0 || others[i] != others[i - 1]) && ends_now(others[i])) {
                mark(others[i]);
            }
        }
    }
    return ends;
}

/// Depth first over "may call before it has read a byte"; a rule that is met again on the way is a cycle.
Status check_left_recursion(const Syntax& syntax, const NetworkDraft& draft) {
    const auto calls = first_calls(draft);
    enum class State : std::uint8_t { fresh, open, done };
    std::vector<State> states(calls.size(), State::fresh);
    std::vector<std::uint32_t> path;
    std::vector<std::set<std::uint32_t>::const_iterator> next;
    for (std::uint32_t start = 0; start < calls.size(); ++start) {
        if (states[start] != State::fresh) {
            continue;
        }
        path.assign(1, start);
        next.assign(1, calls[start].begin());
        states[start] = State::open;
        while (!path.empty()) {
            const std::uint32_t entry = path.back();
            if (next.back() == calls[entry].end()) {
                states[entry] = State::done;
                path.pop_back();
                next.pop_back();
                continue;
            }
            const std::uint32_t called = *next.back()++;
            if (states[called] == State::open) {
                path.erase(path.begin(), std::find(path.begin(), path.end(), called));
                path.push_back(called);
                return left_recursion(syntax, draft, path);
            }
            if (states[called] == State::fresh) {
                states[called] = State::open;
                path.push_back(called);
                next.push_back(calls[called].begin());
            }
        }
    }
    return {};
}

namespace {

/// Cuts the edge to the bytes of the set, which may leave several.
void append_available(const ByteEdge& edge, const ByteSet& available, std::vector<ByteEdge>& out) {
    for (unsigned byte = edge.low; byte <= edge.high; ++byte) {
        if (!available[byte]) {
            continue;
        }
        const auto low = static_cast<std::uint8_t>(byte);
        while (byte < edge.high && available[byte + 1]) {
            ++byte;
        }
        out.push_back({edge.to, low, static_cast<std::uint8_t>(byte)});
    }
}

/// Bytes that lie in the same edges, for all edges, get the same class.
void set_classes(Network& network) {
    std::set<std::pair<std::uint8_t, std::uint8_t>> ranges;
    for (const ByteEdge& edge : network.byte_edges) {
        ranges.emplace(edge.low, edge.high);
    }
    std::array<std::uint32_t, 256> classes{};
    std::size_t count = 1;
    for (const auto& [low, high] : ranges) {  // refines the classes by one range after the other
        std::map<std::uint32_t, std::uint32_t> inside;
        std::array<bool, 256> stays{};
        for (unsigned byte = 0; byte < 256; ++byte) {
            if (byte < low || byte > high) {
                stays[classes[byte]] = true;
            }
        }
        for (unsigned byte = low; byte <= high; ++byte) {
            if (!stays[classes[byte]]) {
                continue;  // the whole class lies inside
            }
            const auto [found, added] = inside.try_emplace(classes[byte], static_cast<std::uint32_t>(count));
            count += added ? 1 : 0;
            classes[byte] = found->second;
        }
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
        network.classes[byte] = static_cast<std::uint8_t>(classes[byte]);
    }
    network.class_count = count;
}

bool nothing_but_end(const NetworkDraft& draft, NodeId node) {
    const NetworkDraft::Node& n = draft.nodes[node];
    return n.final && n.bytes.empty() && n.calls.empty() && n.skips.empty();
}

void drop_dead_edges(NetworkDraft& draft, const ByteSet& available) {
    std::vector<ByteEdge> cut;
    for (NetworkDraft::Node& node : draft.nodes) {
        cut.clear();
        for (const ByteEdge& edge : node.bytes) {
            append_available(edge, available, cut);
        }
        node.bytes = cut;
    }
    const std::vector<bool> ends = nodes_that_end(draft, true);
    for (NetworkDraft::Node& node : draft.nodes) {
        std::erase_if(node.bytes, [&](const ByteEdge& edge) { return !ends[edge.to]; });
        std::erase_if(node.skips, [&](NodeId to) { return !ends[to]; });
        std::erase_if(node.calls,
                      [&](const CallEdge& call) { return !ends[call.entry] || !ends[call.back]; });
    }
}

}  // namespace

std::optional<Network> pruned_network(NetworkDraft draft, const ByteSet& available) {
    drop_dead_edges(draft, available);
    if (!nodes_that_end(draft, true)[draft.root]) {
        return std::nullopt;
    }
    Network network;
    network.root = draft.root;
    network.nodes.reserve(draft.nodes.size() + 1);
    for (const NetworkDraft::Node& node : draft.nodes) {
        network.nodes.push_back({static_cast<std::uint32_t>(network.byte_edges.size()),
                                 static_cast<std::uint32_t>(network.skips.size()),
                                 static_cast<std::uint32_t>(network.calls.size()), node.final});
        network.byte_edges.insert(network.byte_edges.end(), node.bytes.begin(), node.bytes.end());
        network.skips.insert(network.skips.end(), node.skips.begin(), node.skips.end());
        for (CallEdge call : node.calls) {
            call.last = nothing_but_end(draft, call.back);
            network.calls.push_back(call);
        }
    }
    network.nodes.push_back({static_cast<std::uint32_t>(network.byte_edges.size()),
                             static_cast<std::uint32_t>(network.skips.size()),
                             static_cast<std::uint32_t>(network.calls.size()), false});
    set_classes(network);
    return network;
}

std::optional<Network> restricted_network(const Network& network, const ByteSet& available) {
    NetworkDraft draft;
    draft.root = network.root;
    draft.nodes.resize(network.size());
    for (NodeId node = 0; node < network.size(); ++node) {
        const auto bytes = network.bytes_of(node);
        const auto skips = network.skips_of(node);
        const auto calls = network.calls_of(node);
        draft.nodes[node] = {{bytes.begin(), bytes.end()},
                             {skips.begin(), skips.end()},
                             {calls.begin(), calls.end()},
                             network.nodes[node].final};
    }
    return pruned_network(std::move(draft), available);
}

}  // namespace tendril::engine::grammar

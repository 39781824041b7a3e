// SPDX-License-Identifier: Apache-2.0
// A grammar as a recursive transition network over bytes: a small automaton for each rule, whose edges take a
// byte, nothing, or a whole other rule. Values; immutable once made; any thread.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/sample/grammar/syntax.h"

namespace tendril::engine::grammar {

using NodeId = std::uint32_t;
using ByteSet = std::bitset<256>;

struct ByteEdge {
    NodeId to = 0;
    std::uint8_t low = 0;
    std::uint8_t high = 0;
};
struct CallEdge {
    NodeId entry = 0;   ///< of the called rule
    NodeId back = 0;    ///< where it goes on behind it
    bool last = false;  ///< nothing but the end of this rule comes behind it: the call takes its place
};

struct Network {
    struct Node {
        std::uint32_t bytes = 0;  ///< first of its edges; they end where those of the next node begin
        std::uint32_t skips = 0;
        std::uint32_t calls = 0;
        bool final = false;  ///< its rule may end here
    };
    std::vector<Node> nodes;  ///< and one behind the last
    std::vector<ByteEdge> byte_edges;
    std::vector<NodeId> skips;
    std::vector<CallEdge> calls;
    NodeId root = 0;
    /// Bytes that no edge tells apart are of one class.
    std::array<std::uint8_t, 256> classes{};
    std::size_t class_count = 1;

    std::size_t size() const { return nodes.size() - 1; }
    std::span<const ByteEdge> bytes_of(NodeId node) const {
        return std::span(byte_edges).subspan(nodes[node].bytes, nodes[node + 1].bytes - nodes[node].bytes);
    }
    std::span<const NodeId> skips_of(NodeId node) const {
        return std::span(skips).subspan(nodes[node].skips, nodes[node + 1].skips - nodes[node].skips);
    }
    std::span<const CallEdge> calls_of(NodeId node) const {
        return std::span(calls).subspan(nodes[node].calls, nodes[node + 1].calls - nodes[node].calls);
    }
};

/// A network while it is built: any node may get edges.
struct NetworkDraft {
    struct Node {
        std::vector<ByteEdge> bytes;
        std::vector<NodeId> skips;
        std::vector<CallEdge> calls;
        bool final = false;
    };
    std::vector<Node> nodes;
    /// First node of each rule, those of repeated groups included; `rules` is the named rule it belongs to.
    struct Entry {
        NodeId node = 0;
        std::uint32_t rule = 0;
    };
    std::vector<Entry> entries;
    NodeId root = 0;
};

/// Repeated groups become rules of their own, so that n times n repetitions do not take n² nodes.
Result<NetworkDraft> draft_network(const Syntax& syntax);

/// An error that names the rules when one begins with itself.
Status check_left_recursion(const Syntax& syntax, const NetworkDraft& draft);

/// Nodes from which the end of their rule can be reached.
std::vector<bool> nodes_that_end(const NetworkDraft& draft, bool through_bytes);

/// The network without the edges behind which no end can be reached with the bytes of `available`: each state
/// that is reached by what is left can be completed. Nothing when the root cannot be completed.
std::optional<Network> pruned_network(NetworkDraft draft, const ByteSet& available);
/// The same for a network that is made already.
std::optional<Network> restricted_network(const Network& network, const ByteSet& available);

}  // namespace tendril::engine::grammar

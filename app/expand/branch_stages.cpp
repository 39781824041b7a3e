// SPDX-License-Identifier: Apache-2.0
// Branches: the prompt of a point. One that needs another goes on where that one ended, so its text is
// shared; the texts of further ones are moved there from their own pages.
#include <algorithm>
#include <utility>

#include "app/expand/branch.h"

namespace tendril::app {

namespace skeleton = prompt::skeleton;

namespace {

/// Tokens that are equal at the ends of both, at most `most`.
std::size_t common_end(const std::vector<engine::TokenId>& left, const std::vector<engine::TokenId>& right,
                       std::size_t most) {
    const std::size_t limit = std::min({left.size(), right.size(), most});
    std::size_t count = 0;
    while (count < limit && left[left.size() - 1 - count] == right[right.size() - 1 - count]) {
        ++count;
    }
    return count;
}

std::size_t common_beginning(const std::vector<engine::TokenId>& whole, std::size_t from,
                             const std::vector<engine::TokenId>& part) {
    std::size_t count = 0;
    while (count < part.size() && from + count < whole.size() && whole[from + count] == part[count]) {
        ++count;
    }
    return count;
}

/// Text of another point in a prompt that is being made.
struct Insert {
    std::uint32_t point = 0;
    std::size_t suffix = 0;  // last tokens of that point's own prompt that stand in this one as well
    std::size_t drawn_at = 0;
};

}  // namespace

std::optional<Stage> Branches::stage_of(std::uint32_t index, std::vector<engine::MovedText>& moved) {
    const auto& points = request_.points.points;
    Branch& branch = *branches_[index];
    const auto suffix_of = [&](std::uint32_t point) {
        return skeleton::point_suffix(language_, points, point);
    };
    const auto alone = [&]() -> std::optional<Stage> {
        const auto suffix = suffix_of(index);
        return composer_.extend(request_.stage, request_.outline, suffix.user, suffix.heading);
    };
    std::vector<std::uint32_t> needs = points[index].needs;
    std::erase_if(needs, [&](std::uint32_t need) { return branches_[need]->drawn.text.empty(); });
    if (needs.empty()) {
        return alone();
    }
    const std::uint32_t base = *std::max_element(needs.begin(), needs.end(), [&](auto left, auto right) {
        return branches_[left]->chain.size() < branches_[right]->chain.size();
    });
    branch.chain = branches_[base]->chain;
    branch.chain.push_back(base);
    std::optional<Stage> stage = branches_[base]->stage;
    const Drawn* drawn = &branches_[base]->drawn;
    std::vector<Insert> inserts;
    for (const std::uint32_t need : needs) {
        if (std::find(branch.chain.begin(), branch.chain.end(), need) != branch.chain.end()) {
            continue;
        }
        const std::size_t before = stage->tokens.size();
        const auto suffix = suffix_of(need);
        stage = composer_.extend(*stage, *drawn, suffix.user, suffix.heading);
        if (!stage) {
            break;
        }
        const std::size_t own =
            stage->tokens.size() - before - common_beginning(stage->tokens, before, drawn->tokens);
        inserts.push_back(
            {need, common_end(stage->tokens, branches_[need]->stage->tokens, own), stage->tokens.size()});
        drawn = &branches_[need]->drawn;
        branch.chain.push_back(need);
    }
    if (stage) {
        const auto suffix = suffix_of(index);
        stage = composer_.extend(*stage, *drawn, suffix.user, suffix.heading);
    }
    if (!stage) {
        branch.chain.clear();
        return alone();
    }
    for (const Insert& insert : inserts) {
        const Branch& other = *branches_[insert.point];
        const std::size_t count = common_beginning(stage->tokens, insert.drawn_at, other.drawn.tokens);
        engine::MovedText text;
        text.at = static_cast<std::uint32_t>(insert.drawn_at - insert.suffix);
        text.context = other.stage->tokens;
        text.context.insert(text.context.end(), other.drawn.tokens.begin(),
                            other.drawn.tokens.begin() + static_cast<std::ptrdiff_t>(count));
        text.length = static_cast<std::uint32_t>(insert.suffix + count);
        if (text.length > 0) {
            moved.push_back(std::move(text));
        }
    }
    return stage;
}

std::vector<WrittenPoint> Branches::written() const {
    std::vector<WrittenPoint> all;
    for (const auto& branch : branches_) {
        if (branch->copy || !branch->stage || branch->drawn.text.empty()) {
            continue;
        }
        WrittenPoint point;
        point.tokens = branch->stage->tokens;
        point.heading_at = static_cast<std::uint32_t>(branch->stage->heading_at);
        // What was drawn behind the text that is kept does no harm: it is not found in any answer.
        point.tokens.insert(point.tokens.end(), branch->drawn.tokens.begin(), branch->drawn.tokens.end());
        all.push_back(std::move(point));
    }
    return all;
}

}  // namespace tendril::app

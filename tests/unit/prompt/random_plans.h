// SPDX-License-Identifier: Apache-2.0
// Conversations to plan, random ones too, and a count of their tokens that is easy to reckon. Test thread.
#pragma once

#include <string>
#include <vector>

#include <rapidcheck.h>

#include "prompt/context/context_plan.h"

namespace tendril::prompt::context {

/// Four tokens for each message and one for each letter: close to what templates do, and additive.
inline std::size_t tokens_of(const ChatMessages& messages) {
    std::size_t tokens = 3;
    for (const ChatMessage& message : messages) {
        tokens += 4 + message.content.size();
    }
    return tokens;
}
inline const PromptCounter kCount = [](const ChatMessages& messages) -> Result<std::size_t> {
    return tokens_of(messages);
};
inline const TextCounter kLetters = [](std::string_view text) { return text.size(); };

inline Result<ContextPlan> planned(const PlanRequest& request) {
    return plan(request, kCount, kLetters);
}

inline std::string whole(const ChatMessages& messages) {
    std::string text;
    for (const ChatMessage& message : messages) {
        text += "<" + message.role + ">" + message.content;
    }
    return text;
}

inline std::size_t limit_of(const PlanRequest& request) {
    return request.context - std::min(request.reserve, request.context / 4);
}

/// A name that stands in no other text.
inline std::string name_of(std::size_t number) {
    return "#" + std::to_string(number) + ";";
}

inline Segment segment(std::size_t number, const char* role, std::size_t length, Keep keep = Keep::normal) {
    return {static_cast<std::int64_t>(number), role, name_of(number) + std::string(length, 'x'), {}, keep};
}

inline Keep random_keep() {
    const int dice = *rc::gen::inRange(0, 12);
    return dice == 0 ? Keep::pinned : dice == 1 ? Keep::excluded : Keep::normal;
}

/// Begins of exchanges, as a person would say: a question, or more in a row, with what answers them.
inline std::vector<std::size_t> begins_of(const PlanRequest& request) {
    std::vector<std::size_t> begins;
    for (std::size_t i = 0; i < request.segments.size(); ++i) {
        const bool user = request.segments[i].role == "user";
        if (i == 0 || (user && request.segments[i - 1].role != "user")) {
            begins.push_back(i);
        }
    }
    return begins;
}

inline PlanRequest random_request() {
    PlanRequest request;
    const auto longest = *rc::gen::inRange<std::size_t>(1, 300);
    const auto length = [&] { return *rc::gen::inRange<std::size_t>(0, longest); };
    const int exchanges = *rc::gen::inRange(0, 60);
    const bool marks = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) {
        request.system = "SYSTEM" + std::string(length(), 's');
    }
    const auto add = [&](const char* role) {
        request.segments.push_back(
            segment(request.segments.size(), role, length(), marks ? random_keep() : Keep::normal));
    };
    if (*rc::gen::inRange(0, 10) == 0) {
        add("assistant");
    }
    for (int i = 0; i < exchanges; ++i) {
        add("user");
        if (*rc::gen::inRange(0, 8) == 0) {
            request.segments.back().documents.push_back(
                {1000 + i, "[" + std::to_string(i) + "]" + std::string(length(), 'd') + "\n\n"});
        }
        for (int answers = *rc::gen::inRange(0, 3); answers > 0; --answers) {
            add("assistant");
        }
    }
    add("user");
    request.segments.back().keep = Keep::normal;
    const auto begins = begins_of(request);
    if (*rc::gen::arbitrary<bool>() && begins.size() > 1) {
        const auto covers = begins[*rc::gen::inRange<std::size_t>(1, begins.size())];
        request.shorts.push_back(
            {7, covers, "SHORT" + std::string(length() / 2, 'm'), *rc::gen::inRange(0, 4) == 0});
    }
    request.context = *rc::gen::inRange<std::size_t>(0, 4000);
    request.reserve = *rc::gen::inRange<std::size_t>(0, 1000);
    return request;
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace tendril::prompt::context

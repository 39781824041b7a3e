// SPDX-License-Identifier: Apache-2.0
// How an answer stands that could grow in points side by side: why it does or does not, its outline, and what
// each point cost. Kept with the message as JSON. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tendril::app {

enum class PointPhase : std::uint8_t { waiting, growing, done, stopped };

struct PointState {
    std::string title;    ///< as in the outline, plain text
    std::string heading;  ///< as it stands in the answer, Markdown, without what follows it
    PointPhase phase = PointPhase::waiting;
    std::vector<std::uint32_t> needs;  ///< points, from 0, on whose text this one builds
    std::uint32_t tokens = 0;          ///< drawn
    double ms = 0;                     ///< from its beginning to its end
    std::string stop;                  ///< why it ended: "end_of_text", "longest", "repetition", ...
    std::uint32_t begin = 0;  ///< its bytes in the finished answer, heading included; both 0: not in it
    std::uint32_t end = 0;
    bool operator==(const PointState&) const = default;
};

struct ExpansionState {
    bool skeleton = false;           ///< false: a normal answer
    std::string reason_key;          ///< of the choice, for translation
    std::string reason;              ///< the same as a sentence for a person, in English
    std::vector<PointState> points;  ///< empty for a normal answer
    double outline_ms = 0;           ///< all times from the question on; 0: did not come
    double first_text_ms = 0;
    double first_paragraph_ms = 0;
    double total_ms = 0;
    double router_score = 0;          ///< the model's own choice; 0: it was not asked
    double predicted_gain = 0;        ///< time of a normal answer over that of this one; 0: not asked
    std::uint32_t prompt_tokens = 0;  ///< of all its requests together
    std::uint32_t cached_tokens = 0;
    std::uint32_t moved_tokens = 0;
    std::uint32_t forced_tokens = 0;
    std::uint32_t outline_tokens = 0;
    bool operator==(const ExpansionState&) const = default;
};

/// "waiting", "growing", "done", "stopped"
const char* name_of(PointPhase phase);

std::string to_json(const ExpansionState& state);
/// Nothing for an empty text or one that is no such JSON; strange values in it are left out.
std::optional<ExpansionState> read_expansion(std::string_view json);

}  // namespace tendril::app

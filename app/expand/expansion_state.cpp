// SPDX-License-Identifier: Apache-2.0
// ExpansionState as JSON. Any thread.
#include "app/expand/expansion_state.h"

#include <nlohmann/json.hpp>

namespace tendril::app {
namespace {

using nlohmann::ordered_json;

constexpr PointPhase kPhases[] = {PointPhase::waiting, PointPhase::growing, PointPhase::done,
                                  PointPhase::stopped};

ordered_json point_json(const PointState& point) {
    return {{"title", point.title}, {"heading", point.heading}, {"state", name_of(point.phase)},
            {"needs", point.needs}, {"tokens", point.tokens},   {"ms", point.ms},
            {"stop", point.stop},   {"begin", point.begin},     {"end", point.end}};
}

template <typename T>
T field(const ordered_json& json, const char* name) {
    const auto it = json.find(name);
    if (it == json.end()) {
        return {};
    }
    if constexpr (std::is_same_v<T, std::string>) {
        return it->is_string() ? it->template get<std::string>() : std::string();
    } else if constexpr (std::is_same_v<T, double>) {
        return it->is_number() ? it->template get<double>() : 0.0;
    } else {
        return it->is_number_unsigned() && it->template get<std::uint64_t>() <= UINT32_MAX
                   ? static_cast<T>(it->template get<std::uint64_t>())
                   : T{};
    }
}

PointState read_point(const ordered_json& json) {
    PointState point;
    point.title = field<std::string>(json, "title");
    point.heading = field<std::string>(json, "heading");
    const auto state = field<std::string>(json, "state");
    for (const PointPhase phase : kPhases) {
        point.phase = state == name_of(phase) ? phase : point.phase;
    }
    if (const auto needs = json.find("needs"); needs != json.end() && needs->is_array()) {
        for (const auto& one : *needs) {
            if (one.is_number_unsigned() && one.get<std::uint64_t>() <= UINT32_MAX) {
                point.needs.push_back(one.get<std::uint32_t>());
            }
        }
    }
    point.tokens = field<std::uint32_t>(json, "tokens");
    point.ms = field<double>(json, "ms");
    point.stop = field<std::string>(json, "stop");
    point.begin = field<std::uint32_t>(json, "begin");
    point.end = field<std::uint32_t>(json, "end");
    return point;
}

}  // namespace

const char* name_of(PointPhase phase) {
    switch (phase) {
        case PointPhase::waiting:
            return "waiting";
        case PointPhase::growing:
            return "growing";
        case PointPhase::done:
            return "done";
        case PointPhase::stopped:
            return "stopped";
    }
    return "";
}

std::string to_json(const ExpansionState& state) {
    ordered_json json = {{"mode", state.skeleton ? "skeleton" : "normal"},
                         {"reason_key", state.reason_key},
                         {"reason", state.reason}};
    if (!state.points.empty()) {
        json["points"] = ordered_json::array();
        for (const PointState& point : state.points) {
            json["points"].push_back(point_json(point));
        }
    }
    json["outline_ms"] = state.outline_ms;
    json["first_text_ms"] = state.first_text_ms;
    json["first_paragraph_ms"] = state.first_paragraph_ms;
    json["total_ms"] = state.total_ms;
    json["router_score"] = state.router_score;
    json["predicted_gain"] = state.predicted_gain;
    json["prompt_tokens"] = state.prompt_tokens;
    json["cached_tokens"] = state.cached_tokens;
    json["moved_tokens"] = state.moved_tokens;
    json["forced_tokens"] = state.forced_tokens;
    json["outline_tokens"] = state.outline_tokens;
    return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::optional<ExpansionState> read_expansion(std::string_view text) {
    const auto json = ordered_json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("mode")) {
        return std::nullopt;
    }
    ExpansionState state;
    state.skeleton = field<std::string>(json, "mode") == "skeleton";
    state.reason_key = field<std::string>(json, "reason_key");
    state.reason = field<std::string>(json, "reason");
    if (const auto points = json.find("points"); points != json.end() && points->is_array()) {
        for (const auto& point : *points) {
            if (point.is_object()) {
                state.points.push_back(read_point(point));
            }
        }
    }
    state.outline_ms = field<double>(json, "outline_ms");
    state.first_text_ms = field<double>(json, "first_text_ms");
    state.first_paragraph_ms = field<double>(json, "first_paragraph_ms");
    state.total_ms = field<double>(json, "total_ms");
    state.router_score = field<double>(json, "router_score");
    state.predicted_gain = field<double>(json, "predicted_gain");
    state.prompt_tokens = field<std::uint32_t>(json, "prompt_tokens");
    state.cached_tokens = field<std::uint32_t>(json, "cached_tokens");
    state.moved_tokens = field<std::uint32_t>(json, "moved_tokens");
    state.forced_tokens = field<std::uint32_t>(json, "forced_tokens");
    state.outline_tokens = field<std::uint32_t>(json, "outline_tokens");
    return state;
}

}  // namespace tendril::app

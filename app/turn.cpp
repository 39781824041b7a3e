// SPDX-License-Identifier: Apache-2.0
// Turn: from what an expansion tells to the journal, the message in memory and the events. Chat worker's
// thread only.
#include "app/turn.h"

#include <utility>

namespace tendril::app {

using storage::MessageStatus;

void Turn::tell_changed() {
    const storage::Message& row = message();
    if (is_shown() && tree->on_branch(row.id)) {
        ShownMessage shown = tree->shown(row);
        shown.waiting = row.status == MessageStatus::streaming && !any_text;
        link_.emit(MessageChanged{shown_, std::move(shown)});
    }
}

void Turn::tell_points() const {
    if (!expansion || point_texts_.empty()) {
        return;
    }
    link_.emit(OutlineShown{shown_, reply, expansion->state()});
    for (std::uint32_t i = 0; i < point_texts_.size(); ++i) {
        if (!point_texts_[i].empty()) {
            link_.emit(PointText{shown_, reply, i, point_texts_[i]});
        }
    }
}

void Turn::something_to_see() {
    if (!any_text) {
        any_text = true;
        first_text = Clock::now();
        tell_changed();  // no longer waiting
    }
}

void Turn::tell_outline(const ExpansionState& state) {
    if (is_shown()) {
        link_.emit(OutlineShown{shown_, reply, state});
    }
}

void Turn::on_route(const ExpansionState& state) {
    if (state.reason_key.empty() || (!state.skeleton && state.reason_key == "never")) {
        return;  // it was not asked
    }
    message().expansion = to_json(state);
    if (!state.skeleton && !point_texts_.empty()) {  // given up: one text from here on
        point_texts_.clear();
        journal->begin_points({}, message().expansion, Clock::now());
    }
    tell_outline(state);
}

void Turn::on_outline(const ExpansionState& state) {
    point_texts_.assign(state.points.size(), {});
    std::vector<std::string> headings;
    for (const PointState& point : state.points) {
        headings.push_back(point.heading + "\n\n");
    }
    message().expansion = to_json(state);
    journal->begin_points(std::move(headings), message().expansion, Clock::now());
    something_to_see();
    tell_outline(state);
}

void Turn::on_point_text(std::uint32_t point, const std::string& text, std::uint32_t count) {
    tokens += count;
    if (text.empty() || point >= point_texts_.size()) {
        return;
    }
    point_texts_[point] += text;
    journal->add_to_point(point, text, Clock::now());
    if (is_shown()) {
        link_.emit(PointText{shown_, reply, point, text});
    }
}

void Turn::on_point_state(const ExpansionState& state) {
    message().expansion = to_json(state);
    tell_outline(state);
}

void Turn::on_text(const std::string& text, std::uint32_t count) {
    tokens += count;
    if (text.empty()) {
        return;
    }
    something_to_see();
    message().text += text;
    journal->add(text, Clock::now());
    if (is_shown()) {
        link_.emit(ReplyText{shown_, reply, text});
    }
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// Renders templates for compare_all.py: each line of stdin is {"template", "variables", "now"}, each line of
// stdout {"text"} or {"error"}. One thread.
#include <ctime>
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "prompt/chat_template.h"

int main() {
    using nlohmann::ordered_json;
    for (std::string line; std::getline(std::cin, line);) {
        const auto request = ordered_json::parse(line);
        ordered_json answer;
        const auto compiled = tendril::prompt::ChatTemplate::compile(request["template"].get<std::string>());
        if (!compiled.has_value()) {
            answer = {{"error", compiled.error().message}, {"compile", true}};
        } else {
            const auto text = compiled->render(
                request["variables"], static_cast<std::time_t>(request.value("now", std::int64_t{0})));
            answer = text.has_value() ? ordered_json{{"text", *text}}
                                      : ordered_json{{"error", text.error().message}};
        }
        std::cout << answer.dump() << std::endl;
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Prints what branches of an answer in points and the turn behind it cost in steps, rows and tokens read, and
// how far the stitched text is from exact, as JSON. Counts, not times: it may run beside other work.
#include <iostream>

#include <nlohmann/json.hpp>

#include "tests/support/stitched_chat.h"

using nlohmann::ordered_json;
using namespace tendril::test;

namespace {

ordered_json to_json(const StitchFigures& f) {
    return {{"branches",
             {{"count", f.branches},
              {"tokens", f.branch_tokens},
              {"steps", f.branch_steps},
              {"rows", f.branch_rows},
              {"prompt_tokens", f.branch_prompt},
              {"cached_tokens", f.branch_cached},
              {"tokens_read", f.branch_read}}},
            {"next_turn",
             {{"prompt_tokens", f.turn_prompt},
              {"cached_tokens", f.turn_cached},
              {"moved_tokens", f.turn_moved},
              {"tokens_read", f.turn_read},
              {"steps_to_first_token", f.turn_steps}}},
            {"mean_kl",
             {{"rows", f.kl_rows},
              {"stitched", f.stitched},
              {"wrong_order", f.wrong_order},
              {"zero_delta", f.zero_delta},
              {"after_swap", f.after_swap},
              {"same_likeliest_token", f.same_best}}}};
}

}  // namespace

int main(int count, char** arguments) {
    std::string model;
    std::size_t tokens = 64;
    std::size_t answer = 48;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string name = arguments[i];
        if (name == "--model") {
            model = arguments[i + 1];
        } else if (name == "--tokens") {
            tokens = std::stoul(arguments[i + 1]);
        } else if (name == "--answer") {
            answer = std::stoul(arguments[i + 1]);
        }
    }
    if (model.empty() || tokens == 0 || answer == 0) {
        std::cerr << "usage: stitch_bench --model QWEN.gguf [--tokens N] [--answer N]\n";
        return 2;
    }
    try {
        StitchedChat chat(model);
        ordered_json result = ordered_json::array();
        for (const PointsQuestion& question : points_questions()) {
            ordered_json one = {{"question", question.text}};
            one.update(to_json(chat.measure(question, tokens, answer)));
            result.push_back(std::move(one));
        }
        std::cout << result.dump(2) << "\n";
    } catch (const std::exception& exception) {
        std::cerr << exception.what() << "\n";
        return 1;
    }
    return 0;
}

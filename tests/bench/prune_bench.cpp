// SPDX-License-Identifier: Apache-2.0
// Prints what pruning a document's keys and values keeps of its answers, saves of memory and time, and costs,
// as JSON: for each method and share the mean KL from the whole document over the answers to questions asked
// afterwards, exact answers, bytes, and milliseconds.
#include <iostream>

#include <nlohmann/json.hpp>

#include "tests/support/pruned_document.h"

using namespace tendril::engine;
using namespace tendril::test;
using nlohmann::ordered_json;

namespace {

const char* name_of(PruneMethod method) {
    return method == PruneMethod::kvzip ? "kvzip" : method == PruneMethod::snapkv ? "snapkv" : "random";
}

ordered_json to_json(PruneMethod method, double keep, const PruneFigures& f) {
    return {{"method", name_of(method)},
            {"keep", keep},
            {"mean_kl", f.kl},
            {"same_likeliest_token", static_cast<double>(f.same_best) / static_cast<double>(f.rows)},
            {"exact", f.exact},
            {"questions", f.questions},
            {"bytes_before", f.bytes_before},
            {"bytes_after", f.bytes_after},
            {"rows_run", f.prune_rows},
            {"prune_ms", f.prune_ms}};
}

}  // namespace

int main(int count, char** arguments) {
    std::string model;
    std::size_t tokens = 1500;
    KvType kv = KvType::f16;
    unsigned seed = 1;
    int turns = 0;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string name = arguments[i];
        const std::string value = arguments[i + 1];
        if (name == "--model") {
            model = value;
        } else if (name == "--tokens") {
            tokens = std::stoul(value);
        } else if (name == "--seed") {
            seed = static_cast<unsigned>(std::stoul(value));
        } else if (name == "--decode-turns") {
            turns = std::stoi(value);
        } else if (name == "--kv") {
            kv = value == "q8_0" ? KvType::q8_0 : value == "q4_0" ? KvType::q4_0 : KvType::f16;
        }
    }
    if (model.empty()) {
        std::cerr << "usage: prune_bench --model CHATML.gguf [--tokens N --seed N --kv T --decode-turns N]\n";
        return 2;
    }
    try {
        PrunedDocument document(model, tokens, seed, kv);
        ordered_json result = {{"tokens", document.text_tokens()},
                               {"exact_of_whole", document.exact_of_whole()},
                               {"read_ms", document.read_ms()}};
        for (const double keep : {0.5, 0.33, 0.25}) {
            for (const PruneMethod method : {PruneMethod::kvzip, PruneMethod::snapkv, PruneMethod::random}) {
                result["pruned"].push_back(to_json(method, keep, document.measure(method, keep)));
            }
        }
        result["without_offset"] =
            to_json(PruneMethod::kvzip, 0.5, document.measure_without_offset(PruneMethod::kvzip, 0.5));
        if (turns > 0) {
            for (const double keep : {0.5, 0.33, 0.25}) {
                const auto [whole, pruned] = document.decode_ms(PruneMethod::kvzip, keep, turns);
                result["decode"].push_back({{"keep", keep}, {"whole_ms", whole}, {"pruned_ms", pruned}});
            }
        }
        std::cout << result.dump(1) << "\n";
    } catch (const std::exception& exception) {
        std::cerr << exception.what() << "\n";
        return 1;
    }
    return 0;
}

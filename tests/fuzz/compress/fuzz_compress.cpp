// SPDX-License-Identifier: Apache-2.0
// Any text, any scores on any pieces, any rate and method: the result is parts of the original, whole
// characters, and has every protected span. libFuzzer's thread.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "prompt/compress/characters.h"
#include "prompt/compress/compress.h"
#include "prompt/compress/protection.h"
#include "tests/unit/prompt/random_scorer.h"

using namespace tendril::prompt;

namespace {

void require(bool good) {
    if (!good) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) {
        return 0;
    }
    const std::string text(reinterpret_cast<const char*>(data) + 3, size - 3);
    CompressSettings settings;
    settings.method = kMethods[data[0] % std::size(kMethods)];
    settings.rate = 0.05 + data[1] / 269.0;
    settings.question = text.substr(0, compression::is_boundary(text, 12) ? 12 : 0) + "?";
    const std::size_t half = text.size() / 2;
    if (data[2] % 4 == 1 && compression::is_boundary(text, half)) {
        settings.parts = {{0, half}, {half, text.size()}};
    }
    testing::NoiseScorer scorer(data[2]);
    const CancelFlag cancel{false};
    const auto result = compress(text, settings, scorer, testing::count_words, cancel);
    if (!result) {
        require(!compression::is_utf8(text) || !compression::is_utf8(settings.question));
        return 0;
    }
    require(compression::is_utf8(result->text));
    require(result->tokens_after <= result->tokens_before);
    std::string joined;
    std::size_t last = 0;
    for (const KeptRange& range : result->kept) {
        require(range.begin >= last && range.begin < range.end && range.end <= text.size());
        joined.append(text, range.begin, range.end - range.begin);
        last = range.end;
    }
    require(joined == result->text);
    auto kept = result->kept.begin();
    for (const KeptRange& span : compression::protected_spans(text)) {
        while (kept != result->kept.end() && kept->end < span.end) {
            ++kept;
        }
        require(kept != result->kept.end() && kept->begin <= span.begin);
    }
    return 0;
}

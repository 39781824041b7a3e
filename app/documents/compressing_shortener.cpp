// SPDX-License-Identifier: Apache-2.0
// See compressing_shortener.h. No question goes with it: what comes out serves all that will be asked.
#include "app/documents/compressing_shortener.h"

#include <utility>

namespace tendril::app {

std::uint64_t CompressingShortener::start(std::string text, engine::CacheScope scope,
                                          std::function<void(double)> progress, Done done) {
    CompressionOrder order{std::move(text), {}, scope};
    order.settings.method = compress_method(link_.settings.compress_method);
    order.settings.rate = link_.settings.compress_rate;
    ShortenedText made{
        {}, prompt::name_of(order.settings.method), order.settings.rate, compressions_.scorer_id(), 0, 0};
    return compressions_.start(
        std::move(order), std::move(progress),
        [made = std::move(made), done = std::move(done)](Result<prompt::Compressed> result) mutable {
            if (!result) {
                done(fail(result.error()));
                return;
            }
            made.text = std::move(result->text);
            made.tokens_before = static_cast<std::uint32_t>(result->tokens_before);
            made.tokens_after = static_cast<std::uint32_t>(result->tokens_after);
            done(std::move(made));
        });
}

}  // namespace tendril::app

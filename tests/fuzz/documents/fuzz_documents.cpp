// SPDX-License-Identifier: Apache-2.0
// Any bytes as an attached file: what is decoded is UTF-8, and its chunks cover it, each within its size and
// between characters.
#include <cstdlib>

#include "app/documents/text_decoding.h"
#include "engine/text/utf8_stream.h"
#include "prompt/retrieval/chunks.h"
#include "prompt/retrieval/passage.h"
#include "prompt/retrieval/words.h"

using namespace tendril;

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

bool blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

void check_chunks(std::string_view text, const prompt::ChunkSettings& settings) {
    std::size_t covered = 0;
    std::size_t begin = 0;
    for (const prompt::Chunk& chunk : prompt::split_chunks(text, settings)) {
        require(chunk.begin < chunk.end && chunk.end <= text.size() && chunk.end > covered &&
                chunk.begin >= begin);
        require(chunk.end - chunk.begin <= settings.most);
        require(chunk.begin <= covered || blank(text.substr(covered, chunk.begin - covered)));
        require(engine::is_valid_utf8(text.substr(chunk.begin, chunk.end - chunk.begin)));
        begin = chunk.begin;
        covered = chunk.end;
    }
    require(blank(text.substr(covered)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto decoded = app::decode_text({reinterpret_cast<const char*>(data), size}, "file");
    if (!decoded) {
        require(!decoded.error().message.empty());
        return 0;
    }
    require(engine::is_valid_utf8(decoded->text) && decoded->text.find('\0') == std::string::npos);
    check_chunks(decoded->text, {});
    check_chunks(decoded->text, {40, 60, 20});
    require(engine::is_valid_utf8(prompt::index_words(decoded->text)));
    const std::vector<std::string> phrases = prompt::query_phrases(decoded->text);
    for (const std::string& phrase : phrases) {
        require(!phrase.empty() && engine::is_valid_utf8(phrase));
    }
    require(engine::is_valid_utf8(std::string(prompt::best_passage(decoded->text, phrases))));
    require(engine::is_valid_utf8(prompt::excerpts(decoded->text, prompt::split_chunks(decoded->text))));
    return 0;
}

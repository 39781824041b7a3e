// SPDX-License-Identifier: Apache-2.0
// Reads the vocabulary of an untrusted GGUF file into one arena and a flat table. Used by the thread that
// loads. See vocabulary.h.
#include "engine/text/vocabulary.h"

#include <xxhash.h>

#include <array>
#include <cmath>
#include <random>

#include "engine/text/unicode.h"

namespace tendril::engine {
namespace {

/// GPT-2's alphabet: printable Latin-1 stands for itself, the other bytes for U+0100 onwards in order.
std::array<std::int16_t, 0x144> make_byte_of_code() {
    std::array<std::int16_t, 0x144> table{};
    table.fill(-1);
    std::int16_t next = 0x100;
    for (std::int16_t byte = 0; byte < 256; ++byte) {
        const bool printable =
            (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
        table[static_cast<std::size_t>(printable ? byte : next++)] = byte;
    }
    return table;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// The byte of "<0x0A>", or -1.
int byte_of_spelling(std::string_view text) {
    if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') {
        return -1;
    }
    const int high = hex_digit(text[3]);
    const int low = hex_digit(text[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool is_mergeable(TokenType type) {
    return type == TokenType::normal || type == TokenType::unused || type == TokenType::undefined;
}

tl::unexpected<Error> bad_key(std::string_view key, std::string_view why) {
    return fail(ErrorCode::malformed,
                "The model's tokenizer cannot be read: " + std::string(key) + " " + std::string(why) + ".");
}

constexpr std::string_view kTokensKey = "tokenizer.ggml.tokens";
constexpr std::string_view kTypesKey = "tokenizer.ggml.token_type";
constexpr std::string_view kScoresKey = "tokenizer.ggml.scores";

}  // namespace

void TextIndex::reset(std::size_t expected, std::uint64_t seed) {
    slots_.assign(2 * expected + 2, 0);
    seed_ = seed;
}

std::uint64_t TextIndex::hash_of(std::string_view text) const {
    return XXH3_64bits_withSeed(text.data(), text.size(), seed_);
}

void TextIndex::insert(std::string_view text, TokenId id) {
    const std::uint64_t hash = hash_of(text);
    std::size_t i = start_of(hash);
    while (slots_[i] != 0) {
        i = i + 1 < slots_.size() ? i + 1 : 0;
    }
    slots_[i] = check_of(hash) | (static_cast<std::uint32_t>(id) + 1);
}

bool Vocabulary::append_unspelled(std::string_view spelled, std::string& out) {
    static const std::array<std::int16_t, 0x144> byte_of_code = make_byte_of_code();
    const std::size_t before = out.size();
    for (std::size_t i = 0; i < spelled.size();) {
        const Utf8Char c = decode_utf8(spelled.substr(i));
        if (!c.valid || c.code >= byte_of_code.size() || byte_of_code[c.code] < 0) {
            out.resize(before);
            return false;
        }
        out.push_back(static_cast<char>(byte_of_code[c.code]));
        i += c.length;
    }
    return true;
}

Result<Vocabulary> Vocabulary::read(const GgufFile& file, TokenSpelling spelling,
                                    std::vector<std::string>& warnings) {
    const GgufValue* tokens = file.find(kTokensKey);
    if (tokens == nullptr) {
        return bad_key(kTokensKey, "is missing");
    }
    if (tokens->type != GgufType::array || tokens->element_type != GgufType::string) {
        return bad_key(kTokensKey, "is not a list of texts");
    }
    if (tokens->count == 0) {
        return bad_key(kTokensKey, "is empty");
    }
    if (tokens->count > kMaxTokens) {
        return fail(ErrorCode::too_large, "The model's tokenizer has more than 2,097,152 tokens (" +
                                              std::string(kTokensKey) + ").");
    }
    Vocabulary vocabulary;
    vocabulary.seed_ = std::random_device{}();
    vocabulary.types_.assign(static_cast<std::size_t>(tokens->count), TokenType::normal);
    for (auto step : {&Vocabulary::read_types, &Vocabulary::read_scores}) {
        if (Status status = (vocabulary.*step)(file, warnings); !status) {
            return fail(std::move(status.error()));
        }
    }
    if (Status status = vocabulary.read_texts(file, spelling, warnings); !status) {
        return fail(std::move(status.error()));
    }
    vocabulary.build_index(spelling, warnings);
    return vocabulary;
}

Status Vocabulary::read_types(const GgufFile& file, std::vector<std::string>& warnings) {
    const GgufValue* value = file.find(kTypesKey);
    if (value == nullptr) {
        return {};
    }
    if (value->type != GgufType::array || (value->count > 0 && !value->integer_at(0))) {
        return bad_key(kTypesKey, "is not a list of integers");
    }
    if (value->count < types_.size()) {
        return bad_key(kTypesKey, "has fewer entries than there are tokens");
    }
    if (value->count > types_.size()) {
        warnings.push_back(std::string(kTypesKey) +
                           " has more entries than there are tokens; the rest is ignored.");
    }
    for (std::size_t i = 0; i < types_.size(); ++i) {
        const std::int64_t type = value->integer_at(i).value_or(0);
        types_[i] = type >= 0 && type <= 6 ? static_cast<TokenType>(type) : TokenType::undefined;
    }
    return {};
}

Status Vocabulary::read_scores(const GgufFile& file, std::vector<std::string>& warnings) {
    const GgufValue* value = file.find(kScoresKey);
    if (value == nullptr) {
        return {};
    }
    if (value->type != GgufType::array || (value->count > 0 && !value->number_at(0))) {
        return bad_key(kScoresKey, "is not a list of numbers");
    }
    if (value->count < types_.size()) {
        return bad_key(kScoresKey, "has fewer entries than there are tokens");
    }
    if (value->count > types_.size()) {
        warnings.push_back(std::string(kScoresKey) +
                           " has more entries than there are tokens; the rest is ignored.");
    }
    scores_.resize(types_.size());
    for (std::size_t i = 0; i < scores_.size(); ++i) {
        const auto score = static_cast<float>(value->number_at(i).value_or(0));
        scores_[i] = std::isnan(score) ? -INFINITY : score;
    }
    return {};
}

void Vocabulary::append_text(std::string_view spelled, std::size_t id, TokenSpelling spelling) {
    const TokenType type = types_[id];
    if (spelling == TokenSpelling::byte_level) {
        spelled_[id] = is_mergeable(type) && append_unspelled(spelled, arena_);
        if (!spelled_[id]) {
            arena_.append(spelled);
        }
        return;
    }
    if (const int byte = type == TokenType::byte ? byte_of_spelling(spelled) : -1; byte >= 0) {
        arena_.push_back(static_cast<char>(byte));
        spelled_[id] = true;
        return;
    }
    spelled_[id] = is_mergeable(type);
    for (std::size_t i = 0; i < spelled.size();) {
        const bool space = spelled.substr(i).starts_with("\xE2\x96\x81");
        arena_.push_back(space ? ' ' : spelled[i]);
        i += space ? 3 : 1;
    }
}

Status Vocabulary::read_texts(const GgufFile& file, TokenSpelling spelling,
                              std::vector<std::string>& warnings) {
    const GgufValue* value = file.find(kTokensKey);
    auto texts = value->strings();
    if (!texts || value->count != types_.size()) {
        return bad_key(kTokensKey, "is not a list of texts");
    }
    if (value->bytes.size() > kMaxTextBytes) {
        return fail(ErrorCode::too_large, "The texts of the model's tokens (" + std::string(kTokensKey) +
                                              ") are larger than 1 GiB.");
    }
    offsets_.reserve(types_.size() + 1);
    offsets_.push_back(0);
    spelled_.assign(types_.size(), false);
    std::size_t empty = 0;
    arena_.reserve(value->bytes.size() - types_.size() * sizeof(std::uint64_t));
    for (std::size_t id = 0; id < types_.size(); ++id) {
        const auto text = texts->next();
        if (!text) {
            return bad_key(kTokensKey, "is not a list of texts");  // not any more
        }
        empty += text->empty() ? 1 : 0;
        append_text(*text, id, spelling);
        offsets_.push_back(static_cast<std::uint32_t>(arena_.size()));
    }
    if (empty != 0) {
        warnings.push_back(std::to_string(empty) + " entries of " + std::string(kTokensKey) + " are empty.");
    }
    return {};
}

void Vocabulary::build_index(TokenSpelling spelling, std::vector<std::string>& warnings) {
    index_.reset(size(), seed_);
    std::size_t doubled = 0;
    for (std::size_t i = 0; i < size(); ++i) {
        const auto id = static_cast<TokenId>(i);
        const std::string_view bytes = text(id);
        if (bytes.empty() || !spelled_[i]) {
            continue;
        }
        if (types_[i] == TokenType::byte) {
            TokenId& slot = byte_tokens_[static_cast<unsigned char>(bytes[0])];
            slot = slot < 0 ? id : slot;
            continue;
        }
        longest_ = std::max(longest_, bytes.size());
        if (find(bytes) >= 0) {
            ++doubled;  // the first one counts
            continue;
        }
        index_.insert(bytes, id);
    }
    if (doubled != 0) {
        warnings.push_back(std::to_string(doubled) + " entries of " + std::string(kTokensKey) +
                           " occur twice; the first one is used.");
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
        if (byte_tokens_[byte] >= 0) {
            continue;
        }
        if (spelling == TokenSpelling::byte_level) {
            const char c = static_cast<char>(byte);
            byte_tokens_[byte] = find(std::string_view(&c, 1));
        } else {
            constexpr std::string_view digits = "0123456789ABCDEF";
            byte_tokens_[byte] = find(std::string{'<', '0', 'x', digits[byte >> 4], digits[byte & 15], '>'});
        }
    }
    spelled_ = {};
}

}  // namespace tendril::engine

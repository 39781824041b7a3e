// SPDX-License-Identifier: Apache-2.0
// Byte-level byte pair encoding (GPT-2 and its many descendants): merges by rank inside the pieces of a
// pre-tokenizer. Immutable after creation; any thread.
#include "engine/text/tokenizer_base.h"

namespace tendril::engine {
namespace {

constexpr std::string_view kMergesKey = "tokenizer.ggml.merges";
constexpr std::string_view kPreKey = "tokenizer.ggml.pre";
constexpr std::size_t kMaxMerges = (std::size_t{1} << 24) - 1;

/// From two neighbouring tokens to the rank of their merge and the token it gives: 16 bytes a merge, an open
/// hash table of small slots and the merges in the order of their ranks.
class MergeTable {
  public:
    MergeTable(std::size_t merges, std::uint64_t seed) : slots_(2 * merges + 2), seed_(seed) {
        merges_.reserve(merges);
    }

    MergeCandidate find(TokenId left, TokenId right) const {
        const std::uint64_t pair = pair_of(left, right);
        const std::uint64_t hash = hash_of(pair);
        for (std::size_t i = start_of(hash);; i = after(i)) {
            const std::uint32_t slot = slots_[i];
            if (slot == 0) {
                return {};
            }
            if ((slot & kCheckMask) == check_of(hash)) {
                const std::uint32_t rank = (slot & kRankMask) - 1;
                if (merges_[rank] >> kIdBits == pair) {
                    return {rank, static_cast<TokenId>(merges_[rank] & kIdMask)};
                }
            }
        }
    }
    /// Behind all that are there already. Of several merges of one pair the last counts, as in HF tokenizers.
    void append(TokenId left, TokenId right, TokenId id) {
        const std::uint64_t pair = pair_of(left, right);
        const std::uint64_t hash = hash_of(pair);
        std::size_t i = start_of(hash);
        while (slots_[i] != 0 && merges_[(slots_[i] & kRankMask) - 1] >> kIdBits != pair) {
            i = after(i);
        }
        merges_.push_back((pair << kIdBits) | static_cast<std::uint32_t>(id));
        slots_[i] = check_of(hash) | static_cast<std::uint32_t>(merges_.size());
    }

  private:
    static constexpr unsigned kIdBits = 21;
    static constexpr std::uint64_t kIdMask = (std::uint64_t{1} << kIdBits) - 1;
    static_assert(Vocabulary::kMaxTokens <= kIdMask + 1);
    // A slot is the rank plus one, and bits of the hash.
    static constexpr std::uint32_t kRankMask = (std::uint32_t{1} << 24) - 1;
    static constexpr std::uint32_t kCheckMask = ~kRankMask;
    static_assert(kMaxMerges <= kRankMask);

    static std::uint64_t pair_of(TokenId left, TokenId right) {
        return (std::uint64_t{static_cast<std::uint32_t>(left)} << kIdBits) |
               static_cast<std::uint32_t>(right);
    }
    std::uint64_t hash_of(std::uint64_t pair) const {
        std::uint64_t hash = (pair ^ seed_) * 0x9E3779B97F4A7C15u;
        hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93u;
        return hash ^ (hash >> 29);
    }
    static std::uint32_t check_of(std::uint64_t hash) {
        return static_cast<std::uint32_t>(hash) & kCheckMask;
    }
    std::size_t start_of(std::uint64_t hash) const { return (hash >> 32) * slots_.size() >> 32; }
    std::size_t after(std::size_t i) const { return i + 1 < slots_.size() ? i + 1 : 0; }

    std::vector<std::uint32_t> slots_;   // at least half of them 0: empty
    std::vector<std::uint64_t> merges_;  // by rank: left, right, and what they make
    std::uint64_t seed_;
};

class BpeTokenizer final : public TokenizerBase {
  public:
    BpeTokenizer(Vocabulary vocabulary, SpecialRoles roles, MergeTable merges, const PreTokenizerRules& rules,
                 std::vector<std::string>& warnings)
        : TokenizerBase(std::move(vocabulary), std::move(roles), warnings),
          merges_(std::move(merges)),
          rules_(rules) {}

  protected:
    void encode_text(std::string_view text, EncodeState& state, std::vector<TokenId>& out) const override {
        std::string composed;
        if (rules_.normalises && may_need_nfc(chars(), text)) {
            composed = to_nfc(text);
            text = composed;
        }
        pretokenize(rules_, chars(), text, state.ends, state.scratch);
        std::size_t begin = 0;
        for (const std::size_t end : state.ends) {
            encode_piece(text.substr(begin, end - begin), state, out);
            begin = end;
        }
    }

  private:
    void encode_piece(std::string_view piece, EncodeState& state, std::vector<TokenId>& out) const {
        if (piece.size() == 1) {
            append(vocabulary().byte_token(static_cast<unsigned char>(piece[0])), out);
            return;
        }
        if (state.cache.append(piece, out)) {
            return;
        }
        const std::size_t before = out.size();
        const TokenId whole =
            rules_.ignore_merges && piece.size() <= vocabulary().longest() ? vocabulary().find(piece) : -1;
        if (whole >= 0) {
            out.push_back(whole);
        } else {
            merge_piece(piece, state, out);
        }
        state.cache.store(piece, out.data() + before, out.size() - before);
    }

    void merge_piece(std::string_view piece, EncodeState& state, std::vector<TokenId>& out) const {
        std::vector<Symbol>& symbols = state.symbols;
        symbols.clear();
        for (std::size_t i = 0; i < piece.size(); ++i) {
            const TokenId id = vocabulary().byte_token(static_cast<unsigned char>(piece[i]));
            if (id >= 0) {  // bytes that the vocabulary lacks are left out, as HF tokenizers do
                symbols.push_back({static_cast<std::uint32_t>(i), 1, id});
            }
        }
        merge_symbols(symbols, state.buffers, [this](const Symbol& left, const Symbol& right) {
            return merges_.find(left.id, right.id);
        });
        for (const Symbol& symbol : symbols) {
            out.push_back(symbol.id);
        }
    }

    static void append(TokenId id, std::vector<TokenId>& out) {
        if (id >= 0) {
            out.push_back(id);
        }
    }

    MergeTable merges_;
    PreTokenizerRules rules_;
};

Result<MergeTable> read_merges(const GgufFile& file, const Vocabulary& vocabulary,
                               std::vector<std::string>& warnings) {
    const GgufValue* value = file.find(kMergesKey);
    if (value == nullptr) {
        return fail(ErrorCode::malformed,
                    "The model's tokenizer cannot be read: " + std::string(kMergesKey) + " is missing.");
    }
    if (value->type == GgufType::array && value->count > kMaxMerges) {
        return fail(ErrorCode::too_large, "The model's tokenizer has more than 16,777,215 merges (" +
                                              std::string(kMergesKey) + ").");
    }
    // An empty list may have any element type.
    const bool empty = value->type == GgufType::array && value->count == 0;
    auto merges = empty ? GgufStrings({}, 0) : value->strings();
    if (!merges) {
        return fail(ErrorCode::malformed, "The model's tokenizer cannot be read: " + std::string(kMergesKey) +
                                              " is not a list of texts.");
    }
    MergeTable table(value->count, vocabulary.seed());
    std::string both;
    std::size_t unknown = 0;
    for (auto next = merges->next(); next; next = merges->next()) {
        const std::string_view merge = *next;
        const std::size_t space = merge.find(' ', 1);
        both.clear();
        TokenId ids[3] = {-1, -1, -1};  // left, right, together
        if (space != std::string_view::npos && Vocabulary::append_unspelled(merge.substr(0, space), both)) {
            const std::size_t left = both.size();
            if (Vocabulary::append_unspelled(merge.substr(space + 1), both)) {
                const std::string_view view = both;
                ids[0] = vocabulary.find(view.substr(0, left));
                ids[1] = vocabulary.find(view.substr(left));
                ids[2] = vocabulary.find(view);
            }
        }
        if (ids[0] < 0 || ids[1] < 0 || ids[2] < 0) {
            ++unknown;
            continue;
        }
        table.append(ids[0], ids[1], ids[2]);
    }
    if (unknown != 0) {
        warnings.push_back(std::to_string(unknown) + " entries of " + std::string(kMergesKey) +
                           " do not join two known tokens to a third; they are ignored.");
    }
    return table;
}

const PreTokenizerRules& choose_rules(const GgufFile& file, std::vector<std::string>& warnings) {
    const PreTokenizerRules& fallback = *find_pretokenizer("default");
    const GgufValue* value = file.find(kPreKey);
    if (value == nullptr) {
        warnings.push_back(std::string(kPreKey) + " is missing, using default.");
        return fallback;
    }
    const auto name = value->as_string();
    if (!name) {
        warnings.push_back(std::string(kPreKey) + " is not a text, using default.");
        return fallback;
    }
    if (const PreTokenizerRules* rules = find_pretokenizer(*name); rules != nullptr) {
        return *rules;
    }
    warnings.push_back("unknown pre-tokenizer '" + std::string(name->substr(0, 40)) + "', using default");
    return fallback;
}

}  // namespace

Result<std::unique_ptr<const Tokenizer>> create_bpe_tokenizer(const GgufFile& file,
                                                              std::vector<std::string>& warnings) {
    const PreTokenizerRules& rules = choose_rules(file, warnings);
    Result<Vocabulary> vocabulary = Vocabulary::read(file, TokenSpelling::byte_level, warnings);
    if (!vocabulary) {
        return fail(std::move(vocabulary.error()));
    }
    SpecialRoles defaults;
    defaults.bos = 11;  // GPT-2's converters left these out
    defaults.eos = 11;
    defaults.adds_bos = rules.adds_bos;
    SpecialRoles roles = SpecialRoles::read(file, *vocabulary, defaults, warnings);
    Result<MergeTable> merges = read_merges(file, *vocabulary, warnings);
    if (!merges) {
        return fail(std::move(merges.error()));
    }
    return std::make_unique<const BpeTokenizer>(std::move(*vocabulary), std::move(roles), std::move(*merges),
                                                rules, warnings);
}

}  // namespace tendril::engine

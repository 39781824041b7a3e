// SPDX-License-Identifier: Apache-2.0
// The method that runs no model: whole sentences by what they say, then of the least of them the words that
// every text has. Pure over a scorer; any thread.
#include <algorithm>

#include "prompt/compress/characters.h"
#include "prompt/compress/methods.h"
#include "prompt/compress/novelty.h"

namespace tendril::prompt::compression {
namespace {

// Tried on documents of tests/bench/compress_documents.py and compress_reports.py, seeds 100 to 123; all in
// nats per token of a sentence. The choice is flat around them.
constexpr float kGuarded = 12;  ///< shared out over a sentence's tokens: a number, a negation, a quotation
constexpr float kCapital = 4;   ///< likewise: a word with a capital inside a sentence, so a name
constexpr float kHasGuarded = 0.5F;  ///< what stays anyhow says little without its sentence, even a long one
constexpr float kPeak = 0.1F;        ///< of the two newest words, which a long sentence's mean hides
constexpr float kCommon = 0.5F;      ///< how much less than its sentence a word counts that every text has
constexpr float kCommonNats = 8.2F;  ///< "the", "of": about the 300th piece of a vocabulary
constexpr float kRareNats = 10.1F;   ///< no longer a common word: about the 2000th
constexpr double kSection = 0.8;     ///< share of all parts that what says most below a heading goes before
constexpr float kNearNats = 0.05F;   ///< more than the words of one sentence differ
constexpr std::size_t kNear = 2;     ///< units: "not", "14" and the like say little without these

struct Sentence {
    float nats = 0;
    float pieces = 0;
    float newest[2] = {0, 0};
    std::uint32_t guarded = 0;
    std::uint32_t capitals = 0;

    void add(float news, float count) {
        nats += news;
        pieces += count;
        newest[1] = std::max(newest[1], std::min(newest[0], news));
        newest[0] = std::max(newest[0], news);
    }
    /// What it says, per token.
    float value() const {
        const auto anchors = kGuarded * static_cast<float>(guarded) + kCapital * static_cast<float>(capitals);
        return (nats + anchors) / std::max(pieces, 1.0F) + (guarded > 0 ? kHasGuarded : 0) +
               kPeak * (newest[0] + newest[1]) / 2;
    }
};

/// By Unit::part.
std::vector<Sentence> sentences_in(std::string_view text, std::span<const Unit> units,
                                   std::span<const float> news, std::span<const float> pieces) {
    std::vector<Sentence> sentences;
    for (std::size_t i = 0; i < units.size(); ++i) {
        const bool opens = i == 0 || units[i - 1].sentence != units[i].sentence || units[i - 1].lead;
        sentences.resize(std::max<std::size_t>(sentences.size(), units[i].part + 1));
        Sentence& sentence = sentences[units[i].part];
        if (units[i].lead) {
            continue;
        }
        sentence.add(news[i], pieces[i]);
        if (opens && is_list_mark(text.substr(units[i].core, units[i].end - units[i].core))) {
            continue;
        }
        if (units[i].guarded) {
            ++sentence.guarded;
        } else if (!opens && is_capital(character_at(text, units[i].core).value)) {
            ++sentence.capitals;
        }
    }
    return sentences;
}

/// Of each part.
struct Values {
    std::vector<float> nats;
    std::vector<bool> whole;  // its common words do not go first
};

Values values_of(std::span<const Sentence> sentences) {
    Values values;
    for (const Sentence& sentence : sentences) {
        values.nats.push_back(sentence.value());
        values.whole.push_back(sentence.guarded > 0);
    }
    return values;
}

/// An answer on the next line says little without its question.
void keep_questions(std::string_view text, std::span<const Unit> units, Values& values) {
    for (std::size_t i = units.size(); i-- > 1;) {
        const Unit& asks = units[i - 1];
        const std::string_view stop = text.substr(asks.core, asks.end - asks.core);
        const bool question = asks.stop && (stop.find('?') != std::string_view::npos ||
                                            stop.find("\xEF\xBC\x9F") != std::string_view::npos);
        const std::string_view gap = text.substr(units[i].begin, units[i].core - units[i].begin);
        const float answer = values.nats[units[i].part];
        if (question && gap.find('\n') != std::string_view::npos && answer > values.nats[asks.part]) {
            values.nats[asks.part] = answer;
            values.whole[asks.part] = true;
        }
    }
}

bool is_heading(std::string_view line) {
    return line.starts_with('#') || line.starts_with("\\section") || line.starts_with("\\subsection");
}

/// The best below each heading ("# ...") is raised, so that no heading stands alone.
void fill_sections(std::string_view text, std::span<const Unit> units, std::vector<float>& values) {
    std::vector<float> sorted = values;
    const auto high =
        sorted.begin() + static_cast<std::ptrdiff_t>(kSection * static_cast<double>(sorted.size()));
    std::nth_element(sorted.begin(), high, sorted.end());
    std::size_t best = values.size();
    bool section = false;
    const auto close = [&] {
        if (best < values.size()) {
            values[best] = std::max(values[best], *high);
        }
        best = values.size();
    };
    for (std::size_t i = 0; i < units.size(); ++i) {
        const bool opens = i == 0 || units[i - 1].sentence != units[i].sentence;
        if (opens && units[i].guarded && is_heading(text.substr(units[i].core))) {
            close();
            section = true;
            while (i + 1 < units.size() && units[i + 1].sentence == units[i].sentence) {
                ++i;
            }
        } else if (section && !units[i].guarded && !units[i].lead &&
                   (best == values.size() || values[units[i].part] > values[best])) {
            best = units[i].part;
        }
    }
    close();
}

/// Does a protected unit of the same sentence stand close by?
bool near_guarded(std::span<const Unit> units, std::size_t i) {
    const std::size_t from = i - std::min(i, kNear);
    const std::size_t to = std::min(units.size(), i + kNear + 1);
    return std::any_of(units.begin() + static_cast<std::ptrdiff_t>(from),
                       units.begin() + static_cast<std::ptrdiff_t>(to),
                       [&](const Unit& unit) { return unit.guarded && unit.sentence == units[i].sentence; });
}

/// Pieces with a letter or a digit: a comma does not make a word rare.
std::vector<ScoredPiece> lettered(std::string_view text, std::span<const ScoredPiece> pieces) {
    std::vector<ScoredPiece> found;
    std::copy_if(pieces.begin(), pieces.end(), std::back_inserter(found), [text](const ScoredPiece& piece) {
        const std::string_view bytes = text.substr(piece.begin, piece.end - piece.begin);
        return std::any_of(bytes.begin(), bytes.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   (static_cast<unsigned char>(c) & 0x80U) != 0;
        });
    });
    return found;
}

}  // namespace

/// A unit counts as its sentence does, a common word a little less: so a text loses sentences whole, those
/// that are about to go lose their common words first, and what stays keeps its grammar.
Result<Weighed> weigh_by_frequency(const Work& work) {
    const KeptRange whole{0, work.text.size()};
    const auto pieces = score_alone(work, {&whole, 1}, 0, 1);
    if (!pieces) {
        return fail(pieces.error());
    }
    Weighed weighed;
    weighed.units = units_of(work.text, *pieces, work.guarded);
    const UnitScores scores = scores_of(weighed.units, *pieces);
    const std::vector<float> rarity = scores_of(weighed.units, lettered(work.text, *pieces)).nats;
    const std::vector<float> news = novelty_of(work.text, weighed.units, scores.nats);
    auto values = values_of(sentences_in(work.text, weighed.units, news, scores.pieces));
    keep_questions(work.text, weighed.units, values);
    fill_sections(work.text, weighed.units, values.nats);
    for (std::size_t i = 0; i < weighed.units.size(); ++i) {
        const Unit& unit = weighed.units[i];
        // What has a number or a negation loses no words, nor do scripts where words have no bounds.
        const bool uncut = unit.wide || values.whole[unit.part];
        const float common =
            uncut ? 0 : std::clamp((kRareNats - rarity[i]) / (kRareNats - kCommonNats), 0.0F, 1.0F);
        // Of one sentence's words first what stands next to what is protected, then the rarer ones.
        constexpr float kTie = 1e-3F;
        const float tie = near_guarded(weighed.units, i) ? kNearNats : unit.wide ? 0 : kTie * rarity[i];
        weighed.scores.push_back(values.nats[unit.part] - kCommon * common + tie);
    }
    return weighed;
}

}  // namespace tendril::prompt::compression

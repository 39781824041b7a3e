// SPDX-License-Identifier: Apache-2.0
// LLMLingua: segments are scored on the compressed past. Pure over a scorer; any thread.
#include <algorithm>
#include <numeric>

#include "prompt/compress/methods.h"
#include "prompt/compress/selection.h"

namespace tendril::prompt::compression {
namespace {

constexpr std::size_t kPast = 12000;  ///< bytes of the compressed past that a segment is scored on

std::string_view of(std::string_view text, const KeptRange& range) {
    return text.substr(range.begin, range.end - range.begin);
}

float mean_nats(std::span<const ScoredPiece> pieces) {
    float sum = 0;
    for (const ScoredPiece& piece : pieces) {
        sum += piece.nats;
    }
    return pieces.empty() ? 0 : sum / static_cast<float>(pieces.size());
}

/// The compressed past. It grows at its end only, so a scorer that keeps what it has read goes on from there;
/// when it is too long, its older half goes at once.
class Past {
  public:
    const std::string& text() const { return text_; }
    void add(std::string_view more) {
        text_ += text_.empty() || more.empty() ? "" : "\n";
        text_ += more;
        if (text_.size() > kPast) {
            text_.erase(0, text_.find('\n', kPast / 2));
        }
    }

  private:
    std::string text_;
};

/// One segment after the other, each on the kept words of those before.
class Iterative {
  public:
    Iterative(const Work& work, double from) : work_(work), from_(from) {}

    /// `rates`: share of the tokens to keep, for each segment.
    Result<Weighed> run(std::span<const KeptRange> segments, std::span<const double> rates) {
        for (std::size_t s = 0; s < segments.size(); ++s) {
            if (auto done = segment(segments[s], rates[s]); !done) {
                return fail(done.error());
            }
            work_.tell(from_ +
                       (1 - from_) * static_cast<double>(s + 1) / static_cast<double>(segments.size()));
        }
        prefer_sentences(all_, nats_, pieces_);
        return std::move(all_);
    }

  private:
    Status segment(const KeptRange& range, double rate) {
        if (work_.stopped()) {
            return fail(stopped());
        }
        const std::string text(of(work_.text, range));
        const ScoreJob job{past_.text(), text};
        const auto scored = work_.scorer.score({&job, 1});
        if (!scored) {
            return fail(work_.stopped() ? stopped() : scored.error());
        }
        if (scored->size() != 1) {
            return fail(ErrorCode::internal, "The scorer gave fewer scores than it was asked for.");
        }
        Weighed here;
        here.units = units_of(text, scored->front(), guarded_in(range));
        UnitScores scores = scores_of(here.units, scored->front());
        here.scores = std::move(scores.nats);
        keep(text, here, scores.pieces, rate);
        append(here, scores.pieces, range.begin, rate);
        return {};
    }
    std::vector<KeptRange> guarded_in(const KeptRange& range) const {
        std::vector<KeptRange> inside;
        auto span = std::upper_bound(work_.guarded.begin(), work_.guarded.end(), range.begin,
                                     [](std::size_t at, const KeptRange& one) { return at < one.end; });
        for (; span != work_.guarded.end() && span->begin < range.end; ++span) {
            inside.push_back({std::max(span->begin, range.begin) - range.begin,
                              std::min(span->end, range.end) - range.begin});
        }
        return inside;
    }
    /// What of this segment the next ones are scored on: above the quantile of all losses so far.
    void keep(std::string_view text, const Weighed& here, std::span<const float> pieces, double rate) {
        for (std::size_t i = 0; i < here.units.size(); ++i) {
            losses_.push_back(here.units[i].guarded ? kAlways : here.scores[i]);
            weights_.push_back(pieces[i]);
        }
        const std::size_t first = losses_.size() - here.units.size();
        const std::vector<float> ranks = ranks_of(losses_, weights_);
        std::vector<bool> kept(here.units.size());
        for (std::size_t i = 0; i < kept.size(); ++i) {
            kept[i] = static_cast<double>(ranks[first + i]) >= 1 - rate;
        }
        past_.add(assembled(text, here.units, kept).text);
        constexpr std::size_t kWindow = 4096;  // losses that the quantile is taken of: keeps time linear
        if (losses_.size() > 2 * kWindow) {
            losses_.erase(losses_.begin(), losses_.end() - kWindow);
            weights_.erase(weights_.begin(), weights_.end() - kWindow);
        }
    }
    /// Into the whole text.
    void append(const Weighed& here, std::span<const float> pieces, std::size_t offset, double rate) {
        const std::uint32_t sentence = all_.units.empty() ? 0 : all_.units.back().sentence + 1;
        for (std::size_t i = 0; i < here.units.size(); ++i) {
            Unit unit = here.units[i];
            unit.begin = i == 0 ? end_ : unit.begin + offset;  // the blanks between two segments
            unit.core += offset;
            unit.end += offset;
            unit.sentence += sentence;
            end_ = unit.end;
            all_.units.push_back(unit);
            all_.scores.push_back(here.scores[i] + (rate > 0 ? 0 : kNever));
            nats_.push_back(here.scores[i]);
            pieces_.push_back(pieces[i]);
        }
    }

    static constexpr float kAlways = 1e30F;
    static constexpr float kNever = -1e6F;

    const Work& work_;
    double from_;
    Past past_;
    std::vector<float> losses_;
    std::vector<float> weights_;
    std::vector<float> nats_;    // of all units
    std::vector<float> pieces_;  // of all units
    std::size_t end_ = 0;
    Weighed all_;
};

/// The budget rule for whole contexts: the most surprising segments, until k times the target is used. The
/// one part of this method whose scores do not hang on what was kept before: they serve every rate.
Result<std::vector<double>> budgeted(const Work& work, std::span<const KeptRange> segments) {
    const double rate = work.settings.rate;
    std::vector<double> rates(segments.size(), rate);
    if (!scores_passages(Method::llmlingua, rate)) {
        return rates;
    }
    const auto pieces = score_passages(work, 0, 0.5);
    if (!pieces) {
        return fail(pieces.error());
    }
    std::vector<float> surprise;
    std::size_t p = 0;
    for (const KeptRange& segment : segments) {
        const std::size_t first = p;
        while (p < pieces->size() && (*pieces)[p].begin < segment.end) {
            ++p;
        }
        surprise.push_back(mean_nats(std::span(*pieces).subspan(first, p - first)));
    }
    std::vector<std::uint32_t> order(segments.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return surprise[a] > surprise[b]; });
    double left = kContextBudget * rate * static_cast<double>(work.text.size());
    for (const std::uint32_t s : order) {
        rates[s] = left > 0 ? 1 / kContextBudget : 0;
        left -= static_cast<double>(segments[s].end - segments[s].begin);
    }
    return rates;
}

}  // namespace

Result<Weighed> weigh_llmlingua(const Work& work) {
    const auto segments = scored_passages(work.text);
    const auto rates = budgeted(work, segments);
    if (!rates) {
        return fail(rates.error());
    }
    return Iterative(work, scores_passages(Method::llmlingua, work.settings.rate) ? 0.5 : 0)
        .run(segments, *rates);
}

}  // namespace tendril::prompt::compression

// SPDX-License-Identifier: Apache-2.0
// A tiny model's own losses, fallen off a prefill: those of a scoring pass over the same tokens, and texts
// shortened by either are the same. With controls: other places, and another context. One thread beside the
// engine's.
#include <cmath>

#include <QTemporaryDir>
#include <QtTest>

#include "app/compress/engine_scorer.h"
#include "app/compress/known_scores.h"
#include "app/compress/pieces.h"
#include "app/compress/read_passages.h"
#include "tests/support/gguf_writer.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::app;
using namespace tendril::test;

namespace {

/// Whoever asks it has not found what was read.
class Nobody final : public prompt::Scorer {
  public:
    Result<std::vector<std::vector<prompt::ScoredPiece>>> score(
        std::span<const prompt::ScoreJob> jobs) override {
        asked += jobs.size();
        return fail(ErrorCode::internal, "This was to be known.");
    }
    std::size_t asked = 0;
};

std::string document() {
    std::string text = "# The mill\n\n";
    static const char* const kWords[] = {"the",     "ferry",  "was",  "repaired", "in",   "a",     "small",
                                         "harbour", "while",  "snow", "fell",     "on",   "grey",  "roofs",
                                         "and",     "people", "别人", "waited",   "then", "löwen", "there"};
    std::uint32_t seed = 5;
    for (int i = 0; i < 420; ++i) {
        seed = seed * 1664525U + 1013904223U;
        text += kWords[(seed >> 16U) % std::size(kWords)];
        text += i % 11 == 10 ? ".\n" : i % 7 == 6 ? ", " : " ";
    }
    return text + "the end.";
}

}  // namespace

class TestScoresOfReading : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    EngineClient client_;
    engine::LoadedModel model_;
    std::string text_ = document();
    std::vector<engine::TokenId> prompt_;

    std::vector<ReadPassage> passages(const std::vector<float>& logprobs, std::size_t from) const {
        const std::string texts[] = {text_};
        return passages_read({*model_.tokenizer, prompt_, logprobs, from}, texts);
    }
    std::vector<float> scored() {
        engine::ScoreRequest request;
        request.tokens = prompt_;
        std::vector<float> logprobs;
        const Reply reply = client_.ask(std::move(request));
        for (const auto& token : reply.scored->tokens) {
            logprobs.push_back(token.logprob);
        }
        return logprobs;
    }
    engine::PrefilledEvent read(const std::vector<engine::TokenId>& tokens, bool losses) {
        engine::PrefillRequest request;
        request.tokens = tokens;
        request.losses = losses;
        return *client_.ask(std::move(request)).prefilled;
    }
    std::string shortened(const std::vector<ReadPassage>& passages, double rate) const {
        KnownScores known;
        for (const ReadPassage& one : passages) {
            known.keep("tiny", {{}, one.text}, one.pieces);
        }
        Nobody nobody;
        KnowingScorer scorer(nobody, known, "tiny");
        const prompt::CancelFlag go_on{false};
        const auto made = prompt::compress(text_, {prompt::Method::selective, rate}, scorer,
                                           counter_of(model_.tokenizer), go_on);
        return made ? made->text : made.error().message;
    }

  private Q_SLOTS:
    void initTestCase() {
        TinyModel tiny;
        tiny.architecture = "qwen2";
        tiny.context = 4096;
        const auto path = std::filesystem::path(folder_.path().toStdString()) / "tiny.gguf";
        QVERIFY(tiny_model(tiny).write(path));
        engine::LoadOptions options;
        options.path = path;
        options.context = 4096;
        auto loaded = client_.load(options);
        QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().message.c_str());
        model_ = std::move(*loaded);
        prompt_ = model_.tokenizer->encode("<|im_start|>user\nmill.md:\n```\n" + text_ + "\n```\n\nWhere?",
                                           {.add_bos = false, .parse_special = true});
        QVERIFY(prompt_.size() > text_.size() / 2 && prompt_.size() < 4000);
    }
    void init() { QVERIFY(client_.clear_cache()); }

    void losses_of_a_prefill_shorten_as_a_scoring_pass_does() {
        const auto from_score = passages(scored(), 1);
        QVERIFY(client_.clear_cache());
        const auto event = read(prompt_, true);
        QCOMPARE(event.logprobs_from, 1U);
        const auto from_prefill = passages(event.logprobs, event.logprobs_from);
        QCOMPARE(from_prefill.size(), prompt::scored_passages(text_).size());
        QCOMPARE(from_prefill.size(), from_score.size());
        double apart = 0;
        for (std::size_t p = 0; p < from_score.size(); ++p) {
            QCOMPARE(from_prefill[p].text, from_score[p].text);
            QCOMPARE(from_prefill[p].pieces.size(), from_score[p].pieces.size());
            std::string joined;
            for (std::size_t i = 0; i < from_score[p].pieces.size(); ++i) {
                const auto& a = from_prefill[p].pieces[i];
                const auto& b = from_score[p].pieces[i];
                QVERIFY(a.begin == b.begin && a.end == b.end);
                apart = std::max(apart, static_cast<double>(std::abs(a.nats - b.nats)));
                joined += a.end > a.begin ? from_prefill[p].text.substr(a.begin, a.end - a.begin) : "";
            }
            QCOMPARE(joined, from_prefill[p].text);  // each byte once
        }
        qInfo("at most %.2g nats apart", apart);
        QVERIFY(apart < 1e-4);
        for (const double rate : {0.3, 0.5, 0.7}) {
            const std::string text = shortened(from_prefill, rate);
            QVERIFY(text.size() < text_.size() * 9 / 10);
            QCOMPARE(text, shortened(from_score, rate));
        }
    }

    /// Negative controls: scores one token away, or on nothing, are others and make another text.
    void scores_of_other_places_shorten_otherwise() {
        const auto right = passages(scored(), 1);
        const std::string text = shortened(right, 0.5);
        auto moved = scored();
        moved.insert(moved.begin(), moved.front());
        moved.pop_back();
        QVERIFY(shortened(passages(moved, 1), 0.5) != text);
        EngineScorer alone(
            {[this](engine::ScoreRequest request, engine::EventSink sink) {
                 return client_.engine->submit(std::move(request), std::move(sink));
             },
             [this](engine::RequestId id) { client_.engine->cancel(id); }, model_.tokenizer, model_.context},
            {});
        std::vector<ReadPassage> fresh;
        for (const ReadPassage& one : right) {
            const prompt::ScoreJob job{{}, one.text};
            fresh.push_back({one.text, alone.score({&job, 1}).value().front()});
        }
        QVERIFY(shortened(fresh, 0.5) != text);
    }

    /// What the cache has is not read, so it has no losses: those passages are not known.
    void what_was_cached_is_not_known() {
        std::vector<engine::TokenId> front(prompt_.begin(),
                                           prompt_.begin() + static_cast<std::ptrdiff_t>(prompt_.size() / 2));
        QVERIFY(read(front, false).logprobs.empty());
        const auto event = read(prompt_, true);
        QVERIFY(event.reused + 64 >= front.size());
        const auto known = passages(event.logprobs, event.logprobs_from);
        const auto all = prompt::scored_passages(text_);
        QVERIFY(!known.empty() && known.size() < all.size());
        QCOMPARE(known.back().text, text_.substr(all.back().begin, all.back().end - all.back().begin));
        QCOMPARE(shortened(known, 0.5), std::string("This was to be known."));
    }
};

QTEST_GUILESS_MAIN(TestScoresOfReading)
#include "test_scores_of_reading.moc"

// SPDX-License-Identifier: Apache-2.0
// The points of an answer as they are written: what each one reads, the lanes, points that need others,
// guards, errors, and the text that comes of it.
#include "tests/unit/app/expansion_fixture.h"

using namespace tendril;
using namespace tendril::test;
using app::ExpansionResult;
using app::PointPhase;
using storage::AnswerMode;

namespace {

const std::vector<std::string> kTexts = {
    "The heart grows stronger with each walk that a person takes.",
    "Whoever moves by day finds rest at night more easily.",
    "Falls become rare when legs and eyes learn to work together.",
    "Others who train at the same hour become friends in time.",
};

void one_lane(nlohmann::json& json) {
    json["limits"]["most_lanes"] = 1;
}

void with_needs(nlohmann::json& json) {
    for (auto& language : json["languages"]) {
        language["needs_open"] = " [needs ";
        language["needs_close"] = "]";
    }
}

bool begins_with(const std::vector<engine::TokenId>& whole, const std::vector<engine::TokenId>& front) {
    return whole.size() >= front.size() && std::equal(front.begin(), front.end(), whole.begin());
}

}  // namespace

class TestExpansionPoints : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void pointsShareTheOutlinesPrompt() {
        ExpansionFixture f;
        f.request.sampler.temperature = 0.7F;
        f.request.sampler.seed = 5;
        f.begin_points();
        QCOMPARE(f.port.asked.size(), 5U);  // all four at once
        // What was read and drawn for the outline, token for token, but for the last line break.
        auto stem = f.asked(1).generate->prompt;
        const std::string outline = "1. Stronger heart\n2. Better sleep\n3. Steady balance\n4. Good company";
        for (const auto token : f.port.tokenizer->encode(outline, {})) {
            stem.push_back(token);
        }
        std::set<std::uint64_t> seeds;
        for (std::size_t id = 2; id <= 5; ++id) {
            const auto& point = *f.asked(id).generate;
            QVERIFY(begins_with(point.prompt, stem));
            const std::string own =
                f.port.tokenizer->decode(std::span(point.prompt).subspan(stem.size()), true);
            QVERIFY2(own.starts_with("<|im_end|>\n<|im_start|>user\n"), own.c_str());
            QVERIFY2(own.ends_with("**\n\n"), own.c_str());
            QVERIFY(point.moved.empty());
            QVERIFY(point.grammar == nullptr);
            QVERIFY(point.max_tokens > 0);
            QCOMPARE(point.sampler.temperature, 0.7F);
            seeds.insert(point.sampler.seed);
        }
        QVERIFY(f.asked(3).text.ends_with("<|im_start|>assistant\n**2. Better sleep**\n\n"));
        QCOMPARE(seeds.size(), 4U);
    }

    void answerIsStitchedInOrder() {
        ExpansionFixture f;
        f.begin_points();
        for (const std::size_t point : {2U, 0U, 3U}) {
            f.finish(point + 2, kTexts[point]);
            QVERIFY(f.running());
        }
        f.say(3, kTexts[1].substr(0, 20));
        f.finish(3, kTexts[1].substr(20) + "\n");
        const auto result = f.result();
        QVERIFY(result.ending == ExpansionResult::Ending::complete);
        QCOMPARE(result.text, "**1. Stronger heart**\n\n" + kTexts[0] + "\n\n**2. Better sleep**\n\n" +
                                  kTexts[1] + "\n\n**3. Steady balance**\n\n" + kTexts[2] +
                                  "\n\n**4. Good company**\n\n" + kTexts[3]);
        QVERIFY(result.state.skeleton);
        QCOMPARE(result.state.reason_key, std::string("always"));
        for (std::uint32_t i = 0; i < 4; ++i) {
            const app::PointState& point = result.state.points[i];
            QVERIFY(point.phase == PointPhase::done);
            QCOMPARE(point.stop, std::string("end_of_text"));
            QVERIFY(point.tokens >= kTexts[i].size());
            const std::string stands = result.text.substr(point.begin, point.end - point.begin);
            QCOMPARE(stands, point.heading + "\n\n" + kTexts[i]);
            QCOMPARE(f.observer.points[i], kTexts[i]);  // without what is cut at its ends
        }
        // Sums of all requests, the outline included.
        std::uint32_t prompts = 0;
        for (const auto& one : f.port.asked) {
            prompts += static_cast<std::uint32_t>(one.generate->prompt.size());
        }
        QCOMPARE(result.state.prompt_tokens, prompts);
        QCOMPARE(result.state.cached_tokens, 25U);
        QCOMPARE(result.written.size(), 4U);
        const std::string written = f.port.tokenizer->decode(
            std::span(result.written[2].tokens).subspan(result.written[2].heading_at), true);
        QCOMPARE(written, "**3. Steady balance**\n\n" + kTexts[2]);
    }

    void lanesAreFilledAsPointsEnd() {
        ExpansionFixture f(one_lane);
        f.begin_points();
        for (std::size_t point = 0; point < 4; ++point) {
            QCOMPARE(f.port.asked.size(), point + 2);
            QVERIFY(f.observer.last.points[point].phase == PointPhase::growing);
            f.finish(point + 2, kTexts[point]);
        }
        QVERIFY(f.result().text.ends_with(kTexts[3]));
    }

    void unmeasuredMachinesStillTakeLanes() {
        ExpansionFixture f;
        f.request.curve.clear();
        f.begin_points();
        QCOMPARE(f.open(), 4U);
        QCOMPARE(f.observer.last.predicted_gain, 0.0);
    }

    /// A branch fills its last page for itself: with little room fewer of them grow at once.
    void smallRoomMeansFewerLanes() {
        ExpansionFixture f;
        f.begin_points();
        const auto longest = f.asked(5).generate->prompt.size() + f.asked(5).generate->max_tokens;
        const auto stem = f.asked(1).generate->prompt.size() + std::string(ExpansionFixture::kOutline).size();
        ExpansionFixture g;
        g.request.context = static_cast<std::uint32_t>(stem + 2 * (longest - stem + 192));
        g.begin_points();
        QVERIFY(g.open() >= 2 && g.open() <= 3);
    }

    void pointThatNeedsAnotherGoesOnBehindIt() {
        ExpansionFixture f(with_needs);
        f.begin_points("1. Stronger heart\n2. Better sleep [needs 1]\n3. Steady balance\n");
        QCOMPARE(f.port.asked.size(), 3U);  // the second one waits
        QVERIFY(f.observer.last.points[1].phase == PointPhase::waiting);
        QCOMPARE(f.observer.last.points[1].needs, std::vector<std::uint32_t>{0});
        f.finish(3, kTexts[2]);
        QCOMPARE(f.port.asked.size(), 3U);
        f.finish(2, kTexts[0]);
        QCOMPARE(f.port.asked.size(), 4U);
        auto front = f.asked(2).generate->prompt;
        for (const auto token : f.port.tokenizer->encode(kTexts[0], {})) {
            front.push_back(token);
        }
        const auto& second = *f.asked(4).generate;
        QVERIFY(begins_with(second.prompt, front));  // its text is shared, not read again
        QVERIFY(second.moved.empty());
        QVERIFY(f.asked(4).text.ends_with("**2. Better sleep**\n\n"));
        f.finish(4, kTexts[1]);
        QVERIFY(f.result().ending == ExpansionResult::Ending::complete);
    }

    void furtherNeedsAreMoved() {
        ExpansionFixture f(with_needs);
        f.begin_points("1. Stronger heart\n2. Better sleep\n3. Steady balance [needs 1, 2]\n");
        QCOMPARE(f.port.asked.size(), 3U);
        f.finish(2, kTexts[0]);
        f.finish(3, kTexts[1]);
        QCOMPARE(f.port.asked.size(), 4U);
        const auto& third = *f.asked(4).generate;
        QCOMPARE(third.moved.size(), 1U);
        const engine::MovedText& moved = third.moved[0];
        // It is where the contract wants it, and holds what the other point was asked and said.
        QVERIFY(moved.at + moved.length <= third.prompt.size());
        QVERIFY(moved.length <= moved.context.size());
        QVERIFY(std::equal(moved.context.end() - moved.length, moved.context.end(),
                           third.prompt.begin() + moved.at));
        const std::string text = f.port.tokenizer->decode(
            std::span(moved.context).subspan(moved.context.size() - moved.length), true);
        QVERIFY2(text.ends_with("**2. Better sleep**\n\n" + kTexts[1]), text.c_str());
        QVERIFY2(text.starts_with("<|im_end|>\n<|im_start|>user\n"), text.c_str());
        auto other = f.asked(3).generate->prompt;
        for (const auto token : f.port.tokenizer->encode(kTexts[1], {})) {
            other.push_back(token);
        }
        QCOMPARE(moved.context, other);
        f.finish(4, kTexts[2]);
        QVERIFY(f.result().ending == ExpansionResult::Ending::complete);
    }

    /// A reference to a later point, or a circle: one after another.
    void pointsThatNeedLaterOnesAreWrittenInOrder() {
        ExpansionFixture f(with_needs);
        f.begin_points("1. Stronger heart [needs 3]\n2. Better sleep\n3. Steady balance\n");
        for (std::size_t point = 0; point < 3; ++point) {
            QCOMPARE(f.open(), 1U);
            f.finish(point + 2, kTexts[point]);
        }
        QVERIFY(f.result().ending == ExpansionResult::Ending::complete);
    }

    void pointWhoseNeedSaidNothingStandsAlone() {
        ExpansionFixture f(with_needs);
        f.begin_points("1. Stronger heart\n2. Better sleep [needs 1]\n3. Steady balance\n");
        f.finish(2, "");
        QCOMPARE(f.port.asked.size(), 4U);
        QVERIFY(f.asked(4).text.find("im_start|>assistant\n**1.") == std::string::npos);
        f.finish(3, kTexts[2]);
        f.finish(4, kTexts[1]);
        QVERIFY(f.result().text.starts_with("**2. Better sleep**"));
    }

    void guardStopsABranch() {
        ExpansionFixture f;
        f.begin_points();
        f.say(2, kTexts[0] + "\n");
        QVERIFY(!f.asked(2).cancelled);
        f.say(2, "2. Better sleep\nA person who ");
        QVERIFY(f.asked(2).cancelled);
        f.finish(2, "more that nobody sees", engine::StopReason::cancelled);
        QVERIFY(f.observer.last.points[0].phase == PointPhase::done);
        QCOMPARE(f.observer.last.points[0].stop, std::string("sibling"));
        for (std::size_t point = 1; point < 4; ++point) {
            f.finish(point + 2, kTexts[point]);
        }
        const auto result = f.result();
        QVERIFY(result.text.starts_with("**1. Stronger heart**\n\n" + kTexts[0] + "\n\n**2. Better sleep**"));
        QVERIFY(result.text.find("nobody sees") == std::string::npos);
    }

    void repetitionIsStopped() {
        ExpansionFixture f;
        f.begin_points();
        std::string loop;
        for (int i = 0; i < 12 && !f.asked(2).cancelled; ++i) {
            f.say(2, "and it is good for you ", 6);
        }
        QVERIFY(f.asked(2).cancelled);
        f.finish(2, {}, engine::StopReason::cancelled);
        QVERIFY(f.observer.last.points[0].phase == PointPhase::stopped);
        QCOMPARE(f.observer.last.points[0].stop, std::string("repeats"));
    }

    void longestLengthCutsTheSentence() {
        ExpansionFixture f;
        f.begin_points();
        f.finish(2, kTexts[0] + " And then there is", engine::StopReason::max_tokens);
        for (std::size_t point = 1; point < 4; ++point) {
            f.finish(point + 2, kTexts[point]);
        }
        QVERIFY(f.result().text.starts_with("**1. Stronger heart**\n\n" + kTexts[0] + "\n\n**2."));
    }

    void copiesAreLeftOut() {
        ExpansionFixture f;
        f.begin_points();
        for (std::size_t point = 0; point < 4; ++point) {
            f.finish(point + 2, kTexts[point == 2 ? 0 : point]);
        }
        const auto result = f.result();
        QVERIFY(result.text.find("Steady balance") == std::string::npos);
        QCOMPARE(result.state.points[2].stop, std::string("copy"));
        QCOMPARE(result.state.points[2].end, 0U);
        QCOMPARE(result.written.size(), 3U);
    }

    void pointsThatSayTheSameGiveANormalAnswer() {
        ExpansionFixture f;
        f.begin_points();
        for (std::size_t point = 0; point < 4; ++point) {
            f.finish(point + 2, kTexts[0]);
        }
        QCOMPARE(f.observer.told.back(), std::string("route normal points-overlap"));
        QCOMPARE(f.port.asked.back().generate->prompt, f.request.prompt.tokens);
        f.finish(6, "One text.");
        const auto result = f.result();
        QCOMPARE(result.text, std::string("One text."));
        QVERIFY(!result.state.skeleton);
        QVERIFY(result.state.points.empty());
    }

    void cancelKeepsWhatIsThere() {
        ExpansionFixture f;
        f.begin_points();
        f.finish(4, kTexts[2]);
        f.say(2, "The heart grows");
        f.expansion->cancel();
        QVERIFY(f.all_cancelled());
        QVERIFY(f.running());
        f.say(2, " stronger");  // drawn before the engine heard of it
        for (const engine::RequestId id : {2, 3, 5}) {
            f.finish(id, {}, engine::StopReason::cancelled);
        }
        const auto result = f.result();
        QVERIFY(result.ending == ExpansionResult::Ending::cancelled);
        QCOMPARE(
            result.text,
            "**1. Stronger heart**\n\nThe heart grows stronger\n\n**3. Steady balance**\n\n" + kTexts[2]);
        QVERIFY(result.state.points[0].phase == PointPhase::stopped);
        QVERIFY(result.finished->reason == engine::StopReason::cancelled);
        QCOMPARE(f.port.asked.size(), 5U);
    }

    void cancelDoesNotRefill() {
        ExpansionFixture f(one_lane);
        f.begin_points();
        f.say(2, "The heart");
        f.expansion->cancel();
        f.finish(2, {}, engine::StopReason::cancelled);
        QCOMPARE(f.port.asked.size(), 2U);
        QCOMPARE(f.result().text, std::string("**1. Stronger heart**\n\nThe heart"));
    }

    void errorOfOneBranchLeavesTheOthers() {
        ExpansionFixture f;
        f.begin_points();
        f.say(3, "Who");
        f.expansion->handle(3, Error{ErrorCode::out_of_memory, "Too little memory.", {}});
        for (const std::size_t point : {0U, 2U, 3U}) {
            f.finish(point + 2, kTexts[point]);
        }
        const auto result = f.result();
        QVERIFY(result.ending == ExpansionResult::Ending::complete);
        QCOMPARE(result.error->message, std::string("Too little memory."));
        QCOMPARE(result.state.points[1].stop, std::string("error"));
        QVERIFY(result.text.find(kTexts[3]) != std::string::npos);
    }

    void errorOfAllBranchesIsAnError() {
        ExpansionFixture f;
        f.begin_points();
        for (engine::RequestId id = 2; id <= 5; ++id) {
            f.expansion->handle(id, Error{ErrorCode::out_of_memory, "Too little memory.", {}});
        }
        const auto result = f.result();
        QVERIFY(result.ending == ExpansionResult::Ending::failed);
        QCOMPARE(result.error->message, std::string("Too little memory."));
    }

    void engineThatEndsEverythingCancels() {
        ExpansionFixture f;
        f.begin_points();
        f.say(2, "The heart");
        for (engine::RequestId id = 2; id <= 5; ++id) {
            f.expansion->handle(id, Error{ErrorCode::cancelled, "Cancelled.", {}});
        }
        const auto result = f.result();
        QVERIFY(result.ending == ExpansionResult::Ending::cancelled);
        QCOMPARE(result.text, std::string("**1. Stronger heart**\n\nThe heart"));
        QCOMPARE(f.port.asked.size(), 5U);  // and nothing more is asked of an engine that has no model
        ExpansionFixture g;
        g.begin();
        for (std::size_t id = 1; id <= g.choices(); ++id) {
            g.expansion->handle(id, Error{ErrorCode::cancelled, "Cancelled.", {}});
        }
        QVERIFY(g.result().ending == ExpansionResult::Ending::cancelled);
        ExpansionFixture h(one_lane);
        h.begin_points();
        h.finish(2, "The heart", engine::StopReason::cancelled);
        QVERIFY(h.result().ending == ExpansionResult::Ending::cancelled);
        QCOMPARE(h.port.asked.size(), 2U);
    }

    void limitOfTheAnswerIsShared() {
        ExpansionFixture f;
        f.request.max_tokens = 400;
        f.begin_points();
        QCOMPARE(f.asked(2).generate->max_tokens, 100U);
    }

    /// A title that spells a control token stays a text, in the prompts and in the answer.
    void controlTextsOfTitlesAreHarmless() {
        ExpansionFixture f;
        f.begin_points("1. The <|im_end|> token\n2. Better sleep\n3. Steady balance\n");
        const auto ends = [](const std::vector<engine::TokenId>& tokens) {
            return std::count(tokens.begin(), tokens.end(), ByteTokenizer::kEnd);
        };
        QCOMPARE(ends(f.asked(2).generate->prompt), ends(f.asked(3).generate->prompt));
        QCOMPARE(ends(f.asked(2).generate->prompt), 3);  // user, outline, user
        for (std::size_t point = 0; point < 3; ++point) {
            f.finish(point + 2, kTexts[point]);
        }
        QVERIFY(f.result().text.starts_with("**1. The <|im_end|> token**\n\n"));
    }
};

QTEST_GUILESS_MAIN(TestExpansionPoints)
#include "test_expansion_points.moc"

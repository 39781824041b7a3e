// SPDX-License-Identifier: Apache-2.0
// What a model reads of a conversation, on random ones: never silent, the last exchanges, the system prompt
// and pinned messages stand, excluded ones never do, prompts keep their beginning, few counts.
#include <algorithm>
#include <cmath>
#include <set>

#include <QTest>
#include <rapidcheck.h>

#include "prompt/context/context_plan.h"
#include "tests/unit/prompt/random_plans.h"

namespace tendril::prompt::context {
namespace {

/// Each segment's fate is what the prompt shows.
void check_fates(const PlanRequest& request, const ContextPlan& made, const std::string& text) {
    RC_ASSERT(made.fates.size() == request.segments.size());
    for (std::size_t i = 0; i < request.segments.size(); ++i) {
        const Segment& one = request.segments[i];
        RC_ASSERT(contains(text, one.text) == (made.fates[i] == Fate::whole));
        RC_ASSERT((one.keep == Keep::excluded) == (made.fates[i] == Fate::excluded));
        if (one.keep == Keep::pinned) {
            RC_ASSERT(made.fates[i] == Fate::whole);
        }
        if (made.fates[i] == Fate::shortened) {
            RC_ASSERT(made.short_text.has_value());
            RC_ASSERT(i < request.shorts[*made.short_text].covers);
        }
        for (const DocumentSegment& document : one.documents) {
            const auto& gone = made.documents_gone;
            const bool named = std::find(gone.begin(), gone.end(), document.id) != gone.end();
            const bool read = made.fates[i] == Fate::whole || made.fates[i] == Fate::shortened;
            // Of a segment that a short text stood for that is gone too, documents may still be read.
            RC_ASSERT(
                (contains(text, document.text.substr(0, document.text.size() - 2)) == (read && !named) ||
                 made.fates[i] == Fate::left_out));
        }
    }
    RC_ASSERT(made.fates.back() == Fate::whole);
    RC_ASSERT((request.system.empty() || contains(text, request.system)));
}

/// The last two exchanges in front of the question go only when nothing else is left that could.
void check_order(const PlanRequest& request, const ContextPlan& made) {
    const auto begins = begins_of(request);
    const std::size_t last = begins[begins.size() - std::min<std::size_t>(begins.size(), 3)];
    const std::size_t covered = made.short_text ? request.shorts[*made.short_text].covers : 0;
    bool late = false;
    bool early = made.short_text.has_value();
    for (std::size_t i = 0; i < request.segments.size(); ++i) {
        late = late || (i >= last && made.fates[i] == Fate::left_out && i >= covered);
        const bool normal = request.segments[i].keep == Keep::normal;
        early = early || (i < last && made.fates[i] == Fate::whole && normal);
    }
    RC_ASSERT((!(late && early)));
}

void check_error(const PlanRequest& request, const Error& error) {
    RC_ASSERT(error.code == ErrorCode::too_large);
    PlanRequest least = request;
    least.shorts.clear();
    const auto begins = begins_of(request);
    for (std::size_t i = 0; i < begins.back(); ++i) {
        if (least.segments[i].keep != Keep::pinned) {
            least.segments[i].keep = Keep::excluded;
        }
    }
    least.context = 1'000'000;
    const std::size_t tokens = planned(least)->tokens;
    RC_ASSERT(tokens > limit_of(request));
    RC_LOG() << error.message << " " << tokens << "\n";
    RC_ASSERT(contains(error.message, std::to_string(tokens)));
    RC_ASSERT(contains(error.message, std::to_string(limit_of(request))));
}

class TestContextPlan : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void randomConversations() {
        std::size_t fitted = 0;
        std::size_t refused = 0;
        QVERIFY(rc::check("random conversations", [&] {
            for (int i = 0; i < 50; ++i) {  // times rapidcheck's 100 runs
                const PlanRequest request = random_request();
                std::size_t calls = 0;
                const auto made = plan(
                    request,
                    [&](const ChatMessages& messages) -> Result<std::size_t> {
                        ++calls;
                        return tokens_of(messages);
                    },
                    kLetters);
                if (!made) {
                    ++refused;
                    check_error(request, made.error());
                    continue;
                }
                ++fitted;
                const std::string text = whole(made->messages);
                RC_ASSERT(made->tokens == tokens_of(made->messages));
                RC_ASSERT(made->tokens <= limit_of(request));
                check_fates(request, *made, text);
                check_order(request, *made);
                RC_ASSERT(
                    static_cast<double>(calls) <=
                    6 + 2 * std::ceil(std::log2(2.0 * static_cast<double>(request.segments.size()) + 1)));
                RC_ASSERT(made->shares.system + made->shares.documents + made->shares.turns == made->tokens);
                RC_ASSERT(made->shares.limit == request.context);
                RC_ASSERT(whole(planned(request)->messages) == text);  // the same again
            }
        }));
        QVERIFY(fitted > 500 && refused > 20);
    }

    void nothingGoesThatFits() {
        QVERIFY(rc::check("all fits", [] {
            PlanRequest request = random_request();
            request.shorts.clear();
            request.context = 1'000'000;
            const auto made = planned(request);
            for (std::size_t i = 0; i < request.segments.size(); ++i) {
                RC_ASSERT(made->fates[i] ==
                          (request.segments[i].keep == Keep::excluded ? Fate::excluded : Fate::whole));
            }
            RC_ASSERT(made->documents_gone.empty());
        }));
    }

    void rolesTakeTurns() {
        QVERIFY(rc::check("roles", [] {
            const PlanRequest request = random_request();
            const auto made = planned(request);
            if (!made) {
                return;
            }
            for (std::size_t i = 1; i < made->messages.size(); ++i) {
                RC_ASSERT(made->messages[i].role != made->messages[i - 1].role);
            }
            const std::size_t first = made->messages.front().role == "system" ? 1 : 0;
            RC_ASSERT((made->messages[first].role == "user" || request.segments.front().role != "user"));
        }));
    }

    void growingConversationsKeepTheirBeginning() {
        QVERIFY(rc::check("growing", [] {
            const auto answer = *rc::gen::inRange<std::size_t>(20, 120);
            PlanRequest request;
            request.system = std::string(50, 's');
            request.context = 1000;
            request.reserve = 200;
            std::size_t changes = 0;
            std::size_t left_out = 0;
            std::size_t grown = 50;
            for (int turn = 0; turn < 40; ++turn) {
                request.segments.push_back(
                    segment(request.segments.size(), "user", *rc::gen::inRange<std::size_t>(1, 40)));
                const auto made = planned(request);
                RC_ASSERT(made.has_value());
                const auto gone = static_cast<std::size_t>(
                    std::count(made->fates.begin(), made->fates.end(), Fate::left_out));
                RC_ASSERT(gone >= left_out);
                changes += gone != left_out ? 1 : 0;
                left_out = gone;
                request.segments.push_back(segment(request.segments.size(), "assistant", answer));
                grown += answer + 60;
            }
            // A new beginning for each half of the room (800 tokens) that it grew beyond it, not for each
            // turn.
            RC_ASSERT(changes <= 1 + (grown > 800 ? (grown - 800) / 400 + 1 : 0));
            RC_ASSERT(changes <= 19);
        }));
    }

    void keepsAHugeExchangeThatFits() {
        PlanRequest request;
        request.segments = {segment(0, "user", 300), segment(1, "assistant", 1), segment(2, "user", 640),
                            segment(3, "assistant", 1), segment(4, "user", 1)};
        request.context = 900;
        const auto made = planned(request);
        QVERIFY(made.has_value());
        QVERIFY(made->fates[0] == Fate::left_out && made->fates[1] == Fate::left_out);
        QVERIFY(made->fates[2] == Fate::whole);
    }

    void passesTheTemplatesErrorOn() {
        PlanRequest request;
        request.segments = {segment(0, "user", 1)};
        request.context = 100;
        const auto made = plan(
            request,
            [](const ChatMessages&) -> Result<std::size_t> { return fail(ErrorCode::malformed, "No."); },
            kLetters);
        QVERIFY(!made.has_value());
        QCOMPARE(made.error().message, std::string("No."));
        QVERIFY(!planned({}).has_value());
    }

    void aShortTextStandsForTheOldest() {
        PlanRequest request = conversation(10, 50);
        request.context = 4000;
        request.shorts = {{1, 4, "Short one.", false}, {2, 8, "Short two.", false}};
        const auto made = planned(request);
        QCOMPARE(made->short_text, std::optional<std::size_t>(1));
        QVERIFY(made->fates[7] == Fate::shortened && made->fates[8] == Fate::whole);
        QCOMPARE(made->messages[1].role, std::string("user"));
        QVERIFY(made->messages[1].content.starts_with("Short two.\n\n#8;"));
        // As it is undone, the one before it stands in; without any, the full text.
        request.shorts[1].undone = true;
        QCOMPARE(planned(request)->short_text, std::optional<std::size_t>(0));
        request.shorts[0].undone = true;
        QVERIFY(!planned(request)->short_text);
        // Where the full text does not fit, what was undone is better than nothing; the least of it first.
        request.context = 1200;
        QCOMPARE(planned(request)->short_text, std::optional<std::size_t>(0));
        request.context = 900;
        QCOMPARE(planned(request)->short_text, std::optional<std::size_t>(1));
    }

    void aShortTextOfALaterPlaceIsNotReadInFrontOfAnEarlierQuestion() {
        PlanRequest request = conversation(10, 50);
        request.context = 4000;
        request.shorts = {{1, request.segments.size() - 3, "Short.", false}};  // one exchange stands
        QVERIFY(planned(request)->short_text);
        request.shorts[0].covers = request.segments.size() - 1;  // none does
        QVERIFY(!planned(request)->short_text);
    }

    void pinnedAndDocumentsOfTheShortenedStand() {
        PlanRequest request = conversation(6, 50);
        request.context = 4000;
        request.segments[0].documents = {{90, "notes.txt:\nIvy.\n\n"}};
        request.segments[2].keep = Keep::pinned;
        request.segments[5].keep = Keep::pinned;
        request.segments[6].keep = Keep::excluded;
        request.shorts = {{1, 8, "Short.", false}};
        const auto made = planned(request);
        const std::string text = whole(made->messages);
        const auto at = [&](const std::string& part) { return text.find(part); };
        QVERIFY(at("Ivy") < at("Short.") && at("Short.") < at("#2;") && at("#2;") < at("#5;") &&
                at("#5;") < at("#8;"));
        QVERIFY(!contains(text, "#0;") && !contains(text, "#6;") && !contains(text, "#4;"));
        QCOMPARE(made->shares.documents, std::string("notes.txt:\nIvy.\n\n").size());
        request.segments[0].documents[0].left_out = true;
        QCOMPARE(planned(request)->documents_gone, std::vector<std::int64_t>{90});
        QVERIFY(!contains(whole(planned(request)->messages), "Ivy."));
        request.shorts.clear();  // its message stands whole
        QVERIFY(contains(whole(planned(request)->messages), "Ivy."));
    }

    void documentsGoWhereItIsNotEnoughWithout() {
        PlanRequest request = conversation(12, 50);
        request.segments.pop_back();
        request.context = 4000;
        auto& documents = request.segments[0].documents;
        documents = {{90, std::string(300, 's') + "\n\n"}, {91, std::string(1900, 'l') + "\n\n"}};
        using Ids = std::vector<std::int64_t>;
        const auto gone = [](const PlanRequest& of) {
            return next_compaction(of, *planned(of), {}, true, kCount)->documents;
        };
        QCOMPARE(gone(request), (Ids{90, 91}));  // oldest first
        documents[0].wanted = true;              // who brought it back has it as long as it fits
        QCOMPARE(gone(request), Ids{91});
        documents.pop_back();
        documents[0].wanted = false;
        QVERIFY(gone(request).empty());  // a small one can stay
    }

    void compactionTakesABigStep() {
        PlanRequest request = conversation(30, 50);
        request.segments.pop_back();  // no question yet
        request.context = 4000;
        request.reserve = 200;
        const auto made = planned(request);
        QVERIFY(made->tokens > 3400 && made->tokens < 3800);
        const auto next = next_compaction(request, *made, {}, false, kCount);
        QVERIFY(next.has_value());
        request.shorts = {{1, next->covers, std::string(next->budget, 'm'), false}};
        const auto after = planned(request);
        QVERIFY(after->tokens <= 2000 + 4);
        QVERIFY(after->tokens > 1700);  // and no further than it must
        QVERIFY(request.segments[next->covers].role == "user");
        QVERIFY(!next_compaction(request, *after, {}, false, kCount));
        QVERIFY(made->tokens - after->tokens >= next->tokens_before - next->budget - 4);
    }

    void whatWasBroughtBackStaysAsLongAsItFits() {
        PlanRequest request = conversation(31, 50);
        request.segments.pop_back();
        request.context = 4000;
        request.shorts = {{1, 20, "Short.", true}};
        const auto made = planned(request);
        QVERIFY(!made->short_text);
        QVERIFY(!next_compaction(request, *made, {}, false, kCount));
        QVERIFY(next_compaction(request, *made, {}, true, kCount));
        request.shorts[0].undone = false;
        request.shorts[0].covers = 2;
        QVERIFY(next_compaction(request, *planned(request), {}, false, kCount));
    }

    void noCompactionBelowTheTrigger() {
        PlanRequest request = conversation(20, 50);
        request.segments.pop_back();
        request.context = 4000;
        const auto made = planned(request);
        QVERIFY(!next_compaction(request, *made, {}, false, kCount));
        QVERIFY(next_compaction(request, *made, {}, true, kCount));           // a person may ask for it
        QVERIFY(next_compaction(request, *made, {0.4, 0.3}, false, kCount));  // or want it earlier
    }

    void compactionNeverTakesTheLastTwo() {
        QVERIFY(rc::check("the last two", [] {
            PlanRequest request = random_request();
            request.segments.pop_back();
            if (request.segments.empty()) {
                return;
            }
            const auto made = planned(request);
            if (!made) {
                return;
            }
            const bool now = *rc::gen::arbitrary<bool>();
            const auto next = next_compaction(request, *made, {0.6, 0.3}, now, kCount);
            if (!next) {
                return;
            }
            const auto begins = begins_of(request);
            RC_ASSERT(std::find(begins.begin(), begins.end(), next->covers) != begins.end());
            RC_ASSERT(next->covers <= begins[begins.size() - 2]);
            RC_ASSERT((!made->short_text || next->covers > request.shorts[*made->short_text].covers));
            if (!now && std::count(made->fates.begin(), made->fates.end(), Fate::left_out) == 0) {
                RC_ASSERT(made->tokens >= trigger(request, {0.6, 0.3}));
            }
        }));
    }

    void whatFellOutGetsATextThatHasRoom() {
        // One exchange so long that those before it had to be left out: no token of them is in the prompt.
        PlanRequest request = conversation(5, 150);
        request.segments.pop_back();
        request.segments.back().text += std::string(2450, 'l');
        request.context = 3700;
        const auto made = planned(request);
        QVERIFY(made->fates[0] == Fate::left_out);
        const auto next = next_compaction(request, *made, {}, false, kCount);
        QVERIFY(next && next->covers > 0);
        QVERIFY2(next->budget >= 50, std::to_string(next->budget).c_str());
        request.shorts = {{1, next->covers, std::string(next->budget, 'm'), false}};
        const auto after = planned(request);
        QVERIFY(after && after->short_text);  // and it fits
    }

    void littleGainIsNotWorthIt() {
        // Pinned messages fill the context nearly: each new exchange would be shortened by itself.
        PlanRequest request = conversation(4, 40);
        request.segments.pop_back();
        request.segments[0].text += std::string(3200, 'p');
        request.segments[0].keep = Keep::pinned;
        request.context = 4000;
        const auto made = planned(request);
        QVERIFY(made->tokens > 3400);
        QVERIFY(!next_compaction(request, *made, {}, false, kCount));
        QVERIFY(next_compaction(request, *made, {}, true, kCount));  // unless a person asks for it
    }

    void hysteresisOverManyTurns() {
        const auto run = [](Thresholds thresholds) {
            PlanRequest request;
            request.system = "Be brief.";
            request.context = 2000;
            request.reserve = 100;
            std::size_t steps = 0;
            for (std::size_t turn = 0; turn < 200; ++turn) {
                request.segments.push_back(segment(request.segments.size(), "user", 30));
                if (!planned(request)) {
                    return std::size_t{10'000};
                }
                request.segments.push_back(segment(request.segments.size(), "assistant", 60));
                const auto made = planned(request);
                if (const auto next = next_compaction(request, *made, thresholds, false, kCount)) {
                    request.shorts = {{1, next->covers, std::string(next->budget / 2, 'm'), false}};
                    ++steps;
                }
                const auto fates = planned(request)->fates;
                if (std::count(fates.begin(), fates.end(), Fate::left_out) != 0) {
                    return std::size_t{20'000};
                }
            }
            return steps;
        };
        const std::size_t good = run({});
        QVERIFY2(good >= 15 && good <= 36, std::to_string(good).c_str());
        const std::size_t bad = run({0.5, 0.5});  // no distance: far more steps
        QVERIFY2(bad >= 2 * good, std::to_string(bad).c_str());
    }

  private:
    /// `exchanges` of them and a question.
    static PlanRequest conversation(std::size_t exchanges, std::size_t length) {
        PlanRequest request;
        request.system = "Be brief.";
        for (std::size_t i = 0; i < exchanges; ++i) {
            request.segments.push_back(segment(2 * i, "user", length));
            request.segments.push_back(segment(2 * i + 1, "assistant", length));
        }
        request.segments.push_back(segment(2 * exchanges, "user", length));
        return request;
    }
};

}  // namespace
}  // namespace tendril::prompt::context

QTEST_GUILESS_MAIN(tendril::prompt::context::TestContextPlan)
#include "test_context_plan.moc"

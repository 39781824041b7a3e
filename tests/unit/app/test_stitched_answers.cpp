// SPDX-License-Identifier: Apache-2.0
// Which stretches of the next turn's prompt are taken from where points were written; and how news of points
// is joined on its way to a slow reader.
#include <QTest>

#include "app/event_queue.h"
#include "app/expand/stitched_answers.h"

using namespace tendril;
using namespace tendril::app;
using engine::TokenId;

namespace {

using Tokens = std::vector<TokenId>;

Tokens range(TokenId from, int count) {
    Tokens tokens;
    for (int i = 0; i < count; ++i) {
        tokens.push_back(from + i);
    }
    return tokens;
}

Tokens joined(const std::vector<Tokens>& parts) {
    Tokens all;
    for (const Tokens& part : parts) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

void fits(const std::vector<engine::MovedText>& runs, const Tokens& prompt) {
    std::size_t behind = 0;
    for (const engine::MovedText& run : runs) {
        QVERIFY(run.at >= behind);
        behind = run.at + run.length;
        QVERIFY(behind <= prompt.size() && run.length <= run.context.size());
        QVERIFY(std::equal(run.context.end() - run.length, run.context.end(), prompt.begin() + run.at));
    }
}

}  // namespace

class TestStitchedAnswers : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void runsAreFoundAroundOtherTokens() {
        const Tokens stem = range(1000, 20);
        const WrittenPoint first{joined({stem, range(100, 40)}), 20};
        const WrittenPoint second{joined({stem, range(200, 30)}), 20};
        // The seam is spelled otherwise; so is a word within the first point.
        const Tokens prompt =
            joined({range(1, 10), range(100, 15), {7, 7}, range(117, 23), {8}, range(201, 29), {9}});
        const auto runs = aligned_runs(prompt, 10, prompt.size(), {first, second});
        fits(runs, prompt);
        QCOMPARE(runs.size(), 3U);
        QCOMPARE(runs[0].at, 10U);
        QCOMPARE(runs[0].length, 15U);
        QCOMPARE(runs[0].context, joined({stem, range(100, 15)}));
        QCOMPARE(runs[1].length, 23U);
        QCOMPARE(runs[2].context, second.tokens);
        QCOMPARE(runs[2].length, 29U);
    }

    void otherTokensGiveNothing() {
        const WrittenPoint point{range(100, 40), 0};
        QVERIFY(aligned_runs(range(500, 60), 0, 60, {point}).empty());
        // Short runs are not worth it.
        QVERIFY(aligned_runs(joined({range(100, 7), {1}, range(108, 7)}), 0, 15, {point}).empty());
        QVERIFY(aligned_runs({}, 0, 0, {point}).empty());
        QVERIFY(aligned_runs(range(100, 40), 0, 40, {}).empty());
        QVERIFY(aligned_runs(range(100, 40), 40, 40, {point}).empty());
    }

    void onlyBehindItsOwnPrompt() {
        StitchedAnswers answers;
        const Tokens prompt = range(1, 10);
        answers.keep(5, prompt, {{range(100, 40), 0}});
        storage::Message question;
        question.id = 4;
        storage::Message answer;
        answer.id = 5;
        const Tokens next = joined({prompt, range(100, 40), range(60, 5)});
        QCOMPARE(answers.moved({{&question}, {&answer}}, next).size(), 1U);
        QVERIFY(answers.moved({app::BranchMessage{&question}}, next).empty());  // another branch
        QVERIFY(
            answers.moved({{&question}, {&answer}}, joined({{2}, next})).empty());  // something was left out
        answers.read(prompt);
        QVERIFY(!answers.empty());  // not yet the answer
        answers.read(next);
        QVERIFY(answers.empty());
        for (storage::MessageId id = 1; id <= 9; ++id) {
            answers.keep(id, prompt, {{range(100, 40), 0}});
        }
        QVERIFY(answers.moved({{&question}, {&answer}}, next).empty());  // the oldest ones went
        answer.id = 9;
        QCOMPARE(answers.moved({{&question}, {&answer}}, next).size(), 1U);
        answers.clear();
        QVERIFY(answers.empty());
    }

    void twoAnswersInTheirOrder() {
        StitchedAnswers answers;
        const Tokens first = range(1, 10);
        const Tokens second = joined({first, range(100, 40), range(50, 10)});
        const Tokens next = joined({second, range(200, 40), range(70, 5)});
        answers.keep(2, first, {{range(100, 40), 0}});
        answers.keep(4, second, {{range(200, 40), 0}});
        std::vector<storage::Message> rows(4);
        std::vector<app::BranchMessage> branch;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i].id = static_cast<storage::MessageId>(i + 1);
            branch.push_back({&rows[i]});
        }
        const auto runs = answers.moved(branch, next);
        QCOMPARE(runs.size(), 2U);
        fits(runs, next);
    }

    void newsOfPointsIsJoined() {
        EventQueue queue;
        OutlineShown outline{1, 2, {}};
        outline.expansion.skeleton = true;
        queue.push(outline);
        for (int i = 0; i < 50; ++i) {
            queue.push(PointText{1, 2, 0, "a"});
            queue.push(PointText{1, 2, 1, "b"});
            queue.push(TurnChanged{true, 2, {}, 0, 0, 0});
            outline.expansion.total_ms = i;
            queue.push(outline);
        }
        const auto events = queue.take();
        QCOMPARE(events.size(), 4U);
        QCOMPARE(std::get<OutlineShown>(events[0]).expansion.total_ms, 49.0);
        QCOMPARE(std::get<PointText>(events[1]).text, std::string(50, 'a'));
        QCOMPARE(std::get<PointText>(events[2]).text, std::string(50, 'b'));
        queue.push(PointText{1, 2, 0, "a"});
        queue.push(PointText{1, 3, 0, "b"});  // of another answer
        QCOMPARE(queue.take().size(), 2U);
    }
};

QTEST_GUILESS_MAIN(TestStitchedAnswers)
#include "test_stitched_answers.moc"

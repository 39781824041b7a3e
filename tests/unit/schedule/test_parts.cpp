// SPDX-License-Identifier: Apache-2.0
// The small parts of the scheduler: stop texts against a naive search, and the step-cost estimate.
#include <optional>
#include <random>

#include <QtTest>

#include "engine/schedule/draft_controller.h"
#include "engine/schedule/step_cost.h"
#include "engine/schedule/stop_matcher.h"

using namespace tendril::engine;

namespace {

struct Naive {
    std::size_t start = std::string::npos;
    std::size_t end = std::string::npos;
};

/// The match that ends first; of several with that end, the longest.
Naive naive_search(const std::string& text, const std::vector<std::string>& stops) {
    Naive best;
    for (std::size_t end = 1; end <= text.size(); ++end) {
        for (const std::string& stop : stops) {
            if (!stop.empty() && stop.size() <= end &&
                text.compare(end - stop.size(), stop.size(), stop) == 0) {
                best.end = end;
                best.start = std::min(best.start, end - stop.size());
            }
        }
        if (best.end != std::string::npos) {
            return best;
        }
    }
    return best;
}

/// Whether some proper prefix of a stop text ends `text`, and how long the longest is.
std::size_t longest_open(const std::string& text, const std::vector<std::string>& stops) {
    std::size_t longest = 0;
    for (const std::string& stop : stops) {
        for (std::size_t size = 1; size < stop.size() && size <= text.size(); ++size) {
            if (text.compare(text.size() - size, size, stop, 0, size) == 0) {
                longest = std::max(longest, size);
            }
        }
    }
    return longest;
}

}  // namespace

class TestParts : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void stop_texts_are_found_as_a_naive_search_finds_them() {
        std::mt19937 random(3);
        int found = 0;
        for (int round = 0; round < 5000; ++round) {
            const auto text = [&](std::size_t size) {
                std::string made;
                for (std::size_t i = 0; i < size; ++i) {
                    made += static_cast<char>('a' + random() % 2);
                }
                return made;
            };
            std::vector<std::string> stops;
            for (std::size_t i = 0; i < random() % 4; ++i) {
                stops.push_back(text(random() % 8));
            }
            const std::string whole = text(random() % 40);
            const Naive want = naive_search(whole, stops);
            StopMatcher matcher(stops);
            std::string out;
            bool stopped = false;
            for (std::size_t at = 0; at < whole.size() && !stopped;) {
                const std::size_t size = std::min<std::size_t>(1 + random() % 5, whole.size() - at);
                stopped = matcher.push(std::string_view(whole).substr(at, size), out);
                at += size;
                if (!stopped) {  // nothing more is held back than need be
                    QCOMPARE(out, whole.substr(0, at - longest_open(whole.substr(0, at), stops)));
                }
            }
            QCOMPARE(stopped, want.end != std::string::npos);
            if (stopped) {
                ++found;
                QCOMPARE(matcher.match_start(), want.start);
                QCOMPARE(matcher.pushed(), want.end);
                QCOMPARE(out, whole.substr(0, want.start));
            } else {
                matcher.finish(out);
                QCOMPARE(out, whole);
            }
        }
        QVERIFY(found > 1000);
    }

    void a_long_answer_costs_the_same_per_byte() {
        StopMatcher matcher({std::string(1000, 'a') + "b"});
        std::string out;
        const std::string piece(1000, 'a');
        for (int i = 0; i < 2000; ++i) {  // 2 MB, all of it a possible beginning
            QVERIFY(!matcher.push(piece, out));
        }
        QCOMPARE(out.size(), 2000U * 1000U - 1000U);
        QVERIFY(matcher.push("b", out));
        QCOMPARE(out.size(), 2000U * 1000U - 1000U);
    }

    void guesses_are_made_only_where_they_pay() {
        StepCost cheap;
        StepCost dear;
        for (std::size_t rows = 1; rows < 12; ++rows) {
            cheap.record(rows, 10 + 0.1 * static_cast<double>(rows));
            dear.record(rows, 10 * static_cast<double>(rows));
        }
        DraftController controller;
        QVERIFY(controller.choose(cheap, 0, 8) >= 6);
        QCOMPARE(controller.choose(cheap, 0, 3), std::size_t{3});
        QCOMPARE(controller.choose(cheap, 0, 0), std::size_t{0});
        QCOMPARE(controller.choose(dear, 0, 8), std::size_t{0});
        for (int i = 0; i < 200; ++i) {
            controller.record(4, 0);
        }
        QVERIFY(controller.acceptance() < 0.01);
        std::size_t tried = 0;
        for (int i = 0; i < 480; ++i) {
            tried += controller.choose(cheap, 0, 8);
        }
        QVERIFY2(tried > 0 && tried <= 20, "now and then, to notice that the text has changed");
        for (int i = 0; i < 200; ++i) {
            controller.record(4, 4);
        }
        QCOMPARE(controller.choose(cheap, 0, 8), std::size_t{8});
        // Nothing is known of the cost yet: it is tried.
        QVERIFY(DraftController().choose(StepCost(), 0, 8) > 0);
    }

    void step_cost_learns_and_interpolates() {
        StepCost cost;
        QCOMPARE(cost.milliseconds(4), 0.0);
        QCOMPARE(cost.prefill_rows(0, 60, 16, 512), std::size_t{16});
        cost.record(1, 10);
        cost.record(8, 17);
        QVERIFY(qAbs(cost.milliseconds(1) - 10) < 1e-9);
        QVERIFY(qAbs(cost.milliseconds(4) - 13) < 1e-9);
        QVERIFY(qAbs(cost.milliseconds(16) - 34) < 1e-9);
        for (int i = 0; i < 40; ++i) {
            cost.record(128, 64);  // half a millisecond a row
        }
        QCOMPARE(cost.prefill_rows(0, 60, 16, 512), std::size_t{120});
        QCOMPARE(cost.prefill_rows(1, 60, 16, 512), std::size_t{100});
        QCOMPARE(cost.prefill_rows(1, 5, 16, 512), std::size_t{16});
        QCOMPARE(cost.prefill_rows(1, 6000, 16, 400), std::size_t{400});
        QCOMPARE(cost.prefill_rows(1, 60, 16, 3), std::size_t{3});
        cost.record(0, 5);
        cost.record(2, -1);
        QVERIFY(qAbs(cost.milliseconds(2) - 11) < 1e-9);
    }
};

QTEST_GUILESS_MAIN(TestParts)
#include "test_parts.moc"

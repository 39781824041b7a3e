// SPDX-License-Identifier: Apache-2.0
// The order of points and the predicted gain, over measured and invented curves.
#include <numeric>

#include <QtTest>

#include "prompt/skeleton/order.h"
#include "skeleton_support.h"

using namespace tendril::prompt::skeleton;
using State = PointProgress::State;

namespace {

const Curve kFlat({{1, 20}, {32, 20}});                                          // weight-bound
const Curve kGood({{1, 20}, {2, 21}, {4, 23}, {8, 30}, {16, 48}, {32, 90}});     // v(8) = 1.5
const Curve kPoor({{1, 20}, {2, 38}, {4, 70}, {8, 140}, {16, 270}, {32, 500}});  // nothing is shared

Work work_of(std::vector<std::uint32_t> lengths) {
    Work work = typical_work(own_phrases());
    work.point_tokens = std::move(lengths);
    return work;
}

}  // namespace

class SkeletonOrderTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void the_curve_is_read_between_its_points() {
        QCOMPARE(kGood.step_ms(1), 20.0);
        QCOMPARE(kGood.step_ms(3), 22.0);
        QCOMPARE(kGood.step_ms(8), 30.0);
        QCOMPARE(kGood.step_ms(48), 132.0);
        QCOMPARE(Curve({}).step_ms(8), 8.0);
        QVERIFY(!Curve({}).measured());
        QCOMPARE(Curve({{0, 5}, {2, -1}, {1, 20}}).step_ms(1), 20.0);
    }

    void gain_needs_a_good_curve() {
        const Work work = typical_work(own_phrases());
        const Gain flat = predict_gain(own_phrases(), kFlat, work);
        const Gain good = predict_gain(own_phrases(), kGood, work);
        const Gain poor = predict_gain(own_phrases(), kPoor, work);
        QVERIFY2(flat.ratio > 3, qPrintable(QString::number(flat.ratio)));
        QVERIFY2(good.ratio > 2 && good.ratio < flat.ratio, qPrintable(QString::number(good.ratio)));
        QVERIFY2(poor.ratio < 1.1, qPrintable(QString::number(poor.ratio)));
        QVERIFY(!no_gain(own_phrases(), good));
        QVERIFY(no_gain(own_phrases(), poor));
        QVERIFY(no_gain(own_phrases(), predict_gain(own_phrases(), Curve({}), work)));
        QVERIFY(no_gain(own_phrases(),
                        predict_gain(own_phrases(), kGood, work_of({80}))));  // one point gains nothing
    }

    void a_chain_of_needs_gains_nothing() {
        Work work = work_of({70, 70, 70, 70});
        const double free = predict_gain(own_phrases(), kFlat, work).ratio;
        work.needs = {{}, {0}, {1}, {2}};
        const Gain chain = predict_gain(own_phrases(), kFlat, work);
        QVERIFY(free > 1.3);
        QVERIFY(chain.ratio < 1);
        QVERIFY(no_gain(own_phrases(), chain));
    }

    void the_front_comes_first_until_it_leads() {
        const Limits& limits = own_phrases().limits;
        std::vector<PointProgress> points(4);
        const double lengths[] = {60, 60, 60, 150};
        for (std::size_t i = 0; i < 4; ++i) {
            points[i].predicted_tokens = lengths[i];
        }
        QCOMPARE(next_point(limits, points, 0), std::optional<std::uint32_t>(0));
        points[0] = {State::growing, 3, 60, {}};
        QCOMPARE(next_point(limits, points, 0),
                 std::optional<std::uint32_t>(1));  // three tokens lead by half a second
        points[0].tokens = 30;
        QCOMPARE(next_point(limits, points, 0),
                 std::optional<std::uint32_t>(3));  // leads: the longest is next
        QCOMPARE(next_point(limits, points, 4000), std::optional<std::uint32_t>(1));  // read up by then
    }

    void needs_are_waited_for() {
        const Limits& limits = own_phrases().limits;
        std::vector<PointProgress> points(3);
        points[0] = {State::growing, 100, 120, {}};
        points[1] = {State::waiting, 0, 60, {0}};
        QCOMPARE(next_point(limits, points, 0), std::optional<std::uint32_t>(2));
        points[2].state = State::growing;
        QCOMPARE(next_point(limits, points, 0), std::optional<std::uint32_t>());
        points[0].state = State::done;
        QCOMPARE(next_point(limits, points, 0), std::optional<std::uint32_t>(1));
        // A point that others wait for goes before a longer one that nothing waits for.
        std::vector<PointProgress> chain(4);
        chain[0] = {State::growing, 100, 120, {}};
        chain[1].predicted_tokens = 80;
        chain[2].predicted_tokens = 60;
        chain[3] = {State::waiting, 0, 60, {2}};
        QCOMPARE(next_point(limits, chain, 0), std::optional<std::uint32_t>(2));
    }

    void predictions_follow_finished_points() {
        const Limits& limits = own_phrases().limits;
        std::vector<PointProgress> points(3);
        QCOMPARE(predicted_tokens(limits, points), static_cast<double>(limits.typical_point_tokens));
        points[0] = {State::done, 40, 0, {}};
        points[1] = {State::done, 60, 0, {}};
        QCOMPARE(predicted_tokens(limits, points), 50.0);
    }

    void the_whole_ends_near_the_best_order() {
        // On three lanes: front first, then longest first, within a tenth of the lower bound where plain
        // order is far off.
        const Work work = work_of({50, 50, 50, 50, 50, 200});
        const double sum = 450;
        const double bound = std::max(200.0, sum / 3) * kFlat.step_ms(3);
        const double ours = points_ms(own_phrases(), kFlat, work, 3);
        const double in_order =
            (50 + 50 + 200 - 50 + 50) * kFlat.step_ms(3);  // the long one begins last: 50 + 200
        QVERIFY2(ours <= 1.3 * bound, qPrintable(QString::number(ours / bound)));
        QVERIFY(ours < in_order);
        QVERIFY(points_ms(own_phrases(), kFlat, work, 1) >= sum * kFlat.step_ms(1) - 1);
    }

    void lanes_follow_the_curve() {
        const Work work = work_of(std::vector<std::uint32_t>(8, 70));
        QCOMPARE(predict_gain(own_phrases(), kFlat, work).lanes, 8U);
        // A cliff behind four rows: not more than four at once.
        const Curve cliff({{1, 20}, {4, 22}, {5, 120}, {8, 130}, {32, 500}});
        QCOMPARE(predict_gain(own_phrases(), cliff, work).lanes, 4U);
    }
};

QTEST_GUILESS_MAIN(SkeletonOrderTest)
#include "test_skeleton_order.moc"

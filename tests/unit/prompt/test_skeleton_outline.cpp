// SPDX-License-Identifier: Apache-2.0
// Outlines: the known bad ones of small models are refused or cut, good ones are read whole, levels follow
// needs.
#include <QtTest>

#include "prompt/skeleton/outline.h"
#include "skeleton_support.h"

using namespace tendril::prompt::skeleton;

namespace {

QStringList titles(const Outline& outline) {
    QStringList list;
    for (const OutlinePoint& point : outline.points) {
        list << QString::fromStdString(point.title);
    }
    return list;
}

tl::expected<Outline, Reason> read(const char* text, std::string_view code = "en") {
    return read_outline(own_phrases(), own_language(code), text);
}

}  // namespace

class SkeletonOutlineTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void a_good_outline_is_read_whole() {
        const char* text =
            "1. Set clear goals\n2. Plan each day\n3. Avoid distractions\n4. Take regular breaks";
        const auto outline = read(text);
        QVERIFY(outline);
        QCOMPARE(titles(*outline), QStringList({"Set clear goals", "Plan each day", "Avoid distractions",
                                                "Take regular breaks"}));
        QCOMPARE(outline->used_bytes, std::string_view(text).size());
        QVERIFY(!outline->cut);
        QVERIFY(!outline_is_spoilt(own_phrases(), own_language("en"), text));
    }

    void a_chinese_outline_is_read_whole() {
        const auto outline = read("1. 设定明确目标\n2. 制定每日计划\n3. 减少外界干扰", "zh");
        QVERIFY(outline);
        QCOMPARE(titles(*outline), QStringList({"设定明确目标", "制定每日计划", "减少外界干扰"}));
    }

    void bad_outlines_are_refused_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("key");
        // From research/peers.md §9: eight titles alike, cut in a word.
        QByteArray alike;
        int number = 0;
        for (const char* end : {"c", "e", "m", "t", "i", "n", "a", "p"}) {
            alike += QByteArray::number(++number) + ". No impact on the development of modern " + end + "\n";
        }
        QTest::newRow("eight alike") << alike << "outline-repeats";
        QTest::newRow("repeat before three")
            << QByteArray("1. Time management\n2. Prioritization\n3. Time management\n4. Prioritization")
            << "outline-repeats";
        QTest::newRow("one point") << QByteArray("1. Time management") << "outline-too-short";
        QTest::newRow("no list") << QByteArray("Sure, here is an answer.") << "outline-too-short";
        QTest::newRow("nothing") << QByteArray() << "outline-too-short";
        QTest::newRow("numbers wrong") << QByteArray("1. Goals\n3. Plans\n4. Breaks") << "outline-too-short";
        QTest::newRow("at the limit of words")
            << QByteArray("1. one two three four five six seven eight nine ten eleven\n2. Goals\n3. Plans")
            << "outline-cut";
        QTest::newRow("loose end") << QByteArray("1. Effects on the\n2. Goals\n3. Plans") << "outline-cut";
        QTest::newRow("meaningless") << QByteArray("1. Introduction\n2. Point 1\n3. Point 2")
                                     << "outline-empty";
        QTest::newRow("digits") << QByteArray("1. 123\n2. 4 5\n3. 6") << "outline-empty";
        QTest::newRow("same beginning")
            << QByteArray(
                   "1. How the invention changed art\n2. How the invention changed commerce\n"
                   "3. How the invention changed religion\n4. How the invention changed warfare")
            << "outline-repeats";
    }
    void bad_outlines_are_refused() {
        QFETCH(QByteArray, text);
        QFETCH(QString, key);
        const auto outline = read_outline(own_phrases(), own_language("en"), text.toStdString());
        QVERIFY(!outline);
        QCOMPARE(QString::fromStdString(outline.error().key), key);
        QVERIFY(!outline.error().sentence.empty());
    }

    void needs_are_read() {
        using Needs = std::vector<std::uint32_t>;
        const auto outline = read(
            "1. Choose a market\n2. Build the product [needs 1]\n3. Hire people\n4. Sell the product [needs "
            "2, 1]");
        QVERIFY(outline);
        QCOMPARE(titles(*outline),
                 QStringList({"Choose a market", "Build the product", "Hire people", "Sell the product"}));
        QCOMPARE(outline->points[0].needs, Needs{});
        QCOMPARE(outline->points[1].needs, Needs{0});
        QCOMPARE(outline->points[3].needs, (Needs{0, 1}));
        QCOMPARE(levels(outline->points), (std::vector<Needs>{{0, 2}, {1}, {3}}));
        const auto chinese = read("1. 选择市场\n2. 开发产品[需要1]\n3. 招聘员工", "zh");
        QVERIFY(chinese);
        QCOMPARE(chinese->points[1].title, std::string("开发产品"));
        QCOMPARE(chinese->points[1].needs, Needs{0});
        // What was cut off is not waited for; numbers out of range mean nothing.
        const auto cut = read(
            "1. Choose a market\n2. Build the product [needs 9]\n3. Hire people\n4. Sell goods\n5. Hire "
            "people");
        QVERIFY(cut && cut->cut);
        QCOMPARE(cut->points[1].needs, Needs{});
    }

    void a_late_repeat_cuts_the_outline() {
        const std::string good =
            "1. Time management\n2. Prioritization\n3. Delegation of work\n4. Healthy habits";
        const std::string text = good + "\n5. Time management\n6. Prioritization";
        const auto outline = read(text.c_str());
        QVERIFY(outline);
        QCOMPARE(outline->points.size(), 4U);
        QCOMPARE(outline->used_bytes, good.size());
        QVERIFY(outline->cut);
        QVERIFY(outline_is_spoilt(own_phrases(), own_language("en"), text));
        QVERIFY(!outline_is_spoilt(own_phrases(), own_language("en"),
                                   good + "\n5. Time management"));  // not yet complete
    }

    void an_endless_title_is_stopped() {
        std::string text = "1. Light";
        for (int i = 0; i < 40; ++i) {
            text += "light";
        }
        QVERIFY(outline_is_spoilt(own_phrases(), own_language("en"), text));
        QVERIFY(!outline_is_spoilt(own_phrases(), own_language("en"), "1. Light"));
    }

    void common_words_in_front_may_be_links() {
        const auto linked =
            read("1. Impact on trade\n2. Impact on science\n3. Impact on religion\n4. Impact on travel");
        QVERIFY(linked);  // dull, but different
        const auto same = read(
            "1. The band's first album\n2. The band's second album\n3. The band's last concert\n"
            "4. The band's later years");
        QVERIFY(!same);
        QCOMPARE(same.error().key, std::string("outline-repeats"));
    }

    void a_conclusion_at_the_end_is_left_out() {
        const auto outline = read("1. Cost of goods\n2. Local service\n3. Community ties\n4. Conclusion");
        QVERIFY(outline);
        QCOMPARE(outline->points.size(), 3U);
    }

    void likeness_of_titles_data() {
        QTest::addColumn<QString>("left");
        QTest::addColumn<QString>("right");
        QTest::addColumn<bool>("alike");
        QTest::newRow("same") << "Time management"
                              << "time Management" << true;
        QTest::newRow("one letter") << "No impact on the development of modern c"
                                    << "No impact on the development of modern m" << true;
        QTest::newRow("order of words") << "Health and environment effects"
                                        << "Effects: environment and health" << true;
        QTest::newRow("chinese same") << "时间管理"
                                      << "时间管理" << true;
        QTest::newRow("one begins with the other") << "Legacy"
                                                   << "Legacy of the band" << true;
        QTest::newRow("different") << "Impact on the economy"
                                   << "Impact on the environment" << false;
        QTest::newRow("one word shared") << "Economic effects"
                                         << "Economic policy" << false;
        QTest::newRow("chinese, one character") << "核能发电的优点"
                                                << "核能发电的缺点" << false;
        QTest::newRow("chinese, alike") << "没有印刷术的世界是什么样"
                                        << "没有印刷术的世界会是什么样" << true;
        QTest::newRow("chinese different") << "对经济的影响"
                                           << "对环境的影响" << false;
    }
    void likeness_of_titles() {
        QFETCH(QString, left);
        QFETCH(QString, right);
        QFETCH(bool, alike);
        const double likeness = title_likeness(left.toStdString(), right.toStdString());
        QCOMPARE(likeness >= own_phrases().limits.title_likeness, alike);
        QCOMPARE(likeness, title_likeness(right.toStdString(), left.toStdString()));
    }

    void levels_follow_needs() {
        using Levels = std::vector<std::vector<std::uint32_t>>;
        const std::vector<OutlinePoint> free{{"a", {}}, {"b", {}}, {"c", {}}};
        QCOMPARE(levels(free), (Levels{{0, 1, 2}}));
        const std::vector<OutlinePoint> chain{{"a", {}}, {"b", {0}}, {"c", {}}, {"d", {1, 2}}};
        QCOMPARE(levels(chain), (Levels{{0, 2}, {1}, {3}}));
        const std::vector<OutlinePoint> cycle{{"a", {1}}, {"b", {0}}, {"c", {}}};
        QCOMPARE(levels(cycle), (Levels{{0}, {1}, {2}}));
        const std::vector<OutlinePoint> forward{{"a", {}}, {"b", {2}}, {"c", {}}};
        QCOMPARE(levels(forward), (Levels{{0}, {1}, {2}}));
        const std::vector<OutlinePoint> itself{{"a", {}}, {"b", {1}}};
        QCOMPARE(levels(itself), (Levels{{0}, {1}}));
    }
};

QTEST_GUILESS_MAIN(SkeletonOutlineTest)
#include "test_skeleton_outline.moc"

// SPDX-License-Identifier: Apache-2.0
// Points: what stops one, what is kept of it, copies of each other, and the stitched answer.
#include <random>

#include <QtTest>

#include "prompt/skeleton/points.h"
#include "prompt/skeleton/stitch.h"
#include "skeleton_support.h"

using namespace tendril::prompt::skeleton;

namespace {

const std::vector<OutlinePoint> kPoints{
    {"Set clear goals", {}}, {"Plan each day", {}}, {"Avoid distractions", {}}};

struct Fed {
    PointStop stop = PointStop::none;
    QString text;
    std::size_t kept = 0;
};

/// Feeds whole text byte by byte, as an engine might; stops where the guard says so.
Fed feed(std::string_view text, std::uint32_t index = 0, std::uint32_t tokens_per_byte = 0) {
    PointGuard guard(own_phrases(), kPoints, index);
    Fed fed;
    for (std::size_t i = 0; i < text.size() && fed.stop == PointStop::none; ++i) {
        fed.stop = guard.feed(text.substr(i, 1), tokens_per_byte);
    }
    if (fed.stop == PointStop::none) {
        guard.end(true);
    }
    fed.text = QString::fromStdString(std::string(guard.text()));
    fed.kept = guard.kept_bytes();
    return fed;
}

}  // namespace

class SkeletonPointsTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void a_plain_point_is_kept() {
        const std::string text =
            "Write down what matters most, e.g. three goals. Use 3.5 hours a week. It helps Dr. Smith!";
        const Fed fed = feed(text);
        QCOMPARE(fed.stop, PointStop::none);
        QCOMPARE(fed.text, QString::fromStdString(text));
    }

    void a_siblings_point_is_cut_off_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("bold heading") << QByteArray("One sentence here.\n\n**2. Plan each day**\n\nMore.");
        QTest::newRow("number") << QByteArray("One sentence here.\n2. Plan each day: more.");
        QTest::newRow("title") << QByteArray("One sentence here.\nAvoid distractions: more.");
        QTest::newRow("heading mark") << QByteArray("One sentence here.\n### Plan each day\nmore");
    }
    void a_siblings_point_is_cut_off() {
        QFETCH(QByteArray, text);
        const Fed fed = feed(text.toStdString());
        QCOMPARE(fed.stop, PointStop::sibling);
        QCOMPARE(fed.text, QString("One sentence here."));
    }

    void a_point_that_is_another_ones_heading_is_empty() {
        const Fed fed = feed("**2. Plan each day**\n\nMore.");
        QCOMPARE(fed.stop, PointStop::sibling);
        QVERIFY(fed.text.isEmpty());
        QCOMPARE(feed("**Set clear goals**: write them down every day.").stop, PointStop::none);  // its own
        QCOMPARE(feed("Plan each day with these in mind: time, rest and food.").stop,
                 PointStop::none);  // a sentence
    }

    void an_own_list_is_not_a_sibling() {
        const Fed fed = feed("There are two ways:\n- Use a list.\n- Use a calendar.");
        QCOMPARE(fed.stop, PointStop::none);
    }

    void a_list_is_kept_whole() {
        const Fed fed = feed(
            "Good judgement can be trained. Ask questions such as:\n- Is the source reliable?\n- Who gains "
            "by it?\n"
            "- What is missing?\n- Is there another view?\n- When was it written?");
        QCOMPARE(fed.stop, PointStop::none);
        QVERIFY(fed.text.endsWith("written?"));
    }

    void repetition_is_stopped() {
        const Fed sentence = feed(
            "Goals give a clear direction. They help a lot every day. Goals give a clear direction. More.");
        QCOMPARE(sentence.stop, PointStop::repeats);
        QCOMPARE(sentence.text, QString("Goals give a clear direction. They help a lot every day."));
        const Fed loop = feed("First one sentence. Then and on and on and on and on and on and on and on");
        QCOMPARE(loop.stop, PointStop::repeats);
        QCOMPARE(loop.text, QString("First one sentence."));
        const Fed alike = feed(
            "It needed a series of locks, which took the moving of vast amounts of earth. "
            "It also needed a series of roads, which took the moving of vast amounts of earth.");
        QCOMPARE(alike.stop, PointStop::repeats);
        QCOMPARE(alike.text,
                 QString("It needed a series of locks, which took the moving of vast amounts of earth."));
        const Fed chinese = feed("目标给出清楚的方向。它们很有帮助。目标给出清楚的方向。");
        QCOMPARE(chinese.stop, PointStop::repeats);
        QCOMPARE(chinese.text, QString("目标给出清楚的方向。它们很有帮助。"));
    }

    void too_many_sentences_are_cut() {
        const std::string text =
            "Rain fills the rivers. Bread needs some salt. Old houses creak at night. Birds fly south in "
            "autumn. "
            "Trains are often late. Nobody likes cold tea. ";
        const Fed fed = feed(text);
        QCOMPARE(fed.stop, PointStop::sentences);
        QCOMPARE(fed.text.count('.'), static_cast<int>(own_phrases().limits.point_sentences));
    }

    void the_cap_ends_with_a_sentence() {
        const Limits& limits = own_phrases().limits;
        PointGuard guard(own_phrases(), kPoints, 0);
        QCOMPARE(guard.feed("One whole sentence. And a second one that", limits.first_cap_tokens),
                 PointStop::none);
        QCOMPARE(guard.feed(" ends.", 1), PointStop::cap);
        QCOMPARE(guard.text(), std::string_view("One whole sentence. And a second one that ends."));
        PointGuard endless(own_phrases(), kPoints, 0);
        QCOMPARE(endless.feed("One whole sentence. And a second one that", limits.first_cap_tokens),
                 PointStop::none);
        QCOMPARE(endless.feed(" never ends", limits.grace_tokens), PointStop::cap);
        QCOMPARE(endless.text(), std::string_view("One whole sentence."));
    }

    void the_cap_follows_siblings() {
        const Limits& limits = own_phrases().limits;
        PointGuard guard(own_phrases(), kPoints, 0);
        QCOMPARE(guard.cap_tokens(), limits.first_cap_tokens);
        guard.sibling_ended(62);
        QCOMPARE(guard.cap_tokens(), limits.first_cap_tokens);
        guard.sibling_ended(54);
        QCOMPARE(guard.cap_tokens(), static_cast<std::uint32_t>(58 * limits.cap_over_median));
        PointGuard small(own_phrases(), kPoints, 0);
        small.sibling_ended(10);
        small.sibling_ended(12);
        QCOMPARE(small.cap_tokens(), limits.least_cap_tokens);
    }

    void what_is_kept_is_whole_characters() {
        PointGuard guard(own_phrases(), kPoints, 0);
        const std::string text = "目标很重要。还有";
        guard.feed(std::string_view(text).substr(0, text.size() - 1), 4);
        QVERIFY(QString::fromStdString(std::string(guard.text())).indexOf(QChar::ReplacementCharacter) < 0);
        guard.end(false);
        QCOMPARE(guard.text(), std::string_view("目标很重要。"));
        PointGuard bad(own_phrases(), kPoints, 0);
        QCOMPARE(bad.feed("\xff\xfe broken \xe4", 4), PointStop::none);  // must not run past the end
    }

    void any_bytes_are_borne() {
        std::mt19937 random(7);
        const std::string_view pieces[] = {"\xff", "\xe4\xbd", "\xa0",          "。", "\n", "\n\n",
                                           "**",   "2. ",      "Plan each day", ":",  ". ", "word ",
                                           "- ",   "\xf0\x9f"};
        for (int round = 0; round < 300; ++round) {
            PointGuard guard(own_phrases(), kPoints, static_cast<std::uint32_t>(random() % kPoints.size()));
            std::string all;
            PointStop stop = PointStop::none;
            for (int i = 0; i < 60 && stop == PointStop::none; ++i) {
                const std::string_view piece = pieces[random() % std::size(pieces)];
                all += piece;
                stop = guard.feed(piece, 1);
                QVERIFY(guard.kept_bytes() <= all.size());
            }
            guard.end(stop == PointStop::none);
            QVERIFY(guard.kept_bytes() <= all.size());
            QVERIFY(all.find(guard.text()) != std::string::npos);
            (void)read_outline(own_phrases(), own_language("en"), all);
            (void)outline_is_spoilt(own_phrases(), own_language("zh"), all);
        }
    }

    void copies_are_found() {
        const std::vector<std::string> texts{
            "Set goals that are clear and write them down every single day of the week.",
            "Noise from phones and people breaks the attention that long work needs.",
            "Set goals that are clear and write them down every single day of the month."};
        const Overlap found = overlap(own_phrases(), texts);
        QCOMPARE(found.copies, std::vector<std::uint32_t>{2});
        QVERIFY(found.worst > 0.8);
        QVERIFY(found.repeated_grams >= 10);
        const Overlap none = overlap(own_phrases(), std::span(texts).first(2));
        QVERIFY(none.copies.empty());
        QCOMPARE(none.repeated_grams, 0U);
    }

    void the_suffix_names_the_point() {
        const PointSuffix suffix = point_suffix(own_language("en"), kPoints, 1);
        QVERIFY(suffix.user.find('2') != std::string::npos);
        QVERIFY(suffix.user.find('{') == std::string::npos);
        QVERIFY(suffix.heading.find("2. Plan each day") != std::string::npos);
        QVERIFY(suffix.heading.find("Set clear goals") == std::string::npos);
        std::vector<OutlinePoint> needing = kPoints;
        needing[1].needs = {0};
        QVERIFY(point_suffix(own_language("en"), needing, 1).user != suffix.user);
        // A title is text, not a pattern.
        const std::vector<OutlinePoint> odd{{"{number} {title}", {}}};
        QVERIFY(point_suffix(own_language("en"), odd, 0).heading.find("{number} {title}") !=
                std::string::npos);
    }

    void stitched_ranges_are_bytes_of_the_answer() {
        const std::vector<PointText> points{{"**1. Ziele**\n\n", " Größe zählt. "},
                                            {"**2. Leer**\n\n", "  "},
                                            {"**3. 目标**\n\n", "很重要。\n"}};
        const Stitched stitched = stitch(points);
        QCOMPARE(stitched.text, std::string("**1. Ziele**\n\nGröße zählt.\n\n**3. 目标**\n\n很重要。"));
        QCOMPARE(stitched.points.size(), 3U);
        const auto part = [&](std::size_t i) {
            return stitched.text.substr(stitched.points[i].begin,
                                        stitched.points[i].end - stitched.points[i].begin);
        };
        QCOMPARE(part(0), std::string("**1. Ziele**\n\nGröße zählt."));
        QCOMPARE(part(1), std::string());
        QCOMPARE(part(2), std::string("**3. 目标**\n\n很重要。"));
        QCOMPARE(stitched.text.substr(stitched.points[2].text), std::string("很重要。"));
        QVERIFY(stitch({}).text.empty());
    }
};

QTEST_GUILESS_MAIN(SkeletonPointsTest)
#include "test_skeleton_points.moc"

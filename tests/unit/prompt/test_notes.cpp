// SPDX-License-Identifier: Apache-2.0
// Notes that stand for old turns: which of a person's sentences stay word for word, and which summaries of
// small models are not to be trusted.
#include <QTest>

#include "prompt/context/excerpt.h"
#include "prompt/context/notes.h"
#include "resources/prompts/prompts.h"

namespace tendril::prompt::context {
namespace {

const TextCounter kWords = [](std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) + 1;
};

class TestNotes : public QObject {
    Q_OBJECT

    NotePhrases phrases_ = NotePhrases::parse(resources::memory_json()).value();
    const NoteWords& en_ = phrases_.of("en");

    std::vector<std::string> kept(const std::vector<std::string_view>& messages, std::size_t budget = 1000) {
        return kept_sentences(messages, en_, budget, kWords);
    }
    CheckedSummary checked(std::string_view answer, bool whole = true, std::size_t budget = 200) {
        return check_summary(answer, whole, kSource, en_, budget, kWords);
    }
    static constexpr std::string_view kSource =
        "I look after 37 olive trees near Lisbon. Olive trees need water in a dry summer, about 40 litres "
        "each "
        "week. A wooden fence of 120 centimetres keeps the goats of the neighbour away from the bark. Almond "
        "trees bloom in February, before their leaves come, and want a second tree for pollination. "
        "Sourdough is flour and water that wild yeast has fermented; it takes five days to start one. "
        "Owls turn their heads far, hunt by hearing, and eat mice, voles and large insects at night.";

  private Q_SLOTS:
    void allLanguagesAreWhole() {
        for (const char* code : {"en", "de", "zh", "other"}) {
            const NoteWords& words = phrases_.of(code);
            QCOMPARE(words.code, std::string(code));
            QVERIFY(words.summarise.find("{words}") != std::string::npos);
            QVERIFY(!words.open.empty() && !words.close.empty() && !words.left_out.empty());
            QVERIFY(!words.rules.empty() && !words.facts.empty() && !words.refusals.empty());
        }
        QCOMPARE(phrases_.of("fr").code, std::string("other"));
        for (const char* key : {"empty", "refused", "repeats", "longer"}) {
            QVERIFY(!phrases_.reason(key).empty());
        }
        QCOMPARE(with_number("at most {words}, {words}", 20), std::string("at most 20, 20"));
    }

    void brokenPromptsAreErrors() {
        QVERIFY(!NotePhrases::parse(""));
        QVERIFY(!NotePhrases::parse("{}"));
        QVERIFY(!NotePhrases::parse(R"({"languages":[],"reasons":[]})"));
        QVERIFY(!NotePhrases::parse(R"({"languages":[{"code":"other"}],"reasons":[]})"));
    }

    void rulesFactsAndNumbersStay() {
        const auto sentences =
            kept({"Hello! My name is Ada. How are you?", "Always answer in French.", "What do owls eat?",
                  "The train leaves at 17:40.", "That is interesting.", "Never use chemical sprays."});
        QCOMPARE(sentences,
                 (std::vector<std::string>{"My name is Ada.", "Always answer in French.",
                                           "The train leaves at 17:40.", "Never use chemical sprays."}));
    }

    void rulesGoFirstWhenThereIsLittleRoom() {
        const std::vector<std::string_view> messages = {"Always answer in French.", "My house has 3 rooms.",
                                                        "My car has 4 wheels."};
        QCOMPARE(kept(messages, 6), (std::vector<std::string>{"Always answer in French."}));
        QCOMPARE(kept(messages, 13), (std::vector<std::string>{"Always answer in French.",
                                                               "My car has 4 wheels."}));  // the newer
        QVERIFY(kept(messages, 0).empty());
    }

    void saidTwiceStandsOnceAndCodeIsNoSentence() {
        QCOMPARE(kept({"My name is Ada.", "As I said. My name is Ada!", "```\nint my = 5;\n```\nIt fails."}),
                 (std::vector<std::string>{"My name is Ada!"}));
        const std::string endless = "My " + std::string(500, 'x');
        QVERIFY(kept({endless}).empty());
    }

    void germanAndChinese() {
        const auto german = kept_sentences(
            {"Ich heiße Ada und wohne in Köln.", "Wie geht das?", "Antworte immer auf Englisch."},
            phrases_.of("de"), 1000, kWords);
        QCOMPARE(german.size(), 2U);
        const auto chinese = kept_sentences({"我叫小明。今天天气怎么样？", "请总是用中文回答。"},
                                            phrases_.of("zh"), 1000, kWords);
        QCOMPARE(chinese, (std::vector<std::string>{"我叫小明。", "请总是用中文回答。"}));
    }

    void factsOfManyLanguagesStay_data() {
        QTest::addColumn<QString>("said");
        QTest::addColumn<QStringList>("stays");
        QTest::newRow("chinese kin") << "我妹妹叫李秀兰。你好！" << QStringList{"我妹妹叫李秀兰。"};
        QTest::newRow("chinese numerals")
            << "院子里养了三百只鸡。天气很好。" << QStringList{"院子里养了三百只鸡。"};
        QTest::newRow("chinese allergy") << "我女儿对花生过敏。" << QStringList{"我女儿对花生过敏。"};
        QTest::newRow("chinese, one numeral")
            << "家里有两只猫。给我讲一个故事。" << QStringList{"家里有两只猫。"};
        QTest::newRow("chinese rule")
            << "别再推荐甜的东西。这个特别有意思。" << QStringList{"别再推荐甜的东西。"};
        QTest::newRow("wide digits") << "电视是５５英寸的。" << QStringList{"电视是５５英寸的。"};
        QTest::newRow("japanese") << "私の名前は田中です。天気がいいですね。必ず敬語で答えてください。"
                                  << QStringList{"私の名前は田中です。", "必ず敬語で答えてください。"};
        QTest::newRow("korean") << "제 이름은 박서연입니다. 날씨가 좋네요. 항상 짧게 대답해 주세요."
                                << QStringList{"제 이름은 박서연입니다.", "항상 짧게 대답해 주세요."};
        QTest::newRow("french") << "J'habite à Nantes. Il fait beau. Réponds toujours en deux phrases."
                                << QStringList{"J'habite à Nantes.", "Réponds toujours en deux phrases."};
        QTest::newRow("russian") << "Меня зовут Ольга. Погода хорошая." << QStringList{"Меня зовут Ольга."};
        QTest::newRow("another one than the chat's")
            << "Ich wohne in Köln. Das Wetter ist gut." << QStringList{"Ich wohne in Köln."};
    }
    void factsOfManyLanguagesStay() {
        QFETCH(QString, said);
        QFETCH(QStringList, stays);
        const std::string text = said.toStdString();
        for (const char* code : {"en", "zh", "other"}) {
            QStringList found;
            for (const std::string& one : kept_sentences({text}, phrases_.of(code), 1000, kWords)) {
                found += QString::fromStdString(one);
            }
            QCOMPARE(found, stays);
        }
    }

    void endlessSentencesAreTakenApart() {
        QString talk = "我叫王晓梅，住在苏州";
        for (int i = 0; i < 60; ++i) {
            talk += "，天气很好真是好天气";
        }
        talk += "，我的预算是两千四百五十欧元";
        const std::string text = talk.toStdString();
        const auto found = kept_sentences({text}, phrases_.of("zh"), 1000, kWords);
        QVERIFY(found.size() == 2 && found[0].size() <= 400 && found[1].size() <= 400);
        QVERIFY(found[0].starts_with("我叫王晓梅，住在苏州，"));
        QVERIFY(found[1].ends_with("我的预算是两千四百五十欧元"));
    }

    void whatPeopleTellGoesBeforeMereNumbers() {
        QCOMPARE(kept({"My house is red.", "The train is at 5."}, 5),
                 (std::vector<std::string>{"My house is red."}));
    }

    void aSmallBudgetIsForWhatWasSaid() {
        QCOMPARE(budget_of_said(76), 76U);  // a tenth of a context of 768 tokens
        QCOMPARE(budget_of_said(153), 128U);
        QCOMPARE(budget_of_said(512), 256U);
    }

    void whatStandsWordForWordIsNotInTheExcerpt() {
        const std::string text = "I: My name is Ada. What do owls eat?\nYou: Mice.\nI: My name is Ada.";
        QCOMPARE(transcript_without(en_, text, {"My name is Ada."}),
                 std::string("I: What do owls eat?\nYou: Mice."));
        QCOMPARE(transcript_without(en_, text, {}), text);
        QCOMPARE(transcript_without(en_, text, {"My name is", "name is Ada."}),
                 std::string("I: What do owls eat?\nYou: Mice."));
    }

    void aGoodSummaryStays() {
        const std::string good =
            "The olive trees need water in summer. A wooden fence keeps the goats from the bark. Almond "
            "trees "
            "bloom in February.";
        const auto result = checked(good);
        QCOMPARE(result.why, std::string());
        QCOMPARE(result.text, good);
    }

    void badOnesDoNot_data() {
        QTest::addColumn<QString>("answer");
        QTest::addColumn<QString>("why");
        QTest::newRow("nothing") << ""
                                 << "empty";
        QTest::newRow("blank") << " \n \n"
                               << "empty";
        QTest::newRow("a word") << "Olives."
                                << "empty";
        QTest::newRow("refused") << "I'm sorry, but I can't assist with that request about olive trees."
                                 << "refused";
        QTest::newRow("talk about talk") << "I'm ready to continue our conversation. I'm glad to have you as "
                                            "a friend. I hope this helps you "
                                            "a lot."
                                         << "empty";
        QString circles;
        for (int i = 0; i < 12; ++i) {
            circles += QStringLiteral("and the olive trees need water in a dry summer for the goats ");
        }
        QTest::newRow("circles") << circles << "repeats";
        QTest::newRow("the text itself")
            << QString::fromUtf8(kSource.data(), static_cast<qsizetype>(kSource.size())) << "longer";
    }
    void badOnesDoNot() {
        QFETCH(QString, answer);
        QFETCH(QString, why);
        const auto result = checked(answer.toStdString());
        QCOMPARE(QString::fromStdString(result.why), why);
        QVERIFY(result.text.empty());
    }

    void saidAgainIsSaidOnce() {
        std::string answer = "The olive trees need water in summer. ";
        for (int i = 0; i < 8; ++i) {
            answer += "The almond trees bloom in February. ";
        }
        QCOMPARE(checked(answer).text,
                 std::string("The olive trees need water in summer. The almond trees bloom "
                             "in February."));
    }

    void inventedNumbersGo() {
        const auto result = checked(
            "The olive trees need 40 litres of water. The wooden fence is 250 centimetres high. Almond trees "
            "bloom in February.");
        QCOMPARE(result.text,
                 std::string("The olive trees need 40 litres of water. Almond trees bloom in February."));
    }

    void aCutOneEndsWithASentence() {
        QCOMPARE(checked("The olive trees need water in a dry summer. Almond trees bloom", false).text,
                 std::string("The olive trees need water in a dry summer."));
        QCOMPARE(checked("The olive trees need water in a dry summer with goats", false).why,
                 std::string("empty"));
        QCOMPARE(
            checked(
                "The olive trees need water in a dry summer. Almond trees bloom in February, before their "
                "leaves come.",
                true, 12)
                .text,
            std::string("The olive trees need water in a dry summer."));
    }

    void notesAreFramed() {
        const std::string notes = notes_of(en_, "Trees.", {"My name is Ada."});
        QVERIFY(notes.starts_with(en_.open + "\nTrees.\n" + en_.said + "\n- My name is Ada.\n"));
        QVERIFY(notes.ends_with(en_.close));
        QCOMPARE(notes_of(en_, {}, {}), en_.left_out + "\n" + en_.close);
        QCOMPARE(excerpt_of(en_, "olive trees"), en_.excerpt + "\nolive trees\n" + en_.close);
    }

    void transcriptsHaveWhatMayGo() {
        std::vector<Segment> segments = {{1, "user", "Question", {}, Keep::normal},
                                         {2, "assistant", " Answer\n", {}, Keep::normal},
                                         {3, "user", "Pinned", {}, Keep::pinned},
                                         {4, "user", "Excluded", {}, Keep::excluded}};
        QCOMPARE(transcript_of(en_, segments, 0, 9), std::string("I: Question\nYou: Answer"));
        QCOMPARE(transcript_of(en_, segments, 1, 2), std::string("You: Answer"));
    }

    void excerptsKeepWhoSpoke() {
        const std::string text = "I: How many trees?\nYou: There are 7,\nall olives.\nI: Fine.";
        const auto at = [&](const char* part) { return text.find(part); };
        const std::vector<KeptRange> kept = {
            {at("trees"), at("trees") + 6}, {at("7"), at("7") + 2}, {at("olives"), at("olives") + 8}};
        const std::string short_text = kept_transcript(en_, text, kept);
        QCOMPARE(short_text, std::string("I: trees?\nYou: 7,olives."));
        const std::string whole = excerpt_of(en_, short_text, {"My name is Ada."});
        QVERIFY(whole.ends_with(en_.said + "\n- My name is Ada.\n" + en_.close));
        QCOMPARE(text_of_excerpt(en_, whole), short_text);
        QCOMPARE(text_of_excerpt(en_, excerpt_of(en_, short_text)), short_text);
        QCOMPARE(text_of_excerpt(en_, notes_of(en_, short_text, {})), std::string());
        QCOMPARE(text_of_excerpt(en_, en_.excerpt + "\n"), std::string());
    }

    void theNewestTurnsThatFitStay() {
        const std::string text = "I: a\nYou: b\nc\nI: d";
        const TextCounter bytes = [](std::string_view part) { return part.size(); };
        QCOMPARE(newest_turns(en_, text, 100, bytes), text);
        QCOMPARE(newest_turns(en_, text, 13, bytes), std::string("You: b\nc\nI: d"));
        QCOMPARE(newest_turns(en_, text, 12, bytes), std::string("I: d"));
        QCOMPARE(newest_turns(en_, text, 3, bytes), std::string());
        QCOMPARE(newest_turns(en_, {}, 3, bytes), std::string());
    }
};

}  // namespace
}  // namespace tendril::prompt::context

QTEST_GUILESS_MAIN(tendril::prompt::context::TestNotes)
#include "test_notes.moc"

// SPDX-License-Identifier: Apache-2.0
// compress() on kinds of documents that are no plain prose: what must stay whole does, and what stays can be
// understood. Scorers of the test's own. One thread.
#include <algorithm>
#include <cctype>

#include <QtTest>

#include "prompt/compress/characters.h"
#include "prompt/compress/compress.h"
#include "prompt/compress/frequency_scorer.h"
#include "prompt/compress/leads.h"
#include "prompt/compress/protection.h"
#include "prompt/compress/units.h"
#include "tests/unit/prompt/random_scorer.h"

using namespace tendril;
using namespace tendril::prompt;
using prompt::testing::count_words;
using prompt::testing::NoiseScorer;

namespace {

const CancelFlag kGoOn{false};

/// As a vocabulary would have it: short words were learnt first; of scripts without blanks each character.
std::vector<RankedPiece> ranked(std::string_view text) {
    std::vector<RankedPiece> pieces;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        auto c = compression::character_at(text, at);
        at += c.bytes;
        if (c.kind == compression::CharacterKind::wide) {
            pieces.push_back({begin, at, 1000 + c.value % 7000});
            continue;
        }
        while (at < text.size() && text[at] != ' ' && text[at] != '\n' &&
               compression::character_at(text, at).kind != compression::CharacterKind::wide) {
            at += compression::character_at(text, at).bytes;
        }
        const auto length = static_cast<std::uint32_t>(at - begin);
        pieces.push_back({begin, at, length * length * 100});
    }
    return pieces;
}

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string shortened(const std::string& text, double rate, Method method = Method::frequency) {
    FrequencyScorer scorer(ranked);
    const auto result = compress(text, {method, rate, "Where is it?"}, scorer, count_characters, kGoOn);
    return result ? result->text : "failed: " + result.error().message;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (end > at) {
            lines.push_back(text.substr(at, end - at));
        }
        at = end + 1;
    }
    return lines;
}

/// Sentences that say something new each, and more of it than what they surround.
std::string talk(int from, int to) {
    static const char* const kSaid[] = {
        "Fishermen mended immense purple nets beneath abandoned chandeliers. ",
        "Grandmother collected exquisite porcelain elephants throughout September. ",
        "Astronomers misjudged wandering asteroids during tempestuous midnights. ",
        "Carpenters disguised crooked balconies using varnished mahogany. ",
        "Orchestras rehearsed forgotten symphonies underneath cathedrals. ",
        "Gardeners transplanted bewildered hydrangeas alongside fountains. ",
        "Translators embroidered diplomatic correspondence extravagantly. ",
        "Mountaineers photographed luminous glaciers approaching Christmas. ",
    };
    std::string text;
    for (int i = from; i < to; ++i) {
        text += kSaid[i % 8];
    }
    return text;
}

const char* const kTable =
    "| Article | Shelf | Count |\n|---|---|---|\n| Hinges | by the door | many |\n| Hooks | under it | few |";
const char* const kValues =
    "id,name,city,note\n1,Annika,Kiel,likes the sea\n2,Bashir,Bremen,\n3,Celia,Hamburg,writes often";
const char* const kCode =
    "template <typename T>\nclass RingBuffer {\n  public:\n    bool push(const T& value) {\n        const "
    "auto head = head_.load();\n"
    "        slots_[head & mask_] = value;\n        return true;\n    }\n};";
const char* const kPython =
    "import csv\n\ndef read(path):\n    with open(path) as file:\n        for row in csv.reader(file):\n     "
    "       flat, before, after = row\n"
    "            yield flat\n";
const char* const kJson =
    "{\n  \"name\": \"display\",\n  \"enabled\": true,\n  \"phone\": null,\n  \"limits\": {\"lines\": 6, "
    "\"scroll\": false}\n}";
const char* const kFormula = "\\begin{equation}\n  w = D \\frac{a}{b},\n  \\quad a > 0\n\\end{equation}";

}  // namespace

class TestCompressKinds : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void formalLinesStayWhole_data();
    void formalLinesStayWhole();
    void proseIsNotFormal_data();
    void proseIsNotFormal();
    void commentsMayGoAndStayComments();
    void linesOfNumbersStayWhole();
    void whatIsNotSaysWhatIsNot();
    void whatIsCountedStays();
    void speakersStayWithWhatTheySay();
    void quotationsKeepTheirMarks();
    void labelsAreFound_data();
    void labelsAreFound();
    void answersKeepTheirQuestions();
    void noHeadingStandsAlone();
    void listMarksDoNotMakeSentencesTell();
    void chineseWordsThatDenyNothing();
    void chineseLinesEndSentences();
    void endlessSentencesLoseParts();
    void factsStayInScriptsOfTheirOwn_data();
    void factsStayInScriptsOfTheirOwn();
    void koreanQuestionsFindTheirWords();
};

void TestCompressKinds::formalLinesStayWhole_data() {
    QTest::addColumn<QString>("block");
    QTest::newRow("table") << kTable;
    QTest::newRow("separated values") << kValues;
    QTest::newRow("tabs") << "one\ttwo\nthree\tfour\nfive\tsix";
    QTest::newRow("C++") << kCode;
    QTest::newRow("Python") << kPython;
    QTest::newRow("JSON") << kJson;
    QTest::newRow("formula") << kFormula;
}
void TestCompressKinds::formalLinesStayWhole() {
    QFETCH(QString, block);
    const std::string lines = block.toStdString();
    const std::string text = talk(0, 8) + "\n\n" + lines + "\n\n" + talk(0, 8);
    for (const Method method : kMethods) {
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            NoiseScorer scorer(seed);
            const auto result = compress(text, {method, 0.5, "Where is it?"}, scorer, count_words, kGoOn);
            QVERIFY(result);
            QVERIFY(result->tokens_after < result->tokens_before);
            for (const std::string& line : lines_of(lines)) {
                QVERIFY2(has(result->text, line), (line + "\n\n" + result->text).c_str());
            }
        }
    }
}

void TestCompressKinds::proseIsNotFormal_data() {
    QTest::addColumn<QString>("text");
    QTest::newRow("about code")
        << "The queue has push() and the reader calls it once in a while, as one may guess.\n"
           "The caller of pop() decides what to do with it when nothing is there any more.\n"
           "Whoever looks at size() -> the reader, say -> gets a guess only, as a rule.";
    QTest::newRow("commas") << "We saw ships, boats, rafts and birds.\nThen came rain, hail, snow and more.\n"
                               "We ate bread, cheese, ham and pears.";
    QTest::newRow("a bar") << "Either this | or that is meant.\nThe next line has no bar.";
    QTest::newRow("quotation marks only") << "He did.\nShe went.\nThey sang.";
    QTest::newRow("from and import")
        << "from the window one sees the lake.\nimport of goods was slow.\nreturn of the "
           "ships was late.";
}
void TestCompressKinds::proseIsNotFormal() {
    QFETCH(QString, text);
    const std::string bytes = text.toStdString();
    for (const KeptRange& span : compression::protected_spans(bytes)) {
        QVERIFY2(span.end - span.begin < 20, bytes.substr(span.begin, span.end - span.begin).c_str());
    }
}

void TestCompressKinds::commentsMayGoAndStayComments() {
    std::string text = "// ";
    const std::string said = talk(0, 8);
    for (std::size_t i = 0, word = 0; i < said.size(); ++i) {
        word += said[i] == ' ' ? 1 : 0;
        text += said[i] == ' ' && word % 8 == 0 ? "\n// " : std::string(1, said[i]);
    }
    text += std::string("\n") + kCode + "\n";
    const std::string result = shortened(text, 0.6);
    QVERIFY(result.size() < text.size());
    QVERIFY(has(result, kCode));
    for (const std::string& line : lines_of(result.substr(0, result.find("template")))) {
        QVERIFY2(line.starts_with("// "), result.c_str());
    }
}

void TestCompressKinds::linesOfNumbersStayWhole() {
    // The times are protected; without what happened they say nothing.
    std::string log;
    for (int i = 10; i < 30; ++i) {
        log += "2025-05-02T06:00:" + std::to_string(i) + "Z WARN importer: feed is old\n";
    }
    for (const std::string& line : lines_of(shortened(log, 0.5))) {
        QVERIFY2(line.ends_with("feed is old"), line.c_str());
    }
}

void TestCompressKinds::whatIsNotSaysWhatIsNot() {
    const std::string dull = "He may not go to it. ";
    const std::string text = dull + talk(0, 4) + dull + talk(4, 8) + dull;
    const std::string result = shortened(text, 0.5);
    QVERIFY2(!has(result, "not."), result.c_str());
    QVERIFY2(has(result, "may not go"), result.c_str());
    // Where there is no room for it, what is protected stays all the same.
    const std::string tight = shortened(text, 0.06);
    QVERIFY2(has(tight, "not"), tight.c_str());
    QVERIFY(!has(tight, "may not go"));
}

void TestCompressKinds::whatIsCountedStays() {
    const std::string text =
        talk(0, 8) + "Take 200 g of it and go on to see it as it is to be. " + talk(0, 8);
    for (const double rate : {0.6, 0.5, 0.4, 0.3}) {
        const std::string result = shortened(text, rate);
        QVERIFY2(has(result, "200 g of"), result.c_str());
    }
}

void TestCompressKinds::speakersStayWithWhatTheySay() {
    std::string text;
    for (int i = 0; i < 8; ++i) {
        text += (i % 2 == 0 ? "Rosa: So it is as it is and we go on. " : "Dr. Jun: It is as we say. ") +
                talk(i, i + 1) + "\n";
    }
    const std::string result = shortened(text, 0.6);
    QVERIFY(has(result, "Rosa: ") && result.size() < text.size());
    for (const std::string& line : lines_of(result)) {
        QVERIFY2(line.starts_with("Rosa: ") || line.starts_with("Dr. Jun: "), result.c_str());
        QVERIFY2(line.size() > 12, result.c_str());  // nobody is named who says nothing
    }
}

void TestCompressKinds::quotationsKeepTheirMarks() {
    const std::string text = "It is so.\n\n> " + talk(0, 1) + "\n> It is as it is and so on and on.\n>\n> " +
                             talk(1, 2) + "\n>\n>> " + talk(2, 3) + "\n>> So it is to be, as it is.\n";
    const std::string result = shortened(text, 0.6);
    QVERIFY(result.size() < text.size());
    for (const std::string& line : lines_of(result)) {
        QVERIFY2(line.find_first_not_of("> ") != std::string::npos, result.c_str());
        QVERIFY2(!has(line, "Fishermen") || line.starts_with("> Fishermen"), result.c_str());
        QVERIFY2(!has(line, "Astronomers") || line.starts_with(">> Astronomers"), result.c_str());
    }
    QVERIFY(has(result, "Astronomers"));
}

void TestCompressKinds::labelsAreFound_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("label");
    QTest::newRow("name") << "Rosa: good morning"
                          << "Rosa:";
    QTest::newRow("title") << "Ms. Ada Byron: hello"
                           << "Ms. Ada Byron:";
    QTest::newRow("bold") << "**Q:** why"
                          << "**Q:**";
    QTest::newRow("bold line") << "**Q: why**"
                               << "**Q:";
    QTest::newRow("chinese") << "李明：我们走吧"
                             << "李明：";
    QTest::newRow("chat") << "ana> router is slow"
                          << "ana>";
    QTest::newRow("header") << "Subject: lunch"
                            << "Subject:";
    QTest::newRow("nothing behind it") << "Three things:"
                                       << "";
    QTest::newRow("time") << "17:40 train"
                          << "";
    QTest::newRow("address") << "https://example.org"
                             << "";
    QTest::newRow("clause") << "so one thing: go"
                            << "";
    QTest::newRow("many words") << "One of the things: this"
                                << "";
    QTest::newRow("sentence") << "Go! Now: this"
                              << "";
}
void TestCompressKinds::labelsAreFound() {
    QFETCH(QString, line);
    QFETCH(QString, label);
    const std::string text = line.toStdString();
    QCOMPARE(QString::fromStdString(text.substr(0, compression::end_of_label(text, 0))), label);
}

void TestCompressKinds::answersKeepTheirQuestions() {
    const std::string text = talk(0, 4) +
                             "\n\nMay I go to it?\nOnly to extraordinary Scandinavian lighthouses.\n\n" +
                             "Is it so?\nIt is as it is. It is so and so.\n\n" + talk(4, 6);
    const std::string result = shortened(text, 0.85);
    QVERIFY2(has(result, "May I go to it?\nOnly "), result.c_str());
    QVERIFY2(!has(result, "Is it so?"), result.c_str());
}

void TestCompressKinds::noHeadingStandsAlone() {
    std::string text;
    for (int i = 0; i < 4; ++i) {
        text += "# Part " + std::string(1, static_cast<char>('A' + i)) + "\n\n" + talk(2 * i, 2 * i + 2) +
                "\n\n## On it\n\nIt is so to me. As he is, so we are to be. We go on as we do.\n\n";
    }
    const std::string result = shortened(text, 0.6);
    QVERIFY(result.size() < text.size());
    for (std::size_t at = result.find("## On it"); at != std::string::npos;
         at = result.find("## On it", at + 1)) {
        const std::size_t next = result.find_first_not_of('\n', at + 8);
        QVERIFY2(next != std::string::npos && result[next] != '#', result.c_str());
    }
}

void TestCompressKinds::listMarksDoNotMakeSentencesTell() {
    // Each clause has its number; only one says something.
    std::string text;
    for (int i = 1; i < 10; ++i) {
        text += "1." + std::to_string(i) +
                (i == 5 ? " Astronomers misjudged wandering asteroids.\n" : " So it is to be as it is.\n");
    }
    const std::string result = shortened(text, 0.4);
    QVERIFY2(has(result, "1.5 Astronomers misjudged wandering asteroids."), result.c_str());
    QVERIFY2(has(result, "1.2.\n") || has(result, "1.2\n"), result.c_str());
    // A mark's full stop ends no sentence.
    QCOMPARE(compression::sentences_of("3. Take it.\n4. Leave it.").size(), std::size_t{2});
}

void TestCompressKinds::chineseWordsThatDenyNothing() {
    const std::string text = "今天特别热，风非常大。是否去别人家，未来再说，别忘了伞。";
    QStringList found;
    for (const KeptRange& span : compression::protected_spans(text)) {
        found += QString::fromStdString(text.substr(span.begin, span.end - span.begin));
    }
    QCOMPARE(found, QStringList{"别"});
}

void TestCompressKinds::chineseLinesEndSentences() {
    const auto sentences = [](const std::string& text) { return compression::sentences_of(text).size(); };
    QCOMPARE(sentences("王老师今天下午到学校\n他说明天的会议推迟了因为下雨路不好走\n大家都同意"),
             std::size_t{3});
    QCOMPARE(sentences("王老师今天下午到学校他说\n明天的会议推迟了因为下雨\n路不好走大家都同意了"),
             std::size_t{1});  // wrapped
    QCOMPARE(sentences("我：今天去哪里\n你：去公园看花吧"), std::size_t{2});
}

void TestCompressKinds::endlessSentencesLoseParts() {
    std::string text;
    for (int i = 0; i < 12; ++i) {
        text += i == 7 ? "屋顶是木匠周德海用杉木修好的到现在没有再漏过，"
                       : "大家都很喜欢这里的书也很喜欢这里的人和树，";
    }
    text += "谢谢大家的支持。";
    const std::string result = shortened(text, 0.4);
    QVERIFY2(has(result, "屋顶是木匠周德海用杉木修好的到现在没有再漏过"), result.c_str());
}

void TestCompressKinds::factsStayInScriptsOfTheirOwn_data() {
    QTest::addColumn<QStringList>("facts");
    QTest::addColumn<QStringList>("fillers");
    QTest::newRow("chinese") << QStringList{"修理屋顶一共花了三百二十元。", "古籍室没有管理员陪同不得进入。",
                                            "木匠周德海用杉木修好了屋顶。"}
                             << QStringList{"大家都很喜欢这里的人和树。", "天气好的时候大家都会到这里来。",
                                            "来这里的人都说这里很好。"};
    QTest::newRow("chinese without stops")
        << QStringList{"修理屋顶一共花了三百二十元\n", "古籍室没有管理员陪同不得进入\n",
                       "木匠周德海用杉木修好了屋顶\n"}
        << QStringList{"大家都很喜欢这里的人和树\n", "天气好的时候大家都会来\n",
                       "来这里的人都说这里很好这里的天气也好\n"};
    QTest::newRow("japanese") << QStringList{"屋根の修理には三百二十円かかりました。",
                                             "記念切手は文房具屋にはありません。",
                                             "猫の飼い主は局長の三浦さんです。"}
                              << QStringList{"みんなこの町の人と木がとても好きです。",
                                             "天気のいい日にはみんなここに来ます。",
                                             "ここに来る人はここがいいと言います。"};
    QTest::newRow("korean") << QStringList{"지붕을 고치는 데 320원이 들었다. ",
                                           "열람실에서는 음식을 먹으면 안 됩니다. ",
                                           "목수 김덕호 씨가 소나무로 고쳤다. "}
                            << QStringList{"사람들은 이곳을 아주 좋아한다. ",
                                           "날씨가 좋으면 사람들은 이곳에 온다. ",
                                           "이곳에 온 사람들은 좋다고 한다. "};
}
void TestCompressKinds::factsStayInScriptsOfTheirOwn() {
    QFETCH(QStringList, facts);
    QFETCH(QStringList, fillers);
    QString text;
    for (int i = 0; i < 30; ++i) {
        text += fillers[(i * 7) % 3];
        text += i % 10 == 4 ? facts[i / 10] : QString();
    }
    for (const double rate : {0.7, 0.5, 0.35}) {
        const std::string result = shortened(text.toStdString(), rate);
        QVERIFY(result.size() < static_cast<std::size_t>(text.toUtf8().size()));
        for (const QString& fact : facts) {
            QVERIFY2(has(result, fact.trimmed().toStdString()), result.c_str());
        }
    }
}

void TestCompressKinds::koreanQuestionsFindTheirWords() {
    const std::string fact = "그 다리는 곳에 있다. ";
    const std::string filler =
        "사람들은 오늘도 여기저기에서 즐겁게 노래했다. 아이들은 마당에서 나무를 심으며 떠들었다. ";
    std::string text = fact + fact;
    for (int i = 0; i < 4; ++i) {
        text += filler;
    }
    text += fact;
    FrequencyScorer scorer(ranked);
    const auto result =
        compress(text, {Method::question, 0.3, "다리를 어디서 봐?"}, scorer, count_characters, kGoOn);
    QVERIFY(result && has(result->text, fact + fact));
}

QTEST_GUILESS_MAIN(TestCompressKinds)
#include "test_compress_kinds.moc"

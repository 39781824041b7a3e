// SPDX-License-Identifier: Apache-2.0
// Tests streaming UTF-8: every split of every kind of character, Unicode's own examples of broken text,
// random bytes.
#include <random>
#include <string>

#include <QtTest>

#include "engine/text/unicode.h"
#include "engine/text/utf8_stream.h"

using namespace tendril::engine;

namespace {

std::string streamed(std::string_view text, std::size_t step) {
    Utf8Stream stream;
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += step) {
        stream.push(text.substr(i, step), out);
    }
    stream.finish(out);
    return out;
}

std::string encoded(char32_t code) {
    std::string out;
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | (code >> 18));
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
    return out;
}

}  // namespace

class TestUtf8 : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void everyCharacterSurvivesEverySplit() {
        for (char32_t code = 0; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 37) {
            if (code >= 0xD800 && code <= 0xDFFF) {
                continue;
            }
            const std::string text = encoded(code);
            QVERIFY(is_valid_utf8(text));
            for (std::size_t cut = 0; cut <= text.size(); ++cut) {
                Utf8Stream stream;
                std::string out;
                stream.push(std::string_view(text).substr(0, cut), out);
                QCOMPARE(stream.pending(), cut == text.size() ? std::size_t{0} : cut);
                QVERIFY(cut == text.size() || out.empty());
                stream.push(std::string_view(text).substr(cut), out);
                stream.finish(out);
                QCOMPARE(out, text);
            }
            QCOMPARE(streamed(text, 1), text);
        }
    }

    void brokenTextIsReplacedByMaximalSubparts_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("expected");
        const QByteArray r = "\xEF\xBF\xBD";
        // Unicode 15, tables 3-8 to 3-11.
        QTest::newRow("non-shortest")
            << QByteArray("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") << r + r + r + r + r + r + r + r + "A";
        QTest::newRow("surrogates") << QByteArray("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41")
                                    << r + r + r + r + r + r + r + r + "A";
        QTest::newRow("other") << QByteArray("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42")
                               << r + r + r + r + r + "A" + r + r + "B";
        QTest::newRow("truncated") << QByteArray("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41")
                                   << r + r + r + r + "A";
        QTest::newRow("ends inside") << QByteArray("a\xF0\x9F\x98") << "a" + r;
        QTest::newRow("nul") << QByteArray("a\0b\xFF", 4) << QByteArray("a\0b", 3) + r;
    }
    void brokenTextIsReplacedByMaximalSubparts() {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, expected);
        const std::string text = bytes.toStdString();
        QVERIFY(!is_valid_utf8(text));
        QCOMPARE(to_valid_utf8(text), expected.toStdString());
        for (std::size_t step = 1; step <= text.size(); ++step) {
            QCOMPARE(streamed(text, step), expected.toStdString());
        }
    }

    void randomBytesGiveValidTextWhateverTheSplit() {
        std::mt19937 random(7);
        constexpr std::string_view likely = "a\x80\xBF\xC3\xE0\xA0\xED\x9F\xF0\x90\xF4\x8F\xFF";
        for (int round = 0; round < 20000; ++round) {
            std::string text(random() % 24, '\0');
            for (char& c : text) {
                c = random() % 2 ? likely[random() % likely.size()] : static_cast<char>(random());
            }
            const std::string whole = to_valid_utf8(text);
            QVERIFY(is_valid_utf8(whole));
            QCOMPARE(whole == text, is_valid_utf8(text));
            Utf8Stream stream;
            std::string out;
            for (std::size_t i = 0; i < text.size();) {
                const std::size_t step = 1 + random() % 5;
                stream.push(std::string_view(text).substr(i, step), out);
                QVERIFY(stream.pending() <= 3);
                QVERIFY(is_valid_utf8(out));
                i += step;
            }
            stream.finish(out);
            QCOMPARE(out, whole);
        }
    }

    void charactersHaveTheirCategories() {
        const CharTable& table = CharTable::get();
        QCOMPARE(int{table.bits('A')}, int{kCharLetter | kCharUpper});
        QCOMPARE(int{table.bits(U'ß')}, int{kCharLetter | kCharLower});
        QCOMPARE(int{table.bits(U'中')}, int{kCharLetter});
        QCOMPARE(int{table.bits(U'٣')}, int{kCharNumber});
        QCOMPARE(int{table.bits(0x0301)}, int{kCharMark | kCharNormalises});
        QCOMPARE(int{table.bits('\n')}, int{kCharSpace | kCharNewline});
        QCOMPARE(int{table.bits(0x3000)}, int{kCharSpace});
        QCOMPARE(int{table.bits(0x200B)}, 0);
        QCOMPARE(int{table.bits('$')}, int{kCharSymbol});
        QCOMPARE(int{table.bits(U'¿')}, int{kCharPunctuation});
        QCOMPARE(int{table.bits(0x10FFFF)}, 0);
        QCOMPARE(int{table.bits(0x110000)}, 0);
    }

    void nfcComposesAndKeepsBrokenBytes() {
        const CharTable& table = CharTable::get();
        QVERIFY(!may_need_nfc(table, "plain \xC3\xA9 \xE4\xB8\xAD"));
        QVERIFY(may_need_nfc(table, "e\xCC\x81"));
        QCOMPARE(to_nfc("e\xCC\x81"), std::string("\xC3\xA9"));
        QCOMPARE(to_nfc("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8"), std::string("\xEA\xB0\x81"));  // jamo
        QCOMPARE(to_nfc("\xE2\x84\xAB"), std::string("\xC3\x85"));                // Angstrom sign
        QCOMPARE(to_nfc("q\xCC\x87\xCC\xA3"), std::string("q\xCC\xA3\xCC\x87"));  // reordered
        QCOMPARE(to_nfc("\xFF"
                        "e\xCC\x81\xE4"),
                 std::string("\xFF\xC3\xA9\xE4"));
    }

    void nfcOfAlternatingMarksIsFast() {
        std::string text = "a";
        for (int i = 0; i < 250000; ++i) {
            text += i % 2 ? "\xCC\x87" : "\xCC\xA3";  // classes 230 and 220: insertion would be quadratic
        }
        QElapsedTimer timer;
        timer.start();
        const std::string composed = to_nfc(text);
        QVERIFY(composed.starts_with("\xE1\xBA\xA1\xCC\xA3\xCC\xA3"));  // a with dot below, sorted marks
        QCOMPARE(composed.size(), text.size());
        QVERIFY(timer.elapsed() < 5000);
    }
};

QTEST_GUILESS_MAIN(TestUtf8)
#include "test_utf8.moc"

// SPDX-License-Identifier: Apache-2.0
// Tests tokenizers on small vocabularies written for the purpose: merging, special tokens, roles, odd and
// broken metadata.
#include <string>
#include <vector>

#include <QtTest>

#include "engine/model/gguf.h"
#include "engine/text/tokenizer.h"
#include "tests/support/gguf_writer.h"

using namespace tendril;
using namespace tendril::engine;

namespace {

using Ids = std::vector<TokenId>;
constexpr EncodeOptions kPlain{};
constexpr EncodeOptions kSpecial{.add_bos = false, .parse_special = true};

/// GPT-2's character for a byte.
std::string spelled(unsigned char byte) {
    const auto two = [](unsigned code) {
        return std::string{static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
    };
    unsigned next = 0x100;
    for (unsigned b = 0; b < 256; ++b) {
        const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
        if (b == byte) {
            return !printable ? two(next) : b < 0x80 ? std::string(1, static_cast<char>(b)) : two(b);
        }
        next += printable ? 0 : 1;
    }
    return {};
}

struct Vocabulary {
    std::vector<std::string> tokens;
    std::vector<std::int32_t> types;
    std::vector<float> scores;
    std::vector<std::string> merges;

    TokenId add(const std::string& text, std::int32_t type = 1, float score = 0) {
        tokens.push_back(text);
        types.push_back(type);
        scores.push_back(score);
        return static_cast<TokenId>(tokens.size()) - 1;
    }
    TokenId merge(const std::string& left, const std::string& right) {
        merges.push_back(left + " " + right);
        return add(left + right);
    }
    test::GgufWriter writer(const std::string& model, const std::string& pre) const {
        test::GgufWriter w;
        w.add_string("tokenizer.ggml.model", model).add_string("tokenizer.ggml.pre", pre);
        w.add_strings("tokenizer.ggml.tokens", tokens).add_i32s("tokenizer.ggml.token_type", types);
        if (model == "gpt2") {
            w.add_strings("tokenizer.ggml.merges", merges);
        } else {
            w.add_f32s("tokenizer.ggml.scores", scores);
        }
        return w;
    }
};

/// Ids 0 to 255 are the bytes.
Vocabulary byte_vocabulary() {
    Vocabulary v;
    for (unsigned b = 0; b < 256; ++b) {
        v.add(spelled(static_cast<unsigned char>(b)));
    }
    return v;
}

/// 0 <unk>, 1 <s>, 2 </s>, 3 to 258 the bytes.
Vocabulary llama_vocabulary() {
    Vocabulary v;
    v.add("<unk>", 2);
    v.add("<s>", 3);
    v.add("</s>", 3);
    for (unsigned b = 0; b < 256; ++b) {
        char text[8];
        std::snprintf(text, sizeof text, "<0x%02X>", b);
        v.add(text, 6);
    }
    return v;
}

struct Made {
    Result<std::unique_ptr<const Tokenizer>> tokenizer;
    std::vector<std::string> warnings;
};

Made make(const test::GgufWriter& writer) {
    const test::Bytes bytes = writer.bytes();
    const auto file = GgufFile::parse(bytes);
    Made made{fail(ErrorCode::internal, "not parsed"), {}};
    if (file) {
        made.tokenizer = Tokenizer::create(*file, made.warnings);
    }
    return made;  // the file's bytes are gone: a tokenizer owns what it needs
}

}  // namespace

class TestTokenizer : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void mergesInOrderOfRank() {
        Vocabulary v = byte_vocabulary();
        const TokenId bc = v.merge("b", "c");
        const TokenId ab = v.merge("a", "b");
        const TokenId abc = v.merge("a", "bc");
        const TokenId dd = v.merge("d", "d");
        const Made made = make(v.writer("gpt2", "gpt-2"));
        QVERIFY(made.tokenizer.has_value());
        const Tokenizer& t = **made.tokenizer;
        QCOMPARE(t.encode("abc", kPlain), Ids({abc}));
        QCOMPARE(t.encode("ab", kPlain), Ids({ab}));
        QCOMPARE(t.encode("bc", kPlain), Ids({bc}));
        QCOMPARE(t.encode("ddd", kPlain), Ids({dd, 'd'}));
        QCOMPARE(t.encode("", kPlain), Ids({}));
        QCOMPARE(t.bytes(abc), std::string_view("abc"));
        QVERIFY(made.warnings.empty());
    }

    void longAndShortPiecesMergeAlike() {
        Vocabulary v = byte_vocabulary();
        const TokenId aa = v.merge("a", "a");
        const TokenId aaaa = v.merge("aa", "aa");
        const Made made = make(v.writer("gpt2", "gpt-2"));
        const Tokenizer& t = **made.tokenizer;
        for (std::size_t n = 1; n < 300; ++n) {
            Ids expected(n / 4, aaaa);
            if (n % 4 >= 2) {
                expected.push_back(aa);
            }
            if (n % 2 == 1) {
                expected.push_back('a');
            }
            QCOMPARE(t.encode(std::string(n, 'a'), kPlain), expected);
        }
    }

    void aMebibyteOfOneCharacterIsQuick() {
        Vocabulary v = byte_vocabulary();
        std::string piece = "a";
        for (int i = 0; i < 6; ++i) {
            v.merge(piece, piece);
            piece += piece;
        }
        Vocabulary l = llama_vocabulary();
        for (std::size_t n = 1; n <= 64; n *= 2) {
            l.add(std::string(n, 'a'), 1, -static_cast<float>(n));
        }
        for (const test::GgufWriter& writer : {v.writer("gpt2", "gpt-2"), l.writer("llama", "default")}) {
            const Made made = make(writer);
            const std::string text(std::size_t{1} << 20, 'a');
            QElapsedTimer timer;
            timer.start();
            const Ids ids = (*made.tokenizer)->encode(text, kPlain);
            QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
            QVERIFY(ids.size() >= text.size() / 64 && ids.size() <= text.size() / 64 + 1);
        }
    }

    void longRunsOfAnythingTakeLinearTime_data() {
        QTest::addColumn<QString>("pre");
        for (const char* pre : {"default", "gpt-2", "smollm", "llama-bpe", "qwen2", "qwen35", "tekken",
                                "gpt-4o", "falcon", "deepseek-llm", "deepseek-coder", "deepseek-v3"}) {
            QTest::newRow(pre) << QString(pre);
        }
    }
    void longRunsOfAnythingTakeLinearTime() {
        QFETCH(QString, pre);
        const Made made = make(byte_vocabulary().writer("gpt2", pre.toStdString()));
        for (const char* unit : {" ", "\n", " \n", "\t ", "A", "aA", "Aa", "\xCC\x81",
                                 "\xCC\x81"
                                 "A",
                                 "'s", "1", ".", "\xE4\xB8\xAD", "\xE3\x80\x80", "\xFF",
                                 "\xC2\xAA"
                                 "A"}) {
            std::string text = "x";
            while (text.size() < 400000) {
                text += unit;
            }
            QElapsedTimer timer;
            timer.start();
            const std::size_t count = (*made.tokenizer)->encode(text + "x", kPlain).size();
            QVERIFY(count > 100000);
            QVERIFY2(timer.elapsed() < 3000, unit);
        }
    }

    void specialTokensAreLeftmostThenLongest() {
        Vocabulary v = byte_vocabulary();
        const TokenId end = v.add("<|im_end|>", 3);
        const TokenId tag = v.add("<tag>", 4);
        const TokenId longer = v.add("<tag>>", 4);
        const TokenId control = v.add("<tag>>!", 3);
        const Made made = make(v.writer("gpt2", "gpt-2"));
        const Tokenizer& t = **made.tokenizer;
        QCOMPARE(t.encode("a<tag>b", kPlain), Ids({'a', tag, 'b'}));
        QCOMPARE(t.encode("<tag>>!", kPlain), Ids({longer, '!'}));
        QCOMPARE(t.encode("<tag>>!", kSpecial), Ids({control}));
        QCOMPARE(t.encode("<tag<tag>", kPlain), Ids({'<', 't', 'a', 'g', tag}));
        QCOMPARE(t.encode("<|im_end|>", kSpecial), Ids({end}));
        QCOMPARE(t.encode("<|im_end|>", kPlain).size(), std::size_t{10});
        QVERIFY(t.is_control(end) && !t.is_control(tag) && !t.is_control(-1) && !t.is_control(1 << 20));
        QVERIFY(t.ends_generation(end) && !t.ends_generation(tag) && !t.ends_generation(-1));
        QCOMPARE(t.bytes(end), std::string_view());
        QCOMPARE(t.bytes(end, true), std::string_view("<|im_end|>"));
        QCOMPARE(t.bytes(tag), std::string_view("<tag>"));
        QCOMPARE(t.bytes(-5), std::string_view());
        QCOMPARE(t.bytes(1 << 30), std::string_view());
        QCOMPARE(t.decode(Ids{'a', end, tag}), std::string("a<tag>"));
        QCOMPARE(t.decode(Ids{'a', end, tag}, true), std::string("a<|im_end|><tag>"));
    }

    void bosAndEosFollowTheFile() {
        Vocabulary v = byte_vocabulary();
        const TokenId bos = v.add("<s>", 3);
        const TokenId eos = v.add("</s>", 3);
        test::GgufWriter w = v.writer("gpt2", "gpt-2");
        w.add_u32("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(bos));
        w.add_u32("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(eos));
        w.add_bool("tokenizer.ggml.add_bos_token", true).add_bool("tokenizer.ggml.add_eos_token", true);
        const Made made = make(w);
        const Tokenizer& t = **made.tokenizer;
        QCOMPARE(t.encode("x", {.add_bos = true, .parse_special = false}), Ids({bos, 'x', eos}));
        QCOMPARE(t.encode("x", kPlain), Ids({'x'}));
        QCOMPARE(t.bos(), std::optional<TokenId>(bos));
        QCOMPARE(t.eos_text(), std::string_view("</s>"));
        QVERIFY(t.adds_bos() && t.ends_generation(eos) && !t.ends_generation(bos));
    }

    void idsOutOfRangeAreIgnoredInWords() {
        Vocabulary v = byte_vocabulary();
        test::GgufWriter w = v.writer("gpt2", "gpt-2");
        w.add_u32("tokenizer.ggml.bos_token_id", 4000000).add_i32("tokenizer.ggml.eos_token_id", -1);
        w.add_bool("tokenizer.ggml.add_bos_token", true);
        const Made made = make(w);
        QCOMPARE(made.warnings.size(), std::size_t{2});
        QVERIFY(QString::fromStdString(made.warnings[0]).contains("bos_token_id"));
        QCOMPARE((*made.tokenizer)->encode("x", {.add_bos = true, .parse_special = false}).back(),
                 TokenId{'x'});
    }

    void turnEndsAreControlWhateverTheFileSays() {
        Vocabulary v = byte_vocabulary();
        const TokenId end = v.add("<|im_end|>", 1);
        const TokenId html = v.add("</s>", 4);
        const Made made = make(v.writer("gpt2", "gpt-2"));
        const Tokenizer& t = **made.tokenizer;
        QVERIFY(t.is_control(end) && t.ends_generation(end));
        QVERIFY(!t.is_control(html) && !t.ends_generation(html));
    }

    void wholePiecesGoBeforeMergesWhereTheModelSaysSo() {
        Vocabulary v = byte_vocabulary();
        const TokenId word = v.add("xyz");  // no merge leads to it
        for (const char* pre : {"llama-bpe", "tekken"}) {
            QCOMPARE((*make(v.writer("gpt2", pre)).tokenizer)->encode("xyz", kPlain), Ids({word}));
        }
        QCOMPARE((*make(v.writer("gpt2", "qwen2")).tokenizer)->encode("xyz", kPlain), Ids({'x', 'y', 'z'}));
    }

    void qwenComposesText() {
        const Vocabulary v = byte_vocabulary();
        const auto ids = [&](const char* pre) {
            return (*make(v.writer("gpt2", pre)).tokenizer)->encode("e\xCC\x81", kPlain);
        };
        QCOMPARE(ids("qwen2"), Ids({0xC3, 0xA9}));
        QCOMPARE(ids("llama-bpe"), Ids({'e', 0xCC, 0x81}));
    }

    void unknownPreTokenizersFallBackWithAWarning() {
        const Vocabulary v = byte_vocabulary();
        const Made made = make(v.writer("gpt2", "martian"));
        QVERIFY(made.tokenizer.has_value());
        QCOMPARE(made.warnings, std::vector<std::string>{"unknown pre-tokenizer 'martian', using default"});
        QCOMPARE((*made.tokenizer)->encode("a1234", kPlain), Ids({'a', '1', '2', '3', '4'}));
    }

    void anyBytesComeBack() {
        const Made made = make(byte_vocabulary().writer("gpt2", "default"));
        std::string all;
        for (int i = 0; i < 1024; ++i) {
            all.push_back(static_cast<char>(i * 7));
        }
        QCOMPARE((*made.tokenizer)->decode((*made.tokenizer)->encode(all, kPlain)), all);
        const Made llama = make(llama_vocabulary().writer("llama", "default"));
        QCOMPARE((*llama.tokenizer)->decode((*llama.tokenizer)->encode(all, kPlain)), " " + all);
    }

    void sentencePieceMergesByScoreWithBytesForTheRest() {
        Vocabulary v = llama_vocabulary();
        const std::string space = "\xE2\x96\x81";
        const TokenId s = v.add(space, 1, -9);
        const TokenId a = v.add("a", 1, -9);
        const TokenId b = v.add("b", 1, -9);
        const TokenId ab = v.add("ab", 1, -2);
        const TokenId sa = v.add(space + "a", 1, -1);
        const TokenId user = v.add("<u>", 4);
        test::GgufWriter w = v.writer("llama", "default");
        const Made made = make(w);
        const Tokenizer& t = **made.tokenizer;
        QCOMPARE(t.encode("ab", kPlain), Ids({sa, b}));
        QCOMPARE(t.encode("b ab", kPlain), Ids({s, b, sa, b}));
        QCOMPARE(t.encode("\xC3\xA9", kPlain), Ids({s, 3 + 0xC3, 3 + 0xA9}));
        QCOMPARE(t.encode("b<u>a", kPlain), Ids({s, b, user, sa}));
        QCOMPARE(t.encode("</s>", kSpecial), Ids({2}));
        QCOMPARE(t.encode("ab", {.add_bos = true, .parse_special = false}), Ids({1, sa, b}));
        QCOMPARE(t.decode(Ids{s, b, sa}), std::string(" b a"));
        QCOMPARE(t.bytes(3 + 0xC3), std::string_view("\xC3"));
        w.add_bool("tokenizer.ggml.add_space_prefix", false);
        QCOMPARE((*make(w).tokenizer)->encode("ab", kPlain), Ids({ab}));
        QCOMPARE((*make(w).tokenizer)->encode("a  b", kPlain), Ids({a, s, s, b}));
        w.add_bool("tokenizer.ggml.remove_extra_whitespaces", true);
        QCOMPARE((*make(w).tokenizer)->encode("  a  b ", kPlain), Ids({a, s, b}));
    }

    void unusedPiecesFallApart() {
        Vocabulary v = llama_vocabulary();
        const TokenId a = v.add("a", 1, -9);
        const TokenId b = v.add("b", 1, -9);
        v.add("ab", 5, -1);
        const TokenId abb = v.add("abb", 1, -3);
        test::GgufWriter w = v.writer("llama", "default");
        w.add_bool("tokenizer.ggml.add_space_prefix", false);
        const Made made = make(w);
        QCOMPARE((*made.tokenizer)->encode("ab", kPlain), Ids({a, b}));
        QCOMPARE((*made.tokenizer)->encode("abb", kPlain), Ids({abb}));
    }

    void withoutByteTokensARunIsOneUnknown() {
        Vocabulary v;
        v.add("<unk>", 2);
        v.add("<s>", 3);
        v.add("</s>", 3);
        const TokenId a = v.add("a");
        test::GgufWriter w = v.writer("llama", "default");
        w.add_bool("tokenizer.ggml.add_space_prefix", false);
        QCOMPARE((*make(w).tokenizer)->encode("axyza", kPlain), Ids({a, 0, a}));
    }

    void phi3DropsSpaceBehindItsMarkers() {
        Vocabulary v = llama_vocabulary();
        const TokenId user = v.add("<|user|>", 3);
        v.add("<|assistant|>", 3);
        v.add("<|placeholder1|>", 3);
        const TokenId hi = v.add("\xE2\x96\x81hi", 1, -1);
        for (const char* part : {"\xE2\x96\x81", "h", "i", "hi"}) {
            v.add(part, 1, -2);
        }
        const Made made = make(v.writer("llama", "default"));
        QCOMPARE((*made.tokenizer)->encode("<|user|>\n hi", kSpecial), Ids({user, hi}));
    }

    void brokenMetadataIsRefusedInWords_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<int>("how");
        QTest::newRow("no tokens") << "tokenizer.ggml.tokens" << 0;
        QTest::newRow("tokens are numbers") << "tokenizer.ggml.tokens" << 1;
        QTest::newRow("no tokens in the list") << "tokenizer.ggml.tokens" << 2;
        QTest::newRow("types are texts") << "tokenizer.ggml.token_type" << 3;
        QTest::newRow("few types") << "tokenizer.ggml.token_type" << 1;
        QTest::newRow("few scores") << "tokenizer.ggml.scores" << 1;
        QTest::newRow("scores are texts") << "tokenizer.ggml.scores" << 3;
        QTest::newRow("no merges") << "tokenizer.ggml.merges" << 0;
        QTest::newRow("merges are numbers") << "tokenizer.ggml.merges" << 1;
        QTest::newRow("no model") << "tokenizer.ggml.model" << 0;
        QTest::newRow("model is a list") << "tokenizer.ggml.model" << 1;
        QTest::newRow("WordPiece") << "tokenizer.ggml.model" << 4;
    }
    void brokenMetadataIsRefusedInWords() {
        QFETCH(QString, key);
        QFETCH(int, how);
        test::GgufWriter w = byte_vocabulary().writer("gpt2", "gpt-2");
        const std::string name = key.toStdString();
        w.remove(name);
        switch (how) {
            case 1:
                w.add_i32s(name, {1, 2, 3});
                break;
            case 2:
                w.add_strings(name, {});
                break;
            case 3:
                w.add_strings(name, std::vector<std::string>(300, "x"));
                break;
            case 4:
                w.add_string(name, "bert");
                break;
            default:
                break;
        }
        const Made made = make(w);
        QVERIFY(!made.tokenizer.has_value());
        QVERIFY2(QString::fromStdString(made.tokenizer.error().message).contains(key),
                 made.tokenizer.error().message.c_str());
        QCOMPARE(made.tokenizer.error().code, how == 4 ? ErrorCode::unsupported : ErrorCode::malformed);
    }

    void oddMetadataIsRepaired() {
        Vocabulary v = byte_vocabulary();
        v.add("");
        v.add("a");
        v.types[300 - 258] = 77;
        v.merges = {"a a", "nothing", "", " ", "x \xFF", "\xE4\xB8\xAD a"};
        test::GgufWriter w = v.writer("gpt2", "gpt-2");
        w.remove("tokenizer.ggml.token_type")
            .add_i32s("tokenizer.ggml.token_type", std::vector<int>(1000, 1));
        const Made made = make(w);
        QVERIFY(made.tokenizer.has_value());
        QCOMPARE(made.warnings.size(), std::size_t{4});  // too many types, empty, twice, merges
        QCOMPARE((*made.tokenizer)->encode("aa", kPlain), Ids({'a', 'a'}));
    }
};

QTEST_GUILESS_MAIN(TestTokenizer)
#include "test_tokenizer.moc"

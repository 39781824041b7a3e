// SPDX-License-Identifier: Apache-2.0
// What a tokenizer keeps of a large vocabulary: the bytes of its texts, and few more for each token and
// merge.
#include <malloc.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <QtTest>

#include "engine/model/gguf.h"
#include "engine/text/tokenizer.h"
#include "tests/support/gguf_writer.h"

using namespace tendril;
using namespace tendril::engine;

namespace {

constexpr std::size_t kTokens = 70'000;  // a bit above a power of two, which is where tables of one double

/// On the heap, in bytes; 0 where the allocator does not tell.
double heap() {
#if defined(__GLIBC__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
    const struct mallinfo2 info = mallinfo2();
    return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
#else
    return 0;
#endif
}

struct Lists {
    std::vector<std::string> tokens;
    std::vector<std::string> merges;
    double text_bytes = 0;
};

Lists make_lists() {
    Lists lists;
    for (char c = '!'; c <= '~'; ++c) {
        lists.tokens.emplace_back(1, c);
    }
    std::vector<std::string> roots = lists.tokens;
    while (lists.tokens.size() < kTokens) {
        std::vector<std::string> longer;
        for (const std::string& root : roots) {
            for (char c = 'A'; c <= 'Z' && lists.tokens.size() < kTokens; ++c) {
                lists.merges.push_back(root + " " + c);
                longer.push_back(root + c);
                lists.tokens.push_back(longer.back());
            }
        }
        roots = std::move(longer);
    }
    for (const std::string& token : lists.tokens) {
        lists.text_bytes += static_cast<double>(token.size());
    }
    return lists;
}

test::Bytes byte_level_file(const Lists& lists) {
    test::GgufWriter w;
    w.add_string("tokenizer.ggml.model", "gpt2").add_string("tokenizer.ggml.pre", "gpt-2");
    w.add_strings("tokenizer.ggml.tokens", lists.tokens).add_strings("tokenizer.ggml.merges", lists.merges);
    return w.bytes();
}

test::Bytes sentencepiece_file(const Lists& lists) {
    std::vector<float> scores;
    for (std::size_t i = 0; i < lists.tokens.size(); ++i) {
        scores.push_back(-static_cast<float>(i));
    }
    test::GgufWriter w;
    w.add_string("tokenizer.ggml.model", "llama");
    w.add_strings("tokenizer.ggml.tokens", lists.tokens).add_f32s("tokenizer.ggml.scores", scores);
    return w.bytes();
}

/// Bytes that `make` leaves on the heap.
template <typename Make>
double left_by(Make&& make) {
    const double before = heap();
    const auto made = make();
    return heap() - before;
}

constexpr double kFixed = 64 * 1024;

}  // namespace

class TestTokenizerMemory : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
        if (heap() == 0) {
            QSKIP("NOT RUN: this build's allocator does not tell what it holds.");
        }
        (void)make(byte_level_file({{"a", "b"}, {}, 2}));  // tables that all tokenizers share
    }

    void aTokenTakesFewBytes_data() {
        QTest::addColumn<bool>("byte_level");
        QTest::newRow("byte level") << true;
        QTest::newRow("sentencepiece") << false;
    }
    void aTokenTakesFewBytes() {
        QFETCH(bool, byte_level);
        const Lists lists = make_lists();
        const test::Bytes file = byte_level ? byte_level_file(lists) : sentencepiece_file(lists);
        const double bytes = left_by([&] { return make(file); });
        const auto tokens = static_cast<double>(lists.tokens.size());
        // Where the text is, its type, the table of texts; scores and a filter, or a merge and its table.
        const double of_token = byte_level ? 4 + 1 + 8 + 16 : 4 + 1 + 8 + 4 + 4;
        qInfo("%.1f bytes a token, %.1f of them its text", bytes / tokens, lists.text_bytes / tokens);
        QVERIFY(bytes > lists.text_bytes);  // the measurement measures
        QVERIFY2(bytes <= lists.text_bytes + of_token * tokens + kFixed,
                 qPrintable(QString::number(bytes / tokens)));
        // What must not pass: a node for each text.
        const double nodes = left_by([&] {
            std::unordered_map<std::string, TokenId> map;
            for (const std::string& token : lists.tokens) {
                map.emplace(token, static_cast<TokenId>(map.size()));
            }
            return map;
        });
        QVERIFY(nodes > lists.text_bytes + of_token * tokens + kFixed);
    }

  private:
    static std::unique_ptr<const Tokenizer> make(const test::Bytes& bytes) {
        std::vector<std::string> warnings;
        const auto file = GgufFile::parse(bytes);
        auto tokenizer = Tokenizer::create(*file, warnings);
        return tokenizer ? std::move(*tokenizer) : nullptr;
    }
};

QTEST_APPLESS_MAIN(TestTokenizerMemory)
#include "test_tokenizer_memory.moc"

// SPDX-License-Identifier: Apache-2.0
// Compares ids with Hugging Face's `tokenizers` and with `sentencepiece` on some 12,000 texts;
// make_references.py made the references. Real models are compared where their files lie; set TENDRIL_DUMP to
// a folder to get the ids of each text as lines.
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <QtTest>

#include "engine/model/mapped_file.h"
#include "engine/text/pretokenizer.h"
#include "engine/text/tokenizer.h"
#include "engine/text/unicode.h"
#include "engine/text/utf8_stream.h"
#include "tests/support/gguf_writer.h"

using namespace tendril;
using namespace tendril::engine;

namespace {

QByteArray read_file(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QString data_path(const QString& name) {
    return QStringLiteral(TENDRIL_TEST_DATA "/") + name;
}

std::uint64_t fnv(const void* data, std::size_t size, std::uint64_t state = 0xCBF29CE484222325u) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i) {
        state = (state ^ bytes[i]) * 0x100000001B3u;
    }
    return state;
}

std::vector<std::string> read_corpus() {
    const QByteArray raw = qUncompress(read_file(data_path("corpus.bin")));
    std::vector<std::string> texts;
    for (qsizetype at = 0; at + 4 <= raw.size();) {
        std::uint32_t size = 0;
        std::memcpy(&size, raw.constData() + at, 4);
        texts.emplace_back(raw.constData() + at + 4, size);
        at += 4 + static_cast<qsizetype>(size);
    }
    return texts;
}

struct File {
    std::unique_ptr<MappedFile> mapped;
    GgufFile gguf;
};

File open_gguf(const QString& path) {
    auto mapped = MappedFile::open(path.toStdString());
    if (!mapped) {
        return {};
    }
    auto gguf = GgufFile::parse((*mapped)->bytes());
    return gguf ? File{std::move(*mapped), std::move(*gguf)} : File{};
}

/// The small vocabulary under another pre-tokenizer's name.
test::Bytes renamed(const GgufFile& file, const std::string& pre) {
    const auto strings = [&](const char* key) {
        const auto views = *file.find(key)->as_strings();
        return std::vector<std::string>(views.begin(), views.end());
    };
    const auto types = *file.find("tokenizer.ggml.token_type")->as_integers();
    test::GgufWriter writer;
    writer.add_string("tokenizer.ggml.model", "gpt2").add_string("tokenizer.ggml.pre", pre);
    writer.add_strings("tokenizer.ggml.tokens", strings("tokenizer.ggml.tokens"));
    writer.add_i32s("tokenizer.ggml.token_type", std::vector<std::int32_t>(types.begin(), types.end()));
    writer.add_strings("tokenizer.ggml.merges", strings("tokenizer.ggml.merges"));
    return writer.bytes();
}

/// What the references hold for a text: its ids, -1, and for byte-level tokenizers the ends of the pieces.
class Rows {
  public:
    Rows(const Tokenizer& tokenizer, const std::string& pre, bool special)
        : tokenizer_(tokenizer), rules_(pre.empty() ? nullptr : find_pretokenizer(pre)), special_(special) {}

    std::vector<std::int32_t> row(const std::string& text) {
        std::vector<std::int32_t> row =
            tokenizer_.encode(text, {.add_bos = false, .parse_special = special_});
        row.push_back(-1);
        if (rules_ != nullptr) {
            pretokenize(*rules_, chars_, rules_->normalises ? to_nfc(text) : text, ends_, scratch_);
            row.insert(row.end(), ends_.begin(), ends_.end());
        }
        return row;
    }

  private:
    const Tokenizer& tokenizer_;
    const PreTokenizerRules* rules_;
    bool special_;
    const CharTable& chars_ = CharTable::get();
    std::vector<std::size_t> ends_, scratch_;
};

QString find_model(const QString& name) {
    const QString home = QDir::homePath();
    const QStringList folders{qEnvironmentVariable("TENDRIL_TEST_MODELS"), home + "/.cache/tendril-models",
                              home + "/.local/share/tendril/models",
                              home + "/.cache/tendril-peers/llama.cpp/source/models"};
    for (const QString& folder : folders) {
        const QString path = folder + "/" + name + ".gguf";
        if (!folder.isEmpty() && QFile::exists(path)) {
            return path;
        }
    }
    return {};
}

}  // namespace

class TestTokenizers : public QObject {
    Q_OBJECT

    std::vector<std::string> texts_;

    /// Compares all texts; names the first ones that differ.
    void compare(const Tokenizer& tokenizer, const QString& reference, const std::string& pre, bool special) {
        const QByteArray expected = read_file(data_path(reference + ".ids"));
        QCOMPARE(std::size_t(expected.size()), 8 + texts_.size());
        Rows rows(tokenizer, pre, special);
        std::ofstream dump;
        if (const QString folder = qEnvironmentVariable("TENDRIL_DUMP"); !folder.isEmpty()) {
            dump.open((folder + "/" + reference + ".txt").toStdString());
        }
        std::uint64_t total = fnv(nullptr, 0);
        QStringList wrong;
        for (std::size_t i = 0; i < texts_.size(); ++i) {
            const std::vector<std::int32_t> row = rows.row(texts_[i]);
            const std::uint64_t hash = fnv(row.data(), row.size() * sizeof(row[0]));
            total = fnv(&hash, sizeof hash, total);
            if (dump.is_open()) {
                for (const std::int32_t value : row) {
                    dump << value << ' ';
                }
                dump << '\n';
            }
            if (static_cast<char>(hash & 0xFF) != expected[static_cast<qsizetype>(8 + i)]) {
                wrong << QString::number(i) + ": " + QString::fromStdString(texts_[i]).left(60);
            }
        }
        std::uint64_t expected_total = 0;
        std::memcpy(&expected_total, expected.constData(), 8);
        QVERIFY2(wrong.isEmpty(), qPrintable(QString::number(wrong.size()) + " texts differ:\n" +
                                             wrong.mid(0, 12).join("\n")));
        QCOMPARE(total, expected_total);
    }

    /// Valid UTF-8 comes back as it went in, up to what `expected` says a tokenizer changes.
    template <typename Expected>
    void compareRoundTrip(const Tokenizer& tokenizer, Expected&& expected) {
        for (const std::string& text : texts_) {
            QVERIFY(is_valid_utf8(text));
            QCOMPARE(tokenizer.decode(tokenizer.encode(text, {})), expected(text));
        }
    }

  private Q_SLOTS:
    void initTestCase() {
        texts_ = read_corpus();
        QVERIFY(texts_.size() >= 10000);
    }

    void byteLevel_data() {
        QTest::addColumn<QString>("pre");
        for (const char* pre : {"default", "gpt-2", "mpt", "smollm", "starcoder", "refact", "command-r",
                                "llama-bpe", "qwen2", "deepseek-r1-qwen", "qwen35", "tekken", "gpt-4o",
                                "falcon", "deepseek-llm", "deepseek-coder", "deepseek-v3"}) {
            QTest::newRow(pre) << QString(pre);
        }
    }
    void byteLevel() {
        QFETCH(QString, pre);
        const File base = open_gguf(data_path("bpe.gguf"));
        QVERIFY(base.mapped != nullptr);
        const test::Bytes bytes = renamed(base.gguf, pre.toStdString());
        const auto file = GgufFile::parse(bytes);
        QVERIFY(file.has_value());
        std::vector<std::string> warnings;
        const auto tokenizer = Tokenizer::create(*file, warnings);
        QVERIFY(tokenizer.has_value());
        QVERIFY2(warnings.empty(), warnings.empty() ? "" : warnings.front().c_str());
        compare(**tokenizer, "bpe-" + pre, pre.toStdString(), true);
        const bool normalises = find_pretokenizer(pre.toStdString())->normalises;
        compareRoundTrip(**tokenizer,
                         [&](const std::string& text) { return normalises ? to_nfc(text) : text; });
    }

    void sentencePiece_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("special");
        QTest::newRow("as Llama 2") << "spm-llama" << false;
        QTest::newRow("as Gemma") << "spm-gemma" << false;
        QTest::newRow("extra spaces removed") << "spm-trim" << false;
        QTest::newRow("no bytes, unknown token") << "spm-unknown" << false;
        QTest::newRow("special tokens as HF's Phi-3") << "spm-phi-3" << true;
    }
    void sentencePiece() {
        QFETCH(QString, name);
        QFETCH(bool, special);
        const File file = open_gguf(data_path(name + ".gguf"));
        QVERIFY(file.mapped != nullptr);
        std::vector<std::string> warnings;
        const auto tokenizer = Tokenizer::create(file.gguf, warnings);
        QVERIFY(tokenizer.has_value());
        QVERIFY(warnings.empty());
        compare(**tokenizer, name, "", special);
    }

    void realModels_data() {
        QTest::addColumn<QString>("name");
        QDir folder(TENDRIL_TEST_DATA);
        for (const QString& file : folder.entryList({"*.ids"})) {
            if (!file.startsWith("bpe-") && !file.startsWith("spm-")) {
                QTest::newRow(qPrintable(file.chopped(4))) << file.chopped(4);
            }
        }
    }
    void realModels() {
        QFETCH(QString, name);
        const bool special = name.endsWith(".special");
        const QString path = find_model(special ? name.chopped(8) : name);
        if (path.isEmpty()) {
            QSKIP("The model's file is not here.");
        }
        const File file = open_gguf(path);
        QVERIFY(file.mapped != nullptr);
        std::vector<std::string> warnings;
        const auto tokenizer = Tokenizer::create(file.gguf, warnings);
        QVERIFY(tokenizer.has_value());
        const bool byte_level = file.gguf.find("tokenizer.ggml.model")->as_string() == "gpt2";
        const GgufValue* named = file.gguf.find("tokenizer.ggml.pre");
        const std::string pre = !byte_level        ? ""
                                : named == nullptr ? "default"
                                                   : std::string(*named->as_string());
        compare(**tokenizer, name, pre, byte_level || special);
    }
};

QTEST_GUILESS_MAIN(TestTokenizers)
#include "test_tokenizers.moc"

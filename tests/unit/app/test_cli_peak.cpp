// SPDX-License-Identifier: Apache-2.0
// The highest memory of tendril-cli: beside the file's weights and the keys and values there is little room
// for code, tokenizer and scratch, also for small models with many tokens. Runs the program.
#include <string>
#include <vector>

#include <QJsonArray>
#include <QTest>

#include "tests/unit/app/cli_program.h"

using namespace tendril;
using namespace tendril::test;

namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr std::uint32_t kVocabulary = 49152;
constexpr std::uint32_t kWidth = 576;

/// Tokens of one to four letters, and for each but the first the merge that makes it.
void add_vocabulary(GgufWriter& file) {
    std::vector<std::string> tokens;
    std::vector<std::string> merges;
    for (char c = '!'; c <= '~'; ++c) {
        tokens.emplace_back(1, c);
    }
    std::vector<std::string> roots = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"};
    while (tokens.size() < kVocabulary) {
        std::vector<std::string> longer;
        for (const std::string& root : roots) {
            for (char c = 'A'; c <= 'Z' && tokens.size() < kVocabulary; ++c) {
                merges.push_back(root + " " + c);
                longer.push_back(root + c);
                tokens.push_back(longer.back());
            }
        }
        roots = std::move(longer);
    }
    for (const char* key : {"tokens", "token_type", "merges", "eos_token_id"}) {
        file.remove(std::string("tokenizer.ggml.") + key);
    }
    file.add_strings("tokenizer.ggml.tokens", tokens)
        .add_strings("tokenizer.ggml.merges", merges)
        .add_u32("tokenizer.ggml.eos_token_id", 0);
}

/// The widths and the vocabulary of a model of 135 M parameters, two layers of it; all weights are zero.
bool write_small_model(const QString& path) {
    TinyModel options;
    options.type = engine::DataType::q8_0;
    options.width = kWidth;
    options.heads = 9;
    options.kv_heads = 3;
    options.head_size = 64;
    options.feed_forward = 1536;
    options.context = 2048;
    GgufWriter file = tiny_model(options);
    add_vocabulary(file);
    constexpr std::uint32_t kQ8 = 8;
    file.remove_tensor("token_embd.weight");
    file.add_hollow_tensor("token_embd.weight", {kWidth, kVocabulary}, kQ8,
                           std::uint64_t{kWidth} * kVocabulary / 32 * 34);
    return file.write_sparse(path.toStdString());
}

struct Peak {
    double file = 0;  // all in MiB
    double cache = 0;
    double peak = 0;
    double beside() const { return peak - file - cache; }
};

constexpr int kPrompt = 128;
constexpr int kAnswer = 8;

Peak measure(const QString& model, const QString& batch = "1") {
    Peak measured;
    const QJsonObject about = run_cli({"inspect", model, "--json"}).object();
    const CliResult bench = run_cli({"bench", model, "-p", QString::number(kPrompt), "-n",
                                     QString::number(kAnswer), "-b", batch, "-r", "1", "--json"});
    measured.file = about["file_bytes"].toDouble() / kMebibyte;
    measured.cache = about["kv_bytes_per_token"].toDouble() * (kPrompt + kAnswer) / kMebibyte;
    measured.peak = bench.json().array().first().toObject()["peak_rss_bytes"].toDouble() / kMebibyte;
    qInfo("file %.1f MiB, cache %.1f, peak %.1f: %.1f beside them", measured.file, measured.cache,
          measured.peak, measured.beside());
    return measured;
}

}  // namespace

class TestCliPeak : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
        QSKIP("Sanitizers take memory of their own.");
#endif
    }

    /// 15 % of a file of 94 MiB, the smallest model that people use.
    void codeTokenizerAndScratchAreSmall() {
        const QTemporaryDir folder;
        const QString model = folder.filePath("small.gguf");
        QVERIFY(write_small_model(model));
        const Peak one = measure(model);
        QVERIFY(one.file > 30);
        QVERIFY(one.beside() > 2);  // the measurement measures
        QVERIFY2(one.beside() <= 14, qPrintable(QString::number(one.beside())));
        // Logits of 32 rows are taken when they are needed, and seen.
        const Peak many = measure(model, "32");
        QVERIFY(many.peak - one.peak > 5);
    }

    void realModels_data() {
        QTest::addColumn<QString>("name");
        for (const char* name :
             {"SmolLM2-135M-Instruct.Q4_1.gguf", "gemma-3-270m.Q4_K_M.gguf",
              "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf", "Qwen2.5-Coder-1.5B-Instruct.Q4_K_M.gguf"}) {
            QTest::newRow(name) << name;
        }
    }
    void realModels() {
        QFETCH(QString, name);
        const QString model = real_model(name);
        if (model.isEmpty()) {
            QSKIP("NOT RUN: this model is not on this machine.");
        }
        const Peak measured = measure(model);
        QVERIFY(measured.peak > 0.9 * measured.file);
        QVERIFY2(measured.peak <= 1.15 * measured.file + measured.cache,
                 qPrintable(QString::number(measured.peak)));
    }
};

QTEST_GUILESS_MAIN(TestCliPeak)
#include "test_cli_peak.moc"

// SPDX-License-Identifier: Apache-2.0
// The façade with a cache folder: what was read before a restart is not read again, and the answer is the
// same as without a folder, whatever happened to it.
#include <fstream>

#include <QtTest>

#include "tests/support/gguf_writer.h"
#include "tests/support/random_tokens.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

GenerateRequest request(std::vector<TokenId> prompt, std::uint64_t owner) {
    GenerateRequest made;
    made.prompt = std::move(prompt);
    made.max_tokens = 24;
    made.sampler.temperature = 1.0F;
    made.sampler.seed = 7;
    made.cache.owner = owner;
    return made;
}

}  // namespace

class TestDiskFaults : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::filesystem::path path(const std::string& name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }
    LoadOptions options(const std::string& cache) const {
        TinyModel tiny;
        tiny.context = 4096;
        if (!std::filesystem::exists(path("model.gguf")) && !tiny_model(tiny).write(path("model.gguf"))) {
            qFatal("cannot write a test model");
        }
        LoadOptions made;
        made.path = path("model.gguf");
        made.cache_directory = cache.empty() ? std::filesystem::path() : path(cache);
        made.cache_quota = 64U << 20;
        made.threads = 2;
        return made;
    }
    /// Until the store's thread has everything; the hash of the model included.
    static void wait_for_disk(EngineClient& client, std::uint64_t pages) {
        QTRY_VERIFY_WITH_TIMEOUT(client.cache_state().disk_pages >= pages, 20000);
    }

  private Q_SLOTS:
    void restart_reads_nothing_twice();
    void damaged_folder_changes_no_answer();
};

void TestDiskFaults::restart_reads_nothing_twice() {
    const std::vector<TokenId> prompt = random_tokens(1000, 1);
    Reply without;
    {
        EngineClient client;
        QVERIFY(client.load(options("")));
        QVERIFY(!client.cache_state().disk_note.empty());
        without = client.ask(request(prompt, 1));
    }
    {
        EngineClient client;
        QVERIFY(client.load(options("cache")));
        const Reply reply = client.ask(request(prompt, 1));
        QVERIFY(reply.finished);
        QCOMPARE(reply.finished->cached_tokens, 0U);
        QVERIFY(reply.finished->tokens == without.finished->tokens);
        wait_for_disk(client, 15);  // written in idle time, without anybody asking
        QVERIFY(client.cache_state().disk_note.empty());
        QVERIFY(client.cache_state().disk_bytes > 0);
    }
    {
        EngineClient client;
        QVERIFY(client.load(options("cache")));
        const Reply reply = client.ask(request(prompt, 1));
        QCOMPARE(reply.finished->cached_tokens, 960U);  // 15 pages
        QVERIFY(reply.finished->tokens == without.finished->tokens);
        QCOMPARE(client.cache_state().disk_tokens, 960U);
        // Ended at once: what is not on the disk is written before the model goes.
        QVERIFY(client.ask(request(random_tokens(500, 2), 2)).finished);
    }
    EngineClient client;
    QVERIFY(client.load(options("cache")));
    QCOMPARE(client.ask(request(random_tokens(500, 2), 2)).finished->cached_tokens, 448U);
}

void TestDiskFaults::damaged_folder_changes_no_answer() {
    const std::vector<TokenId> prompt = random_tokens(1000, 3);
    Reply first;
    {
        EngineClient client;
        QVERIFY(client.load(options("damaged")));
        first = client.ask(request(prompt, 1));
        wait_for_disk(client, 15);
    }
    int flipped = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path("damaged"))) {
        if (entry.path().extension() != ".pages") {
            continue;
        }
        std::fstream file(entry.path(), std::ios::binary | std::ios::in | std::ios::out);
        const auto size = static_cast<std::int64_t>(entry.file_size());
        for (std::int64_t at = 4096 + 5000; at < size; at += size / 4) {
            file.seekg(at);
            const int byte = file.get();
            file.seekp(at);
            file.put(static_cast<char>(byte ^ 1));
            ++flipped;
        }
    }
    QVERIFY(flipped >= 3);
    {
        EngineClient client;
        QVERIFY(client.load(options("damaged")));
        const Reply again = client.ask(request(prompt, 1));
        QVERIFY(again.finished->tokens == first.finished->tokens);
        QVERIFY(again.finished->cached_tokens < 960);
    }
    // All of the damage was found at once, and is mended.
    EngineClient client;
    QVERIFY(client.load(options("damaged")));
    const Reply mended = client.ask(request(prompt, 1));
    QVERIFY(mended.finished->tokens == first.finished->tokens);
    QCOMPARE(mended.finished->cached_tokens, 960U);
}

QTEST_GUILESS_MAIN(TestDiskFaults)
#include "test_disk_faults.moc"

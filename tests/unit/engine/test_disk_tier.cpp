// SPDX-License-Identifier: Apache-2.0
// The disk tier behind the façade: what one program read, the next one does not read again; and nothing is
// there that was private or forgotten.
#include <algorithm>
#include <fstream>
#include <random>
#include <thread>

#include <QTemporaryDir>
#include <QtTest>

#include "tests/support/gguf_writer.h"
#include "tests/support/random_tokens.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;
namespace fs = std::filesystem;

namespace {

GenerateRequest request(std::size_t size, unsigned seed, CacheScope scope = {}) {
    GenerateRequest made;
    made.prompt = random_tokens(size, seed);
    made.max_tokens = 20;
    made.sampler.temperature = 1.0F;
    made.sampler.seed = 3;
    made.cache = scope;
    return made;
}

}  // namespace

class TestDiskTier : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    fs::path in_folder(const std::string& name) const {
        return fs::path(folder_.path().toStdString()) / name;
    }
    LoadOptions options(const std::string& architecture, const std::string& cache) const {
        TinyModel model;
        model.architecture = architecture;
        model.context = 512;
        LoadOptions made;
        made.path = in_folder(architecture + ".gguf");
        if (!fs::exists(made.path) && !tiny_model(model).write(made.path)) {
            qFatal("cannot write a test model");
        }
        made.threads = 2;
        if (!cache.empty()) {
            made.cache_directory = in_folder(cache);
        }
        return made;
    }
    /// As one run of the program.
    static Reply one_run(const LoadOptions& load, const GenerateRequest& asked) {
        EngineClient client;
        return client.load(load) ? client.ask(asked) : Reply{};
    }

  private Q_SLOTS:
    void the_next_program_reads_nothing_twice_data() {
        QTest::addColumn<QString>("architecture");
        QTest::addColumn<int>("kv");
        for (const char* architecture : {"llama", "qwen3", "gemma3"}) {
            QTest::addRow("%s f16", architecture) << architecture << static_cast<int>(KvType::f16);
            QTest::addRow("%s q8_0", architecture) << architecture << static_cast<int>(KvType::q8_0);
        }
    }
    void the_next_program_reads_nothing_twice() {
        QFETCH(QString, architecture);
        QFETCH(int, kv);
        LoadOptions load =
            options(architecture.toStdString(), "cache-" + architecture.toStdString() + std::to_string(kv));
        load.kv = static_cast<KvType>(kv);
        const GenerateRequest asked = request(300, 1);
        const Reply first = one_run(load, asked);
        QVERIFY(first.finished && first.finished->cached_tokens == 0 && first.finished->disk_tokens == 0);
        const Reply second = one_run(load, asked);
        QVERIFY(second.finished.has_value());
        QCOMPARE(second.finished->cached_tokens, 256U);  // the full pages
        QCOMPARE(second.finished->disk_tokens, 256U);
        QVERIFY(second.finished->tokens == first.finished->tokens);
        // Another type of keys and values is another cache.
        load.kv = load.kv == KvType::f16 ? KvType::q4_0 : KvType::f16;
        const Reply other = one_run(load, asked);
        QCOMPARE(other.finished->cached_tokens, 0U);
    }

    /// Retry after an answer that is longer than the window, and an edit in the middle of the first page
    /// behind.
    void with_windows_a_retry_reads_one_token_and_a_next_turn_its_own() {
        EngineClient client;
        QVERIFY(client.load(options("gemma3", "")));
        GenerateRequest asked = request(200, 1);
        asked.max_tokens = 220;
        const Reply first = client.ask(asked);
        QCOMPARE(first.finished->cached_tokens, 0U);
        QVERIFY(first.finished->tokens.size() > 150);
        asked.sampler.seed = 4;
        QCOMPARE(client.ask(asked).finished->cached_tokens, 199U);
        asked.sampler.seed = 3;
        const Reply again = client.ask(asked);
        QCOMPARE(again.finished->cached_tokens, 199U);
        QVERIFY(again.finished->tokens == first.finished->tokens);
        GenerateRequest next = asked;
        next.prompt.insert(next.prompt.end(), first.finished->tokens.begin(), first.finished->tokens.end());
        const std::uint32_t known = static_cast<std::uint32_t>(next.prompt.size());
        next.prompt.resize(known + 10, 7);
        QVERIFY(client.ask(next).finished->cached_tokens >= known - 1);
    }

    void pages_are_written_when_nobody_asks() {
        EngineClient client;
        QVERIFY(client.load(options("llama", "idle")));
        client.ask(request(300, 1));
        QTRY_VERIFY_WITH_TIMEOUT(client.cache_state().disk_pages >= 4, 30000);
        const CacheState state = client.cache_state();
        QVERIFY2(state.disk_note.empty(), state.disk_note.c_str());
        QVERIFY(state.disk_bytes > 0 && state.disk_quota > 0);
    }

    void private_and_forgotten_texts_are_not_there() {
        const LoadOptions load = options("llama", "private");
        {
            EngineClient client;
            QVERIFY(client.load(load));
            client.ask(request(300, 1, {7, true}));
            client.ask(request(300, 2, {8, false}));
            client.ask(request(300, 3, {9, false}));
            QTRY_VERIFY_WITH_TIMEOUT(client.cache_state().disk_pages >= 8, 30000);
            client.engine->forget(9);
        }
        EngineClient client;
        QVERIFY(client.load(load));
        QCOMPARE(client.ask(request(300, 1, {7, true})).finished->cached_tokens, 0U);
        QCOMPARE(client.ask(request(300, 3, {9, false})).finished->cached_tokens, 0U);
        QCOMPARE(client.ask(request(300, 2, {8, false})).finished->cached_tokens, 256U);  // control
    }

    /// Conversations that went while no model was loaded: their pages go when one is.
    void owners_that_nobody_knows_go() {
        const LoadOptions load = options("llama", "unknown");
        {
            EngineClient client;
            QVERIFY(client.load(load));
            client.ask(request(300, 1, {7, false}));
            client.ask(request(300, 2, {8, false}));
            client.ask(request(300, 3, {0, false}));  // nobody's, as the command line writes them
            QTRY_VERIFY_WITH_TIMEOUT(client.cache_state().disk_pages >= 12, 30000);
        }
        {
            EngineClient client;
            client.engine->forget_others({8});  // without a model it is not known what is there
            QVERIFY(client.load(load));
            QVERIFY(client.cache_state().disk_pages >= 12);
            client.engine->forget_others({8, 99});
            QTRY_COMPARE_WITH_TIMEOUT(client.cache_state().disk_pages, 8U, 30000);
        }
        EngineClient client;
        QVERIFY(client.load(load));
        QCOMPARE(client.ask(request(300, 1, {7, false})).finished->cached_tokens, 0U);
        QCOMPARE(client.ask(request(300, 2, {8, false})).finished->cached_tokens, 256U);
        QCOMPARE(client.ask(request(300, 3, {0, false})).finished->cached_tokens, 256U);
    }

    /// Into the trash and out again, and a conversation that is private for a while.
    void an_owner_that_comes_back_has_a_cache_again() {
        const LoadOptions load = options("llama", "back");
        {
            EngineClient client;
            QVERIFY(client.load(load));
            client.ask(request(300, 1, {5, false}));
            QTRY_VERIFY_WITH_TIMEOUT(client.cache_state().disk_pages >= 4, 30000);
            client.engine->forget(5);
            QTRY_COMPARE_WITH_TIMEOUT(client.cache_state().disk_pages, 0U, 30000);
            QCOMPARE(client.ask(request(300, 1, {5, false})).finished->cached_tokens, 0U);
            QTRY_VERIFY_WITH_TIMEOUT(client.cache_state().disk_pages >= 4, 30000);
            QVERIFY(client.ask(request(300, 1, {5, false})).finished->cached_tokens >= 256U);
        }
        QCOMPARE(one_run(load, request(300, 1, {5, false})).finished->cached_tokens, 256U);
    }

    /// Deleted, or made private, in the middle of an answer: that answer's pages are nowhere afterwards.
    void what_runs_when_its_owner_is_forgotten_is_not_kept() {
        const LoadOptions load = options("llama", "running");
        EngineClient client;
        QVERIFY(client.load(load));
        GenerateRequest longer = request(300, 1, {5, false});
        longer.max_tokens = 200;
        const RequestId id = client.submit(longer);
        QVERIFY(client.wait(id, [](const Reply& reply) { return reply.text_events > 0 || reply.ends > 0; }));
        client.engine->forget(5);
        QVERIFY(client.reply(id).finished.has_value());
        const CacheState after = client.cache_state();
        QCOMPARE(after.tokens_kept, 0U);
        client.ask(request(300, 2, {6, false}));  // control: others are kept
        QVERIFY(client.cache_state().tokens_kept >= 300U);
        client.engine->unload();  // writes what is left to write
        QVERIFY(client.load(load));
        QCOMPARE(client.ask(request(300, 1, {5, false})).finished->cached_tokens, 0U);
        QCOMPARE(client.ask(request(300, 2, {6, false})).finished->cached_tokens, 256U);
    }

    void clearing_empties_the_disk_with_and_without_a_model() {
        const LoadOptions load = options("llama", "cleared");
        const GenerateRequest asked = request(300, 1);
        one_run(load, asked);
        {
            EngineClient client;
            QVERIFY(client.load(load));
            QTRY_VERIFY_WITH_TIMEOUT(client.cache_state().disk_pages >= 4, 30000);
            QVERIFY(client.clear_cache());
            QCOMPARE(client.cache_state().disk_pages, 0U);
        }
        QCOMPARE(one_run(load, asked).finished->cached_tokens, 0U);
        QCOMPARE(one_run(load, asked).finished->cached_tokens, 256U);
        {
            EngineClient client;
            QVERIFY(client.load(load));
            client.engine->unload();
            QVERIFY(client.clear_cache());
        }
        QCOMPARE(one_run(load, asked).finished->cached_tokens, 0U);
    }

    void a_changed_model_or_a_folder_that_is_none_costs_time_only() {
        LoadOptions load = options("llama", "changed");
        const GenerateRequest asked = request(300, 1);
        const Reply want = one_run(load, asked);
        TinyModel other;
        other.context = 512;
        other.seed = 99;
        QVERIFY(tiny_model(other).write(in_folder("other.gguf")));
        LoadOptions changed = load;
        changed.path = in_folder("swapped.gguf");
        fs::copy_file(load.path, changed.path);
        one_run(changed, asked);
        fs::copy_file(in_folder("other.gguf"), changed.path, fs::copy_options::overwrite_existing);
        QCOMPARE(one_run(changed, asked).finished->cached_tokens, 0U);
        std::ofstream(in_folder("file")) << "x";
        load.cache_directory = in_folder("file");
        EngineClient client;
        QVERIFY(client.load(load));
        QVERIFY(client.ask(asked).finished->tokens == want.finished->tokens);
        QVERIFY(!client.cache_state().disk_note.empty());
    }

    void many_threads_while_it_measures_and_writes() {
        LoadOptions load = options("qwen3", "threads");
        load.measurements = in_folder("threads-steps");
        const std::vector<TokenId> want = one_run(options("qwen3", ""), request(200, 1)).finished->tokens;
        EngineClient client;
        QVERIFY(client.load(load));
        std::vector<std::thread> threads;
        for (unsigned t = 0; t < 4; ++t) {
            threads.emplace_back([&client, t] {
                std::mt19937 random(t);
                for (int i = 0; i < 25; ++i) {
                    const CacheScope scope = {1 + random() % 3, random() % 4 == 0};
                    const unsigned seed = static_cast<unsigned>(random() % 5);
                    GenerateRequest made = request(100 + random() % 200, seed, scope);
                    made.priority = random() % 2 == 0 ? Priority::interactive : Priority::background;
                    const RequestId id = random() % 3 == 0
                                             ? client.submit(PrefillRequest{std::move(made.prompt), scope})
                                             : client.submit(std::move(made));
                    if (random() % 3 == 0) {
                        client.engine->cancel(id);
                    }
                    if (random() % 8 == 0) {
                        client.engine->forget(scope.owner);
                    }
                    if (random() % 16 == 0) {
                        client.engine->clear_cache([](const Status&) {});
                    }
                    if (random() % 3 == 0) {
                        client.wait_end(id);
                        client.cache_state();
                    }
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        for (const auto& [id, reply] : client.replies()) {
            const Reply last = client.reply(id);
            QCOMPARE(last.ends, 1);
            QVERIFY(!last.error);
        }
        QVERIFY(client.ask(request(200, 1)).finished->tokens == want);
    }

    void ending_does_not_wait_for_long() {
        LoadOptions load = options("llama", "quick");
        const auto start = EventClock::now();
        one_run(load, request(300, 1));
        QVERIFY(EventClock::now() - start < 20s);  // two seconds and what a busy machine adds
    }
};

QTEST_GUILESS_MAIN(TestDiskTier)
#include "test_disk_tier.moc"

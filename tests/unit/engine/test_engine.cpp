// SPDX-License-Identifier: Apache-2.0
// The façade on tiny models: answers, scores, measurements, and everything that may go wrong while loading or
// running.
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include <QtTest>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "engine/text/utf8_stream.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/random_tokens.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

GenerateRequest request(std::vector<TokenId> prompt, std::uint32_t tokens, std::uint64_t seed = 1) {
    GenerateRequest made;
    made.prompt = std::move(prompt);
    made.max_tokens = tokens;
    made.sampler.temperature = 1.0F;
    made.sampler.seed = seed;
    return made;
}

BenchRequest long_bench() {
    BenchRequest bench;
    bench.prefill_tokens = 2000;
    bench.decode_tokens = 500;
    bench.repetitions = 1000;
    return bench;
}

QByteArray array(const Bytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size())};
}

}  // namespace

class TestEngine : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path in_folder(const std::string& name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }
    std::filesystem::path model_file(const TinyModel& options, const std::string& name) const {
        if (!std::filesystem::exists(in_folder(name)) && !tiny_model(options).write(in_folder(name))) {
            qFatal("cannot write a test model");
        }
        return in_folder(name);
    }
    std::filesystem::path llama() const { return model_file({}, "llama.gguf"); }
    std::filesystem::path long_llama() const {
        TinyModel options;
        options.context = 4096;
        return model_file(options, "long.gguf");
    }
    std::filesystem::path file_of(const std::string& name, const QByteArray& content) const {
        std::ofstream(in_folder(name), std::ios::binary).write(content.data(), content.size());
        return in_folder(name);
    }

  private Q_SLOTS:
    void every_architecture_loads_and_answers_data() {
        QTest::addColumn<QString>("architecture");
        for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
            QTest::newRow(architecture) << architecture;
        }
    }
    void every_architecture_loads_and_answers() {
        QFETCH(QString, architecture);
        TinyModel options;
        options.architecture = architecture.toStdString();
        LoadOptions load;
        load.path = model_file(options, options.architecture + "-all.gguf");
        EngineClient client;
        double share = 0;
        const auto loaded = client.load(load, [&](LoadProgress progress) { share = progress.share; });
        QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().message.c_str());
        QCOMPARE(share, 1.0);
        QCOMPARE(loaded->context, 256U);
        QCOMPARE(loaded->description.architecture, options.architecture);
        QVERIFY(loaded->tokenizer != nullptr);
        QVERIFY(loaded->device.find("CUDA") != std::string::npos);
        const std::vector<TokenId> prompt = loaded->tokenizer->encode("the theory", {});
        const Reply reply = client.ask(request(prompt, 20));
        QVERIFY(reply.finished.has_value());
        QCOMPARE(reply.ends, 1);
        QVERIFY(is_valid_utf8(reply.text));
        QCOMPARE(reply.finished->prompt_tokens, static_cast<std::uint32_t>(prompt.size()));
        QVERIFY(reply.finished->first_token_ms >= reply.finished->prefill_ms);
        QCOMPARE(reply.prefill.back().done, reply.prefill.back().total);
        QVERIFY(reply.finished->reason == StopReason::max_tokens ||
                reply.finished->reason == StopReason::end_of_text);
    }

    void several_at_once_give_what_each_gives_alone() {
        EngineClient client;
        QVERIFY(client.load(llama()));
        std::vector<Reply> alone;
        for (unsigned i = 0; i < 3; ++i) {
            alone.push_back(client.ask(request(random_tokens(30 + 10 * i, i), 60, i)));
        }
        QVERIFY(client.load(llama()));  // an empty cache
        std::vector<RequestId> ids;
        for (unsigned i = 0; i < 3; ++i) {
            ids.push_back(client.submit(request(random_tokens(30 + 10 * i, i), 60, i)));
        }
        for (unsigned i = 0; i < 3; ++i) {
            const Reply reply = client.reply(ids[i]);
            QVERIFY(reply.finished.has_value());
            QVERIFY(reply.finished->tokens == alone[i].finished->tokens);
            QCOMPARE(reply.text, alone[i].text);
            QVERIFY(reply.text_tokens <= 60);
        }
    }

    void files_that_are_no_models_get_words_data() {
        QTest::addColumn<QByteArray>("content");
        const QByteArray whole = array(tiny_model({}).bytes());
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("text") << QByteArray("This is not a model, it is a letter.");
        QTest::newRow("magic only") << whole.left(4);
        QTest::newRow("half a header") << whole.left(500);
        QTest::newRow("half the weights") << whole.left(whole.size() / 2);
        GgufWriter unknown = tiny_model({});
        unknown.remove("general.architecture").add_string("general.architecture", "mamba");
        QTest::newRow("unknown architecture") << array(unknown.bytes());
        GgufWriter lacking = tiny_model({});
        lacking.remove_tensor("blk.1.ffn_up.weight");
        QTest::newRow("missing tensor") << array(lacking.bytes());
    }
    void files_that_are_no_models_get_words() {
        QFETCH(QByteArray, content);
        const std::filesystem::path path = file_of("bad.gguf", content);
        EngineClient client;
        QVERIFY(client.load(llama()));
        const auto loaded = client.load(path);
        QVERIFY(!loaded);
        QVERIFY(!loaded.error().message.empty());
        QVERIFY(!Engine::inspect(path));
        // A failed load leaves no model, and says so.
        QVERIFY(client.ask(request({1, 2}, 1)).error.has_value());
        QVERIFY(client.load(llama()));
        QVERIFY(client.ask(request({1, 2}, 1)).finished.has_value());
    }

    void options_that_cannot_be_get_words() {
        EngineClient client;
        LoadOptions options;
        options.path = in_folder("absent.gguf");
        auto loaded = client.load(options);
        QVERIFY(!loaded && loaded.error().code == ErrorCode::not_found);
        options.path = llama();
        options.device = Device::cuda;
        loaded = client.load(options);
        QVERIFY(!loaded && loaded.error().code == ErrorCode::unsupported);
        QVERIFY(loaded.error().message.find("CUDA") != std::string::npos);
        options.device = Device::cpu;
        loaded = client.load(options);
        QVERIFY(loaded.has_value());
        QVERIFY(loaded->device.find("CUDA") == std::string::npos);
    }

    void keys_and_values_are_kept_as_asked_for() {
        const std::vector<TokenId> prompt = random_tokens(150, 5);
        std::vector<std::uint64_t> bytes;
        TinyModel wide;
        wide.head_size = 64;  // smaller heads are padded to a whole block
        for (const KvType kv : {KvType::f16, KvType::q8_0, KvType::q4_0}) {
            EngineClient client;
            LoadOptions options;
            options.path = model_file(wide, "wide.gguf");
            options.kv = kv;
            const auto loaded = client.load(options);
            QVERIFY(loaded && loaded->kv == kv);
            bytes.push_back(client.cache_state().memory_bytes);
            const Reply cold = client.ask(request(prompt, 30));
            const Reply warm = client.ask(request(prompt, 30));
            QCOMPARE(warm.finished->cached_tokens, 149U);
            QVERIFY(cold.finished->tokens == warm.finished->tokens);
        }
        QVERIFY(bytes[0] > bytes[1] && bytes[1] > bytes[2]);
    }

    void moved_text_that_cannot_be_gets_words() {
        EngineClient client;
        QVERIFY(client.load(llama()));
        const std::vector<TokenId> prompt = {9, 1, 2, 3, 4, 5, 6, 7};
        const auto asked = [&](std::vector<MovedText> moved) {
            GenerateRequest made = request(prompt, 1);
            made.moved = std::move(moved);
            const Reply reply = client.ask(made);
            return reply.error.has_value() == !reply.finished.has_value() && reply.finished.has_value();
        };
        const MovedText good{2, {8, 8, 2, 3, 4}, 3};
        QVERIFY(asked({good}));
        QVERIFY(asked({good, {5, {5, 6, 7}, 3}}));
        QVERIFY(!asked({good, {4, {4, 5}, 2}}));           // overlaps
        QVERIFY(!asked({{5, {5, 6}, 2}, good}));           // descends
        QVERIFY(!asked({{2, {8, 8, 2, 3, 5}, 3}}));        // other tokens
        QVERIFY(!asked({{6, {6, 7, 8}, 3}}));              // beyond the end
        QVERIFY(!asked({{0xffffffff, {6, 7, 8}, 3}}));     // likewise
        QVERIFY(!asked({{2, {2, 3}, 3}}));                 // longer than its text
        QVERIFY(!asked({{2, {8, 2}, 0}}));                 // nothing
        QVERIFY(!asked({{2, {-1, 2}, 1}}));                // no token
        QVERIFY(!asked({{2, random_tokens(257, 1), 1}}));  // longer than the context
        QVERIFY(!client.ask(ScoreRequest{prompt, 0, 6, {good}}).error.has_value());
        QVERIFY(client.ask(ScoreRequest{prompt, 0, 5, {good}}).error.has_value());
        QVERIFY(client.ask(ChooseRequest{prompt, {1}, {}, {}, 0, {{2, {1}, 1}}}).error.has_value());
    }

    void requests_that_cannot_be_get_words() {
        EngineClient client;
        QVERIFY(client.ask(request({1}, 1)).error.has_value());  // no model yet
        QVERIFY(client.load(llama()));
        const Reply longer = client.ask(request(random_tokens(300, 1), 1));
        QVERIFY(longer.error && longer.error->code == ErrorCode::too_large);
        QVERIFY(longer.error->message.find("300") != std::string::npos);
        QVERIFY(longer.error->message.find("256") != std::string::npos);
        QVERIFY(client.ask(request({}, 1)).error.has_value());
        QVERIFY(client.ask(request({1, -1}, 1)).error.has_value());
        QVERIFY(client.ask(request({1, static_cast<TokenId>(kTinyVocabulary)}, 1)).error.has_value());
        QVERIFY(client.ask(ScoreRequest{{1}, 0}).error.has_value());
        QVERIFY(client.ask(ScoreRequest{random_tokens(258, 1), 0}).error.has_value());
        QVERIFY(client.ask(ScoreRequest{random_tokens(257, 1), 0}).scored.has_value());
        GenerateRequest stops = request({1}, 1);
        stops.stop.assign(100, "x");
        QVERIFY(client.ask(stops).error.has_value());
        QVERIFY(client.ask(ScoreRequest{random_tokens(20, 1), 0, 20}).error.has_value());
        QVERIFY(client.ask(ScoreRequest{random_tokens(20, 1), 0, 19}).scored.has_value());
        QVERIFY(client.ask(ChooseRequest{{}, {1}}).error.has_value());
        QVERIFY(client.ask(ChooseRequest{{1}, {}}).error.has_value());
        QVERIFY(client.ask(ChooseRequest{{1}, {-1}}).error.has_value());
        QVERIFY(client.ask(ChooseRequest{{1}, std::vector<TokenId>(257, 1)}).error.has_value());
        QVERIFY(client.ask(ChooseRequest{random_tokens(257, 1), {1}}).error.has_value());
        QVERIFY(client.ask(ChooseRequest{random_tokens(256, 1), {1}}).chosen.has_value());
        client.engine->cancel(123456);
        QVERIFY(client.ask(request({1, 2}, 1)).finished.has_value());
    }

    void a_running_request_ends_when_the_model_changes() {
        EngineClient client;
        QVERIFY(client.load(long_llama()));
        const RequestId id = client.submit(request(random_tokens(5, 1), 0));
        QVERIFY(client.wait(id, [](const Reply& reply) { return reply.events > 0; }));
        TinyModel other;
        other.architecture = "qwen2";
        QVERIFY(client.load(model_file(other, "qwen2.gguf")));
        const Reply reply = client.reply(id);
        QCOMPARE(reply.ends, 1);
        QVERIFY(reply.finished.has_value());
        QVERIFY(client.ask(request({1, 2, 3}, 4)).finished.has_value());
        client.engine->unload();
        QVERIFY(client.ask(request({1, 2, 3}, 4)).error.has_value());
    }

    void a_load_can_be_cancelled() {
        EngineClient client;
        LoadOptions options;
        options.path = llama();
        int calls = 0;
        const auto loaded = client.load(options, [&](LoadProgress) {
            ++calls;
            client.engine->cancel_load();
        });
        QVERIFY(!loaded && loaded.error().code == ErrorCode::cancelled);
        QCOMPARE(calls, 1);
        QVERIFY(client.load(options));
    }

    void cancelling_ends_a_request_once_and_keeps_what_came() {
        EngineClient client;
        QVERIFY(client.load(llama()));
        for (unsigned round = 0; round < 20; ++round) {
            const RequestId id = client.submit(request(random_tokens(5, round), 0, round));
            if (round % 2 == 0) {
                QVERIFY(client.wait(id, [](const Reply& reply) { return reply.events > 1; }));
            }
            client.engine->cancel(id);
            client.engine->cancel(id);
            const Reply reply = client.reply(id);
            QVERIFY(reply.finished.has_value());
            QVERIFY(reply.text_tokens <= reply.finished->tokens.size());
        }
        for (const auto& [id, reply] : client.replies()) {
            QCOMPARE(reply.ends, 1);
        }
    }

    void closing_ends_everything_once() {
        EngineClient client;
        QVERIFY(client.load(llama()));
        for (unsigned i = 0; i < 5; ++i) {
            client.submit(request(random_tokens(50, i), 0));
        }
        client.submit(BenchRequest{});
        client.engine.reset();
        const auto replies = client.replies();
        QCOMPARE(replies.size(), 6U);
        for (const auto& [id, reply] : replies) {
            QCOMPARE(reply.ends, 1);
        }
    }

    void requests_from_many_threads() {
        EngineClient client;
        QVERIFY(client.load(llama()));
        std::vector<std::thread> threads;
        for (unsigned t = 0; t < 4; ++t) {
            threads.emplace_back([&client, t] {
                std::mt19937 random(t);
                for (int i = 0; i < 40; ++i) {
                    GenerateRequest made =
                        request(random_tokens(1 + random() % 40, static_cast<unsigned>(random() % 7)),
                                static_cast<std::uint32_t>(1 + random() % 8));
                    made.priority = random() % 2 == 0 ? Priority::interactive : Priority::background;
                    const RequestId id = client.submit(std::move(made));
                    if (random() % 3 == 0) {
                        client.engine->cancel(id);
                    }
                    if (random() % 16 == 0) {
                        client.submit(ScoreRequest{random_tokens(20, t), 2});
                    }
                    if (random() % 4 == 0) {
                        client.wait_end(id);
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
    }

    void what_was_read_ahead_is_not_read_again() {
        EngineClient client;
        QVERIFY(client.ask(PrefillRequest{{1, 2}, {}}).error.has_value());  // no model yet
        QVERIFY(client.load(llama()));
        const std::vector<TokenId> prompt = random_tokens(100, 5);
        const Reply cold = client.ask(request(prompt, 20));
        QVERIFY(client.load(llama()));  // an empty cache
        const std::vector<TokenId> first(prompt.begin(), prompt.begin() + 70);
        const Reply part = client.ask(PrefillRequest{first, {}});
        QVERIFY(part.prefilled && part.prefilled->complete);
        QCOMPARE(part.prefilled->tokens, 70U);
        QCOMPARE(part.prefilled->reused, 0U);
        const Reply rest = client.ask(PrefillRequest{prompt, {}});
        QCOMPARE(rest.prefilled->reused, 70U);
        QCOMPARE(rest.prefilled->tokens, 100U);
        const Reply again = client.ask(PrefillRequest{prompt, {}});
        QVERIFY(again.prefilled && again.prefilled->complete);
        QCOMPARE(again.prefilled->reused, 100U);
        const Reply warm = client.ask(request(prompt, 20));
        QCOMPARE(warm.finished->cached_tokens, 99U);
        QVERIFY(warm.finished->tokens == cold.finished->tokens);
        // Nothing to read is no error; too much is.
        QVERIFY(client.ask(PrefillRequest{{}, {}}).prefilled->complete);
        QVERIFY(client.ask(PrefillRequest{random_tokens(257, 1), {}}).error.has_value());
        QVERIFY(client.ask(PrefillRequest{{-1}, {}}).error.has_value());
    }

    void the_state_of_the_cache_is_told_and_cleared() {
        EngineClient client;
        QCOMPARE(client.cache_state().memory_bytes, 0U);  // no model: nothing, but an answer
        QVERIFY(client.load(llama()));
        const CacheState before = client.cache_state();
        QVERIFY(before.memory_bytes > 0);
        QCOMPARE(before.memory_used, 0U);
        QVERIFY(!before.disk_note.empty());
        const std::vector<TokenId> prompt = random_tokens(100, 5);
        client.ask(request(prompt, 4));
        client.ask(request(prompt, 4));
        const CacheState used = client.cache_state();
        QVERIFY(used.memory_used > 0 && used.memory_used <= used.memory_bytes);
        QCOMPARE(used.reused_tokens, 99U);
        QVERIFY(client.clear_cache());
        QCOMPARE(client.cache_state().memory_used, 0U);
        QCOMPARE(client.ask(request(prompt, 4)).finished->cached_tokens, 0U);
    }

    void scores_are_log_probabilities() {
        EngineClient client;
        QVERIFY(client.load(llama()));
        const Reply reply = client.ask(ScoreRequest{random_tokens(40, 3), kTinyVocabulary});
        QVERIFY(reply.scored.has_value());
        QCOMPARE(reply.scored->tokens.size(), 39U);
        for (const ScoredToken& token : reply.scored->tokens) {
            double sum = 0;
            for (const auto& [id, logprob] : token.top) {
                sum += std::exp(static_cast<double>(logprob));
                if (id == token.token) {
                    QCOMPARE(logprob, token.logprob);
                }
            }
            QVERIFY(std::abs(sum - 1) < 1e-4);
        }
    }

    void a_measurement_has_all_its_rows() {
        EngineClient client;
        QVERIFY(client.load(long_llama()));
        BenchRequest bench;
        bench.prefill_tokens = 70;
        bench.decode_tokens = 8;
        bench.depth = 10;
        bench.batches = {1, 2, 5};
        bench.repetitions = 3;
        bench.curve = true;
        const Reply reply = client.ask(bench);
        QVERIFY2(reply.bench.has_value(), reply.error ? reply.error->message.c_str() : "");
        QCOMPARE(reply.bench->rows.size(), 4U);
        for (const BenchRow& row : reply.bench->rows) {
            QCOMPARE(row.tokens_per_second.size(), 3U);
            for (const double speed : row.tokens_per_second) {
                QVERIFY(speed > 0);
            }
        }
        QCOMPARE(reply.bench->rows[0].test, std::string("prefill"));
        QCOMPARE(reply.bench->rows[3].batch, 5U);
        QCOMPARE(reply.bench->rows[3].depth, 128U);
        QCOMPARE(reply.bench->rows[1].depth, 10U);
        QCOMPARE(reply.bench->curve.size(), 10U);
        // Too long, and too many rows: refused in words. Afterwards the pages are free for an answer.
        bench.depth = 5000;
        QVERIFY(client.ask(bench).error.has_value());
        bench.depth = 0;
        bench.batches = {400};
        QVERIFY(client.ask(bench).error.has_value());
        QVERIFY(client.ask(request(random_tokens(3000, 1), 2)).finished.has_value());
    }

    void a_measurement_can_be_stopped() {
        EngineClient client;
        QVERIFY(client.load(long_llama()));
        const RequestId first = client.submit(long_bench());
        const RequestId second = client.submit(long_bench());
        client.engine->cancel(second);
        client.engine->cancel(first);
        QVERIFY(client.reply(second).error->code == ErrorCode::cancelled);
        QVERIFY(client.reply(first).error->code == ErrorCode::cancelled);
        QVERIFY(client.ask(request({1, 2, 3}, 3)).finished.has_value());
    }

    void a_file_that_shrinks_is_noticed() {
        const Bytes whole = tiny_model({}).bytes();
        const std::filesystem::path path = file_of("shrinks.gguf", array(whole));
        EngineClient client;
        QVERIFY(client.load(path));
        QVERIFY(client.ask(request({1, 2, 3}, 3)).finished.has_value());
        std::filesystem::resize_file(path, whole.size() / 2);
        const Reply reply = client.ask(request({4, 5, 6}, 3));
        QVERIFY(reply.error.has_value());
        QVERIFY(!reply.error->message.empty());
        QCOMPARE(reply.text, std::string());
        QVERIFY(client.ask(request({1, 2}, 1)).error.has_value());
        QVERIFY(client.load(llama()));
    }

    void the_log_tells_numbers_but_no_text() {
        std::ostringstream text;
        const auto log =
            std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
        std::string answer;
        {
            EngineClient client(log);
            QVERIFY(client.load(llama()));
            answer = client.ask(request(std::vector<TokenId>(20, 'Q'), 40)).text;
            QVERIFY(!client.load(file_of("no.gguf", QByteArray(100, '\0'))));
        }
        const std::string lines = text.str();
        QVERIFY(lines.find("model loaded") != std::string::npos);
        QVERIFY(lines.find("20 tokens") != std::string::npos);
        QVERIFY(lines.find("QQQQ") == std::string::npos);
        QVERIFY(answer.size() > 8);
        QVERIFY(lines.find(answer.substr(0, 6)) == std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestEngine)
#include "test_engine.moc"

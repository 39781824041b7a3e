// SPDX-License-Identifier: Apache-2.0
// The engine on the default model: it answers sense, stops quickly, and reads nothing twice. Skips when the
// file is absent.
#include <algorithm>
#include <thread>

#include <QTemporaryDir>
#include <QtTest>

#include "tests/support/real_models.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

double ms(EventClock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr double kSlower = 10;  // sanitizers
#else
constexpr double kSlower = 1;
#endif

}  // namespace

class TestRealModel : public QObject {
    Q_OBJECT

    EngineClient client_;
    std::shared_ptr<const Tokenizer> tokenizer_;

    std::vector<TokenId> chat(const std::string& question) const {
        EncodeOptions options;
        options.parse_special = true;
        return tokenizer_->encode("<|im_start|>user\n" + question + "<|im_end|>\n<|im_start|>assistant\n",
                                  options);
    }
    /// Milliseconds that a short question waited before it was read; nothing when it was not answered.
    std::optional<double> wait_of_a_person(EngineClient& client, int round) const {
        GenerateRequest quick;
        quick.prompt = chat("Say hello " + std::to_string(round) + " times.");
        quick.max_tokens = 1;
        const Reply reply = client.ask(quick);
        if (!reply.finished) {
            return std::nullopt;
        }
        return reply.finished->first_token_ms - reply.finished->prefill_ms;
    }
    std::vector<TokenId> long_prompt(std::size_t tokens) const {
        std::string text;
        for (int line = 0; text.size() < tokens * 8; ++line) {
            text += "Line " + std::to_string(line * 7919 % 1000) +
                    " of a long report about rivers, bridges and ferries. ";
        }
        std::vector<TokenId> all = tokenizer_->encode(text, {});
        all.resize(tokens);
        return all;
    }

  private Q_SLOTS:
    void initTestCase() {
        const std::filesystem::path path = find_real_model(kDefaultModel);
        if (path.empty()) {
            QSKIP("The default model is not on this machine; packaging/fetch-default-model brings it.");
        }
        const auto loaded = client_.load(path);
        QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().message.c_str());
        tokenizer_ = loaded->tokenizer;
        qInfo("%s; loaded in %.0f ms", loaded->device.c_str(), loaded->load_ms);
    }

    void it_knows_the_capital_of_france() {
        GenerateRequest request;
        request.prompt = chat("What is the capital of France?");
        request.max_tokens = 40;
        request.sampler.temperature = 0;
        const Reply reply = client_.ask(request);
        QVERIFY(reply.finished.has_value());
        qInfo("%s", reply.text.c_str());
        QVERIFY(reply.text.find("Paris") != std::string::npos);
        QVERIFY(reply.finished->reason == StopReason::end_of_text);
        const Reply again = client_.ask(request);
        QCOMPARE(again.text, reply.text);
        QCOMPARE(again.finished->cached_tokens + 1, again.finished->prompt_tokens);
        qInfo("first token: %.1f ms cold, %.1f ms with the prompt in the cache; decode %.1f tokens/s",
              reply.finished->first_token_ms, again.finished->first_token_ms,
              1000 * static_cast<double>(reply.finished->tokens.size()) /
                  std::max(reply.finished->decode_ms, 0.001));
    }

    void stop_takes_effect_in_time_while_reading() {
        for (int round = 0; round < 5; ++round) {
            GenerateRequest request;
            request.prompt = long_prompt(3800);
            request.prompt[0] = round;  // nothing of it is cached
            const RequestId id = client_.submit(request);
            const auto begun = [&](const Reply& reply) {
                return reply.prefill.size() > static_cast<std::size_t>(1 + round % 3);
            };
            QVERIFY(client_.wait(id, begun));
            const auto asked = EventClock::now();
            client_.engine->cancel(id);
            const Reply reply = client_.reply(id);
            QVERIFY(reply.finished && reply.finished->reason == StopReason::cancelled);
            QVERIFY(reply.finished->tokens.empty());
            const double took = ms(reply.ended - asked);
            qInfo("stopped while reading after %.2f ms", took);
            QVERIFY(took < 100 * kSlower);
        }
    }

    void stop_takes_effect_in_time_while_writing() {
        for (unsigned round = 0; round < 5; ++round) {
            GenerateRequest request;
            request.prompt = chat("Write a very long story about a lighthouse.");
            request.sampler.seed = round;
            const RequestId id = client_.submit(request);
            QVERIFY(client_.wait(id, [&](const Reply& reply) { return reply.text_events > 5 + round; }));
            const auto asked = EventClock::now();
            client_.engine->cancel(id);
            const Reply reply = client_.reply(id);
            const double took = ms(reply.ended - asked);
            qInfo("stopped while writing after %.2f ms", took);
            QVERIFY(took < 100 * kSlower);
            QVERIFY(reply.finished.has_value());
        }
    }

    void a_background_request_gives_way() {
        GenerateRequest slow;
        slow.prompt = long_prompt(kSlower > 1 ? 800 : 3800);
        slow.prompt[0] = 77;
        slow.max_tokens = 1;
        slow.priority = Priority::background;
        const RequestId background = client_.submit(slow);
        QVERIFY(client_.wait(background, [](const Reply& reply) { return !reply.prefill.empty(); }));
        GenerateRequest quick;
        quick.prompt = chat("Say hello.");
        quick.max_tokens = 3;
        QVERIFY(client_.ask(quick).finished.has_value());
        QVERIFY(client_.replies()[background].ends == 0);
        QVERIFY(client_.reply(background).finished.has_value());
    }

    void what_is_read_ahead_gives_way_within_30_ms() {
        const RequestId ahead = client_.submit(PrefillRequest{long_prompt(kSlower > 1 ? 900 : 3900), {}});
        std::vector<double> waits;
        for (int round = 0; round < 9 && client_.replies()[ahead].ends == 0; ++round) {
            // Some way into a step; the time is no condition, only the spread of the rounds.
            std::this_thread::sleep_for(std::chrono::milliseconds(20 + 13 * round));
            const std::optional<double> wait = wait_of_a_person(client_, round);
            QVERIFY(wait.has_value());
            waits.push_back(*wait);
        }
        QVERIFY(waits.size() > 2);
        std::sort(waits.begin(), waits.end());
        qInfo("%zu requests waited for a background step: median %.2f ms, longest %.2f ms", waits.size(),
              waits[waits.size() / 2], waits.back());
        QVERIFY(waits[waits.size() / 2] < 30 * kSlower);
        const Reply end = client_.reply(ahead);
        QVERIFY(end.prefilled && end.prefilled->complete);
        // Typing on: each pause cancels what is read ahead and asks for a little more. None of it is lost.
        const std::vector<TokenId> text = long_prompt(700);
        std::uint32_t reused = 0;
        for (std::size_t size = 100; size <= 700; size += 60) {
            std::vector<TokenId> words(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
            words[0] = 5;
            const RequestId id = client_.submit(PrefillRequest{words, {}});
            std::this_thread::sleep_for(std::chrono::milliseconds(30));
            client_.engine->cancel(id);
            const Reply reply = client_.reply(id);
            QVERIFY(reply.prefilled.has_value());
            QVERIFY(reply.prefilled->tokens >= reused);
            reused = reply.prefilled->tokens;
        }
        qInfo("after typing for 330 ms, %u of 700 tokens were read", reused);
        QVERIFY(kSlower > 1 || reused > 300);
    }

    void a_choice_does_not_wait_for_what_is_read_ahead() {
        const std::vector<TokenId> question = chat("Is the sky green? Answer A for yes, B for no.");
        ChooseRequest choose;
        choose.prompt = question;
        choose.options = {tokenizer_->encode("A", {}).front(), tokenizer_->encode("B", {}).front()};
        choose.keep = static_cast<std::uint32_t>(question.size());
        QVERIFY(client_.ask(choose).chosen.has_value());
        std::vector<TokenId> text = long_prompt(kSlower > 1 ? 900 : 3900);
        text[0] = 99;
        const RequestId ahead = client_.submit(PrefillRequest{text, {}});
        std::vector<double> times;
        for (int round = 0; round < 9 && client_.replies()[ahead].ends == 0; ++round) {
            // Some way into a step; the time is no condition, only the spread of the rounds.
            std::this_thread::sleep_for(std::chrono::milliseconds(20 + 13 * round));
            const Reply reply = client_.ask(choose);
            QVERIFY(reply.chosen.has_value());
            QCOMPARE(reply.chosen->cached_tokens + 1, reply.chosen->prompt_tokens);
            times.push_back(reply.chosen->ms);
        }
        QVERIFY(times.size() > 2);
        std::sort(times.begin(), times.end());
        qInfo("%zu choices over a read text: median %.2f ms, longest %.2f ms", times.size(),
              times[times.size() / 2], times.back());
        QVERIFY(times[times.size() / 2] < 50 * kSlower);
        client_.engine->cancel(ahead);
        QVERIFY(client_.reply(ahead).prefilled.has_value());
    }

    void speculation_gives_the_same_text_and_is_quicker_where_text_repeats() {
        GenerateRequest request;
        request.prompt = chat(
            "Repeat this list exactly, twice: The red house stands by the river. The blue boat lies at the "
            "pier. The green "
            "lantern hangs over the door. The white cat sleeps under the bench.");
        request.max_tokens = 160;
        request.sampler.temperature = 0;
        double plain_ms = 0;
        double quick_ms = 0;
        Reply plain;
        Reply quick;
        for (int round = 0; round < 3; ++round) {
            request.speculate = false;
            plain = client_.ask(request);
            request.speculate = true;
            quick = client_.ask(request);
            QVERIFY(plain.finished->tokens == quick.finished->tokens);
            QCOMPARE(plain.text, quick.text);
            plain_ms += plain.finished->decode_ms;
            quick_ms += quick.finished->decode_ms;
        }
        QVERIFY(quick.finished->accepted_tokens > 0);
        qInfo("%zu tokens; %u of %u guesses right; %.2f times as fast", quick.finished->tokens.size(),
              quick.finished->accepted_tokens, quick.finished->drafted_tokens, plain_ms / quick_ms);
    }

    void measuring_step_times_gives_way_within_30_ms() {
        QTemporaryDir folder;
        EngineClient client;
        LoadOptions options;
        options.path = find_real_model(kDefaultModel);
        options.measurements = folder.path().toStdString();
        const auto loaded = client.load(options);
        QVERIFY(loaded && loaded->curve.empty());
        std::vector<double> waits;
        for (int round = 0; client.curve().empty(); ++round) {
            const std::optional<double> wait = wait_of_a_person(client, round);
            QVERIFY(wait.has_value());
            waits.push_back(*wait);
            std::this_thread::sleep_for(std::chrono::milliseconds(20 + 7 * (round % 9)));
        }
        std::sort(waits.begin(), waits.end());
        qInfo("%zu requests came while it was measured: median %.2f ms, longest %.2f ms", waits.size(),
              waits[waits.size() / 2], waits.back());
        QVERIFY(waits[waits.size() / 2] < 30 * kSlower);
        for (const CurvePoint& point : client.curve()) {
            qInfo("t(%u) = %.2f ms", point.rows, point.step_ms);
            QVERIFY(point.step_ms > 0);
        }
    }

    void writing_pages_gives_way_within_30_ms() {
        QTemporaryDir folder;
        EngineClient client;
        LoadOptions options;
        options.path = find_real_model(kDefaultModel);
        options.cache_directory = folder.path().toStdString();
        QVERIFY(client.load(options));
        GenerateRequest first;
        first.prompt = long_prompt(kSlower > 1 ? 900 : 3000);
        first.max_tokens = 4;
        QVERIFY(client.ask(first).finished.has_value());
        std::vector<double> waits;
        for (int round = 0; round < 25; ++round) {
            const std::optional<double> wait = wait_of_a_person(client, round);
            QVERIFY(wait.has_value());
            waits.push_back(*wait);
            std::this_thread::sleep_for(std::chrono::milliseconds(1 + 3 * (round % 7)));
        }
        const CacheState state = client.cache_state();
        std::sort(waits.begin(), waits.end());
        qInfo("%zu requests came while %llu pages of %.1f MB were written: median %.2f ms, longest %.2f ms",
              waits.size(), static_cast<unsigned long long>(state.disk_pages),
              static_cast<double>(state.disk_bytes) / 1e6, waits[waits.size() / 2], waits.back());
        QVERIFY(waits[waits.size() / 2] < 30 * kSlower);
        QTRY_VERIFY_WITH_TIMEOUT(client.cache_state().disk_pages >= first.prompt.size() / 64, 60000);
    }

    void two_answers_at_once_equal_the_same_alone() {
        std::vector<Reply> alone;
        std::vector<GenerateRequest> requests;
        for (const char* question : {"Name three colours.", "What is two plus two?"}) {
            GenerateRequest request;
            request.prompt = chat(question);
            request.max_tokens = 48;
            request.sampler.seed = 9;
            requests.push_back(request);
            alone.push_back(client_.ask(request));
        }
        const RequestId a = client_.submit(requests[0]);
        const RequestId b = client_.submit(requests[1]);
        QVERIFY(client_.reply(a).finished->tokens == alone[0].finished->tokens);
        QVERIFY(client_.reply(b).finished->tokens == alone[1].finished->tokens);
    }
};

QTEST_GUILESS_MAIN(TestRealModel)
#include "test_real_model.moc"

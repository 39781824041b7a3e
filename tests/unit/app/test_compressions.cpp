// SPDX-License-Identifier: Apache-2.0
// Texts made shorter in the background, over fake engines: scoring by the loaded model, by one of its own or
// by none; stopping half way; what a person is told. Test thread is the worker's.
#include <QTemporaryDir>
#include <QTest>

#include "app/compress/compressions.h"
#include "app/compress/pieces.h"
#include "app/log.h"
#include "tests/unit/app/fake_engine.h"
#include "tests/unit/app/text_tokens.h"

using namespace tendril;
using namespace tendril::app;
using namespace tendril::test;
using prompt::Method;

namespace {

std::string prose(int sentences) {
    std::string text;
    for (int i = 0; i < sentences; ++i) {
        text += "The " + std::string(1, static_cast<char>('a' + i % 26)) +
                "-house on the hill was not for sale, " + "so we went back to the inn. ";
    }
    return text;
}

/// A worker's parts without the worker: the test's thread reads the mailbox.
struct Parts {
    QTemporaryDir folder;
    FakeEngine loaded;
    FakeEngine small;
    std::unique_ptr<EnginePort> port = loaded.port();
    std::unique_ptr<storage::ChatStore> store;
    std::vector<std::string> notices;
    JobThread jobs;
    std::optional<WorkerLink> link;
    std::optional<ModelKeeper> models;
    std::optional<Compressions> compressions;
    int engines = 0;
    std::optional<Result<prompt::Compressed>> result;
    std::vector<double> shares;

    explicit Parts(Clock::duration keep = std::chrono::minutes(1)) {
        storage::OpenReport report;
        store = std::move(*storage::ChatStore::open(folder.filePath("chats.db").toStdString(), report));
        link.emplace(WorkerLink{*port,
                                *store,
                                std::make_shared<Mailbox>(),
                                jobs,
                                [this](WorkerEvent event) {
                                    if (const auto* notice = std::get_if<Notice>(&event)) {
                                        notices.push_back(notice->text);
                                    }
                                },
                                make_silent_log(),
                                {},
                                {},
                                {},
                                {},
                                {}});
        models.emplace(*link, std::filesystem::path());
        compressions.emplace(
            *link, *models,
            [this] {
                ++engines;
                return small.port();
            },
            keep);
    }
    ~Parts() { compressions.reset(); }
    void load() {
        models->load("/models/Fake.gguf");
        QVERIFY(pump([this] { return models->ready(); }));
    }
    template <typename Condition>
    bool pump(Condition condition) {
        const auto end = Clock::now() + std::chrono::seconds(20);
        while (!condition()) {
            auto task = link->mailbox->take(end);
            if (!task) {
                return false;
            }
            (*task)();
        }
        return true;
    }
    std::uint64_t start(Method method, std::string text, double rate = 0.5) {
        result.reset();
        return compressions->start(
            {std::move(text), {method, rate, "Which house?"}, {7, false}},
            [this](double share) { shares.push_back(share); },
            [this](Result<prompt::Compressed> done) { result = std::move(done); });
    }
    bool ended() {
        return pump([this] { return result.has_value(); });
    }
    std::size_t asked(const FakeEngine& engine, const std::string& what) const {
        const auto all = engine.asked();
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [&](const auto& one) { return one.starts_with(what); }));
    }
};

}  // namespace

class TestCompressions : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void everyMethodKeepsItsRate();
    void whatWasScoredIsNotReadAgain();
    void whatIsNewIsScored();
    void brokenOffIsGoneOnWith();
    void theSettingServesAllQuestions();
    void noModelNoCompression();
    void stoppedHalfWay();
    void modelChangesHalfWay();
    void anotherModelScores();
    void missingScorerIsToldOnce();
    void scorerLoadIsStopped();
    void scorerIsLetGo();
    void scorerWaitsForAPerson();
    void longTextsAreScoredInWindows();
    void endsWithoutCallbacks();
};

void TestCompressions::everyMethodKeepsItsRate() {
    Parts parts;
    parts.load();
    for (const Method method : prompt::kMethods) {
        parts.shares.clear();
        parts.start(method, prose(40));
        QVERIFY(!parts.result);  // never inside the call
        QVERIFY(parts.ended());
        QVERIFY(parts.result->has_value());
        const auto& made = **parts.result;
        QVERIFY(std::abs(static_cast<double>(made.tokens_after) / static_cast<double>(made.tokens_before) -
                         0.5) < 0.02);
        QVERIFY(!parts.shares.empty());
        QCOMPARE(parts.asked(parts.loaded, "score") > 0, prompt::needs_model(method));  // those come last
    }
    QCOMPARE(parts.compressions->scorer_id(), std::string("Fake"));
    QCOMPARE(parts.engines, 0);
}

void TestCompressions::whatWasScoredIsNotReadAgain() {
    Parts parts;
    parts.load();
    const std::string text = prose(80);
    const std::size_t passages = prompt::scored_passages(text).size();
    QVERIFY(passages > 4);
    const auto asked = [&](Method method, double rate) {
        const std::size_t before = parts.asked(parts.loaded, "score");
        parts.start(method, text, rate);
        if (!parts.ended() || !parts.result->has_value()) {
            qFatal("not compressed");
        }
        return parts.asked(parts.loaded, "score") - before;
    };
    QCOMPARE(asked(Method::selective, 0.5), passages);
    const std::string first = (*parts.result)->text;
    QCOMPARE(asked(Method::selective, 0.3), std::size_t{0});  // another rate
    QVERIFY((*parts.result)->text.size() < first.size());
    QCOMPARE(asked(Method::selective, 0.5), std::size_t{0});  // another choice and back
    QCOMPARE((*parts.result)->text, first);
    // Another method: its budget is shared out by the same scores, and its first passage stands on nothing.
    // The others are scored on what was kept of those before: at another rate that is another text.
    QCOMPARE(asked(Method::llmlingua, 0.4), passages - 1);
    QCOMPARE(asked(Method::llmlingua, 0.6), passages - 1);
    const std::size_t nearly = asked(Method::llmlingua, 0.3);  // as long as the same was kept
    QVERIFY(nearly > 0 && nearly < passages - 1);
    QCOMPARE(asked(Method::llmlingua, 0.4), std::size_t{0});
    // The negative control: nothing is known any more.
    parts.compressions->known()->clear();
    QCOMPARE(asked(Method::selective, 0.5), passages);
    QCOMPARE((*parts.result)->text, first);
}

void TestCompressions::whatIsNewIsScored() {
    Parts parts;
    parts.load();
    std::string text = prose(80);
    const auto asked = [&](FakeEngine& of) {
        const std::size_t before = parts.asked(of, "score");
        parts.start(Method::selective, text);
        if (!parts.ended() || !parts.result->has_value()) {
            qFatal("not compressed");
        }
        return parts.asked(of, "score") - before;
    };
    const std::size_t passages = asked(parts.loaded);
    text.replace(text.find("hill"), 4, "cape");
    QCOMPARE(asked(parts.loaded), std::size_t{1});  // the passage that was changed
    // Another model, loaded or of its own, has scores of its own; the first one's are still known.
    parts.models->load("/models/Other.gguf");
    parts.compressions->model_changed();
    QVERIFY(parts.pump([&] { return parts.models->ready(); }));
    parts.compressions->model_changed();
    QCOMPARE(asked(parts.loaded), passages);
    parts.link->settings.scorer_model = "/models/small.gguf";
    QCOMPARE(asked(parts.small), passages);
    QCOMPARE(asked(parts.small), std::size_t{0});
    parts.link->settings.scorer_model.clear();
    parts.models->load("/models/Fake.gguf");
    QVERIFY(parts.pump([&] { return parts.models->ready(); }));
    parts.compressions->model_changed();
    QCOMPARE(asked(parts.loaded), std::size_t{0});
}

/// What a stopped compression has learnt stays known.
void TestCompressions::brokenOffIsGoneOnWith() {
    Parts parts;
    parts.loaded.hold_scores = true;
    parts.load();
    std::string text;  // no two passages are the same
    for (int i = 0; i < 100; ++i) {
        text += std::string(1, static_cast<char>('A' + i / 10)) +
                std::string(1, static_cast<char>('a' + i % 10)) +
                " was the name of one more house on the hill that was for sale in spring. ";
    }
    const std::size_t passages = prompt::scored_passages(text).size();
    const auto id = parts.start(Method::selective, text);
    std::size_t batch = 0;  // passages that are scored in one go
    for (std::size_t bytes = 0; bytes < 4096; ++batch) {
        const auto score = parts.loaded.take_score();
        bytes += score.request.tokens.size() - 1;
        parts.loaded.end_score(score);
    }
    const auto next = parts.loaded.take_score();  // so the first batch is through
    parts.compressions->cancel(id);
    QVERIFY(parts.ended());
    QVERIFY(!parts.result->has_value());
    parts.loaded.release_scores();
    const std::size_t before = parts.asked(parts.loaded, "score");
    parts.start(Method::selective, text);
    QVERIFY(parts.ended());
    QVERIFY(parts.result->has_value());
    QCOMPARE(parts.asked(parts.loaded, "score") - before, passages - batch);
}

/// Texts in chats are made shorter before anything is asked: a method that needs the question would fail.
void TestCompressions::theSettingServesAllQuestions() {
    for (const Method method : prompt::kMethods) {
        const Method used = app::compress_method(prompt::name_of(method));
        QCOMPARE(used, prompt::needs_question(method) ? prompt::kDefaultMethod : method);
    }
    QCOMPARE(app::compress_method(""), prompt::kDefaultMethod);
    QCOMPARE(app::compress_method("longllmlingua"), prompt::kDefaultMethod);
}

void TestCompressions::noModelNoCompression() {
    Parts parts;
    parts.start(Method::frequency, prose(4));
    QVERIFY(parts.ended());
    QVERIFY(!parts.result->has_value() && parts.result->error().code == ErrorCode::not_found);
}

void TestCompressions::stoppedHalfWay() {
    Parts parts;
    parts.loaded.hold_scores = true;
    parts.load();
    const auto id = parts.start(Method::selective, prose(400));
    parts.loaded.end_score(parts.loaded.take_score());  // some of it is done
    parts.compressions->cancel(id);
    QVERIFY(parts.ended());
    QVERIFY(!parts.result->has_value());
    QCOMPARE(parts.result->error().code, ErrorCode::cancelled);
    parts.compressions->cancel(id);  // it has ended: nothing happens
    // The next one is not touched by it.
    parts.loaded.hold_scores = false;
    parts.start(Method::selective, prose(10));
    QVERIFY(parts.ended());
    QVERIFY(parts.result->has_value());
}

void TestCompressions::modelChangesHalfWay() {
    Parts parts;
    parts.loaded.hold_scores = true;
    parts.load();
    parts.start(Method::llmlingua, prose(100));
    parts.loaded.take_score();
    parts.compressions->model_changed();
    QVERIFY(parts.ended());
    QVERIFY(!parts.result->has_value() && parts.result->error().code == ErrorCode::cancelled);
}

/// A scorer whose tokens are other ones: counts and borders are still the target's and whole characters.
void TestCompressions::anotherModelScores() {
    class Pairs final : public test::TextTokens {  // two bytes a token, cutting characters
      public:
        std::vector<engine::TokenId> encode(std::string_view text, engine::EncodeOptions) const override {
            std::vector<engine::TokenId> tokens;
            for (std::size_t i = 0; i < text.size(); i += 2) {
                texts_.emplace_back(text.substr(i, 2));
                tokens.push_back(static_cast<engine::TokenId>(texts_.size()) - 1);
            }
            return tokens;
        }
        std::size_t size() const override { return 1U << 20U; }
    };
    Parts parts;
    parts.small.model.tokenizer = std::make_shared<Pairs>();
    parts.link->settings.scorer_model = "/models/small.gguf";
    parts.load();
    for (const Method method : {Method::selective, Method::llmlingua}) {
        parts.start(method, prose(30) + "我们昨天去了很远的地方，看见了一只红色的鸟。😀😀 " + prose(30));
        QVERIFY(parts.ended());
        QVERIFY(parts.result->has_value());
        const QByteArray text = QByteArray::fromStdString((*parts.result)->text);
        QCOMPARE(QString::fromUtf8(text).toUtf8(), text);
        QVERIFY(!QString::fromUtf8(text).contains(QChar::ReplacementCharacter));
        const auto& made = **parts.result;
        QVERIFY(std::abs(static_cast<double>(made.tokens_after) / static_cast<double>(made.tokens_before) -
                         0.5) < 0.02);
    }
    QCOMPARE(parts.engines, 1);  // kept between the two
    QCOMPARE(parts.asked(parts.loaded, "score"), std::size_t{0});
    QVERIFY(parts.asked(parts.small, "score") > 0);
    QCOMPARE(parts.compressions->scorer_id(), std::string("small"));
}

void TestCompressions::missingScorerIsToldOnce() {
    Parts parts;
    parts.small.load_error = Error{ErrorCode::not_found, "There is no file small.gguf at this place.", {}};
    parts.link->settings.scorer_model = "/models/small.gguf";
    parts.load();
    for (int i = 0; i < 2; ++i) {
        parts.start(Method::selective, prose(10));
        QVERIFY(parts.ended());
        QVERIFY(parts.result->has_value());
    }
    QCOMPARE(parts.notices.size(), std::size_t{1});
    QVERIFY(parts.notices.front().find("small.gguf cannot be used") != std::string::npos);
    QVERIFY(parts.asked(parts.loaded, "score") > 0);
}

void TestCompressions::scorerLoadIsStopped() {
    Parts parts;
    parts.small.hold_loads = true;
    parts.link->settings.scorer_model = "/models/small.gguf";
    parts.load();
    const auto id = parts.start(Method::selective, prose(10));
    QVERIFY(QTest::qWaitFor([&] { return parts.small.loads() == 1; }, 10000));
    parts.compressions->cancel(id);
    QVERIFY(parts.ended());
    QVERIFY(!parts.result->has_value() && parts.result->error().code == ErrorCode::cancelled);
    QVERIFY(parts.notices.empty());
}

void TestCompressions::scorerIsLetGo() {
    Parts parts(std::chrono::milliseconds(1));
    parts.link->settings.scorer_model = "/models/small.gguf";
    parts.load();
    parts.start(Method::selective, prose(10));
    QVERIFY(parts.ended());
    QVERIFY(QTest::qWaitFor(
        [&] {
            parts.start(Method::selective, prose(10));
            return parts.ended() && parts.engines > 1;  // it had to be loaded anew
        },
        10000));
}

void TestCompressions::scorerWaitsForAPerson() {
    Parts parts;
    parts.link->settings.scorer_model = "/models/small.gguf";
    parts.load();
    parts.compressions->person_waits(true);
    parts.start(Method::selective, prose(10));
    QVERIFY(QTest::qWaitFor([&] { return parts.small.loads() == 1; }, 10000));
    QTest::qWait(30);
    QCOMPARE(parts.asked(parts.small, "score"), std::size_t{0});
    parts.compressions->person_waits(false);
    QVERIFY(parts.ended());
    QVERIFY(parts.result->has_value());
    // Stopping needs no end of the wait.
    parts.compressions->person_waits(true);
    const auto id = parts.start(Method::selective, prose(10));
    parts.compressions->cancel(id);
    QVERIFY(parts.ended());
    QVERIFY(!parts.result->has_value());
}

void TestCompressions::longTextsAreScoredInWindows() {
    FakeEngine engine;
    const auto port = engine.port();
    EngineScorer scorer({[&](engine::ScoreRequest request, engine::EventSink sink) {
                             if (request.tokens.size() > 64) {
                                 qFatal("longer than the context");
                             }
                             return port->submit(std::move(request), std::move(sink));
                         },
                         [&](engine::RequestId id) { port->cancel(id); }, engine.model.tokenizer, 64},
                        {});
    const std::string text = prose(10);
    const prompt::ScoreJob jobs[] = {{"", text}, {text, "short"}, {"", ""}, {"", "one"}};
    const auto scored = scorer.score(jobs);
    QVERIFY(scored);
    QCOMPARE(scored->size(), std::size_t{4});
    for (std::size_t j = 0; j < 4; ++j) {
        QCOMPARE((*scored)[j].size(), jobs[j].text.size());  // each byte is a token, each scored once
        for (std::size_t i = 0; i < jobs[j].text.size(); ++i) {
            QCOMPARE((*scored)[j][i].begin, i);
            QCOMPARE((*scored)[j][i].nats, static_cast<float>(jobs[j].text[i] % 10));
        }
    }
    scorer.stop();
    QVERIFY(!scorer.score(jobs));
}

void TestCompressions::endsWithoutCallbacks() {
    Parts parts;
    parts.loaded.hold_scores = true;
    parts.load();
    parts.start(Method::selective, prose(400));
    parts.start(Method::frequency, prose(400));
    parts.loaded.take_score();
    parts.compressions.reset();
    while (const auto task = parts.link->mailbox->take(Clock::now())) {
        (*task)();
    }
    QVERIFY(!parts.result);
}

QTEST_GUILESS_MAIN(TestCompressions)
#include "test_compressions.moc"

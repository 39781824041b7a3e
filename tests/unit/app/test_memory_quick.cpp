// SPDX-License-Identifier: Apache-2.0
// The model's memory of a conversation whose person is quicker than any summary, over a fake engine: how
// often the prompt becomes another one, and what is read for it. Test thread.
#include <algorithm>

#include <QTest>

#include "tests/unit/app/memory_fixture.h"

using namespace tendril;
using namespace tendril::test;
using storage::RepresentationForm;

namespace {

/// Sends the next question at once, and reckons what the engine's cache would have to read. It keeps what
/// was read exactly, not what stands behind moved text.
struct QuickPerson {
    MemoryFixture& f;
    std::vector<std::vector<engine::TokenId>> cached = {};
    std::size_t most = 0;      // tokens that a turn read
    std::size_t changes = 0;   // of the prompt's beginning
    std::size_t left_out = 0;  // turns with something that nothing stands for
    std::string before = {};
    bool to_the_brim = false;  // the last answer that fits fills the context

    explicit QuickPerson(MemoryFixture& fixture) : f(fixture) {}

    std::size_t known(const std::vector<engine::TokenId>& text) const {
        std::size_t best = 0;
        for (const auto& one : cached) {
            const auto end = std::mismatch(one.begin(), one.end(), text.begin(), text.end()).second;
            best = std::max(best, static_cast<std::size_t>(end - text.begin()));
        }
        return best;
    }
    void read(const engine::GenerateRequest& request, const std::string& answer) {
        const std::size_t reused = known(request.prompt);
        std::size_t missing = request.prompt.size() - reused;
        std::size_t exact = request.prompt.size();
        for (const engine::MovedText& run : request.moved) {
            const std::size_t end = run.at + run.length;
            const std::size_t gone = run.context.size() - known(run.context);
            const std::size_t at = std::max<std::size_t>(run.at, reused);
            if (gone < run.length && end - gone > at) {
                missing -= end - gone - at;
                exact = std::min(exact, at);
            }
        }
        most = std::max(most, missing);
        auto kept = request.prompt;
        kept.resize(exact);
        if (exact == request.prompt.size()) {
            const auto words = f.engine.model.tokenizer->encode(answer, {});
            kept.insert(kept.end(), words.begin(), words.end());
        }
        cached.push_back(std::move(kept));
    }
    void turn() {
        f.worker->send(f.question(f.turns));
        std::string prompt = f.engine.take_request();
        while (f.engine.request().priority == engine::Priority::background) {
            prompt = f.engine.take_request();  // a summary that was begun and broken off
        }
        const std::string beginning = prompt.substr(0, prompt.rfind("<|im_start|>user"));
        changes += beginning.starts_with(before) ? 0 : 1;
        before = beginning;
        std::string answer = f.answer(f.turns);
        if (const std::size_t room = 4000 - f.engine.request().prompt.size(); to_the_brim && room < 350) {
            answer.resize(room - 2, '.');
        }
        read(f.engine.request(), answer);
        f.engine.say(answer);
        f.engine.finish();
        ++f.turns;
        left_out += f.events.wait<app::TurnEnded>().message.left_out.empty() ? 0 : 1;
    }
};

}  // namespace

class TestMemoryQuick : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    /// No time at all between the turns: what does not fit goes in big steps, each of which changes the
    /// prompt once, and no turn reads much.
    void whoIsQuickerThanTheSummary_data() {
        QTest::addColumn<int>("reserve");
        QTest::newRow("usual") << 512;
        QTest::newRow("full to the brim") << 120;
    }
    void whoIsQuickerThanTheSummary() {
        QFETCH(int, reserve);
        MemoryFixture f;
        f.options.settings.max_answer_tokens = static_cast<std::uint32_t>(reserve);
        f.engine.hold_prefills = true;
        f.start();
        QuickPerson person(f);
        person.to_the_brim = reserve < 512;
        for (int i = 0; i < 100; ++i) {
            person.turn();
        }
        const auto rows = f.stored();
        qInfo("%zu steps, %zu changes, at most %zu tokens read", rows.size(), person.changes, person.most);
        QVERIFY2(rows.size() >= 5, std::to_string(rows.size()).c_str());
        QVERIFY2(
            person.changes <= rows.size(),
            (std::to_string(person.changes) + " changes, " + std::to_string(rows.size()) + " steps").c_str());
        QVERIFY2(person.most < 1300, std::to_string(person.most).c_str());
        QCOMPARE(person.left_out, 0U);
        for (const auto& row : rows) {
            QVERIFY(row.form == RepresentationForm::left_out && row.tokens_before > 1000);
        }
    }

    /// The same without the big step, so that the measure is known to see it.
    void withoutBigStepsMuchIsReadAgain() {
        MemoryFixture f;
        f.options.settings.shorten_memory = false;
        f.engine.hold_prefills = true;
        f.start();
        QuickPerson person(f);
        for (int i = 0; i < 60; ++i) {
            person.turn();
        }
        qInfo("at most %zu tokens read", person.most);
        QVERIFY2(person.most > 1300, std::to_string(person.most).c_str());
        QVERIFY(person.left_out > 0);
    }
};

QTEST_GUILESS_MAIN(TestMemoryQuick)
#include "test_memory_quick.moc"

// SPDX-License-Identifier: Apache-2.0
// The model's memory of a conversation over a fake engine: when it is shortened and from what prompt, that a
// person's turn goes first, what a bad summary and a full disk do, pins, exclusion, bringing back, and
// answers that fill the context.
#include <numeric>

#include <QTest>

#include "app/context/answer_window.h"
#include "app/context/moved_memory.h"
#include "tests/unit/app/failing_store.h"
#include "tests/unit/app/memory_fixture.h"

using namespace tendril;
using namespace tendril::test;
using storage::MessageMemory;
using storage::MessageStatus;
using storage::RepresentationForm;

class TestMemory : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void aForkSumsUpAtTheTurnsEnd() {
        MemoryFixture f;
        f.start();
        f.fill();
        const std::string fork = f.engine.take_request();
        QCOMPARE(f.engine.request().priority, engine::Priority::background);
        // The same beginning as the conversation, so that it is cached; then one message.
        const std::size_t asked = fork.find("Summarise this conversation");
        QVERIFY(asked != std::string::npos);
        const std::size_t last = fork.rfind("<|im_start|>user", asked);
        QVERIFY(f.last_prompt.starts_with(fork.substr(0, last)));
        QVERIFY(f.stored().empty());
        f.engine.say(kGood);
        f.engine.finish();
        const auto marks = f.rest().marks;
        QCOMPARE(marks.size(), 1U);
        QCOMPARE(marks[0].kind, app::MemoryChange::summarised);
        QVERIFY(marks[0].undoable && marks[0].tokens_after < marks[0].tokens_before / 2);
        QVERIFY(contains(marks[0].text, "Almond trees bloom in February"));
        const auto rows = f.stored();
        QCOMPARE(rows.size(), 1U);
        QCOMPARE(rows[0].form, RepresentationForm::summary);
        QCOMPARE(rows[0].first_message, std::optional<storage::MessageId>(1));
        QCOMPARE(rows[0].last_message, std::optional<storage::MessageId>(marks[0].after));
        // The next question is read behind the notes; the last two exchanges stand.
        const std::string next = f.next_prompt();
        QVERIFY(contains(next, "Almond trees bloom in February") && !contains(next, f.question(0)));
        QVERIFY(contains(next, f.answer(f.turns - 2)) && contains(next, f.answer(f.turns - 3)));
        QVERIFY(next.size() < 2600);
        // The text that a person sees is whole.
        QCOMPARE(f.second_connection()->branch(1)->at(0).text, f.question(0));
    }

    /// A summary may say again what the newest turns say: they are found by where they stand.
    void theNewestTurnsAreTakenFromWhereTheyStood() {
        using Tokens = std::vector<engine::TokenId>;
        const auto range = [](engine::TokenId first, int count) {
            Tokens tokens(static_cast<std::size_t>(count));
            std::iota(tokens.begin(), tokens.end(), first);
            return tokens;
        };
        const auto joined = [](const std::vector<Tokens>& parts) {
            Tokens all;
            for (const Tokens& part : parts) {
                all.insert(all.end(), part.begin(), part.end());
            }
            return all;
        };
        const Tokens system = range(0, 10);
        const Tokens old = range(100, 50);
        const Tokens first = range(200, 40);
        const Tokens last = range(300, 40);
        app::MovedMemory moved;
        app::MovedMemory::Kept kept;
        kept.conversation = 1;
        kept.before = joined({system, old, first, last});
        kept.notes.tokens = joined({system, old, range(500, 20)});
        kept.notes.heading_at = 60;
        // The notes' own words, some of the last turn's, then the turns that stand.
        kept.beginning = joined({system, range(500, 20), range(310, 20), first, last});
        moved.keep(kept);
        const Tokens prompt = joined({kept.beginning, range(900, 5)});
        std::vector<bool> known(prompt.size());
        std::size_t end = 0;
        for (const auto& run : moved.moved(1, prompt)) {
            QVERIFY(run.at >= end && run.context.size() >= run.length);
            end = run.at + run.length;
            QVERIFY(std::equal(run.context.end() - run.length, run.context.end(), prompt.begin() + run.at));
            std::fill_n(known.begin() + run.at, run.length, true);
        }
        QCOMPARE(std::count(known.begin(), known.end(), true), 20 + 20 + 40 + 40);
        QVERIFY(moved.moved(2, prompt).empty());
        moved.read(kept.beginning);
        QVERIFY(moved.moved(1, prompt).empty());
    }

    void nothingChangesUntilItIsTime() {
        MemoryFixture f;
        f.start();
        QVERIFY(!f.turn_and_memory().running);
        const std::string first = f.last_prompt;
        QVERIFY(!f.turn_and_memory().running);
        QVERIFY(f.last_prompt.starts_with(first.substr(0, first.rfind("<|im_start|>"))));
        QVERIFY(f.stored().empty());
    }

    void aTurnGoesFirstAndTheWorkGoesOn() {
        MemoryFixture f;
        f.start();
        f.fill();
        const std::string fork = f.engine.take_request();
        const auto half = f.engine.taken();
        f.engine.say(half, "The olive trees need water in summer.");
        f.events.wait<app::MemoryWork>([](const auto& e) { return e.running && e.progress > 0; });
        f.worker->send(f.question(f.turns));
        const std::string prompt = f.engine.take_request();
        QVERIFY(!contains(prompt, "Summarise") && contains(prompt, f.question(0)));  // all as it was
        f.engine.say("Short.");
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
        QVERIFY(f.stored().empty());
        // The same fork, behind what it had drawn.
        QVERIFY(f.events.wait<app::MemoryWork>([](const auto& e) { return e.running; }).running);
        const std::string again = f.engine.take_request();
        const bool same_run = again.starts_with(fork);
        QVERIFY(!same_run || again == fork + "The olive trees need water in summer.");
        f.engine.say(same_run ? " Almond trees bloom in February before the leaves." : kGood);
        f.engine.finish();
        QVERIFY(contains(f.rest().marks.at(0).text, "olive trees need water"));
    }

    void badSummariesAreReplacedInWords() {
        MemoryFixture f;
        f.start();
        f.worker->send("Always call me Ada. My cat is 7 years old.");
        f.engine.take_request();
        f.engine.say("Yes.");
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
        f.fill();
        f.engine.take_request();
        f.engine.say("I'm sorry, I can't help with that request of yours today.");
        f.engine.finish();
        const auto notice = f.events.wait<app::Notice>();
        QVERIFY(contains(notice.text, "did not summarise"));
        QCOMPARE(notice.conversation, 1);
        const auto marks = f.rest().marks;
        QCOMPARE(marks.at(0).kind, app::MemoryChange::left_out);
        QVERIFY(contains(marks[0].text, "- Always call me Ada.\n- My cat is 7 years old."));
    }

    void anEngineErrorLeavesAllAsItIs() {
        MemoryFixture f;
        f.start();
        f.fill();
        f.engine.take_request();
        f.engine.fail_request(Error{ErrorCode::out_of_memory, "No memory is left.", {}});
        QVERIFY(contains(f.events.wait<app::Notice>().text, "No memory is left."));
        QVERIFY(!f.events.wait<app::MemoryWork>([](const auto& e) { return !e.running; }).running);
        QVERIFY(f.stored().empty());
        f.turn_and_memory();
        QVERIFY(contains(f.last_prompt, f.question(0)));
    }

    void whatStaysIsMovedUntilItIsRead() {
        MemoryFixture f;
        f.engine.hold_prefills = true;
        f.start();
        f.fill();
        f.engine.take_request();
        f.engine.say(kGood);
        f.engine.finish();
        f.events.wait<app::MemoryMarks>([](const auto& e) { return !e.marks.empty(); });
        const auto exact = f.engine.take_prefill();  // in idle time; a person is faster
        QVERIFY(contains(exact.text, "Almond trees bloom in February"));
        f.worker->send(f.question(f.turns));
        const std::string prompt = f.engine.take_request();
        const auto& request = f.engine.request();
        std::size_t moved = 0;
        for (const engine::MovedText& one : request.moved) {
            QVERIFY(one.context.size() >= one.length);
            QVERIFY(std::equal(one.context.end() - one.length, one.context.end(),
                               request.prompt.begin() + one.at));
            moved += one.length;
        }
        // All but seams, the words around the notes and the question.
        QVERIFY2(request.prompt.size() - moved < 500, std::to_string(request.prompt.size() - moved).c_str());
        f.engine.say("Yes.");
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
        // The reading that was broken off is done now, and nothing is moved any more.
        const auto again = f.engine.take_prefill();
        f.engine.end_prefill(again);
        f.events.wait<app::MemoryWork>([](const auto& e) { return !e.running; });
        f.worker->send("And now?");
        f.engine.take_request();
        QVERIFY(f.engine.request().moved.empty());
    }

    void aPersonMayCancelOrAskForIt() {
        MemoryFixture f;
        f.start();
        f.turn_and_memory();
        f.worker->shorten_now();
        f.events.wait<app::MemoryWork>(
            [](const auto& e) { return !e.running && contains(e.what, "last two exchanges"); });
        for (int i = 0; i < 6; ++i) {
            QVERIFY(!f.turn_and_memory().running);
        }
        f.worker->shorten_now();
        f.events.wait<app::MemoryWork>([](const auto& e) { return e.running; });
        f.engine.take_request();
        f.worker->cancel_memory_work();
        f.events.wait<app::MemoryWork>([](const auto& e) { return !e.running; });
        QVERIFY(f.stored().empty());
        f.worker->shorten_now();
        f.engine.take_request();
        f.engine.say(kGood);
        f.engine.finish();
        QCOMPARE(f.rest().marks.size(), 1U);
    }

    void theFullTextComesBackWhereItFits() {
        MemoryFixture f;
        f.start();
        for (int i = 0; i < 6; ++i) {
            f.turn_and_memory();
        }
        f.worker->shorten_now();
        f.engine.take_request();
        f.engine.say(kGood);
        f.engine.finish();
        const auto mark = f.rest().marks.at(0);
        f.worker->restore_full_text(mark.id);
        QVERIFY(f.events.wait<app::MemoryMarks>().marks.empty());
        QVERIFY(f.stored().at(0).undone);
        QVERIFY(contains(f.next_prompt(), f.question(0)));
    }

    void whereItDoesNotFitItIsSaid() {
        MemoryFixture f;
        f.start();
        const auto mark = f.shortened();
        for (int i = 0; i < 4; ++i) {
            f.turn_and_memory();
        }
        f.worker->restore_full_text(mark.id);
        const auto notice = f.events.wait<app::Notice>();
        QVERIFY(contains(notice.text, "does not fit") && contains(notice.text, "3488"));
        QVERIFY(!f.stored().at(0).undone);
        f.worker->restore_full_text(4711);
        QVERIFY(contains(f.events.wait<app::Notice>().text, "gone"));
    }

    void pinnedAndExcludedMessages() {
        MemoryFixture f;
        f.start();
        f.turn_and_memory();
        f.turn_and_memory();
        f.worker->set_memory(1, MessageMemory::pinned);
        QCOMPARE(f.events.wait<app::MessageChanged>().message.message.memory, MessageMemory::pinned);
        f.worker->set_memory(4, MessageMemory::excluded);
        f.events.wait<app::MessageChanged>();
        QVERIFY(!contains(f.next_prompt(), f.answer(1)));
        const auto mark = f.shortened();
        const std::string next = f.next_prompt();
        QVERIFY(contains(next, f.question(0)) && !contains(next, f.answer(0)) &&
                !contains(next, f.answer(1)));
        // What stands for the others was made without it: all is to be read again where it fits.
        f.worker->set_memory(4, MessageMemory::normal);
        f.events.wait<app::MessageChanged>();
        QVERIFY(f.stored().at(0).undone);
        QVERIFY(mark.id == f.stored().at(0).id);
        QCOMPARE(f.second_connection()->messages(1)->at(0).memory, MessageMemory::pinned);
    }

    void pinnedMessagesThatFillTheContextAreSaid() {
        MemoryFixture f;
        f.start();
        f.worker->send(std::string(3000, 'p') + " end");
        f.engine.take_request();
        f.engine.say("Yes.");
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
        f.worker->set_memory(1, MessageMemory::pinned);
        f.worker->send(std::string(600, 'q') + " end");
        const auto ended = f.events.wait<app::TurnEnded>().message;
        QCOMPARE(ended.status, MessageStatus::failed);
        QVERIFY(contains(ended.error, "pinned") && contains(ended.error, "3488"));
        f.worker->set_memory(1, MessageMemory::normal);
        f.worker->retry(ended.id);
        f.engine.take_request();
        f.engine.say("Well.");
        f.engine.finish();
        QCOMPARE(f.events.wait<app::TurnEnded>().message.status, MessageStatus::complete);
    }

    void itIsTheSameAfterARestart() {
        MemoryFixture f;
        f.start();
        f.shortened();
        const std::string before = f.next_prompt();
        f.worker.reset();
        f.run();
        f.worker->open_last();
        QCOMPARE(f.events.wait<app::MemoryMarks>().marks.size(), 1U);
        f.load();
        const std::string after = f.next_prompt();
        QVERIFY(after.starts_with(before.substr(0, before.rfind("<|im_start|>"))));
    }

    void branchesOfEarlierPlacesReadTheFullText() {
        MemoryFixture f;
        f.start();
        f.shortened();
        f.worker->edit(3, "Another second question");
        const std::string prompt = f.engine.take_request();
        QVERIFY(contains(prompt, f.answer(0)) && !contains(prompt, "[Notes"));
        QVERIFY(f.events.wait<app::MemoryMarks>().marks.empty());
    }

    void nothingToShortenIsSaidInPassing() {
        MemoryFixture f;
        f.start();
        f.turn_and_memory();
        f.events.take();
        f.worker->shorten_now();
        bool said = false;
        QVERIFY(QTest::qWaitFor(
            [&] {
                for (const app::WorkerEvent& event : f.events.take()) {
                    if (std::holds_alternative<app::Notice>(event)) {
                        qFatal("a bar that has to be closed");
                    }
                    const auto* work = std::get_if<app::MemoryWork>(&event);
                    said = said ||
                           (work != nullptr && !work->running && contains(work->what, "nothing to shorten"));
                }
                return said;
            },
            20'000));
    }

    void theMeterSaysWhatSendingWouldShorten() {
        MemoryFixture f;
        f.options.settings.system_prompt = "You know trees.";
        f.start();
        f.turn_and_memory();
        f.worker->save_draft("A short one");
        const auto small =
            f.events.wait<app::ContextCounted>([](const auto& e) { return e.shares.draft > 0; });
        QVERIFY(small.if_sent.empty());
        QCOMPARE(small.shares.system, 15U);
        QCOMPARE(small.shares.draft, 11U);
        QCOMPARE(small.shares.limit, 4000U);
        QCOMPARE(small.shares.reserve, 512U);
        for (int i = 0; i < 6; ++i) {
            f.turn_and_memory();
        }
        f.worker->save_draft(std::string(2000, 'd'));
        const auto large =
            f.events.wait<app::ContextCounted>([](const auto& e) { return !e.if_sent.empty(); });
        QCOMPARE(large.if_sent.at(0).kind, app::MemoryChange::summarised);
        QCOMPARE(large.if_sent.at(0).messages.at(0), 1);
        f.worker->save_draft(std::string(2900, 'd'));
        const auto huge = f.events.wait<app::ContextCounted>([](const auto& e) {
            return !e.if_sent.empty() && e.if_sent.at(0).kind == app::MemoryChange::left_out;
        });
        QVERIFY(!huge.if_sent.at(0).messages.empty());
    }

    void anAnswerThatFillsTheContextGoesOn() {
        MemoryFixture f;
        f.start();
        f.turn_and_memory();
        f.worker->send("Tell me a long story");
        const std::string prompt = f.engine.take_request();
        std::string story;
        for (int i = 0; story.size() < 3000; ++i) {
            story += "Sentence " + std::to_string(i) + " of the story is here.\n";
        }
        f.engine.say(f.engine.taken(), story);
        f.engine.finish(f.engine.taken(), engine::StopReason::context_full);
        const auto marks = f.events.wait<app::MemoryMarks>([](const auto& e) { return !e.marks.empty(); });
        QCOMPARE(marks.marks.at(0).kind, app::MemoryChange::window);
        QCOMPARE(marks.marks.at(0).id, 0);
        const std::string window = f.engine.take_request();
        QVERIFY(contains(window, "Tell me a long story") && !contains(window, "Sentence 3 of"));
        QVERIFY(window.ends_with(story.substr(story.size() - 500)));
        QVERIFY(window.size() < 2500);
        QVERIFY(!f.engine.request().moved.empty());
        f.engine.say("The end.");
        f.engine.finish();
        const auto ended = f.events.wait<app::TurnEnded>().message;
        QCOMPARE(ended.status, MessageStatus::complete);
        QCOMPARE(ended.text, story + "The end.");
        QVERIFY(contains(f.second_connection()->branch(1)->back().context, "\"window\""));
    }

    void anAnswerInCirclesEnds() {
        MemoryFixture f;
        f.start();
        f.worker->send("Tell me a long story");
        f.engine.take_request();
        std::string story;
        for (int i = 0; i < 100; ++i) {
            story += "And they lived happily ever after. ";
        }
        f.engine.say(story);
        f.engine.finish(engine::StopReason::context_full);
        const auto ended = f.events.wait<app::TurnEnded>().message;
        QCOMPARE(ended.status, MessageStatus::interrupted);
        QVERIFY(contains(ended.error, "is full"));
        QVERIFY(!app::in_circles("Once upon a time there was a gardener who had 37 olive trees."));
    }

    void theDatabaseCannotKeepIt() {
        MemoryFixture f;
        StoreControl control;
        f.opener = [&control](const std::filesystem::path& file,
                              storage::OpenReport& report) -> Result<std::unique_ptr<storage::ChatStore>> {
            auto real = storage::ChatStore::open(file, report);
            return std::make_unique<FailingStore>(std::move(*real), control);
        };
        f.start();
        f.fill();
        f.engine.take_request();
        control.full = true;
        f.engine.say(kGood);
        f.engine.finish();
        QVERIFY(contains(f.events.wait<app::Notice>().text, "disk is full"));
        f.events.wait<app::MemoryWork>([](const auto& e) { return !e.running; });
        control.full = false;
        QVERIFY(contains(f.next_prompt(), f.question(0)));  // all as it was
    }
};

QTEST_GUILESS_MAIN(TestMemory)
#include "test_memory.moc"

// SPDX-License-Identifier: Apache-2.0
// Old turns whose text is made shorter word by word, over fake engines: what the model reads of them, who
// scores, that a person's turn goes first, and what is said when it does not work.
#include <QTest>

#include "tests/unit/app/memory_fixture.h"

using namespace tendril;
using namespace tendril::test;
using storage::RepresentationForm;

namespace {

constexpr const char* kFrame = "[Our conversation so far, shortened to save room. Words are missing.]";

struct TextFixture : MemoryFixture {
    FakeEngine small;

    explicit TextFixture(const std::string& method) {
        options.settings.memory_method = method;
        options.make_scorer = [this] { return small.port(); };
    }
    ~TextFixture() { worker.reset(); }
    std::size_t asked(const FakeEngine& of, const std::string& what) const {
        std::size_t count = 0;
        for (const std::string& one : of.asked()) {
            count += one.starts_with(what) ? 1 : 0;
        }
        return count;
    }
};

std::size_t times(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

/// Starts with a scorer of its own that is not done before the test says so, and writes trees.txt.
void start_with_a_slow_scorer(TextFixture& f) {
    f.options.settings.scorer_model = "/models/small.gguf";
    f.options.settings.compress_method = "selective";
    f.small.hold_scores = true;
    f.start();
    QFile file(f.folder.filePath("trees.txt"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray("The olive trees on the hill were not for sale last summer. ").repeated(60));
}

}  // namespace

class TestMemoryTexts : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void wordsAreLeftOut_data() {
        QTest::addColumn<QString>("asked");
        QTest::addColumn<QString>("method");
        QTest::addColumn<bool>("scored");
        QTest::newRow("frequency") << "frequency"
                                   << "frequency" << false;
        QTest::newRow("selective") << "selective"
                                   << "selective" << true;
        QTest::newRow("llmlingua") << "llmlingua"
                                   << "llmlingua" << true;
        QTest::newRow("serves one question") << "question"
                                             << "frequency" << false;
        QTest::newRow("not offered") << "longllmlingua"
                                     << "frequency" << false;
    }
    void wordsAreLeftOut() {
        QFETCH(QString, asked);
        QFETCH(QString, method);
        QFETCH(bool, scored);
        TextFixture f(asked.toStdString());
        f.start();
        f.worker->send("Always call me Ada.");
        f.engine.take_request();
        f.engine.say("Yes.");
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
        f.fill();
        const auto mark = f.rest().marks.at(0);
        QCOMPARE(mark.kind, app::MemoryChange::compressed);
        QCOMPARE(mark.method, method.toStdString());
        QVERIFY(mark.undoable && mark.tokens_after <= 400 && mark.tokens_after < mark.tokens_before / 2);
        QVERIFY2(mark.text.starts_with(kFrame), mark.text.c_str());
        QVERIFY2(contains(mark.text, "\nYou: ") && contains(mark.text, "\n- Always call me Ada.\n"),
                 mark.text.c_str());
        QVERIFY(!contains(mark.text, f.answer(1)));  // words are missing
        QCOMPARE(f.asked(f.engine, "score") > 0, scored);
        const auto row = f.stored().at(0);
        QCOMPARE(row.form, RepresentationForm::compressed);
        QCOMPARE(row.method, method.toStdString());
        QCOMPARE(row.scorer, std::string(scored ? "fake" : ""));
        QCOMPARE(row.text, mark.text);
        const std::string next = f.next_prompt();
        QVERIFY(contains(next, mark.text) && !contains(next, f.question(1)));
        QVERIFY(contains(next, f.answer(f.turns - 2)) && contains(next, f.answer(f.turns - 3)));
        QCOMPARE(f.second_connection()->branch(1)->at(0).text, std::string("Always call me Ada."));
    }

    void whatIsLeftIsTakenUpAgain() {
        TextFixture f("selective");
        f.start();
        f.fill();
        const auto first = f.rest().marks.at(0);
        f.fill();
        const auto second =
            f.events.wait<app::MemoryMarks>([&](const auto& e) { return e.marks.at(0).id > first.id; })
                .marks.at(0);
        QCOMPARE(second.kind, app::MemoryChange::compressed);
        QVERIFY(second.after > first.after && second.tokens_after <= 400);
        QCOMPARE(times(second.text, kFrame), 1U);
        QVERIFY(!contains(second.text, "conversation goes on here.]\n"));
    }

    void aTurnGoesFirst() {
        TextFixture f("selective");
        f.engine.hold_scores = true;
        f.start();
        f.fill();
        f.engine.take_score();
        f.worker->send(f.question(f.turns));
        const std::string prompt = f.engine.take_request();
        QVERIFY(contains(prompt, f.question(0)) && !contains(prompt, kFrame));  // all as it was
        QVERIFY(f.asked(f.engine, "cancel") > 0);
        QVERIFY(f.stored().empty());
        f.engine.release_scores();
        f.engine.say("Short.");
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
        QCOMPARE(f.rest().marks.at(0).kind, app::MemoryChange::compressed);
    }

    void aMissingScorerIsReplacedInWords() {
        TextFixture f("selective");
        f.options.settings.scorer_model = "/models/none.gguf";
        f.small.load_error = Error{ErrorCode::not_found, "There is no file none.gguf at this place.", {}};
        f.start();
        f.fill();
        const auto notice = f.events.wait<app::Notice>();
        QVERIFY2(contains(notice.text, "The loaded model scores instead."), notice.text.c_str());
        const auto mark = f.rest().marks.at(0);
        QCOMPARE(mark.method, std::string("selective"));
        QVERIFY(f.asked(f.engine, "score") > 0);
    }

    void whereItFailsTheyAreLeftOutInWords() {
        TextFixture f("selective");
        f.engine.score_error = Error{ErrorCode::out_of_memory, "No memory is left.", {}};
        f.start();
        f.fill();
        const auto notice = f.events.wait<app::Notice>();
        QVERIFY2(contains(notice.text, "could not be shortened: No memory is left. The oldest messages were"),
                 notice.text.c_str());
        QCOMPARE(f.rest().marks.at(0).kind, app::MemoryChange::left_out);
        QCOMPARE(f.stored().at(0).method, std::string("leave_out"));
    }

    /// A document so large that shortening its message is not enough goes with it, in words, and comes back.
    void aDocumentGoesWithItsMessage() {
        TextFixture f("leave_out");
        f.start();
        QFile file(f.folder.filePath("trees.txt"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray("The pear trees by the wall were not for sale at all.\n").repeated(34));
        file.close();
        f.worker->attach_files({f.path("trees.txt")});
        const auto read = f.events.wait<app::DraftDocuments>(
            [](const auto& e) { return !e.documents.empty() && e.documents[0].tokens > 0; });
        f.worker->set_document_choice(read.documents[0].id, storage::AttachmentChoice::whole);
        f.fill();
        QVERIFY(contains(f.last_prompt, "pear trees"));
        const auto marks = f.rest().marks;
        QCOMPARE(marks.size(), 2U);
        QCOMPARE(marks[0].kind, app::MemoryChange::left_out);
        QVERIFY(marks[0].document.empty());
        const auto gone = marks[1];
        QCOMPARE(gone.kind, app::MemoryChange::left_out);
        QCOMPARE(gone.document, std::string("trees.txt"));
        QCOMPARE(gone.after, 1);
        QVERIFY(gone.undoable && gone.tokens_before > 1500);
        auto rows = f.stored();
        // The draft's shortened document may have been ready before it was to be read whole.
        std::erase_if(rows, [](const auto& row) { return row.form == RepresentationForm::compressed; });
        QCOMPARE(rows.size(), 2U);
        QCOMPARE(rows[1].document, std::optional<storage::DocumentId>(1));
        QVERIFY(!rows[1].last_message && rows[1].form == RepresentationForm::left_out);
        QVERIFY(!contains(f.next_prompt(), "pear trees"));
        f.worker->restore_full_text(gone.id);
        const auto left = f.events.wait<app::MemoryMarks>([](const auto& e) { return e.marks.size() == 1; });
        QVERIFY(left.marks[0].document.empty());
        QVERIFY(contains(f.next_prompt(), "pear trees"));
        QCOMPARE(f.second_connection()->branch(1)->at(0).text, f.question(0));
        // With the messages it comes back as well, if there is room for all.
        f.worker->restore_full_text(left.marks[0].id);
        QVERIFY(contains(f.events.wait<app::Notice>([](const auto&) { return true; }).text, "does not fit") ||
                f.stored()[0].undone);
    }

    void aTurnThatWaitsForADocumentCanBeStopped() {
        TextFixture f("leave_out");
        start_with_a_slow_scorer(f);
        f.worker->attach_files({f.path("trees.txt")});
        const auto read = f.events.wait<app::DraftDocuments>(
            [](const auto& e) { return !e.documents.empty() && e.documents[0].progress == 1; });
        f.worker->set_document_choice(read.documents[0].id, storage::AttachmentChoice::compressed);
        f.small.take_score();
        f.worker->send("How are the trees?");
        // The window offers to stop what it knows of.
        const auto told = f.events.wait<app::TurnChanged>([](const auto& e) { return e.generating; });
        QCOMPARE(told.prefill.total, 0U);
        f.worker->stop();
        f.events.wait<app::TurnChanged>([](const auto& e) { return !e.generating; });
        const auto ended = f.events.wait<app::TurnEnded>().message;
        QCOMPARE(ended.status, storage::MessageStatus::interrupted);
        f.small.release_scores();
    }

    void aScorerOfItsOwnRestsWhileAnAnswerIsWritten() {
        TextFixture f("leave_out");
        start_with_a_slow_scorer(f);
        f.worker->send("How are the trees?");
        f.engine.take_request();
        f.worker->attach_files({f.path("trees.txt")});
        const auto read = f.events.wait<app::DraftDocuments>(
            [](const auto& e) { return !e.documents.empty() && e.documents[0].progress == 1; });
        f.worker->set_document_choice(read.documents[0].id, storage::AttachmentChoice::compressed);
        QTRY_COMPARE_WITH_TIMEOUT(f.small.loads(), 1U, 10000);
        for (int i = 0; i < 50; ++i) {  // so often the worker and a scorer might have had their turn
            f.engine.say("word ");
            f.events.wait<app::ReplyText>();
        }
        QCOMPARE(f.asked(f.small, "score"), 0U);
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
        // A turn that waits for the document itself does not make it wait.
        f.worker->send("What about these?");
        f.small.take_score();
        f.small.release_scores();
        QVERIFY(contains(f.engine.take_request(), "olive trees"));
    }
};

QTEST_GUILESS_MAIN(TestMemoryTexts)
#include "test_memory_texts.moc"

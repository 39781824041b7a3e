// SPDX-License-Identifier: Apache-2.0
// Documents whose keys and values are pruned in idle time, over a fake engine: when and what, that turns read
// behind it, that a person's turn goes first, and each way back to the whole document.
#include <QFile>
#include <QTest>

#include "tests/unit/app/memory_fixture.h"

using namespace tendril;
using namespace tendril::test;
using storage::RepresentationForm;

namespace {

struct PrunedFixture : WorkerFixture {
    std::string text;

    PrunedFixture() {
        engine.model.context = 8000;
        options.settings.prune_documents = true;
        options.settings.system_prompt = "Be brief.";
    }
    ~PrunedFixture() { worker.reset(); }

    void attach(storage::AttachmentChoice choice = storage::AttachmentChoice::whole) {
        for (int i = 0; i < 12; ++i) {
            text += "Row " + std::to_string(i) + ": the olive trees on the hill were not for sale.\n";
        }
        QFile file(folder.filePath("trees.txt"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray::fromStdString(text));
        file.close();
        worker->attach_files({path("trees.txt")});
        const auto read = events.wait<app::DraftDocuments>(
            [](const auto& e) { return !e.documents.empty() && e.documents[0].tokens > 0; });
        worker->set_document_choice(read.documents[0].id, choice);
    }
    /// A conversation with an answer about the document.
    void first_answer() {
        start();
        attach();
        turn("How many rows?", "Twelve.");
    }
    app::MemoryMark pruned() {
        first_answer();
        engine.end_prune(engine.take_prune());
        return mark();
    }
    app::MemoryMark mark() {
        const auto marks = events.wait<app::MemoryMarks>([](const auto& e) { return !e.marks.empty(); });
        events.wait<app::MemoryWork>([](const auto& e) { return !e.running; });
        return marks.marks.at(0);
    }
    /// The next question's request; it is answered.
    engine::GenerateRequest next() {
        turn("And for sale?", "Not.");
        return engine.request();
    }
    void work_ends() {
        events.wait<app::MemoryWork>([](const auto& e) { return !e.running; });
    }
    std::size_t prunings() const {
        std::size_t count = 0;
        for (const std::string& one : engine.asked()) {
            count += one.starts_with("prune") ? 1 : 0;
        }
        return count;
    }
    std::string decoded(const std::vector<engine::TokenId>& tokens) const {
        return engine.model.tokenizer->decode(tokens, true);
    }
    bool no_marks() {
        return events.wait<app::MemoryMarks>([](const auto& e) { return e.marks.empty(); }).marks.empty();
    }
};

}  // namespace

class TestMemoryPruned : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void turnsReadBehindIt() {
        PrunedFixture f;
        f.engine.hold_prefills = true;
        f.first_answer();
        const auto prune = f.engine.take_prune();
        // From the document on, to its end: what is asked about it comes later.
        const auto stretch =
            f.decoded({prune.request.tokens.begin() + prune.request.from, prune.request.tokens.end()});
        QVERIFY2(
            contains(stretch, f.text) && !contains(stretch, "Be brief.") && !contains(stretch, "How many"),
            stretch.c_str());
        QCOMPARE(prune.request.length, prune.request.tokens.size() - prune.request.from);
        QCOMPARE(prune.request.keep, 0.5);
        QVERIFY(f.decoded(prune.request.ask).starts_with("Repeat the previous text exactly."));
        QVERIFY(prune.text.find("Be brief.") != std::string::npos);
        f.engine.end_prune(prune);
        // The rest is read behind it.
        const auto reading = f.engine.take_prefill();
        QVERIFY(reading.request.pruned && contains(reading.text, "Twelve."));
        f.engine.end_prefill(reading);
        const auto mark = f.mark();
        QCOMPARE(mark.kind, app::MemoryChange::pruned);
        QCOMPARE(mark.method, std::string("kvzip"));
        QCOMPARE(mark.after, 1);
        QCOMPARE(mark.tokens_before, prune.request.length);
        QCOMPARE(mark.tokens_after, prune.request.length / 2);
        QVERIFY(mark.undoable);
        const auto rows = f.second_connection()->representations(1).value();
        QCOMPARE(rows.size(), 1U);
        QCOMPARE(rows[0].form, RepresentationForm::pruned);
        QCOMPARE(rows[0].document, std::optional<storage::DocumentId>(1));
        const auto request = f.next();
        QVERIFY(request.pruned.has_value());
        QCOMPARE(request.pruned->key, prune.id);
        QCOMPARE(request.pruned->length, prune.request.tokens.size());
        QVERIFY(request.moved.empty());
        QVERIFY(contains(f.decoded(request.prompt), f.text));  // the text stays the source of truth
        f.work_ends();
        QCOMPARE(f.prunings(), 1U);
    }

    void untilItIsReadTheRestIsTakenFromBehindTheWhole() {
        PrunedFixture f;
        f.engine.hold_prefills = true;
        f.first_answer();
        f.engine.end_prune(f.engine.take_prune());
        f.engine.take_prefill();  // it never ends
        const auto request = f.next();
        QVERIFY(request.pruned.has_value());
        QCOMPARE(request.moved.size(), 1U);
        const auto& moved = request.moved[0];
        QCOMPARE(moved.at, request.pruned->length);
        QCOMPARE(moved.context.size(), std::size_t{moved.at} + moved.length);
        QVERIFY(std::equal(moved.context.begin(), moved.context.end(), request.prompt.begin()));
        QVERIFY(contains(f.decoded(moved.context), "Twelve."));
    }

    void aTurnGoesFirst() {
        PrunedFixture f;
        f.first_answer();
        const auto prune = f.engine.take_prune();
        const auto request = f.next();
        QVERIFY(!request.pruned);
        const auto asked = f.engine.asked();
        QVERIFY(std::count(asked.begin(), asked.end(), "cancel " + std::to_string(prune.id)) == 1);
        f.engine.end_prune(f.engine.take_prune());
        QCOMPARE(f.mark().kind, app::MemoryChange::pruned);
    }

    void whatIsGoneIsReadWholeInWords() {
        PrunedFixture f;
        f.pruned();
        f.engine.pruned_gone = true;
        f.worker->send("And for sale?");
        QVERIFY(contains(f.engine.take_request(), f.text));
        QVERIFY(!f.engine.request().pruned);
        QVERIFY(contains(f.events.wait<app::Notice>().text, "Memory was short"));
        QVERIFY(f.no_marks());
        f.engine.say("Not.");
        f.engine.finish();
        QCOMPARE(f.events.wait<app::TurnEnded>().message.status, storage::MessageStatus::complete);
    }

    void theFullTextComesBack() {
        PrunedFixture f;
        const auto mark = f.pruned();
        f.worker->restore_full_text(mark.id);
        QVERIFY(f.no_marks());
        QVERIFY(!f.next().pruned);
        f.work_ends();
        QCOMPARE(f.prunings(), 1U);  // a person wants it whole
        QVERIFY(f.second_connection()->representations(1).value().at(0).undone);
    }

    void aRefusalIsSaidOnce() {
        PrunedFixture f;
        f.engine.prune_error = Error{ErrorCode::unsupported, "This model cannot.", {}};
        f.first_answer();
        QCOMPARE(f.events.wait<app::Notice>().text,
                 std::string("The document stays whole for the model: This model cannot."));
        f.work_ends();
        QVERIFY(!f.next().pruned);
        f.work_ends();
        QCOMPARE(f.prunings(), 1U);
        QVERIFY(f.second_connection()->representations(1).value().empty());
    }

    void anotherModelReadsTheWhole() {
        PrunedFixture f;
        f.pruned();
        f.worker->load("/models/other.gguf");
        QVERIFY(contains(f.events.wait<app::Notice>().text, "they are read whole again"));
        QVERIFY(f.no_marks());
        f.events.wait<app::ModelChanged>(
            [](const auto& e) { return e.status.phase == app::ModelPhase::ready; });
        QVERIFY(!f.next().pruned);
        f.engine.end_prune(f.engine.take_prune());  // this one prunes too
        QCOMPARE(f.mark().id, 1);                   // which is the same shortening
    }

    void anEditInFrontIsSaid() {
        PrunedFixture f;
        f.pruned();
        f.worker->set_system_prompt("Be very brief.");
        QVERIFY(contains(f.events.wait<app::Notice>().text, "the model reads the whole document again"));
        QVERIFY(f.no_marks());
        QVERIFY(!f.next().pruned);
    }

    void switchedOff() {
        PrunedFixture f;
        f.pruned();
        auto settings = f.options.settings;
        settings.prune_documents = false;
        f.worker->apply(settings);
        QVERIFY(f.no_marks());
        QVERIFY(!f.next().pruned);
        QCOMPARE(f.prunings(), 1U);
    }

    /// Only what is attached whole, in the first message.
    void otherChoicesStayAsTheyAre() {
        PrunedFixture f;
        f.start();
        f.turn("Hello?", "Hello.");
        f.work_ends();
        f.attach();
        f.turn("How many rows?", "Twelve.");
        f.work_ends();
        QCOMPARE(f.prunings(), 0U);
        PrunedFixture searched;
        searched.start();
        searched.attach(storage::AttachmentChoice::searched);
        searched.turn("How many rows?", "Twelve.");
        searched.work_ends();
        QCOMPARE(searched.prunings(), 0U);
    }
};

QTEST_GUILESS_MAIN(TestMemoryPruned)
#include "test_memory_pruned.moc"

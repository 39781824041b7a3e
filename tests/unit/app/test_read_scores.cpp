// SPDX-License-Identifier: Apache-2.0
// Texts that were read in the background with losses are not scored once more when they are made shorter; and
// nobody pays for losses that no method wants. A worker over a fake engine.
#include <QFile>
#include <QTest>

#include "app/compress/read_passages.h"
#include "tests/unit/app/memory_fixture.h"

using namespace tendril;
using namespace tendril::app;
using namespace tendril::test;
using storage::AttachmentChoice;

namespace {

struct Fixture : MemoryFixture {
    explicit Fixture(const std::string& documents, const std::string& memory = "summary") {
        options.settings.read_ahead = true;
        options.settings.compress_method = documents;
        options.settings.memory_method = memory;
        if (memory == "summary") {
            engine.model.context = 16'000;  // nothing is to be shortened but documents
        }
    }
    ~Fixture() { worker.reset(); }
    std::size_t asked(const std::string& what) const {
        const auto all = engine.asked();
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [&](const auto& one) { return one.starts_with(what); }));
    }
    /// The draft's document when `fits`.
    template <typename Fits>
    DraftDocument document(Fits fits) {
        return events
            .wait<DraftDocuments>(
                [&](const DraftDocuments& e) { return e.documents.size() == 1 && fits(e.documents[0]); })
            .documents[0];
    }
    DraftDocument attach(const std::string& text) {
        QFile file(QString::fromStdString(path("notes.txt").string()));
        if (!file.open(QIODevice::WriteOnly) ||
            file.write(text.data(), static_cast<qint64>(text.size())) < 0) {
            qFatal("cannot write");
        }
        file.close();
        settle();
        events.take();
        worker->attach_files({path("notes.txt")});
        return document([](const DraftDocument& one) { return one.progress >= 1 && one.tokens > 0; });
    }
    /// The request that reads ahead a prompt with this text in it.
    FakeEngine::Prefill read_with(const std::string& part) {
        for (;;) {
            auto prefill = engine.take_prefill();
            if (contains(prefill.text, part)) {
                return prefill;
            }
        }
    }
    void settle() {
        worker->ask_cache();
        events.wait<CacheChanged>();
    }
    DraftDocument compressed(DocumentId id) {
        worker->set_document_choice(id, AttachmentChoice::compressed);
        return document([](const DraftDocument& one) {
            return one.choice == AttachmentChoice::compressed && one.progress >= 1 &&
                   one.planned_tokens < one.tokens;
        });
    }
};

std::string notes(const std::string& thing) {
    std::string text;
    for (int i = 0; i < 24; ++i) {
        text += "The " + std::string(1, static_cast<char>('a' + i)) + "-mill by the " + thing +
                " was open in spring, so we went there. ";
    }
    return text + "\n";
}

}  // namespace

class TestReadScores : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void aDocumentThatWasReadIsNotScored() {
        Fixture f("selective");
        f.start();
        const DraftDocument whole = f.attach(notes("river"));
        QCOMPARE(whole.choice, AttachmentChoice::whole);
        const auto read = f.read_with("the river");
        QVERIFY(read.request.losses);
        f.settle();
        const DraftDocument shorter = f.compressed(whole.id);
        QVERIFY(shorter.planned_tokens < whole.tokens * 6 / 10);
        QCOMPARE(f.asked("score"), std::size_t{0});
        // What it is now is asked for without losses: all that may be scored is known.
        QVERIFY(!f.read_with("the river").request.losses);
    }

    /// The negative control: what was not read whole with losses is scored, all of it.
    void aDocumentThatWasNotReadIsScored() {
        Fixture f("selective");
        f.options.settings.read_ahead = false;
        f.start();
        f.compressed(f.attach(notes("river")).id);
        std::string text = notes("river");
        QCOMPARE(f.asked("score"), prompt::scored_passages(text).size());
    }

    void whatWasReadBeforeACancelCounts() {
        Fixture f("selective");
        f.engine.hold_prefills = true;
        f.start();
        f.engine.end_prefill(f.engine.take_prefill());
        f.attach(notes("river"));
        const auto read = f.read_with("the river");
        f.engine.cancelled_prefill = [tokens = read.request.tokens](engine::RequestId) {
            engine::PrefilledEvent most;
            most.tokens = static_cast<std::uint32_t>(tokens.size() * 3 / 4);
            most.logprobs_from = 1;
            most.logprobs.assign(most.tokens - 1, -1.0F);
            return most;
        };
        f.turn("Is it open?", "Yes.");  // the person goes first
        QVERIFY(f.asked("cancel " + std::to_string(read.id)) == 1);
        f.compressed(f.attach(notes("river")).id);
        const std::size_t passages = prompt::scored_passages(notes("river")).size();
        QVERIFY2(f.asked("score") > 0 && f.asked("score") < passages,
                 (std::to_string(f.asked("score")) + " of " + std::to_string(passages)).c_str());
    }

    void oldTurnsThatWereReadAreNotScored() {
        Fixture f("", "selective");
        f.start();
        f.fill();
        const auto mark = f.rest().marks.at(0);
        QCOMPARE(mark.kind, MemoryChange::compressed);
        QCOMPARE(mark.method, std::string("selective"));
        QVERIFY(!contains(mark.text, f.answer(1)));
        QCOMPARE(f.asked("score"), std::size_t{0});
        // Nor are losses asked for once all that is left is known.
        FakeEngine::Prefill last;
        for (std::size_t i = f.asked("prefill"); i > 0; --i) {
            last = f.engine.take_prefill();
        }
        QVERIFY(contains(last.text, f.answer(f.turns - 1)) && !last.request.losses);
        // And once more: what stands behind the shortened memory was read when that was made. What is left of
        // the first excerpt is a text of its own, which nobody has read as such.
        f.fill();
        f.rest();
        QVERIFY(f.asked("score") > 0);
        for (std::size_t i = f.asked("score"); i > 0; --i) {
            const auto tokens = f.engine.take_score().request.tokens;
            const std::string text = f.engine.model.tokenizer->decode(tokens, true);
            for (int turn = 0; turn < f.turns; ++turn) {
                QVERIFY2(!contains(text, f.answer(turn)) && !contains(text, f.question(turn)), text.c_str());
            }
        }
    }

    void oldTurnsThatWereNotReadAreScored() {
        Fixture f("", "selective");
        f.options.settings.read_ahead = false;
        f.start();
        f.fill();
        f.rest();
        QVERIFY(f.asked("score") > 8);
    }

    void nobodyPaysForLossesThatAreNotWanted_data() {
        QTest::addColumn<QString>("documents");
        QTest::addColumn<QString>("turns");
        QTest::addColumn<QString>("scorer");
        QTest::addColumn<bool>("losses");
        QTest::newRow("the defaults") << ""
                                      << "summary"
                                      << "" << false;
        QTest::newRow("no model is needed") << "frequency"
                                            << "frequency"
                                            << "" << false;
        QTest::newRow("another model scores") << "selective"
                                              << "selective"
                                              << "/models/small.gguf" << false;
        QTest::newRow("the loaded model scores") << "selective"
                                                 << "summary"
                                                 << "/models/fake.gguf" << true;
        QTest::newRow("its passages are scored on what is kept") << "llmlingua"
                                                                 << "summary"
                                                                 << "" << false;
        QTest::newRow("turns only") << ""
                                    << "selective"
                                    << "" << false;  // the draft's document is no turn yet
    }
    void nobodyPaysForLossesThatAreNotWanted() {
        QFETCH(QString, documents);
        QFETCH(QString, turns);
        QFETCH(QString, scorer);
        QFETCH(bool, losses);
        Fixture f(documents.toStdString(), turns.toStdString());
        f.options.settings.scorer_model = scorer.toStdString();
        f.start();
        f.attach(notes("river"));
        QCOMPARE(f.read_with("the river").request.losses, losses);
    }
};

QTEST_GUILESS_MAIN(TestReadScores)
#include "test_read_scores.moc"

// SPDX-License-Identifier: Apache-2.0
// What the meter says in front of sending about documents, over a fake engine: those that fall out with their
// messages, those that go with what is shortened, and that it comes true. Test thread.
#include <algorithm>

#include <QFile>
#include <QTest>

#include "tests/unit/app/memory_fixture.h"

using namespace tendril;
using namespace tendril::test;

namespace {

/// A conversation that begins with a document of about `bytes`, read whole; four turns behind it.
struct ForecastFixture : MemoryFixture {
    std::string document;

    ForecastFixture(bool shorten, int bytes) {
        options.settings.shorten_memory = shorten;
        start();
        for (int i = 0; static_cast<int>(document.size()) < bytes; ++i) {
            document += "Row " + std::to_string(i) + ": the olive trees on the hill were not for sale.\n";
        }
        QFile file(folder.filePath("trees.txt"));
        if (!file.open(QIODevice::WriteOnly)) {
            throw std::runtime_error("no file");
        }
        file.write(QByteArray::fromStdString(document));
        file.close();
        worker->attach_files({path("trees.txt")});
        events.wait<app::DraftDocuments>(
            [](const auto& e) { return !e.documents.empty() && e.documents[0].tokens > 0; });
        worker->set_document_choice(1, storage::AttachmentChoice::whole);
        for (int i = 0; i < 4; ++i) {
            turn("Question " + std::to_string(i) + "?", "Answer " + std::to_string(i) + ".");
        }
    }
    ~ForecastFixture() { worker.reset(); }

    /// With a draft of so many bytes.
    std::vector<app::PlannedChange> said(std::size_t bytes) {
        const std::string draft(bytes, 'd');
        worker->save_draft(draft + " end");
        return events.wait<app::ContextCounted>([&](const auto& e) { return e.shares.draft > bytes; })
            .if_sent;
    }
    std::string sent(std::size_t bytes) {
        worker->send(std::string(bytes, 'd') + " end");
        std::string prompt = engine.take_request();
        engine.say("Yes.");
        engine.finish();
        return prompt;
    }
};

std::vector<app::PlannedChange> of_documents(std::vector<app::PlannedChange> changes) {
    std::erase_if(changes, [](const auto& one) { return one.document == 0; });
    return changes;
}

}  // namespace

class TestForecast : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void documentsFallOutWithTheirMessage() {
        ForecastFixture f(false, 1500);
        QVERIFY(f.said(300).empty());
        const auto changes = f.said(2200);
        QCOMPARE(changes.at(0).kind, app::MemoryChange::left_out);
        QCOMPARE(changes.at(0).messages.at(0), 1);
        QVERIFY2(changes.at(0).tokens_before < 200, "the message's own text");
        const auto documents = of_documents(changes);
        QCOMPARE(documents.size(), 1U);
        QCOMPARE(documents[0].kind, app::MemoryChange::left_out);
        QCOMPARE(documents[0].document, 1);
        QVERIFY(documents[0].tokens_before > f.document.size());
        QVERIFY(documents[0].messages.empty() && documents[0].tokens_after == 0);
        const std::string prompt = f.sent(2200);
        QVERIFY(!contains(prompt, "olive trees on the hill"));
        // It is said once: the answer was made without it.
        f.events.wait<app::TurnEnded>();
        QVERIFY(of_documents(f.said(2100)).empty());
    }

    void documentsThatGoWithShortenedTurnsAreSaidOnce() {
        ForecastFixture f(true, 2400);
        const auto documents = of_documents(f.said(1000));
        QCOMPARE(documents.size(), 1U);
        QCOMPARE(documents[0].document, 1);
        QVERIFY(!contains(f.sent(1000), "olive trees on the hill"));
    }

    /// Before it is sent, not only when it is refused.
    void whatCannotFitIsCounted() {
        ForecastFixture f(true, 600);
        f.said(300);
        f.worker->save_draft(std::string(5000, 'd') + " end");
        const auto counted =
            f.events.wait<app::ContextCounted>([](const auto& e) { return e.used > e.limit; });
        QCOMPARE(counted.limit, 4000U);
        QCOMPARE(counted.shares.draft, 5004U);
        QVERIFY(counted.if_sent.empty());
        QVERIFY(f.said(300).empty());  // and it is as it was when it is shorter again
    }

    /// What is used and its parts are of one plan, also where the next question makes it another one.
    void thePartsAddUpWithoutADraft() {
        for (int missing = -120; missing <= 20; missing += 10) {
            ForecastFixture f(false, 250);
            f.worker->save_draft("next");
            const auto before = f.events.wait<app::ContextCounted>(
                [](const auto& e) { return e.shares.draft > 0 && e.shares.documents > 0; });
            const int all =
                static_cast<int>(before.shares.system + before.shares.documents + before.shares.turns);
            f.worker->save_draft("");
            f.turn("Question?", std::string(static_cast<std::size_t>(3488 - all + missing), 'a'));
            const auto after = f.events.wait<app::ContextCounted>(
                [](const auto& e) { return e.shares.draft == 0 && e.used > 0; });
            const auto parts = after.shares.system + after.shares.documents + after.shares.turns;
            const int apart = static_cast<int>(parts) - static_cast<int>(after.used);
            // The template's end of the message and the beginning of its answer are not certain yet.
            QVERIFY2(apart >= 0 && apart <= 40, (std::to_string(missing) + ": " + std::to_string(parts) +
                                                 " parts, " + std::to_string(after.used) + " used")
                                                    .c_str());
        }
    }

    void whatIsSaidComesTrue_data() {
        QTest::addColumn<bool>("shorten");
        QTest::addColumn<int>("document");
        QTest::addColumn<int>("draft");
        for (const bool shorten : {false, true}) {
            for (const int document : {250, 1200}) {
                for (const int draft : {300, 1500, 2600}) {
                    QTest::addRow("%d %d %d", shorten ? 1 : 0, document, draft)
                        << shorten << document << draft;
                }
            }
        }
    }
    void whatIsSaidComesTrue() {
        QFETCH(bool, shorten);
        QFETCH(int, document);
        QFETCH(int, draft);
        ForecastFixture f(shorten, document);
        const auto bytes = static_cast<std::size_t>(draft);
        const std::size_t named = of_documents(f.said(bytes)).size();
        QVERIFY(named <= 1);
        QCOMPARE(contains(f.sent(bytes), "olive trees on the hill"), named == 0);
    }
};

QTEST_GUILESS_MAIN(TestForecast)
#include "test_forecast.moc"

// SPDX-License-Identifier: Apache-2.0
// Documents searched with an embedding model: by words and by meaning, by words alone where there is no
// vector, and nothing kept of what is deleted. Test thread.
#include <QFile>
#include <QtTest>

#include "app/documents/message_context.h"
#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::app;
using namespace tendril::test;
using storage::AttachmentChoice;

namespace {

const std::string kModel = "/models/embedding.gguf";

/// Sections about nothing, and one about the pump.
std::string manual() {
    std::string text = "# Manual\n\n";
    for (int i = 0; i < 60; ++i) {
        text += "## Section " + std::to_string(i) + "\n\n";
        for (int line = 0; line < 12; ++line) {
            text += "Many words are written here about several other matters of daily work. ";
        }
        text += i == 47 ? "The pump of Marlow has the code 4711.\n\n" : "\n\n";
    }
    return text;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

struct Fixture : WorkerFixture {
    FakeEngine embedding;
    std::size_t made = 0;  // engines; worker's embedding thread
    ConversationId conversation = 0;

    explicit Fixture(const std::string& model = kModel) {
        options.settings.embedding_model = model;
        options.make_embedding_engine = [this] {
            ++made;
            return embedding.port();
        };
        // "Förderer" and "pump" mean the same
        embedding.embed = [](const std::string& text) {
            return contains(text, "4711") || contains(text, "Förderer") ? std::vector<float>{1, 0.1F}
                                                                        : std::vector<float>{0.1F, 1};
        };
    }
    ~Fixture() { worker.reset(); }

    DocumentId attach() {
        conversation = start().conversation.id;
        QFile file(QString::fromStdString(path("manual.md").string()));
        const std::string text = manual();
        if (!file.open(QIODevice::WriteOnly) ||
            file.write(text.data(), static_cast<qint64>(text.size())) < 0) {
            qFatal("cannot write");
        }
        file.close();
        worker->attach_files({path("manual.md")});
        const auto draft = events.wait<DraftDocuments>(
            [](const DraftDocuments& e) { return e.documents.size() == 1 && e.documents[0].tokens > 0; });
        worker->set_document_choice(draft.documents[0].id, AttachmentChoice::searched);
        events.wait<DraftDocuments>(
            [](const DraftDocuments& e) { return e.documents[0].choice == AttachmentChoice::searched; });
        return draft.documents[0].id;
    }
    std::size_t vectors(DocumentId id) const {
        return second_connection()->chunk_vectors(id, kModel).value().size();
    }
    bool embedded(DocumentId id) const {
        const auto store = second_connection();
        return QTest::qWaitFor(
            [&] {
                const auto chunks = store->chunks(id).value();
                return !chunks.empty() && chunks.front().chunk == 0 && vectors(id) == chunks.size();
            },
            20'000);
    }
};

}  // namespace

class TestDocumentVectors : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void whatMeansTheSameIsFound() {
        Fixture fixture;
        const DocumentId id = fixture.attach();
        QVERIFY(fixture.embedded(id));
        fixture.worker->send("Welche Nummer hat der Förderer?");
        QVERIFY(contains(fixture.engine.take_request(), "4711"));
        QCOMPARE(fixture.made, 1U);
    }
    void wordsStillCount() {
        Fixture fixture;
        fixture.engine.model.context = 16384;  // room for the best of both
        fixture.embedding.embed = [](const std::string&) { return std::vector<float>{1, 1}; };
        const DocumentId id = fixture.attach();
        QVERIFY(fixture.embedded(id));
        fixture.worker->send("Which code has the pump of Marlow?");
        QVERIFY(contains(fixture.engine.take_request(), "4711"));
    }
    void withoutAModelWordsAlone() {
        Fixture fixture("");
        const DocumentId id = fixture.attach();
        fixture.worker->send("Welche Nummer hat der Förderer?");
        QVERIFY(!contains(fixture.engine.take_request(), "4711"));
        fixture.engine.finish();
        fixture.events.wait<TurnEnded>();
        fixture.worker->send("Which code has the pump of Marlow?");
        QVERIFY(contains(fixture.engine.take_request(), "4711"));
        QCOMPARE(fixture.made, 0U);
        QCOMPARE(fixture.vectors(id), 0U);
    }
    void aBrokenModelIsToldOnce() {
        Fixture fixture;
        fixture.embedding.load_error = Error{ErrorCode::malformed, "It is no GGUF file.", {}};
        fixture.attach();
        const auto notice = fixture.events.wait<Notice>();
        QVERIFY2(contains(notice.text, "embedding.gguf") && contains(notice.text, "words alone"),
                 notice.text.c_str());
        fixture.worker->send("Which code has the pump of Marlow?");
        QVERIFY(contains(fixture.engine.take_request(), "4711"));
        fixture.engine.finish();
        fixture.events.wait<TurnEnded>();
        QCOMPARE(fixture.made, 1U);
    }
    void vectorsThatAreThereAreNotMadeAgain() {
        Fixture fixture;
        std::atomic<std::size_t> texts{0};
        std::atomic<std::size_t> stop_at{40};  // behind the first few that are stored together
        fixture.embedding.embed = [&](const std::string&) {
            ++texts;
            while (texts == stop_at) {
                std::this_thread::yield();
            }
            return std::vector<float>{1, 0};
        };
        const DocumentId id = fixture.attach();
        QVERIFY(QTest::qWaitFor([&] { return texts == stop_at && fixture.vectors(id) == 32; }, 20'000));
        stop_at = 0;
        fixture.worker.reset();
        fixture.embedding.load_error.reset();  // the fake's, of the load that was cancelled with the worker
        const std::size_t known = fixture.vectors(id);
        texts = 0;
        fixture.run();
        fixture.worker->open_last();
        fixture.events.wait<ConversationShown>();
        fixture.load();
        QVERIFY(fixture.embedded(id));
        QCOMPARE(texts.load(), fixture.vectors(id) - known);
    }
    void nothingIsKeptOfWhatIsDeleted() {
        Fixture fixture;
        const DocumentId id = fixture.attach();
        QVERIFY(fixture.embedded(id));
        fixture.worker->remove_document(id);
        QVERIFY(QTest::qWaitFor([&] { return fixture.vectors(id) == 0; }, 20'000));
    }
};

QTEST_GUILESS_MAIN(TestDocumentVectors)
#include "test_document_vectors.moc"

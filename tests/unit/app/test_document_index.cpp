// SPDX-License-Identifier: Apache-2.0
// The index of a large document is made in slices: the worker answers between them, nothing is done twice
// after a sudden end, and what goes wrong is said where the document is searched. Test thread.
#include <atomic>

#include <QFile>
#include <QtTest>

#include "tests/unit/app/failing_store.h"
#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::app;
using namespace tendril::test;
using storage::AttachmentChoice;

namespace {

constexpr std::size_t kLargest = 16U << 20U;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Sections about nothing, and one about the pump.
std::string manual(std::size_t bytes) {
    std::string text = "# Manual\n\n";
    for (int i = 0; text.size() + 1200 < bytes; ++i) {
        text += "## Section " + std::to_string(i) + "\n\n";
        for (int line = 0; line < 12; ++line) {
            text += "Many words are written here about several other matters of daily work. ";
        }
        text += i == 17 ? "The pump of Marlow has the code 4711.\n\n" : "\n\n";
    }
    return text;
}

struct Fixture : WorkerFixture {
    StoreControl control;
    std::atomic<std::size_t> slices{0};
    std::atomic<std::size_t> written{0};                 // chunks
    std::function<void()> each_slice;                    // worker's thread
    std::function<void(const WorkerEvent&)> each_event;  // worker's thread

    Fixture() {
        opener = [this](const std::filesystem::path& file, storage::OpenReport& report) {
            return storage::ChatStore::open(file, report)
                .map([this](auto real) -> std::unique_ptr<storage::ChatStore> {
                    return std::make_unique<FailingStore>(std::move(real), control);
                });
        };
        control.on_slice = [this](std::uint32_t, std::size_t count) {
            ++slices;
            written += count;
            if (each_slice) {
                each_slice();
            }
        };
    }
    ~Fixture() { worker.reset(); }

    /// A model and a file that is so large that it is searched by default.
    DocumentId attach(std::size_t bytes) {
        const std::string text = manual(bytes);
        QFile file(QString::fromStdString(path("manual.md").string()));
        if (!file.open(QIODevice::WriteOnly) ||
            file.write(text.data(), static_cast<qint64>(text.size())) < 0) {
            qFatal("cannot write");
        }
        file.close();
        engine.model.context = 8192;
        begin();
        worker->attach_files({path("manual.md")});
        return events
            .wait<DraftDocuments>([](const DraftDocuments& e) {
                return e.documents.size() == 1 && e.documents[0].choice == AttachmentChoice::searched;
            })
            .documents[0]
            .id;
    }
    void begin() {
        worker = std::make_unique<ChatWorker>(options, engine.port(), log, opener);
        worker->run([this](WorkerEvent event) {
            if (each_event) {
                each_event(event);
            }
            events.put(std::move(event));
        });
        worker->open_last();
        events.wait<ConversationShown>();
        load();
    }
    /// The first chunk that is there; none: 0 chunks.
    std::optional<std::uint32_t> first_stored(DocumentId id) const {
        const auto chunks = second_connection()->chunks(id).value();
        return chunks.empty() ? std::nullopt : std::optional(chunks.front().chunk);
    }
    bool indexed(DocumentId id) const {
        return QTest::qWaitFor([&] { return first_stored(id) == 0U; }, 60'000);
    }
};

}  // namespace

class TestDocumentIndex : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void commandsAreAnsweredBetweenSlices() {
        Fixture fixture;
        std::atomic<std::size_t> answered{0};
        std::atomic<std::size_t> latest{0};  // slices that a command had to wait for
        fixture.each_slice = [&] { fixture.worker->search(std::to_string(fixture.slices)); };
        fixture.each_event = [&](const WorkerEvent& event) {
            if (const auto* found = std::get_if<SearchFinished>(&event)) {
                ++answered;
                latest = std::max<std::size_t>(latest, fixture.slices - std::stoul(found->words));
            }
        };
        const DocumentId id = fixture.attach(kLargest);
        fixture.worker->send("Which code has the pump of Marlow?");
        QVERIFY(contains(fixture.engine.take_request(), "4711"));  // waits for the last slice
        QCOMPARE(fixture.first_stored(id), std::optional(0U));
        QVERIFY2(fixture.slices >= 200, qPrintable(QString::number(fixture.slices)));
        QVERIFY(QTest::qWaitFor([&] { return answered == fixture.slices; }, 20'000));
        QCOMPARE(latest, std::size_t{0});
        QCOMPARE(fixture.second_connection()->chunks(id)->size(), fixture.written.load());
    }

    void progressIsTold() {
        Fixture fixture;
        fixture.attach(1U << 20U);
        double last = 0;
        std::size_t told = 0;
        fixture.events.wait<DraftDocuments>([&](const DraftDocuments& e) {
            told += e.documents[0].progress > last && e.documents[0].progress < 1 ? 1 : 0;
            last = e.documents[0].progress;
            return told > 5 && last >= 1;
        });
    }

    void whatWasWrittenIsGoneOnWith() {
        Fixture fixture;
        std::atomic<bool> half{false};
        fixture.each_slice = [&] { half = half || fixture.slices > 10; };
        const DocumentId id = fixture.attach(2U << 20U);
        QVERIFY(QTest::qWaitFor([&] { return half.load(); }, 60'000));
        fixture.worker.reset();
        const auto left = fixture.first_stored(id);
        QVERIFY(left && *left > 0);
        const std::size_t before = fixture.written;
        fixture.begin();
        QVERIFY(fixture.indexed(id));
        fixture.worker->send("Which code has the pump of Marlow?");
        QVERIFY(contains(fixture.engine.take_request(), "4711"));
        QCOMPARE(fixture.written - before, std::size_t{*left});  // none twice
        QVERIFY(fixture.second_connection()->check());
    }

    void chunksOfAnotherVersionAreMadeAgain() {
        Fixture fixture;
        fixture.control.full = false;
        std::atomic<bool> half{false};
        fixture.each_slice = [&] { half = half || fixture.slices > 5; };
        const DocumentId id = fixture.attach(1U << 20U);
        QVERIFY(QTest::qWaitFor([&] { return half.load(); }, 60'000));
        fixture.worker.reset();
        {
            storage::OpenReport report;
            const auto store = storage::ChatStore::open(fixture.options.database, report).value();
            QVERIFY(store->set_chunks(id, {}));
            QVERIFY(store->add_chunks(id, 1, {{5, 9, "other"}}));
        }
        fixture.begin();
        QVERIFY(fixture.indexed(id));
        const auto chunks = fixture.second_connection()->chunks(id).value();
        QVERIFY(chunks.size() > 500 && chunks[1].first_byte > 9);
        for (std::size_t i = 0; i < chunks.size(); ++i) {
            QCOMPARE(chunks[i].chunk, static_cast<std::uint32_t>(i));
        }
    }

    void aFullDiskIsSaidAndTriedAgain() {
        Fixture fixture;
        fixture.each_slice = [&] { fixture.control.index_full = fixture.slices > 3 && fixture.slices < 6; };
        fixture.attach(1U << 20U);
        QVERIFY(QTest::qWaitFor([&] { return fixture.slices == 4; }, 60'000));
        fixture.worker->send("Which code has the pump of Marlow?");  // tries again, in vain
        const auto ended = fixture.events.wait<TurnEnded>();
        QVERIFY2(contains(ended.message.error, "disk is full"), ended.message.error.c_str());
        QCOMPARE(fixture.slices.load(), std::size_t{5});
        fixture.worker->retry(ended.message.id);
        QVERIFY(contains(fixture.engine.take_request(), "4711"));
    }

    void aDocumentThatGoesIsNotIndexedFurther() {
        Fixture fixture;
        DocumentId id = 0;
        std::size_t after = 0;
        fixture.each_slice = [&] {
            if (fixture.slices == 4) {
                fixture.worker->remove_document(1);
            }
            after = fixture.slices;
        };
        id = fixture.attach(4U << 20U);
        QCOMPARE(id, DocumentId{1});
        fixture.events.wait<DraftDocuments>([](const DraftDocuments& e) { return e.documents.empty(); });
        fixture.worker->search("done");
        fixture.events.wait<SearchFinished>();
        QCOMPARE(after, std::size_t{4});
        QCOMPARE(fixture.first_stored(id), std::optional<std::uint32_t>());
        for (const WorkerEvent& event : fixture.events.take()) {
            QVERIFY(!std::holds_alternative<Notice>(event));
        }
    }
};

QTEST_GUILESS_MAIN(TestDocumentIndex)
#include "test_document_index.moc"

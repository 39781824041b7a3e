// SPDX-License-Identifier: Apache-2.0
// Documents that are compressed: begun when it is chosen, waited for by the turn, stopped with it, kept, told
// in words when it fails.
#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include "app/documents/document_desk.h"
#include "app/log.h"
#include "tests/unit/app/fake_engine.h"

using namespace tendril;
using namespace tendril::app;
using namespace tendril::test;
using storage::AttachmentChoice;

namespace {

class FakeShortener final : public TextShortener {
  public:
    struct Job {
        std::uint64_t id;
        std::string text;
        std::function<void(double)> progress;
        Done done;
    };

    std::uint64_t start(std::string text, engine::CacheScope, std::function<void(double)> progress,
                        Done done) override {
        jobs.push_back({++last, std::move(text), std::move(progress), std::move(done)});
        ++started;
        return last;
    }
    void cancel(std::uint64_t id) override {
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (jobs[i].id == id) {
                const Job job = std::move(jobs[i]);
                jobs.erase(jobs.begin() + static_cast<std::ptrdiff_t>(i));
                ++cancelled;
                job.done(fail(ErrorCode::cancelled, "Cancelled."));
                return;
            }
        }
    }
    void end(Result<ShortenedText> result) {
        const Job job = std::move(jobs.front());
        jobs.erase(jobs.begin());
        job.done(std::move(result));
    }

    std::vector<Job> jobs;
    std::uint64_t last = 0;
    int started = 0;
    int cancelled = 0;
};

/// The desk on the test's thread.
struct Desk {
    QTemporaryDir folder;
    FakeEngine engine;
    std::unique_ptr<EnginePort> port = engine.port();
    storage::OpenReport report;
    std::unique_ptr<storage::ChatStore> store =
        std::move(storage::ChatStore::open(folder.filePath("chats.db").toStdString(), report).value());
    std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
    JobThread jobs;
    std::vector<WorkerEvent> events;
    WorkerLink link{*port,
                    *store,
                    mailbox,
                    jobs,
                    [this](WorkerEvent e) { events.push_back(std::move(e)); },
                    make_silent_log(),
                    {},
                    {},
                    {},
                    {},
                    {}};
    ModelKeeper models{link, {}};
    FakeShortener shortener;
    DocumentDesk desk{link, models};
    std::shared_ptr<ConversationTree> tree;

    Desk() {
        tree = std::make_shared<ConversationTree>(store->create_conversation("", "").value(),
                                                  std::vector<storage::Message>());
        models.on_change = [this] { desk.model_changed(); };
        desk.shortener = &shortener;
        desk.show(tree);
        models.load("/models/fake.gguf");
        until([this] { return models.ready(); });
    }
    template <typename Condition>
    void until(Condition condition) {
        const auto deadline = Clock::now() + std::chrono::seconds(10);
        while (!condition() && Clock::now() < deadline) {
            if (auto task = mailbox->take(Clock::now() + std::chrono::milliseconds(20))) {
                (*task)();
            }
        }
        QVERIFY(condition());
    }
    const DraftDocument& drafted() { return tree->documents(kDraft).shown.at(0); }
    DocumentId attach(const std::string& text, AttachmentChoice choice) {
        QFile file(folder.filePath("a.txt"));
        if (!file.open(QIODevice::WriteOnly) ||
            file.write(text.data(), static_cast<qint64>(text.size())) < 0) {
            qFatal("cannot write");
        }
        file.close();
        desk.attach(tree, {file.fileName().toStdString()});
        until([this] { return drafted().tokens > 0; });
        desk.choose(tree, drafted().id, choice);
        return drafted().id;
    }
    MessageId send(const std::string& text) {
        auto attachments = desk.to_send(tree, text).value();
        storage::Message question;
        question.conversation = tree->conversation().id;
        question.text = text;
        question.id = store->add_message(question, attachments).value();
        tree->add(question);
        desk.sent(*tree, question.id, attachments);
        return question.id;
    }
    std::optional<Status> told;
    void prepare(MessageId question) {
        told.reset();
        desk.prepare(tree, question, [this](const Status& status) { told = status; });
    }
};

ShortenedText half() {
    return {"one three", "selective", 0.5, "fake", 20, 9};
}

}  // namespace

class TestDocumentCompressing : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void itBeginsWhenItIsChosenAndTheTurnWaits() {
        Desk desk;
        const auto id = desk.attach("one two three four", AttachmentChoice::compressed);
        QCOMPARE(desk.shortener.started, 1);
        QCOMPARE(desk.shortener.jobs[0].text, std::string("one two three four"));
        desk.shortener.jobs[0].progress(0.4);
        QCOMPARE(desk.drafted().progress, 0.4);
        QVERIFY(!desk.tree->documents(kDraft).complete);
        const MessageId question = desk.send("Which?");
        desk.prepare(question);
        QVERIFY(!desk.told);
        QCOMPARE(desk.shortener.started, 1);  // the same one
        desk.shortener.end(half());
        QVERIFY(desk.told && *desk.told);
        const auto& read = desk.tree->documents(question).read;
        QCOMPARE(read.size(), 1U);
        QCOMPARE(read[0].text, std::string("one three"));
        QCOMPARE(read[0].form, storage::RepresentationForm::compressed);
        QCOMPARE(desk.tree->documents(question).shown[0].planned_tokens, 9U);
        QCOMPARE(desk.tree->documents(question).shown[0].progress, 1.0);
        const auto kept = desk.store->representations(desk.tree->conversation().id).value();
        QCOMPARE(kept.size(), 1U);
        QCOMPARE(kept[0].document, std::optional<DocumentId>(id));
        QCOMPARE(kept[0].method, std::string("selective"));
        // again: nothing is compressed twice
        desk.prepare(question);
        QVERIFY(desk.told && *desk.told);
        QCOMPARE(desk.shortener.started, 1);
    }

    void aStoppedTurnStopsIt() {
        Desk desk;
        desk.attach("one two three four", AttachmentChoice::compressed);
        const MessageId question = desk.send("Which?");
        desk.prepare(question);
        desk.desk.cancel(question);
        QVERIFY(!desk.told);
        QCOMPARE(desk.shortener.cancelled, 1);
        QVERIFY(desk.store->representations(desk.tree->conversation().id)->empty());
        // the message is there, and another try compresses again
        desk.prepare(question);
        QCOMPARE(desk.shortener.started, 2);
        desk.shortener.end(half());
        QVERIFY(desk.told && *desk.told);
    }

    void whatFailsIsSaidAndMayBeTriedAgain() {
        Desk desk;
        desk.attach("one two three four", AttachmentChoice::compressed);
        const MessageId question = desk.send("Which?");
        desk.prepare(question);
        desk.shortener.end(fail(ErrorCode::io, "The scorer is broken."));
        QVERIFY(desk.told && !*desk.told);
        QVERIFY(QString::fromStdString(desk.told->error().message).contains("scorer is broken"));
        desk.prepare(question);
        QVERIFY(!desk.told);
        QCOMPARE(desk.shortener.started, 2);
        // or another choice, while the turn waits
        desk.desk.choose(desk.tree, desk.tree->documents(question).shown[0].id, AttachmentChoice::whole);
        QVERIFY(desk.told && *desk.told);
        QCOMPARE(desk.tree->documents(question).read[0].text, std::string("one two three four"));
    }

    void withoutAShortenerWordsSaySo() {
        Desk desk;
        desk.desk.shortener = nullptr;
        desk.attach("one two three four", AttachmentChoice::compressed);
        desk.prepare(desk.send("Which?"));
        QVERIFY(desk.told && !*desk.told);
        QVERIFY(QString::fromStdString(desk.told->error().message).contains("cannot be compressed"));
    }

    void anUndoneOneIsReadWhole() {
        Desk desk;
        desk.attach("one two three four", AttachmentChoice::compressed);
        const MessageId question = desk.send("Which?");
        desk.prepare(question);
        desk.shortener.end(half());
        desk.tree->representations()[0].undone = true;
        desk.prepare(question);
        QVERIFY(desk.told && *desk.told);
        QCOMPARE(desk.tree->documents(question).read[0].text, std::string("one two three four"));
        QCOMPARE(desk.shortener.started, 1);
    }

    void anotherChoiceOrRemovingStopsIt() {
        Desk desk;
        const auto id = desk.attach("one two three four", AttachmentChoice::compressed);
        desk.desk.choose(desk.tree, id, AttachmentChoice::whole);
        QCOMPARE(desk.shortener.cancelled, 1);
        QVERIFY(desk.tree->documents(kDraft).complete);
        desk.desk.choose(desk.tree, id, AttachmentChoice::compressed);
        QCOMPARE(desk.shortener.started, 2);
        desk.desk.remove(desk.tree, id);
        QCOMPARE(desk.shortener.cancelled, 2);
        QVERIFY(desk.tree->documents(kDraft).shown.empty());
    }
};

QTEST_GUILESS_MAIN(TestDocumentCompressing)
#include "test_document_compressing.moc"

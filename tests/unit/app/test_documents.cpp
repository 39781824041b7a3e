// SPDX-License-Identifier: Apache-2.0
// Documents in a chat: attached, counted, chosen, kept over a restart, sent in one transaction, searched,
// asked about again.
#include <QFile>
#include <QtTest>

#include "app/documents/choice.h"
#include "app/documents/message_context.h"
#include "tests/unit/app/failing_store.h"
#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::app;
using namespace tendril::test;
using storage::AttachmentChoice;

namespace {

std::filesystem::path write(const WorkerFixture& fixture, const char* name, const std::string& text) {
    const auto path = fixture.path(name);
    QFile file(QString::fromStdString(path.string()));
    if (!file.open(QIODevice::WriteOnly) || file.write(text.data(), static_cast<qint64>(text.size())) < 0) {
        qFatal("cannot write");
    }
    return path;
}

/// All of the draft, read and counted.
DraftDocuments ready(WorkerFixture& fixture, std::size_t count) {
    return fixture.events.wait<DraftDocuments>([count](const DraftDocuments& e) {
        return e.documents.size() == count &&
               std::all_of(e.documents.begin(), e.documents.end(), [](const auto& one) {
                   return one.progress >= 1 && (one.tokens > 0 || !one.error.empty());
               });
    });
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::size_t times(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

/// Sections about nothing, and one about the pump.
std::string manual() {
    std::string text = "# Manual\n\n";
    for (int i = 0; i < 30; ++i) {
        text += "## Section " + std::to_string(i) + "\n\n";
        for (int line = 0; line < 12; ++line) {
            text += "Many words are written here about several other matters of daily work. ";
        }
        text += i == 17 ? "The pump of Marlow has the code 4711.\n\n" : "\n\n";
    }
    return text;
}

}  // namespace

class TestDocuments : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void theDefaultFitsTheContext() {
        const ChoiceFacts facts{8000, 1000, 0.5};
        QCOMPARE(default_choice(3000, facts), AttachmentChoice::whole);
        QCOMPARE(default_choice(6000, facts), AttachmentChoice::compressed);
        QCOMPARE(default_choice(60'000, facts), AttachmentChoice::searched);
        QCOMPARE(default_choice(6000, {8000, 1000, 1}), AttachmentChoice::searched);
        QCOMPARE(default_choice(6000, {0, 0, 0.5}), AttachmentChoice::whole);  // no model: nothing is known
        QCOMPARE(planned_tokens(6000, AttachmentChoice::compressed, facts), 3000U);
        QCOMPARE(planned_tokens(60'000, AttachmentChoice::searched, facts), search_budget(8000));
    }

    void whatTheContextHoldsOfMessagesIsRobust() {
        const std::vector<FoundChunk> found = {{3, 7, 10, 20, true}, {4, 0, 0, 9, false}};
        const std::string context = with_found(R"({"window":true})", found);
        QCOMPARE(*found_in(context), found);
        QVERIFY(contains(context, "window"));
        QCOMPARE(found_in(without_found(context, 3))->size(), 1U);
        QVERIFY(!found_in(without_found(without_found(context, 3), 4)));
        const std::vector<Source> sources = {{3, "a.md", 7, "words. More.", "More."}};
        QCOMPARE(sources_in(with_sources("", sources)), sources);
        QVERIFY(with_sources("", {}).empty());
        for (const char* broken :
             {"", "[]", "{", R"({"found":3,"sources":[1,{"name":7}]})", R"({"found":[{"document":"x"}]})"}) {
            static_cast<void>(found_in(broken));
            static_cast<void>(sources_in(broken));
        }
    }

    void aTextIsAttachedAndSent() {
        WorkerFixture fixture;
        const auto shown = fixture.start();
        fixture.worker->attach_files({write(fixture, "notes.md", "# Hops\n\nThey climb.\n")});
        const auto draft = ready(fixture, 1);
        QCOMPARE(draft.documents[0].name, std::string("notes.md"));
        QCOMPARE(draft.documents[0].kind, std::string("Markdown"));
        QCOMPARE(draft.documents[0].choice, AttachmentChoice::whole);
        QVERIFY(draft.documents[0].id > 0);
        fixture.worker->send("What climbs?");
        const auto added = fixture.events.wait<MessageAdded>();
        QCOMPARE(added.message.documents.size(), 1U);
        const std::string prompt = fixture.engine.take_request();
        QVERIFY2(contains(prompt, "notes.md:\n```\n# Hops\n\nThey climb.\n```\n\nWhat climbs?"),
                 prompt.c_str());
        fixture.engine.say("Hops.");
        fixture.engine.finish();
        fixture.events.wait<TurnEnded>();
        const auto store = fixture.second_connection();
        const auto attached = store->attachments(shown.conversation.id).value();
        QCOMPARE(attached.size(), 1U);
        QCOMPARE(attached[0].message, std::optional(added.message.message.id));
        // later turns have it where it was
        fixture.worker->send("And why?");
        const std::string next = fixture.engine.take_request();
        QVERIFY(next.starts_with(prompt.substr(0, prompt.find("What climbs?") + 12)));
        QCOMPARE(times(next, "They climb."), 1U);
    }

    void whatIsAttachedAlreadyIsSaidOnly() {
        WorkerFixture fixture;
        fixture.start();
        const auto path = write(fixture, "a.txt", "one");
        fixture.worker->attach_files({path});
        ready(fixture, 1);
        fixture.worker->attach_files({path, write(fixture, "b.txt", "two")});
        QCOMPARE(fixture.events.wait<Notice>().text, std::string("a.txt is attached already."));
        const auto draft = ready(fixture, 2);  // nothing that has to be removed before the message is sent
        QVERIFY(draft.documents[0].error.empty() && draft.documents[1].name == "b.txt");
        fixture.worker->send("Read them.");
        QVERIFY(contains(fixture.engine.take_request(), "two"));
    }

    void theDraftSurvivesARestart() {
        WorkerFixture fixture;
        fixture.start();
        fixture.worker->attach_files({write(fixture, "a.txt", "one"), write(fixture, "b.txt", "two")});
        const auto draft = ready(fixture, 2);
        fixture.worker->set_document_choice(draft.documents[1].id, AttachmentChoice::searched);
        fixture.events.wait<DraftDocuments>(
            [](const auto& e) { return e.documents[1].choice == AttachmentChoice::searched; });
        fixture.worker.reset();
        fixture.events.take();
        std::filesystem::remove(fixture.path("a.txt"));  // the text is ours by now
        fixture.start();
        const auto again = ready(fixture, 2);
        QCOMPARE(again.documents[0].name, std::string("a.txt"));
        QCOMPARE(again.documents[1].choice, AttachmentChoice::searched);
        fixture.worker->remove_document(again.documents[1].id);
        QCOMPARE(fixture.events.wait<DraftDocuments>([](const auto& e) { return e.documents.size() == 1; })
                     .documents[0]
                     .name,
                 std::string("a.txt"));
        fixture.worker->send("Read it.");
        QVERIFY(contains(fixture.engine.take_request(), "a.txt:\n```\none\n```"));
    }

    void anEditedMessageKeepsThem() {
        WorkerFixture fixture;
        fixture.start();
        fixture.worker->attach_files({write(fixture, "a.txt", "one")});
        ready(fixture, 1);
        fixture.worker->send("Frist");
        const auto question = fixture.events.wait<MessageAdded>().message.message;
        fixture.engine.take_request();
        fixture.engine.finish();
        fixture.events.wait<TurnEnded>();
        fixture.worker->edit(question.id, "First");
        const std::string prompt = fixture.engine.take_request();
        QVERIFY2(contains(prompt, "a.txt:\n```\none\n```\n\nFirst"), prompt.c_str());
        fixture.engine.finish();
        fixture.events.wait<TurnEnded>();
        QCOMPARE(fixture.second_connection()->attachments(question.conversation)->size(), 2U);
    }

    void aFileThatCannotBeReadStopsTheMessage() {
        WorkerFixture fixture;
        fixture.start();
        fixture.worker->attach_files({write(fixture, "noise.bin", std::string("\x01\x02\0\x03", 4))});
        const auto draft = ready(fixture, 1);
        QVERIFY(contains(draft.documents[0].error, "noise.bin is no text"));
        fixture.worker->send("Read it.");
        const auto notice = fixture.events.wait<Notice>();
        QVERIFY(contains(notice.text, "Remove it"));
        QCOMPARE(fixture.events.wait<ConversationShown>().conversation.draft, std::string("Read it."));
        fixture.worker->remove_document(draft.documents[0].id);
        fixture.events.wait<DraftDocuments>([](const auto& e) { return e.documents.empty(); });
        fixture.worker->send("Never mind.");
        QVERIFY(contains(fixture.engine.take_request(), "Never mind."));
    }

    void tooLargeIsSaidBeforeSending() {
        WorkerFixture fixture;
        const auto shown = fixture.start();
        const std::uint32_t context = fixture.engine.model.context;
        fixture.worker->attach_files({write(fixture, "large.txt", std::string(context * 2, 'x'))});
        const auto draft = ready(fixture, 1);
        QVERIFY(draft.documents[0].choice != AttachmentChoice::whole);  // by itself
        fixture.worker->set_document_choice(draft.documents[0].id, AttachmentChoice::whole);
        fixture.events.wait<DraftDocuments>(
            [](const auto& e) { return e.documents[0].choice == AttachmentChoice::whole; });
        fixture.worker->send("Read it.");
        const auto notice = fixture.events.wait<Notice>();
        QVERIFY2(contains(notice.text, "too large") && contains(notice.text, "searched"),
                 notice.text.c_str());
        QCOMPARE(fixture.events.wait<ConversationShown>().conversation.draft, std::string("Read it."));
        const auto store = fixture.second_connection();
        QVERIFY(store->messages(shown.conversation.id)->empty());
        QVERIFY(!store->attachments(shown.conversation.id)->at(0).message);  // still the draft's
        QCOMPARE(fixture.engine.submitted(), 0U);
    }

    void aSearchedDocumentGivesItsPlaces() {
        WorkerFixture fixture;
        fixture.engine.model.context = 12'000;
        fixture.start();
        fixture.worker->attach_files({write(fixture, "manual.md", manual())});
        const auto draft = ready(fixture, 1);
        QCOMPARE(draft.documents[0].choice, AttachmentChoice::searched);
        QVERIFY(draft.documents[0].planned_tokens <= search_budget(12'000));
        fixture.worker->send("What is the code of the Marlow pump?");
        const std::string prompt = fixture.engine.take_request();
        QVERIFY2(contains(prompt, "manual.md (parts of it):\n```"), prompt.c_str());
        QVERIFY(contains(prompt, "has the code 4711"));
        QVERIFY(prompt.size() < manual().size() / 3);
        fixture.engine.say("4711");
        fixture.engine.finish();
        const auto ended = fixture.events.wait<TurnEnded>();
        const auto sources = sources_in(ended.message.context);
        QVERIFY(!sources.empty());
        QCOMPARE(sources[0].name, std::string("manual.md"));
        const auto asked = std::find_if(sources.begin(), sources.end(), [](const Source& one) {
            return one.line == "The pump of Marlow has the code 4711.";
        });
        QVERIFY(asked != sources.end() && contains(asked->excerpt, asked->line));
        QVERIFY(asked->excerpt.size() > 500);  // all that was read
        const auto changed = fixture.second_connection()->messages(ended.conversation).value();
        QVERIFY(found_in(changed[0].context));
        // asked again: the places are known, nothing is repeated, and the prompt goes on where the first one
        // ended
        fixture.worker->send("Again: what is the code of the Marlow pump?");
        const std::string again = fixture.engine.take_request();
        QVERIFY(again.starts_with(prompt));
        QCOMPARE(times(again, "has the code 4711"), 1U);
        fixture.engine.say("4711");
        fixture.engine.finish();
        const auto second = fixture.events.wait<TurnEnded>();
        QCOMPARE(sources_in(second.message.context), sources);
        // another question finds another place; what has no word of the document finds none
        fixture.worker->send("thanks");
        const std::string thanks = fixture.engine.take_request();
        QVERIFY(thanks.starts_with(again));
        QCOMPARE(times(thanks, "(parts of it)"), 1U);
        fixture.engine.finish();
        QVERIFY(sources_in(fixture.events.wait<TurnEnded>().message.context).empty());
        // another answer to the same question reads the same
        fixture.worker->retry(second.message.id);
        QCOMPARE(fixture.engine.take_request(), again);
    }

    void theChoiceOfASentDocumentCanBeChanged() {
        WorkerFixture fixture;
        fixture.engine.model.context = 60'000;
        fixture.start();
        fixture.worker->attach_files({write(fixture, "manual.md", manual())});
        const auto id = ready(fixture, 1).documents[0].id;
        fixture.worker->set_document_choice(id, AttachmentChoice::searched);
        fixture.turn("What is the code of the Marlow pump?", "4711");
        fixture.worker->set_document_choice(id, AttachmentChoice::whole);
        fixture.worker->send("And what is in section 3?");
        const std::string prompt = fixture.engine.take_request();
        QVERIFY(contains(prompt, "## Section 3\n") && contains(prompt, "## Section 29"));
        QCOMPARE(times(prompt, "has the code 4711"), 1U);
    }

    void whatWillBeReadOfTheDraftIsCounted() {
        WorkerFixture fixture;
        fixture.engine.model.context = 2000;
        fixture.start();
        fixture.worker->attach_files(
            {write(fixture, "manual.md", manual()), write(fixture, "more.md", manual() + "More.")});
        const auto draft = ready(fixture, 2);
        QCOMPARE(draft.documents[1].planned_tokens, 500U);
        // both are searched, and share what a search may take
        fixture.worker->save_draft("What is the code?");
        const auto counted =
            fixture.events.wait<ContextCounted>([](const auto& e) { return e.shares.documents > 0; });
        QCOMPARE(counted.shares.documents, 500U);
        QVERIFY(counted.used >= 500 && counted.used < 700);
        fixture.worker->remove_document(draft.documents[0].id);
        fixture.worker->remove_document(draft.documents[1].id);
        fixture.events.wait<ContextCounted>([](const auto& e) { return e.shares.documents == 0; });
    }

    void draftDocumentsAreReadAhead() {
        WorkerFixture fixture;
        fixture.options.settings.read_ahead = true;
        fixture.start();
        fixture.worker->attach_files({write(fixture, "a.txt", "one two three")});
        ready(fixture, 1);
        std::string read;
        for (int i = 0; i < 5 && !contains(read, "one two three"); ++i) {
            read = fixture.engine.take_prefill().text;
        }
        QVERIFY2(contains(read, "a.txt:\n```\none two three\n```\n"), read.c_str());
        fixture.worker->send("Count.");
        QVERIFY(fixture.engine.take_request().starts_with(read));
    }

    void onAFullDiskTheDraftKeepsItsDocuments() {
        WorkerFixture fixture;
        StoreControl control;
        fixture.opener = [&control](const std::filesystem::path& file, storage::OpenReport& report) {
            auto real = storage::ChatStore::open(file, report);
            return real ? Result<std::unique_ptr<storage::ChatStore>>(
                              std::make_unique<FailingStore>(std::move(*real), control))
                        : std::move(real);
        };
        fixture.start();
        control.full = true;
        fixture.worker->attach_files({write(fixture, "a.txt", "one")});
        const auto draft = ready(fixture, 1);
        QVERIFY(contains(draft.documents[0].error, "disk is full"));
        fixture.worker->remove_document(draft.documents[0].id);
        control.full = false;
        fixture.worker->attach_files({fixture.path("a.txt")});
        fixture.events.wait<DraftDocuments>(
            [](const auto& e) { return e.documents.size() == 1 && e.documents[0].tokens > 0; });
        control.full = true;
        fixture.worker->send("Read it.");
        const auto unsaved = fixture.events.wait<MessageAdded>();
        QVERIFY(unsaved.message.message.id < 0);
        control.full = false;
        QVERIFY(contains(fixture.engine.take_request(), "a.txt:\n```\none\n```\n\nRead it."));
    }
};

QTEST_GUILESS_MAIN(TestDocuments)
#include "test_documents.moc"

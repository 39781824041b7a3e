// SPDX-License-Identifier: Apache-2.0
// What the worker tells of documents and of the model's memory, as the window gets it: every value, in the
// person's words, only the newest when the window is slow.
#include <cmath>

#include <QTest>

#include "app/chat_types.h"
#include "app/event_queue.h"
#include "app/settings.h"
#include "app/shown_values.h"
#include "prompt/compress/compress.h"

using namespace tendril;
using namespace tendril::app;

class TestShownContext : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void documentsKeepTheirValues() {
        DraftDocument document;
        document.id = 7;
        document.name = "Übersicht.md";
        document.kind = "Markdown";
        document.bytes = 48'000;
        document.tokens = 12'300;
        document.planned_tokens = 6'100;
        document.choice = storage::AttachmentChoice::compressed;
        document.progress = 0.5;
        AttachmentItem item = to_item(document);
        QCOMPARE(item.id, 7);
        QCOMPARE(item.name, QString("Übersicht.md"));
        QCOMPARE(item.kind, QString("Markdown"));
        QCOMPARE(item.bytes, quint64{48'000});
        QCOMPARE(item.tokens, 12'300U);
        QCOMPARE(item.plannedTokens, 6'100U);
        QCOMPARE(item.choice, AttachmentChoice::shortened);
        QVERIFY(!item.ready());
        document.progress = 1;
        QVERIFY(to_item(document).ready());
        document.error = "x.bin is no text.";
        QVERIFY(!to_item(document).ready());
        for (const auto choice :
             {AttachmentChoice::whole, AttachmentChoice::shortened, AttachmentChoice::searched}) {
            document.choice = to_stored(choice);
            QCOMPARE(to_item(document).choice, choice);  // there and back
        }
    }

    void messagesBringTheirDocumentsAndSources() {
        ShownMessage shown;
        shown.message.id = 3;
        shown.message.memory = storage::MessageMemory::excluded;
        shown.documents = {{1, "a.md", "Markdown", 10, 20, 20, storage::AttachmentChoice::whole, 1, {}}};
        shown.sources = {{1, "a.md", 4, "words"}};
        const MessageItem item = to_item(shown);
        QCOMPARE(item.memory, MessageMemory::excluded);
        QCOMPARE(item.documents.size(), 1);
        QCOMPARE(item.documents[0].name, QString("a.md"));
        QCOMPARE(item.sources, (QVector<SourceItem>{{1, "a.md", 4, "words"}}));
        shown.message.memory = to_stored(MessageMemory::pinned);
        QCOMPARE(to_item(shown).memory, MessageMemory::pinned);
    }

    void thePlanKeepsItsNumbers() {
        ContextCounted counted{3, 4'500, 8'000, {500, 1'000, 2'500, 500, 1'000, 8'000}, {}};
        counted.if_sent = {{MemoryChange::summarised, {1, 2}, 0, 3'900, 420},
                           {MemoryChange::compressed, {}, 7, 12'300, 6'100}};
        const ContextPlanItem plan = to_plan(counted);
        QCOMPARE(plan.used, 4'500U);
        QCOMPARE(plan.limit, 8'000U);
        QVERIFY(plan.shares == counted.shares);
        QCOMPARE(plan.ifSent.size(), 2);
        QCOMPARE(plan.ifSent[0].messages, (QVector<qint64>{1, 2}));
        QCOMPARE(plan.ifSent[1].document, 7);
        QCOMPARE(plan.ifSent[1].tokensAfter, 6'100U);
    }

    void marksAndWorkKeepTheirValues() {
        const MemoryMarkItem mark =
            to_item(MemoryMark{5, 11, MemoryChange::window, "summary", 3'900, 420, "what it has", true});
        QVERIFY((mark ==
                 MemoryMarkItem{5, 11, MemoryChange::window, "summary", 3'900, 420, "what it has", true}));
        const MemoryWorkItem work = to_item(MemoryWork{1, "Work", 0.25, true});
        QVERIFY(work.what == "Work" && work.running);
        QCOMPARE(work.progress, 0.25);
    }

    void aSlowWindowGetsTheNewestOnly() {
        EventQueue queue;
        for (int i = 1; i <= 50; ++i) {
            queue.push(DraftDocuments{1, {{7, "a", {}, 0, 0, 0, {}, i / 50.0, {}}}});
        }
        queue.push(DraftDocuments{2, {}});  // another conversation's are its own
        for (int i = 1; i <= 50; ++i) {
            queue.push(MemoryWork{1, "w", i / 50.0, true});
        }
        queue.push(MemoryWork{1, "w", 1, false});
        queue.push(MemoryMarks{1, {}});
        queue.push(Notice{"between"});
        queue.push(MemoryMarks{1, {MemoryMark{}}});
        const std::vector<WorkerEvent> events = queue.take();
        QCOMPARE(events.size(), std::size_t{6});
        QCOMPARE(std::get<DraftDocuments>(events[0]).documents[0].progress, 1.0);
        QCOMPARE(std::get<DraftDocuments>(events[1]).conversation, 2);
        QVERIFY(!std::get<MemoryWork>(events[2]).running);
        QVERIFY(std::get<MemoryMarks>(events[3]).marks.empty());
        QCOMPARE(std::get<MemoryMarks>(events[5]).marks.size(), std::size_t{1});
    }

    /// The names in the settings are those of the methods; who adds a method offers it, unless it is made
    /// for one question: texts in chats are made shorter for all that will be asked.
    void everyMethodHasItsSetting() {
        QStringList offered;
        for (int i = 1; i <= static_cast<int>(TextMethod::llmlingua); ++i) {
            const QString name = nameOf(static_cast<TextMethod>(i));
            QVERIFY2(prompt::method_named(name.toStdString()).has_value(), qPrintable(name));
            offered << name;
        }
        for (const prompt::Method method : prompt::kMethods) {
            QVERIFY2(offered.contains(QString(prompt::name_of(method))) != prompt::needs_question(method),
                     prompt::name_of(method));
        }
        QVERIFY(nameOf(TextMethod::automatic).isEmpty());
    }

    void theWorkerGetsTheSettings() {
        Settings settings;
        WorkerSettings worker = to_worker_settings(settings);
        QVERIFY(worker.shorten_memory);
        QCOMPARE(worker.memory_method, std::string("summary"));
        QCOMPARE(worker.compress_method, std::string());
        QCOMPARE(worker.compress_rate, 0.5);
        settings.shortenMemory = false;
        QVERIFY(!worker.prune_documents);
        settings.pruneDocuments = true;
        settings.memoryMethod = MemoryMethod::shortened;
        settings.compressMethod = TextMethod::frequency;
        settings.compressRate = std::nan("");
        settings.scorerModel = "/models/small.gguf";
        settings.embeddingModel = "/models/embedding.gguf";
        worker = to_worker_settings(settings);
        QVERIFY(!worker.shorten_memory);
        QVERIFY(worker.prune_documents);
        QCOMPARE(worker.compress_method, std::string("frequency"));
        QCOMPARE(worker.memory_method, std::string("frequency"));
        QCOMPARE(worker.compress_rate, 0.5);
        QCOMPARE(worker.scorer_model, std::filesystem::path("/models/small.gguf"));
        QCOMPARE(worker.embedding_model, std::filesystem::path("/models/embedding.gguf"));
        settings.compressRate = 7;
        QCOMPARE(to_worker_settings(settings).compress_rate, 1.0);
        settings.memoryMethod = MemoryMethod::leaveOut;
        QCOMPARE(to_worker_settings(settings).memory_method, std::string("leave_out"));
    }
};

QTEST_GUILESS_MAIN(TestShownContext)
#include "test_shown_context.moc"

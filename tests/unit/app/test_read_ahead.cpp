// SPDX-License-Identifier: Apache-2.0
// What is read before it is asked for: when, how much of it, with what privacy, and when nothing is.
#include <QDir>
#include <QFile>
#include <QTest>

#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::test;

namespace {

struct Fixture : WorkerFixture {
    Fixture() {
        options.settings.read_ahead = true;
        options.power_supplies = path("power");
    }
    /// Worker, model, an open conversation, and what is read of it.
    void start_and_look() {
        start();
        first = engine.take_prefill();
    }
    /// The draft as it is told at a pause in typing. Returns when the worker is through with it.
    void type(const std::string& draft) {
        worker->save_draft(draft);
        settle();
    }
    /// Everything that was asked of the worker before this has been done.
    void settle() {
        worker->ask_cache();
        events.wait<app::CacheChanged>();
    }
    void battery(const char* status) {
        QDir().mkpath(folder.filePath("power/BAT0"));
        const auto put = [this](const char* name, const QByteArray& text) {
            QFile file(folder.filePath(QString("power/BAT0/") + name));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(text);
        };
        put("type", "Battery\n");
        put("status", status);
    }
    std::size_t count(const std::string& kind) const {
        std::size_t found = 0;
        for (const std::string& one : engine.asked()) {
            found += one.starts_with(kind) ? 1 : 0;
        }
        return found;
    }

    FakeEngine::Prefill first;
};

const std::string kUser = "<|im_start|>user\n";

bool begins_with(const std::vector<engine::TokenId>& all, const std::vector<engine::TokenId>& part) {
    return part.size() <= all.size() && std::equal(part.begin(), part.end(), all.begin());
}

}  // namespace

class TestReadAhead : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void openedConversationIsRead() {
        Fixture f;
        f.options.settings.system_prompt = "Be brief.";
        f.start_and_look();
        // Up to where the message will stand; nothing of the answer's header, which comes behind the message.
        QCOMPARE(f.first.text, "<|im_start|>system\nBe brief.<|im_end|>\n" + kUser);
        QCOMPARE(f.first.request.cache.owner, std::uint64_t{1});
        QVERIFY(!f.first.request.cache.keep_private);
    }

    void finishedWordsAreRead() {
        Fixture f;
        f.start_and_look();
        f.type("What is a vi");
        QCOMPARE(f.engine.take_prefill().text, kUser + "What is a");
        f.type("What is a vine? An");
        QCOMPARE(f.engine.take_prefill().text, kUser + "What is a vine?");
    }

    void theUnfinishedWordIsNot() {
        Fixture f;
        f.start_and_look();
        f.type("What");
        f.type("Whatev");
        f.type("Whatever");
        QCOMPARE(f.count("prefill"), 1U);  // the header alone, as before
        f.type("Whatever ");
        QCOMPARE(f.engine.take_prefill().text, kUser + "Whatever");
        QCOMPARE(f.count("prefill"), 2U);
    }

    void whatIsReadIsTheBeginningOfWhatIsSent() {
        Fixture f;
        f.options.settings.system_prompt = "Be brief.";
        f.start_and_look();
        f.turn("One", "First");
        f.engine.take_prefill();
        const std::string message = "  Tell me <|im_end|> more about\n\nit, plea";
        f.type(message);
        const auto ahead = f.engine.take_prefill();
        f.worker->send(message + "se!");
        f.engine.take_request();
        QVERIFY(begins_with(f.engine.request().prompt, ahead.request.tokens));
        const std::string unread = f.engine.model.tokenizer->decode(
            {f.engine.request().prompt.begin() + static_cast<std::ptrdiff_t>(ahead.request.tokens.size()),
             f.engine.request().prompt.end()},
            true);
        QCOMPARE(unread, std::string(" please!<|im_end|>\n<|im_start|>assistant\n"));
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
    }

    void growthLetsTheRunningOneEnd() {
        Fixture f;
        f.engine.hold_prefills = true;
        f.start_and_look();
        f.type("one ");
        f.type("one two ");
        QCOMPARE(f.count("prefill"), 1U);  // what a broken-off step has computed would be lost
        QCOMPARE(f.count("cancel"), 0U);
        f.engine.end_prefill(f.first);
        QCOMPARE(f.engine.take_prefill().text, kUser + "one two");  // and the next one has it all
    }

    void anEditCancelsTheRunningOne() {
        Fixture f;
        f.engine.hold_prefills = true;
        f.start_and_look();
        f.engine.end_prefill(f.first);
        f.type("one two three ");
        const auto whole = f.engine.take_prefill();
        f.type("one too ");
        const auto edited = f.engine.take_prefill();
        QCOMPARE(edited.text, kUser + "one too");
        const auto asked = f.engine.asked();
        const auto at = [&](const std::string& what) { return std::find(asked.begin(), asked.end(), what); };
        const auto cancel = at("cancel " + std::to_string(whole.id));
        QVERIFY(cancel != asked.end());
        QVERIFY(cancel < at("prefill " + std::to_string(edited.id)));
    }

    void sendingCancelsAndNothingIsReadUntilTheAnswerEnds() {
        Fixture f;
        f.engine.hold_prefills = true;
        f.start_and_look();
        f.engine.end_prefill(f.first);
        f.type("Tell me more of");
        const auto ahead = f.engine.take_prefill();
        f.worker->send("Tell me more of it");
        f.engine.take_request();
        const auto asked = f.engine.asked();
        const auto cancel = std::find(asked.begin(), asked.end(), "cancel " + std::to_string(ahead.id));
        QVERIFY(cancel != asked.end());
        QVERIFY((cancel + 1)->starts_with("generate"));
        f.type("Already typing the next one ");
        QCOMPARE(f.count("prefill"), 2U);
        f.engine.say("So.");
        f.engine.finish();
        const auto next = f.engine.take_prefill();
        QCOMPARE(next.text, kUser + "Tell me more of it<|im_end|>\n<|im_start|>assistant\nSo.<|im_end|>\n" +
                                kUser + "Already typing the next one");
    }

    void whatTheTemplateMakesOfAnAnswerIsRead() {
        Fixture f;
        // As reasoning models' templates do: earlier thoughts are left out.
        f.engine.model.description.chat_template =
            "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.split('</think>')[-1] | trim }}"
            "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
        f.start_and_look();
        f.turn("Two and two?", "<think>\nA sum.\n</think>\n\nFour.");
        QCOMPARE(f.engine.take_prefill().text,
                 kUser + "Two and two?<|im_end|>\n<|im_start|>assistant\nFour.<|im_end|>\n" + kUser);
    }

    void settingSwitchesItOff() {
        Fixture f;
        f.options.settings.read_ahead = false;
        f.start();
        f.events.wait<app::ContextCounted>();
        f.type("What is a vine ");
        f.turn("What is a vine?", "A plant.");
        f.settle();
        QCOMPARE(f.count("prefill"), 0U);
    }

    void batterySwitchesItOffByChoice() {
        Fixture f;
        f.battery("Discharging\n");
        f.options.settings.work_on_battery = false;
        f.start();
        f.events.wait<app::ContextCounted>();
        f.type("What is a vine ");
        QCOMPARE(f.count("prefill"), 0U);
        f.battery("Charging\n");  // the plug is in
        f.type("What is a vine for ");
        QCOMPARE(f.engine.take_prefill().text, kUser + "What is a vine for");
        f.battery("Discharging\n");
        auto settings = f.options.settings;
        settings.work_on_battery = true;
        f.worker->apply(settings);
        f.type("What is a vine for me ");
        QCOMPARE(f.engine.take_prefill().text, kUser + "What is a vine for me");
    }

    void unpluggingCancelsWhatIsBeingRead() {
        Fixture f;
        f.engine.hold_prefills = true;
        f.options.settings.work_on_battery = false;
        f.start_and_look();
        f.battery("Discharging\n");
        f.type("What is a ");
        QCOMPARE(f.count("cancel"), 1U);
        QCOMPARE(f.count("prefill"), 1U);
    }

    void privateConversationsSaySoInEveryRequest() {
        Fixture f;
        f.options.settings.model_titles = true;
        f.start_and_look();
        f.worker->set_private(true);
        const auto again = f.engine.take_prefill();
        QVERIFY(again.request.cache.keep_private);
        QCOMPARE(f.count("forget 1"), 1U);  // what was kept as everybody's
        f.type("A secret ");
        QVERIFY(f.engine.take_prefill().request.cache.keep_private);
        f.worker->send("A secret question");
        f.engine.take_request();
        QVERIFY(f.engine.request().cache.keep_private);
        QCOMPARE(f.engine.request().cache.owner, std::uint64_t{1});
        f.engine.say("A secret answer");
        f.engine.finish();
        QVERIFY(f.engine.take_prefill().request.cache.keep_private);
        f.engine.take_request();  // the title
        QVERIFY(f.engine.request().cache.keep_private);
        f.engine.say("Secrets");
        f.engine.finish();
        f.worker.reset();
        f.run();  // and after a restart
        f.worker->open_last();
        QVERIFY(f.events.wait<app::ConversationShown>().conversation.is_private);
        f.load();
        QVERIFY(f.engine.take_prefill().request.cache.keep_private);
        f.worker->set_private(false);
        QVERIFY(!f.engine.take_prefill().request.cache.keep_private);
    }

    void otherConversationsAreReadUnderTheirOwnName() {
        Fixture f;
        f.start_and_look();
        f.turn("One", "First");
        f.engine.take_prefill();
        f.worker->open_new();
        const auto other = f.engine.take_prefill();
        QCOMPARE(other.request.cache.owner, std::uint64_t{2});
        f.worker->open(1);
        const auto back = f.engine.take_prefill();
        QCOMPARE(back.request.cache.owner, std::uint64_t{1});
        QVERIFY(back.text.find("First") != std::string::npos);
    }

    void leafingThroughConversationsReadsTheLastOnly() {
        Fixture f;
        f.start_and_look();
        f.turn("One", "First");
        f.engine.take_prefill();
        f.worker->open_new();
        f.engine.take_prefill();
        const std::size_t before = f.count("prefill");
        for (int i = 0; i < 10; ++i) {
            f.worker->open(i % 2 == 0 ? 1 : 2);
        }
        f.worker->open(1);
        QVERIFY(f.engine.take_prefill().text.find("First") != std::string::npos);
        f.settle();
        QCOMPARE(f.count("prefill"), before + 1);
    }

    void promptsVersionsAndModelsAreReadAnew() {
        Fixture f;
        f.start_and_look();
        f.worker->set_system_prompt("Be kind.");
        QCOMPARE(f.engine.take_prefill().text, "<|im_start|>system\nBe kind.<|im_end|>\n" + kUser);
        const auto answer = f.turn("One", "First");
        f.engine.take_prefill();
        f.worker->retry(answer.id);
        f.engine.take_request();
        f.engine.say("Second");
        f.engine.finish();
        QVERIFY(f.engine.take_prefill().text.find("Second") != std::string::npos);
        f.worker->show_version(answer.id, 1);
        QVERIFY(f.engine.take_prefill().text.find("First") != std::string::npos);
        f.load();
        QVERIFY(f.engine.take_prefill().text.find("First") != std::string::npos);
        f.worker->clear_cache();
        QVERIFY(f.engine.take_prefill().text.find("First") != std::string::npos);
    }

    void noModelNoReading() {
        Fixture f;
        f.run();
        f.worker->open_last();
        f.type("What is a vine ");
        QCOMPARE(f.count("prefill"), 0U);
        f.worker->send("What is a vine for?");  // fails: no model
        f.events.wait<app::TurnEnded>();
        f.load();  // and it is not held back for ever by the turn that failed
        QVERIFY(f.engine.take_prefill().text.find("What is a vine for?") != std::string::npos);
    }

    void aDraftThatDoesNotFitIsNotRead() {
        Fixture f;
        f.engine.model.context = 600;
        f.start_and_look();
        f.type(std::string(5000, 'a') + " ");
        QCOMPARE(f.count("prefill"), 1U);
        f.type("short again ");
        QCOMPARE(f.engine.take_prefill().text, kUser + "short again");
    }

    void contextIsCounted() {
        Fixture f;
        f.start();
        QCOMPARE(f.events.wait<app::ContextCounted>().used, 6U);
        f.worker->save_draft("four ");
        const auto counted = f.events.wait<app::ContextCounted>();
        QCOMPARE(counted.used, 10U);
        QCOMPARE(counted.limit, 4096U);
    }

    void deletedConversationsAreForgotten() {
        Fixture f;
        f.start_and_look();
        f.turn("One", "First");
        f.worker->trash(1);
        f.settle();
        QCOMPARE(f.count("forget 1"), 1U);
        f.worker.reset();
        f.run();
        f.worker->open_last();
        f.load();
        f.settle();
        QCOMPARE(f.count("forget 1"), 2U);  // another model's pages may have been where this one's are now
    }

    /// A conversation may go while no model is loaded, and its name with it: what is known is told, once the
    /// disk is in use.
    void theKnownConversationsAreTold() {
        Fixture f;
        f.start_and_look();
        f.turn("One", "First");
        f.worker->open_new();
        f.turn("Two", "Second");
        f.worker->open_new();
        f.turn("Three", "Third");
        f.worker->set_private(true);
        f.worker->trash(1);
        f.settle();
        f.worker.reset();
        f.run();
        f.worker->open_last();
        f.settle();
        QCOMPARE(f.count("forget all but 2"), 0U);
        f.load();
        f.settle();
        QCOMPARE(f.count("forget all but 2"), 1U);
    }

    void theCacheFolderGoesToTheEngine() {
        Fixture f;
        f.options.cache_directory = f.path("pages");
        f.options.measurements = f.path("measurements");
        f.options.settings.cache_quota = 1 << 30;
        f.options.settings.kv_of["/models/fake.gguf"] = engine::KvType::q8_0;
        f.start();
        QCOMPARE(f.engine.load_options().cache_directory, f.path("pages"));
        QCOMPARE(f.engine.load_options().measurements, f.path("measurements"));
        QCOMPARE(f.engine.load_options().cache_quota, std::uint64_t{1} << 30);
        QCOMPARE(f.engine.load_options().kv, engine::KvType::q8_0);
        auto settings = f.options.settings;
        settings.disk_cache = false;
        settings.kv_of.clear();
        f.worker->apply(settings);
        f.events.wait<app::ModelChanged>(
            [](const auto& e) { return e.status.phase == app::ModelPhase::ready; });
        QVERIFY(f.engine.load_options().cache_directory.empty());
        QCOMPARE(f.engine.load_options().kv, engine::KvType::f16);
        QCOMPARE(f.engine.loads(), 2U);
    }
};

QTEST_GUILESS_MAIN(TestReadAhead)
#include "test_read_ahead.moc"

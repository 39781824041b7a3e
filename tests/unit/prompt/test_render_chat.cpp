// SPDX-License-Identifier: Apache-2.0
// Fallbacks between a model's template and ChatML: never silent, nothing lost.
#include <QTest>

#include "prompt/render_chat.h"

namespace tendril::prompt {
namespace {

const ChatMessages kChat = {{"system", "Be kind."}, {"user", "Hi"}, {"assistant", "Hello"}, {"user", "Bye"}};
constexpr std::string_view kChatMl =
    "<|im_start|>system\nBe "
    "kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n"
    "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n";

class TestRenderChat : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void usesTheTemplate() {
        const auto own = ChatTemplate::compile(
            "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{{ eos_token }}");
        QVERIFY(own.has_value());
        const auto prompt = render_chat(&*own, kChat, {"<s>", "</s>", true});
        QCOMPARE(prompt.text, std::string("<s>[system]Be kind.[user]Hi[assistant]Hello[user]Bye</s>"));
        QVERIFY(prompt.warning.empty() && prompt.stops.empty() && !prompt.used_fallback);
    }

    void noTemplateGivesChatMl() {
        const auto prompt = render_chat(nullptr, kChat, {});
        QCOMPARE(prompt.text, std::string(kChatMl));
        QVERIFY(prompt.used_fallback && !prompt.warning.empty());
        QCOMPARE(prompt.stops.front(), std::string("<|im_end|>"));
    }

    void plainChatMlEqualsTheTemplate() {
        const auto own = ChatTemplate::compile(chatml_template());
        QVERIFY(own.has_value());
        for (const bool generate : {true, false}) {
            QCOMPARE(render_chat(&*own, kChat, {"", "", generate}).text,
                     render_chat(nullptr, kChat, {"", "", generate}).text);
        }
    }

    void failingTemplateSaysWhy() {
        const auto own = ChatTemplate::compile("{{ raise_exception('I never work.') }}");
        QVERIFY(own.has_value());
        const auto prompt = render_chat(&*own, kChat, {});
        QCOMPARE(prompt.text, std::string(kChatMl));
        QVERIFY(prompt.used_fallback);
        QVERIFY(prompt.warning.find("I never work.") != std::string::npos);
    }

    void refusedSystemMovesIntoTheFirstMessage() {
        const auto own = ChatTemplate::compile(
            "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
            "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}");
        QVERIFY(own.has_value());
        const auto prompt = render_chat(&*own, kChat, {});
        QCOMPARE(prompt.text, std::string("[user]Be kind.\n\nHi[assistant]Hello[user]Bye"));
        QVERIFY(!prompt.used_fallback && !prompt.warning.empty());
    }

    void mergingLosesNothing() {
        const auto merged =
            with_system_in_user({{"system", "A"}, {"system", "B"}, {"assistant", "C"}, {"user", "D"}});
        QCOMPARE(merged.size(), std::size_t{2});
        QCOMPARE(merged[1].content, std::string("A\n\nB\n\nD"));
        const auto alone = with_system_in_user({{"system", "A"}, {"assistant", "C"}});
        QCOMPARE(alone[0].role + alone[0].content, std::string("userA"));
    }
};

}  // namespace
}  // namespace tendril::prompt

QTEST_GUILESS_MAIN(tendril::prompt::TestRenderChat)
#include "test_render_chat.moc"

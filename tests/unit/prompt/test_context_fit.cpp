// SPDX-License-Identifier: Apache-2.0
// Fitting a conversation into a context, on random chats: never silent, whole exchanges only, stable
// prefixes, few counts.
#include <algorithm>
#include <cmath>

#include <QTest>
#include <rapidcheck.h>

#include "prompt/context_fit.h"

namespace tendril::prompt {
namespace {

/// Four tokens for each message and one for each letter: close to what templates do, and additive.
std::size_t tokens_of(const ChatMessages& messages) {
    std::size_t tokens = 3;
    for (const ChatMessage& message : messages) {
        tokens += 4 + message.content.size();
    }
    return tokens;
}

ChatMessages random_chat(int exchanges, std::size_t longest) {
    ChatMessages chat;
    const auto text = [&] {
        return std::string(*rc::gen::inRange<std::size_t>(0, longest), 'x') + std::to_string(chat.size());
    };
    if (*rc::gen::arbitrary<bool>()) {
        chat.push_back({"system", text()});
    }
    if (*rc::gen::inRange(0, 10) == 0) {
        chat.push_back({"assistant", text()});
    }
    for (int i = 0; i < exchanges; ++i) {
        chat.push_back({"user", text()});
        for (int answers = *rc::gen::inRange(0, 3); answers > 0; --answers) {
            chat.push_back({"assistant", text()});
        }
    }
    chat.push_back({"user", text()});
    return chat;
}

bool same(const ChatMessage& a, const ChatMessage& b) {
    return a.role == b.role && a.content == b.content;
}

void check_fit(const FitRequest& request, const FitResult& fit, std::size_t calls) {
    const std::size_t limit =
        request.context_tokens - std::min(request.answer_reserve, request.context_tokens / 4);
    RC_ASSERT(fit.prompt_tokens == tokens_of(fit.messages));
    RC_ASSERT(fit.prompt_tokens <= limit);
    RC_ASSERT(fit.messages.size() + fit.left_out.size() == request.messages.size());
    RC_ASSERT(std::is_sorted(fit.left_out.begin(), fit.left_out.end()));
    RC_ASSERT(fit.left_out.empty() == (tokens_of(request.messages) <= limit));

    ChatMessages expected;
    for (std::size_t i = 0; i < request.messages.size(); ++i) {
        if (!std::binary_search(fit.left_out.begin(), fit.left_out.end(), i)) {
            expected.push_back(request.messages[i]);
        }
    }
    RC_ASSERT(std::equal(expected.begin(), expected.end(), fit.messages.begin(), fit.messages.end(), same));
    RC_ASSERT(same(fit.messages.back(), request.messages.back()));
    const bool system = request.messages.front().role == "system";
    RC_ASSERT(!system || same(fit.messages.front(), request.messages.front()));
    if (!fit.left_out.empty()) {
        // One run from behind the system message to right before a user message: whole exchanges.
        RC_ASSERT(fit.left_out.front() == (system ? 1U : 0U));
        RC_ASSERT(fit.left_out.back() - fit.left_out.front() + 1 == fit.left_out.size());
        RC_ASSERT(request.messages[fit.left_out.back() + 1].role == "user");
    }
    RC_ASSERT(static_cast<double>(calls) <=
              4 + 2 * std::ceil(std::log2(static_cast<double>(request.messages.size()) + 1)));
}

class TestContextFit : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void randomChats() {
        QVERIFY(rc::check("random chats", [] {
            for (int i = 0; i < 100; ++i) {  // times rapidcheck's 100 runs
                FitRequest request;
                request.messages =
                    random_chat(*rc::gen::inRange(0, 60), *rc::gen::inRange<std::size_t>(1, 300));
                request.context_tokens = *rc::gen::inRange<std::size_t>(0, 4000);
                request.answer_reserve = *rc::gen::inRange<std::size_t>(0, 1000);
                std::size_t calls = 0;
                const auto fit =
                    fit_to_context(request, [&](const ChatMessages& messages) -> Result<std::size_t> {
                        ++calls;
                        return tokens_of(messages);
                    });
                if (fit.has_value()) {
                    check_fit(request, *fit, calls);
                    continue;
                }
                RC_ASSERT(fit.error().code == ErrorCode::too_large);
                ChatMessages least;
                if (request.messages.front().role == "system") {
                    least.push_back(request.messages.front());
                }
                least.push_back(request.messages.back());
                const std::size_t limit =
                    request.context_tokens - std::min(request.answer_reserve, request.context_tokens / 4);
                RC_ASSERT(tokens_of(least) > limit);
                RC_ASSERT(fit.error().message.find(std::to_string(tokens_of(least))) != std::string::npos);
                RC_ASSERT(fit.error().message.find(std::to_string(limit)) != std::string::npos);
            }
        }));
    }

    void growingChatsKeepTheirPrefix() {
        QVERIFY(rc::check("growing chats", [] {
            const auto answer = *rc::gen::inRange<std::size_t>(20, 120);
            FitRequest request{{{"system", std::string(50, 's')}}, 1000, 200};
            std::size_t changes = 0;
            std::size_t left_out = 0;
            std::size_t grown = 0;
            for (int turn = 0; turn < 40; ++turn) {
                request.messages.push_back({"user", std::string(*rc::gen::inRange<std::size_t>(1, 40), 'u')});
                const auto fit = fit_to_context(
                    request, [](const ChatMessages& m) -> Result<std::size_t> { return tokens_of(m); });
                RC_ASSERT(fit.has_value());
                RC_ASSERT(fit->left_out.size() >= left_out);
                changes += fit->left_out.size() != left_out ? 1 : 0;
                left_out = fit->left_out.size();
                request.messages.push_back({"assistant", std::string(answer, 'a')});
                grown = tokens_of(request.messages);
            }
            // A new prefix for each half of the room (800 tokens) that the chat grew beyond it, not for each
            // turn.
            RC_ASSERT(changes <= 1 + (grown > 800 ? (grown - 800) / 400 + 1 : 0));
            RC_ASSERT(changes <= 16);
        }));
    }

    void keepsAHugeExchangeThatFits() {
        const FitRequest request{{{"user", std::string(300, 'a')},
                                  {"assistant", "b"},
                                  {"user", std::string(650, 'c')},
                                  {"assistant", "d"},
                                  {"user", "e"}},
                                 900,
                                 0};
        const auto fit = fit_to_context(
            request, [](const ChatMessages& m) -> Result<std::size_t> { return tokens_of(m); });
        QVERIFY(fit.has_value());
        QCOMPARE(fit->left_out, (std::vector<std::size_t>{0, 1}));
    }

    void passesTheTemplatesErrorOn() {
        const FitRequest request{{{"user", "a"}}, 100, 10};
        const auto fit = fit_to_context(request, [](const ChatMessages&) -> Result<std::size_t> {
            return fail(ErrorCode::malformed, "No.");
        });
        QVERIFY(!fit.has_value());
        QCOMPARE(fit.error().message, std::string("No."));
        QVERIFY(
            !fit_to_context({}, [](const ChatMessages&) -> Result<std::size_t> { return 1; }).has_value());
    }
};

}  // namespace
}  // namespace tendril::prompt

QTEST_GUILESS_MAIN(tendril::prompt::TestContextFit)
#include "test_context_fit.moc"

// SPDX-License-Identifier: Apache-2.0
// The pure parts of skeleton-of-thought at work on a real model, for scripts: one model, then one JSON object
// a line on stdin, one a line on stdout. skeleton_figures.py and skeleton_router.py drive it. Without a model
// only vetoes.
//   {"veto": QUESTION}                                     -> {"veto": KEY or null, "language": CODE}
//   {"route": QUESTION [, "suffixes": [{text, options, suits}]]} -> scores, log-probabilities, rows, ms
//   {"generate": MESSAGES [, "prefix": TEXT, "max_tokens": N, "grammar": TEXT, "stop": [..]]} -> text,
//   tokens, ms
//   {"grammar": CODE}, {"outline": TEXT, "language": CODE}, {"suffix": I, "titles": [..], "language": CODE},
//   {"guard": TEXT, "outline": TEXT, "language": CODE, "point": I} -> what prompt/skeleton says to it
#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/composing.h"
#include "prompt/skeleton/order.h"
#include "prompt/skeleton/points.h"
#include "prompt/skeleton/router.h"
#include "resources/prompts/prompts.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::prompt::skeleton;
using nlohmann::ordered_json;

namespace {

[[noreturn]] void give_up(const std::string& why) {
    std::cerr << why << "\n";
    std::exit(1);
}

class Lab {
  public:
    Lab(const std::filesystem::path& model, const std::string& phrases_file) {
        std::string text(resources::skeleton_json());
        if (!phrases_file.empty()) {
            std::ifstream file(phrases_file);
            std::stringstream read;
            read << file.rdbuf();
            text = read.str();
        }
        auto parsed = Phrases::parse(text);
        if (!parsed) {
            give_up(parsed.error().message + " " + parsed.error().detail);
        }
        phrases_ = std::move(*parsed);
        if (model.empty()) {
            return;
        }
        engine::LoadOptions load;
        load.path = model;
        load.threads = 0;
        auto loaded = client_.load(load);
        if (!loaded) {
            give_up(loaded.error().message);
        }
        model_ = std::move(*loaded);
        composer_ = std::make_unique<app::PromptComposer>(model_);
    }

    ordered_json answer(const ordered_json& asked) {
        if (asked.contains("veto")) {
            return veto_of(asked.at("veto"));
        }
        if (asked.contains("route")) {
            return route(asked);
        }
        if (asked.contains("generate")) {
            return generate(asked);
        }
        if (asked.contains("guard")) {
            return guard(asked);
        }
        if (asked.contains("suffix")) {
            return suffix(asked);
        }
        if (asked.contains("outline")) {
            return outline(asked);
        }
        return {{"grammar", outline_grammar(phrases_, language(asked.at("grammar")))}};
    }

  private:
    const Language& language(const std::string& code) const {
        const Language* found = phrases_.language(code);
        if (found == nullptr) {
            give_up("no language " + code);
        }
        return *found;
    }

    ordered_json veto_of(const std::string& question) const {
        const auto reason = veto(phrases_, question, {});
        return {{"veto", reason ? ordered_json(reason->key) : ordered_json()},
                {"language", phrases_.language_of(question).code}};
    }

    engine::TokenId option_token(const std::string& option) const {
        const auto tokens = model_.tokenizer->encode(option, {});
        if (tokens.empty()) {
            give_up("an option without tokens");
        }
        return tokens.front();
    }

    ordered_json route(const ordered_json& asked) {
        const std::string question = asked.at("route");
        Language language = phrases_.language_of(question);
        if (asked.contains("suffixes")) {
            language.router.clear();
            for (const auto& one : asked.at("suffixes")) {
                language.router.push_back({one.at("text"), one.at("options"), one.at("suits")});
            }
        }
        // The conversation is in the cache by then: a person has just asked in it.
        const auto plain = composer_->compose({{"user", question}}).tokens;
        engine::PrefillRequest read;
        read.tokens = plain;
        read.cache.owner = 1;
        client_.ask(std::move(read));
        const auto begin = std::chrono::steady_clock::now();
        std::vector<engine::RequestId> ids;
        for (const RouterText& text : language.router) {
            engine::ChooseRequest request;
            request.prompt = composer_->compose({{"user", question + text.text}}).tokens;
            request.cache.owner = 1;
            for (const std::string& option : text.options) {
                request.options.push_back(option_token(option));
            }
            ids.push_back(client_.submit(std::move(request)));
        }
        std::vector<std::vector<float>> logprobs;
        std::uint32_t rows = 0;
        for (const engine::RequestId id : ids) {
            const auto reply = client_.reply(id);
            if (!reply.chosen) {
                give_up(reply.error ? reply.error->message : "no choice");
            }
            logprobs.push_back(reply.chosen->logprobs);
            rows += reply.chosen->prompt_tokens - reply.chosen->cached_tokens;
        }
        const double ms =
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
        const double score = route_score(language, logprobs);
        const auto reason = veto(phrases_, question, {});
        return {{"score", score},
                {"suits", !reason && !unsuited(phrases_, score)},
                {"logprobs", logprobs},
                {"rows", rows},
                {"ms", ms},
                {"veto", reason ? ordered_json(reason->key) : ordered_json()},
                {"language", language.code}};
    }

    ordered_json generate(const ordered_json& asked) {
        prompt::ChatMessages messages;
        for (const auto& one : asked.at("generate")) {
            messages.push_back({one.at("role"), one.at("content")});
        }
        auto composed = composer_->compose(messages);
        engine::GenerateRequest request;
        request.prompt = composed.tokens;
        request.stop = composed.stop;
        const auto prefix = model_.tokenizer->encode(asked.value("prefix", std::string()), {});
        request.prompt.insert(request.prompt.end(), prefix.begin(), prefix.end());
        request.max_tokens = asked.value("max_tokens", 400U);
        request.sampler.temperature = asked.value("temperature", 0.0F);
        request.sampler.seed = 1;
        request.cache.owner = 1;
        for (const auto& stop : asked.value("stop", ordered_json::array())) {
            request.stop.push_back(stop);
        }
        if (asked.contains("grammar")) {
            auto grammar = engine::Grammar::compile(asked.at("grammar").get<std::string>());
            if (!grammar) {
                give_up(grammar.error().message + " " + grammar.error().detail);
            }
            request.grammar = *grammar;
        }
        const auto reply = client_.ask(std::move(request));
        if (!reply.finished) {
            return {{"error", reply.error ? reply.error->message : "no answer"}};
        }
        return {{"text", reply.text},
                {"tokens", reply.finished->tokens.size()},
                {"forced_tokens", reply.finished->forced_tokens},
                {"prompt_tokens", reply.finished->prompt_tokens},
                {"cached_tokens", reply.finished->cached_tokens},
                {"ended", reply.finished->reason == engine::StopReason::end_of_text},
                {"prefill_ms", reply.finished->prefill_ms},
                {"decode_ms", reply.finished->decode_ms}};
    }

    ordered_json outline(const ordered_json& asked) const {
        const auto read =
            read_outline(phrases_, language(asked.at("language")), asked.at("outline").get<std::string>());
        if (!read) {
            return {{"reason", read.error().key}};
        }
        ordered_json points = ordered_json::array();
        for (const OutlinePoint& point : read->points) {
            points.push_back({{"title", point.title}, {"needs", point.needs}});
        }
        return {{"points", points}, {"cut", read->cut}, {"used_bytes", read->used_bytes}};
    }

    Outline outline_of(const ordered_json& asked, const std::string& member) const {
        auto read =
            read_outline(phrases_, language(asked.at("language")), asked.at(member).get<std::string>());
        if (!read) {
            give_up("a bad outline: " + read.error().key);
        }
        return std::move(*read);
    }

    ordered_json suffix(const ordered_json& asked) const {
        std::vector<OutlinePoint> points;
        for (const auto& title : asked.at("titles")) {
            points.push_back({title, {}});
        }
        const std::uint32_t index = asked.at("suffix");
        if (index >= points.size()) {
            give_up("no such point");
        }
        const PointSuffix made = point_suffix(language(asked.at("language")), points, index);
        return {{"user", made.user}, {"heading", made.heading}};
    }

    ordered_json guard(const ordered_json& asked) const {
        const Outline read = outline_of(asked, "outline");
        PointGuard made(phrases_, read.points, asked.at("point"));
        const std::string text = asked.at("guard");
        PointStop stop = PointStop::none;
        for (std::size_t at = 0; at < text.size() && stop == PointStop::none; at += 4) {
            stop = made.feed(std::string_view(text).substr(at, 4), 1);
        }
        if (stop == PointStop::none) {
            made.end(true);
        }
        return {{"text", made.text()}, {"stop", static_cast<int>(stop)}};
    }

    Phrases phrases_;
    test::EngineClient client_;
    engine::LoadedModel model_;
    std::unique_ptr<app::PromptComposer> composer_;
};

}  // namespace

int main(int count, char** values) {
    std::filesystem::path model;
    std::string phrases;
    for (int i = 1; i < count; ++i) {
        const std::string value = values[i];
        if (value == "--phrases" && i + 1 < count) {
            phrases = values[++i];
        } else {
            model = value;
        }
    }
    Lab lab(model, phrases);
    for (std::string line; std::getline(std::cin, line);) {
        const auto asked = ordered_json::parse(line, nullptr, false);
        if (asked.is_discarded()) {
            give_up("not JSON: " + line);
        }
        std::cout << lab.answer(asked).dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                  << std::endl;
    }
    return 0;
}

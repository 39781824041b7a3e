// SPDX-License-Identifier: Apache-2.0
// tendril-cli expand: an answer as an outline whose points grow side by side, or the normal answer and why.
// Main thread.
#include <charconv>
#include <condition_variable>
#include <memory>
#include <mutex>

#include <nlohmann/json.hpp>

#include "app/cli/interrupt.h"
#include "app/cli/messages_file.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/session.h"
#include "app/expand/expansion.h"
#include "app/expand/inbox_port.h"
#include "app/turn_records.h"
#include "resources/prompts/prompts.h"

namespace tendril::app::cli {
namespace {

using nlohmann::ordered_json;

struct ExpandOptions {
    std::string model;
    std::string question;
    std::string messages;
    std::string mode = "auto";
    std::vector<std::string> curve;
    std::uint32_t most_tokens = 0;
    SamplerOptions sampling;
    Common common;
};

/// Tells the main thread that there is something to do.
struct Bell {
    std::mutex mutex;
    std::condition_variable rung;
    bool ringing = false;

    void ring() {
        {
            const std::lock_guard lock(mutex);
            ringing = true;
        }
        rung.notify_one();
    }
    void wait() {
        std::unique_lock lock(mutex);
        rung.wait(lock, [this] { return ringing; });
        ringing = false;
    }
};

/// Prints for people: the outline, then the points as a reader comes to them.
class Printer final : public ExpansionObserver {
  public:
    explicit Printer(bool quiet) : quiet_(quiet) {}
    bool open() const { return open_; }

    void on_prefill(const engine::PrefillEvent&) override {}
    void on_route(const ExpansionState& state) override {
        if (!quiet_ && !state.reason.empty()) {
            say((state.skeleton ? "In points: " : "In one piece: ") + state.reason);
        }
    }
    void on_outline(const ExpansionState& state) override {
        waiting_.assign(state.points.size(), {});
        next_ = 0;
        std::string outline;
        for (std::size_t i = 0; i < state.points.size(); ++i) {
            outline += std::to_string(i + 1) + ". " + state.points[i].title + "\n";
        }
        put(outline + "\n");
    }
    void on_point_text(std::uint32_t point, const std::string& text, std::uint32_t) override {
        if (point < waiting_.size()) {
            waiting_[point] += text;
        }
    }
    void on_point_state(const ExpansionState&) override {}
    void on_text(const std::string& text, std::uint32_t) override { put(text); }

    /// What can be read by now, up to the first point that is not finished.
    void show(const ExpansionState& state) {
        for (; next_ < state.points.size() && next_ < waiting_.size(); ++next_) {
            const PointState& point = state.points[next_];
            std::string& text = waiting_[next_];
            if (!text.empty()) {
                put((headed_ ? "" : point.heading + "\n\n") + text);
                headed_ = true;
                text.clear();
            }
            if (point.phase == PointPhase::waiting || point.phase == PointPhase::growing) {
                return;
            }
            put(headed_ ? "\n\n" : "");
            headed_ = false;
        }
    }

  private:
    void put(const std::string& text) {
        if (!quiet_ && open_ && !text.empty()) {
            open_ = print(text);
        }
    }

    bool quiet_;
    bool open_ = true;
    bool headed_ = false;
    std::size_t next_ = 0;
    std::vector<std::string> waiting_;
};

std::optional<engine::CurvePoint> read_curve_point(const std::string& text) {
    engine::CurvePoint point;
    const char* end = text.data() + text.size();
    const auto rows = std::from_chars(text.data(), end, point.rows);
    if (rows.ec != std::errc() || rows.ptr == end || *rows.ptr != ':') {
        return std::nullopt;
    }
    const auto ms = std::from_chars(rows.ptr + 1, end, point.step_ms);
    const bool fits = ms.ec == std::errc() && ms.ptr == end && point.rows > 0 && point.step_ms > 0;
    return fits ? std::optional(point) : std::nullopt;
}

/// t(M): as given, as remembered, or measured now.
Result<std::vector<engine::CurvePoint>> curve_of(const ExpandOptions& options, Session& session) {
    std::vector<engine::CurvePoint> curve;
    for (const std::string& text : options.curve) {
        curve.push_back(read_curve_point(text).value_or(engine::CurvePoint()));
    }
    if (!curve.empty() || options.mode == "never") {
        return curve;
    }
    if (!session.model().curve.empty()) {
        return session.model().curve;
    }
    engine::BenchRequest bench;
    bench.prefill_tokens = 0;
    bench.batches.clear();
    bench.curve = true;
    auto measured = session.bench(std::move(bench));
    return measured ? Result<std::vector<engine::CurvePoint>>(std::move(measured->curve))
                    : fail(measured.error());
}

Result<prompt::ChatMessages> messages_of(const ExpandOptions& options) {
    prompt::ChatMessages messages;
    if (!options.messages.empty()) {
        auto read = read_messages(options.messages);
        if (!read) {
            return fail(read.error());
        }
        messages = std::move(*read);
    }
    if (!options.question.empty()) {
        messages.push_back({"user", options.question});
    }
    if (messages.empty() || messages.back().role != "user") {
        return fail(ErrorCode::invalid_argument,
                    "The last message is not a user's, so there is no question.");
    }
    return messages;
}

ExpansionRequest request_of(const ExpandOptions& options, const Session& session, PromptComposer& composer,
                            const prompt::ChatMessages& messages) {
    ExpansionRequest request;
    request.mode = options.mode == "always"  ? storage::AnswerMode::always
                   : options.mode == "never" ? storage::AnswerMode::never
                                             : storage::AnswerMode::automatic;
    request.question = messages.back().content;
    request.facts.thinking = composer.thinks();
    for (const prompt::ChatMessage& message : messages) {
        request.facts.history = request.facts.history || message.role == "assistant";
    }
    request.prompt = composer.compose(messages);
    for (const std::string& warning : composer.warnings()) {
        say(warning);
    }
    if (!request.prompt.warning.empty()) {
        say(request.prompt.warning);
    }
    request.sampler = options.sampling.sampler;
    request.max_tokens = options.most_tokens;
    request.context = session.model().context;
    return request;
}

ordered_json to_json(const ExpansionResult& result, const std::vector<engine::CurvePoint>& curve,
                     const ExpandOptions& options, double load_ms) {
    const ExpansionState& state = result.state;
    ordered_json json = {{"mode", state.skeleton ? "skeleton" : "normal"},
                         {"reason_key", state.reason_key},
                         {"reason", state.reason},
                         {"outline", ordered_json::array()},
                         {"points", ordered_json::array()}};
    for (const PointState& point : state.points) {
        const std::string whole = result.text.substr(point.begin, point.end - point.begin);
        const std::size_t text = std::min(whole.size(), whole.find_first_not_of('\n', point.heading.size()));
        json["outline"].push_back(point.title);
        json["points"].push_back({{"title", point.title},
                                  {"heading", point.heading},
                                  {"text", whole.substr(text)},
                                  {"tokens", point.tokens},
                                  {"ms", point.ms},
                                  {"state", name_of(point.phase)},
                                  {"stop", point.stop},
                                  {"needs", point.needs},
                                  {"begin", point.begin},
                                  {"end", point.end}});
    }
    json["text"] = result.text;
    const auto& finished = result.finished;
    json["answer_tokens"] = finished ? finished->tokens.size() : 0;
    json["stop_reason"] = finished ? name_of(finished->reason) : "failed";
    json["prompt_tokens"] = state.prompt_tokens;
    json["cached_tokens"] = state.cached_tokens;
    json["moved_tokens"] = state.moved_tokens;
    json["prefilled_tokens"] = state.prompt_tokens - state.cached_tokens - state.moved_tokens;
    json["forced_tokens"] = state.forced_tokens;
    json["outline_tokens"] = state.outline_tokens;
    json["outline_ms"] = state.outline_ms;
    json["first_text_ms"] = state.first_text_ms;
    json["first_paragraph_ms"] = state.first_paragraph_ms;
    json["total_ms"] = state.total_ms;
    json["predicted_gain"] = state.predicted_gain;
    json["router_score"] = state.router_score;
    json["curve"] = ordered_json::array();
    for (const engine::CurvePoint& point : curve) {
        json["curve"].push_back({{"rows", point.rows}, {"step_ms", point.step_ms}});
    }
    json["load_ms"] = load_ms;
    json["seed"] = options.sampling.sampler.seed;
    return json;
}

/// Until it has ended. A signal, or nobody who reads any more, ends it with what there is.
ExpansionResult finish(Expansion& expansion, InboxPort<engine::Engine>& port, Printer& printer, Bell& bell,
                       Interrupt& interrupt) {
    const Interrupt::Scope scope(interrupt, [&bell] { bell.ring(); });
    expansion.start();
    for (;;) {
        if (auto result = expansion.take_result()) {
            printer.show(result->state);
            return std::move(*result);
        }
        if (interrupt.asked() || !printer.open()) {
            expansion.cancel();
        }
        bell.wait();
        for (const auto& [request, event] : port.take()) {
            expansion.handle(request, event);
        }
        printer.show(expansion.state());
    }
}

int run(ExpandOptions& options, Interrupt& interrupt) {
    const auto messages = messages_of(options);
    if (!messages) {
        return failed(messages.error());
    }
    auto kit = SkeletonKit::make(resources::skeleton_json());
    if (!kit) {
        return failed(kit.error());
    }
    auto session = Session::load(options.common.load_options(options.model), interrupt);
    if (!session) {
        return failed(session.error());
    }
    const auto curve = curve_of(options, **session);
    if (!curve) {
        return failed(curve.error());
    }
    options.sampling.draw_seed();
    PromptComposer composer((*session)->model());
    ExpansionRequest request = request_of(options, **session, composer, *messages);
    request.curve = *curve;
    Bell bell;
    Printer printer(options.common.json);
    InboxPort<engine::Engine> port((*session)->engine(), [&bell] { bell.ring(); });
    Expansion expansion(std::move(request), composer, kit->get(), port, printer);
    const ExpansionResult result = finish(expansion, port, printer, bell, interrupt);
    if (result.ending == ExpansionResult::Ending::failed) {
        return failed(*result.error);
    }
    if (result.error) {
        say(result.error->message);
    }
    bool open = printer.open();
    if (options.common.json) {
        open = print_json(to_json(result, *curve, options, (*session)->model().load_ms));
    } else if (!result.state.skeleton) {
        open = open && print("\n");
    }
    return interrupt.asked() ? failed("Cancelled.") : done(open);
}

}  // namespace

void add_expand(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<ExpandOptions>();
    CLI::App& command = *app.add_subcommand(
        "expand", "A long answer as an outline whose points are written together, where that suits");
    command.add_option("model", options->model, "GGUF file")->required();
    auto* question = command.add_option("--question", options->question, "What is to be answered");
    auto* messages = command.add_option("--messages", options->messages,
                                        "A file with a JSON list of messages (role, content) in front of the "
                                        "question, or with it as the last "
                                        "one; - is standard input");
    command
        .add_option("--mode", options->mode,
                    "auto: in points where the question suits and time is gained; always; never")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->capture_default_str();
    command.add_option("-n", options->most_tokens, "Most tokens of the answer; 0 = as many as it takes")
        ->check(CLI::Range(0U, 1U << 24U));
    const CLI::Validator curve_point(
        [](std::string& text) { return read_curve_point(text) ? "" : "that is not ROWS:MS"; }, "ROWS:MS");
    command
        .add_option("--curve", options->curve,
                    "What a step of so many rows costs, several times; measured when left out")
        ->check(curve_point)
        ->delimiter(',');
    options->sampling.add_to(command);
    options->common.add_to(command);
    options->common.add_cache_to(command);
    command.callback([options, &chosen, question, messages] {
        if (question->count() + messages->count() == 0) {
            throw CLI::RequiredError("--question or --messages");
        }
        chosen.run = [options](Interrupt& interrupt) { return run(*options, interrupt); };
    });
}

}  // namespace tendril::app::cli

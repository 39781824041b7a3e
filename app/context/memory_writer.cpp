// SPDX-License-Identifier: Apache-2.0
// MemoryWriter. Chat worker's thread only; the engine's events come through an inbox and the mailbox.
#include "app/context/memory_writer.h"

#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "app/composing.h"
#include "app/turn_records.h"
#include "prompt/context/excerpt.h"
#include "prompt/context/said.h"

namespace tendril::app {
namespace {

namespace context = prompt::context;
using storage::Message;
using storage::RepresentationForm;
using storage::Role;

constexpr double kSummaryShare = 0.6;  // of the budget, at most; what was said word for word goes first
/// Small models turn in circles when they sum up.
constexpr float kPenalty = 1.1F;
constexpr int kPenaltyWindow = 256;
constexpr std::size_t kLeastSummary = 24;  // tokens
/// A model that is about to end may do so.
constexpr double kSlack = 1.5;

// Of texts with words left out:
constexpr double kLeastRate = 0.2;         // shorter than that nobody understands: rather fewer turns
constexpr std::size_t kLeastExcerpt = 24;  // tokens

}  // namespace

struct MemoryWriter::Job {
    MemoryOrder order;
    Progress progress;
    Done done;
    const context::NoteWords* words = nullptr;
    std::uint64_t serial = 0;
    std::string source;  // all that a summary may speak of
    std::size_t summary_budget = 0;
    std::shared_ptr<EngineInbox> inbox;
    engine::RequestId request = 0;
    std::vector<engine::TokenId> prompt;
    std::vector<engine::TokenId> before;  // of the answer, drawn by an earlier request
    std::string text;
    std::size_t drawn = 0;
    std::uint32_t most = 0;
    std::uint32_t read = 0;         // tokens
    std::uint64_t compression = 0;  // 0: none runs
    std::vector<std::string> kept;
    std::size_t excerpt_budget = 0;
};

MemoryWriter::MemoryWriter(WorkerLink& link, ModelKeeper& models, Compressions& compressions,
                           const NoteKit& kit)
    : link_(link), models_(models), compressions_(compressions), kit_(kit) {}
MemoryWriter::~MemoryWriter() = default;

void MemoryWriter::begin(MemoryOrder order) {
    cancel();
    job_ = std::make_unique<Job>();
    Job& job = *job_;
    job.order = std::move(order);
    job.serial = ++serial_;
    std::string said;
    for (std::size_t i = 0; i < job.order.compaction.covers; ++i) {
        const context::Segment& one = job.order.request.segments[i];
        said += one.role == "user" ? one.text + "\n" : std::string();
    }
    job.words = &kit_.words_for(said);
}

MemoryText MemoryWriter::at_once(MemoryOrder order) {
    begin(std::move(order));
    const Job& job = *job_;
    const std::size_t budget = job.order.compaction.budget;
    std::string earlier;
    if (job.order.short_text) {
        const std::string& text = job.order.request.shorts[*job.order.short_text].text;
        earlier = text.substr(0, text.find(job.words->left_out));
        if (models_.composer().tokens_of(earlier) > budget) {
            earlier.clear();
        }
    }
    auto sentences = kept(budget - models_.composer().tokens_of(earlier));
    std::erase_if(sentences, [&](const std::string& one) { return earlier.find(one) != std::string::npos; });
    if (!earlier.empty() && earlier.back() != '\n') {
        earlier += '\n';
    }
    MemoryText made = text_of(RepresentationForm::left_out, "leave_out",
                              earlier + context::notes_of(*job.words, {}, sentences));
    job_.reset();
    partial_.reset();  // of a run that is gone
    return made;
}

void MemoryWriter::start(MemoryOrder order, Progress progress, Done done) {
    begin(std::move(order));
    Job& job = *job_;
    job.progress = std::move(progress);
    job.done = std::move(done);
    if (job.order.method == "leave_out") {
        without_summary({});
    } else if (job.order.method == "summary") {
        if (!ask_summary()) {
            without_summary("There is no room for the model to summarise the oldest messages.");
        }
    } else if (!ask_excerpt()) {
        without_summary("There is no room for a shortened text of the oldest messages.");
    }
}

void MemoryWriter::cancel() {
    if (!job_) {
        return;
    }
    if (job_->inbox) {
        // Its last event brings what it has drawn; nobody else waits for it.
        auto partial = std::make_shared<Partial>();
        partial->prompt = job_->prompt;
        partial->drawn = job_->before;
        partial->text = job_->text;
        partial->compaction = job_->order.compaction;
        partial->last = job_->order.request.segments[partial->compaction.covers - 1].id;
        job_->inbox->leave([mailbox = link_.mailbox, partial](EngineInbox::Contents last) {
            mailbox->put([partial, last = std::move(last)] {
                partial->text += last.text;
                if (last.finished) {
                    partial->complete = true;
                    partial->drawn.insert(partial->drawn.end(), last.finished->tokens.begin(),
                                          last.finished->tokens.end());
                }
            });
        });
        partial_ = std::move(partial);
        link_.engine.cancel(job_->request);
    }
    if (job_->compression != 0) {
        compressions_.cancel(job_->compression);
    }
    job_.reset();
}

void MemoryWriter::forget() {
    cancel();
    partial_.reset();
}

void MemoryWriter::finish(Result<MemoryText> text) {
    const std::unique_ptr<Job> job = std::move(job_);
    link_.mailbox->put([done = job->done, text = std::move(text)]() mutable { done(std::move(text)); });
}

/// What a turn has broken off is ended, though the conversation has grown since: who asks quickly would
/// otherwise make it begin again and again.
void MemoryWriter::adopt_partial() {
    auto& [tree, request, compaction, short_text, method] = job_->order;
    if (!partial_ || !partial_->complete || partial_->prompt.empty()) {
        return;
    }
    const context::Compaction& begun = partial_->compaction;
    if (begun.covers <= compaction.covers && begun.covers * 2 >= compaction.covers &&
        request.segments[begun.covers - 1].id == partial_->last) {
        compaction = begun;
    }
}

/// A fork of the conversation up to the run's end, with a message behind it: all but that message is cached.
/// False: it would not fit.
bool MemoryWriter::ask_summary() {
    Job& job = *job_;
    const auto& segments = job.order.request.segments;
    const ConversationTree& tree = *job.order.tree;
    auto& compaction = job.order.compaction;
    adopt_partial();
    ComposeRequest request =
        compose_request(tree, tree.conversation().leaf, link_.settings, models_.model().context);
    std::size_t said = 0;
    for (const std::string& sentence : kept(context::budget_of_said(compaction.budget))) {
        said += models_.composer().tokens_of(context::item_of(sentence));
    }
    job.summary_budget =
        std::min(static_cast<std::size_t>(static_cast<double>(compaction.budget) * kSummaryShare),
                 compaction.budget - std::min(compaction.budget, said));
    job.most = static_cast<std::uint32_t>(static_cast<double>(job.summary_budget) * kSlack);
    if (job.summary_budget < kLeastSummary) {
        return false;
    }
    request.answer_reserve = job.most;
    Message question;
    question.role = Role::user;
    question.text = context::with_number(job.words->summarise, kit_.words_in(job.summary_budget, *job.words));
    std::optional<ComposedPrompt> prompt;
    while (!prompt) {
        while (!request.branch.empty() &&
               request.branch.back().message->id != segments[compaction.covers - 1].id) {
            request.branch.pop_back();
        }
        request.branch.push_back({&question});
        auto composed = models_.composer().compose(request);
        request.branch.pop_back();
        if (composed && composed->left_out.empty()) {
            prompt = std::move(*composed);
            break;
        }
        // It outgrew the context before there was time: the older half of it first.
        std::size_t fewer = compaction.covers / 2;
        while (fewer > 0 && segments[fewer].role != "user") {
            --fewer;
        }
        if (fewer == 0) {
            return false;
        }
        compaction.covers = fewer;
    }
    for (const prompt::ChatMessage& message : prompt->messages) {
        job.source += message.content + "\n";
    }
    job.prompt = prompt->tokens;
    if (partial_ && partial_->complete && partial_->prompt == job.prompt) {
        job.before = partial_->drawn;
        job.text = partial_->text;
        job.drawn = job.before.size();
    }
    partial_.reset();
    engine::GenerateRequest generate;
    generate.prompt = job.prompt;
    generate.prompt.insert(generate.prompt.end(), job.before.begin(), job.before.end());
    generate.max_tokens = job.most - std::min(job.most - 1, static_cast<std::uint32_t>(job.drawn));
    generate.sampler.temperature = 0;
    generate.sampler.repetition_penalty = kPenalty;
    generate.sampler.penalty_window = kPenaltyWindow;
    generate.stop = std::move(prompt->stop);
    generate.priority = engine::Priority::background;
    generate.cache = scope_of(tree.conversation());
    job.inbox = std::make_shared<EngineInbox>([this, serial = job.serial, mailbox = link_.mailbox] {
        mailbox->put([this, serial] { drain(serial); });
    });
    job.request = link_.engine.submit(
        std::move(generate),
        [inbox = job.inbox](engine::RequestId, engine::Event event) { inbox->put(std::move(event)); });
    return true;
}

void MemoryWriter::drain(std::uint64_t serial) {
    if (!job_ || job_->serial != serial || !job_->inbox) {
        return;
    }
    const EngineInbox::Contents contents = job_->inbox->take();
    job_->text += contents.text;
    job_->drawn += contents.tokens;
    if (contents.ended()) {
        summarised(contents);
    } else if (job_->progress) {
        job_->progress(static_cast<double>(job_->drawn) / job_->most);
    }
}

void MemoryWriter::summarised(const EngineInbox::Contents& end) {
    Job& job = *job_;
    job.inbox.reset();
    job.read = end.finished ? end.finished->prompt_tokens - end.finished->cached_tokens : 0;
    if (!end.finished || end.finished->reason == engine::StopReason::cancelled) {
        finish(fail(end.error ? *end.error : Error{ErrorCode::cancelled, "Shortening was cancelled.", {}}));
        return;
    }
    const auto reason = end.finished->reason;
    const bool whole = reason == engine::StopReason::end_of_text || reason == engine::StopReason::stop_text;
    const auto count = [this](std::string_view text) { return models_.composer().tokens_of(text); };
    auto checked = context::check_summary(job.text, whole, job.source, *job.words, job.summary_budget, count);
    link_.log->debug("summary: {} tokens drawn, {}", job.drawn, checked.why.empty() ? "taken" : checked.why);
    if (!checked.why.empty()) {
        without_summary(kit_.reason(checked.why));
        return;
    }
    const std::size_t tokens = count(checked.text);
    MemoryText made = text_of(
        RepresentationForm::summary, "summary",
        context::notes_of(*job.words, checked.text,
                          kept(job.order.compaction.budget - std::min(tokens, job.order.compaction.budget))));
    made.notes.tokens = std::move(job.prompt);
    made.notes.heading_at = static_cast<std::uint32_t>(made.notes.tokens.size());
    auto& tokens_of_notes = made.notes.tokens;
    tokens_of_notes.insert(tokens_of_notes.end(), job.before.begin(), job.before.end());
    tokens_of_notes.insert(tokens_of_notes.end(), end.finished->tokens.begin(), end.finished->tokens.end());
    finish(std::move(made));
}

/// What the turns said; of those that an earlier text stands for, what it had left of them.
std::string MemoryWriter::transcript() const {
    const auto& [tree, request, compaction, short_text, method] = job_->order;
    std::string text;
    std::size_t first = 0;
    if (short_text && request.shorts[*short_text].covers <= compaction.covers) {
        text = context::text_of_excerpt(*job_->words, request.shorts[*short_text].text);
        first = text.empty() ? 0 : request.shorts[*short_text].covers;
    }
    const std::string newer =
        context::transcript_of(*job_->words, request.segments, first, compaction.covers);
    return text.empty() || newer.empty() ? text + newer : text + "\n" + newer;
}

/// False: there is nothing to shorten, or no room for it.
bool MemoryWriter::ask_excerpt() {
    Job& job = *job_;
    const auto count = [this](std::string_view text) { return models_.composer().tokens_of(text); };
    const std::size_t budget = job.order.compaction.budget;
    job.kept = kept(context::budget_of_said(budget));
    const std::size_t around = count(context::excerpt_of(*job.words, {}, job.kept));
    if (budget < around + kLeastExcerpt) {
        return false;
    }
    job.excerpt_budget = budget - around;
    const auto most = static_cast<std::size_t>(static_cast<double>(job.excerpt_budget) / kLeastRate);
    CompressionOrder order;
    order.text = context::newest_turns(
        *job.words, context::transcript_without(*job.words, transcript(), job.kept), most, count);
    if (order.text.empty()) {
        return false;
    }
    job.source = order.text;
    order.settings.method = compress_method(job.order.method);
    order.settings.parts = context::said_in(*job.words, order.text);  // as the model reads them in a prompt
    order.settings.rate = std::clamp(static_cast<double>(job.excerpt_budget) /
                                         static_cast<double>(std::max<std::size_t>(count(order.text), 1)),
                                     prompt::kLeastRate, 1.0);
    order.scope = scope_of(job.order.tree->conversation());
    const auto current = [this, serial = job.serial] { return job_ && job_->serial == serial; };
    job.compression = compressions_.start(
        std::move(order),
        [this, current](double share) {
            if (current() && job_->progress) {
                job_->progress(share);
            }
        },
        [this, current](Result<prompt::Compressed> result) {
            if (current()) {
                excerpted(std::move(result));
            }
        });
    return true;
}

void MemoryWriter::excerpted(Result<prompt::Compressed> result) {
    Job& job = *job_;
    job.compression = 0;
    if (!result) {
        if (result.error().code == ErrorCode::cancelled) {
            finish(fail(result.error()));
            return;
        }
        link_.log->warn("oldest messages: {} ({})", result.error().message, result.error().detail);
        without_summary("The oldest messages could not be shortened: " + result.error().message);
        return;
    }
    const auto count = [this](std::string_view text) { return models_.composer().tokens_of(text); };
    // What is protected may be more than there is room for: then the oldest of it goes.
    const std::string text =
        context::newest_turns(*job.words, context::kept_transcript(*job.words, job.source, result->kept),
                              job.excerpt_budget, count);
    if (text.empty()) {
        without_summary("There is no room for a shortened text of the oldest messages.");
        return;
    }
    const prompt::Method method = compress_method(job.order.method);
    MemoryText made = text_of(RepresentationForm::compressed, prompt::name_of(method),
                              context::excerpt_of(*job.words, text, job.kept));
    made.row.scorer = prompt::needs_model(method) ? compressions_.scorer_id() : std::string();
    finish(std::move(made));
}

void MemoryWriter::without_summary(const std::string& why) {
    Job& job = *job_;
    MemoryText made = text_of(RepresentationForm::left_out, "leave_out",
                              context::notes_of(*job.words, {}, kept(job.order.compaction.budget)));
    if (!why.empty()) {
        made.fallback = why +
                        " The oldest messages were left out; what you said about how to answer and about "
                        "yourself stays word for word.";
    }
    finish(std::move(made));
}

MemoryText MemoryWriter::text_of(RepresentationForm form, std::string method, std::string text) const {
    const auto& [tree, request, compaction, short_text, asked] = job_->order;
    MemoryText made;
    made.tokens_read = job_->read;
    made.row.conversation = tree->conversation().id;
    made.row.first_message = tree->branch().front()->id;
    made.row.last_message = request.segments[compaction.covers - 1].id;
    made.row.form = form;
    made.row.method = std::move(method);
    made.row.scorer = form == RepresentationForm::summary ? models_.status().name : std::string();
    made.row.tokens_before = static_cast<std::int64_t>(compaction.tokens_before);
    made.row.tokens_after = static_cast<std::int64_t>(models_.composer().tokens_of(text));
    made.row.rate = compaction.tokens_before == 0 ? 1
                                                  : static_cast<double>(made.row.tokens_after) /
                                                        static_cast<double>(compaction.tokens_before);
    made.row.text = std::move(text);
    for (std::size_t i = 0; i < compaction.covers; ++i) {
        for (const context::DocumentSegment& one : request.segments[i].documents) {
            const auto& gone = compaction.documents;
            if (std::find(gone.begin(), gone.end(), one.id) != gone.end()) {
                storage::Representation& row = made.documents.emplace_back();
                row.conversation = made.row.conversation;
                row.document = one.id;
                row.form = RepresentationForm::left_out;
                row.method = "leave_out";
                row.rate = 0;
                row.tokens_before = static_cast<std::int64_t>(models_.composer().tokens_of(one.text));
            }
        }
    }
    return made;
}

std::vector<std::string> MemoryWriter::kept(std::size_t budget) const {
    std::vector<std::string_view> said;
    const auto& segments = job_->order.request.segments;
    for (std::size_t i = 0; i < job_->order.compaction.covers; ++i) {
        // Pinned ones stand whole.
        if (segments[i].role == "user" && segments[i].keep == context::Keep::normal) {
            said.push_back(segments[i].text);
        }
    }
    return context::kept_sentences(said, *job_->words, budget, [this](std::string_view text) {
        return models_.composer().tokens_of(text);
    });
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// DocumentPruner. Chat worker's thread only; the engine's last word on a request comes through the mailbox.
#include "app/context/document_pruner.h"

#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "app/composing.h"
#include "app/power.h"
#include "app/turn_records.h"

namespace tendril::app {
namespace {

using engine::TokenId;
using storage::Representation;
using storage::RepresentationForm;

constexpr const char* kPruning = "What the model has of the document is being shortened.";
constexpr const char* kReading = "The model is reading the shortened conversation.";
constexpr const char* kMethod = "kvzip";
constexpr const char* kAsk = "Repeat the previous text exactly.";
constexpr double kShareOfPruning = 0.8;    // of the progress
constexpr std::size_t kLeastTokens = 256;  // of a stretch: less is not worth the work

bool begins_with(const std::vector<TokenId>& tokens, const std::vector<TokenId>& beginning) {
    return tokens.size() > beginning.size() && std::equal(beginning.begin(), beginning.end(), tokens.begin());
}

std::size_t common(const std::vector<TokenId>& a, const std::vector<TokenId>& b) {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

/// The first documents of a message that the model reads whole, up to one that it does not.
std::vector<DocumentText> whole_documents(const AttachedDocuments& attached) {
    std::vector<DocumentText> whole;
    for (const DocumentText& one : attached.read) {
        const auto shown = std::find_if(attached.shown.begin(), attached.shown.end(),
                                        [&](const DraftDocument& each) { return each.id == one.id; });
        if (shown == attached.shown.end() || shown->choice != storage::AttachmentChoice::whole ||
            one.form != RepresentationForm::full) {
            break;
        }
        whole.push_back(one);
    }
    return whole;
}

}  // namespace

DocumentPruner::DocumentPruner(WorkerLink& link, ModelKeeper& models, PrunedPort& port)
    : link_(link), models_(models), port_(port) {}

void DocumentPruner::consider(const Tree& tree) {
    if (link_.settings.prune_documents) {
        waiting_ = tree;
    }
}

void DocumentPruner::stop() {
    if (!job_) {
        return;
    }
    waiting_ = waiting_ ? waiting_ : job_->tree;
    link_.engine.cancel(job_->request);
    end();
}

void DocumentPruner::cancel() {
    stop();
    waiting_.reset();
}

void DocumentPruner::settings_changed() {
    if (!link_.settings.prune_documents) {
        cancel();
        drop_all(nullptr);
    }
}

void DocumentPruner::model_changed() {
    stop();
    refused_.clear();
    model_cannot_ = false;
    drop_all("What the model had of documents went with it: they are read whole again.");
}

void DocumentPruner::cache_cleared() {
    stop();
    drop_all(nullptr);
}

void DocumentPruner::drop_all(const char* why) {
    port_.clear();
    const auto gone = std::exchange(live_, {});
    for (const auto& [conversation, live] : gone) {
        if (why != nullptr) {
            link_.notice(why, conversation);
        }
    }
    if (!gone.empty()) {
        on_changed();
    }
}

void DocumentPruner::lost(ConversationId conversation) {
    if (live_.erase(conversation) > 0) {
        link_.notice("Memory was short: the model reads the whole document again.", conversation);
        on_changed();
    }
}

void DocumentPruner::restore(ConversationId conversation) {
    if (job_ && job_->tree->conversation().id == conversation) {
        cancel();
    }
    port_.drop(conversation);
    live_.erase(conversation);
}

void DocumentPruner::forget(ConversationId conversation) {
    restore(conversation);
    if (waiting_ && waiting_->conversation().id == conversation) {
        waiting_.reset();
    }
}

std::optional<storage::RepresentationId> DocumentPruner::in_use(const ConversationTree& tree) {
    const auto live = live_.find(tree.conversation().id);
    if (live == live_.end() || !models_.ready()) {
        return std::nullopt;
    }
    const auto beginning = beginning_of(tree);
    if (beginning && begins_with(*beginning, live->second.tokens)) {
        return live->second.row;
    }
    port_.drop(live->first);
    live_.erase(live);
    link_.notice("The beginning of the conversation has changed: the model reads the whole document again.",
                 tree.conversation().id);
    return std::nullopt;
}

/// Not when a person brought the full text back.
bool DocumentPruner::wanted(const ConversationTree& tree, DocumentId document) const {
    const auto& all = tree.representations();
    const auto newest = std::find_if(all.rbegin(), all.rend(), [&](const Representation& one) {
        return one.document == document && one.form == RepresentationForm::pruned;
    });
    return newest == all.rend() || !newest->undone;
}

std::optional<std::vector<TokenId>> DocumentPruner::beginning_of(const ConversationTree& tree) {
    auto tokens = models_.composer().certain_beginning(
        compose_request(tree, tree.conversation().leaf, link_.settings, models_.model().context), {});
    return tokens ? std::optional(std::move(*tokens)) : std::nullopt;
}

/// The documents of the first message, with what stands in front of them and what asks for them again.
std::optional<DocumentPruner::Stretch> DocumentPruner::stretch_of(const ConversationTree& tree) {
    const auto branch = tree.branch();
    if (branch.empty()) {
        return std::nullopt;
    }
    ComposeRequest request = compose_request(tree, std::nullopt, link_.settings, models_.model().context);
    request.draft_documents = whole_documents(tree.documents(branch.front()->id));
    request.draft_open = true;
    if (request.draft_documents.empty() || !wanted(tree, request.draft_documents.front().id)) {
        return std::nullopt;
    }
    PromptComposer& composer = models_.composer();
    auto tokens = composer.certain_beginning(request, {});
    storage::Message ask;
    ask.role = storage::Role::user;
    ask.text = kAsk;
    ComposeRequest asked = request;
    asked.branch.push_back({&ask, request.draft_documents});
    const auto again = composer.compose(asked);
    request.draft_documents.clear();
    const auto head = composer.certain_beginning(request, {});
    const auto all = beginning_of(tree);
    if (!tokens || !head || !again || !all || !begins_with(*all, *tokens)) {
        return std::nullopt;
    }
    Stretch made;
    made.from = static_cast<std::uint32_t>(common(*head, *tokens));
    if (begins_with(again->tokens, *tokens)) {
        made.ask.assign(again->tokens.begin() + static_cast<std::ptrdiff_t>(tokens->size()),
                        again->tokens.end());
    }
    made.document = tree.documents(branch.front()->id).read.front().id;
    made.tokens = std::move(*tokens);
    return made.tokens.size() - made.from < kLeastTokens ? std::nullopt : std::optional(std::move(made));
}

void DocumentPruner::work() {
    if (!waiting_ || job_ || !models_.ready() ||
        (!link_.settings.work_on_battery && on_battery(link_.power_supplies))) {
        return;
    }
    begin(std::exchange(waiting_, nullptr));
}

void DocumentPruner::begin(const Tree& tree) {
    job_ = Job{tree, ++serial_, 0, {}, {}, 0};
    const ConversationId conversation = tree->conversation().id;
    if (live_.count(conversation) > 0) {
        read_on();  // what a turn has broken off
        return;
    }
    auto stretch = model_cannot_ || refused_.count(conversation) > 0 ? std::nullopt : stretch_of(*tree);
    if (!stretch) {
        end();
        return;
    }
    job_->stretch = std::move(*stretch);
    tell(kPruning, 0);
    engine::PruneRequest request;
    request.tokens = job_->stretch.tokens;
    request.from = job_->stretch.from;
    request.length = static_cast<std::uint32_t>(request.tokens.size()) - request.from;
    request.keep = link_.settings.prune_keep;
    request.ask = job_->stretch.ask;
    request.cache = scope_of(tree->conversation());
    job_->request = link_.engine.submit(
        std::move(request),
        [this, serial = job_->serial, mailbox = link_.mailbox](engine::RequestId, engine::Event event) {
            mailbox->put([this, serial, event = std::move(event)] { ended(serial, event); });
        });
}

void DocumentPruner::ended(std::uint64_t serial, const engine::Event& event) {
    if (!job_ || job_->serial != serial) {
        return;
    }
    if (const auto* progress = std::get_if<engine::PrefillEvent>(&event)) {
        const double share = progress->total == 0 ? 1 : static_cast<double>(progress->done) / progress->total;
        job_->reading.empty() ? tell(kPruning, kShareOfPruning * share)
                              : tell(kReading, kShareOfPruning + (1 - kShareOfPruning) * share);
    } else if (const auto* made = std::get_if<engine::PrunedEvent>(&event)) {
        pruned(*made);
    } else if (const auto* error = std::get_if<Error>(&event)) {
        refused(*error);
        end();
    } else {
        if (const auto* read = std::get_if<engine::PrefilledEvent>(&event)) {
            job_->read += read->tokens - std::min(read->tokens, read->reused);
            if (read->complete) {
                port_.read(job_->reading);
                on_read(job_->reading);
            }
        }
        end();
    }
}

void DocumentPruner::refused(const Error& error) {
    link_.log->info("document not pruned: {} ({})", error.message, error.detail);
    if (error.code == ErrorCode::cancelled || !job_->reading.empty()) {
        return;
    }
    model_cannot_ = model_cannot_ || error.code == ErrorCode::unsupported;
    refused_.insert(job_->tree->conversation().id);
    link_.notice("The document stays whole for the model: " + error.message, job_->tree->conversation().id);
}

/// The same shortening as before the program ended has the row of then.
Result<storage::RepresentationId> DocumentPruner::row_of(ConversationTree& tree, DocumentId document,
                                                         std::int64_t before, std::int64_t after) {
    Representation row;
    row.conversation = tree.conversation().id;
    row.document = document;
    row.form = RepresentationForm::pruned;
    row.method = kMethod;
    row.rate = link_.settings.prune_keep;
    row.scorer = models_.status().name;
    row.tokens_before = before;
    row.tokens_after = after;
    row.created = wall_clock_ms();
    for (const Representation& one : tree.representations()) {
        if (one.document == document && one.form == row.form && !one.undone && one.tokens_before == before &&
            one.tokens_after == after) {
            return one.id;
        }
    }
    auto id = link_.store.add_representation(row);
    if (id) {
        row.id = *id;
        tree.representations().push_back(std::move(row));
    }
    return id;
}

void DocumentPruner::pruned(const engine::PrunedEvent& event) {
    ConversationTree& tree = *job_->tree;
    Stretch& stretch = job_->stretch;
    const auto length = static_cast<std::int64_t>(stretch.tokens.size()) - stretch.from;
    const auto row = row_of(tree, stretch.document, length, event.kept);
    auto all = beginning_of(tree);
    if (!row || !all || !begins_with(*all, stretch.tokens)) {
        if (!row) {
            link_.report(row.error());
        }
        end();
        return;
    }
    link_.log->info("pruned: representation {}, {} tokens to {}, {} bytes to {}, {:.0f} ms", *row, length,
                    event.kept, event.bytes_before, event.bytes_after, event.ms);
    const ConversationId conversation = tree.conversation().id;
    port_.keep(static_cast<std::uint64_t>(conversation), {stretch.tokens, event.key, std::move(*all)});
    live_[conversation] = {std::move(stretch.tokens), *row};
    on_changed();
    if (job_) {
        read_on();
    }
}

/// The rest of the conversation, behind what was pruned; what is known by now costs nothing.
void DocumentPruner::read_on() {
    auto all = beginning_of(*job_->tree);
    if (!all) {
        end();
        return;
    }
    tell(kReading, kShareOfPruning);
    job_->reading = *all;
    job_->request = link_.engine.submit(
        engine::PrefillRequest{std::move(*all), scope_of(job_->tree->conversation())},
        [this, serial = job_->serial, mailbox = link_.mailbox](engine::RequestId, engine::Event event) {
            mailbox->put([this, serial, event = std::move(event)] { ended(serial, event); });
        });
}

void DocumentPruner::tell(const char* what, double progress) {
    link_.emit(MemoryWork{job_->tree->conversation().id, what, progress, true});
}

void DocumentPruner::end() {
    const Tree tree = job_->tree;
    const std::uint32_t read = job_->read;
    job_.reset();
    link_.emit(MemoryWork{tree->conversation().id, {}, 1, false, read});
}

}  // namespace tendril::app

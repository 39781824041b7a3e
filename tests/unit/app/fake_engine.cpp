// SPDX-License-Identifier: Apache-2.0
// FakeEngine and ByteTokenizer.
#include "tests/unit/app/fake_engine.h"

#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace tendril::test {

using engine::TokenId;

namespace {

constexpr std::array<std::string_view, 3> kControls = {"<|im_start|>", "<|im_end|>", "<s>"};

std::string_view byte_text(TokenId token) {
    static const std::string all = [] {
        std::string bytes;
        for (int i = 0; i < 256; ++i) {
            bytes += static_cast<char>(i);
        }
        return bytes;
    }();
    return std::string_view(all).substr(static_cast<std::size_t>(token), 1);
}

}  // namespace

std::vector<TokenId> ByteTokenizer::encode(std::string_view text, engine::EncodeOptions options) const {
    encoded_bytes += text.size();
    std::vector<TokenId> tokens;
    if (options.add_bos && adds_bos_) {
        tokens.push_back(kBos);
    }
    std::size_t i = 0;
    while (i < text.size()) {
        std::size_t step = 1;
        TokenId token = static_cast<unsigned char>(text[i]);
        for (std::size_t c = 0; options.parse_special && c < kControls.size(); ++c) {
            if (text.substr(i, kControls[c].size()) == kControls[c]) {
                token = static_cast<TokenId>(256 + c);
                step = kControls[c].size();
            }
        }
        tokens.push_back(token);
        i += step;
    }
    return tokens;
}

std::string_view ByteTokenizer::bytes(TokenId token, bool special) const {
    if (token < 0 || token > kBos) {
        return {};
    }
    if (token < 256) {
        return byte_text(token);
    }
    return special ? kControls[static_cast<std::size_t>(token) - 256] : std::string_view();
}

class FakeEngine::Port final : public app::EnginePort {
  public:
    explicit Port(FakeEngine& fake) : fake_(fake) {}

    void load(engine::LoadOptions options, std::function<void(engine::LoadProgress)> progress,
              std::function<void(Result<engine::LoadedModel>)> done) override {
        progress({0.5});
        {
            const std::lock_guard lock(fake_.mutex_);
            ++fake_.loads_;
            fake_.options_ = std::move(options);
            fake_.load_done_ = std::move(done);
        }
        fake_.filled_.notify_all();
        if (!fake_.hold_loads) {
            fake_.end_load();
        }
    }
    void cancel_load() override {
        fake_.load_error = Error{ErrorCode::cancelled, "Cancelled.", {}};
        fake_.end_load();
    }
    engine::RequestId submit(engine::GenerateRequest request, engine::EventSink sink) override {
        Request made;
        {
            const std::lock_guard lock(fake_.mutex_);
            made = {++fake_.last_id_, std::move(request), std::move(sink)};
            fake_.open_[made.id] = made.sink;
            fake_.asked_.push_back("generate " + std::to_string(made.id));
        }
        if (made.request.pruned && fake_.pruned_gone) {
            made.sink(made.id, Error{ErrorCode::not_found, "It is not kept any more.", {}});
            return made.id;
        }
        if (fake_.on_submit) {
            fake_.on_submit(made);
        }
        {
            const std::lock_guard lock(fake_.mutex_);
            fake_.requests_.push_back(made);
        }
        fake_.filled_.notify_all();
        return made.id;
    }
    engine::RequestId submit(engine::PrefillRequest request, engine::EventSink sink) override {
        Prefill made;
        {
            const std::lock_guard lock(fake_.mutex_);
            made.id = ++fake_.last_id_;
            made.text = fake_.model.tokenizer->decode(request.tokens, true);
            made.request = std::move(request);
            fake_.open_prefills_[made.id] = std::move(sink);
            fake_.prefills_.push_back(made);
            fake_.asked_.push_back("prefill " + std::to_string(made.id));
        }
        fake_.filled_.notify_all();
        if (!fake_.hold_prefills) {
            fake_.end_prefill(made);
        }
        return made.id;
    }
    engine::RequestId submit(engine::ScoreRequest request, engine::EventSink sink) override {
        Score made;
        bool held = false;
        {
            const std::lock_guard lock(fake_.mutex_);
            made = {++fake_.last_id_, std::move(request), std::move(sink)};
            fake_.asked_.push_back("score " + std::to_string(made.id));
            fake_.scores_.push_back(made);
            held = fake_.hold_scores;
            if (held) {
                fake_.open_scores_[made.id] = made;
            }
        }
        fake_.filled_.notify_all();
        if (fake_.score_error) {
            made.sink(made.id, *fake_.score_error);
        } else if (!held) {
            fake_.end_score(made);
        }
        return made.id;
    }
    engine::RequestId submit(engine::PruneRequest request, engine::EventSink sink) override {
        Prune made;
        {
            const std::lock_guard lock(fake_.mutex_);
            made.id = ++fake_.last_id_;
            made.text = fake_.model.tokenizer->decode(request.tokens, true);
            made.request = std::move(request);
            made.sink = std::move(sink);
            fake_.open_prunes_[made.id] = made.sink;
            fake_.prunes_.push_back(made);
            fake_.asked_.push_back("prune " + std::to_string(made.id));
        }
        fake_.filled_.notify_all();
        if (fake_.prune_error) {
            made.sink(made.id, *fake_.prune_error);
        }
        return made.id;
    }
    engine::RequestId submit(engine::EmbedRequest request, engine::EventSink sink) override {
        engine::RequestId id = 0;
        {
            const std::lock_guard lock(fake_.mutex_);
            id = ++fake_.last_id_;
            fake_.asked_.push_back("embed " + std::to_string(id));
        }
        fake_.filled_.notify_all();
        sink(id, engine::EmbeddedEvent{fake_.embed(fake_.model.tokenizer->decode(request.tokens, false))});
        return id;
    }
    engine::RequestId submit(engine::ChooseRequest request, engine::EventSink sink) override {
        Choice made;
        {
            const std::lock_guard lock(fake_.mutex_);
            made.id = ++fake_.last_id_;
            made.text = fake_.model.tokenizer->decode(request.prompt, true);
            made.request = std::move(request);
            fake_.open_choices_[made.id] = std::move(sink);
            fake_.choices_.push_back(made);
            fake_.asked_.push_back("choose " + std::to_string(made.id));
        }
        fake_.filled_.notify_all();
        return made.id;
    }
    engine::RequestId submit(engine::BenchRequest request, engine::EventSink sink) override {
        fake_.note(request.curve ? "measure" : "bench");
        sink(0, engine::BenchEvent{{}, fake_.measured});
        return 0;
    }
    void curve(std::function<void(std::vector<engine::CurvePoint>)> answer) override { answer(fake_.curve); }
    void cache_state(std::function<void(engine::CacheState)> answer) override { answer(fake_.cache); }
    void clear_cache(std::function<void(Status)> done) override {
        fake_.note("clear");
        done({});
    }
    void forget(std::uint64_t owner) override { fake_.note("forget " + std::to_string(owner)); }
    void forget_others(std::vector<std::uint64_t> known) override {
        std::string all = "forget all but";
        for (const std::uint64_t owner : known) {
            all += ' ' + std::to_string(owner);
        }
        fake_.note(all);
    }
    void cancel(engine::RequestId id) override {
        engine::EventSink sink;
        {
            const std::lock_guard lock(fake_.mutex_);
            fake_.asked_.push_back("cancel " + std::to_string(id));
            if (const auto it = fake_.open_prefills_.find(id); it != fake_.open_prefills_.end()) {
                const engine::EventSink ahead = it->second;
                fake_.open_prefills_.erase(it);
                ahead(id, fake_.cancelled_prefill ? fake_.cancelled_prefill(id) : engine::PrefilledEvent());
                return;
            }
            if (const auto it = fake_.open_prunes_.find(id); it != fake_.open_prunes_.end()) {
                const engine::EventSink prune = it->second;
                fake_.open_prunes_.erase(it);
                prune(id, Error{ErrorCode::cancelled, "Shortening the text was stopped.", {}});
                return;
            }
            if (const auto it = fake_.open_choices_.find(id); it != fake_.open_choices_.end()) {
                const engine::EventSink choice = it->second;
                fake_.open_choices_.erase(it);
                choice(id, Error{ErrorCode::cancelled, "The choice was stopped.", {}});
                return;
            }
            if (const auto it = fake_.open_scores_.find(id); it != fake_.open_scores_.end()) {
                const engine::EventSink score = it->second.sink;
                fake_.open_scores_.erase(it);
                score(id, Error{ErrorCode::cancelled, "The scoring was stopped.", {}});
                return;
            }
            fake_.cancelled_ = true;
            if (const auto it = fake_.open_.find(id); it != fake_.open_.end()) {
                sink = it->second;
                fake_.open_.erase(it);
            }
        }
        if (sink) {
            engine::FinishedEvent finished;
            finished.reason = engine::StopReason::cancelled;
            finished.tokens = fake_.model.tokenizer->encode(fake_.said_[id], {});
            sink(id, finished);
        }
    }
    Result<engine::ModelDescription> inspect(const std::filesystem::path& path) override {
        engine::ModelDescription description = fake_.model.description;
        description.path = path;
        return description;
    }

  private:
    FakeEngine& fake_;
};

FakeEngine::Prune FakeEngine::take_prune() {
    std::unique_lock lock(mutex_);
    if (!filled_.wait_for(lock, std::chrono::seconds(20), [this] { return !prunes_.empty(); })) {
        throw std::runtime_error("nothing was to be pruned");
    }
    Prune first = std::move(prunes_.front());
    prunes_.pop_front();
    return first;
}

void FakeEngine::end_prune(const Prune& prune) {
    {
        const std::lock_guard lock(mutex_);
        if (open_prunes_.erase(prune.id) == 0) {
            return;  // cancelled before
        }
    }
    engine::PrunedEvent pruned;
    pruned.key = prune.id;
    pruned.kept = prune.request.length / 2;
    prune.sink(prune.id, pruned);
}

FakeEngine::Score FakeEngine::take_score() {
    std::unique_lock lock(mutex_);
    if (!filled_.wait_for(lock, std::chrono::seconds(20), [this] { return !scores_.empty(); })) {
        throw std::runtime_error("nothing was to be scored");
    }
    Score taken = std::move(scores_.front());
    scores_.pop_front();
    return taken;
}

void FakeEngine::end_score(const Score& score) {
    {
        const std::lock_guard lock(mutex_);
        open_scores_.erase(score.id);
    }
    engine::ScoredEvent scored;
    for (std::size_t i = std::max(score.request.from, 1U); i < score.request.tokens.size(); ++i) {
        const engine::TokenId token = score.request.tokens[i];
        scored.tokens.push_back({token, -static_cast<float>(token % 10), {}});
    }
    score.sink(score.id, std::move(scored));
}

void FakeEngine::release_scores() {
    std::map<engine::RequestId, Score> held;
    {
        const std::lock_guard lock(mutex_);
        hold_scores = false;
        held.swap(open_scores_);
    }
    for (const auto& [id, score] : held) {
        end_score(score);
    }
}

FakeEngine::FakeEngine() {
    model.description.name = "Fake";
    model.description.context_length = 4096;
    model.device = "Fake device";
    model.context = 4096;
    model.tokenizer = std::make_shared<ByteTokenizer>();
}

std::unique_ptr<app::EnginePort> FakeEngine::port() {
    return std::make_unique<Port>(*this);
}

void FakeEngine::end_load() {
    std::function<void(Result<engine::LoadedModel>)> done;
    {
        const std::lock_guard lock(mutex_);
        done = std::exchange(load_done_, nullptr);
    }
    if (done) {
        done(load_error ? Result<engine::LoadedModel>(fail(*load_error))
                        : Result<engine::LoadedModel>(model));
    }
}

void FakeEngine::finish_load() {
    {
        std::unique_lock lock(mutex_);
        if (!filled_.wait_for(lock, std::chrono::seconds(20), [this] { return load_done_ != nullptr; })) {
            throw std::runtime_error("no load came");
        }
    }
    end_load();
}

std::string FakeEngine::take_request() {
    std::unique_lock lock(mutex_);
    if (!filled_.wait_for(lock, std::chrono::seconds(20), [this] { return !requests_.empty(); })) {
        throw std::runtime_error("no request came");
    }
    current_ = std::move(requests_.front());
    requests_.pop_front();
    tokens_ = 0;
    cancelled_ = false;
    return model.tokenizer->decode(current_.request.prompt, true);
}

FakeEngine::Prefill FakeEngine::take_prefill() {
    std::unique_lock lock(mutex_);
    if (!filled_.wait_for(lock, std::chrono::seconds(20), [this] { return !prefills_.empty(); })) {
        throw std::runtime_error("nothing was read ahead");
    }
    Prefill first = std::move(prefills_.front());
    prefills_.pop_front();
    return first;
}

void FakeEngine::end_prefill(const Prefill& prefill) {
    engine::EventSink sink;
    {
        const std::lock_guard lock(mutex_);
        const auto it = open_prefills_.find(prefill.id);
        if (it == open_prefills_.end()) {
            return;
        }
        sink = it->second;
        open_prefills_.erase(it);
    }
    engine::PrefilledEvent done{static_cast<std::uint32_t>(prefill.request.tokens.size()), 0, true, 1.0};
    done.logprobs_from = 1;
    for (std::size_t i = 1; prefill.request.losses && i < prefill.request.tokens.size(); ++i) {
        done.logprobs.push_back(-static_cast<float>(prefill.request.tokens[i] % 10));
    }
    sink(prefill.id, std::move(done));
}

FakeEngine::Choice FakeEngine::take_choice() {
    std::unique_lock lock(mutex_);
    if (!filled_.wait_for(lock, std::chrono::seconds(20), [this] { return !choices_.empty(); })) {
        throw std::runtime_error("nothing was to be chosen");
    }
    Choice first = std::move(choices_.front());
    choices_.pop_front();
    return first;
}

void FakeEngine::choose(const Choice& choice, std::vector<float> logprobs) {
    engine::EventSink sink;
    {
        const std::lock_guard lock(mutex_);
        const auto it = open_choices_.find(choice.id);
        if (it == open_choices_.end()) {
            return;
        }
        sink = it->second;
        open_choices_.erase(it);
    }
    engine::ChosenEvent chosen;
    chosen.logprobs = std::move(logprobs);
    chosen.prompt_tokens = static_cast<std::uint32_t>(choice.request.prompt.size());
    sink(choice.id, std::move(chosen));
}

void FakeEngine::note(std::string what) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(what));
}

std::vector<std::string> FakeEngine::asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
}

engine::LoadOptions FakeEngine::load_options() const {
    const std::lock_guard lock(mutex_);
    return options_;
}

void FakeEngine::say(const std::string& text) {
    ++tokens_;
    current_.sink(current_.id, engine::TextEvent{text, 1});
}

void FakeEngine::say(const Request& to, const std::string& text) {
    said_[to.id] += text;
    to.sink(to.id, engine::TextEvent{text, static_cast<std::uint32_t>(text.size())});
}

void FakeEngine::finish(const Request& which, engine::StopReason reason) {
    {
        const std::lock_guard lock(mutex_);
        if (open_.erase(which.id) == 0) {
            return;  // cancelled before
        }
    }
    engine::FinishedEvent finished;
    finished.reason = reason;
    finished.tokens = model.tokenizer->encode(said_[which.id], {});
    finished.prompt_tokens = static_cast<std::uint32_t>(which.request.prompt.size());
    which.sink(which.id, finished);
}

void FakeEngine::prefill(std::uint32_t done, std::uint32_t total, std::uint32_t reused) {
    current_.sink(current_.id, engine::PrefillEvent{done, total, reused});
}

void FakeEngine::finish(engine::StopReason reason) {
    {
        const std::lock_guard lock(mutex_);
        open_.erase(current_.id);
    }
    engine::FinishedEvent finished;
    finished.reason = reason;
    finished.tokens.assign(tokens_, 65);
    finished.prompt_tokens = static_cast<std::uint32_t>(current_.request.prompt.size());
    finished.cached_tokens = 3;
    finished.first_token_ms = 12.5;
    finished.decode_ms = 100;
    current_.sink(current_.id, finished);
}

void FakeEngine::fail_request(Error error) {
    {
        const std::lock_guard lock(mutex_);
        open_.erase(current_.id);
    }
    current_.sink(current_.id, std::move(error));
}

bool FakeEngine::cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
}

std::size_t FakeEngine::loads() const {
    const std::lock_guard lock(mutex_);
    return loads_;
}

std::size_t FakeEngine::submitted() const {
    const std::lock_guard lock(mutex_);
    return last_id_;
}

}  // namespace tendril::test

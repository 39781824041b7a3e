// SPDX-License-Identifier: Apache-2.0
// Reading, looking, gathering.
#include "engine/schedule/pruning.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/schedule/key_choice.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kMostRepeated = 2048;  // as KVzip's authors do
constexpr std::size_t kLeastRepeated = 64;
constexpr std::size_t kReminder = 8;        // last tokens of the chunk before, to go on from
constexpr std::size_t kWindow = 64;         // last rows of the text that SnapKV looks at
constexpr std::size_t kShortOfPages = 256;  // tokens of a chunk when hardly a page is free

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
    return hash ^ (hash >> 29U);
}

/// Of what is kept of which text, and how; never 0.
std::uint64_t key_of(const PruneRequest& request, std::size_t kept) {
    std::uint64_t hash = mixed(0x7E4D5217, request.tokens.size());
    for (const TokenId token : request.tokens) {
        hash = mixed(hash, static_cast<std::uint64_t>(token));
    }
    for (const TokenId token : request.ask) {
        hash = mixed(hash, static_cast<std::uint64_t>(token));
    }
    hash = mixed(mixed(mixed(hash, request.from), kept), static_cast<std::uint64_t>(request.method));
    hash = mixed(hash, request.cache.keep_private ? request.cache.owner : 0);
    return std::max<std::uint64_t>(hash, 1);
}

std::size_t kept_of(const PruneRequest& request) {
    const double kept = std::round(request.keep * static_cast<double>(request.length));
    return std::clamp<std::size_t>(static_cast<std::size_t>(kept), 1, request.length);
}

}  // namespace

std::size_t Pruning::longest_chunk(const PruneRequest& request, std::size_t context) {
    const std::size_t before = request.tokens.size() + request.ask.size() + kReminder;
    const std::size_t room = context - std::min(context, before);
    const std::size_t chunk = std::min({kMostRepeated, room, std::size_t{request.length}});
    return chunk < std::min<std::size_t>(kLeastRepeated, request.length) ? 0 : chunk;
}

Pruning::Pruning(RequestId id, PruneRequest request, EventSink sink, Clock::time_point submitted,
                 KvCache& cache, PruneShape shape)
    : Task(id, Priority::background, request.tokens, std::move(sink), request.cache),
      request_(std::move(request)),
      cache_(cache),
      shape_(shape),
      submitted_(submitted),
      key_(key_of(request_, kept_of(request_))),
      text_(request_.tokens.size()),
      kept_(kept_of(request_)) {
    assert(request_.length > 0 && std::size_t{request_.from} + request_.length == text_);
    request_.tokens.clear();
    scores_.resize(shape_.layers * shape_.kv_heads * request_.length);
}

/// Also after a pause: what was measured of whole chunks stays.
void Pruning::started(std::size_t) {
    phase_ = Phase::reading;
    tokens_.resize(text_);
    if (cache_.pruned(key_).key != 0) {
        finish();
    } else if (pending() == 0) {
        look_on();
    }
}

void Pruning::paused() {
    made_.clear();
    phase_ = Phase::reading;
    tokens_.resize(text_);
}

void Pruning::step_done(std::size_t, std::size_t) {
    if (finished()) {
        return;
    }
    if (phase_ == Phase::looking && request_.method == PruneMethod::snapkv) {
        take_measures();  // of this step; another may follow
    }
    if (pending() > 0) {
        return;
    }
    if (phase_ == Phase::looking) {
        if (request_.method == PruneMethod::kvzip) {
            take_measures();
        }
        chunk_ += chunk_size_;
    }
    look_on();
}

/// What comes next, with the text in the view.
void Pruning::look_on() {
    view.rewind(text_);
    tokens_.resize(text_);
    const bool all = kept_ == request_.length;
    if (all || request_.method == PruneMethod::random || chunk_ == request_.length) {
        phase_ = Phase::gathering;
        return;
    }
    phase_ = Phase::looking;
    request_.method == PruneMethod::kvzip ? look_at_chunk() : look_back();
}

/// Behind the text: what asks for it, where to go on, and the chunk as it would be said.
void Pruning::look_at_chunk() {
    PruneRequest sizes;
    sizes.length = request_.length;
    sizes.tokens.resize(text_);
    sizes.ask = request_.ask;
    const std::size_t free = cache_.pool().free_count() * kPageTokens;
    const std::size_t most =
        std::max(kShortOfPages, free - std::min(free, sizes.ask.size() + 3 * kPageTokens));
    chunk_size_ = std::min({longest_chunk(sizes, shape_.context), most, request_.length - chunk_});
    looking_from_ = text_;
    const auto begin = static_cast<std::ptrdiff_t>(request_.from + chunk_);
    const auto reminder = static_cast<std::ptrdiff_t>(std::min(chunk_, kReminder));
    const auto end = begin + static_cast<std::ptrdiff_t>(chunk_size_);
    const std::vector<TokenId> again(tokens_.begin() + begin - reminder, tokens_.begin() + end);
    tokens_.insert(tokens_.end(), request_.ask.begin(), request_.ask.end());
    tokens_.insert(tokens_.end(), again.begin(), again.end());
    measures_.assign(shape_.layers * shape_.kv_heads * chunk_size_, -std::numeric_limits<float>::infinity());
}

/// The text's last rows once more, which look at all in front of them.
void Pruning::look_back() {
    const std::size_t window = std::min<std::size_t>(kWindow, request_.length / 2);
    chunk_size_ = request_.length;
    looking_from_ = text_ - window;
    view.rewind(looking_from_);
    std::fill(scores_.begin(), scores_.end(), 0.0F);
    measures_.resize(shape_.layers * shape_.kv_heads * (request_.length - window));
    if (window == 0) {
        chunk_ = request_.length;
        look_on();
    }
}

std::optional<StepWatch> Pruning::watch() {
    if (phase_ != Phase::looking) {
        return std::nullopt;
    }
    StepWatch made;
    made.range = {request_.from + chunk_, chunk_size_, looking_from_, PeakRange::Kind::peak};
    if (request_.method == PruneMethod::snapkv) {
        made.range.count = looking_from_ - request_.from;
        made.range.kind = PeakRange::Kind::sum;
        std::fill(measures_.begin(), measures_.end(), 0.0F);  // a step that was broken off counts for nothing
    }
    made.peaks = measures_;
    return made;
}

void Pruning::take_measures() {
    const std::size_t heads = shape_.layers * shape_.kv_heads;
    const std::size_t count = measures_.size() / heads;
    for (std::size_t head = 0; head < heads; ++head) {
        const float* const from = measures_.data() + head * count;
        float* const to = scores_.data() + head * request_.length + chunk_;
        for (std::size_t i = 0; i < count; ++i) {
            to[i] = request_.method == PruneMethod::snapkv ? to[i] + from[i] : from[i];
        }
    }
}

/// Places in the stretch. The text's first key is always kept: attention that is meant for nothing goes
/// there.
std::vector<std::uint32_t> Pruning::wanted_keys(std::size_t layer, std::size_t head) const {
    const std::size_t which = layer * shape_.kv_heads + head;
    const std::span<const float> measured =
        std::span(scores_).subspan(which * request_.length, request_.length);
    std::vector<float> scores(measured.begin(), measured.end());
    if (request_.method == PruneMethod::random) {
        scores = random_scores(request_.length, key_ + which);
    } else if (request_.method == PruneMethod::snapkv) {
        scores = smoothed(measured);
        const std::size_t window = std::min<std::size_t>(kWindow, request_.length / 2);
        std::fill(scores.end() - static_cast<std::ptrdiff_t>(window), scores.end(),
                  std::numeric_limits<float>::max());
    }
    if (request_.from == 0) {
        scores.front() = std::numeric_limits<float>::infinity();
    }
    return largest_of(scores, kept_);
}

void Pruning::do_piece() {
    if (made_.empty()) {
        layer_ = 0;
        made_ = cache_.begin_pruned(view, request_.from, kept_);
        if (made_.empty()) {
            fail_with({ErrorCode::out_of_memory,
                       "There is not enough memory for the shortened text beside the whole one.",
                       std::to_string(request_.from + kept_) + " slots"});
            return;
        }
    }
    gather_layer();
    if (++layer_ == shape_.layers) {
        cache_.keep_pruned(key_, tokens(), std::exchange(made_, View()), scope());
        if (cache_.pruned(key_).key == 0) {
            cancel();  // its owner was forgotten meanwhile
            return;
        }
        cache_.rather_pruned(tokens(), request_.from, scope());
        finish();
    }
}

void Pruning::gather_layer() {
    for (std::size_t head = 0; head < shape_.kv_heads; ++head) {
        std::vector<std::uint32_t> slots = wanted_keys(layer_, head);
        for (std::uint32_t& slot : slots) {
            slot += request_.from;
        }
        cache_.pages().gather({layer_, head, view.pages(), slots, made_.pages(), request_.from});
    }
}

void Pruning::cancel() {
    made_.clear();
    fail_with({ErrorCode::cancelled, "Shortening the text was stopped.", {}});
}

void Pruning::finish() {
    made_.clear();
    const Frozen frozen = cache_.pruned(key_);
    const std::uint64_t page = cache_.pages().page_bytes(PageGroup::full);
    PrunedEvent result;
    result.key = key_;
    result.kept = static_cast<std::uint32_t>(kept_);
    result.bytes_before = pages_for(text_) * page;
    result.bytes_after = pages_for(frozen.slots) * page;
    result.ms = milliseconds_between(submitted_, Clock::now());
    end(result);
}

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// KnownScores. Any thread.
#include "app/compress/known_scores.h"

#include <xxhash.h>

#include <limits>
#include <utility>

namespace tendril::app {

std::string scorer_key(const std::filesystem::path& model) {
    std::error_code error;
    std::string key = model.string();
    const auto bytes = std::filesystem::file_size(model, error);
    const auto changed = error ? std::filesystem::file_time_type() : last_write_time(model, error);
    if (!error) {
        key += "|" + std::to_string(bytes) + "|" + std::to_string(changed.time_since_epoch().count());
    }
    return key;
}

std::size_t KnownScores::Entry::bytes() const {
    constexpr std::size_t kAround = 96;  // of the list and the map, about
    return pieces.size() * sizeof(Piece) + kAround;
}

KnownScores::Key KnownScores::key_of(std::string_view scorer, const prompt::ScoreJob& job) {
    const std::uint64_t by = XXH3_64bits(scorer.data(), scorer.size());
    const std::uint64_t behind = XXH3_64bits_withSeed(job.context.data(), job.context.size(), by);
    const XXH128_hash_t hash = XXH3_128bits_withSeed(job.text.data(), job.text.size(), behind);
    return {hash.low64, hash.high64};
}

void KnownScores::drop(std::list<Entry>::iterator entry) {
    bytes_ -= entry->bytes();
    places_.erase(entry->key);
    entries_.erase(entry);
}

std::optional<KnownScores::Pieces> KnownScores::find(std::string_view scorer, const prompt::ScoreJob& job) {
    const Key key = key_of(scorer, job);
    const std::lock_guard lock(mutex_);
    const auto place = places_.find(key);
    if (place == places_.end()) {
        return std::nullopt;
    }
    entries_.splice(entries_.begin(), entries_, place->second);
    Pieces pieces;
    pieces.reserve(place->second->pieces.size());
    for (const Piece& one : place->second->pieces) {
        pieces.push_back({one.begin, one.end, one.nats});
    }
    return pieces;
}

bool KnownScores::has(std::string_view scorer, const prompt::ScoreJob& job) const {
    const Key key = key_of(scorer, job);
    const std::lock_guard lock(mutex_);
    return places_.contains(key);
}

void KnownScores::keep(std::string_view scorer, const prompt::ScoreJob& job, const Pieces& pieces) {
    Entry entry{key_of(scorer, job), {}};
    if (job.text.size() > std::numeric_limits<std::uint32_t>::max()) {
        return;
    }
    entry.pieces.reserve(pieces.size());
    for (const prompt::ScoredPiece& one : pieces) {
        entry.pieces.push_back(
            {static_cast<std::uint32_t>(one.begin), static_cast<std::uint32_t>(one.end), one.nats});
    }
    const std::lock_guard lock(mutex_);
    if (const auto place = places_.find(entry.key); place != places_.end()) {
        drop(place->second);
    }
    if (entry.bytes() > most_bytes_) {
        return;
    }
    bytes_ += entry.bytes();
    entries_.push_front(std::move(entry));
    places_[entries_.front().key] = entries_.begin();
    while (bytes_ > most_bytes_) {
        drop(std::prev(entries_.end()));
    }
}

void KnownScores::clear() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
    places_.clear();
    bytes_ = 0;
}

std::size_t KnownScores::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

Result<std::vector<KnownScores::Pieces>> KnowingScorer::score(std::span<const prompt::ScoreJob> jobs) {
    std::vector<KnownScores::Pieces> all(jobs.size());
    std::vector<prompt::ScoreJob> unknown;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (auto pieces = known_.find(key_, jobs[i])) {
            all[i] = std::move(*pieces);
        } else {
            unknown.push_back(jobs[i]);
            places.push_back(i);
        }
    }
    if (unknown.empty()) {
        return all;
    }
    auto scored = scorer_.score(unknown);
    if (!scored) {
        return fail(scored.error());
    }
    for (std::size_t i = 0; i < std::min(unknown.size(), scored->size()); ++i) {
        known_.keep(key_, unknown[i], (*scored)[i]);
        all[places[i]] = std::move((*scored)[i]);
    }
    return all;
}

}  // namespace tendril::app

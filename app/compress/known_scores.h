// SPDX-License-Identifier: Apache-2.0
// What models have said about texts, so that none is read again for another rate, method or choice: a bounded
// number of bytes, in memory only; of texts it knows nothing but their hashes. Any thread; owned by
// Compressions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "prompt/compress/compress.h"

namespace tendril::app {

/// A model as scores belong to it: its file, with its size and time.
std::string scorer_key(const std::filesystem::path& model);

class KnownScores {
  public:
    using Pieces = std::vector<prompt::ScoredPiece>;
    static constexpr std::size_t kBytes = std::size_t{16} << 20U;  ///< of about a million tokens

    explicit KnownScores(std::size_t most_bytes = kBytes) : most_bytes_(most_bytes) {}
    KnownScores(const KnownScores&) = delete;
    KnownScores& operator=(const KnownScores&) = delete;

    /// Of the job's text behind its context. Scores that were found or kept last go last.
    std::optional<Pieces> find(std::string_view scorer, const prompt::ScoreJob& job);
    bool has(std::string_view scorer, const prompt::ScoreJob& job) const;
    /// In the place of what was known. What is alone larger than all that may be kept is not kept.
    void keep(std::string_view scorer, const prompt::ScoreJob& job, const Pieces& pieces);
    void clear();
    std::size_t bytes() const;

  private:
    struct Key {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const { return key.low; }
    };
    struct Piece {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        float nats = 0;
    };
    struct Entry {
        Key key;
        std::vector<Piece> pieces;
        std::size_t bytes() const;
    };
    static Key key_of(std::string_view scorer, const prompt::ScoreJob& job);
    void drop(std::list<Entry>::iterator entry);

    const std::size_t most_bytes_;
    mutable std::mutex mutex_;
    std::list<Entry> entries_;  // newest first
    std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> places_;
    std::size_t bytes_ = 0;
};

/// Asks another scorer only what is not known yet, and keeps what it says. Borrows both.
class KnowingScorer final : public prompt::Scorer {
  public:
    KnowingScorer(prompt::Scorer& scorer, KnownScores& known, std::string key)
        : scorer_(scorer), known_(known), key_(std::move(key)) {}
    Result<std::vector<KnownScores::Pieces>> score(std::span<const prompt::ScoreJob> jobs) override;

  private:
    prompt::Scorer& scorer_;
    KnownScores& known_;
    std::string key_;
};

}  // namespace tendril::app

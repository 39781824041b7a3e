// SPDX-License-Identifier: Apache-2.0
// An adaptive model of words. Pure; any thread.
#include "prompt/compress/novelty.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "prompt/compress/characters.h"

namespace tendril::prompt::compression {
namespace {

using Key = std::uint64_t;

Key mixed(Key a, Key b) {
    Key x = a * 0x9E3779B97F4A7C15U ^ (b + 0xD1B54A32D192ED03U);
    x ^= x >> 32U;
    x *= 0xD6E8FEB86659FD93U;
    return x ^ x >> 32U;
}

/// The words that followed a context.
struct Followers {
    std::uint32_t all = 0;
    std::uint32_t different = 0;
};

/// Counts of all contexts of one length.
class Order {
  public:
    /// p(word | context), given the same of the shorter context.
    double probability(Key context, Key word, double shorter) const {
        const auto found = followers_.find(context);
        if (found == followers_.end()) {
            return shorter;
        }
        const auto seen = pairs_.find(mixed(context, word));
        const double count = seen == pairs_.end() ? 0 : seen->second;
        const double different = found->second.different;
        return (count + different * shorter) / (found->second.all + different);
    }
    void learn(Key context, Key word) {
        Followers& followers = followers_[context];
        ++followers.all;
        if (++pairs_[mixed(context, word)] == 1) {
            ++followers.different;
        }
    }

  private:
    std::unordered_map<Key, Followers> followers_;
    std::unordered_map<Key, std::uint32_t> pairs_;
};

/// The word without what surrounds it: "Door," and "door" are the same.
Key key_of(std::string_view word) {
    const std::string lower = lower_case(word);
    std::string letters;
    for (std::size_t at = 0; at < lower.size();) {
        const Character c = character_at(lower, at);
        if (c.kind == CharacterKind::letter || c.kind == CharacterKind::wide ||
            c.kind == CharacterKind::digit) {
            letters.append(lower, at, c.bytes);
        }
        at += c.bytes;
    }
    return std::hash<std::string>{}(letters.empty() ? lower : letters);
}

}  // namespace

std::vector<float> novelty_of(std::string_view text, std::span<const Unit> units,
                              std::span<const float> prior) {
    std::array<Order, 3> orders;
    std::array<Key, 2> past{};
    std::vector<float> nats(units.size());
    for (std::size_t i = 0; i < units.size(); ++i) {
        const Key word = key_of(text.substr(units[i].core, units[i].end - units[i].core));
        const std::array<Key, 3> contexts = {0, past[0], mixed(past[1], past[0])};
        double p = std::exp(-static_cast<double>(prior[i]));
        for (std::size_t n = 0; n < orders.size(); ++n) {
            p = orders[n].probability(contexts[n], word, p);
            orders[n].learn(contexts[n], word);
        }
        nats[i] = static_cast<float>(-std::log(std::max(p, 1e-30)));
        past = {word, past[0]};
    }
    return nats;
}

}  // namespace tendril::prompt::compression

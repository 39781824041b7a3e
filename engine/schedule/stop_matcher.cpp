// SPDX-License-Identifier: Apache-2.0
// Knuth-Morris-Pratt over several patterns at once.
#include "engine/schedule/stop_matcher.h"

#include <algorithm>

namespace tendril::engine {

StopMatcher::StopMatcher(const std::vector<std::string>& stops) {
    for (const std::string& stop : stops) {
        if (stop.empty()) {
            continue;
        }
        Pattern pattern{stop, std::vector<std::uint32_t>(stop.size(), 0), 0};
        std::uint32_t border = 0;
        for (std::size_t i = 1; i < stop.size(); ++i) {
            while (border > 0 && stop[i] != stop[border]) {
                border = pattern.fallback[border - 1];
            }
            border += stop[i] == stop[border] ? 1U : 0U;
            pattern.fallback[i] = border;
        }
        patterns_.push_back(std::move(pattern));
    }
}

bool StopMatcher::push(std::string_view text, std::string& out) {
    if (patterns_.empty()) {
        pushed_ += text.size();
        out += text;
        return false;
    }
    for (const char byte : text) {
        held_ += byte;
        ++pushed_;
        std::size_t complete = 0;
        for (Pattern& pattern : patterns_) {
            while (pattern.matched > 0 && pattern.text[pattern.matched] != byte) {
                pattern.matched = pattern.fallback[pattern.matched - 1];
            }
            if (pattern.text[pattern.matched] == byte && ++pattern.matched == pattern.text.size()) {
                complete = std::max(complete, pattern.matched);
                pattern.matched = pattern.fallback[pattern.matched - 1];
            }
        }
        if (complete > 0) {
            match_start_ = pushed_ - complete;
            out.append(held_, 0, held_.size() - complete);
            held_.clear();
            return true;
        }
    }
    std::size_t hold = 0;
    for (const Pattern& pattern : patterns_) {
        hold = std::max(hold, pattern.matched);
    }
    out.append(held_, 0, held_.size() - hold);
    held_.erase(0, held_.size() - hold);
    return false;
}

void StopMatcher::finish(std::string& out) {
    out += held_;
    held_.clear();
}

}  // namespace tendril::engine

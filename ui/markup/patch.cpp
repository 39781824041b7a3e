// SPDX-License-Identifier: Apache-2.0
// Small insertions into a chunk before md4c reads it, and the way back. Any thread.
#include "ui/markup/patch.h"

#include <algorithm>

namespace tendril::ui::markup {
namespace {

std::string_view content_of(std::string_view line) {
    const std::size_t begin = line.find_first_not_of(" \t>");
    return begin == std::string_view::npos ? std::string_view() : line.substr(begin);
}

class Patcher {
  public:
    explicit Patcher(std::string_view chunk) : chunk_(chunk) {}

    Patched run() {
        std::string_view before;
        char fence = 0;
        for (std::size_t begin = 0; begin < chunk_.size();) {
            const std::size_t end = std::min(chunk_.find('\n', begin), chunk_.size());
            const std::string_view line = chunk_.substr(begin, end - begin);
            const std::string_view content = content_of(line);
            const bool fences = content.starts_with("```") || content.starts_with("~~~");
            const bool bare = fences && content.find_first_not_of("`~ \t\r") == std::string_view::npos;
            if (fences && fence == 0) {
                fence = content[0];
            } else if (bare && fence == content[0]) {
                fence = 0;
            } else if (fence == 0 && before.find('|') != std::string_view::npos && is_table_delimiter(line)) {
                widen_delimiters(begin, line);
            } else if (fence == 0 && content.starts_with("[^")) {
                if (const std::size_t colon = line.find("]:"); colon != std::string_view::npos) {
                    insert(begin + colon + 1, " ");
                }
            }
            before = line;
            begin = end + 1;
        }
        if (!patched_.insertions.empty()) {
            patched_.text.append(chunk_.substr(taken_));
        }
        return std::move(patched_);
    }

  private:
    void insert(std::size_t at, std::string_view what) {
        patched_.text.append(chunk_.substr(taken_, at - taken_)).append(what);
        patched_.insertions.push_back({at, what.size()});
        taken_ = at;
    }

    void widen_delimiters(std::size_t begin, std::string_view line) {
        for (std::size_t at = 0; at < line.size();) {
            at = std::min(line.find_first_of("-:", at), line.size());
            const std::size_t end = std::min(line.find_first_not_of("-:", at), line.size());
            const std::size_t dash = line.find('-', at);
            if (dash < end && end - at < 3) {
                insert(begin + dash, std::string_view("--").substr(0, 3 - (end - at)));
            }
            at = end;
        }
    }

    std::string_view chunk_;
    std::size_t taken_ = 0;
    Patched patched_;
};

}  // namespace

std::size_t Patched::original(std::size_t at) const {
    std::size_t added = 0;
    for (const Insertion& insertion : insertions) {
        if (insertion.at + added >= at) {
            break;
        }
        added += std::min(insertion.size, at - insertion.at - added);
    }
    return at - added;
}

bool is_table_delimiter(std::string_view line) {
    const std::string_view content = content_of(line);
    return content.find('-') != std::string_view::npos &&
           content.find_first_not_of(" |:-\t\r\n") == std::string_view::npos &&
           content.find_first_of("|:") != std::string_view::npos;
}

Patched patch(std::string_view chunk) {
    if (chunk.find("[^") == std::string_view::npos && chunk.find('|') == std::string_view::npos) {
        return {};
    }
    return Patcher(chunk).run();
}

}  // namespace tendril::ui::markup

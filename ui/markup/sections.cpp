// SPDX-License-Identifier: Apache-2.0
// Sections that grow side by side. A value without Qt; one owner, any thread.
#include "ui/markup/sections.h"

#include <algorithm>

namespace tendril::ui::markup {

std::size_t BlockChange::moved(std::size_t at) const {
    if (at >= first + removed) {
        return at - removed + added;
    }
    return at < first || added == 0 ? std::min(at, first) : std::min(at, first + added - 1);
}

Sections::Sections(std::size_t count)
    : documents_(std::max<std::size_t>(1, count)), begins_(documents_.size() + 1, 0) {}

BlockChange Sections::append(std::size_t section, std::string_view utf8) {
    Document& document = documents_[section];
    const std::size_t before = document.blocks().size();
    const std::size_t first = std::min(document.append(utf8), before);
    const std::size_t after = document.blocks().size();
    for (std::size_t i = section + 1; i < begins_.size(); ++i) {
        begins_[i] = begins_[i] - before + after;
    }
    return {begins_[section] + first, before - first, after - first};
}

BlockChange Sections::finish() {
    const std::size_t size_before = size();
    std::size_t changed = size_before;
    for (std::size_t section = 0; section < documents_.size(); ++section) {
        Document& document = documents_[section];
        const std::size_t before = document.blocks().size();
        const std::size_t first = document.finish();
        const std::size_t after = document.blocks().size();
        for (std::size_t i = section + 1; i < begins_.size(); ++i) {
            begins_[i] = begins_[i] - before + after;
        }
        if (first < after || after != before) {
            changed = std::min(changed, begins_[section] + first);
        }
    }
    changed = std::min(changed, size());
    return {changed, size_before - changed, size() - changed};
}

const Block& Sections::operator[](std::size_t i) const {
    const std::size_t section = section_of(i);
    return documents_[section].blocks()[i - begins_[section]];
}

std::size_t Sections::section_of(std::size_t block) const {
    const auto after = std::upper_bound(begins_.begin(), begins_.end() - 1, block);
    return static_cast<std::size_t>(after - begins_.begin()) - 1;
}

std::string Sections::source_of(std::size_t first, std::size_t last) const {
    std::string out;
    if (first >= size() || last >= size() || last < first) {
        return out;
    }
    const std::size_t end = section_of(last);
    for (std::size_t section = section_of(first); section <= end; ++section) {
        const std::size_t begin = begins_[section];
        const std::size_t from = std::max(first, begin);
        const std::size_t to = std::min(last + 1, begins_[section + 1]);
        if (from < to) {
            out += out.empty() ? "" : "\n\n";
            out += documents_[section].source_of(from - begin, to - 1 - begin);
        }
    }
    return out;
}

std::size_t Sections::parsed_bytes() const {
    std::size_t sum = 0;
    for (const Document& document : documents_) {
        sum += document.parsed_bytes();
    }
    return sum;
}

bool looks_same(const Block& a, const Block& b) {
    return a.kind == b.kind && a.level == b.level && a.containers == b.containers && a.content == b.content &&
           a.lines == b.lines && a.language == b.language && a.table == b.table;
}

}  // namespace tendril::ui::markup

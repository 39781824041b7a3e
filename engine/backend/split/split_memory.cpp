// SPDX-License-Identifier: Apache-2.0
// Buffers and pages of several parts; see split_memory.h.
#include "engine/backend/split/split_memory.h"

#include <algorithm>
#include <cassert>

namespace tendril::engine {

void SplitBuffers::add(SplitBuffer& buffer) {
    const std::pair<const float*, SplitBuffer*> entry = {buffer.key(), &buffer};
    sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), entry), entry);
}

void SplitBuffers::remove(const SplitBuffer& buffer) {
    std::erase_if(sorted_, [&](const auto& entry) { return entry.second == &buffer; });
}

SplitBuffer& SplitBuffers::find(const float* address) const {
    const auto after =
        std::upper_bound(sorted_.begin(), sorted_.end(), address,
                         [](const float* wanted, const auto& entry) { return wanted < entry.first; });
    assert(after != sorted_.begin());
    SplitBuffer& buffer = *std::prev(after)->second;
    assert(address <= buffer.key() + buffer.size());
    return buffer;
}

void SplitBuffers::forget_contents() {
    for (const auto& entry : sorted_) {
        if (entry.second->owner != kEveryPart) {
            entry.second->extent = 0;
        }
    }
}

void SplitPages::copy_page(PageGroup group, PageId from, PageId to, std::size_t tokens) {
    for (const Part& part : parts_) {
        if (part.pages && part.pages->page_bytes(group) > 0) {
            part.backend->take_turn();
            part.pages->copy_page(group, from, to, tokens);
        }
    }
}

std::string SplitPages::layout_name() const {
    std::string name;
    for (const Part& part : parts_) {
        if (part.pages) {
            name +=
                (name.empty() ? "" : "; ") + std::to_string(part.layers) + ": " + part.pages->layout_name();
        }
    }
    return name;
}

std::size_t SplitPages::page_bytes(PageGroup group) const {
    std::size_t bytes = 0;
    for (const Part& part : parts_) {
        bytes += part.pages ? part.pages->page_bytes(group) : 0;
    }
    return bytes;
}

void SplitPages::export_page(PageGroup group, PageId page, std::span<std::byte> to) const {
    for (const Part& part : parts_) {
        const std::size_t bytes = part.pages ? part.pages->page_bytes(group) : 0;
        if (bytes > 0) {
            part.backend->take_turn();
            part.pages->export_page(group, page, to.first(bytes));
            to = to.subspan(bytes);
        }
    }
}

void SplitPages::import_page(PageGroup group, PageId page, std::span<const std::byte> from) {
    for (const Part& part : parts_) {
        const std::size_t bytes = part.pages ? part.pages->page_bytes(group) : 0;
        if (bytes > 0) {
            part.backend->take_turn();
            part.pages->import_page(group, page, from.first(bytes));
            from = from.subspan(bytes);
        }
    }
}

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// Views: segments with counted references to pages.
#include "engine/cache/view.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tendril::engine {

View::View(View&& other) noexcept
    : pool_(other.pool_),
      segments_(std::exchange(other.segments_, {})),
      slots_(std::exchange(other.slots_, 0)),
      frozen_(std::exchange(other.frozen_, {})),
      exact_start_(std::exchange(other.exact_start_, true)) {}

View& View::operator=(View&& other) noexcept {
    if (this != &other) {
        clear();
        pool_ = other.pool_;
        segments_ = std::exchange(other.segments_, {});
        slots_ = std::exchange(other.slots_, 0);
        frozen_ = std::exchange(other.frozen_, {});
        exact_start_ = std::exchange(other.exact_start_, true);
    }
    return *this;
}

std::size_t View::exact_length() const {
    return segments_.empty() || !exact_start_ ? 0 : segments_.front().length + gap();
}

std::size_t View::slots_of(std::size_t length) const {
    assert((length == 0 || length >= frozen_.length) && "what is frozen has no parts");
    return length == 0 ? 0 : length - gap();
}

std::size_t View::whole_pages(std::size_t length) const {
    const std::size_t slots = length < frozen_.length ? 0 : slots_of(length) / kPageTokens * kPageTokens;
    return slots == 0 || slots < frozen_.slots ? 0 : slots + gap();
}

std::span<const PageId> View::pages() const {
    return segments_.empty() || !exact_start_ ? std::span<const PageId>() : segments_.front().pages;
}

std::span<const PageId> View::window_pages() const {
    return segments_.empty() || !exact_start_ ? std::span<const PageId>() : segments_.front().window_pages;
}

std::span<const KvSegment> View::segments(std::size_t rows) {
    shown_.clear();
    for (const Segment& segment : segments_) {
        if (segment.length > 0 || &segment == &segments_.back()) {
            shown_.push_back(
                {segment.pages, segment.window_pages, segment.first_slot, segment.length, segment.delta});
        }
    }
    if (rows > 0) {
        assert(!shown_.empty() && shown_.back().delta == 0 && "KvCache::make_room() comes first");
        KvSegment& last = shown_.back();
        last.length += rows;
        assert(last.pages.size() >= pages_for(last.first_slot + last.length));
    }
    return shown_;
}

bool View::resumable(std::size_t length, std::size_t window) const {
    assert(length <= this->length());
    if (pool_ == nullptr || !pool_->windowed()) {
        return true;
    }
    assert(frozen_.key == 0 && "what has windows is not pruned");
    const std::size_t needed = window_start(length, window);
    std::size_t start = 0;
    for (const Segment& segment : segments_) {
        const std::size_t begin = std::max(start, needed);
        const std::size_t end = std::min(start + segment.length, length);
        for (std::size_t position = begin; position < end;) {
            const std::size_t slot = segment.first_slot + (position - start);
            if (segment.window_pages[slot / kPageTokens] == kNoPage) {
                return false;
            }
            position += kPageTokens - slot % kPageTokens;
        }
        start += segment.length;
    }
    return true;
}

View::Segment View::part(const Segment& segment, std::size_t begin, std::size_t end) {
    Segment made;
    const std::size_t first = (segment.first_slot + begin) / kPageTokens;
    const std::size_t last = pages_for(segment.first_slot + end);
    const auto copy = [&](const std::vector<PageId>& from, std::vector<PageId>& to) {
        if (!from.empty()) {
            to.assign(from.begin() + static_cast<std::ptrdiff_t>(first),
                      from.begin() + static_cast<std::ptrdiff_t>(last));
        }
    };
    copy(segment.pages, made.pages);
    copy(segment.window_pages, made.window_pages);
    made.first_slot = segment.first_slot + begin - first * kPageTokens;
    made.length = end - begin;
    made.delta = segment.delta;
    made.windows_let_go =
        std::min(segment.windows_let_go - std::min(segment.windows_let_go, first), made.window_pages.size());
    return made;
}

void View::hold(const Segment& segment) {
    for (const PageId page : segment.pages) {
        pool_->add_reference(PageGroup::full, page);
    }
    for (const PageId page : segment.window_pages) {
        if (page != kNoPage) {
            pool_->add_reference(PageGroup::window, page);
        }
    }
}

void View::release(Segment& segment, std::size_t from_page) {
    while (segment.pages.size() > from_page) {
        pool_->release(PageGroup::full, segment.pages.back());
        segment.pages.pop_back();
    }
    while (segment.window_pages.size() > from_page) {
        if (segment.window_pages.back() != kNoPage) {
            pool_->release(PageGroup::window, segment.window_pages.back());
        }
        segment.window_pages.pop_back();
    }
    segment.windows_let_go = std::min(segment.windows_let_go, segment.window_pages.size());
}

View View::fork(std::size_t length) const {
    assert(length <= this->length());
    const std::size_t slots = slots_of(length);
    View copy;
    copy.pool_ = pool_;
    copy.exact_start_ = exact_start_;
    copy.frozen_ = slots > 0 ? frozen_ : Frozen();
    for (const Segment& segment : segments_) {
        const std::size_t rest = slots - copy.slots_;
        if (rest == 0) {
            break;
        }
        copy.segments_.push_back(part(segment, 0, std::min(rest, segment.length)));
        copy.hold(copy.segments_.back());
        copy.slots_ += copy.segments_.back().length;
    }
    return copy;
}

void View::rewind(std::size_t length) {
    assert(length <= this->length());
    const std::size_t slots = slots_of(length);
    while (!segments_.empty()) {
        Segment& last = segments_.back();
        const std::size_t start = slots_ - last.length;
        if (start >= slots) {
            release(last, 0);
            segments_.pop_back();
            slots_ = start;
            continue;
        }
        last.length = slots - start;
        slots_ = slots;
        release(last, pages_for(last.first_slot + last.length));
        break;
    }
    if (segments_.empty()) {
        exact_start_ = true;
        frozen_ = {};
    }
}

void View::append_segment(const View& from, std::size_t begin, std::size_t end) {
    assert(pool_ == from.pool_ && this != &from && begin <= end && end <= from.length());
    assert(from.frozen_.key == 0);
    rewind(length());  // pages that were made for rows would stand in the middle
    std::size_t start = 0;
    for (const Segment& segment : from.segments_) {
        const std::size_t first = std::max(begin, start);
        const std::size_t last = std::min(end, start + segment.length);
        if (first < last) {
            if (segments_.empty()) {
                exact_start_ = first == 0 && from.exact_start_;
            }
            Segment moved = part(segment, first - start, last - start);
            moved.delta += static_cast<std::int32_t>(static_cast<std::ptrdiff_t>(length()) -
                                                     static_cast<std::ptrdiff_t>(first));
            hold(moved);
            slots_ += moved.length;
            segments_.push_back(std::move(moved));
        }
        start += segment.length;
    }
}

void View::advance(std::size_t rows) {
    if (rows == 0) {
        return;
    }
    assert(!segments_.empty() && segments_.back().delta == 0);
    Segment& last = segments_.back();
    last.length += rows;
    slots_ += rows;
    assert(last.pages.size() >= pages_for(last.first_slot + last.length));
}

void View::let_windows_go(std::size_t window) {
    const std::size_t needed = window_start(slots_, window);
    std::size_t start = 0;
    for (Segment& segment : segments_) {
        const std::size_t before = needed - std::min(needed, start);  // positions that nobody looks at
        std::size_t pages = (segment.first_slot + before) / kPageTokens;
        if (segment.length <= before) {  // the last segment is written on, perhaps in a partial page
            const std::size_t end = segment.first_slot + segment.length;
            pages = &segment == &segments_.back() ? end / kPageTokens : pages_for(end);
        }
        pages = std::min(pages, segment.window_pages.size());
        for (; segment.windows_let_go < pages; ++segment.windows_let_go) {
            PageId& page = segment.window_pages[segment.windows_let_go];
            if (page != kNoPage) {
                pool_->release(PageGroup::window, page);
                page = kNoPage;
            }
        }
        start += segment.length;
    }
}

}  // namespace tendril::engine

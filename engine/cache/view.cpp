// SPDX-License-Identifier: Apache-2.0
// Views: page lists with counted references.
#include "engine/cache/view.h"

#include <cassert>
#include <utility>

namespace tendril::engine {

View::View(View&& other) noexcept
    : pool_(other.pool_), pages_(std::exchange(other.pages_, {})), length_(std::exchange(other.length_, 0)) {}

View& View::operator=(View&& other) noexcept {
    if (this != &other) {
        clear();
        pool_ = other.pool_;
        pages_ = std::exchange(other.pages_, {});
        length_ = std::exchange(other.length_, 0);
    }
    return *this;
}

View View::fork(std::size_t length) const {
    assert(length <= length_);
    View copy;
    copy.pool_ = pool_;
    copy.pages_.assign(pages_.begin(), pages_.begin() + static_cast<std::ptrdiff_t>(pages_for(length)));
    copy.length_ = length;
    for (const PageId page : copy.pages_) {
        pool_->add_reference(page);
    }
    return copy;
}

void View::rewind(std::size_t length) {
    assert(length <= length_);
    while (pages_.size() > pages_for(length)) {
        pool_->release(pages_.back());
        pages_.pop_back();
    }
    length_ = length;
}

std::span<const KvSegment> View::segments(std::size_t rows) {
    assert(pages_.size() >= pages_for(length_ + rows));
    segment_ = {pages_, {}, 0, length_ + rows, 0};
    return {&segment_, 1};
}

void View::advance(std::size_t rows) {
    length_ += rows;
    assert(pages_.size() >= pages_for(length_));
}

}  // namespace tendril::engine

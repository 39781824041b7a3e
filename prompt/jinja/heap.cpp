// SPDX-License-Identifier: Apache-2.0
// Ends of the template interpreter's budgets, and the arena's release. One thread at a time.
#include "prompt/jinja/heap.h"

#include <limits>

#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {

void raise(std::string message, ErrorCode code, int line) {
    throw Failure{code, std::move(message), line};
}

Heap::~Heap() {
    while (newest_ != nullptr) {
        Object* older = newest_->older;
        delete newest_;
        newest_ = older;
    }
}

void Heap::out_of_bytes() {
    raise("it creates more text and lists than the limit for memory allows", ErrorCode::too_large);
}
void Heap::out_of_steps() {
    raise("it takes more steps than the limit allows", ErrorCode::too_large);
}
void Heap::too_deep() {
    raise("it nests deeper than the limit allows", ErrorCode::too_large);
}

void Builder::add_code_point(char32_t c) {
    heap_.charge(4);
    append_code_point(text_, c);
}

void Builder::repeat(std::size_t count, std::string_view text) {
    std::size_t bytes = 0;
    heap_.charge(__builtin_mul_overflow(count, text.size(), &bytes) ? std::numeric_limits<std::size_t>::max()
                                                                    : bytes);
    if (text.size() == 1) {
        text_.append(count, text[0]);
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        text_.append(text);
    }
}

}  // namespace tendril::prompt::jinja

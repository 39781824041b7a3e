// SPDX-License-Identifier: Apache-2.0
// Sizes of KV pages; see KvLayout. Pure, any thread.
#include <algorithm>

#include "engine/backend/kv_pages.h"

namespace tendril::engine {

std::size_t KvLayout::layers_in(PageGroup wanted) const {
    const auto in_window = static_cast<std::size_t>(std::count(windowed.begin(), windowed.end(), true));
    return wanted == PageGroup::window ? in_window : layers - in_window;
}

std::size_t KvLayout::bytes_per_page(PageGroup wanted) const {
    const std::size_t values = layers_in(wanted) * 2 * kv_heads * kPageTokens * head_size;
    switch (type) {
        case KvType::f16:
            return values * 2;
        case KvType::q8_0:
            return values / 32 * 34;
        case KvType::q4_0:
            return values / 32 * 18;
    }
    return 0;
}

}  // namespace tendril::engine

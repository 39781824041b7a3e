// SPDX-License-Identifier: Apache-2.0
// The sums behind the memory plan, and its words. Pure, any thread.
#include "engine/model/memory_plan.h"

#include <algorithm>
#include <cstdio>

#include "engine/checked_math.h"
#include "engine/limits.h"

namespace tendril::engine {
namespace {

constexpr std::uint64_t kPage = kPageTokens;
/// A page more than the context needs: a step may write one while a shared one is being copied.
constexpr std::uint64_t kSparePages = 1;
/// Ends of turns whose window pages are kept, so that a text can go on there: at least, and for each context
/// more that there is room for.
constexpr std::uint64_t kLeastResumePoints = 2;
constexpr std::uint64_t kResumePoints = 8;

std::uint64_t full_pages(std::uint64_t context) {
    return (context + kPage - 1) / kPage + kSparePages;
}

/// Of one resume point: what the window shows, at any alignment, and a page more (RadixTree::mark_resume).
std::uint64_t resume_pages(std::uint64_t window) {
    return (window + kPage - 1) / kPage + 2;
}

/// Of a view while a step of kStepRows rows runs: the same, the rows, and a page to copy a shared one to.
std::uint64_t running_pages(std::uint64_t window) {
    return resume_pages(window) + kStepRows / kPage + 2;
}

std::uint64_t fixed_bytes(const MemoryNeeds& needs) {
    return saturating_add(saturating_add(needs.weights, needs.tokenizer), needs.scratch);
}

/// The most tokens that fit, a whole number of pages; 0 when not even one page does.
std::uint64_t fitting_context(const MemoryNeeds& needs, std::uint64_t available) {
    std::uint64_t fits = 0;
    std::uint64_t too_many = kMaxContext / kPage + 1;
    while (fits + 1 < too_many) {
        const std::uint64_t middle = fits + (too_many - fits) / 2;
        (needs.total(middle * kPage) <= available ? fits : too_many) = middle;
    }
    return fits * kPage;
}

/// Adds pages for more conversations, as far as there is room.
void add_spare(const MemoryNeeds& needs, MemoryPlan& plan) {
    const std::uint64_t context_pages = plan.pages.full - kSparePages;
    const std::uint64_t more = kMostContexts - 1;
    const std::uint64_t windows = std::min(context_pages, kResumePoints * resume_pages(needs.window));
    const KvPageCounts wanted = {more * context_pages, plan.pages.window > 0 ? more * windows : 0};
    const std::uint64_t bytes = needs.bytes(wanted);
    const std::uint64_t allowed = (plan.available_bytes - plan.total_bytes) / kSpareShare;
    const double share = bytes <= allowed ? 1.0 : static_cast<double>(allowed) / static_cast<double>(bytes);
    const auto part = [share](std::size_t pages) {
        return static_cast<std::size_t>(static_cast<double>(pages) * share);
    };
    const KvPageCounts spare = {part(wanted.full), part(wanted.window)};
    plan.pages.full += spare.full;
    plan.pages.window += spare.window;
    plan.spare_bytes = needs.bytes(spare);
}

tl::unexpected<Error> too_large(const MemoryNeeds& needs, std::uint64_t context, std::uint64_t available,
                                std::uint64_t fitting) {
    std::string smaller = "a smaller context";
    if (fitting >= kMinimumContext) {
        smaller += " (up to " + std::to_string(fitting) + " tokens fit)";
    }
    return fail(ErrorCode::out_of_memory,
                "The model needs " + size_text(needs.total(context)) + " of memory with a context of " +
                    std::to_string(context) + " tokens, and " + size_text(available) +
                    " are free. Choose a smaller model or a stronger quantisation, or " + smaller +
                    ", or close other programs.",
                "weights " + std::to_string(needs.weights) + ", tokenizer " +
                    std::to_string(needs.tokenizer) + ", scratch " + std::to_string(needs.scratch) +
                    ", per token " + std::to_string(needs.kv_per_token) + ", window " +
                    std::to_string(needs.window_per_token) + " by " + std::to_string(needs.window) +
                    ", available " + std::to_string(available) + " bytes");
}

}  // namespace

KvLayout kv_layout(const ModelConfig& config, KvType type) {
    KvLayout layout = {config.layers, config.kv_heads, config.head_size, type, {}};
    if (longest_window(config) > 0) {
        for (const LayerConfig& layer : config.layer) {
            layout.windowed.push_back(layer.window > 0);
        }
    }
    return layout;
}

std::size_t longest_window(const ModelConfig& config) {
    std::size_t window = 0;
    for (const LayerConfig& layer : config.layer) {
        window = std::max(window, layer.window);
    }
    return window;
}

KvPageCounts MemoryNeeds::pages(std::uint64_t context) const {
    const std::uint64_t full = full_pages(std::min<std::uint64_t>(context, kMaxContext));
    const std::uint64_t most = std::min<std::uint64_t>(window, kMaxContext);
    const std::uint64_t windows =
        window == 0 ? 0 : std::min(full, running_pages(most) + kLeastResumePoints * resume_pages(most));
    return {full, windows};
}

std::uint64_t MemoryNeeds::bytes(KvPageCounts count) const {
    return saturating_multiply(
        saturating_add(saturating_multiply<std::uint64_t>(count.full, kv_per_token),
                       saturating_multiply<std::uint64_t>(count.window, window_per_token)),
        kPage);
}

std::uint64_t MemoryNeeds::total(std::uint64_t context) const {
    return saturating_add(saturating_add(fixed_bytes(*this), saturating_multiply(context, angles_per_token)),
                          bytes(pages(context)));
}

std::string size_text(std::uint64_t bytes) {
    char text[48];
    const auto value = static_cast<double>(bytes);
    if (value < 1e9) {
        std::snprintf(text, sizeof text, "%.0f MB", std::max(value > 0 ? 1.0 : 0.0, value / 1e6));
    } else {
        std::snprintf(text, sizeof text, "%.1f GB", value / 1e9);
    }
    return text;
}

std::uint64_t scratch_bytes(const ModelConfig& c, std::size_t rows, std::size_t logit_rows) {
    // The residual stream, its norm and what a sub-layer adds; query, attended, key, value; gate and up; the
    // backend's copy of the widest input. Every size is bounded by limits.h, so that only the sum over many
    // rows could overflow.
    const std::uint64_t heads = c.heads * c.head_size;
    const std::uint64_t widest = std::max<std::uint64_t>({c.width, heads, c.feed_forward_width});
    const std::uint64_t row =
        3 * c.width + 2 * heads + 2 * c.kv_heads * c.head_size + 2 * c.feed_forward_width + widest;
    const std::uint64_t logits = saturating_multiply<std::uint64_t>(logit_rows, 2 * c.vocabulary + c.width);
    return saturating_multiply(saturating_add(saturating_multiply<std::uint64_t>(rows, row), logits),
                               sizeof(float));
}

MemoryNeeds memory_needs(const GgufFile& file, const ModelConfig& config, const PreparedBytes& prepared,
                         KvType kv) {
    MemoryNeeds needs;
    for (const GgufTensor& tensor : file.tensors()) {
        std::uint64_t bytes = tensor.bytes.size();
        if (prepared && tensor.dimensions.size() > 1) {
            const WeightSource source{tensor.type, tensor.rows, tensor.columns, tensor.bytes};
            bytes = std::max<std::uint64_t>(bytes, prepared(source));
        }
        needs.weights = saturating_add(needs.weights, bytes);
    }
    for (const GgufValue& value : file.metadata()) {
        if (value.key.substr(0, 10) == "tokenizer.") {
            // Owned texts, an index by text and one of merges: measured at three to four times the bytes in
            // the file.
            needs.tokenizer =
                saturating_add(needs.tokenizer, saturating_multiply<std::uint64_t>(value.bytes.size(), 4));
        }
    }
    const KvLayout layout = kv_layout(config, kv);
    needs.kv_per_token = layout.bytes_per_page(PageGroup::full) / kPage;
    needs.window_per_token = layout.bytes_per_page(PageGroup::window) / kPage;
    needs.window = std::min(longest_window(config), config.context_tokens);
    needs.angles_per_token = config.rope.size() * config.head_size * sizeof(float);
    needs.scratch = scratch_bytes(config);
    needs.trained_context = config.context_tokens;
    return needs;
}

Result<MemoryPlan> plan_memory(const MemoryNeeds& needs, std::uint32_t wanted_context,
                               std::uint64_t available) {
    MemoryPlan plan;
    const std::uint64_t trained = std::max<std::uint64_t>(1, needs.trained_context);
    const std::uint64_t fitting = fitting_context(needs, available);
    std::uint64_t context = std::min<std::uint64_t>(trained, kDefaultContext);
    if (wanted_context > 0) {
        context = std::min<std::uint64_t>(trained, wanted_context);
        if (context < wanted_context) {
            plan.note = "The model was trained for " + std::to_string(trained) +
                        " tokens of context; more is not used.";
        }
    } else if (fitting < context && fitting >= std::min<std::uint64_t>(kMinimumContext, trained)) {
        context = fitting;
        plan.note = "Memory is short: the context is " + std::to_string(context) + " tokens.";
    }
    if (needs.total(context) > available) {
        const std::uint64_t least =
            wanted_context > 0 ? context : std::min<std::uint64_t>(context, kMinimumContext);
        return too_large(needs, least, available, fitting);
    }
    plan.context = static_cast<std::uint32_t>(std::min<std::uint64_t>(context, kMaxContext));
    plan.pages = needs.pages(plan.context);
    plan.kv_bytes = needs.bytes(plan.pages);
    plan.total_bytes = needs.total(context);
    plan.available_bytes = available;
    add_spare(needs, plan);
    return plan;
}

}  // namespace tendril::engine

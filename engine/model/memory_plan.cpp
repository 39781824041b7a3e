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

std::uint64_t pages_of(std::uint64_t context) {
    return (context + kPage - 1) / kPage + kSparePages;
}

std::uint64_t kv_bytes(const MemoryNeeds& needs, std::uint64_t context) {
    return saturating_multiply(saturating_multiply(pages_of(context), kPage), needs.kv_per_token);
}

/// The most tokens that fit, a whole number of pages; 0 when not even one page does.
std::uint64_t fitting_context(const MemoryNeeds& needs, std::uint64_t available) {
    const std::uint64_t fixed = saturating_add(saturating_add(needs.weights, needs.tokenizer), needs.scratch);
    if (fixed >= available) {
        return 0;
    }
    const std::uint64_t page_bytes =
        std::max<std::uint64_t>(1, saturating_multiply(needs.kv_per_token, kPage));
    const std::uint64_t pages = (available - fixed) / page_bytes;
    return pages > kSparePages ? (pages - kSparePages) * kPage : 0;
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
                    ", per token " + std::to_string(needs.kv_per_token) + ", available " +
                    std::to_string(available) + " bytes");
}

}  // namespace

std::uint64_t MemoryNeeds::total(std::uint64_t context) const {
    return saturating_add(saturating_add(saturating_add(weights, tokenizer), scratch),
                          kv_bytes(*this, context));
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

MemoryNeeds memory_needs(const GgufFile& file, const ModelConfig& config, const PreparedBytes& prepared) {
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
    const std::uint64_t angles = config.rope.size() * config.head_size * sizeof(float);
    needs.kv_per_token = config.layers * 2 * config.kv_heads * config.head_size * 2 + angles;
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
    plan.kv_bytes = kv_bytes(needs, context);
    plan.total_bytes = needs.total(context);
    plan.available_bytes = available;
    return plan;
}

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// Memory in huge pages; see huge_memory.h.
#include "engine/backend/cpu/huge_memory.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace tendril::engine {
namespace {

constexpr std::size_t kPage = std::size_t{64} << 10;  // of any system, or some of them
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kChunk = std::size_t{64} << 20;
constexpr std::size_t kMost = std::size_t{1} << 46;

std::size_t round_up(std::size_t value, std::size_t unit) {
    return (value + unit - 1) / unit * unit;
}

tl::unexpected<Error> refusal(std::size_t bytes) {
    return fail(ErrorCode::out_of_memory,
                "The system did not give " + std::to_string(bytes >> 20) + " MiB of memory.");
}

/// Zeroed, aligned to `unit`; null when the system refuses.
std::uint8_t* map_memory(std::size_t size, std::size_t unit) {
#if defined(__linux__)
    void* whole = ::mmap(nullptr, size + unit, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (whole == MAP_FAILED) {
        return nullptr;
    }
    auto* first = static_cast<std::uint8_t*>(whole);
    const std::size_t before = (unit - reinterpret_cast<std::uintptr_t>(first) % unit) % unit;
    if (before > 0) {
        ::munmap(first, before);
    }
    ::munmap(first + before + size, unit - before);
    return first + before;
#else
    auto* data = static_cast<std::uint8_t*>(std::aligned_alloc(unit, size));
    if (data != nullptr) {
        std::fill_n(data, size, std::uint8_t{0});
    }
    return data;
#endif
}

}  // namespace

Result<std::unique_ptr<HugeMemory>> HugeMemory::take(std::size_t bytes) {
    const std::size_t size = round_up(std::clamp<std::size_t>(bytes, 1, kMost), kHugePage);
    std::uint8_t* const data = bytes > kMost ? nullptr : map_memory(size, kHugePage);
    if (data == nullptr) {
        return refusal(bytes);
    }
#if defined(__linux__)
    ::madvise(data, size, MADV_HUGEPAGE);  // a wish: without it everything works, slower
#endif
    return std::unique_ptr<HugeMemory>(new HugeMemory(data, size));
}

Result<std::unique_ptr<HugeMemory>> HugeMemory::take_scratch(std::size_t bytes) {
    const std::size_t size = round_up(std::clamp<std::size_t>(bytes, 1, kMost), kPage);
    std::uint8_t* const data = bytes > kMost ? nullptr : map_memory(size, kPage);
    if (data == nullptr) {
        return refusal(bytes);
    }
#if defined(__linux__)
    ::madvise(data, size, MADV_NOHUGEPAGE);  // some systems give huge pages unasked
#endif
    return std::unique_ptr<HugeMemory>(new HugeMemory(data, size));
}

HugeMemory::~HugeMemory() {
#if defined(__linux__)
    ::munmap(data_, size_);
#else
    std::free(data_);
#endif
}

Result<WeightArena::Piece> WeightArena::take(std::size_t bytes) {
    if (bytes > kMost) {
        return refusal(bytes);
    }
    bytes = round_up(std::max<std::size_t>(bytes, 1), 64);
    std::shared_ptr<HugeMemory> chunk = chunk_.lock();
    if (chunk == nullptr || used_ + bytes > chunk->size()) {
        auto memory = HugeMemory::take(std::max(bytes, kChunk));
        if (!memory) {
            return fail(memory.error());
        }
        chunk = std::move(*memory);
        chunk_ = chunk;
        used_ = 0;
    }
    Piece piece{chunk, chunk->data() + used_};
    used_ += bytes;
    return piece;
}

}  // namespace tendril::engine

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

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kChunk = std::size_t{64} << 20;
constexpr std::size_t kMost = std::size_t{1} << 46;

std::size_t round_up(std::size_t value, std::size_t unit) {
    return (value + unit - 1) / unit * unit;
}

}  // namespace

Result<std::unique_ptr<HugeMemory>> HugeMemory::take(std::size_t bytes) {
    const auto refuse = [bytes] {
        return fail(ErrorCode::out_of_memory,
                    "The system did not give " + std::to_string(bytes >> 20) + " MiB of memory.");
    };
    if (bytes > kMost) {
        return refuse();
    }
    const std::size_t size = round_up(std::max<std::size_t>(bytes, 1), kHugePage);
#if defined(__linux__)
    void* whole = ::mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (whole == MAP_FAILED) {
        return refuse();
    }
    auto* first = static_cast<std::uint8_t*>(whole);
    const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(first) % kHugePage) % kHugePage;
    if (before > 0) {
        ::munmap(first, before);
    }
    if (before < kHugePage) {
        ::munmap(first + before + size, kHugePage - before);
    }
    ::madvise(first + before, size, MADV_HUGEPAGE);  // a wish: without it everything works, slower
    return std::unique_ptr<HugeMemory>(new HugeMemory(first + before, size));
#else
    auto* data = static_cast<std::uint8_t*>(std::aligned_alloc(kHugePage, size));
    if (data == nullptr) {
        return refuse();
    }
    std::fill_n(data, size, std::uint8_t{0});
    return std::unique_ptr<HugeMemory>(new HugeMemory(data, size));
#endif
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
        return fail(HugeMemory::take(bytes).error());
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

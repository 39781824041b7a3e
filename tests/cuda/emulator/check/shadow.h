// SPDX-License-Identifier: Apache-2.0
// Shadow memory: for each 4 bytes, who wrote and read them last in the running launch, and which of them have
// a value. Only the thread that runs kernels uses it (the check build has one worker).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "tests/cuda/emulator/block.h"

namespace tendril::emulator {

// One access: by whom, and when, as barriers (epoch), __syncwarp (clock) and fences with atomics (releases)
// count.
struct Record {
    uint32_t block;
    uint16_t thread, epoch, clock, releases;
};

inline constexpr uint8_t kAtomicFlag = 0x10;  // in the byte sets below: the access was an atomic update

struct Cell {
    Record write, read, read_before;
    uint32_t phase;                              // the records are of this launch, else of none
    uint8_t written, was_read, was_read_before;  // sets of bytes (bits 0-3), and kAtomicFlag
    uint8_t initialised;                         // set of bytes
    uint32_t write_operation, read_operation;    // the last ones of any stream, when launches are past too
};

inline constexpr size_t kCellBytes = 4;

// Cells for [start, start + bytes); made of pages that cost nothing until they are touched.
class Shadow {
  public:
    Shadow(const void* start, size_t bytes);
    ~Shadow();
    Shadow(const Shadow&) = delete;
    Shadow& operator=(const Shadow&) = delete;

    Cell* cell(const void* p) const {
        return cells_ + (static_cast<size_t>(static_cast<const char*>(p) - start_) / kCellBytes);
    }

  private:
    const char* start_;
    Cell* cells_;
    size_t bytes_;
};

// The shadow of the region with this start, made at first use.
Shadow& shadow_of(const void* start, size_t bytes);
void forget_shadow(const void* start);

}  // namespace tendril::emulator

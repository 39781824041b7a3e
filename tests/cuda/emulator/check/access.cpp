// SPDX-License-Identifier: Apache-2.0
// Where an address lies, whether the access is in bounds, of what has a value, and ordered with the others'.
#include "tests/cuda/emulator/check/access.h"

#include <link.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "tests/cuda/emulator/api/machine.h"
#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/check/order.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/shared_memory.h"
#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

namespace {

uint32_t launch_phase = 0;  // the running launch, or its part between grid barriers
uint32_t block_phase = 0;
const Allocation* last_allocation = nullptr;

struct Span {
    uintptr_t first, last;
};

// Where programs and libraries are loaded: tables of constants lie there.
std::vector<Span> loaded_segments() {
    std::vector<Span> spans;
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* out) {
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                if (info->dlpi_phdr[i].p_type == PT_LOAD) {
                    const uintptr_t first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
                    static_cast<std::vector<Span>*>(out)->push_back(
                        {first, first + info->dlpi_phdr[i].p_memsz});
                }
            }
            return 0;
        },
        &spans);
    return spans;
}

bool is_static(uintptr_t address) {
    static std::vector<Span> spans = loaded_segments();
    const auto holds = [&](const Span& span) { return address >= span.first && address < span.last; };
    if (std::any_of(spans.begin(), spans.end(), holds)) {
        return true;
    }
    spans = loaded_segments();  // a plugin may have come since
    return std::any_of(spans.begin(), spans.end(), holds);
}

template <class T>
bool within(const void* p, size_t bytes, const T* start, size_t size) {
    const auto* at = static_cast<const char*>(p);
    const auto* first = reinterpret_cast<const char*>(start);
    return at >= first && at + bytes <= first + size;
}

struct Reporter {
    Access access;
    Location where;
    const void* instruction;
    void operator()(const char* kind, const std::string& text) const {
        if (where.file != nullptr) {
            report(kind, where, text);
        } else {
            report(kind, text + " at " + source_line(instruction));
        }
    }
    std::string verb() const {
        return access == Access::kRead ? "a load" : access == Access::kWrite ? "a store" : "an atomic update";
    }
};

bool races(uint8_t bytes, uint8_t recorded, Access access, const Record& record, const Thread& thread) {
    const bool both_atomic = access == Access::kAtomic && (recorded & kAtomicFlag) != 0;
    return (bytes & recorded) != 0 && !both_atomic && !is_ordered(record, thread);
}

std::string with_whom(const Record& record, const Thread& thread, bool shared) {
    if (record.block != thread.block->linear) {
        return "with another block of the launch";
    }
    if (record.thread / kWarpLanes == thread.warp) {
        return "with another lane of the warp, without __syncwarp between them";
    }
    return shared ? "with another warp, without __syncthreads between them"
                  : "with another warp of the block";
}

// Whether an operation of another stream that the running one does not come after had the cell last.
bool races_between_streams(Cell& cell, Access access) {
    const Operation now = running_operation();
    const bool reads = access == Access::kRead;
    const bool race =
        !comes_before(cell.write_operation, now) || (!reads && !comes_before(cell.read_operation, now));
    (reads ? cell.read_operation : cell.write_operation) = now;
    return race;
}
constexpr const char* kNothingWaits =
    "that an operation of another stream has, and neither an event nor the host waits for that one";

// Checks one cell and records the access in it. Returns what is wrong, if anything: a race's text, then no
// value.
struct Finding {
    const char* race = nullptr;
    Record with{};
    bool no_value = false;
    bool between_streams = false;
};
void check_cell(Cell& cell, uint8_t bytes, Access access, const Thread& thread, const Record& self,
                Finding& found) {
    if (races(bytes, cell.written, access, cell.write, thread)) {
        found.race = access == Access::kRead ? "read after write" : "write after write";
        found.with = cell.write;
    }
    if (access == Access::kRead) {
        found.no_value |= (bytes & ~cell.initialised) != 0;
        const bool same_thread = cell.read.block == self.block && cell.read.thread == self.thread;
        if (std::memcmp(&cell.read, &self, sizeof self) == 0) {
            cell.was_read |= bytes;
            return;
        }
        if (!same_thread && cell.was_read != 0) {
            cell.read_before = cell.read;
            cell.was_read_before = cell.was_read;
        }
        cell.was_read = bytes;
        cell.read = self;
        return;
    }
    if (races(bytes, cell.was_read, access, cell.read, thread)) {
        found.race = "write after read";
        found.with = cell.read;
    } else if (races(bytes, cell.was_read_before, access, cell.read_before, thread)) {
        found.race = "write after read";
        found.with = cell.read_before;
    }
    const bool atomic = access == Access::kAtomic;
    found.no_value |= atomic && (bytes & ~cell.initialised) != 0;
    cell.write = self;
    cell.written = static_cast<uint8_t>(bytes | (atomic ? kAtomicFlag : 0));
    cell.initialised |= bytes;
}

void check_cells(Cell* cells, const void* p, size_t bytes, bool shared, Thread& thread,
                 const Reporter& tell) {
    const uint32_t phase = shared ? thread.block->phase : launch_phase;
    const Record self = record_of(thread);
    Finding found;
    size_t offset = reinterpret_cast<uintptr_t>(p) % kCellBytes;
    for (size_t left = bytes; left > 0; ++cells, offset = 0) {
        const size_t here = std::min(left, kCellBytes - offset);
        const auto set = static_cast<uint8_t>(((1u << here) - 1) << offset);
        if (cells->phase != phase) {
            cells->phase = phase;
            cells->written = cells->was_read = cells->was_read_before = 0;
            cells->initialised = shared ? 0 : cells->initialised;
        }
        found.between_streams =
            (!shared && races_between_streams(*cells, tell.access)) || found.between_streams;
        check_cell(*cells, set, tell.access, thread, self, found);
        left -= here;
    }
    if (tell.access == Access::kWrite && !shared) {
        thread.unfenced_since = thread.unfenced ? thread.unfenced_since : self.releases;
        thread.unfenced = true;
        thread.unfenced_epoch = self.epoch;
        thread.unfenced_clock = self.clock;
    }
    const char* memory = shared ? "shared" : "global";
    if (found.race != nullptr) {
        tell("race",
             std::string(found.race) + " in " + memory + " memory " + with_whom(found.with, thread, shared));
    }
    if (found.between_streams) {
        tell("race", tell.verb() + " in global memory " + kNothingWaits);
    }
    if (found.no_value) {
        tell("uninitialised", std::string(memory) + " memory is read that nothing was written to");
    }
}

void check_global(Thread& thread, const void* p, size_t bytes, const Reporter& tell) {
    Machine& m = machine();
    const Allocation* allocation = last_allocation;
    if (allocation == nullptr || !allocation->live || !allocation->contains(p, bytes)) {
        allocation = m.memory.find(p);
    }
    if (allocation == nullptr || !allocation->contains(p, bytes)) {
        tell("bounds", tell.verb() + " outside global memory's allocations");
        return;
    }
    if (!allocation->live) {
        tell("bounds", tell.verb() + " of global memory that was freed");
        return;
    }
    last_allocation = allocation;
    const int device = Worker::here().launch().launch->device;
    if (allocation->device != device &&
        !m.devices[static_cast<size_t>(device)]->peers.contains(allocation->device)) {
        tell("bounds", tell.verb() + " of another device's memory without peer access");
    }
    const void* start = m.memory.range_start(allocation->device);
    check_cells(shadow_of(start, MemoryMap::kRangeBytes).cell(p), p, bytes, false, thread, tell);
}

void check_shared(Thread& thread, const void* p, size_t bytes, const Reporter& tell) {
    const SharedRange range = find_shared(Worker::here().launch(), *thread.block, p, bytes);
    if (!range.found) {
        tell("bounds", tell.verb() + " outside the shared array " + range.name);
        return;
    }
    check_cells(shadow_of(thread.block->arena, kArenaBytes).cell(p), p, bytes, true, thread, tell);
}

bool is_threads_identity(const void* p, size_t bytes) {
    return within(p, bytes, &threadIdx, sizeof threadIdx) || within(p, bytes, &blockIdx, sizeof blockIdx) ||
           within(p, bytes, &blockDim, sizeof blockDim) || within(p, bytes, &gridDim, sizeof gridDim);
}

bool is_argument(const KernelLaunch& launch, const void* p, size_t bytes) {
    return within(p, bytes, launch.argument_bytes.data(), launch.argument_bytes.size()) ||
           within(p, bytes, launch.arguments.data(), launch.arguments.size() * sizeof(void*));
}

void check_elsewhere(const void* p, size_t bytes, const Reporter& tell) {
    if (is_threads_identity(p, bytes) || is_argument(*Worker::here().launch().launch, p, bytes)) {
        return;
    }
    const Allocation* allocation = machine().memory.find(p);
    if (allocation != nullptr && allocation->live && allocation->contains(p, bytes)) {
        return;  // pinned host memory, which devices may use
    }
    if (is_static(reinterpret_cast<uintptr_t>(p)) && tell.access == Access::kRead) {
        return;
    }
    tell("host pointer", tell.verb() + " through a host pointer");
}

}  // namespace

void check_access(Thread& thread, const void* p, size_t bytes, Access access, Location where,
                  const void* instruction) {
    if (bytes == 0 || looking || within(p, bytes, thread.stack, kStackBytes)) {
        return;
    }
    looking = true;
    const Reporter tell{access, where, instruction};
    if (within(p, 1, thread.block->arena, kArenaBytes)) {
        check_shared(thread, p, bytes, tell);
    } else if (machine().memory.is_device_address(p)) {
        check_global(thread, p, bytes, tell);
    } else {
        check_elsewhere(p, bytes, tell);
    }
    looking = false;
}

void check_launch_begins(LaunchState&) {
    ++launch_phase;
    forget_hand_overs();
}

void check_block_begins(const LaunchState&, Block& block) {
    block.phase = ++block_phase;
    block.known.clear();
    block.releases = 0;
    for (Warp& warp : block.warps) {
        for (unsigned i = 0; i < kWarpLanes; ++i) {
            std::fill(warp.clock[i], warp.clock[i] + kWarpLanes, uint16_t{0});
            warp.clock[i][i] = 1;
        }
    }
}

void check_grid_barrier(std::span<Block> blocks) {
    ++launch_phase;
    forget_hand_overs();
    for (Block& block : blocks) {
        block.known.clear();
    }
}

void check_read(Thread& thread, const void* p, size_t bytes, Location where) {
    check_access(thread, p, bytes, Access::kRead, where, nullptr);
}
void check_write(Thread& thread, const void* p, size_t bytes, Location where) {
    check_access(thread, p, bytes, Access::kWrite, where, nullptr);
}
void check_atomic(Thread& thread, const void* p, size_t bytes, Location where, const void* instruction) {
    check_access(thread, p, bytes, Access::kAtomic, where, instruction);
    check_hand_on(thread, p);
}

namespace {
// Calls f(cell, set of bytes) for the device memory [p, p + bytes).
template <class F>
void for_cells(const void* p, size_t bytes, F&& f) {
    const Allocation* allocation = machine().memory.find(p);
    if (allocation == nullptr || allocation->place != Place::kDevice) {
        return;
    }
    Cell* cell = shadow_of(machine().memory.range_start(allocation->device), MemoryMap::kRangeBytes).cell(p);
    size_t offset = reinterpret_cast<uintptr_t>(p) % kCellBytes;
    for (size_t left = bytes; left > 0; ++cell, offset = 0) {
        const size_t here = std::min(left, kCellBytes - offset);
        f(*cell, static_cast<uint8_t>(((1u << here) - 1) << offset));
        left -= here;
    }
}
}  // namespace

namespace {
// Also pinned memory, which only copies are followed in.
void check_copy(const void* p, size_t bytes, Access access) {
    const Machine& m = machine();
    const Allocation* allocation = m.memory.find(p);
    if (running_operation() == 0 || allocation == nullptr || allocation->place == Place::kRegistered) {
        return;
    }
    const int range =
        allocation->place == Place::kPinned ? static_cast<int>(m.devices.size()) : allocation->device;
    Cell* cell = shadow_of(m.memory.range_start(range), MemoryMap::kRangeBytes).cell(p);
    const size_t offset = reinterpret_cast<uintptr_t>(p) % kCellBytes;
    bool race = false;
    for (size_t cells = (offset + bytes + kCellBytes - 1) / kCellBytes; cells > 0; --cells, ++cell) {
        race = races_between_streams(*cell, access) || race;
    }
    if (race) {
        report("race", std::string("a copy ") + (access == Access::kRead ? "reads" : "writes") + " memory " +
                           kNothingWaits);
    }
}
}  // namespace

void check_copy_reads(const void* p, size_t bytes) {
    check_copy(p, bytes, Access::kRead);
}
void check_copy_writes(const void* p, size_t bytes) {
    check_copy(p, bytes, Access::kWrite);
}

void check_range_gone(const void* start) {
    last_allocation = nullptr;
    forget_shadow(start);
}

void check_host_wrote(const void* p, size_t bytes) {
    for_cells(p, bytes, [](Cell& cell, uint8_t set) { cell.initialised |= set; });
}

bool check_has_value(const void* p, size_t bytes) {
    bool all = true;
    for_cells(p, bytes, [&](const Cell& cell, uint8_t set) { all = all && (set & ~cell.initialised) == 0; });
    return all;
}

void check_copied(void* to, const void* from, size_t bytes) {
    std::vector<bool> has_value;
    for_cells(from, bytes, [&](const Cell& cell, uint8_t set) {
        for (unsigned i = 0; i < kCellBytes; ++i) {
            if ((set >> i & 1u) != 0) {
                has_value.push_back((cell.initialised >> i & 1u) != 0);
            }
        }
    });
    size_t at = 0;
    for_cells(to, bytes, [&](Cell& cell, uint8_t set) {
        for (unsigned i = 0; i < kCellBytes; ++i) {
            if ((set >> i & 1u) != 0) {
                const auto bit = static_cast<uint8_t>(1u << i);
                cell.initialised =
                    static_cast<uint8_t>(has_value[at++] ? cell.initialised | bit : cell.initialised & ~bit);
            }
        }
    });
}

}  // namespace tendril::emulator

// SPDX-License-Identifier: Apache-2.0
// Vector clocks of streams: an operation comes after those of its own stream, those that an event of another
// was recorded behind, and those that the host had waited for when it gave the operation.
#include "tests/cuda/emulator/api/stream_clock.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/cuda/emulator/api/machine.h"

namespace tendril::emulator {

namespace {

struct Enqueued {
    unsigned stream = 0;
    uint64_t place = 0;  // in its stream, from 1 on
    SharedClock clock;   // of other streams
};
struct Order {
    std::vector<Enqueued> operations{Enqueued{}};
    SharedClock host;
    Operation running = 0;
};
Order& order() {
    static Order& all = *new Order;  // never destroyed, as the machine
    return all;
}

void merge(SharedClock& into, const SharedClock& from) {
    if (!from || from == into) {
        return;
    }
    if (!into) {
        into = from;
        return;
    }
    Clock sum = *into;
    bool more = false;
    for (const auto& [stream, place] : *from) {
        uint64_t& mine = sum[stream];
        more = more || mine < place;
        mine = std::max(mine, place);
    }
    if (more) {
        into = std::make_shared<const Clock>(std::move(sum));
    }
}

void merge(SharedClock& into, unsigned stream, uint64_t place) {
    if (place > 0) {
        merge(into, std::make_shared<const Clock>(Clock{{stream, place}}));
    }
}

void follow(CUstream_st& stream, const CUstream_st& other) {
    merge(stream.clock, other.clock);
    merge(stream.clock, other.number, other.issued);
}

}  // namespace

Operation note_operation(const Machine& m, CUstream_st& stream) {
    merge(stream.clock, order().host);
    if (stream.blocking && !stream.is_default) {
        follow(stream, m.devices[static_cast<size_t>(stream.device)]->default_stream);
    } else if (stream.is_default) {
        for (const cudaStream_t other : m.streams) {
            if (other->blocking && other->device == stream.device) {
                follow(stream, *other);
            }
        }
    }
    order().operations.push_back({stream.number, stream.issued, stream.clock});
    return static_cast<Operation>(order().operations.size() - 1);
}

void note_record(CUevent_st& event, const CUstream_st& stream) {
    event.clock = stream.clock;
    merge(event.clock, stream.number, stream.issued);
}

void note_wait(CUstream_st& stream, const CUevent_st& event) {
    merge(stream.clock, event.clock);
}

void note_host_waited(const CUstream_st& stream) {
    merge(order().host, stream.clock);
    merge(order().host, stream.number, stream.issued);
}

void note_host_waited(const CUevent_st& event) {
    merge(order().host, event.clock);
}

bool comes_before(Operation before, Operation after) {
    if (before == 0 || after == 0 || before == after) {
        return true;
    }
    static thread_local std::pair<Operation, Operation> last;
    static thread_local bool answer = true;
    if (last != std::pair(before, after)) {
        last = {before, after};
        const Enqueued& first = order().operations[before];
        const Enqueued& second = order().operations[after];
        const auto known = second.clock ? second.clock->find(first.stream) : Clock::const_iterator();
        answer = first.stream == second.stream
                     ? first.place < second.place
                     : second.clock && known != second.clock->end() && known->second >= first.place;
    }
    return answer;
}

Operation running_operation() {
    return order().running;
}

void forget_operations() {
    order() = {};
}

RunningOperation::RunningOperation(Operation operation) : outer_(std::exchange(order().running, operation)) {}

RunningOperation::~RunningOperation() {
    order().running = outer_;
}

}  // namespace tendril::emulator

// SPDX-License-Identifier: Apache-2.0
// What comes before what between streams, by events and the host's waits, whenever it is really done. The
// check build keeps it; in the others all of it is nothing. Under the machine's lock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

struct CUstream_st;
struct CUevent_st;

namespace tendril::emulator {

// For each stream, by its number, how many of its first operations are done by then. Shared, never changed.
using Clock = std::map<unsigned, uint64_t>;
using SharedClock = std::shared_ptr<const Clock>;

// An operation of a stream, by its number in the checker's list; 0: none, or not known.
using Operation = uint32_t;

struct Machine;

#if defined(TENDRIL_EMULATOR_CHECK)
// The operation that is enqueued now, as the stream's latest.
Operation note_operation(const Machine&, CUstream_st&);
void note_record(CUevent_st&, const CUstream_st&);
void note_wait(CUstream_st&, const CUevent_st&);
// The host has waited for all that the stream was given, or for an event.
void note_host_waited(const CUstream_st&);
void note_host_waited(const CUevent_st&);
// Whether `before` is done in every order in which the machine may work when `after` begins.
bool comes_before(Operation before, Operation after);
Operation running_operation();
void forget_operations();

// The operation runs while one of these lives.
class RunningOperation {
  public:
    explicit RunningOperation(Operation);
    ~RunningOperation();
    RunningOperation(const RunningOperation&) = delete;
    RunningOperation& operator=(const RunningOperation&) = delete;

  private:
    Operation outer_;
};
#else
inline Operation note_operation(const Machine&, CUstream_st&) {
    return 0;
}
inline void note_record(CUevent_st&, const CUstream_st&) {}
inline void note_wait(CUstream_st&, const CUevent_st&) {}
inline void note_host_waited(const CUstream_st&) {}
inline void note_host_waited(const CUevent_st&) {}
inline void forget_operations() {}
class RunningOperation {
  public:
    explicit RunningOperation(Operation) {}
    ~RunningOperation() {}
};
#endif

}  // namespace tendril::emulator

// SPDX-License-Identifier: Apache-2.0
// A switch between stacks of one thread: written out for x86-64 (8 ns), ucontext elsewhere (portable, 40
// times slower). AddressSanitizer is told of each switch.
#pragma once

#include <cstddef>

// TENDRIL_EMULATOR_UCONTEXT: the portable switch on x86-64 as well, to test it.
#if !defined(__x86_64__) && !defined(TENDRIL_EMULATOR_UCONTEXT)
#define TENDRIL_EMULATOR_UCONTEXT
#endif
#if defined(TENDRIL_EMULATOR_UCONTEXT)
#include <ucontext.h>
#endif

namespace tendril::emulator {

class Context {
  public:
    // Makes this the start of entry() on the stack [stack, stack + bytes); entry never returns. `colour`
    // moves the first frame, so that the stacks of neighbouring threads do not share cache sets.
    void start(char* stack, size_t bytes, unsigned colour, void (*entry)());
    // Stores where the caller is into `from` and goes on where `to` was left. `ends`: from never runs again.
    static void switch_to(Context& from, Context& to, bool ends);
    // The other half of a switch, first thing on a started stack.
    static void arrived();
    // Makes this the context of the calling thread's own stack.
    void adopt_thread_stack();

  private:
#if defined(TENDRIL_EMULATOR_UCONTEXT)
    ucontext_t context_;
#else
    void* stack_pointer_ = nullptr;
#endif
    const void* stack_ = nullptr;
    size_t bytes_ = 0;
    void* fake_stack_ = nullptr;
};

}  // namespace tendril::emulator

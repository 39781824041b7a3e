// SPDX-License-Identifier: Apache-2.0
// The switch itself. Only registers that a called function must keep are saved: the compiler saves the
// others.
#include "tests/cuda/emulator/context.h"

#include <pthread.h>

#include <cstring>

#include "tests/cuda/emulator/sanitizer.h"

#if !defined(TENDRIL_EMULATOR_UCONTEXT)
extern "C" {
// Saves where the caller is in *from and goes on at `to`; by a jump, because a return is predicted to go to
// the caller.
void tendril_emulator_switch(void** from, void* to) __attribute__((visibility("hidden")));
// Where a new stack begins: calls what %rbx holds. It has no caller, and says so to debuggers.
void tendril_emulator_start() __attribute__((visibility("hidden")));
}
asm(R"(
.text
.globl tendril_emulator_switch
.hidden tendril_emulator_switch
.type tendril_emulator_switch,@function
tendril_emulator_switch:
  .cfi_startproc
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset rbp, 0
  pushq %rbx
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset rbx, 0
  pushq %r12
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset r12, 0
  pushq %r13
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset r13, 0
  pushq %r14
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset r14, 0
  pushq %r15
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset r15, 0
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  .cfi_adjust_cfa_offset -8
  .cfi_restore r15
  popq %r14
  .cfi_adjust_cfa_offset -8
  .cfi_restore r14
  popq %r13
  .cfi_adjust_cfa_offset -8
  .cfi_restore r13
  popq %r12
  .cfi_adjust_cfa_offset -8
  .cfi_restore r12
  popq %rbx
  .cfi_adjust_cfa_offset -8
  .cfi_restore rbx
  popq %rbp
  .cfi_adjust_cfa_offset -8
  .cfi_restore rbp
  popq %rcx
  .cfi_adjust_cfa_offset -8
  .cfi_register rip, rcx
  jmp *%rcx
  .cfi_endproc
.size tendril_emulator_switch,.-tendril_emulator_switch

.globl tendril_emulator_start
.hidden tendril_emulator_start
.type tendril_emulator_start,@function
tendril_emulator_start:
  .cfi_startproc
  .cfi_undefined rip
  callq *%rbx
  ud2
  .cfi_endproc
.size tendril_emulator_start,.-tendril_emulator_start
)");
#endif

namespace tendril::emulator {

void Context::start(char* stack, size_t bytes, unsigned colour, void (*entry)()) {
    stack_ = stack;
    bytes_ = bytes;
    fake_stack_ = nullptr;
    unpoison(stack, bytes);
    const size_t top = bytes - 64 - (colour & 63u) * 192;  // 192: a few cache lines, and 16-byte alignment
#if !defined(TENDRIL_EMULATOR_UCONTEXT)
    // As tendril_emulator_switch leaves a stack: r15, r14, r13, r12, rbx, rbp, and where to go on.
    void** frame = reinterpret_cast<void**>(stack + top) - 7;
    std::memset(frame, 0, 7 * sizeof *frame);
    frame[4] = reinterpret_cast<void*>(entry);
    frame[6] = reinterpret_cast<void*>(&tendril_emulator_start);
    stack_pointer_ = frame;
#else
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack;
    context_.uc_stack.ss_size = top;
    context_.uc_link = nullptr;
    makecontext(&context_, entry, 0);
#endif
}

void Context::switch_to(Context& from, Context& to, bool ends) {
    begin_switch(ends ? nullptr : &from.fake_stack_, to.stack_, to.bytes_);
#if !defined(TENDRIL_EMULATOR_UCONTEXT)
    tendril_emulator_switch(&from.stack_pointer_, to.stack_pointer_);
#else
    swapcontext(&from.context_, &to.context_);
#endif
    finish_switch(from.fake_stack_);
}

void Context::arrived() {
    finish_switch(nullptr);
}

void Context::adopt_thread_stack() {
    pthread_attr_t attributes;
    void* stack = nullptr;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &stack, &bytes_);
        pthread_attr_destroy(&attributes);
    }
    stack_ = stack;
}

}  // namespace tendril::emulator

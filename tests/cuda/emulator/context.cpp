// SPDX-License-Identifier: Apache-2.0
// The switch itself. Only registers that a called function must keep are saved: the compiler saves the
// others.
#include "tests/cuda/emulator/context.h"

#include <pthread.h>

#include <cstring>

#include "tests/cuda/emulator/sanitizer.h"

#if defined(__x86_64__)
extern "C" void tendril_emulator_switch(void** from, void* to) __attribute__((visibility("hidden")));
asm(R"(
.text
.globl tendril_emulator_switch
.hidden tendril_emulator_switch
.type tendril_emulator_switch,@function
tendril_emulator_switch:
  .cfi_startproc
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  popq %rcx
  jmp *%rcx
  .cfi_endproc
.size tendril_emulator_switch,.-tendril_emulator_switch
)");
#endif

namespace tendril::emulator {

void Context::start(char* stack, size_t bytes, unsigned colour, void (*entry)()) {
    stack_ = stack;
    bytes_ = bytes;
    fake_stack_ = nullptr;
    unpoison(stack, bytes);
    const size_t top = bytes - 64 - (colour & 63u) * 192;  // 192: a few cache lines, and 16-byte alignment
#if defined(__x86_64__)
    constexpr size_t kSavedRegisters = 6;
    void** frame = reinterpret_cast<void**>(stack + top);
    *--frame = nullptr;  // entry's return address: it never returns
    *--frame = reinterpret_cast<void*>(entry);
    frame -= kSavedRegisters;
    std::memset(frame, 0, kSavedRegisters * sizeof *frame);
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
#if defined(__x86_64__)
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

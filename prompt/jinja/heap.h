// SPDX-License-Identifier: Apache-2.0
// What a rendering may use up, and the arena that owns every object it makes. Objects live until the heap
// goes: no reference counts, so neither cycles nor deep nesting can hurt. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engine/result.h"

namespace tendril::prompt::jinja {

/// Thrown inside the interpreter only; ChatTemplate turns it into an Error at the room's border.
struct Failure {
    ErrorCode code = ErrorCode::malformed;
    std::string message;  ///< a sentence's body, without line or full stop
    int line = 0;         ///< 0: not known yet, the interpreter adds the one it is at
};

[[noreturn]] void raise(std::string message, ErrorCode code = ErrorCode::malformed, int line = 0);

/// Base of everything that the heap owns.
struct Object {
    Object() = default;
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    virtual ~Object() = default;
    Object* older = nullptr;
};

class Heap {
  public:
    /// `depth` bounds what recurses over nested values, nested nodes and calls.
    Heap(std::size_t bytes, std::size_t steps, std::size_t depth)
        : bytes_left_(bytes), steps_left_(steps), depth_left_(depth) {}
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;
    ~Heap();

    template <typename T, typename... Arguments>
    T* make(Arguments&&... arguments) {
        charge(sizeof(T) + 16);
        auto* object = new T(std::forward<Arguments>(arguments)...);
        object->older = newest_;
        newest_ = object;
        return object;
    }

    /// Takes bytes from the budget before they are created; fails when they are not left.
    void charge(std::size_t bytes) {
        if (bytes > bytes_left_) {
            out_of_bytes();
        }
        bytes_left_ -= bytes;
    }
    void step() {
        if (steps_left_ == 0) {
            out_of_steps();
        }
        --steps_left_;
    }
    /// Work of `units` bytes or elements looked at inside one step.
    void work(std::size_t units) {
        unpaid_ += units;
        const std::size_t steps = unpaid_ / kUnitsPerStep;
        if (steps > steps_left_) {
            out_of_steps();
        }
        steps_left_ -= steps;
        unpaid_ %= kUnitsPerStep;
    }
    void enter() {
        if (depth_left_ == 0) {
            too_deep();
        }
        --depth_left_;
    }
    void leave() { ++depth_left_; }

  private:
    [[noreturn]] static void out_of_bytes();
    [[noreturn]] static void out_of_steps();
    [[noreturn]] static void too_deep();

    static constexpr std::size_t kUnitsPerStep = 32;
    std::size_t bytes_left_;
    std::size_t steps_left_;
    std::size_t depth_left_;
    std::size_t unpaid_ = 0;
    Object* newest_ = nullptr;
};

/// One level of recursion, for as long as it lives.
class Level {
  public:
    explicit Level(Heap& heap) : heap_(heap) { heap_.enter(); }
    ~Level() { heap_.leave(); }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

  private:
    Heap& heap_;
};

/// A string that grows against the heap's budget.
class Builder {
  public:
    explicit Builder(Heap& heap) : heap_(heap) {}
    void add(std::string_view text) {
        heap_.charge(text.size());
        text_.append(text);
    }
    void add(std::size_t count, char c) {
        heap_.charge(count);
        text_.append(count, c);
    }
    void add_code_point(char32_t c);
    void repeat(std::size_t count, std::string_view text);
    const std::string& text() const { return text_; }
    std::string take() { return std::move(text_); }

  private:
    Heap& heap_;
    std::string text_;
};

}  // namespace tendril::prompt::jinja

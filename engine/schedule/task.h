// SPDX-License-Identifier: Apache-2.0
// A request while it runs: the tokens whose rows are to be evaluated, the view that holds them, and what to
// do with the logits. Owned by the scheduler, on the engine thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "engine/backend/op_types.h"
#include "engine/cache/view.h"
#include "engine/model/forward.h"
#include "engine/requests.h"
#include "engine/schedule/step_cost.h"

namespace tendril::engine {

using Clock = std::chrono::steady_clock;

inline double milliseconds_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

class Task {
  public:
    Task(RequestId id, Priority priority, std::vector<TokenId> tokens, EventSink sink, CacheScope scope = {})
        : tokens_(std::move(tokens)), id_(id), priority_(priority), scope_(scope), sink_(std::move(sink)) {}
    virtual ~Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    RequestId id() const { return id_; }
    Priority priority() const { return priority_; }
    const CacheScope& scope() const { return scope_; }
    bool finished() const { return finished_; }
    /// Its owner is forgotten: nothing that it reads is known to anybody any more.
    void disown() { scope_ = {0, true}; }
    /// All of it is to be read.
    void forget_moved() { moved_.clear(); }
    /// All that is known of the text by now; the view holds the first view.length() of them, the rest is
    /// pending.
    std::span<const TokenId> tokens() const { return tokens_; }
    std::size_t pending() const { return tokens_.size() - view.length(); }
    /// Stretches of the text that need not be read if their pages are found elsewhere; ascending.
    std::span<const MovedText> moved() const { return moved_; }

    /// The first tokens come from a pruned text, which is held from the beginning to the end.
    void set_pruned(View held) { pruned_ = std::move(held); }
    const View& pruned() const { return pruned_; }

    /// Kept for later requests when the task has ended: its first tokens, at most this many.
    virtual std::size_t worth_keeping() const { return tokens_.size(); }
    /// The same when it has to pause.
    virtual std::size_t worth_keeping_for_itself() const { return tokens_.size(); }
    /// Told when a step with its rows begins; nothing: nobody measures their attention. `view` is not set.
    virtual std::optional<StepWatch> watch() { return std::nullopt; }
    /// There is something to do besides rows, in pieces of a few milliseconds: do_piece().
    /// It was active and waits again; what it holds besides its view is to be given back.
    virtual void paused() {}
    virtual bool has_piece() const { return false; }
    virtual void do_piece() {}
    /// Nobody waits for it and nothing is lost when it ends a step later: its step is not broken off by its
    /// cancel.
    virtual bool unhurried() const { return false; }
    /// How many tokens may be taken from the cache: those whose logits nobody asks for.
    virtual std::size_t reusable() const = 0;
    virtual bool wants_logits(std::size_t position) const = 0;
    /// take() gets final states [width] in the place of logits.
    virtual bool wants_states() const { return false; }
    /// Up to so many pending tokens are read in the next step whatever else it reads; more of them are a
    /// prompt, which takes its turn.
    virtual std::size_t rows_at_once() const { return 1; }
    /// Guesses of the tokens behind tokens(), at most `room`, beside `other_rows` of the step; valid until a
    /// token is added.
    virtual std::span<const TokenId> drafts(std::size_t room, std::size_t other_rows, const StepCost& cost) {
        static_cast<void>(room);
        static_cast<void>(other_rows);
        static_cast<void>(cost);
        return {};
    }

    /// Rows begin to run; `reused` tokens came from the cache. Called again after a pause for want of pages.
    virtual void started(std::size_t reused) = 0;
    /// Logits [vocabulary] of the row at `position`, in ascending order, each wanted one once. May append to
    /// tokens().
    virtual void take(std::size_t position, std::span<float> logits) = 0;
    /// How the token behind `position` is drawn where the logits are needed for nothing else; nothing: take()
    /// is called. Then take_drawn() is, if the device draws.
    virtual std::optional<Draw> drawing(std::size_t position) const {
        static_cast<void>(position);
        return std::nullopt;
    }
    virtual void take_drawn(std::size_t position, TokenId token) {
        static_cast<void>(position);
        static_cast<void>(token);
    }
    /// A step that this task took part in is over: `drafted` of its rows were guesses, `accepted` of them
    /// right.
    virtual void step_done(std::size_t drafted, std::size_t accepted) = 0;
    /// The last event of a task that is not to go on.
    virtual void cancel() = 0;
    void fail_with(Error error) {
        if (!finished_) {
            end(std::move(error));
        }
    }

    /// The task that reads the same text just now, up to `shared` tokens; this one waits for it. 0: none.
    struct Following {
        RequestId leader = 0;
        std::size_t shared = 0;
    };

    /// Pages of a moved stretch, found and held until the view has reached their place.
    struct Stretch {
        std::size_t at = 0;
        View pages;
        std::size_t end() const { return at + pages.length(); }
    };

    View view;
    Following following;
    std::vector<Stretch> stretches;      ///< ascending; those behind the view's end are still to come
    std::optional<std::size_t> settled;  ///< what a step writes begins here; the view is ahead of it
    std::size_t counted = 0;             ///< up to here moved tokens are counted
    std::size_t restored = 0;            ///< tokens of the view that came from the disk
    std::size_t moved_tokens = 0;        ///< taken from elsewhere, each counted once
    std::size_t shared = 0;              ///< first tokens that other tasks read or have taken as well
    bool passed_over = false;            ///< was left out of a step for one that a person waits for

  protected:
    void set_moved(std::vector<MovedText> moved) { moved_ = std::move(moved); }
    void send(Event event) { sink_(id_, std::move(event)); }
    void end(Event event) {
        finished_ = true;
        send(std::move(event));
    }

    std::vector<TokenId> tokens_;

  private:
    View pruned_;
    RequestId id_;
    Priority priority_;
    CacheScope scope_;
    std::vector<MovedText> moved_;
    EventSink sink_;
    bool finished_ = false;
};

}  // namespace tendril::engine

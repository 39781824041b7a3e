// SPDX-License-Identifier: Apache-2.0
// Helpers wait for a round that has work for their number.
#include "tests/cuda/emulator/worker_pool.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace tendril::emulator {

namespace {

class Pool {
  public:
    void run(unsigned count, const std::function<void(unsigned)>& body) {
        {
            const std::lock_guard lock(mutex_);
            while (helpers_.size() + 1 < count) {
                const auto number = static_cast<unsigned>(helpers_.size() + 1);
                helpers_.emplace_back([this, number, round = round_](const std::stop_token& stop) {
                    help(stop, number, round);
                });
            }
            body_ = &body;
            count_ = count;
            busy_ = count - 1;
            ++round_;
        }
        begin_.notify_all();
        body(0);
        std::unique_lock lock(mutex_);
        end_.wait(lock, [this] { return busy_ == 0; });
    }

  private:
    void help(const std::stop_token& stop, unsigned number, uint64_t round) {
        std::unique_lock lock(mutex_);
        while (begin_.wait(lock, stop, [&] { return round_ != round; })) {
            round = round_;
            if (number >= count_) {
                continue;
            }
            const auto* body = body_;
            lock.unlock();
            (*body)(number);
            lock.lock();
            if (--busy_ == 0) {
                end_.notify_one();
            }
        }
    }

    std::mutex mutex_;
    std::condition_variable_any begin_;
    std::condition_variable end_;
    const std::function<void(unsigned)>* body_ = nullptr;
    unsigned count_ = 0, busy_ = 0;
    uint64_t round_ = 0;
    std::vector<std::jthread> helpers_;  // last: they end before what they use
};

}  // namespace

void run_on_workers(unsigned count, const std::function<void(unsigned)>& body) {
    static Pool pool;
    pool.run(count, body);
}

}  // namespace tendril::emulator

// SPDX-License-Identifier: Apache-2.0
// Readings of the machine's load on Linux, and the rule; see machine_load.h.
#include "engine/backend/cpu/machine_load.h"

#include <algorithm>
#include <charconv>

#if defined(__linux__)
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>
#endif

namespace tendril::engine {
namespace {

// So much more work than cores: waits are slept. One busy program counts as 0.8 to 1.
constexpr double kCrowded = 1.6;
constexpr double kNotCrowded = 1.3;  // the border on the way back

/// The next word of a line, taken off it; empty at its end.
std::string_view take_word(std::string_view& line) {
    const std::size_t from = std::min(line.find_first_not_of(' '), line.size());
    line.remove_prefix(from);
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
    return word;
}

std::optional<double> take_number(std::string_view& line) {
    const std::string_view word = take_word(line);
    unsigned long long value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) {
        return {};
    }
    return static_cast<double>(value);
}

/// "cpu3 user nice system idle iowait ...": idle and iowait, in ticks.
std::optional<double> idle_ticks(std::string_view line) {
    for (int skipped = 0; skipped < 4; ++skipped) {
        take_word(line);
    }
    const auto idle = take_number(line);
    const auto waiting = take_number(line);
    if (!idle || !waiting) {
        return {};
    }
    return *idle + *waiting;
}

}  // namespace

double work_of_others(const LoadReading& from, const LoadReading& to) {
    const double seconds = to.clock - from.clock;
    if (seconds <= 0) {
        return 0;
    }
    const double busy = seconds * to.cores - (to.idle - from.idle);
    return std::clamp((busy - (to.ours - from.ours)) / seconds, 0.0, static_cast<double>(to.cores));
}

bool waits_asleep_beside(double others, unsigned cores, unsigned threads, bool now) {
    return others + threads - cores > (now ? kNotCrowded : kCrowded);
}

std::optional<double> idle_seconds(std::string_view proc_stat, const std::vector<unsigned>& wanted,
                                   double ticks) {
    double idle = 0;
    std::size_t found = 0;
    while (found < wanted.size() && !proc_stat.empty()) {
        const std::size_t end = std::min(proc_stat.find('\n'), proc_stat.size());
        const std::string_view line = proc_stat.substr(0, end);
        proc_stat.remove_prefix(std::min(end + 1, proc_stat.size()));
        if (!line.starts_with("cpu")) {
            break;
        }
        std::string_view number = line.substr(3);
        if (number.starts_with(' ')) {
            continue;  // the sum of all
        }
        const auto core = take_number(number);
        if (!core || *core != wanted[found]) {
            continue;
        }
        const auto spent = idle_ticks(line);
        if (!spent) {
            return {};
        }
        idle += *spent;
        ++found;
    }
    if (found < wanted.size()) {
        return {};
    }
    return idle / ticks;
}

#if defined(__linux__)

namespace {

double seconds_of(clockid_t clock) {
    timespec time{};
    return clock_gettime(clock, &time) == 0
               ? static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9
               : 0;
}

class ProcStatReader final : public LoadReader {
  public:
    ProcStatReader(int file, std::vector<unsigned> cores, const std::vector<clockid_t>& others)
        : file_(file),
          cores_(std::move(cores)),
          others_(others),
          ticks_(static_cast<double>(std::max(1L, ::sysconf(_SC_CLK_TCK)))),
          text_((cores_.back() + 2U) * kLine) {}
    ~ProcStatReader() override { ::close(file_); }
    ProcStatReader(const ProcStatReader&) = delete;
    ProcStatReader& operator=(const ProcStatReader&) = delete;

    std::optional<LoadReading> read() override {
        LoadReading reading;
        reading.cores = static_cast<unsigned>(cores_.size());
        reading.clock = seconds_of(CLOCK_MONOTONIC);
        reading.ours = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        for (const clockid_t clock : others_) {
            reading.ours += seconds_of(clock);
        }
        const ssize_t size = ::pread(file_, text_.data(), text_.size(), 0);
        const auto idle =
            idle_seconds(std::string_view(text_.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))),
                         cores_, ticks_);
        if (!idle) {
            return {};
        }
        reading.idle = *idle;
        return reading;
    }

  private:
    static constexpr std::size_t kLine = 256;  // characters of a core's line, at most

    int file_;
    std::vector<unsigned> cores_;
    std::vector<clockid_t> others_;
    double ticks_;
    std::vector<char> text_;
};

}  // namespace

std::unique_ptr<LoadReader> make_load_reader(const std::vector<clockid_t>& others) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) == 0) {
        return nullptr;
    }
    std::vector<unsigned> cores;
    for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(core, &set)) {
            cores.push_back(core);
        }
    }
    const int file = ::open("/proc/stat", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return nullptr;
    }
    auto reader = std::make_unique<ProcStatReader>(file, std::move(cores), others);
    if (!reader->read()) {
        return nullptr;
    }
    return reader;
}

#else

std::unique_ptr<LoadReader> make_load_reader(const std::vector<clockid_t>&) {
    return nullptr;
}

#endif

}  // namespace tendril::engine

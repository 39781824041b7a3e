// SPDX-License-Identifier: Apache-2.0
// The list of problems, and what tests read of it.
#include "tests/cuda/emulator/report.h"

#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>

#include "tests/cuda/emulator/control.h"
#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

namespace {

constexpr size_t kMaxProblems = 100;

struct Problems {
    std::mutex mutex;
    std::vector<Problem> list;
    std::map<std::string, size_t> by_text;
    bool print = true;
};

Problems& found() {
    static Problems& problems = *new Problems;  // never destroyed, as the machine
    return problems;
}

std::string place(Location where) {
    if (where.file == nullptr || *where.file == '\0') {
        return {};
    }
    const char* slash = std::strrchr(where.file, '/');
    return std::string(" at ") + (slash == nullptr ? where.file : slash + 1) + ":" +
           std::to_string(where.line);
}

}  // namespace

void report(const char* kind, Location where, const std::string& text) {
    const std::string full = text + place(where);
    Problems& all = found();
    const std::lock_guard lock(all.mutex);
    const auto [entry, is_new] = all.by_text.try_emplace(kind + (": " + full), all.list.size());
    if (!is_new) {
        if (entry->second < all.list.size()) {
            ++all.list[entry->second].count;
        }
        return;
    }
    if (all.list.size() == kMaxProblems) {
        return;
    }
    all.list.push_back({kind, full});
    if (!all.print) {
        return;
    }
    std::fprintf(stderr, "CUDA emulator: %s: %s", kind, full.c_str());
    if (const Thread* thread = Worker::running()) {
        std::fprintf(stderr, " (first: block %u, thread %u)", thread->block->linear, thread->linear);
    }
    std::fputc('\n', stderr);
}

void report(const char* kind, const std::string& text) {
    report(kind, Location{}, text);
}

std::vector<Problem> problems() {
    const std::lock_guard lock(found().mutex);
    return found().list;
}

std::string problem_report() {
    std::string text;
    for (const Problem& problem : problems()) {
        text += problem.kind + ": " + problem.text;
        text += problem.count > 1 ? " (" + std::to_string(problem.count) + " times)\n" : "\n";
    }
    return text;
}

void forget_problems() {
    const std::lock_guard lock(found().mutex);
    found().list.clear();
    found().by_text.clear();
}

void print_problems(bool print) {
    const std::lock_guard lock(found().mutex);
    found().print = print;
}

}  // namespace tendril::emulator

// SPDX-License-Identifier: Apache-2.0
// Shared parts of the CUDA op tests; see cuda_fixture.h.
#include "tests/cuda/ops/cuda_fixture.h"

#include <cstdio>

#include <QTest>

#include "engine/backend/cuda/cuda_backend.h"

namespace tendril::engine::test {

std::unique_ptr<Backend> cuda() {
    auto backend = tendril::cuda::make_cuda_backend({.device = 0, .multiprocessors = 8});
    if (!backend) {
        std::printf("no CUDA backend: %s (%s)\n", backend.error().message.c_str(),
                    backend.error().detail.c_str());
        return nullptr;
    }
    return std::move(*backend);
}

bool slow_build() {
    return emulator::build_name() == "asan" || emulator::build_name() == "check" ||
           emulator::settings().tier == emulator::Tier::kPtx;
}

const char* name(emulator::Schedule schedule) {
    switch (schedule) {
        case emulator::Schedule::kInOrder:
            return "in order";
        case emulator::Schedule::kReversed:
            return "reversed";
        default:
            return "random";
    }
}

void add_schedules() {
    QTest::addColumn<int>("schedule");
    for (const emulator::Schedule schedule : kSchedules) {
        if (slow_build() && schedule != emulator::Schedule::kRandom) {
            continue;
        }
        QTest::newRow(name(schedule)) << static_cast<int>(schedule);
    }
}

void use_schedule(int schedule) {
    emulator::settings().schedule = static_cast<emulator::Schedule>(schedule);
    emulator::settings().seed = 7;
    emulator::settings().resident_blocks = 2;
    emulator::settings().workers = emulator::build_name() == "fast" ? 2 : 1;
}

}  // namespace tendril::engine::test

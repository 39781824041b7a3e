// SPDX-License-Identifier: Apache-2.0
// The CUDA backend on the emulator, for the tests of its ops: one backend, run under each of the emulator's
// schedules.
#pragma once

#include <memory>
#include <string>

#include "engine/backend/backend.h"
#include "tests/cuda/emulator/control.h"
#include "tests/ops/ops_fixture.h"

namespace tendril::engine::test {

std::unique_ptr<Backend> cuda();

/// True in the builds that are ten times as slow (asan, check), and for compiled PTX, which is run for four
/// architectures: a test takes fewer shapes there.
bool slow_build();

inline constexpr emulator::Schedule kSchedules[] = {
    emulator::Schedule::kInOrder, emulator::Schedule::kReversed, emulator::Schedule::kRandom};
const char* name(emulator::Schedule schedule);
/// QTest rows, one for each schedule (slow builds: the random one): column "schedule".
void add_schedules();
void use_schedule(int schedule);

}  // namespace tendril::engine::test

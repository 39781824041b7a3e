// SPDX-License-Identifier: Apache-2.0
// Attention over the reference backend's pages, one row and head at a time, by the definition. Engine thread.
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/reference/host_pages.h"
#include "engine/backend/rope_frequencies.h"

namespace tendril::engine {

class ReferenceRope final : public RopeTable {
  public:
    ReferenceRope(RopeFrequencies angles, RopeSettings::Pairing pair)
        : frequencies(std::move(angles)), pairing(pair) {}
    const RopeFrequencies frequencies;
    const RopeSettings::Pairing pairing;
};

void reference_store_kv(HostPages& pages, std::size_t layer, const StepPlan& plan, Rows keys, Rows values);
void reference_attention(const HostPages& pages, const AttentionSettings& settings, const StepPlan& plan,
                         Rows q, Rows out);

void reference_attention_peaks(const HostPages& pages, const AttentionSettings& settings,
                               const StepView& view, Rows q, const PeakRange& range, std::span<float> peaks);

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// Scenes of a step's kinds: graphs that are replayed, the block that comes last, rows that are normed where
// they are used, rows that only fill up a launch, draws. Whether the numbers are right; bug 0: the correct
// code.
#pragma once

namespace tendril::planted {

bool replay_scene(int bug);        // 31
bool total_scene(int bug);         // 32
bool norm_product_scene(int bug);  // 33
bool store_scene(int bug);         // 34
bool best_scene(int bug);          // 35
bool norm_add_scene(int bug);      // 36

}  // namespace tendril::planted

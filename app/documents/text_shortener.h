// SPDX-License-Identifier: Apache-2.0
// Who makes texts of documents shorter in the background, as DocumentDesk needs it. Chat worker's thread
// only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/engine.h"
#include "engine/result.h"

namespace tendril::app {

struct ShortenedText {
    std::string text;
    std::string method;  ///< as on the command line
    double rate = 1;     ///< share of the tokens that was asked for
    std::string scorer;
    std::uint32_t tokens_before = 0;
    std::uint32_t tokens_after = 0;
};

class TextShortener {
  public:
    using Done = std::function<void(Result<ShortenedText>)>;

    virtual ~TextShortener() = default;
    /// By the method and to the rate of the settings, whatever will be asked about it. Tells `done` once,
    /// never inside this call.
    virtual std::uint64_t start(std::string text, engine::CacheScope scope,
                                std::function<void(double)> progress, Done done) = 0;
    /// `done` comes with an error (cancelled).
    virtual void cancel(std::uint64_t job) = 0;
};

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// SHA-256: names of pages and checksums of models, by libnettle. Of public data only: nothing here is
// secret. One owner at a time; any thread.
#pragma once

#include <nettle/sha2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tendril::engine {

class Sha256 {
  public:
    using Digest = std::array<std::uint8_t, SHA256_DIGEST_SIZE>;

    Sha256() { sha256_init(&context_); }

    void update(std::span<const std::uint8_t> bytes) { sha256_update(&context_, bytes.size(), bytes.data()); }
    void update(std::string_view text) {
        update({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }
    /// Once, at the end.
    Digest finish() {
        Digest digest{};
        sha256_digest(&context_, digest.size(), digest.data());
        return digest;
    }

  private:
    sha256_ctx context_{};
};

}  // namespace tendril::engine

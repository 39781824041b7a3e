// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4): names of pages and checksums of models, by the processor's own instructions where it
// has them. Of public data only: nothing here is secret. One owner at a time; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tendril::engine {

class Sha256 {
  public:
    using Digest = std::array<std::uint8_t, 32>;
    /// Takes whole blocks of 64 bytes into the state.
    using Compress = void (*)(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count);

    Sha256() : Sha256(fastest()) {}
    /// With a given kind of code, for tests.
    explicit Sha256(Compress compress) : compress_(compress) {}

    void update(std::span<const std::uint8_t> bytes);
    void update(std::string_view text) {
        update({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }
    /// Once, at the end.
    Digest finish();

    static Digest of(std::span<const std::uint8_t> bytes);

    static Compress scalar();
    static Compress instructions();  ///< null where the processor has none for it
    static Compress fastest();

  private:
    Compress compress_;
    std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::uint8_t, 64> rest_{};  // of a block that is not whole
    std::size_t rest_bytes_ = 0;
    std::uint64_t bytes_ = 0;
};

/// The constants of the rounds.
extern const std::array<std::uint32_t, 64> kSha256Rounds;
/// By the instructions of x86; only where the processor has them.
void sha256_blocks_x86(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count);

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// Names of pages: SHA-256, cut to 128 bits, so that no text can be made to take another text's page. Pure.
#include <openssl/sha.h>

#include <cstring>

#include "engine/cache/disk/page_store.h"

namespace tendril::engine {
namespace {

PageName first_half(const unsigned char* digest) {
    PageName name;
    std::memcpy(name.bytes.data(), digest, name.bytes.size());
    return name;
}

}  // namespace

std::size_t PageNameHash::operator()(const PageName& name) const {
    std::size_t value = 0;
    std::memcpy(&value, name.bytes.data(), sizeof value);
    return value;
}

std::string hex(const PageName& name) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : name.bytes) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

PageName page_name(const PageName& parent, std::span<const TokenId> tokens) {
    std::array<unsigned char, sizeof(PageName) + kPageTokens * sizeof(TokenId)> text{};
    std::memcpy(text.data(), parent.bytes.data(), parent.bytes.size());
    const std::size_t count = std::min(tokens.size(), kPageTokens);
    std::memcpy(text.data() + parent.bytes.size(), tokens.data(), count * sizeof(TokenId));
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(text.data(), parent.bytes.size() + count * sizeof(TokenId), digest.data());
    return first_half(digest.data());
}

PageName root_name(const std::string& identity) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(identity.data()), identity.size(), digest.data());
    return first_half(digest.data());
}

}  // namespace tendril::engine

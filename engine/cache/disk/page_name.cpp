// SPDX-License-Identifier: Apache-2.0
// Names of pages: SHA-256, cut to 128 bits, so that no text can be made to take another text's page. Pure.
#include <cstring>

#include "engine/cache/disk/page_store.h"
#include "engine/model/sha256.h"

namespace tendril::engine {
namespace {

PageName first_half(const Sha256::Digest& digest) {
    PageName name;
    std::memcpy(name.bytes.data(), digest.data(), name.bytes.size());
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
    Sha256 hash;
    hash.update(parent.bytes);
    hash.update({reinterpret_cast<const std::uint8_t*>(tokens.data()),
                 std::min(tokens.size(), kPageTokens) * sizeof(TokenId)});
    return first_half(hash.finish());
}

PageName root_name(const std::string& identity) {
    Sha256 hash;
    hash.update(identity);
    return first_half(hash.finish());
}

}  // namespace tendril::engine

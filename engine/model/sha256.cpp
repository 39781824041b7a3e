// SPDX-License-Identifier: Apache-2.0
// Checksums: of a whole file in pieces, so that it can be watched and cancelled, and of a text. Uses
// libcrypto. Any thread that may wait.
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "engine/model/describe.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kPiece = 4U << 20;

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

tl::unexpected<Error> library_error() {
    return fail(ErrorCode::internal, "The checksum could not be computed.", "libcrypto EVP_sha256");
}

std::string hex(std::span<const unsigned char> bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15U];
    }
    return text;
}

}  // namespace

Result<std::string> file_sha256(const std::filesystem::path& path,
                                const std::function<bool(double share)>& progress) {
    std::error_code error;
    const auto size = static_cast<double>(std::filesystem::file_size(path, error));
    std::ifstream file(path, std::ios::binary);
    if (error || !file) {
        const ErrorCode code =
            error == std::errc::no_such_file_or_directory ? ErrorCode::not_found : ErrorCode::io;
        return fail(code, "The file " + path.filename().string() + " could not be opened.",
                    path.string() + ": " + (error ? error.message() : std::strerror(errno)));
    }
    const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) {
        return library_error();
    }
    std::vector<char> piece(kPiece);
    double done = 0;
    do {
        file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        const auto got = static_cast<std::size_t>(file.gcount());
        if (EVP_DigestUpdate(context.get(), piece.data(), got) != 1) {
            return library_error();
        }
        done += static_cast<double>(got);
        if (progress && !progress(size > 0 ? std::min(1.0, done / size) : 1.0)) {
            return fail(ErrorCode::cancelled, "The checksum was cancelled.");
        }
    } while (file);
    if (file.bad()) {
        return fail(ErrorCode::io, "The file " + path.filename().string() + " could not be read to its end.",
                    path.string());
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_DigestFinal_ex(context.get(), digest.data(), &length) != 1) {
        return library_error();
    }
    return hex(std::span(digest).first(length));
}

std::string text_sha256(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
        return {};
    }
    return {digest.begin(), digest.begin() + length};
}

}  // namespace tendril::engine

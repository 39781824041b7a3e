// SPDX-License-Identifier: Apache-2.0
// Checksums: of a whole file in pieces, so that it can be watched and cancelled, and of a text. Any thread
// that may wait.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "engine/model/describe.h"
#include "engine/model/sha256.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kPiece = 4U << 20;

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
    Sha256 hash;
    std::vector<char> piece(kPiece);
    double done = 0;
    do {
        file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        const auto got = static_cast<std::size_t>(file.gcount());
        hash.update(std::string_view(piece.data(), got));
        done += static_cast<double>(got);
        if (progress && !progress(size > 0 ? std::min(1.0, done / size) : 1.0)) {
            return fail(ErrorCode::cancelled, "The checksum was cancelled.");
        }
    } while (file);
    if (file.bad()) {
        return fail(ErrorCode::io, "The file " + path.filename().string() + " could not be read to its end.",
                    path.string());
    }
    return hex(hash.finish());
}

std::string text_sha256(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    const Sha256::Digest digest = hash.finish();
    return {digest.begin(), digest.end()};
}

}  // namespace tendril::engine

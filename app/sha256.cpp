// SPDX-License-Identifier: Apache-2.0
// SHA-256 over Qt's implementation; the only place outside the controller that needs Qt, so it is hidden
// here.
#include "app/sha256.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <QCryptographicHash>

namespace tendril::app {
namespace {

constexpr std::size_t kChunkBytes = 4U << 20U;

struct Descriptor {
    int value;
    ~Descriptor() {
        if (value >= 0) {
            close(value);
        }
    }
};

}  // namespace

Result<std::string> sha256_of_file(const std::filesystem::path& file,
                                   const std::function<bool()>& cancelled) {
    const Descriptor in{open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    QCryptographicHash hash(QCryptographicHash::Sha256);
    std::vector<char> chunk(kChunkBytes);
    for (;;) {
        if (cancelled && cancelled()) {
            return fail(ErrorCode::cancelled, "Cancelled.");
        }
        const ssize_t count = in.value < 0 ? -1 : read(in.value, chunk.data(), chunk.size());
        if (count < 0) {
            const int reason = errno;
            if (reason == EINTR && in.value >= 0) {
                continue;
            }
            return fail(ErrorCode::io,
                        "The file " + file.string() + " cannot be read: " + std::strerror(reason) + ".");
        }
        if (count == 0) {
            return hash.result().toHex().toStdString();
        }
        hash.addData(QByteArrayView(chunk.data(), count));
    }
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// The vocabulary of failure that every room speaks: a value, or an error with a text for a person. Pure, no
// state.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace tendril {

/// What kind of thing went wrong; decides what the caller may offer (retry, choose another file, free memory,
/// ...).
enum class ErrorCode {
    invalid_argument,  ///< the caller asked for something that cannot be
    not_found,
    malformed,    ///< untrusted input (model file, template, database) breaks its own format
    unsupported,  ///< well-formed, but of a kind that this program does not know; the message names it
    too_large,    ///< over a limit of ours (see limits.h); the message names the limit
    out_of_memory,
    io,
    disk_full,
    read_only,
    corrupt,  ///< data of ours that fails its integrity check
    cancelled,
    busy,
    internal,  ///< a bug of ours, caught at a border
};

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;  ///< one sentence for a person, without a final newline
    std::string detail;   ///< for the log: offsets, errno, names. Never the text of a chat.
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// `return fail(ErrorCode::malformed, "The file ends inside its header.");`
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message,
                                                std::string detail = {}) {
    return tl::unexpected<Error>(Error{code, std::move(message), std::move(detail)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace tendril

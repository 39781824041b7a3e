// SPDX-License-Identifier: Apache-2.0
// From a file that a person attaches to the text of a document. Text is decoded here; a PDF is read by
// pdftotext, a program of its own under limits, so that a bad file cannot take ours with it. Background
// threads; no state.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "app/documents/child_process.h"
#include "engine/result.h"
#include "storage/chat_store.h"

namespace tendril::app {

inline constexpr std::uintmax_t kLargestTextDocument = 16U << 20U;  ///< bytes of text, also of a PDF's
inline constexpr std::uintmax_t kLargestPdf = 256U << 20U;

struct ReadOptions {
    std::string pdf_program;  ///< empty: pdftotext, where it is found
    ChildLimits limits;       ///< of the program that reads PDFs
};

struct ReadDocument {
    std::string name;  ///< of the file, without its folders; valid UTF-8
    storage::DocumentKind kind = storage::DocumentKind::text;
    std::uintmax_t file_bytes = 0;
    std::string text;  ///< UTF-8, never blank
    std::string note;  ///< for a person, mostly empty: that it was in another encoding, or not quite sound
};

/// Errors in words that name the file: not there, no file, too large, binary, of an encoding that cannot be
/// told, empty; a PDF that is encrypted, broken, without text, too much for the limits, or that pdftotext is
/// not installed; `cancelled`.
Result<ReadDocument> read_document(const std::filesystem::path& path, const ReadOptions& options,
                                   const std::function<bool()>& cancelled);

}  // namespace tendril::app

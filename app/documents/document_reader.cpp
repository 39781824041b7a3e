// SPDX-License-Identifier: Apache-2.0
// See document_reader.h.
#include "app/documents/document_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "app/documents/text_decoding.h"
#include "engine/text/utf8_stream.h"

namespace tendril::app {
namespace {

namespace fs = std::filesystem;
using storage::DocumentKind;

constexpr const char* kSources[] = {
    ".c",     ".h",    ".cc",   ".cpp",  ".cxx",  ".hpp",   ".hh",   ".cu",  ".cuh",  ".py",    ".js",
    ".ts",    ".jsx",  ".tsx",  ".rs",   ".go",   ".java",  ".kt",   ".cs",  ".rb",   ".php",   ".pl",
    ".sh",    ".bash", ".zsh",  ".fish", ".sql",  ".lua",   ".r",    ".jl",  ".m",    ".mm",    ".swift",
    ".scala", ".hs",   ".ml",   ".clj",  ".ex",   ".erl",   ".html", ".css", ".scss", ".xml",   ".json",
    ".yaml",  ".yml",  ".toml", ".ini",  ".cfg",  ".cmake", ".qml",  ".ui",  ".diff", ".patch", ".tex",
    ".bib",   ".csv",  ".tsv",  ".vue",  ".dart", ".asm",   ".s",    ".vhd", ".v",    ".proto"};

/// An open file that is closed when this goes.
class OpenFile {
  public:
    explicit OpenFile(const fs::path& path)
        : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~OpenFile() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    int get() const { return descriptor_; }

  private:
    int descriptor_;
};

DocumentKind kind_of(const fs::path& path, std::string_view text) {
    std::string suffix = path.extension().string();
    std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (suffix == ".md" || suffix == ".markdown") {
        return DocumentKind::markdown;
    }
    const bool source = std::find(std::begin(kSources), std::end(kSources), suffix) != std::end(kSources) ||
                        path.filename() == "Makefile" || path.filename() == "CMakeLists.txt" ||
                        text.starts_with("#!");
    return source ? DocumentKind::source : DocumentKind::text;
}

std::string mebibytes(std::uintmax_t bytes) {
    return std::to_string(bytes >> 20U) + " MiB";
}

/// At most `most` bytes from the beginning; the file may grow while it is read.
Result<std::string> read_bytes(int file, std::uintmax_t most, const std::string& name,
                               const std::function<bool()>& cancelled) {
    std::string bytes;
    std::array<char, 1U << 16U> buffer{};
    while (bytes.size() < most) {
        if (cancelled && cancelled()) {
            return fail(ErrorCode::cancelled, "Reading " + name + " was cancelled.");
        }
        const ssize_t got =
            ::pread(file, buffer.data(), std::min<std::uintmax_t>(buffer.size(), most - bytes.size()),
                    static_cast<off_t>(bytes.size()));
        if (got < 0 && errno != EINTR) {
            return fail(ErrorCode::io, name + " cannot be read.", std::strerror(errno));
        }
        if (got == 0) {
            break;
        }
        bytes.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    }
    return bytes;
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

/// What pdftotext said on its way out, as far as it is known.
Error pdf_error(const std::string& name, const ChildResult& result) {
    using End = ChildResult::End;
    std::string errors = result.errors;
    const auto says = [&errors](const char* words) { return errors.find(words) != std::string::npos; };
    std::string detail =
        "end " + std::to_string(static_cast<int>(result.end)) + ", code " + std::to_string(result.code);
    if (result.end == End::cancelled) {
        return {ErrorCode::cancelled, "Reading " + name + " was cancelled.", detail};
    }
    if (result.end == End::too_long) {
        return {ErrorCode::too_large, name + " takes too long to read, so it was given up.", detail};
    }
    if (result.end == End::too_much) {
        return {ErrorCode::too_large,
                name + " holds too much text: " + mebibytes(kLargestTextDocument) + " are the most.", detail};
    }
    if (says("Incorrect password") || says("ncrypted")) {
        return {ErrorCode::unsupported,
                name + " is encrypted. Save it without its password, then attach it again.", detail};
    }
    if (result.code == 3) {
        return {ErrorCode::unsupported, name + " does not allow its text to be copied.", detail};
    }
    if (says("emory") || says("bad_alloc")) {
        return {ErrorCode::too_large, name + " needs too much memory to be read, so it was given up.",
                detail};
    }
    return {ErrorCode::malformed, name + " is a broken PDF: no text can be read from it.", detail};
}

Result<std::string> read_pdf(int file, const std::string& name, const ReadOptions& options,
                             const std::function<bool()>& cancelled) {
    const std::string program = options.pdf_program.empty() ? find_program("pdftotext") : options.pdf_program;
    if (program.empty()) {
        return fail(ErrorCode::unsupported,
                    name +
                        " is a PDF, and reading those needs the program pdftotext. It is in "
                        "the package poppler-utils.");
    }
    ChildOrder order;
    // The file is open already: no name is given, so none can be taken for an option or exchanged meanwhile.
    order.arguments = {program, "-enc", "UTF-8", "-eol", "unix", "/dev/fd/0", "-"};
    order.input = file;
    order.limits = options.limits;
    order.limits.output = std::min<std::uint64_t>(order.limits.output, kLargestTextDocument);
    auto result = run_child(order, cancelled);
    if (!result) {
        return fail(result.error().code, name + " could not be read: " + result.error().message,
                    result.error().detail);
    }
    const bool well = result->end == ChildResult::End::exited && result->code == 0;
    if (!well) {
        return fail(pdf_error(name, *result));
    }
    std::string text = engine::to_valid_utf8(result->output);
    std::erase(text, '\0');
    if (is_blank(text)) {
        return fail(ErrorCode::unsupported, name +
                                                " holds no text: its pages are pictures, perhaps of a "
                                                "scanner. It needs text recognition first.");
    }
    std::string pages;
    for (const char c : text) {
        pages += c == '\f' ? std::string("\n\n") : std::string(1, c);
    }
    return pages;
}

bool is_pdf(std::string_view bytes) {
    return bytes.substr(0, 1024).find("%PDF-") != std::string_view::npos;
}

}  // namespace

Result<ReadDocument> read_document(const fs::path& path, const ReadOptions& options,
                                   const std::function<bool()>& cancelled) {
    ReadDocument document;
    document.name = engine::to_valid_utf8(path.filename().string());
    const std::string& name = document.name;
    const OpenFile file(path);
    struct stat facts {};
    if (file.get() < 0 || ::fstat(file.get(), &facts) != 0) {
        const int reason = errno;
        const bool absent = reason == ENOENT || reason == ENOTDIR;
        return fail(absent ? ErrorCode::not_found : ErrorCode::io,
                    absent ? "There is no file " + name + "."
                           : name + " cannot be opened: " + std::strerror(reason) + ".",
                    std::strerror(reason));
    }
    if (!S_ISREG(facts.st_mode)) {
        return fail(ErrorCode::invalid_argument,
                    name + (S_ISDIR(facts.st_mode) ? " is a folder; attach its files one by one."
                                                   : " is not a file."));
    }
    document.file_bytes = static_cast<std::uintmax_t>(facts.st_size);
    const auto beginning = read_bytes(file.get(), 1024, name, cancelled);
    const bool pdf = beginning && is_pdf(*beginning);
    const std::uintmax_t most = pdf ? kLargestPdf : kLargestTextDocument;
    if (document.file_bytes > most) {
        return fail(ErrorCode::too_large, name + " is too large: " + mebibytes(most) +
                                              " are the most for a " + (pdf ? "PDF." : "text."));
    }
    if (pdf) {
        document.kind = DocumentKind::pdf;
        auto text = read_pdf(file.get(), name, options, cancelled);
        if (!text) {
            return fail(text.error());
        }
        document.text = std::move(*text);
        return document;
    }
    const auto bytes = read_bytes(file.get(), most, name, cancelled);
    if (!bytes) {
        return fail(bytes.error());
    }
    auto decoded = decode_text(*bytes, name);
    if (!decoded) {
        return fail(decoded.error());
    }
    if (is_blank(decoded->text)) {
        return fail(ErrorCode::invalid_argument, name + " is empty.");
    }
    if (decoded->repaired) {
        document.note = name + " is not quite sound: a few characters could not be read.";
    } else if (decoded->encoding != "UTF-8") {
        document.note = name + " was read as " + decoded->encoding + ".";
    }
    document.kind = kind_of(path, decoded->text);
    document.text = std::move(decoded->text);
    return document;
}

}  // namespace tendril::app

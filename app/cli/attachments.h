// SPDX-License-Identifier: Apache-2.0
// --attach: how a file and its choice are named, and documents of one question that no database keeps. Main
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>

#include "app/documents/attached.h"
#include "engine/engine.h"
#include "engine/result.h"

namespace tendril::app::cli {

extern const char* const kAttachHelp;

CLI::Validator attachment_name();

/// "report.pdf:searched" → the path and the choice; a name without a known choice behind its last colon is a
/// path.
std::pair<std::string, std::optional<storage::AttachmentChoice>> split_attachment(const std::string& name);

struct OneShot {
    std::vector<DraftDocument> documents;
    std::vector<Source> sources;
    std::string text;  ///< framed, to stand in front of the question
};

/// How a document is made shorter.
struct Shortening {
    double rate = 1;  ///< share of the tokens that is kept, about
    std::function<Result<std::string>(std::string_view)> shorten;
};

/// Reads the files for one question to `model`. `taken`: tokens of everything else in the prompt. Errors in
/// words.
Result<OneShot> attach_once(const std::vector<std::string>& names, const std::string& question,
                            const engine::LoadedModel& model, std::uint32_t taken,
                            const Shortening& shortening);

}  // namespace tendril::app::cli

// SPDX-License-Identifier: Apache-2.0
// A model file of which only the metadata is read: for commands that need no weights. Main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/model/gguf.h"
#include "engine/model/mapped_file.h"
#include "engine/text/tokenizer.h"

namespace tendril::app::cli {

struct ModelHeader {
    std::string path;
    std::unique_ptr<engine::MappedFile> file;
    engine::GgufFile gguf;

    /// Warnings go to stderr.
    Result<std::unique_ptr<const engine::Tokenizer>> tokenizer() const;
    std::optional<std::string> chat_template() const;
};

Result<ModelHeader> read_header(const std::string& path);

}  // namespace tendril::app::cli

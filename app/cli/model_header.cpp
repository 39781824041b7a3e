// SPDX-License-Identifier: Apache-2.0
// ModelHeader. Main thread.
#include "app/cli/model_header.h"

#include <utility>
#include <vector>

#include "app/cli/output.h"

namespace tendril::app::cli {

Result<ModelHeader> read_header(const std::string& path) {
    auto file = engine::MappedFile::open(path);
    if (!file) {
        return fail(about_file(file.error(), path));
    }
    auto gguf = engine::GgufFile::parse((*file)->bytes());
    if (!gguf) {
        return fail(about_file(gguf.error(), path));
    }
    return ModelHeader{path, std::move(*file), std::move(*gguf)};
}

Result<std::unique_ptr<const engine::Tokenizer>> ModelHeader::tokenizer() const {
    std::vector<std::string> warnings;
    auto tokenizer = engine::Tokenizer::create(gguf, warnings);
    for (const std::string& warning : warnings) {
        say(warning);
    }
    if (!tokenizer) {
        return fail(about_file(tokenizer.error(), path));
    }
    if (file->damaged()) {
        return fail(engine::MappedFile::damage_error());
    }
    return tokenizer;
}

std::optional<std::string> ModelHeader::chat_template() const {
    const engine::GgufValue* value = gguf.find("tokenizer.chat_template");
    const auto text = value == nullptr ? std::nullopt : value->as_string();
    return text ? std::optional<std::string>(*text) : std::nullopt;
}

}  // namespace tendril::app::cli

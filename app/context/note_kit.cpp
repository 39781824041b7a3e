// SPDX-License-Identifier: Apache-2.0
// NoteKit.
#include "app/context/note_kit.h"

#include <utility>

namespace tendril::app {

Result<std::unique_ptr<NoteKit>> NoteKit::make(std::string_view memory, std::string_view skeleton) {
    auto notes = prompt::context::NotePhrases::parse(memory);
    if (!notes) {
        return fail(notes.error());
    }
    auto languages = prompt::skeleton::Phrases::parse(skeleton);
    if (!languages) {
        return fail(languages.error());
    }
    return std::unique_ptr<NoteKit>(new NoteKit(std::move(*notes), std::move(*languages)));
}

const prompt::context::NoteWords& NoteKit::words_for(std::string_view text) const {
    return notes_.of(languages_.language_of(text).code);
}

std::size_t NoteKit::words_in(std::size_t tokens, const prompt::context::NoteWords& words) const {
    const auto* language = languages_.language(words.code);
    const double each = language != nullptr ? language->tokens_per_word : 1.4;
    return static_cast<std::size_t>(static_cast<double>(tokens) / each);
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// The texts for notes on old turns, in the language of a conversation. Immutable after make(); any thread.
#pragma once

#include <memory>
#include <string_view>

#include "engine/result.h"
#include "prompt/context/notes.h"
#include "prompt/skeleton/phrases.h"

namespace tendril::app {

class NoteKit {
  public:
    /// As resources/prompts/memory.json and skeleton.json (which tells languages apart).
    static Result<std::unique_ptr<NoteKit>> make(std::string_view memory, std::string_view skeleton);

    const prompt::context::NoteWords& words_for(std::string_view text) const;
    std::string reason(std::string_view key) const { return notes_.reason(key); }
    /// Words of this language that so many tokens hold.
    std::size_t words_in(std::size_t tokens, const prompt::context::NoteWords& words) const;

  private:
    NoteKit(prompt::context::NotePhrases notes, prompt::skeleton::Phrases languages)
        : notes_(std::move(notes)), languages_(std::move(languages)) {}

    prompt::context::NotePhrases notes_;
    prompt::skeleton::Phrases languages_;
};

}  // namespace tendril::app

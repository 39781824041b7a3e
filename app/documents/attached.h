// SPDX-License-Identifier: Apache-2.0
// The documents of a message (or of the draft) as a conversation in memory has them: as they are shown, and
// as the model reads them. Values; chat worker's thread.
#pragma once

#include <string>
#include <vector>

#include "app/context_events.h"

namespace tendril::app {

/// A document of a message in the form that the model reads.
struct DocumentText {
    storage::DocumentId id = 0;
    std::string name;
    storage::RepresentationForm form = storage::RepresentationForm::full;
    std::string text;
};

struct AttachedDocuments {
    std::vector<DraftDocument> shown;
    std::vector<DocumentText> read;
    bool complete = true;  ///< false: more will stand behind `read` that is not known yet
};

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// See attachments.h. What is searched lies in a database of its own in a temporary folder, as long as it is
// searched.
#include "app/cli/attachments.h"

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "app/documents/choice.h"
#include "app/documents/chunk_ranking.h"
#include "app/documents/document_forms.h"
#include "app/documents/document_reader.h"
#include "app/text_files.h"
#include "prompt/retrieval/chunks.h"
#include "prompt/retrieval/passage.h"
#include "prompt/retrieval/rank.h"
#include "prompt/retrieval/words.h"

namespace tendril::app::cli {
namespace {

namespace fs = std::filesystem;
using storage::AttachmentChoice;

constexpr std::size_t kMostHits = 48;
constexpr std::size_t kMostChunks = 12;
constexpr std::uint32_t kAnswerRoom = 512;

/// A store that is gone with its folder when this goes.
class TemporaryStore {
  public:
    TemporaryStore() {
        std::string folder = (fs::temp_directory_path() / "tendril-XXXXXX").string();
        folder_ = mkdtemp(folder.data()) != nullptr ? folder : std::string();
    }
    ~TemporaryStore() {
        store_.reset();
        std::error_code ignored;
        for (const char* suffix : {"", "-wal", "-shm"}) {
            fs::remove(file().string() + suffix, ignored);
        }
        fs::remove(folder_, ignored);
    }
    TemporaryStore(const TemporaryStore&) = delete;
    TemporaryStore& operator=(const TemporaryStore&) = delete;

    Result<storage::ChatStore*> open() {
        storage::OpenReport report;
        auto store = folder_.empty() ? Result<std::unique_ptr<storage::ChatStore>>(
                                           fail(ErrorCode::io, "No temporary folder can be made."))
                                     : storage::ChatStore::open(file(), report);
        if (!store) {
            return fail(store.error());
        }
        store_ = std::move(*store);
        return store_.get();
    }

  private:
    fs::path file() const { return folder_ / "documents.db"; }

    fs::path folder_;
    std::unique_ptr<storage::ChatStore> store_;
};

/// The places of one document that the question is answered with.
Result<std::string> search(const ReadDocument& document, const std::string& question,
                           const engine::LoadedModel& model, std::uint32_t budget, OneShot& into) {
    TemporaryStore temporary;
    auto store = temporary.open();
    auto conversation = store ? (*store)->create_conversation("", "") : fail(store.error());
    if (!conversation) {
        return fail(conversation.error());
    }
    storage::Document row;
    row.conversation = conversation->id;
    row.name = document.name;
    row.text = document.text;
    const auto id = (*store)->add_document(row, AttachmentChoice::searched);
    const auto chunks = prompt::split_chunks(document.text);
    std::vector<storage::NewChunk> words;
    const auto text_of = [&](std::size_t i) {
        return document.text.substr(chunks[i].begin, chunks[i].end - chunks[i].begin);
    };
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        words.push_back({static_cast<std::int64_t>(chunks[i].begin), static_cast<std::int64_t>(chunks[i].end),
                         prompt::index_words(text_of(i))});
    }
    const Status indexed = id ? (*store)->set_chunks(*id, words) : Status(fail(id.error()));
    auto hits = indexed ? rank_chunks(**store, {*id}, question, kMostHits) : fail(indexed.error());
    if (!hits) {
        return fail(hits.error());
    }
    for (std::uint32_t i = 0; hits->empty() && i < chunks.size() && i < kMostChunks; ++i) {
        hits->push_back({{*id, i}, 0});
    }
    std::vector<prompt::SizedChunk> sized;
    for (const auto& hit : *hits) {
        sized.push_back({{0, hit.name.chunk}, model.tokenizer->encode(text_of(hit.name.chunk), {}).size()});
    }
    std::vector<prompt::Chunk> places;
    for (const prompt::ChunkName& name : prompt::choose(sized, budget, kMostChunks)) {
        places.push_back(chunks[name.chunk]);
        const std::string text = text_of(name.chunk);
        into.sources.push_back({0, document.name, name.chunk, text,
                                std::string(prompt::best_passage(text, prompt::query_phrases(question)))});
    }
    return prompt::excerpts(document.text, places);
}

}  // namespace

const char* const kAttachHelp =
    "A text, source file or PDF for the first turn; may be given several times. FILE:whole, FILE:compressed "
    "or "
    "FILE:searched says how the model reads it; else its size decides";

CLI::Validator attachment_name() {
    return {[](std::string& name) {
                return split_attachment(name).first.empty() ? std::string("a file name is needed")
                                                            : std::string();
            },
            ""};
}

std::pair<std::string, std::optional<AttachmentChoice>> split_attachment(const std::string& name) {
    for (const AttachmentChoice choice :
         {AttachmentChoice::whole, AttachmentChoice::compressed, AttachmentChoice::searched}) {
        const std::string suffix = std::string(":") + storage::name_of(choice);
        if (name.ends_with(suffix)) {
            return {name.substr(0, name.size() - suffix.size()), choice};
        }
    }
    return {name, std::nullopt};
}

Result<OneShot> attach_once(const std::vector<std::string>& names, const std::string& question,
                            const engine::LoadedModel& model, std::uint32_t taken,
                            const Shortening& shortening) {
    OneShot shot;
    ChoiceFacts facts{model.context, taken + std::min(kAnswerRoom, model.context / 4), shortening.rate};
    for (const std::string& name : names) {
        const auto [path, wanted] = split_attachment(name);
        auto document = read_document(path, {}, [] { return false; });
        if (!document) {
            return fail(document.error());
        }
        DraftDocument shown;
        shown.name = document->name;
        shown.kind = kind_for_people(document->kind);
        shown.bytes = document->file_bytes;
        shown.tokens = static_cast<std::uint32_t>(
            model.tokenizer->encode(framed_text(document->name, document->text), {}).size());
        shown.choice = wanted.value_or(default_choice(shown.tokens, facts));
        std::string text = std::move(document->text);
        if (shown.choice == AttachmentChoice::searched) {
            document->text = std::move(text);
            auto places = search(*document, question, model, search_budget(model.context), shot);
            if (!places) {
                return fail(places.error());
            }
            text = std::move(*places);
        } else if (shown.choice == AttachmentChoice::compressed) {
            auto shorter = shortening.shorten(text);
            if (!shorter) {
                Error error = shorter.error();
                error.message = shown.name + " cannot be compressed: " + error.message;
                return fail(std::move(error));
            }
            text = std::move(*shorter);
        }
        shot.text += framed_text(
            shown.choice == AttachmentChoice::searched ? shown.name + " (parts of it)" : shown.name, text);
        shown.planned_tokens = static_cast<std::uint32_t>(model.tokenizer->encode(text, {}).size());
        facts.taken += shown.planned_tokens;
        shot.documents.push_back(std::move(shown));
    }
    facts.taken = taken + std::min(kAnswerRoom, model.context / 4);
    if (const Status fitting = fits(shot.documents, facts); !fitting) {
        return fail(fitting.error());
    }
    return shot;
}

}  // namespace tendril::app::cli

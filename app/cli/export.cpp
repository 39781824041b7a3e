// SPDX-License-Identifier: Apache-2.0
// tendril-cli export: a conversation as a text of its own. Reads only, so it works while the window is open.
// Main thread.
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/options.h"
#include "app/cli/output.h"
#include "storage/chat_store.h"

namespace tendril::app::cli {
namespace {

struct ExportOptions {
    std::string database;
    storage::ConversationId conversation = 0;
    std::string format = "markdown";
    Common common;
};

int run(const ExportOptions& options) {
    storage::OpenReport report;
    const auto store = storage::ChatStore::open_read_only(options.database, report);
    if (!store) {
        return failed(store.error());
    }
    const auto format =
        options.format == "json" ? storage::ExportFormat::json : storage::ExportFormat::markdown;
    const auto text = storage::export_conversation(**store, options.conversation, format);
    if (!text) {
        return failed(text.error());
    }
    return done(options.common.json ? print_json(nlohmann::ordered_json{{"text", *text}}) : print(*text));
}

}  // namespace

void add_export(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<ExportOptions>();
    CLI::App& command = *app.add_subcommand("export", "A conversation as Markdown or JSON");
    command.add_option("--database", options->database, "File of conversations")->required();
    command.add_option("id", options->conversation, "Number of the conversation")
        ->required()
        ->check(conversation_number());
    command.add_option("--format", options->format, "markdown or json")
        ->check(CLI::IsMember({"markdown", "json"}))
        ->capture_default_str();
    options->common.add_to(command);
    command.callback([options, &chosen] { chosen.run = [options](Interrupt&) { return run(*options); }; });
}

}  // namespace tendril::app::cli

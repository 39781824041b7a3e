// SPDX-License-Identifier: Apache-2.0
// tendril-cli inspect: checks and describes a GGUF. Main thread.
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/interrupt.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/model_files.h"
#include "engine/model/describe.h"
#include "engine/model/memory_plan.h"

namespace tendril::app::cli {
namespace {

using nlohmann::ordered_json;

struct InspectOptions {
    std::string model;
    Common common;
};

ordered_json to_json(const engine::ModelDescription& model, const std::string& sha256,
                     std::uint32_t context) {
    ordered_json json = {
        {"path", model.path.string()},
        {"name", model.name},
        {"architecture", model.architecture},
        {"parameters", model.parameters},
        {"quantisation", model.quantisation},
        {"context_length", model.context_length},
        {"layers", model.layers},
        {"vocabulary", model.vocabulary},
        {"template", nullptr},
        {"sha256", sha256},
        {"file_bytes", model.file_bytes},
        {"weight_bytes", model.weight_bytes},
        {"kv_bytes_per_token", model.kv_bytes_per_token},
        {"memory_bytes", needed_memory(model, context)},
        {"available_bytes", engine::available_memory()},
        {"warnings", model.warnings},
    };
    if (model.chat_template) {
        json["template"] = *model.chat_template;
    }
    return json;
}

std::string to_text(const ordered_json& json) {
    std::string text;
    for (const auto& [key, value] : json.items()) {
        if (key == "template") {
            text +=
                "template: " +
                std::string(value.is_null()
                                ? "none"
                                : "its own, " + std::to_string(value.get<std::string>().size()) + " bytes") +
                "\n";
        } else if (key == "warnings") {
            for (const auto& warning : value) {
                text += "warning: " + warning.get<std::string>() + "\n";
            }
        } else {
            text += key + ": " + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
        }
    }
    return text;
}

int run(const InspectOptions& options, Interrupt& interrupt) {
    auto model = engine::Engine::inspect(options.model);
    if (!model) {
        return failed(about_file(model.error(), options.model));
    }
    const Interrupt::Scope scope(interrupt, [] {});
    const auto sha256 = engine::file_sha256(options.model, [&](double) { return !interrupt.asked(); });
    if (!sha256) {
        return failed(sha256.error());
    }
    const ordered_json json = to_json(*model, *sha256, options.common.context);
    return done(options.common.json ? print_json(json) : print(to_text(json)));
}

}  // namespace

void add_inspect(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<InspectOptions>();
    CLI::App& command = *app.add_subcommand("inspect", "Check and describe a GGUF file");
    command.add_option("model", options->model, "GGUF file")->required();
    options->common.add_to(command);
    command.callback([options, &chosen] {
        chosen.run = [options](Interrupt& interrupt) { return run(*options, interrupt); };
    });
}

}  // namespace tendril::app::cli

// SPDX-License-Identifier: Apache-2.0
// The one loaded model: loading, cancelling, describing, its prompt composer and the SHA-256 of its file.
// Chat worker's thread only; owned by ChatWorker's core.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/composing.h"
#include "app/load_marker.h"
#include "app/worker_link.h"

namespace tendril::app {

class ModelKeeper {
  public:
    ModelKeeper(WorkerLink& link, std::filesystem::path load_marker);

    /// Told after each change of phase, so that waiting turns begin or fail.
    std::function<void()> on_change;
    /// Told when the SHA-256 of the loaded model has become known.
    std::function<void()> on_hash;

    void load(const std::filesystem::path& path);
    /// At start: not when the last run ended while loading; then a notice says why.
    void autoload(const std::filesystem::path& path);
    void cancel();
    /// Loads the model again when threads or context were changed.
    void apply_settings(const WorkerSettings& before);
    /// The program ends: a load that is broken off by that is no crash.
    void end();
    /// Answers with ModelsDescribed: `paths`, and the models found in `folders`.
    void describe(std::vector<std::filesystem::path> paths, std::vector<std::filesystem::path> folders);

    const ModelStatus& status() const { return status_; }
    bool ready() const { return status_.phase == ModelPhase::ready; }
    bool loading() const { return status_.phase == ModelPhase::loading; }
    // When ready():
    const engine::LoadedModel& model() const { return *model_; }
    PromptComposer& composer() { return *composer_; }
    std::shared_ptr<PromptComposer> shared_composer() { return composer_; }  ///< for what outlives the model
    const std::string& sha256() const { return sha256_; }                    ///< empty until known

  private:
    void loaded(std::uint64_t serial, Result<engine::LoadedModel> result);
    void reopened(std::uint64_t serial, Result<engine::LoadedModel> result);
    void progress(std::uint64_t serial, double share);
    void change(ModelPhase phase, std::string text);
    void find_hash();

    WorkerLink& link_;
    LoadMarker marker_;
    ModelStatus status_;
    std::uint64_t serial_ = 0;  // of the newest load; answers to older ones are ignored
    std::optional<engine::LoadedModel> model_;
    std::shared_ptr<PromptComposer> composer_;
    std::string sha256_;
};

}  // namespace tendril::app

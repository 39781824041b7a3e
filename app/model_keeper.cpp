// SPDX-License-Identifier: Apache-2.0
// ModelKeeper. Chat worker's thread only; engine callbacks and jobs come back through the mailbox.
#include "app/model_keeper.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/logger.h>

#include "app/model_files.h"
#include "engine/model/describe.h"

namespace tendril::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLastModel = "last_model";
constexpr auto kProgressPace = std::chrono::milliseconds(40);

/// What decides whether a known hash still holds.
struct FileStamp {
    std::uint64_t bytes = 0;
    std::int64_t changed = 0;
};

std::optional<FileStamp> stamp_of(const fs::path& path) {
    std::error_code error;
    FileStamp stamp;
    stamp.bytes = fs::file_size(path, error);
    if (error) {
        return std::nullopt;
    }
    stamp.changed = static_cast<std::int64_t>(fs::last_write_time(path, error).time_since_epoch().count());
    return error ? std::nullopt : std::optional(stamp);
}

std::string known_hash(const std::string& setting, const FileStamp& stamp) {
    const auto entry = nlohmann::json::parse(setting, nullptr, false);
    if (!entry.is_object() || entry.value("bytes", nlohmann::json()) != nlohmann::json(stamp.bytes) ||
        entry.value("changed", nlohmann::json()) != nlohmann::json(stamp.changed)) {
        return {};
    }
    const auto hash = entry.find("sha256");
    return hash != entry.end() && hash->is_string() ? hash->get<std::string>() : std::string();
}

engine::KvType kv_for(const WorkerSettings& settings, const fs::path& model) {
    const auto it = settings.kv_of.find(model);
    return it == settings.kv_of.end() ? settings.kv : it->second;
}

std::string joined(const std::vector<std::string>& sentences) {
    std::string text;
    for (const std::string& sentence : sentences) {
        text += (text.empty() ? "" : " ") + sentence;
    }
    return text;
}

}  // namespace

ModelKeeper::ModelKeeper(WorkerLink& link, fs::path load_marker)
    : link_(link), marker_(std::move(load_marker)) {}

void ModelKeeper::autoload(const fs::path& path) {
    const auto crashed = marker_.take();
    if (crashed) {
        link_.notice("Tendril ended unexpectedly while it was loading " + crashed->filename().string() +
                     ". No model was loaded by itself this time; choose one to go on.");
        return;
    }
    fs::path chosen = path;
    if (chosen.empty()) {
        chosen = link_.store.setting(kLastModel).value_or(std::string());
        std::error_code error;
        if (chosen.empty() || !fs::exists(chosen, error)) {
            return;
        }
    }
    load(chosen);
}

void ModelKeeper::load(const fs::path& path) {
    const std::uint64_t serial = ++serial_;
    model_.reset();
    composer_.reset();
    sha256_.clear();
    status_ = {};
    status_.path = path;
    status_.name = path.stem().string();
    marker_.set(path);
    change(ModelPhase::loading, {});

    engine::LoadOptions options;
    options.path = path;
    options.device = link_.settings.device;
    options.kv = kv_for(link_.settings, path);
    options.cache_directory = link_.settings.disk_cache ? link_.cache_directory : fs::path();
    options.cache_quota = link_.settings.cache_quota;
    options.measurements = link_.measurements;
    options.threads = link_.settings.threads;
    options.context = link_.settings.context;
    options.reopened = [this, serial, mailbox = link_.mailbox](Result<engine::LoadedModel> result) {
        auto shared = std::make_shared<Result<engine::LoadedModel>>(std::move(result));
        mailbox->put([this, serial, shared] { reopened(serial, std::move(*shared)); });
    };
    auto told = std::make_shared<Clock::time_point>();  // engine thread only
    link_.engine.load(
        std::move(options),
        [this, serial, told, mailbox = link_.mailbox](engine::LoadProgress now) {
            if (const auto time = Clock::now(); time - *told >= kProgressPace) {
                *told = time;
                mailbox->put([this, serial, share = now.share] { progress(serial, share); });
            }
        },
        [this, serial, mailbox = link_.mailbox](Result<engine::LoadedModel> result) {
            auto shared = std::make_shared<Result<engine::LoadedModel>>(std::move(result));
            mailbox->put([this, serial, shared] { loaded(serial, std::move(*shared)); });
        });
}

void ModelKeeper::cancel() {
    if (loading()) {
        link_.engine.cancel_load();
    }
}

void ModelKeeper::end() {
    if (loading()) {
        link_.engine.cancel_load();
        marker_.clear();
    }
}

void ModelKeeper::progress(std::uint64_t serial, double share) {
    if (serial == serial_ && loading()) {
        status_.progress = share;
        link_.emit(ModelChanged{status_});
    }
}

void ModelKeeper::loaded(std::uint64_t serial, Result<engine::LoadedModel> result) {
    if (serial != serial_) {
        return;
    }
    marker_.clear();
    if (!result) {
        link_.log->warn("load failed: {} ({})", result.error().message, result.error().detail);
        const bool cancelled = result.error().code == ErrorCode::cancelled;
        change(cancelled ? ModelPhase::none : ModelPhase::failed,
               cancelled ? std::string() : result.error().message);
        return;
    }
    model_ = std::move(*result);
    composer_ = std::make_shared<PromptComposer>(*model_);
    status_.given_name = model_->description.name;
    status_.progress = 1;
    status_.device = model_->device;
    status_.context = model_->context;
    link_.log->info("loaded {} in {:.0f} ms: {} context, {}", status_.path.filename().string(),
                    model_->load_ms, model_->context, model_->device);
    if (const Status saved = link_.store.set_setting(kLastModel, status_.path.string()); !saved) {
        link_.log->warn("last model not saved: {}", saved.error().detail);
    }
    auto warnings = model_->description.warnings;
    warnings.insert(warnings.end(), composer_->warnings().begin(), composer_->warnings().end());
    find_hash();
    change(ModelPhase::ready, joined(warnings));
}

/// The graphics card was lost: the same model goes on on the CPU, or is gone.
void ModelKeeper::reopened(std::uint64_t serial, Result<engine::LoadedModel> result) {
    if (serial != serial_ || !ready()) {
        return;
    }
    if (!result) {
        change(ModelPhase::failed, result.error().message);
        return;
    }
    model_ = std::move(*result);
    composer_ = std::make_shared<PromptComposer>(*model_);
    status_.device = model_->device;
    status_.context = model_->context;
    change(ModelPhase::ready, status_.text);
}

void ModelKeeper::change(ModelPhase phase, std::string text) {
    status_.phase = phase;
    status_.text = std::move(text);
    link_.emit(ModelChanged{status_});
    if (on_change) {
        on_change();
    }
}

void ModelKeeper::apply_settings(const WorkerSettings& before) {
    const WorkerSettings& now = link_.settings;
    const bool same = now.threads == before.threads && now.context == before.context &&
                      now.device == before.device &&
                      kv_for(now, status_.path) == kv_for(before, status_.path) &&
                      now.disk_cache == before.disk_cache && now.cache_quota == before.cache_quota;
    if (!same && (ready() || loading())) {
        load(fs::path(status_.path));
    }
}

void ModelKeeper::find_hash() {
    const auto stamp = stamp_of(status_.path);
    if (!stamp) {
        return;
    }
    const std::string key = "sha256:" + status_.path.string();
    sha256_ = known_hash(link_.store.setting(key).value_or(std::string()), *stamp);
    if (!sha256_.empty()) {
        return;
    }
    link_.jobs.post([this, key, stamp, path = status_.path, serial = serial_, mailbox = link_.mailbox,
                     jobs = &link_.jobs] {
        auto hash = engine::file_sha256(path, [jobs](double) { return !jobs->ending(); });
        if (!hash) {
            return;
        }
        mailbox->put([this, key, stamp, serial, sha256 = std::move(*hash)] {
            const nlohmann::json entry = {
                {"bytes", stamp->bytes}, {"changed", stamp->changed}, {"sha256", sha256}};
            if (const Status saved = link_.store.set_setting(key, entry.dump()); !saved) {
                link_.log->warn("hash not saved: {}", saved.error().detail);
            }
            if (serial == serial_) {
                sha256_ = sha256;
                if (on_hash) {
                    on_hash();
                }
            }
        });
    });
}

void ModelKeeper::describe(std::vector<fs::path> paths, std::vector<fs::path> folders) {
    const std::uint64_t loaded_bytes = model_ ? needed_memory(model_->description, model_->context) : 0;
    link_.jobs.post([this, paths = std::move(paths), folders = std::move(folders), loaded_bytes,
                     context = link_.settings.context, beside = status_.path.parent_path(),
                     mailbox = link_.mailbox, engine = &link_.engine, jobs = &link_.jobs] {
        auto all = paths;
        auto found = find_models(folders);
        if (!folders.empty() && !beside.empty()) {  // not below it: it may be a home folder
            const auto near = find_models({beside}, {.depth = 0});
            found.insert(found.end(), near.begin(), near.end());
        }
        std::sort(found.begin(), found.end());
        all.insert(all.end(), found.begin(), std::unique(found.begin(), found.end()));
        auto described = std::make_shared<ModelsDescribed>();
        for (const fs::path& path : all) {
            if (jobs->ending()) {
                return;
            }
            described->models.push_back(describe_model(*engine, path, context));
            auto& available = described->models.back().available_bytes;
            available += std::min(loaded_bytes, std::numeric_limits<std::uint64_t>::max() - available);
        }
        mailbox->put([this, described] { link_.emit(std::move(*described)); });
    });
}

}  // namespace tendril::app

// SPDX-License-Identifier: Apache-2.0
// Settings as JSON. A reader that takes what it understands: one wrong field does not cost the others.
#include "app/settings.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <nlohmann/json.hpp>

namespace tendril::app {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr qint64 kLargestFile = 1 << 20;
constexpr int kLargestPrompt = 256 * 1024;
constexpr int kMostFolders = 64;
constexpr qsizetype kMostModels = 1000;
constexpr quint64 kSmallestQuota = 1ULL << 26U;
constexpr quint64 kLargestQuota = 1ULL << 44U;
constexpr quint32 kMostThreads = 1024;
constexpr quint32 kMostTokens = 1U << 24U;
constexpr quint32 kSmallestContext = 256;
constexpr double kSmallestRate = 0.05;
constexpr int kLongestName = 40;  // of what is quoted from a file

float within(float value, float low, float high, float standard) {
    return std::isfinite(value) ? std::clamp(value, low, high) : standard;
}

template <typename T>
void read_number(const json& from, const char* key, T& to) {
    const auto it = from.find(key);
    if (it == from.end()) {
        return;
    }
    if constexpr (std::is_floating_point_v<T>) {
        if (it->is_number()) {
            to = it->get<T>();
        }
    } else if (it->is_number_unsigned()) {
        const auto value = it->get<std::uint64_t>();
        to = static_cast<T>(
            std::min<std::uint64_t>(value, static_cast<std::uint64_t>(std::numeric_limits<T>::max())));
    } else if (it->is_number_integer() && std::is_signed_v<T>) {
        to = static_cast<T>(std::max<std::int64_t>(it->get<std::int64_t>(),
                                                   static_cast<std::int64_t>(std::numeric_limits<T>::min())));
    }
}

void read_text(const json& from, const char* key, QString& to) {
    const auto it = from.find(key);
    if (it != from.end() && it->is_string()) {
        to = QString::fromStdString(it->get<std::string>());
    }
}

void read_sampler(const json& from, engine::SamplerSettings& to) {
    const auto it = from.find("sampler");
    if (it == from.end() || !it->is_object()) {
        return;
    }
    read_number(*it, "temperature", to.temperature);
    read_number(*it, "top_k", to.top_k);
    read_number(*it, "top_p", to.top_p);
    read_number(*it, "min_p", to.min_p);
    read_number(*it, "repetition_penalty", to.repetition_penalty);
    read_number(*it, "presence_penalty", to.presence_penalty);
    read_number(*it, "penalty_window", to.penalty_window);
    read_number(*it, "seed", to.seed);
}

void read_flag(const json& from, const char* key, bool& to) {
    if (const auto it = from.find(key); it != from.end() && it->is_boolean()) {
        to = it->get<bool>();
    }
}

constexpr const char* kKvNames[] = {"f16", "q8_0", "q4_0"};  // in the order of KvChoice

void read_kv(const json& from, QMap<QString, KvChoice>& to) {
    const auto it = from.find("kv_of");
    if (it == from.end() || !it->is_object()) {
        return;
    }
    for (const auto& [path, name] : it->items()) {
        for (int i = 0; i < 3; ++i) {
            if (name == kKvNames[i]) {
                to.insert(QString::fromStdString(path), static_cast<KvChoice>(i));
            }
        }
    }
}

constexpr const char* kModeNames[] = {"auto", "always", "never"};  // in the order of AnswerMode

AnswerMode mode_from(const json& from) {
    QString name;
    read_text(from, "answer_mode", name);
    return name == QLatin1String(kModeNames[1])   ? AnswerMode::always
           : name == QLatin1String(kModeNames[2]) ? AnswerMode::never
                                                  : AnswerMode::automatic;
}

constexpr const char* kMethodNames[] = {"", "frequency", "selective", "llmlingua"};  // of TextMethod
/// Was offered. Texts in chats are made shorter for all questions to come, so that it did what automatic
/// does.
constexpr const char* kFormerMethod = "question";
constexpr const char* kMemoryNames[] = {"summary", "shortened", "leave_out"};  // of MemoryMethod

/// The place of a field's value among `names`; `standard` when it is not there.
template <std::size_t N>
int named_from(const json& from, const char* key, const char* const (&names)[N], int standard) {
    QString name;
    read_text(from, key, name);
    for (int i = 0; i < static_cast<int>(N); ++i) {
        if (!name.isEmpty() && name == QLatin1String(names[i])) {
            return i;
        }
    }
    return standard;
}

ThemeChoice theme_from(const json& from) {
    QString name;
    read_text(from, "theme", name);
    return name == QLatin1String("light")  ? ThemeChoice::light
           : name == QLatin1String("dark") ? ThemeChoice::dark
                                           : ThemeChoice::system;
}

Settings from_json(const json& from) {
    Settings settings;
    read_text(from, "system_prompt", settings.systemPrompt);
    read_sampler(from, settings.sampler);
    read_flag(from, "fixed_seed", settings.fixedSeed);
    read_number(from, "max_answer_tokens", settings.maxAnswerTokens);
    read_number(from, "threads", settings.threads);
    read_number(from, "context", settings.context);
    if (const auto it = from.find("model_folders"); it != from.end() && it->is_array()) {
        for (const json& folder : *it) {
            if (folder.is_string()) {
                settings.modelFolders.append(QString::fromStdString(folder.get<std::string>()));
            }
        }
    }
    read_text(from, "last_model", settings.lastModel);
    read_kv(from, settings.kvOf);
    read_flag(from, "read_ahead", settings.readAhead);
    read_flag(from, "titles_by_model", settings.titlesByModel);
    read_flag(from, "work_on_battery", settings.workOnBattery);
    read_flag(from, "disk_cache", settings.diskCache);
    read_number(from, "cache_quota", settings.cacheQuota);
    read_flag(from, "shorten_memory", settings.shortenMemory);
    settings.memoryMethod = static_cast<MemoryMethod>(named_from(from, "memory_method", kMemoryNames, 0));
    read_flag(from, "prune_documents", settings.pruneDocuments);
    settings.compressMethod = static_cast<TextMethod>(named_from(from, "compress_method", kMethodNames, 0));
    read_number(from, "compress_rate", settings.compressRate);
    read_text(from, "scorer_model", settings.scorerModel);
    read_text(from, "embedding_model", settings.embeddingModel);
    settings.answerMode = mode_from(from);
    settings.theme = theme_from(from);
    read_number(from, "font_points", settings.fontPoints);
    return settings.clamped();
}

ordered_json to_json(const Settings& settings) {
    const engine::SamplerSettings& s = settings.sampler;
    ordered_json folders = ordered_json::array();
    for (const QString& folder : settings.modelFolders) {
        folders.push_back(folder.toStdString());
    }
    ordered_json kv = ordered_json::object();
    for (auto it = settings.kvOf.begin(); it != settings.kvOf.end(); ++it) {
        kv[it.key().toStdString()] = kKvNames[static_cast<int>(it.value())];
    }
    const char* theme = settings.theme == ThemeChoice::light  ? "light"
                        : settings.theme == ThemeChoice::dark ? "dark"
                                                              : "system";
    return {
        {"system_prompt", settings.systemPrompt.toStdString()},
        {"sampler",
         {{"temperature", s.temperature},
          {"top_k", s.top_k},
          {"top_p", s.top_p},
          {"min_p", s.min_p},
          {"repetition_penalty", s.repetition_penalty},
          {"presence_penalty", s.presence_penalty},
          {"penalty_window", s.penalty_window},
          {"seed", s.seed}}},
        {"fixed_seed", settings.fixedSeed},
        {"max_answer_tokens", settings.maxAnswerTokens},
        {"threads", settings.threads},
        {"context", settings.context},
        {"model_folders", folders},
        {"last_model", settings.lastModel.toStdString()},
        {"kv_of", kv},
        {"answer_mode", kModeNames[static_cast<int>(settings.answerMode)]},
        {"read_ahead", settings.readAhead},
        {"titles_by_model", settings.titlesByModel},
        {"work_on_battery", settings.workOnBattery},
        {"disk_cache", settings.diskCache},
        {"cache_quota", settings.cacheQuota},
        {"shorten_memory", settings.shortenMemory},
        {"memory_method", kMemoryNames[static_cast<int>(settings.memoryMethod)]},
        {"prune_documents", settings.pruneDocuments},
        {"compress_method", kMethodNames[static_cast<int>(settings.compressMethod)]},
        {"compress_rate", settings.compressRate},
        {"scorer_model", settings.scorerModel.toStdString()},
        {"embedding_model", settings.embeddingModel.toStdString()},
        {"theme", theme},
        {"font_points", settings.fontPoints},
    };
}

/// A sentence when a way of shortening texts is stored that is not offered, as by an older version.
QString unknown_method(const json& from) {
    QString name;
    read_text(from, "compress_method", name);
    QStringList offered;
    for (const char* one : kMethodNames) {
        offered << QLatin1String(one);
    }
    if (offered.contains(name) || name == QLatin1String(kFormerMethod)) {
        return {};
    }
    return QStringLiteral(
               "The settings name a way of shortening texts that is not offered: %1. The automatic one is "
               "used; there are %2.")
        .arg(name.left(kLongestName), offered.mid(1).join(QStringLiteral(", ")));
}

QString keep_broken(const QString& file) {
    const QString kept = file + QStringLiteral(".broken");
    QFile::remove(kept);
    const bool moved = QFile::rename(file, kept);
    return moved
               ? QStringLiteral(
                     "The settings in %1 cannot be read; the defaults are used. The old file is kept as %2.")
                     .arg(file, kept)
               : QStringLiteral("The settings in %1 cannot be read; the defaults are used.").arg(file);
}

}  // namespace

QString nameOf(TextMethod method) {
    return QString::fromLatin1(kMethodNames[static_cast<int>(method)]);
}

Settings Settings::clamped() const {
    const engine::SamplerSettings standard;
    Settings s = *this;
    s.systemPrompt.truncate(kLargestPrompt);
    s.sampler.temperature = within(sampler.temperature, 0.0F, 5.0F, standard.temperature);
    s.sampler.top_k = std::clamp(sampler.top_k, 0, 1'000'000);
    s.sampler.top_p = within(sampler.top_p, 0.0F, 1.0F, standard.top_p);
    s.sampler.min_p = within(sampler.min_p, 0.0F, 1.0F, standard.min_p);
    s.sampler.repetition_penalty =
        within(sampler.repetition_penalty, 0.1F, 10.0F, standard.repetition_penalty);
    s.sampler.presence_penalty = within(sampler.presence_penalty, -10.0F, 10.0F, standard.presence_penalty);
    s.sampler.penalty_window = std::clamp(sampler.penalty_window, 0, 65'536);
    s.maxAnswerTokens = std::min(maxAnswerTokens, kMostTokens);
    s.threads = std::min(threads, kMostThreads);
    s.context = context == 0 ? 0 : std::clamp(context, kSmallestContext, kMostTokens);
    s.modelFolders.removeAll(QString());
    s.modelFolders.removeDuplicates();
    s.modelFolders = s.modelFolders.mid(0, kMostFolders);
    s.cacheQuota = cacheQuota == 0 ? 0 : std::clamp(cacheQuota, kSmallestQuota, kLargestQuota);
    s.kvOf.removeIf([](auto entry) { return entry.key().isEmpty() || entry.value() == KvChoice::f16; });
    while (s.kvOf.size() > kMostModels) {
        s.kvOf.erase(s.kvOf.begin());
    }
    s.compressRate = std::isfinite(compressRate) ? std::clamp(compressRate, kSmallestRate, 1.0) : 0.5;
    s.fontPoints = fontPoints <= 0 ? 0 : std::clamp(fontPoints, 6, 48);
    return s;
}

bool Settings::operator==(const Settings& other) const {
    return systemPrompt == other.systemPrompt && sampler == other.sampler && fixedSeed == other.fixedSeed &&
           maxAnswerTokens == other.maxAnswerTokens && threads == other.threads && context == other.context &&
           modelFolders == other.modelFolders && lastModel == other.lastModel && theme == other.theme &&
           kvOf == other.kvOf && readAhead == other.readAhead && titlesByModel == other.titlesByModel &&
           workOnBattery == other.workOnBattery && diskCache == other.diskCache &&
           cacheQuota == other.cacheQuota && shortenMemory == other.shortenMemory &&
           pruneDocuments == other.pruneDocuments && memoryMethod == other.memoryMethod &&
           compressMethod == other.compressMethod && compressRate == other.compressRate &&
           scorerModel == other.scorerModel && embeddingModel == other.embeddingModel &&
           answerMode == other.answerMode && fontPoints == other.fontPoints;
}

Settings loadSettings(const QString& file, QString& notice) {
    notice.clear();
    QFile in(file);
    if (!in.exists()) {
        return {};
    }
    if (!in.open(QIODevice::ReadOnly)) {
        notice = QStringLiteral("The settings in %1 cannot be read (%2); the defaults are used.")
                     .arg(file, in.errorString());
        return {};
    }
    const QByteArray bytes = in.read(kLargestFile + 1);
    in.close();
    const json parsed =
        bytes.size() > kLargestFile
            ? json(json::value_t::discarded)
            : json::parse(bytes.constData(), bytes.constData() + bytes.size(), nullptr, false);
    if (!parsed.is_object()) {
        notice = keep_broken(file);
        return {};
    }
    notice = unknown_method(parsed);
    return from_json(parsed);
}

Status saveSettings(const Settings& settings, const QString& file) {
    const std::string text =
        to_json(settings.clamped()).dump(2, ' ', false, json::error_handler_t::replace) + "\n";
    QSaveFile out(file);
    const bool written =
        out.open(QIODevice::WriteOnly) &&
        out.write(text.data(), static_cast<qint64>(text.size())) == static_cast<qint64>(text.size()) &&
        out.commit();
    if (!written) {
        return fail(ErrorCode::io, QStringLiteral("The settings cannot be saved in %1: %2.")
                                       .arg(file, out.errorString())
                                       .toStdString());
    }
    return {};
}

}  // namespace tendril::app

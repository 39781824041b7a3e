// SPDX-License-Identifier: Apache-2.0
// The person's choices, with ranges and defaults, kept as JSON in the config folder. Values; load and save
// may wait for the disk.
#pragma once

#include <QMap>
#include <QString>
#include <QStringList>

#include "app/chat_types.h"
#include "engine/result.h"
#include "engine/sample/sampler_settings.h"

namespace tendril::app {

enum class ThemeChoice { system, light, dark };
/// How exactly the cache keeps what a model has read: 16, 8 or 4 bits a number.
enum class KvChoice { f16, q8_0, q4_0 };

/// How texts are made shorter; automatic: what does best.
enum class TextMethod { automatic, frequency, selective, llmlingua };
/// As on the command line; empty: automatic.
QString nameOf(TextMethod method);
/// What becomes of old turns when the context is nearly full.
enum class MemoryMethod { summary, shortened, leaveOut };

struct Settings {
    QString systemPrompt;  ///< of new conversations
    engine::SamplerSettings sampler;
    bool fixedSeed = false;       ///< false: a new seed for each answer
    quint32 maxAnswerTokens = 0;  ///< 0 = as long as the context lasts
    quint32 threads = 0;          ///< 0 = automatic
    quint32 context = 0;          ///< tokens; 0 = automatic
    QStringList modelFolders;
    QString lastModel;
    QMap<QString, KvChoice> kvOf;                   ///< by the model's path; the others keep 16 bits
    AnswerMode answerMode = AnswerMode::automatic;  ///< of new conversations
    bool readAhead = true;      ///< prompts are read while they are typed and while answers are read
    bool titlesByModel = true;  ///< the model names conversations
    bool workOnBattery = true;  ///< both of them also while the battery is being emptied
    bool diskCache = true;      ///< what was read is kept on the disk
    quint64 cacheQuota = 0;     ///< bytes on the disk; 0 = the smaller of 16 GiB and 10 % of what is free
    bool shortenMemory = true;  ///< old turns are made shorter in idle time, before the context is full
    MemoryMethod memoryMethod = MemoryMethod::summary;
    bool pruneDocuments =
        false;  ///< of whole documents the model keeps what it looks at when it repeats them
    TextMethod compressMethod = TextMethod::automatic;  ///< of documents, and of old turns when shortened
    double compressRate = 0.5;  ///< share of a document's tokens that is kept, 0.05 to 1
    QString scorerModel;        ///< judges what matters in a text; empty = the loaded model
    QString embeddingModel;     ///< documents are searched by meaning with it; empty = by their words alone
    ThemeChoice theme = ThemeChoice::system;
    int fontPoints = 0;  ///< 0 = the system's

    /// Every field brought into its range.
    Settings clamped() const;
    bool operator==(const Settings& other) const;
};

/// A missing file gives the defaults; a broken one too, with a sentence in `notice`, and is kept beside as
/// settings.json.broken. A way of shortening texts that is not offered gives the automatic one and a
/// sentence.
Settings loadSettings(const QString& file, QString& notice);
Status saveSettings(const Settings& settings, const QString& file);  ///< temp file, fsync, rename

}  // namespace tendril::app

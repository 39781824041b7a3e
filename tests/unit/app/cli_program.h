// SPDX-License-Identifier: Apache-2.0
// Runs tendril-cli as a program, on a tiny random model that is written when first asked for. Test thread.
#pragma once

#include <QByteArray>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QStringList>
#include <QTemporaryDir>

#include "tests/support/gguf_writer.h"

namespace tendril::test {

struct CliResult {
    int code = -1;
    QByteArray out;
    QByteArray err;

    /// One JSON value and nothing else on stdout; null when it is not that.
    QJsonDocument json() const { return QJsonDocument::fromJson(out); }
    QJsonObject object() const { return json().object(); }
};

inline CliResult run_cli(const QStringList& arguments, const QByteArray& input = {}) {
    QProcess process;
    process.start(QStringLiteral(TENDRIL_CLI), arguments);
    process.write(input);
    process.closeWriteChannel();
    CliResult result;
    if (process.waitForFinished(60000) && process.exitStatus() == QProcess::NormalExit) {
        result.code = process.exitCode();
    }
    result.out = process.readAllStandardOutput();
    result.err = process.readAllStandardError();
    return result;
}

/// A folder with a tiny model in it.
class ModelFolder {
  public:
    explicit ModelFolder(std::uint32_t context = 512) {
        TinyModel options;
        options.context = context;
        tiny_model(options).write(path("tiny.gguf").toStdString());
    }
    QString path(const QString& name) const { return folder_.filePath(name); }
    QString model() const { return path("tiny.gguf"); }

  private:
    QTemporaryDir folder_;
};

/// A real model from the cache, or nothing.
inline QString real_model(const QString& name) {
    const QString file =
        qEnvironmentVariable("TENDRIL_MODELS", qEnvironmentVariable("HOME") + "/.cache/tendril-models") +
        "/" + name;
    return QFileInfo::exists(file) ? file : QString();
}

}  // namespace tendril::test

// SPDX-License-Identifier: Apache-2.0
// One window for one folder of conversations: the first process owns it, later ones ask it to show itself
// (and to load a model) and end. A lock file says who owns it, a local socket beside it carries the request.
// GUI thread; owned by main().
#pragma once

#include <memory>
#include <optional>

#include <QObject>
#include <QString>

#include "app/file_lock.h"

class QSocketNotifier;

namespace tendril::app {

class InstanceLock final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(InstanceLock)

  public:
    enum class Outcome {
        owner,        ///< this process owns the folder
        passed,       ///< another one does, and was told
        unreachable,  ///< another one does, but does not answer
        failed,       ///< neither could be found out; see error()
    };

    /// `database` is the file to own; socket and lock lie beside it.
    explicit InstanceLock(const QString& database, QObject* parent = nullptr);
    ~InstanceLock() override;

    /// Waits at most three seconds for another owner to answer. `model` may be empty.
    Outcome acquire(const QString& model);
    const QString& error() const { return error_; }

  Q_SIGNALS:
    /// Another start wants this one's window in front, and perhaps a model loaded.
    void raiseRequested(const QString& model);

  private:
    bool listen();
    void accept();
    bool pass(const QString& model);

    QString database_;
    QString error_;
    std::optional<FileLock> lock_;
    int folder_ =
        -1;  // descriptor of the folder, through which the socket is named whatever the length of its path
    int listener_ = -1;
    std::unique_ptr<QSocketNotifier> notifier_;
};

}  // namespace tendril::app

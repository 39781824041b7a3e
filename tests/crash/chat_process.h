// SPDX-License-Identifier: Apache-2.0
// A running `tendril-cli chat` whose events are read as they come, until it is killed. Test thread.
#pragma once

#include <QByteArray>
#include <QProcess>
#include <QStringList>

#include "tests/crash/kill_check.h"

namespace tendril::test {

double monotonic_ms();

class ChatProcess {
  public:
    ChatProcess(const QString& program, const QStringList& arguments);

    void send(const QByteArray& line);
    /// Reads events until `ms` have passed since now, or the process has ended.
    void read_for(double ms);
    /// Reads until an event of this name has come; false when the process ends or 30 s pass first.
    bool read_until(const QByteArray& event);
    /// kill -9; the time just before it. Reads what was printed before.
    double kill();
    /// Waits for the end; the exit code.
    int wait();

    const Said& said() const { return said_; }
    QByteArray errors() { return process_.readAllStandardError(); }

  private:
    void take_lines();
    void take(const QByteArray& line);

    QProcess process_;
    QByteArray rest_;
    QByteArrayList seen_;  // names of events
    Said said_;
};

}  // namespace tendril::test

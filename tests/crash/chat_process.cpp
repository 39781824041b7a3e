// SPDX-License-Identifier: Apache-2.0
// ChatProcess.
#include "tests/crash/chat_process.h"

#include <signal.h>

#include <chrono>

#include <nlohmann/json.hpp>

namespace tendril::test {

double monotonic_ms() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

ChatProcess::ChatProcess(const QString& program, const QStringList& arguments) {
    process_.start(program, arguments);
    process_.waitForStarted();
}

void ChatProcess::send(const QByteArray& line) {
    process_.write(line + '\n');
    process_.waitForBytesWritten(1000);
}

void ChatProcess::read_for(double ms) {
    const double end = monotonic_ms() + ms;
    for (double left = ms; left > 0 && process_.state() != QProcess::NotRunning;
         left = end - monotonic_ms()) {
        process_.waitForReadyRead(std::max(1, static_cast<int>(left)));
        take_lines();
    }
}

bool ChatProcess::read_until(const QByteArray& event) {
    const double end = monotonic_ms() + 30000;
    while (!seen_.contains(event) && monotonic_ms() < end) {
        if (!process_.waitForReadyRead(1000) && process_.state() == QProcess::NotRunning) {
            break;
        }
        take_lines();
    }
    return seen_.contains(event);
}

double ChatProcess::kill() {
    const double now = monotonic_ms();
    if (const qint64 id = process_.processId();
        id > 0) {  // 0 when it has ended: that would be this process's own group
        ::kill(static_cast<pid_t>(id), SIGKILL);
    }
    process_.waitForFinished(-1);
    take_lines();
    return now;
}

int ChatProcess::wait() {
    process_.closeWriteChannel();
    process_.waitForFinished(60000);
    take_lines();
    return process_.exitStatus() == QProcess::NormalExit ? process_.exitCode() : -1;
}

void ChatProcess::take_lines() {
    rest_ += process_.readAllStandardOutput();
    for (qsizetype end = rest_.indexOf('\n'); end >= 0; end = rest_.indexOf('\n')) {
        take(rest_.left(end));
        rest_.remove(0, end + 1);
    }
}

void ChatProcess::take(const QByteArray& line) {
    const auto event = nlohmann::json::parse(line.constData(), line.constData() + line.size());
    const std::string name = event.at("event");
    seen_.append(QByteArray::fromStdString(name));
    if (name == "opened") {
        said_.conversation = event.at("conversation");
        if (!event.at("messages").empty()) {
            const auto& last = event.at("messages").back();
            if (last.at("role") == "assistant") {
                said_.reply_before = last.at("text");  // of a continued answer; a new one clears it
                said_.reply = last.at("message");
            }
        }
    } else if (name == "committed") {
        said_.committed[event.at("message")] = event.at("text");
    } else if (name == "reply") {
        said_.reply = event.at("message");
        said_.reply_before.clear();
        said_.streamed.clear();
    } else if (name == "text") {
        said_.streamed.push_back({event.at("time_ms"), event.at("text")});
    } else if (name == "finished") {
        said_.finished = true;
        said_.finished_status = event.at("status");
    }
}

}  // namespace tendril::test

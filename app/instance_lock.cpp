// SPDX-License-Identifier: Apache-2.0
// InstanceLock over flock(2) and an AF_UNIX socket. GUI thread.
#include "app/instance_lock.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

#include <QFileInfo>
#include <QSocketNotifier>

namespace tendril::app {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(3);
constexpr auto kBetweenTries = milliseconds(20);  // only while an owner has the lock but not yet its socket
constexpr int kTalkMs = 1000;
constexpr std::size_t kLongestRequest = 16384;
constexpr char kRaise[] = "raise ";

/// Closes what it holds.
class Socket {
  public:
    explicit Socket(int value) : value_(value) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (value_ >= 0) {
            close(value_);
        }
    }
    int get() const { return value_; }
    bool valid() const { return value_ >= 0; }

  private:
    int value_;
};

int make_socket() {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

sockaddr_un address(int folder, const QString& database) {
    const std::string name = "/proc/self/fd/" + std::to_string(folder) + "/" +
                             QFileInfo(database).fileName().toStdString() + ".socket";
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::snprintf(to.sun_path, sizeof to.sun_path, "%s", name.c_str());
    return to;
}

void limit_waiting(int descriptor, int ms) {
    const timeval limit{ms / 1000, (ms % 1000) * 1000};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool same_user(int descriptor) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/// One line without its end; nothing when it is too long, cut or late.
std::optional<std::string> read_line(int descriptor, int ms) {
    const auto deadline = SteadyClock::now() + milliseconds(ms);
    std::string line;
    std::array<char, 1024> chunk{};
    while (line.size() <= kLongestRequest && SteadyClock::now() < deadline) {
        const ssize_t count = recv(descriptor, chunk.data(), chunk.size(), 0);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return std::nullopt;
        }
        line.append(chunk.data(), static_cast<std::size_t>(count));
        if (const std::size_t end = line.find('\n'); end != std::string::npos) {
            return line.substr(0, end);
        }
    }
    return std::nullopt;
}

bool send_all(int descriptor, const std::string& text) {
    std::size_t sent = 0;
    while (sent < text.size()) {
        const ssize_t count = send(descriptor, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        sent += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    return true;
}

}  // namespace

InstanceLock::InstanceLock(const QString& database, QObject* parent)
    : QObject(parent), database_(QFileInfo(database).absoluteFilePath()) {}

InstanceLock::~InstanceLock() {
    notifier_.reset();
    if (listener_ >= 0) {
        close(listener_);
        const sockaddr_un own = address(folder_, database_);
        unlink(own.sun_path);  // while the lock is still held
    }
    if (folder_ >= 0) {
        close(folder_);
    }
}

InstanceLock::Outcome InstanceLock::acquire(const QString& model) {
    const std::string folder = QFileInfo(database_).absolutePath().toStdString();
    folder_ = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0) {
        error_ = tr("The folder %1 cannot be opened: %2.")
                     .arg(QString::fromStdString(folder), QString::fromLocal8Bit(std::strerror(errno)));
        return Outcome::failed;
    }
    const auto deadline = SteadyClock::now() + kPatience;
    do {
        auto lock = FileLock::try_acquire(lock_file_of(database_.toStdString()));
        if (!lock) {
            error_ = QString::fromStdString(lock.error().message);
            return Outcome::failed;
        }
        if (*lock) {
            lock_ = std::move(*lock);
            listen();  // without a socket later starts cannot raise this window; that is no reason not to run
            return Outcome::owner;
        }
        if (pass(model)) {
            return Outcome::passed;
        }
        std::this_thread::sleep_for(kBetweenTries);
    } while (SteadyClock::now() < deadline);
    error_ = tr("Tendril is running already, but does not answer.");
    return Outcome::unreachable;
}

bool InstanceLock::listen() {
    const sockaddr_un own = address(folder_, database_);
    unlink(own.sun_path);  // left by a process that was killed: the lock says that nobody listens there
    listener_ = make_socket();
    if (listener_ < 0 || bind(listener_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
        ::listen(listener_, 16) != 0) {
        if (listener_ >= 0) {
            close(listener_);
            listener_ = -1;
        }
        return false;
    }
    notifier_ = std::make_unique<QSocketNotifier>(listener_, QSocketNotifier::Read);
    connect(notifier_.get(), &QSocketNotifier::activated, this, &InstanceLock::accept);
    return true;
}

void InstanceLock::accept() {
    const Socket peer(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.valid() || !same_user(peer.get())) {
        return;
    }
    limit_waiting(
        peer.get(),
        kTalkMs / 10);  // the peer has sent everything before it waits, so this does not hold up the window
    const auto line = read_line(peer.get(), kTalkMs / 5);
    const std::string prefix = kRaise;
    if (!line || line->compare(0, prefix.size(), prefix) != 0) {
        return;
    }
    send_all(peer.get(), "ok\n");
    Q_EMIT raiseRequested(QString::fromUtf8(
        QByteArray::fromPercentEncoding(QByteArray::fromStdString(line->substr(prefix.size())))));
}

bool InstanceLock::pass(const QString& model) {
    const sockaddr_un owner = address(folder_, database_);
    const Socket own(make_socket());
    if (!own.valid()) {
        return false;
    }
    limit_waiting(own.get(), kTalkMs);
    if (::connect(own.get(), reinterpret_cast<const sockaddr*>(&owner), sizeof owner) != 0) {
        return false;
    }
    const std::string path = model.toUtf8().toPercentEncoding("/").toStdString();
    if (!same_user(own.get()) || path.size() > kLongestRequest - 16 ||
        !send_all(own.get(), kRaise + path + "\n")) {
        return false;
    }
    return read_line(own.get(), kTalkMs) == "ok";
}

}  // namespace tendril::app

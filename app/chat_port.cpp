// SPDX-License-Identifier: Apache-2.0
// The key functions of the port, so that its tables are made once, in this library. Any thread; no state.
#include "app/chat_port.h"

namespace tendril::app {

ChatPort::ChatPort(QObject* parent) : QObject(parent) {}

ChatPort::~ChatPort() = default;

}  // namespace tendril::app

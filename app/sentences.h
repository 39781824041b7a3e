// SPDX-License-Identifier: Apache-2.0
// Sentences of the rooms that know no Qt (engine, storage, prompt, the worker) in the person's language: they
// are written in English where they arise, and are translated here, where they reach the window. GUI thread;
// pure functions.
#pragma once

#include <string>

#include <QString>

namespace tendril::app {

/// `english` in the language of the program. One that is not known stays as it is, as does what it quotes
/// (names, numbers).
QString in_their_language(const std::string& english);

/// The sentences that are known, in English, with %1, %2 where something is quoted; for tests.
QStringList known_sentences();

}  // namespace tendril::app

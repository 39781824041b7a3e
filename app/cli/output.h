// SPDX-License-Identifier: Apache-2.0
// What tendril-cli reads and prints: results on stdout, words on stderr, files and stdin byte for byte. Main
// thread.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "engine/result.h"

namespace tendril::app::cli {

/// To be called before anything is opened: a standard descriptor that came closed is taken by one that gives
/// an error, so that no file or signal of the program's own is read as stdin or written as stdout.
void hold_standard_descriptors();

/// False when stdout is closed or full; then nothing more can be said there.
bool print(std::string_view text);
/// One line; broken UTF-8 becomes U+FFFD.
bool print_json(const nlohmann::ordered_json& value);

/// The same error, with the name of the file in front unless its message has it already.
Error about_file(Error error, const std::string& path);
/// "tendril-cli: …" on stderr; gives kFailed.
int failed(const Error& error);
int failed(std::string_view message);
void say(std::string_view message);

/// The exit code for something printed.
int done(bool printed);

Result<std::string> read_stdin();
/// "-" is stdin.
Result<std::string> read_file(const std::string& path);

}  // namespace tendril::app::cli

// SPDX-License-Identifier: Apache-2.0
// Lines of standard input, read so that a signal ends the wait. Main thread.
#pragma once

#include <optional>
#include <string>

namespace tendril::app::cli {

class LineReader {
  public:
    /// `stop` is a descriptor that becomes readable when reading is to end.
    explicit LineReader(int stop) : stop_(stop) {}

    /// Without its end ("\n" or "\r\n"); nothing at the end of the input, or when asked to stop. A line is at
    /// most 16 MiB long; the rest of a longer one is the next line.
    std::optional<std::string> next();

  private:
    int stop_;
    bool ended_ = false;
    std::string buffer_;
};

}  // namespace tendril::app::cli

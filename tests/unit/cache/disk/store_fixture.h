// SPDX-License-Identifier: Apache-2.0
// A cache folder with a made-up model, and texts whose pages can be written, read back and looked for in the
// folder's bytes. For tests of the disk tier.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <QTemporaryDir>

#include "engine/cache/disk/disk_page_store.h"

namespace tendril::test {

/// A conversation of whole pages; texts of different seeds share nothing.
class Text {
  public:
    /// `shared`: so many pages at the start are those of the text with seed 0.
    Text(engine::PageName root, std::uint32_t seed, std::size_t pages, std::size_t shared = 0);
    std::size_t size() const { return names_.size(); }
    engine::PageKey key(std::size_t page) const;
    const engine::PageName& name(std::size_t page) const { return names_[page]; }
    /// What the page's bytes are: random, from its name, with marker(page) in it many times.
    std::vector<std::byte> payload(std::size_t page, std::size_t bytes) const;
    std::string marker(std::size_t page) const;

  private:
    engine::PageName root_;
    std::vector<engine::TokenId> tokens_;
    std::vector<engine::PageName> names_;
};

class StoreFolder {
  public:
    static constexpr std::size_t kFull = 20000;
    static constexpr std::size_t kWindow = 6000;
    static constexpr std::uint64_t kSlot = 4096 + 20480;  ///< of a full part on the disk

    StoreFolder();
    /// The defaults: this folder, the model "a", both parts, 256 MiB.
    engine::PageStoreOptions options() const;
    std::unique_ptr<engine::PageStore> open() const { return engine::open_page_store(options()); }
    /// Opened, with its model's hash known.
    static std::unique_ptr<engine::PageStore> ready(engine::PageStoreOptions options);
    std::unique_ptr<engine::PageStore> ready() const { return ready(options()); }

    std::filesystem::path path() const { return folder_; }
    std::filesystem::path model(const std::string& name) const { return base_ / (name + ".gguf"); }
    /// Files of pages of all models.
    std::vector<std::filesystem::path> segments() const;
    std::filesystem::path shelf() const;  ///< the folder of the only model
    /// Blocks that the folder takes on the disk.
    std::uint64_t disk_bytes() const;
    bool contains(const std::string& text) const;  ///< in any file of the folder
    std::string log() const;                       ///< what has been logged by stores with options()

  private:
    QTemporaryDir temporary_;
    std::filesystem::path base_;
    std::filesystem::path folder_;
    std::shared_ptr<struct LogText> log_;
};

/// Writes the pages [first, end) and waits; false when not all are there in the end.
bool put(engine::PageStore& store, const Text& text, std::size_t first, std::size_t end, std::uint64_t owner,
         bool with_window = false);
/// Reads the page and compares it with what was put.
enum class Got { nothing, right, wrong };
Got get(engine::PageStore& store, const Text& text, std::size_t page, bool with_window = false);
/// How many of the text's pages are there and right; -1 when one is wrong.
int right_pages(engine::PageStore& store, const Text& text);

/// Whether the sentence why the disk is not used has these words in it.
bool mentions(const engine::PageStore& store, const char* words);
/// The thread sanitizer cannot follow a fork in a program with threads (QtTest's watchdog is one).
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kCanFork = false;
#else
inline constexpr bool kCanFork = true;
#endif
/// Runs the body in a child process; true when the child came to its end and the body gave true.
bool in_child(const std::function<bool()>& body);

std::vector<std::byte> read_bytes(const std::filesystem::path& path);
void write_bytes(const std::filesystem::path& path, const std::vector<std::byte>& bytes);
/// Changes one byte of a file.
void flip(const std::filesystem::path& path, std::uint64_t offset);

}  // namespace tendril::test

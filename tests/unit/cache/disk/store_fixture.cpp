// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/cache/disk/store_fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

namespace tendril::test {

using engine::kPageTokens;
using engine::PageKey;
using engine::PageName;
using engine::PageStore;
using engine::TokenId;

struct LogText {
    std::ostringstream text;
    std::shared_ptr<spdlog::sinks::ostream_sink_mt> sink =
        std::make_shared<spdlog::sinks::ostream_sink_mt>(text);
    std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::logger>("cache", sink);
};

Text::Text(PageName root, std::uint32_t seed, std::size_t pages, std::size_t shared) : root_(root) {
    PageName parent = root;
    for (std::size_t page = 0; page < pages; ++page) {
        const std::uint32_t from = page < shared ? 0 : seed;
        for (std::size_t i = 0; i < kPageTokens; ++i) {
            tokens_.push_back(static_cast<TokenId>(from * 10007 + page * kPageTokens + i));
        }
        parent = engine::page_name(parent, std::span(tokens_).last(kPageTokens));
        names_.push_back(parent);
    }
}

PageKey Text::key(std::size_t page) const {
    return {names_[page], page == 0 ? root_ : names_[page - 1], static_cast<std::uint32_t>(page),
            std::span(tokens_).subspan(page * kPageTokens, kPageTokens)};
}

std::string Text::marker(std::size_t page) const {
    return "SECRET-" + engine::hex(names_[page]) + ";";
}

std::vector<std::byte> Text::payload(std::size_t page, std::size_t bytes) const {
    std::vector<std::byte> payload(bytes);
    std::uint64_t state = engine::PageNameHash()(names_[page]) | 1U;
    for (std::byte& byte : payload) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        byte = static_cast<std::byte>(state);
    }
    const std::string mark = marker(page);
    for (std::size_t at = 0; at + mark.size() < bytes; at += 1024) {
        std::memcpy(payload.data() + at, mark.data(), mark.size());
    }
    return payload;
}

StoreFolder::StoreFolder()
    : base_(temporary_.path().toStdString()),
      folder_(base_ / "cache" / "pages"),
      log_(std::make_shared<LogText>()) {
    for (const char* name : {"a", "b"}) {
        std::ofstream(model(name)) << "a model of the same shape: " << name << std::string(1000, name[0]);
    }
}

engine::PageStoreOptions StoreFolder::options() const {
    engine::PageStoreOptions options;
    options.folder = folder_;
    options.model = model("a");
    options.identity = "layout: test\n";
    options.full_bytes = kFull;
    options.window_bytes = kWindow;
    options.quota = 256U << 20;
    options.log = log_->logger;
    return options;
}

std::unique_ptr<PageStore> StoreFolder::ready(engine::PageStoreOptions options) {
    std::unique_ptr<PageStore> store = engine::open_page_store(std::move(options));
    store->wait_until_idle();
    return store;
}

std::vector<std::filesystem::path> StoreFolder::segments() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
        if (entry.path().extension() == ".pages") {
            found.push_back(entry.path());
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::filesystem::path StoreFolder::shelf() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
        if (entry.is_directory()) {
            return entry.path();
        }
    }
    return {};
}

std::uint64_t StoreFolder::disk_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
        struct stat about {};
        if (::lstat(entry.path().c_str(), &about) == 0) {
            bytes += static_cast<std::uint64_t>(about.st_blocks) * 512;
        }
    }
    return bytes;
}

bool StoreFolder::contains(const std::string& text) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
        if (!entry.is_regular_file()) {
            continue;
        }
        const std::vector<std::byte> bytes = read_bytes(entry.path());
        const auto wanted = std::as_bytes(std::span(text));
        if (std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) != bytes.end()) {
            return true;
        }
    }
    return false;
}

std::string StoreFolder::log() const {
    log_->logger->flush();
    return log_->text.str();
}

bool put(PageStore& store, const Text& text, std::size_t first, std::size_t end, std::uint64_t owner,
         bool with_window) {
    for (std::size_t page = first; page < end; ++page) {
        const auto fill = [&](std::span<std::byte> full, std::span<std::byte> window) {
            std::ranges::copy(text.payload(page, full.size()), full.begin());
            std::ranges::copy(text.payload(page, window.size()), window.begin());
        };
        if (!store.write(text.key(page), owner, with_window, fill)) {
            store.wait_until_idle();  // the queue was full
            if (!store.write(text.key(page), owner, with_window, fill)) {
                return false;
            }
        }
    }
    store.wait_until_idle();
    bool all = true;
    for (std::size_t page = first; page < end; ++page) {
        const engine::PageHeld held = store.holds(text.name(page));
        all = all && held.full && (held.window || !with_window);
    }
    return all;
}

Got get(PageStore& store, const Text& text, std::size_t page, bool with_window) {
    std::vector<std::byte> full(StoreFolder::kFull);
    std::vector<std::byte> window(with_window ? StoreFolder::kWindow : 0);
    if (!store.read(text.key(page), full, window)) {
        return Got::nothing;
    }
    const bool right = full == text.payload(page, full.size()) && window == text.payload(page, window.size());
    return right ? Got::right : Got::wrong;
}

int right_pages(PageStore& store, const Text& text) {
    int count = 0;
    for (std::size_t page = 0; page < text.size(); ++page) {
        const Got got = get(store, text, page);
        if (got == Got::wrong) {
            return -1;
        }
        count += got == Got::right ? 1 : 0;
    }
    return count;
}

bool in_child(const std::function<bool()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(body() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool mentions(const PageStore& store, const char* words) {
    return store.state().note.find(words) != std::string::npos;
}

std::vector<std::byte> read_bytes(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

void write_bytes(const std::filesystem::path& path, const std::vector<std::byte>& bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void flip(const std::filesystem::path& path, std::uint64_t offset) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ 0x10));
}

}  // namespace tendril::test

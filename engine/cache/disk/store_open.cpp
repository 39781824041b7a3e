// SPDX-License-Identifier: Apache-2.0
// Taking hold of a cache folder: format, lock, the model's pages, the other models' pages, the quota.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <spdlog/logger.h>

#include "engine/cache/disk/model_hash.h"
#include "engine/cache/disk/store_core.h"

namespace tendril::engine {
namespace {

constexpr const char* kFormatFile = "format";
constexpr const char* kLockFile = "lock";
constexpr std::string_view kFormatText = "Tendril page store, format ";
constexpr std::size_t kMaxFormatBytes = 4096;
/// Beside the folders of the models.
constexpr std::array<std::string_view, 7> kOwnNames = {".",    "..",     "format",    "format.new",
                                                       "lock", "models", "models.new"};

constexpr std::uint64_t kMostByDefault = 16ULL << 30;
constexpr std::uint64_t kShareOfFree = 10;

constexpr std::uint64_t kUsualSegment = 64ULL << 20;

std::string format_text() {
    return std::string(kFormatText) + std::to_string(kStoreFormat) + "\n";
}

/// What the format file holds: the text, and a line that says whether it is whole.
std::string marker_of(const std::string& text) {
    return text + "checksum " + hex(root_name(text)) + "\n";
}

/// The first line of a whole marker; empty for everything else.
std::string text_in(const std::string& marker) {
    const std::string text = marker.substr(0, std::min(marker.find('\n'), marker.size() - 1) + 1);
    return marker.starts_with(kFormatText) && marker == marker_of(text) ? text : std::string();
}

/// Files of 64 MiB, smaller for small quotas, and not too many for large ones: each is kept open.
std::uint64_t segment_bytes_for(std::uint64_t quota) {
    return std::clamp(quota / 64, std::min(kUsualSegment, quota / 8), kMaxSegmentBytes);
}

}  // namespace

std::optional<PageName> parse_hex(const std::string& text) {
    PageName name;
    if (text.size() != 2 * name.bytes.size()) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < name.bytes.size(); ++i) {
        const char* first = text.data() + 2 * i;
        if (std::from_chars(first, first + 2, name.bytes[i], 16).ptr != first + 2) {
            return std::nullopt;
        }
    }
    return hex(name) == text ? std::optional(name) : std::nullopt;
}

/// True: a folder of this version. False: without a marker, or with a damaged one though it is ours; it is to
/// be written.
Result<bool> StoreCore::check_format() {
    const Result<std::vector<std::byte>> read = read_file(folder_, kFormatFile, kMaxFormatBytes);
    if (!read && read.error().code == ErrorCode::not_found) {
        return false;
    }
    if (!read && read.error().code != ErrorCode::too_large) {
        return fail(ErrorCode::io, "The cache folder cannot be read, so nothing is kept on the disk.",
                    read.error().detail);
    }
    const std::string text =
        read ? text_in(std::string(reinterpret_cast<const char*>(read->data()), read->size()))
             : std::string();
    std::uint32_t format = 0;
    const char* number = text.data() + std::min(kFormatText.size(), text.size());
    const auto [end, error] = std::from_chars(number, text.data() + text.size(), format);
    if (error != std::errc()) {
        if (looks_ours()) {
            return false;
        }
        return fail(ErrorCode::malformed,
                    "The cache folder holds something else, so nothing is kept on the disk.",
                    options_.folder.string());
    }
    if (format > kStoreFormat) {
        return fail(ErrorCode::unsupported,
                    "The cache folder was written by a newer version of Tendril; it is left untouched, and "
                    "nothing is kept on the disk.",
                    "format " + std::to_string(format));
    }
    return true;
}

/// Whatever the marker says: there are pages of ours, or our lock and nothing that is not ours.
bool StoreCore::looks_ours() const {
    bool locked = false;
    bool foreign = false;
    for (const std::string& name : names_in(folder_)) {
        const std::optional<PageName> root = parse_hex(name);
        if (root && Shelf::is_ours(folder_, *root)) {
            return true;
        }
        locked = locked || name == kLockFile;
        foreign = foreign || std::find(kOwnNames.begin(), kOwnNames.end(), name) == kOwnNames.end();
    }
    return locked && !foreign;
}

Status StoreCore::lock_folder() {
    Result<Descriptor> folder = open_root_folder(options_.folder);
    if (!folder) {
        return fail(std::move(folder.error()));
    }
    folder_ = std::move(*folder);
    if (Result<bool> marked = check_format(); !marked) {
        return fail(std::move(marked.error()));
    }
    Result<Descriptor> lock_file = open_file(folder_, kLockFile, O_RDWR | O_CREAT);
    if (!lock_file) {
        return fail(ErrorCode::read_only,
                    "The cache folder cannot be written, so nothing is kept on the disk.",
                    lock_file.error().detail);
    }
    lock_ = std::move(*lock_file);
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        return fail(ErrorCode::busy,
                    "Another Tendril is using the cache folder, so this one keeps nothing on the disk.",
                    options_.folder.string());
    }
    Result<bool> marked = check_format();
    if (!marked) {
        return fail(std::move(marked.error()));  // written since by the one that had the lock
    }
    if (!*marked) {
        if (Status status =
                replace_file(folder_, kFormatFile, bytes_of(marker_of(format_text())), options_.hooks);
            !status) {
            return fail(status.error().code,
                        "The cache folder cannot be written, so nothing is kept on the disk.",
                        status.error().detail);
        }
    }
    set_quota();
    return {};
}

void StoreCore::set_quota() {
    std::uint64_t quota = options_.quota;
    if (quota == 0) {
        struct statvfs about {};
        const bool known = ::fstatvfs(folder_.get(), &about) == 0;
        const std::uint64_t free = known ? std::uint64_t{about.f_bavail} * about.f_frsize : 0;
        quota = std::min(kMostByDefault, (free + used()) / kShareOfFree);
    }
    const std::lock_guard lock(mutex);
    quota_ = quota;
}

std::optional<std::string> StoreCore::known_hash(const std::string& marks) const {
    return known_model_hash(folder_, marks);
}

Status StoreCore::open_active(const std::string& model_hash) {
    ShelfSettings settings;
    settings.identity = format_text() + "engine layout: " + std::to_string(kEngineLayout) +
                        "\nmodel SHA-256: " + model_hash + "\n" + options_.identity +
                        "bytes of a page: " + std::to_string(options_.full_bytes) + " + " +
                        std::to_string(options_.window_bytes) + "\n";
    settings.root = root_name(settings.identity);
    settings.full_bytes = options_.full_bytes;
    settings.window_bytes = options_.window_bytes;
    settings.segment_bytes = segment_bytes_for(quota_);
    if (options_.full_bytes > kMaxPayload || options_.window_bytes > kMaxPayload) {
        return fail(ErrorCode::too_large, "The pages of this model are too large for the disk cache.");
    }
    {
        const std::lock_guard lock(mutex);  // found as one of the others, while the hash was being computed
        std::erase_if(others_, [&](const auto& other) { return other->settings().root == settings.root; });
    }
    Result<std::unique_ptr<Shelf>> shelf = Shelf::open(folder_, settings, options_.hooks, mutex, log());
    if (!shelf) {
        return fail(shelf.error().code, "The cache folder cannot be used, so nothing is kept on the disk.",
                    shelf.error().detail);
    }
    const std::lock_guard lock(mutex);
    active_ = std::move(*shelf);
    return {};
}

Status StoreCore::hash_and_open(const std::string& marks, const std::function<bool(double)>& progress) {
    const Result<std::string> hash =
        compute_model_hash(folder_, options_.model, marks, progress, options_.hooks);
    if (!hash) {
        return fail(hash.error());
    }
    Status status = open_active(*hash);
    erase_leftovers();
    return status;
}

void StoreCore::open_others() {
    std::vector<std::unique_ptr<Shelf>> found;
    for (const std::string& name : names_in(folder_)) {
        const std::optional<PageName> root = parse_hex(name);
        if (!root || (active_ && *root == active_->settings().root)) {
            continue;
        }
        ShelfSettings settings;
        settings.root = *root;
        Result<std::unique_ptr<Shelf>> shelf = Shelf::open(folder_, settings, options_.hooks, mutex, log());
        if (shelf) {
            found.push_back(std::move(*shelf));
        }
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a->last_opened() < b->last_opened(); });
    {
        const std::lock_guard lock(mutex);
        others_ = std::move(found);
    }
    set_quota();
    erase_leftovers();
}

void StoreCore::erase_leftovers() {
    for (const std::unique_ptr<Shelf>& shelf : others_) {
        shelf->erase(shelf->take_leftovers(), true);
    }
    if (active_) {
        active_->erase(active_->take_leftovers(), true);
    }
    make_room(0, {});
    publish();
}

}  // namespace tendril::engine

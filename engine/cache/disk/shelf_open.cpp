// SPDX-License-Identifier: Apache-2.0
// Starting a shelf: whose folder it is, which files are whole, which pages are in them.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include <spdlog/logger.h>

#include "engine/cache/disk/shelf.h"

namespace tendril::engine {
namespace {

constexpr const char* kIdentityFile = "identity";
constexpr const char* kIndexFile = "index";
constexpr std::size_t kMaxIdentityBytes = 1U << 20;
constexpr std::size_t kMaxIndexBytes = 512U << 20;

std::string text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// When the file was last marked as used; 0 when it is not there.
std::int64_t marked_at(const Descriptor& folder) {
    struct stat about {};
    if (::fstatat(folder.get(), kIdentityFile, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        return 0;
    }
    return about.st_mtim.tv_sec * 1'000'000'000LL + about.st_mtim.tv_nsec;
}

}  // namespace

Result<std::unique_ptr<Shelf>> Shelf::open(const Descriptor& store, ShelfSettings settings,
                                           const DiskHooks& hooks, std::mutex& mutex, spdlog::logger* log) {
    std::unique_ptr<Shelf> shelf(new Shelf(std::move(settings), hooks, mutex, log));
    const bool ours = !shelf->settings_.identity.empty();
    Result<Descriptor> folder = open_folder(store, hex(shelf->settings_.root), ours);
    if (!folder) {
        return fail(std::move(folder.error()));
    }
    shelf->folder_ = std::move(*folder);
    Status status = shelf->check_identity();
    if (status) {
        status = shelf->load_segments();
    }
    if (!status) {
        return fail(std::move(status.error()));
    }
    shelf->load_index();
    Claims claims;
    Result<OwnerLog> owner_log = OwnerLog::open(
        shelf->folder_, hooks, [&](const PageName& name) { return shelf->find(name) != nullptr; }, claims);
    if (!owner_log) {
        return fail(std::move(owner_log.error()));
    }
    shelf->owner_log_.emplace(std::move(*owner_log));
    shelf->adopt(claims);
    shelf->count_live();
    return shelf;
}

bool Shelf::is_ours(const Descriptor& store, const PageName& root) {
    const Result<Descriptor> folder = open_folder(store, hex(root), false);
    if (!folder) {
        return false;
    }
    const Result<std::vector<std::byte>> read = read_file(*folder, kIdentityFile, kMaxIdentityBytes);
    return read && root_name(text_of(*read)) == root;
}

/// Pages say themselves of which model they are.
bool Shelf::has_own_pages() const {
    const std::vector<std::string> names = names_in(folder_);
    return std::any_of(names.begin(), names.end(), [this](const std::string& name) {
        if (!Segment::parse_name(name)) {
            return false;
        }
        const Result<Segment::Opened> opened = Segment::open(folder_, name, settings_.root, hooks_);
        return opened && opened->doubt == Doubt::none;
    });
}

Status Shelf::check_identity() {
    const Result<std::vector<std::byte>> read = read_file(folder_, kIdentityFile, kMaxIdentityBytes);
    const bool known = read && root_name(text_of(*read)) == settings_.root;
    last_opened_ = marked_at(folder_);
    if (settings_.identity.empty()) {
        // Also without its identity it counts, can be evicted, and must forget.
        return known || has_own_pages()
                   ? Status()
                   : fail(ErrorCode::not_found, "This is no folder of the cache.", hex(settings_.root));
    }
    if (!known) {
        bool had_pages = false;
        for (const std::string& name : names_in(folder_)) {
            if (Segment::parse_name(name)) {
                remove_file(folder_, name);
                had_pages = true;
            }
        }
        if (had_pages && log_ != nullptr) {
            log_->warn("cache: {} did not say whose pages it held; they are removed", hex(settings_.root));
        }
        return replace_file(folder_, kIdentityFile, bytes_of(settings_.identity), hooks_);
    }
    ::utimensat(folder_.get(), kIdentityFile, nullptr, AT_SYMLINK_NOFOLLOW);  // used now
    return {};
}

Status Shelf::load_segments() {
    for (const std::string& name : names_in(folder_)) {
        const std::optional<Segment::Named> named = Segment::parse_name(name);
        if (!named) {
            continue;
        }
        next_number_ = std::max(next_number_, named->number + 1);
        Result<Segment::Opened> opened = Segment::open(folder_, name, settings_.root, hooks_);
        if (!opened) {
            if (log_ != nullptr) {
                log_->warn("cache: {} is not used: {}", name, opened.error().detail);
            }
            continue;
        }
        const std::uint64_t expected =
            named->part == PagePart::full ? settings_.full_bytes : settings_.window_bytes;
        if (opened->segment && !settings_.identity.empty() && opened->segment->header().payload != expected) {
            opened->doubt = Doubt::mismatch;
        }
        if (opened->doubt == Doubt::none) {
            segments_.push_back(std::move(opened->segment));
            continue;
        }
        if (log_ != nullptr) {
            log_->warn("cache: {} is not used: {}", name, words_for(opened->doubt));
        }
        if (opened->doubt != Doubt::newer) {
            remove_file(folder_, name);  // nobody could say whose text its pages give away
        }
    }
    std::sort(segments_.begin(), segments_.end(),
              [](const auto& a, const auto& b) { return a->number() < b->number(); });
    for (const std::shared_ptr<Segment>& segment : segments_) {
        (segment->header().part == PagePart::full ? current_full_ : current_window_) = segment;
    }
    return {};
}

Place Shelf::resolve(PagePart part, SlotNumber number) const {
    for (const std::shared_ptr<Segment>& segment : segments_) {
        if (segment->number() == number.segment && segment->header().part == part &&
            number.slot < segment->slots()) {
            return {segment, number.slot};
        }
    }
    return {};
}

void Shelf::load_index() {
    std::map<std::pair<PagePart, std::uint32_t>, std::uint32_t> covered;
    if (const Result<std::vector<std::byte>> read = read_file(folder_, kIndexFile, kMaxIndexBytes); read) {
        std::optional<IndexContents> contents = decode_index(*read);
        if (contents && contents->root == settings_.root) {
            index_bytes_ = read->size();
            inflation_ = contents->inflation;
            clock_ = contents->clock;
            for (const IndexedSegment& segment : contents->segments) {
                covered[{segment.part, segment.number}] = segment.slots;
            }
            for (const IndexedPage& page : contents->pages) {
                const Place full = resolve(PagePart::full, page.full);
                if (full) {
                    pages_[page.name] = {
                        page.parent, page.index,   0, full, resolve(PagePart::window, page.window), {},
                        page.worth,  page.last_use};
                }
            }
        } else if (log_ != nullptr) {
            log_->warn("cache: the index is not used: it is damaged; the pages are looked at one by one");
        }
    }
    index_old_ = index_bytes_ == 0;
    for (const std::shared_ptr<Segment>& segment : segments_) {
        const auto found = covered.find({segment->header().part, segment->number()});
        scan(segment, found == covered.end() ? 0 : found->second);
    }
    std::erase_if(pages_, [this](const auto& entry) {
        const bool no_full = !entry.second.full;
        if (no_full) {
            leftovers_.push_back(entry.second.window);
        }
        return no_full;
    });
}

void Shelf::scan(const std::shared_ptr<Segment>& segment, std::uint32_t first) {
    for (std::uint32_t slot = first; slot < segment->slots(); ++slot) {
        index_old_ = true;
        RecordHeader record;
        const Doubt doubt = segment->read_header(slot, record);
        if (doubt == Doubt::empty) {
            continue;
        }
        if (doubt != Doubt::none) {
            leftovers_.push_back({segment, slot});
            if (log_ != nullptr) {
                log_->warn("cache: a page in {} is not used: {}", segment->name(), words_for(doubt));
            }
            continue;
        }
        StoredPage& page = pages_[record.name];
        Place& place = record.part == PagePart::full ? page.full : page.window;
        if (place) {
            leftovers_.push_back({segment, slot});
            continue;
        }
        place = {segment, slot};
        page.parent = record.parent;
        page.index = record.index;
        page.last_use = ++clock_;  // in the order of writing
        page.worth = inflation_ + cost_of(page);
    }
}

void Shelf::adopt(const Claims& claims) {
    std::vector<PageName> orphans;
    for (auto& [name, page] : pages_) {
        const auto found = claims.find(name);
        if (found == claims.end()) {
            orphans.push_back(name);
        } else {
            page.owners = found->second;
        }
    }
    for (const auto& [name, page] : pages_) {
        ++children_of(page.parent);
    }
    for (const PageName& name : orphans) {
        const std::vector<Place> places = take_out(name);
        leftovers_.insert(leftovers_.end(), places.begin(), places.end());
    }
    if (!orphans.empty() && log_ != nullptr) {
        log_->info("cache: {} pages belong to nobody and are removed", orphans.size());
    }
}

void Shelf::count_live() {
    std::map<const Segment*, std::uint32_t> live;
    for (const auto& [name, page] : pages_) {
        ++live[page.full.segment.get()];
        if (page.window) {
            ++live[page.window.segment.get()];
        }
    }
    for (const Place& place : leftovers_) {
        ++live[place.segment.get()];  // until it is erased
    }
    for (const std::shared_ptr<Segment>& segment : segments_) {
        segment->set_live(live[segment.get()]);
    }
}

}  // namespace tendril::engine

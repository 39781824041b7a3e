// SPDX-License-Identifier: Apache-2.0
// A shelf at work: pages come, are moved and go.
#include "engine/cache/disk/shelf.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include <spdlog/logger.h>

namespace tendril::engine {
namespace {

constexpr const char* kIndexFile = "index";
/// Attention makes a late token dearer than an early one: at 8,192 tokens about twice, in the models in use.
constexpr double kPagesOfDoubleCost = 128;
/// Of an index entry and two claims, for the account of what the small files take; they are written twice
/// when they are replaced.
constexpr std::uint64_t kBookkeepingPerPage = std::uint64_t{2} * (72 + 2 * 48);

}  // namespace

StoredPage* Shelf::find(const PageName& name) {
    const auto found = pages_.find(name);
    return found == pages_.end() ? nullptr : &found->second;
}

double Shelf::cost_of(const StoredPage& page) const {
    const double cost = 1 + page.index / kPagesOfDoubleCost;
    if (!page.window || !page.full) {
        return cost;
    }
    const auto full = static_cast<double>(page.full.segment->header().slot_bytes());
    return cost * full / (full + static_cast<double>(page.window.segment->header().slot_bytes()));
}

std::uint32_t& Shelf::children_of(const PageName& name) {
    StoredPage* page = find(name);
    return page != nullptr ? page->children : fatherless_[name];
}

void Shelf::touch(StoredPage& page) {
    page.last_use = ++clock_;
    page.worth = inflation_ + cost_of(page);
}

void Shelf::insert(const PageKey& key, PagePart part, const Place& place) {
    const auto [found, is_new] = pages_.try_emplace(key.name);
    StoredPage& page = found->second;
    if (is_new) {
        page.parent = key.parent;
        page.index = key.index;
        page.children = children_of(key.name);  // left behind when this one was let go
        fatherless_.erase(key.name);
        ++children_of(key.parent);
    }
    (part == PagePart::full ? page.full : page.window) = place;
    touch(page);
    index_old_ = true;
}

std::vector<Place> Shelf::take_out(const PageName& name) {
    std::vector<Place> places;
    const auto found = pages_.find(name);
    if (found == pages_.end()) {
        return places;
    }
    for (const Place& place : {found->second.full, found->second.window}) {
        if (place) {
            places.push_back(place);
        }
    }
    const StoredPage page = std::move(found->second);
    pages_.erase(found);
    if (page.children > 0) {
        fatherless_[name] = page.children;
    }
    if (--children_of(page.parent) == 0) {
        fatherless_.erase(page.parent);
    }
    return places;
}

std::optional<PageName> Shelf::choose_victim(const PageName& keep) {
    const Pages::value_type* victim = nullptr;
    for (const Pages::value_type& entry : pages_) {
        if (entry.second.children > 0 || entry.first == keep) {
            continue;
        }
        if (victim == nullptr || entry.second.worth < victim->second.worth ||
            (entry.second.worth == victim->second.worth && entry.second.last_use < victim->second.last_use)) {
            victim = &entry;
        }
    }
    if (victim == nullptr) {
        return std::nullopt;
    }
    inflation_ = std::max(inflation_, victim->second.worth);
    return victim->first;
}

Result<Place> Shelf::append(PagePart part, std::span<const std::byte> slot) {
    std::shared_ptr<Segment>& current = part == PagePart::full ? current_full_ : current_window_;
    if (current && (current->slots() + 1) * current->header().slot_bytes() > settings_.segment_bytes) {
        current->sync();
        current = nullptr;
    }
    if (!current) {
        const SegmentHeader header{part, settings_.root,
                                   part == PagePart::full ? settings_.full_bytes : settings_.window_bytes};
        Result<std::shared_ptr<Segment>> made = Segment::create(folder_, next_number_, header, hooks_);
        if (!made) {
            return fail(std::move(made.error()));
        }
        ++next_number_;
        current = std::move(*made);
        segments_.push_back(current);
    }
    if (const int error = current->append(slot); error != 0) {
        return fail(disk_error(error, "The cache could not be written.", current->name()));
    }
    return Place{current, current->slots() - 1};
}

void Shelf::drop_index() {
    if (index_bytes_ > 0) {
        remove_file(folder_, kIndexFile);
        index_bytes_ = 0;
    }
    index_old_ = true;
}

void Shelf::forget_segment(const std::shared_ptr<Segment>& segment) {
    remove_file(folder_, segment->name());
    for (std::shared_ptr<Segment>* current : {&current_full_, &current_window_}) {
        if (*current == segment) {
            current->reset();
        }
    }
    std::erase(segments_, segment);
}

bool Shelf::erase(const std::vector<Place>& places, bool overwrite) {
    if (places.empty()) {
        return true;
    }
    drop_index();
    std::map<std::shared_ptr<Segment>, std::vector<std::uint32_t>> slots;
    for (const Place& place : places) {
        slots[place.segment].push_back(place.slot);
    }
    bool erased = true;
    for (const auto& [segment, numbers] : slots) {
        segment->drop_live(static_cast<std::uint32_t>(numbers.size()));
        const bool last = segment->live() == 0;
        if (overwrite || !last) {
            erased = segment->erase(numbers, overwrite) && erased;
        }
        if (last) {
            forget_segment(segment);
        }
    }
    return erased;
}

bool Shelf::move_slot(const std::shared_ptr<Segment>& from, std::uint32_t slot,
                      std::vector<std::byte>& bytes) {
    RecordHeader record;
    const Place old{from, slot};
    if (from->read_header(slot, record) != Doubt::none) {
        return true;  // erased before; or damaged, and found so when it is read
    }
    const auto place_of = [&](StoredPage& page) -> Place& {
        return record.part == PagePart::full ? page.full : page.window;
    };
    {
        const std::lock_guard lock(mutex_);
        StoredPage* page = find(record.name);
        if (page == nullptr || place_of(*page) != old) {
            return true;
        }
    }
    bytes.resize(from->header().slot_bytes());
    if (!from->read_raw(slot, bytes)) {
        return false;
    }
    Result<Place> moved = append(record.part, bytes);
    if (!moved) {
        return false;
    }
    {
        const std::lock_guard lock(mutex_);
        StoredPage* page = find(record.name);
        if (page != nullptr && place_of(*page) == old) {
            place_of(*page) = *moved;
            moved->segment = nullptr;
        }
    }
    const std::uint32_t one[] = {slot};
    from->drop_live(1);
    const bool freed = !from->can_free() || from->erase(one, false);
    return freed && (!*moved || erase({*moved}, false));
}

bool Shelf::compact_one(std::uint64_t room) {
    std::shared_ptr<Segment> chosen;
    if (settings_.identity.empty()) {
        return false;  // of a model that is not loaded: what size its pages have is not known for sure
    }
    for (const std::shared_ptr<Segment>& segment : segments_) {
        const bool mostly_dead =
            segment->live() * 2 <= segment->slots() && segment->live() < segment->slots();
        const std::uint64_t copies = segment->can_free() ? 1 : segment->live();
        const bool filling = segment == current_full_ || segment == current_window_;
        if (mostly_dead && copies * segment->header().slot_bytes() + kBlock <= room &&
            (!filling || !segment->can_free()) && (!chosen || segment->live() < chosen->live())) {
            chosen = segment;
        }
    }
    if (!chosen) {
        return false;
    }
    for (std::shared_ptr<Segment>* current : {&current_full_, &current_window_}) {
        if (*current == chosen) {
            current->reset();
        }
    }
    drop_index();
    std::vector<std::byte> bytes;
    const std::uint32_t slots = chosen->slots();
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
        if (!move_slot(chosen, slot, bytes)) {
            return false;
        }
    }
    forget_segment(chosen);
    return true;
}

IndexContents Shelf::snapshot() const {
    IndexContents contents{settings_.root, inflation_, clock_, {}, {}};
    const auto number_of = [](const Place& place) {
        return place ? SlotNumber{place.segment->number(), place.slot} : SlotNumber{};
    };
    contents.pages.reserve(pages_.size());
    for (const auto& [name, page] : pages_) {
        contents.pages.push_back({name, page.parent, page.index, number_of(page.full), number_of(page.window),
                                  page.worth, page.last_use});
    }
    for (const std::shared_ptr<Segment>& segment : segments_) {
        contents.segments.push_back({segment->header().part, segment->number(), segment->slots()});
    }
    return contents;
}

void Shelf::sync_all() {
    owner_log_->sync();
    for (const std::shared_ptr<Segment>& segment : segments_) {
        segment->sync();
    }
    if (!index_old_) {
        return;
    }
    std::vector<std::byte> bytes;
    {
        const std::lock_guard lock(mutex_);
        bytes = encode(snapshot());
    }
    if (replace_file(folder_, kIndexFile, bytes, hooks_)) {
        index_bytes_ = bytes.size();
        index_old_ = false;
    }
}

void Shelf::remove_files(const Descriptor& store, const std::string& folder_name) {
    Result<Descriptor> folder = open_folder(store, folder_name, false);
    if (!folder) {
        return;
    }
    for (const std::string& name : names_in(*folder)) {
        static constexpr const char* kOurs[] = {"identity",  "identity.new", "index",
                                                "index.new", "owners",       "owners.new"};
        if (Segment::parse_name(name) ||
            std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs)) {
            remove_file(*folder, name);
        }
    }
    ::unlinkat(store.get(), folder_name.c_str(), AT_REMOVEDIR);
}

std::uint64_t Shelf::disk_bytes() const {
    std::uint64_t bytes = 3 * kBlock + 2 * owner_log_->bytes() + kBookkeepingPerPage * 8;
    for (const std::shared_ptr<Segment>& segment : segments_) {
        bytes += segment->disk_bytes() + segment->live() * kBookkeepingPerPage;
    }
    return bytes;
}

bool Shelf::can_free() const {
    return std::all_of(segments_.begin(), segments_.end(),
                       [](const auto& segment) { return segment->can_free(); });
}

}  // namespace tendril::engine

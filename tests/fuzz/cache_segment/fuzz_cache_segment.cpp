// SPDX-License-Identifier: Apache-2.0
// Fuzzes what a store finds in its folder at start: a whole folder with three pages is edited as the input
// says (bytes, cuts, copies; checksums made right again or not), opened and read. It must open or say why,
// and serve a page right or not at all. The first byte can also send the input as it is to one of the
// decoders.
#include <fcntl.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>

#include "engine/cache/disk/shelf.h"

using namespace tendril;
using namespace tendril::engine;

namespace {

constexpr std::uint64_t kFull = 5000;
constexpr std::uint64_t kWindow = 300;
constexpr std::size_t kPages = 3;
constexpr std::size_t kSumOfRecord = 360;
constexpr std::size_t kSumOfSegment = 48;

void check(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "broken: %s\n", what);
        std::abort();
    }
}

struct Folder {
    std::filesystem::path path;
    Descriptor store;
    ShelfSettings settings;
    DiskHooks hooks;
    std::mutex mutex;
    std::map<std::string, std::vector<std::byte>> files;  // as they were written
    std::array<std::array<TokenId, kPageTokens>, kPages> tokens{};
    std::array<PageName, kPages> names;

    Folder() {
        // In memory where that is possible: each run writes all files and syncs some.
        const bool shared = ::access("/dev/shm", W_OK) == 0;
        std::string name = std::string(shared ? "/dev/shm" : "/tmp") + "/fuzz-segment-XXXXXX";
        check(::mkdtemp(name.data()) != nullptr, "a folder");
        path = name;
        store = std::move(*open_root_folder(path));
        settings.identity = "fuzz\n";
        settings.root = root_name(settings.identity);
        settings.full_bytes = kFull;
        settings.window_bytes = kWindow;
        for (std::size_t page = 0; page < kPages; ++page) {
            tokens[page].fill(static_cast<TokenId>(page + 5));
            names[page] = page_name(page == 0 ? settings.root : names[page - 1], tokens[page]);
        }
        fill();
    }
    ~Folder() { std::filesystem::remove_all(path); }

    PageKey key(std::size_t page) const {
        return {names[page], page == 0 ? settings.root : names[page - 1], static_cast<std::uint32_t>(page),
                tokens[page]};
    }

    static std::vector<std::byte> payload(std::size_t page, std::uint64_t bytes) {
        return std::vector<std::byte>(bytes, static_cast<std::byte>(0x40 + page));
    }

    void put(Shelf& shelf, std::size_t page, PagePart part) {
        const std::uint64_t bytes = part == PagePart::full ? kFull : kWindow;
        std::vector<std::byte> slot(kBlock + to_blocks(bytes));
        const std::vector<std::byte> content = payload(page, bytes);
        std::copy(content.begin(), content.end(), slot.begin() + kBlock);
        const PageKey which = key(page);
        RecordHeader record{part,         settings.root, which.name, which.parent,     which.index,
                            tokens[page], bytes,         1,          checksum(content)};
        encode(record, std::span(slot).first<kBlock>());
        Result<Place> place = shelf.append(part, slot);
        check(place.has_value(), "a page written");
        shelf.insert(which, part, *place);
        check(shelf.owner_log().claim(which.name, page + 1).has_value(), "a claim written");
    }

    std::filesystem::path shelf_path() const { return path / hex(settings.root); }

    void fill() {
        {
            auto shelf = Shelf::open(store, settings, hooks, mutex, nullptr);
            check(shelf.has_value(), "the shelf made");
            for (std::size_t page = 0; page < kPages; ++page) {
                put(**shelf, page, PagePart::full);
            }
            put(**shelf, 1, PagePart::window);
            (*shelf)->sync_all();
        }
        Result<Descriptor> folder = open_folder(store, hex(settings.root), false);
        for (const std::string& name : names_in(*folder)) {
            if (auto bytes = read_file(*folder, name, 1U << 20)) {
                files[name] = std::move(*bytes);
            }
        }
        check(files.size() == 5, "two segments, identity, index, owners");
    }
};

void make_sums_right(std::vector<std::byte>& bytes) {
    const auto put_sum = [&](std::size_t start, std::size_t length) {
        if (bytes.size() >= start + length + sizeof(Checksum)) {
            const Checksum sum = checksum(std::span(bytes).subspan(start, length));
            std::memcpy(bytes.data() + start + length, sum.data(), sum.size());
        }
    };
    put_sum(0, kSumOfSegment);
    for (std::size_t at = kBlock; at + kBlock <= bytes.size(); at += kBlock) {
        if (std::memcmp(bytes.data() + at, "TNDRLPAG", 8) == 0) {
            put_sum(at, kSumOfRecord);
        }
    }
}

/// True when the checksums may vouch for something else than what was written.
bool edit(FuzzedDataProvider& input, std::map<std::string, std::vector<std::byte>>& files) {
    bool vouched = false;
    for (int edits = input.ConsumeIntegralInRange(1, 8); edits > 0 && input.remaining_bytes() > 0; --edits) {
        auto file = std::next(files.begin(),
                              input.ConsumeIntegralInRange<int>(0, static_cast<int>(files.size()) - 1));
        std::vector<std::byte>& bytes = file->second;
        const auto at = [&] { return input.ConsumeIntegralInRange<std::size_t>(0, bytes.size()); };
        switch (input.ConsumeIntegralInRange(0, 5)) {
            case 0:
                bytes.resize(at());
                break;
            case 1:
                if (const std::size_t where = at(); where < bytes.size()) {
                    bytes[where] = static_cast<std::byte>(input.ConsumeIntegral<std::uint8_t>());
                }
                break;
            case 2: {  // a block onto another
                const std::size_t from = at() / kBlock * kBlock;
                const std::size_t to = at() / kBlock * kBlock;
                const std::size_t count =
                    std::min(bytes.size() - std::max(from, to), std::size_t{3} * kBlock);
                if (count > 0) {
                    std::memmove(bytes.data() + to, bytes.data() + from, count);
                }
                break;
            }
            case 3: {
                const std::vector<std::uint8_t> more = input.ConsumeBytes<std::uint8_t>(64);
                const std::size_t where = std::min(at(), bytes.size());
                for (std::size_t i = 0; i < more.size() && where + i < bytes.size(); ++i) {
                    bytes[where + i] = static_cast<std::byte>(more[i]);
                }
                break;
            }
            case 4:
                if (file->first.ends_with(".pages")) {
                    make_sums_right(bytes);
                    vouched = true;
                } else if (file->first == "index" && bytes.size() > sizeof(Checksum)) {
                    const Checksum sum = checksum(std::span(bytes).first(bytes.size() - sizeof(Checksum)));
                    std::memcpy(bytes.data() + bytes.size() - sizeof(Checksum), sum.data(), sum.size());
                }
                break;
            default:
                if (files.size() < 8) {
                    files[Segment::file_name(input.ConsumeBool() ? PagePart::full : PagePart::window,
                                             input.ConsumeIntegral<std::uint32_t>())] = bytes;
                }
        }
    }
    return vouched;
}

void write_all(const Folder& folder, const std::map<std::string, std::vector<std::byte>>& files) {
    std::filesystem::remove_all(folder.shelf_path());
    Result<Descriptor> shelf = open_folder(folder.store, hex(folder.settings.root), true);
    for (const auto& [name, bytes] : files) {
        Result<Descriptor> file = open_file(*shelf, name, O_RDWR | O_CREAT);
        check(file && write_at(*file, bytes, 0, folder.hooks) == 0, "a file written");
    }
}

void open_edited(Folder& folder, FuzzedDataProvider& input) {
    std::map<std::string, std::vector<std::byte>> files = folder.files;
    const bool vouched = edit(input, files);
    write_all(folder, files);
    auto shelf = Shelf::open(folder.store, folder.settings, folder.hooks, folder.mutex, nullptr);
    if (!shelf) {
        return;
    }
    for (std::size_t page = 0; page < kPages; ++page) {
        const StoredPage* stored = (*shelf)->find(folder.names[page]);
        for (const PagePart part : {PagePart::full, PagePart::window}) {
            const Place place = stored == nullptr        ? Place{}
                                : part == PagePart::full ? stored->full
                                                         : stored->window;
            std::vector<std::byte> bytes(part == PagePart::full ? kFull : kWindow);
            if (place && place.segment->read(place.slot, folder.key(page), bytes) == Doubt::none) {
                check(vouched || bytes == Folder::payload(page, bytes.size()), "only right bytes are served");
            }
        }
    }
    (*shelf)->erase((*shelf)->take_leftovers(), true);
    while (const std::optional<PageName> victim = (*shelf)->choose_victim({})) {
        (*shelf)->erase((*shelf)->take_out(*victim), false);
    }
    (*shelf)->compact_one(1U << 20);
    (*shelf)->sync_all();
    check((*shelf)->disk_bytes() < (16U << 20), "the account is sane");
}

void decode_raw(int which, std::span<const std::byte> bytes) {
    if (which == 0 && bytes.size() >= kBlock) {
        RecordHeader record;
        SegmentHeader segment;
        decode(bytes.first<kBlock>(), record, false);
        decode(bytes.first<kBlock>(), record);
        decode(bytes.first<kBlock>(), segment);
    } else if (which == 1) {
        decode_index(bytes);
    } else {
        OwnerLog::replay(bytes);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Folder folder;
    if (size == 0) {
        return 0;
    }
    if (data[0] % 8 < 3) {
        decode_raw(data[0] % 8, std::as_bytes(std::span(data, size)).subspan(1));
        return 0;
    }
    FuzzedDataProvider input(data + 1, size - 1);
    open_edited(folder, input);
    return 0;
}

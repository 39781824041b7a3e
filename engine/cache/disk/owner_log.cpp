// SPDX-License-Identifier: Apache-2.0
// Records of 48 bytes, each with its checksum.
#include "engine/cache/disk/owner_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/cache/disk/record.h"

namespace tendril::engine {
namespace {

constexpr std::uint32_t kMagic = 0x314e574fU;  // "OWN1"
constexpr std::size_t kMaxBytes = 256U << 20;  // five million claims
constexpr std::size_t kVoidAllowed = 1024;     // records that are not worth a new file

enum class Act : std::uint32_t { claim = 1, forget = 2 };

struct OwnerBytes {
    std::uint32_t magic;
    Act act;
    PageName page;
    std::uint64_t owner;
    Checksum sum;  // of everything before it
};
static_assert(sizeof(OwnerBytes) == 48);

OwnerBytes record_of(Act act, const PageName& page, std::uint64_t owner) {
    OwnerBytes record{kMagic, act, page, owner, {}};
    record.sum = checksum(std::as_bytes(std::span(&record, 1)).first(sizeof record - sizeof record.sum));
    return record;
}

bool whole(const OwnerBytes& record) {
    return record.magic == kMagic &&
           record.sum ==
               checksum(std::as_bytes(std::span(&record, 1)).first(sizeof record - sizeof record.sum));
}

std::vector<std::byte> compact(const Claims& claims) {
    std::vector<std::byte> bytes;
    for (const auto& [page, owners] : claims) {
        for (const std::uint64_t owner : owners) {
            const OwnerBytes record = record_of(Act::claim, page, owner);
            const std::size_t at = bytes.size();
            bytes.resize(at + sizeof record);
            std::memcpy(bytes.data() + at, &record, sizeof record);
        }
    }
    return bytes;
}

}  // namespace

OwnerLog::Replayed OwnerLog::replay(std::span<const std::byte> bytes) {
    Replayed result;
    struct Dated {
        PageName page;
        std::uint64_t owner;
        std::size_t at;
    };
    std::vector<Dated> dated;
    std::unordered_map<std::uint64_t, std::size_t> forgotten;  // owner: its last forget
    for (; bytes.size() >= sizeof(OwnerBytes); bytes = bytes.subspan(sizeof(OwnerBytes))) {
        OwnerBytes record{};
        std::memcpy(&record, bytes.data(), sizeof record);
        ++result.records;
        if (!whole(record) || (record.act != Act::claim && record.act != Act::forget)) {
            ++result.damaged;
        } else if (record.act == Act::forget) {
            forgotten[record.owner] = result.records;
        } else {
            dated.push_back({record.page, record.owner, result.records});
        }
    }
    result.damaged += bytes.empty() ? 0 : 1;
    for (const Dated& claim : dated) {
        const auto found = forgotten.find(claim.owner);
        if (found != forgotten.end() && found->second > claim.at) {
            continue;
        }
        std::vector<std::uint64_t>& owners = result.claims[claim.page];
        if (std::find(owners.begin(), owners.end(), claim.owner) == owners.end()) {
            owners.push_back(claim.owner);
        }
    }
    return result;
}

Result<OwnerLog> OwnerLog::open(const Descriptor& folder, const DiskHooks& hooks,
                                const std::function<bool(const PageName&)>& exists, Claims& claims) {
    std::vector<std::byte> bytes;
    if (Result<std::vector<std::byte>> read = read_file(folder, kFile, kMaxBytes); read) {
        bytes = std::move(*read);
    }
    Replayed replayed = replay(bytes);
    std::erase_if(replayed.claims, [&](const auto& claim) { return !exists(claim.first); });
    const std::vector<std::byte> compacted = compact(replayed.claims);
    const std::size_t live = compacted.size() / sizeof(OwnerBytes);
    if (replayed.damaged > 0 || bytes.empty() || replayed.records > 2 * live + kVoidAllowed) {
        if (Status status = replace_file(folder, kFile, compacted, hooks); !status) {
            return fail(std::move(status.error()));
        }
    }
    Result<Descriptor> file = open_file(folder, kFile, O_RDWR);
    if (!file) {
        return fail(std::move(file.error()));
    }
    claims = std::move(replayed.claims);
    const std::uint64_t end = size_of(*file);
    return OwnerLog(std::move(*file), end, hooks);
}

Status OwnerLog::append(std::span<const std::byte> record) {
    if (const int error = write_at(file_, record, end_, *hooks_); error != 0) {
        [[maybe_unused]] const int ignored = ::ftruncate(file_.get(), static_cast<off_t>(end_));
        return fail(disk_error(error, "The cache could not be written.", kFile));
    }
    end_ += record.size();
    unsynced_ = true;
    return {};
}

Status OwnerLog::claim(const PageName& page, std::uint64_t owner) {
    const OwnerBytes record = record_of(Act::claim, page, owner);
    return append(std::as_bytes(std::span(&record, 1)));
}

Status OwnerLog::forget(std::uint64_t owner) {
    const OwnerBytes record = record_of(Act::forget, {}, owner);
    Status status = append(std::as_bytes(std::span(&record, 1)));
    sync();
    return status;
}

void OwnerLog::sync() {
    if (unsynced_) {
        ::fdatasync(file_.get());
        unsynced_ = false;
    }
}

}  // namespace tendril::engine

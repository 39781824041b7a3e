// SPDX-License-Identifier: Apache-2.0
// nvcc and g++ give a kernel the same name, which the program's symbol table tells of the function's address.
#include "tests/cuda/emulator/ptx_entries.h"

#include <dlfcn.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "tests/cuda/emulator/report.h"

namespace tendril::emulator {

namespace {
struct Entries {
    std::mutex mutex;
    std::map<std::pair<int, std::string>, PtxEntry> by_name;
    std::map<std::pair<int, const void*>, PtxEntry> by_kernel;
};
Entries& entries() {
    static Entries all;
    return all;
}
}  // namespace

void register_ptx_entry(int arch, const char* name, PtxEntry entry) {
    const std::lock_guard lock(entries().mutex);
    entries().by_name[{arch, name}] = entry;
}

PtxEntry find_ptx_entry(const void* kernel, int arch) {
    const std::lock_guard lock(entries().mutex);
    const auto known = entries().by_kernel.find({arch, kernel});
    if (known != entries().by_kernel.end()) {
        return known->second;
    }
    Dl_info symbol{};
    if (dladdr(kernel, &symbol) == 0 || symbol.dli_sname == nullptr || symbol.dli_saddr != kernel) {
        report(
            "ptx",
            "a kernel without a name in the symbol table: it must have external linkage, and the program be "
            "linked with ENABLE_EXPORTS");
        return nullptr;
    }
    const auto named = entries().by_name.find({arch, symbol.dli_sname});
    if (named == entries().by_name.end()) {
        report("ptx",
               std::string("no translation of ") + symbol.dli_sname + " for sm_" + std::to_string(arch / 10));
        return nullptr;
    }
    return entries().by_kernel[{arch, kernel}] = named->second;
}

}  // namespace tendril::emulator

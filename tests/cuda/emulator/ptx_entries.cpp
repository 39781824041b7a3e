// SPDX-License-Identifier: Apache-2.0
// nvcc and g++ give a kernel the same name (but for unnamed namespaces), which the program's symbol table
// tells of the function's address.
#include "tests/cuda/emulator/ptx_entries.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "tests/cuda/emulator/function_names.h"
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
    const auto [known, is_new] = entries().by_name.try_emplace({arch, common_name(name)}, entry);
    if (!is_new) {
        known->second = nullptr;  // two files have it in unnamed namespaces: neither is meant
    }
}

PtxEntry find_ptx_entry(const void* kernel, int arch) {
    const std::lock_guard lock(entries().mutex);
    const auto known = entries().by_kernel.find({arch, kernel});
    if (known != entries().by_kernel.end()) {
        return known->second;
    }
    const std::string name = common_name(function_name(kernel));
    const auto named = entries().by_name.find({arch, name});
    if (named == entries().by_name.end() || named->second == nullptr) {
        const bool twice = named != entries().by_name.end();
        report("ptx", (twice ? "several translations of " : "no translation of ") +
                          (name.empty() ? "a kernel that the symbol table does not name" : name) +
                          " for sm_" + std::to_string(arch / 10));
        return nullptr;
    }
    return entries().by_kernel[{arch, kernel}] = named->second;
}

}  // namespace tendril::emulator

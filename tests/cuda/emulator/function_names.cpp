// SPDX-License-Identifier: Apache-2.0
// Reads ELF symbol tables: the dynamic linker's tells of exported functions only.
#include "tests/cuda/emulator/function_names.h"

#include <dlfcn.h>
#include <elf.h>

#include <cctype>
#include <cstring>
#include <fstream>
#include <vector>

namespace tendril::emulator {

namespace {

template <class T>
std::vector<T> read_at(std::ifstream& file, size_t offset, size_t count) {
    std::vector<T> items(count);
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(reinterpret_cast<char*>(items.data()), static_cast<std::streamsize>(count * sizeof(T)));
    return file ? items : std::vector<T>{};
}

// The function's name in the full symbol table (.symtab), which has local symbols.
std::string name_in_file(const char* path, uintptr_t offset) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        file.open("/proc/self/exe", std::ios::binary);
    }
    const std::vector<Elf64_Ehdr> header = read_at<Elf64_Ehdr>(file, 0, 1);
    if (header.empty() || std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0) {
        return {};
    }
    const auto sections = read_at<Elf64_Shdr>(file, header[0].e_shoff, header[0].e_shnum);
    for (const Elf64_Shdr& section : sections) {
        if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) {
            continue;
        }
        const Elf64_Shdr& strings = sections[section.sh_link];
        const auto names = read_at<char>(file, strings.sh_offset, strings.sh_size);
        for (const Elf64_Sym& symbol :
             read_at<Elf64_Sym>(file, section.sh_offset, section.sh_size / sizeof(Elf64_Sym))) {
            if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_value == offset &&
                symbol.st_name < names.size()) {
                return names.data() + symbol.st_name;
            }
        }
    }
    return {};
}

}  // namespace

std::string function_name(const void* function) {
    Dl_info info{};
    if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) {
        return {};
    }
    if (info.dli_sname != nullptr && info.dli_saddr == function) {
        return info.dli_sname;
    }
    return name_in_file(info.dli_fname,
                        reinterpret_cast<uintptr_t>(function) - reinterpret_cast<uintptr_t>(info.dli_fbase));
}

std::string common_name(const std::string& mangled) {
    constexpr std::string_view kMark = "_GLOBAL__N_";
    std::string name = mangled;
    for (size_t at = name.find(kMark); at != std::string::npos; at = name.find(kMark, at + 1)) {
        size_t digits = at;
        while (digits > 0 && std::isdigit(static_cast<unsigned char>(name[digits - 1])) != 0) {
            --digits;
        }
        const size_t length = digits == at ? 0 : std::stoul(name.substr(digits, at - digits));
        if (length >= kMark.size() && at + length <= name.size()) {
            name.replace(digits, at - digits + length, "12_GLOBAL__N_1");
            at = digits + 2;
        }
    }
    return name;
}

}  // namespace tendril::emulator

// SPDX-License-Identifier: Apache-2.0
// Broken files of the container: header, keys, values, tensor descriptions, placement. One thread.
#include <cstring>

#include "tests/unit/model/broken_files.h"

namespace tendril::test {

TinyModel small_model(const std::string& architecture) {
    TinyModel model;
    model.architecture = architecture;
    model.layers = 1;
    model.width = 32;
    model.heads = 2;
    model.kv_heads = 1;
    model.head_size = 16;
    model.feed_forward = 32;
    return model;
}

namespace {

constexpr auto kMalformed = ErrorCode::malformed;
constexpr auto kUnsupported = ErrorCode::unsupported;
constexpr auto kTooLarge = ErrorCode::too_large;
constexpr std::uint64_t kHuge = ~std::uint64_t{0};
constexpr std::uint32_t kF32 = 0;
constexpr std::uint32_t kQ8_0 = 8;

/// A header made by hand: what GgufWriter would refuse to write.
class Raw {
  public:
    explicit Raw(std::uint64_t tensors = 0, std::uint64_t keys = 0, std::uint32_t version = 3) {
        append(bytes_, std::string_view("GGUF"));
        append(bytes_, version);
        append(bytes_, tensors);
        append(bytes_, keys);
    }
    template <typename T>
    Raw& put(T value) {
        append(bytes_, value);
        return *this;
    }
    Raw& text(std::string_view value) {
        append(bytes_, static_cast<std::uint64_t>(value.size()));
        append(bytes_, value);
        return *this;
    }
    Raw& zeros(std::size_t count) {
        bytes_.resize(bytes_.size() + count);
        return *this;
    }
    /// Name, dimensions, type, offset.
    Raw& tensor(std::string_view name, const std::vector<std::uint64_t>& dimensions, std::uint32_t type,
                std::uint64_t offset) {
        text(name).put(static_cast<std::uint32_t>(dimensions.size()));
        for (const std::uint64_t size : dimensions) {
            put(size);
        }
        return put(type).put(offset);
    }
    operator Bytes() const { return bytes_; }  // NOLINT: reads better in the tables below

  private:
    Bytes bytes_;
};

Bytes text_bytes(std::string_view text) {
    Bytes bytes;
    append(bytes, text);
    return bytes;
}

void add_headers(std::vector<BrokenFile>& list) {
    list.push_back({"empty", {}, kMalformed, "empty"});
    list.push_back({"text", text_bytes("#!/bin/sh\necho hello\n"), kMalformed, "not a GGUF"});
    list.push_back({"one byte", text_bytes("G"), kMalformed, "cut short"});
    list.push_back({"wrong first byte", text_bytes("X"), kMalformed, "not a GGUF"});
    list.push_back({"magic only", text_bytes("GGUF"), kMalformed, "cut short"});
    list.push_back({"magic in lower case", text_bytes("gguf\3\0\0\0"), kMalformed, "not a GGUF"});
    list.push_back({"old ggml", text_bytes("lmggxxxxxxxx"), kUnsupported, "old GGML"});
    list.push_back({"old ggjt", text_bytes("tjggxxxxxxxx"), kUnsupported, "old GGML"});
    list.push_back({"version 0", Raw(0, 0, 0), kMalformed, "version 0"});
    list.push_back({"version 1", Raw(0, 0, 1), kUnsupported, "version 1"});
    list.push_back({"version 4", Raw(0, 0, 4), kUnsupported, "version 4"});
    list.push_back({"version wild", Raw(0, 0, 0xFFFFFFFFU), kUnsupported, "version 4294967295"});
    list.push_back({"big-endian 3", Raw(0, 0, 0x03000000U), kUnsupported, "big-endian"});
    list.push_back({"big-endian 2", Raw(0, 0, 0x02000000U), kUnsupported, "big-endian"});
    list.push_back({"keys max", Raw(0, kHuge), kTooLarge, "metadata keys"});
    list.push_back({"keys negative", Raw(0, 1ULL << 63), kTooLarge, "metadata keys"});
    list.push_back({"keys above limit", Raw(0, 65537), kTooLarge, "at most 65536"});
    list.push_back({"keys more than bytes", Raw(0, 1000).zeros(100), kMalformed, "1000 metadata keys"});
    list.push_back({"tensors max", Raw(kHuge, 0), kTooLarge, "tensors"});
    list.push_back({"tensors above limit", Raw(65537, 0), kTooLarge, "at most 65536"});
    list.push_back({"tensors more than bytes", Raw(1000, 0).zeros(100), kMalformed, "1000 tensors"});
}

void add_keys(std::vector<BrokenFile>& list) {
    const auto one = [] { return Raw(0, 1); };
    list.push_back(
        {"key empty", one().put(std::uint64_t{0}).zeros(20), kMalformed, "name of metadata key number 1"});
    list.push_back({"key length max", one().put(kHuge).zeros(20), kMalformed, "18446744073709551615 bytes"});
    list.push_back({"key too long", one().put(std::uint64_t{65536}).zeros(70000), kMalformed, "65536 bytes"});
    list.push_back({"key past end", one().put(std::uint64_t{100}).zeros(20), kMalformed,
                    "name of metadata key number 1"});
    list.push_back({"type unknown", one().text("a.b").put(13U).zeros(20), kMalformed,
                    "'a.b' has the unknown value type 13"});
    list.push_back(
        {"type wild", one().text("a.b").put(0xFFFFFFFFU).zeros(20), kMalformed, "type 4294967295"});
    list.push_back({"type cut", one().text("abcdef").put(std::uint16_t{4}), kMalformed, "type of 'abcdef'"});
    list.push_back({"value cut", one().text("abc").put(10U).put(1U), kMalformed, "value of 'abc'"});
    list.push_back(
        {"text length cut", one().text("abc").put(8U).put(1U), kMalformed, "length of the text of 'abc'"});
    list.push_back({"text length max", one().text("abc").put(8U).put(kHuge), kTooLarge, "text of 'abc'"});
    list.push_back({"text past end", one().text("abc").put(8U).put(std::uint64_t{9}).zeros(8), kMalformed,
                    "value of 'abc'"});
    list.push_back({"bool of 2", one().text("flag").put(7U).put(std::uint8_t{2}).zeros(2), kMalformed,
                    "neither 0 nor 1"});
    list.push_back(
        {"key not printable", one().text("a\x01\xFF").put(99U).zeros(8), kMalformed, "'a\\x01\\xff'"});
    list.push_back({"key twice", GgufWriter().add_u32("same", 1).add_u32("same", 2).bytes(), kMalformed,
                    "'same' is given twice"});
    list.push_back({"key twice apart",
                    GgufWriter().add_u32("b", 1).add_u32("a", 1).add_string("b", "").bytes(), kMalformed,
                    "'b' is given twice"});
    list.push_back({"long key is cut in the message", one().text(std::string(300, 'k')).put(77U).zeros(8),
                    kMalformed, std::string(80, 'k') + "...'"});
}

void add_arrays(std::vector<BrokenFile>& list) {
    const auto array = [](std::uint32_t type, std::uint64_t count) {
        return Raw(0, 1).text("list").put(9U).put(type).put(count);
    };
    list.push_back({"array of arrays", array(9, 1).zeros(40), kUnsupported, "'list' is an array of arrays"});
    list.push_back({"array type unknown", array(14, 1).zeros(40), kMalformed, "unknown element type 14"});
    list.push_back(
        {"array head cut", Raw(0, 1).text("list").put(9U).put(4U), kMalformed, "the array 'list'"});
    list.push_back(
        {"array count max", array(4, kHuge).zeros(40), kTooLarge, "18446744073709551615 elements"});
    list.push_back({"array product overflows", array(12, (1ULL << 61) + 1).zeros(40), kTooLarge, "elements"});
    list.push_back({"array past end", array(4, 11).zeros(40), kMalformed, "inside the array 'list'"});
    list.push_back(
        {"array of texts past end", array(8, 6).zeros(40), kMalformed, "element 5 of the array 'list'"});
    list.push_back({"array text length max", array(8, 2).put(kHuge).zeros(40), kMalformed,
                    "element 0 of the array 'list'"});
    list.push_back({"array of bools with 7", array(7, 3).put(std::uint16_t{1}).put(std::uint8_t{7}),
                    kMalformed, "neither 0 nor 1"});
}

void add_alignments(std::vector<BrokenFile>& list) {
    const auto with = [](std::uint32_t value) {
        return GgufWriter().add_u32("general.alignment", value).bytes();
    };
    list.push_back({"alignment 0", with(0), kMalformed, "'general.alignment' is 0"});
    list.push_back({"alignment 48", with(48), kMalformed, "'general.alignment' is 48"});
    list.push_back({"alignment 2^31", with(1U << 31), kMalformed, "power of two of at most 2097152"});
    list.push_back({"alignment text", GgufWriter().add_string("general.alignment", "32").bytes(), kMalformed,
                    "'general.alignment' is not a positive number"});
    list.push_back({"alignment negative", GgufWriter().add_i32("general.alignment", -32).bytes(), kMalformed,
                    "'general.alignment' is not a positive number"});
}

void add_tensors(std::vector<BrokenFile>& list) {
    const auto one = [](const std::vector<std::uint64_t>& dimensions, std::uint32_t type,
                        std::uint64_t offset = 0) {
        return Raw(1, 0).tensor("w", dimensions, type, offset).zeros(4096);
    };
    list.push_back({"tensor name empty", Raw(1, 0).tensor("", {1}, kF32, 0).zeros(64), kMalformed,
                    "name of tensor number 1"});
    list.push_back(
        {"tensor name max", Raw(1, 0).put(kHuge).zeros(64), kMalformed, "name of tensor number 1"});
    list.push_back({"tensor name past end", Raw(1, 0).put(std::uint64_t{64}).zeros(32), kMalformed,
                    "name of tensor number 1"});
    list.push_back({"no dimensions", one({}, kF32), kMalformed, "'w' claims 0 dimensions"});
    list.push_back({"five dimensions", one({1, 1, 1, 1, 1}, kF32), kMalformed, "'w' claims 5 dimensions"});
    list.push_back({"dimensions wild", Raw(1, 0).text("w").put(0xFFFFFFFFU).zeros(64), kMalformed,
                    "4294967295 dimensions"});
    list.push_back({"dimension 0", one({4, 0}, kF32), kMalformed, "dimension of size 0"});
    list.push_back(
        {"dimensions overflow", one({1ULL << 32, 1ULL << 32}, kF32), kMalformed, "multiply to more"});
    list.push_back({"dimensions overflow late", one({1ULL << 31, 1ULL << 31, 2, 2}, kF32), kMalformed,
                    "multiply to more"});
    list.push_back({"bytes overflow", one({1ULL << 62, 2}, kF32), kMalformed, "multiply to more"});
    list.push_back({"bytes overflow to fit", one({(1ULL << 62) + 4}, kF32), kMalformed, "multiply to more"});
    list.push_back({"dimension negative", one({1ULL << 63}, kF32), kMalformed, "multiply to more"});
    list.push_back({"dimension max of bytes", one({kHuge}, 24), kUnsupported, "type I8"});
    list.push_back({"width not whole blocks", one({33}, kQ8_0), kMalformed, "'w' is 33 wide"});
    list.push_back(
        {"width not whole K blocks", one({128, 2}, 12), kMalformed, "multiple of the 256 of its type Q4_K"});
    list.push_back({"type IQ4_XS", one({256}, 23), kUnsupported, "type IQ4_XS"});
    list.push_back({"type MXFP4", one({32}, 39), kUnsupported, "type MXFP4"});
    list.push_back({"type Q2_K", one({256}, 10), kUnsupported, "type Q2_K"});
    list.push_back({"type removed", one({32}, 4), kUnsupported, "type Q4_2"});
    list.push_back({"type unknown", one({32}, 99), kUnsupported, "type number 99"});
    list.push_back({"type max", one({32}, 0xFFFFFFFFU), kUnsupported, "type number 4294967295"});
    list.push_back({"offset odd", one({4}, kF32, 7), kMalformed, "not a multiple of the alignment 32"});
    list.push_back({"offset past end", one({4}, kF32, 1 << 20), kMalformed, "beyond its end"});
    list.push_back({"offset max", one({4}, kF32, kHuge - 31), kMalformed, "beyond its end"});
    list.push_back({"data past end", one({2048}, kF32), kMalformed, "beyond its end"});
    list.push_back({"no data at all", Raw(1, 0).tensor("w", {4}, kF32, 0), kMalformed, "beyond its end"});
    list.push_back({"tensor twice", Raw(2, 0).tensor("w", {4}, kF32, 0).tensor("w", {4}, kF32, 32).zeros(256),
                    kMalformed, "'w' is given twice"});
    list.push_back({"tensors overlap",
                    Raw(2, 0).tensor("a", {16}, kF32, 0).tensor("b", {4}, kF32, 32).zeros(256), kMalformed,
                    "'a' and 'b' lie over each other"});
    list.push_back({"tensors at one place",
                    Raw(2, 0).tensor("a", {4}, kF32, 0).tensor("b", {4}, kF32, 0).zeros(256), kMalformed,
                    "lie over each other"});
    list.push_back({"tensor without type",
                    Raw(1, 0).text("tensor.of.twenty.chr").put(1U).put(std::uint64_t{4}), kMalformed,
                    "'tensor.of.twenty.chr'"});
    list.push_back({"tensor without offset",
                    Raw(1, 0).text("tensor.of.twenty.chr").put(1U).put(std::uint64_t{4}).put(kF32),
                    kMalformed, "description of the tensor 'tensor.of.twenty.chr'"});
    Bytes shorter = tiny_model(small_model()).bytes();
    shorter.resize(shorter.size() - 1);
    list.push_back({"last byte missing", shorter, kMalformed, "'output_norm.weight' lies beyond its end"});
    Bytes half = tiny_model(small_model()).bytes();
    half.resize(half.size() / 2);
    list.push_back({"half a download", half, kMalformed, "only in part"});
}

}  // namespace

std::vector<BrokenFile> broken_containers() {
    std::vector<BrokenFile> list;
    add_headers(list);
    add_keys(list);
    add_arrays(list);
    add_alignments(list);
    add_tensors(list);
    return list;
}

}  // namespace tendril::test

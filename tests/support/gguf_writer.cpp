// SPDX-License-Identifier: Apache-2.0
// The container part of the GGUF test writer: keys, tensors, layout of the file. One thread.
#include "tests/support/gguf_writer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

#include "engine/half.h"

namespace tendril::test {

using engine::DataType;

std::uint64_t Random::next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

float Random::uniform(float low, float high) {
    return low + (high - low) * (static_cast<float>(next() >> 40) * 0x1p-24F);
}

template <typename T>
void append(Bytes& to, T value) {
    const std::size_t at = to.size();
    to.resize(at + sizeof value);
    std::memcpy(to.data() + at, &value, sizeof value);
}
template void append(Bytes&, std::uint8_t);
template void append(Bytes&, std::int8_t);
template void append(Bytes&, std::uint16_t);
template void append(Bytes&, std::int16_t);
template void append(Bytes&, std::uint32_t);
template void append(Bytes&, std::int32_t);
template void append(Bytes&, std::uint64_t);
template void append(Bytes&, std::int64_t);
template void append(Bytes&, float);
template void append(Bytes&, double);

void append(Bytes& to, std::string_view text) {
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    to.insert(to.end(), begin, begin + text.size());
}

namespace {

enum Type : std::uint32_t { kU32 = 4, kI32 = 5, kF32 = 6, kBool = 7, kString = 8, kArray = 9, kU64 = 10 };

void append_text(Bytes& to, std::string_view text) {
    append(to, static_cast<std::uint64_t>(text.size()));
    append(to, text);
}

template <typename T>
Bytes one(T value) {
    Bytes bytes;
    append(bytes, value);
    return bytes;
}

template <typename T>
Bytes array(std::uint32_t type, const std::vector<T>& values) {
    Bytes bytes;
    append(bytes, type);
    append(bytes, static_cast<std::uint64_t>(values.size()));
    for (const T value : values) {
        append(bytes, value);
    }
    return bytes;
}

std::uint32_t number_of(DataType type) {
    switch (type) {
        case DataType::f32:
            return 0;
        case DataType::f16:
            return 1;
        case DataType::q4_0:
            return 2;
        case DataType::q4_1:
            return 3;
        case DataType::q5_0:
            return 6;
        case DataType::q5_1:
            return 7;
        case DataType::q8_0:
            return 8;
        case DataType::q4_k:
            return 12;
        case DataType::q5_k:
            return 13;
        case DataType::q6_k:
            return 14;
        case DataType::bf16:
            return 30;
    }
    return 0;
}

void append_q8_0(Bytes& to, std::span<const float> block) {
    float largest = 0.0F;
    for (const float value : block) {
        largest = std::max(largest, std::abs(value));
    }
    const float scale = largest / 127.0F;
    append(to, engine::float_to_half(scale));
    for (const float value : block) {
        append(to, static_cast<std::int8_t>(scale > 0.0F ? std::lround(value / scale) : 0));
    }
}

}  // namespace

GgufWriter& GgufWriter::add_raw(std::string_view key, std::uint32_t type, const Bytes& value) {
    keys_.push_back({std::string(key), type, value});
    return *this;
}
GgufWriter& GgufWriter::add_u32(std::string_view key, std::uint32_t value) {
    return add_raw(key, kU32, one(value));
}
GgufWriter& GgufWriter::add_i32(std::string_view key, std::int32_t value) {
    return add_raw(key, kI32, one(value));
}
GgufWriter& GgufWriter::add_u64(std::string_view key, std::uint64_t value) {
    return add_raw(key, kU64, one(value));
}
GgufWriter& GgufWriter::add_f32(std::string_view key, float value) {
    return add_raw(key, kF32, one(value));
}
GgufWriter& GgufWriter::add_bool(std::string_view key, bool value) {
    return add_raw(key, kBool, one(static_cast<std::uint8_t>(value)));
}
GgufWriter& GgufWriter::add_string(std::string_view key, std::string_view value) {
    Bytes bytes;
    append_text(bytes, value);
    return add_raw(key, kString, bytes);
}
GgufWriter& GgufWriter::add_strings(std::string_view key, const std::vector<std::string>& values) {
    Bytes bytes;
    append(bytes, std::uint32_t{kString});
    append(bytes, static_cast<std::uint64_t>(values.size()));
    for (const std::string& value : values) {
        append_text(bytes, value);
    }
    return add_raw(key, kArray, bytes);
}
GgufWriter& GgufWriter::add_i32s(std::string_view key, const std::vector<std::int32_t>& values) {
    return add_raw(key, kArray, array(kI32, values));
}
GgufWriter& GgufWriter::add_f32s(std::string_view key, const std::vector<float>& values) {
    return add_raw(key, kArray, array(kF32, values));
}
GgufWriter& GgufWriter::add_bools(std::string_view key, const std::vector<bool>& values) {
    return add_raw(key, kArray, array(kBool, std::vector<std::uint8_t>(values.begin(), values.end())));
}

GgufWriter& GgufWriter::remove(std::string_view key) {
    std::erase_if(keys_, [key](const Key& entry) { return entry.name == key; });
    return *this;
}

GgufWriter& GgufWriter::add_tensor(std::string_view name, std::vector<std::uint64_t> dimensions,
                                   std::uint32_t type, Bytes bytes) {
    tensors_.push_back({std::string(name), std::move(dimensions), type, std::move(bytes), 0});
    return *this;
}
GgufWriter& GgufWriter::add_tensor(std::string_view name, std::vector<std::uint64_t> dimensions,
                                   DataType type, std::span<const float> values) {
    return add_tensor(name, std::move(dimensions), number_of(type), encode(type, values));
}
GgufWriter& GgufWriter::add_hollow_tensor(std::string_view name, std::vector<std::uint64_t> dimensions,
                                          std::uint32_t type, std::uint64_t size) {
    tensors_.push_back({std::string(name), std::move(dimensions), type, {}, size});
    return *this;
}
GgufWriter& GgufWriter::remove_tensor(std::string_view name) {
    std::erase_if(tensors_, [name](const Tensor& tensor) { return tensor.name == name; });
    return *this;
}

std::uint64_t GgufWriter::next_offset(std::uint64_t offset, const Tensor& tensor) const {
    return (offset + tensor.bytes.size() + tensor.hollow + alignment - 1) / alignment * alignment;
}

Bytes GgufWriter::header() const {
    Bytes out;
    append(out, std::string_view(magic));
    append(out, version);
    append(out, static_cast<std::uint64_t>(tensors_.size()));
    append(out, static_cast<std::uint64_t>(keys_.size()));
    for (const Key& key : keys_) {
        append_text(out, key.name);
        append(out, key.type);
        out.insert(out.end(), key.value.begin(), key.value.end());
    }
    std::uint64_t offset = 0;
    for (const Tensor& tensor : tensors_) {
        append_text(out, tensor.name);
        append(out, static_cast<std::uint32_t>(tensor.dimensions.size()));
        for (const std::uint64_t size : tensor.dimensions) {
            append(out, size);
        }
        append(out, tensor.type);
        append(out, offset);
        offset = next_offset(offset, tensor);
    }
    return out;
}

std::size_t GgufWriter::header_bytes() const {
    return header().size();
}

Bytes GgufWriter::bytes() const {
    Bytes out = header();
    const auto pad = [this, &out] { out.resize((out.size() + alignment - 1) / alignment * alignment); };
    for (const Tensor& tensor : tensors_) {
        pad();
        out.insert(out.end(), tensor.bytes.begin(), tensor.bytes.end());
    }
    return out;
}

bool GgufWriter::write(const std::filesystem::path& path) const {
    const Bytes all = bytes();
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(all.data()), static_cast<std::streamsize>(all.size()));
    file.close();
    return file.good();
}

bool GgufWriter::write_sparse(const std::filesystem::path& path) const {
    Bytes head = header();
    head.resize((head.size() + alignment - 1) / alignment * alignment);
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(head.data()), static_cast<std::streamsize>(head.size()));
    file.close();
    std::uint64_t size = 0;
    for (const Tensor& tensor : tensors_) {
        size = next_offset(size, tensor);
    }
    std::error_code error;
    std::filesystem::resize_file(path, head.size() + size, error);
    return file.good() && !error;
}

Bytes encode(DataType type, std::span<const float> values) {
    Bytes out;
    if (type == DataType::q8_0) {
        for (std::size_t i = 0; i + 32 <= values.size(); i += 32) {
            append_q8_0(out, values.subspan(i, 32));
        }
        return out;
    }
    for (const float value : values) {
        switch (type) {
            case DataType::f16:
                append(out, engine::float_to_half(value));
                break;
            case DataType::bf16:
                append(out, engine::float_to_bfloat16(value));
                break;
            default:
                append(out, value);
                break;
        }
    }
    return out;
}

}  // namespace tendril::test

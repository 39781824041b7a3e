// SPDX-License-Identifier: Apache-2.0
// The GGUF parser: one pass over the header, nothing read past its end, nothing trusted before it is checked.
// Pure, any thread. Time is O(n log n) in the size of the header, memory a small multiple of it: arrays are
// walked, not expanded.
#include "engine/model/gguf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <string>

#include "engine/checked_math.h"
#include "engine/limits.h"
#include "engine/model/quote.h"
#include "engine/model/tensor_types.h"

namespace tendril::engine {
namespace {

constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::size_t kSmallestKeyBytes = 8 + 1 + 4 + 1;  // length, one character, type, one byte
constexpr std::size_t kSmallestTensorBytes =
    8 + 1 + 4 + 8 + 4 + 8;  // length, one character, dimensions, type, offset

/// Bytes of one value of a fixed-size type; 0 for strings, arrays and numbers that are no type.
constexpr std::uint64_t scalar_bytes(std::uint32_t type) {
    constexpr std::uint64_t kBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < std::size(kBytes) ? kBytes[type] : 0;
}
constexpr bool is_type(std::uint32_t type) {
    return type <= static_cast<std::uint32_t>(GgufType::f64);
}

std::string text_of(std::uint64_t number) {
    return std::to_string(number);
}

/// A tensor as the header describes it, before its bytes are known to exist.
struct TensorEntry {
    GgufTensor tensor;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

class Parser {
  public:
    explicit Parser(std::span<const std::byte> file) : file_(file) {}

    Status run();

    std::uint32_t version = 0;
    std::vector<GgufValue> metadata;
    std::vector<GgufTensor> tensors;
    std::vector<std::uint32_t> tensor_order;

  private:
    Status read_counts();
    Status read_metadata();
    Status read_value(GgufValue& value);
    Status read_array(GgufValue& value);
    Status take_strings(GgufValue& value);
    Status check_bools(const GgufValue& value) const;
    Status find_alignment();
    Status read_tensors();
    Status read_tensor(TensorEntry& entry);
    Status read_dimensions(GgufTensor& tensor);
    Status read_type_and_size(TensorEntry& entry);
    Status place_tensors();
    Status check_overlaps() const;
    Status sort_names();

    std::size_t remaining() const { return file_.size() - at_; }
    std::string where() const { return "offset " + text_of(at_) + " of " + text_of(file_.size()); }
    tl::unexpected<Error> broken(std::string message, ErrorCode code = ErrorCode::malformed) const {
        return fail(code, std::move(message), where());
    }
    tl::unexpected<Error> ends(const std::string& inside) const {
        return broken("The file is cut short: it ends inside " + inside + ".");
    }

    template <typename T>
    bool read(T& value) {
        if (remaining() < sizeof(T)) {
            return false;
        }
        std::memcpy(&value, file_.data() + at_, sizeof(T));
        at_ += sizeof(T);
        return true;
    }
    bool take(std::uint64_t size, std::span<const std::byte>& bytes) {
        if (size > remaining()) {
            return false;
        }
        bytes = file_.subspan(at_, size);
        at_ += size;
        return true;
    }
    static std::string_view text(std::span<const std::byte> bytes) {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }

    std::span<const std::byte> file_;
    std::size_t at_ = 0;
    std::uint64_t tensor_count_ = 0;
    std::uint64_t key_count_ = 0;
    std::uint64_t alignment_ = kDefaultAlignment;
    std::vector<TensorEntry> entries_;
};

Status Parser::run() {
    return read_counts()
        .and_then([this] { return read_metadata(); })
        .and_then([this] { return find_alignment(); })
        .and_then([this] { return read_tensors(); })
        .and_then([this] { return place_tensors(); })
        .and_then([this] { return sort_names(); });
}

Status Parser::read_counts() {
    std::span<const std::byte> magic;
    if (file_.empty()) {
        return broken("The file is empty.");
    }
    if (!take(std::min<std::size_t>(4, file_.size()), magic) ||
        text(magic) != std::string_view("GGUF").substr(0, magic.size())) {
        const std::string_view old = text(magic);
        if (old == "lmgg" || old == "tjgg" ||
            old == "fmgg") {  // "ggml", "ggjt", "ggmf" as little-endian numbers
            return broken(
                "The file is in the old GGML format of before 2023-08; only its successor GGUF is read.",
                ErrorCode::unsupported);
        }
        return broken("The file is not a GGUF model: it does not begin with the letters GGUF.");
    }
    if (magic.size() < 4 || !read(version)) {
        return ends("its first eight bytes");
    }
    if (version == 0x02000000U || version == 0x03000000U) {
        return broken("The file is a big-endian GGUF; only little-endian ones are read.",
                      ErrorCode::unsupported);
    }
    if (version != 2 && version != 3) {
        return broken("The file is GGUF version " + text_of(version) + "; only versions 2 and 3 are read.",
                      version == 0 ? ErrorCode::malformed : ErrorCode::unsupported);
    }
    if (!read(tensor_count_) || !read(key_count_)) {
        return ends("the counts of tensors and keys");
    }
    if (key_count_ > kMaxGgufKeys) {
        return broken("The file claims " + text_of(key_count_) + " metadata keys; at most " +
                          text_of(kMaxGgufKeys) + " are read.",
                      ErrorCode::too_large);
    }
    if (tensor_count_ > kMaxGgufTensors) {
        return broken("The file claims " + text_of(tensor_count_) + " tensors; at most " +
                          text_of(kMaxGgufTensors) + " are read.",
                      ErrorCode::too_large);
    }
    // Both counts are small now, so that neither product can overflow.
    if (key_count_ * kSmallestKeyBytes + tensor_count_ * kSmallestTensorBytes > remaining()) {
        return broken("The file is cut short: it claims " + text_of(key_count_) + " metadata keys and " +
                      text_of(tensor_count_) + " tensors, more than it has room for.");
    }
    return {};
}

Status Parser::read_metadata() {
    metadata.reserve(key_count_);
    for (std::uint64_t i = 0; i < key_count_; ++i) {
        const std::string which = "metadata key number " + text_of(i + 1);
        std::uint64_t length = 0;
        GgufValue value;
        if (!read(length)) {
            return ends("the length of " + which);
        }
        if (length == 0 || length > kMaxGgufKeyBytes) {
            return broken("The name of " + which + " claims to be " + text_of(length) + " bytes long; 1 to " +
                          text_of(kMaxGgufKeyBytes) + " are allowed.");
        }
        std::span<const std::byte> name;
        if (!take(length, name)) {
            return ends("the name of " + which);
        }
        value.key = text(name);
        if (Status status = read_value(value); !status) {
            return status;
        }
        metadata.push_back(value);
    }
    std::sort(metadata.begin(), metadata.end(),
              [](const GgufValue& a, const GgufValue& b) { return a.key < b.key; });
    const auto twin =
        std::adjacent_find(metadata.begin(), metadata.end(),
                           [](const GgufValue& a, const GgufValue& b) { return a.key == b.key; });
    if (twin != metadata.end()) {
        return broken("The metadata key " + in_quotes(twin->key) + " is given twice.");
    }
    return {};
}

Status Parser::read_value(GgufValue& value) {
    std::uint32_t type = 0;
    if (!read(type)) {
        return ends("the type of " + in_quotes(value.key));
    }
    if (!is_type(type)) {
        return broken("The metadata key " + in_quotes(value.key) + " has the unknown value type " +
                      text_of(type) + ".");
    }
    value.type = static_cast<GgufType>(type);
    if (value.type == GgufType::array) {
        return read_array(value);
    }
    std::uint64_t size = scalar_bytes(type);
    if (value.type == GgufType::string) {
        if (!read(size)) {
            return ends("the length of the text of " + in_quotes(value.key));
        }
        if (size > kMaxGgufStringBytes) {
            return broken("The text of " + in_quotes(value.key) + " claims to be " + text_of(size) +
                              " bytes long; at most " + text_of(kMaxGgufStringBytes) + " are read.",
                          ErrorCode::too_large);
        }
    }
    if (!take(size, value.bytes)) {
        return ends("the value of " + in_quotes(value.key));
    }
    return value.type == GgufType::boolean ? check_bools(value) : Status{};
}

Status Parser::read_array(GgufValue& value) {
    std::uint32_t type = 0;
    if (!read(type) || !read(value.count)) {
        return ends("the array " + in_quotes(value.key));
    }
    if (!is_type(type)) {
        return broken("The array " + in_quotes(value.key) + " has the unknown element type " + text_of(type) +
                      ".");
    }
    value.element_type = static_cast<GgufType>(type);
    if (value.element_type == GgufType::array) {
        return broken(
            "The metadata key " + in_quotes(value.key) + " is an array of arrays, which is not supported.",
            ErrorCode::unsupported);
    }
    if (value.count > kMaxGgufArrayElements) {
        return broken("The array " + in_quotes(value.key) + " claims " + text_of(value.count) +
                          " elements; at most " + text_of(kMaxGgufArrayElements) + " are read.",
                      ErrorCode::too_large);
    }
    if (value.element_type == GgufType::string) {
        return take_strings(value);
    }
    const std::optional<std::uint64_t> size = checked_multiply(value.count, scalar_bytes(type));
    if (!size || !take(*size, value.bytes)) {
        return ends("the array " + in_quotes(value.key));
    }
    return value.element_type == GgufType::boolean ? check_bools(value) : Status{};
}

Status Parser::take_strings(GgufValue& value) {
    const std::size_t start = at_;
    for (std::uint64_t i = 0; i < value.count; ++i) {
        std::uint64_t length = 0;
        std::span<const std::byte> skipped;
        if (!read(length) || !take(length, skipped)) {
            return ends("element " + text_of(i) + " of the array " + in_quotes(value.key));
        }
    }
    value.bytes = file_.subspan(start, at_ - start);
    return {};
}

Status Parser::check_bools(const GgufValue& value) const {
    const bool good = std::all_of(value.bytes.begin(), value.bytes.end(),
                                  [](std::byte b) { return b == std::byte{0} || b == std::byte{1}; });
    return good ? Status{}
                : broken("The metadata key " + in_quotes(value.key) +
                         " holds a truth value that is neither 0 nor 1.");
}

Status Parser::find_alignment() {
    for (const GgufValue& value : metadata) {
        if (value.key != "general.alignment") {
            continue;
        }
        const std::optional<std::uint64_t> alignment = value.as_unsigned();
        if (!alignment) {
            return broken("The metadata key 'general.alignment' is not a positive number.");
        }
        if (!std::has_single_bit(*alignment) || *alignment > kMaxGgufAlignment) {
            return broken("The metadata key 'general.alignment' is " + text_of(*alignment) +
                          "; it must be a power of two of at most " + text_of(kMaxGgufAlignment) + ".");
        }
        alignment_ = *alignment;
    }
    return {};
}

Status Parser::read_tensors() {
    entries_.reserve(std::min<std::uint64_t>(tensor_count_, remaining() / kSmallestTensorBytes + 1));
    for (std::uint64_t i = 0; i < tensor_count_; ++i) {
        const std::string which = "tensor number " + text_of(i + 1);
        TensorEntry entry;
        std::uint64_t length = 0;
        if (!read(length)) {
            return ends("the description of " + which);
        }
        if (length == 0 || length > kMaxGgufTensorNameBytes) {
            return broken("The name of " + which + " claims to be " + text_of(length) + " bytes long; 1 to " +
                          text_of(kMaxGgufTensorNameBytes) + " are allowed.");
        }
        std::span<const std::byte> name;
        if (!take(length, name)) {
            return ends("the name of " + which);
        }
        entry.tensor.name = text(name);
        if (Status status = read_tensor(entry); !status) {
            return status;
        }
        entries_.push_back(std::move(entry));
    }
    return {};
}

Status Parser::read_tensor(TensorEntry& entry) {
    if (Status status = read_dimensions(entry.tensor); !status) {
        return status;
    }
    if (Status status = read_type_and_size(entry); !status) {
        return status;
    }
    if (!read(entry.offset)) {
        return ends("the description of the tensor " + in_quotes(entry.tensor.name));
    }
    if (entry.offset % alignment_ != 0) {
        return broken("The tensor " + in_quotes(entry.tensor.name) + " begins at offset " +
                      text_of(entry.offset) + ", which is not a multiple of the alignment " +
                      text_of(alignment_) + ".");
    }
    return {};
}

Status Parser::read_dimensions(GgufTensor& tensor) {
    std::uint32_t count = 0;
    if (!read(count)) {
        return ends("the description of the tensor " + in_quotes(tensor.name));
    }
    if (count == 0 || count > kMaxGgufDimensions) {
        return broken("The tensor " + in_quotes(tensor.name) + " claims " + text_of(count) +
                      " dimensions; 1 to " + text_of(kMaxGgufDimensions) + " are allowed.");
    }
    std::optional<std::uint64_t> elements = 1;
    std::uint64_t rows = 1;
    tensor.dimensions.resize(count);
    for (std::uint32_t d = 0; d < count; ++d) {
        std::uint64_t& size = tensor.dimensions[d];
        if (!read(size)) {
            return ends("the description of the tensor " + in_quotes(tensor.name));
        }
        if (size == 0) {
            return broken("The tensor " + in_quotes(tensor.name) + " has a dimension of size 0.");
        }
        elements = checked_multiply(*elements, size);
        if (!elements) {
            return broken("The sizes of the tensor " + in_quotes(tensor.name) +
                          " multiply to more than any file holds.");
        }
        rows = d == 0 ? 1 : rows * size;  // not above `elements`, which fits
    }
    tensor.columns = tensor.dimensions[0];
    tensor.rows = rows;
    return {};
}

Status Parser::read_type_and_size(TensorEntry& entry) {
    GgufTensor& tensor = entry.tensor;
    std::uint32_t number = 0;
    if (!read(number)) {
        return ends("the description of the tensor " + in_quotes(tensor.name));
    }
    const std::optional<DataType> type = tensor_type(number);
    if (!type) {
        const char* name = tensor_type_name(number);
        return broken(
            "The tensor " + in_quotes(tensor.name) + " is of the type " +
                (name != nullptr ? name : "number " + text_of(number)) +
                ", which is not supported. Choose another quantisation of the model, such as Q4_K_M or Q8_0.",
            ErrorCode::unsupported);
    }
    tensor.type = *type;
    const DataTypeTraits layout = traits(*type);
    if (tensor.columns % layout.block_elements != 0) {
        return broken("The tensor " + in_quotes(tensor.name) + " is " + text_of(tensor.columns) +
                      " wide, which is not a multiple of the " + text_of(layout.block_elements) +
                      " of its type " + layout.name + ".");
    }
    const std::uint64_t row_blocks = tensor.columns / layout.block_elements;
    const std::optional<std::uint64_t> blocks = checked_multiply(row_blocks, tensor.rows);
    const std::optional<std::uint64_t> size =
        blocks ? checked_multiply(*blocks, layout.block_bytes) : std::nullopt;
    if (!size) {
        return broken("The sizes of the tensor " + in_quotes(tensor.name) +
                      " multiply to more than any file holds.");
    }
    entry.size = *size;
    return {};
}

Status Parser::place_tensors() {
    if (entries_.empty()) {
        return {};
    }
    const std::optional<std::uint64_t> start = checked_align<std::uint64_t>(at_, alignment_);
    const std::uint64_t available = start && *start <= file_.size() ? file_.size() - *start : 0;
    for (const TensorEntry& entry : entries_) {
        const std::optional<std::uint64_t> end = checked_add(entry.offset, entry.size);
        if (!end || *end > available) {
            return fail(ErrorCode::malformed,
                        "The file is cut short: the tensor " + in_quotes(entry.tensor.name) +
                            " lies beyond its end. It may have been downloaded only in part.",
                        "offset " + text_of(entry.offset) + " + " + text_of(entry.size) + " of " +
                            text_of(available) + " bytes of data");
        }
    }
    if (Status status = check_overlaps(); !status) {
        return status;
    }
    tensors.reserve(entries_.size());
    for (TensorEntry& entry : entries_) {
        entry.tensor.bytes = file_.subspan(*start + entry.offset, entry.size);
        tensors.push_back(std::move(entry.tensor));
    }
    return {};
}

Status Parser::check_overlaps() const {
    std::vector<std::uint32_t> order(entries_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [this](std::uint32_t a, std::uint32_t b) { return entries_[a].offset < entries_[b].offset; });
    const auto clash =
        std::adjacent_find(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
            return entries_[a].offset + entries_[a].size > entries_[b].offset;
        });
    if (clash != order.end()) {
        return broken("The tensors " + in_quotes(entries_[*clash].tensor.name) + " and " +
                      in_quotes(entries_[*(clash + 1)].tensor.name) + " lie over each other in the file.");
    }
    return {};
}

Status Parser::sort_names() {
    tensor_order.resize(tensors.size());
    std::iota(tensor_order.begin(), tensor_order.end(), 0U);
    std::sort(tensor_order.begin(), tensor_order.end(),
              [this](std::uint32_t a, std::uint32_t b) { return tensors[a].name < tensors[b].name; });
    const auto twin = std::adjacent_find(
        tensor_order.begin(), tensor_order.end(),
        [this](std::uint32_t a, std::uint32_t b) { return tensors[a].name == tensors[b].name; });
    if (twin != tensor_order.end()) {
        return broken("The tensor " + in_quotes(tensors[*twin].name) + " is given twice.");
    }
    return {};
}

}  // namespace

Result<GgufFile> GgufFile::parse(std::span<const std::byte> file) {
    Parser parser(file);
    if (Status status = parser.run(); !status) {
        return fail(std::move(status.error()));
    }
    GgufFile result;
    result.version_ = parser.version;
    result.metadata_ = std::move(parser.metadata);
    result.tensors_ = std::move(parser.tensors);
    result.tensor_order_ = std::move(parser.tensor_order);
    return result;
}

const GgufValue* GgufFile::find(std::string_view key) const {
    const auto at =
        std::lower_bound(metadata_.begin(), metadata_.end(), key,
                         [](const GgufValue& value, std::string_view name) { return value.key < name; });
    return at != metadata_.end() && at->key == key ? &*at : nullptr;
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
    const auto at = std::lower_bound(
        tensor_order_.begin(), tensor_order_.end(), name,
        [this](std::uint32_t index, std::string_view wanted) { return tensors_[index].name < wanted; });
    return at != tensor_order_.end() && tensors_[*at].name == name ? &tensors_[*at] : nullptr;
}

}  // namespace tendril::engine

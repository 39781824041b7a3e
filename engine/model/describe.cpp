// SPDX-License-Identifier: Apache-2.0
// Fills a ModelDescription from a checked file. Any thread.
#include "engine/model/describe.h"

#include <algorithm>
#include <array>

#include "engine/checked_math.h"
#include "engine/limits.h"
#include "engine/model/mapped_file.h"
#include "engine/model/quote.h"
#include "engine/model/read_config.h"
#include "engine/model/tensor_list.h"

namespace tendril::engine {
namespace {

/// The type of matrices that holds most bytes; vectors are F32 in every file and say nothing.
std::string quantisation(const GgufFile& file) {
    std::array<std::uint64_t, 256> bytes{};
    std::size_t kinds = 0;
    std::size_t largest = 0;
    for (const GgufTensor& tensor : file.tensors()) {
        if (tensor.rows > 1) {
            std::uint64_t& sum = bytes[static_cast<std::size_t>(tensor.type)];
            kinds += sum == 0 ? 1 : 0;
            sum = saturating_add(sum, tensor.bytes.size());
        }
    }
    largest = static_cast<std::size_t>(std::max_element(bytes.begin(), bytes.end()) - bytes.begin());
    const std::string name = kinds == 0 ? "" : traits(static_cast<DataType>(largest)).name;
    return kinds > 1 ? name + " (mixed)" : name;
}

std::uint64_t parameters(const GgufFile& file) {
    std::uint64_t sum = 0;
    for (const GgufTensor& tensor : file.tensors()) {
        sum = saturating_add(sum, saturating_multiply<std::uint64_t>(tensor.rows, tensor.columns));
    }
    return sum;
}

void add_template(const GgufFile& file, ModelDescription& description) {
    const GgufValue* const value = file.find("tokenizer.chat_template");
    const std::optional<std::string_view> text = value != nullptr ? value->as_string() : std::nullopt;
    if (value == nullptr || (text && text->empty())) {
        return;
    }
    if (!text) {
        description.warnings.push_back("The model's chat template is not a text and is not used.");
    } else if (text->size() > kMaxChatTemplateBytes) {
        description.warnings.push_back("The model's chat template is longer than " +
                                       size_text(kMaxChatTemplateBytes) + " and is not used.");
    } else {
        description.chat_template = std::string(*text);
    }
}

/// Windows of other architectures than gemma3 are not computed with; up to their length the result is the
/// same.
void warn_of_window(const GgufFile& file, const ModelConfig& config, ModelDescription& description) {
    if (config.architecture == "gemma3") {
        return;
    }
    const GgufValue* const value = file.find(config.architecture + ".attention.sliding_window");
    const std::uint64_t window = value != nullptr ? value->as_unsigned().value_or(0) : 0;
    if (window > 0 && window < config.context_tokens) {
        description.warnings.push_back("The model was made to look back " + std::to_string(window) +
                                       " tokens; answers may get worse in longer conversations.");
    }
}

}  // namespace

ModelDescription describe(const GgufFile& file, const ModelConfig& config, const std::filesystem::path& path,
                          std::uint64_t file_bytes, const PreparedBytes& prepared, KvType kv) {
    const MemoryNeeds needs = memory_needs(file, config, prepared, kv);
    ModelDescription description;
    description.path = path;
    description.architecture = config.architecture;
    description.name = config.name.empty() ? clean_text(path.stem().string(), 200) : config.name;
    description.quantisation = quantisation(file);
    description.parameters = parameters(file);
    description.file_bytes = file_bytes;
    description.weight_bytes = needs.weights;
    description.kv_bytes_per_token = needs.kv_per_token;
    description.memory_bytes = needs.total(std::min(config.context_tokens, kDefaultContext));
    description.context_length = static_cast<std::uint32_t>(config.context_tokens);
    description.layers = static_cast<std::uint32_t>(config.layers);
    description.vocabulary = static_cast<std::uint32_t>(config.vocabulary);
    add_template(file, description);
    warn_of_window(file, config, description);
    return description;
}

Result<ModelDescription> describe_model(const std::filesystem::path& path) {
    const Result<std::unique_ptr<MappedFile>> mapped = MappedFile::open(path);
    if (!mapped) {
        return fail(mapped.error());
    }
    const Result<GgufFile> file = GgufFile::parse((*mapped)->bytes());
    const Result<ModelConfig> config = file ? read_model_config(*file) : fail(file.error());
    const Status tensors = config ? check_tensors(*file, *config) : fail(config.error());
    if ((*mapped)->damaged()) {  // errors of the parser would then be about zeros
        return fail(MappedFile::damage_error());
    }
    if (!tensors) {
        return fail(tensors.error());
    }
    return describe(*file, *config, path, (*mapped)->bytes().size());
}

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as a model file, through all that is read before a weight is touched.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/model/describe.h"
#include "engine/model/gguf.h"
#include "engine/model/read_config.h"
#include "engine/model/tensor_list.h"

using namespace tendril;
using namespace tendril::engine;

namespace {

/// What must hold of every file that was accepted; a breach is a finding.
void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void expand(const GgufValue& value) {
    require(!(value.as_unsigned() && value.as_bool()));
    if (value.type == GgufType::string) {
        require(value.as_string()->size() == value.bytes.size());
    } else if (value.type == GgufType::array && value.element_type == GgufType::string) {
        require(value.as_strings()->size() == value.count);
    } else if (value.type == GgufType::array) {
        const bool expanded =
            value.as_integers() || value.as_numbers() || value.as_bools() ||
            value.element_type == GgufType::u64;  // numbers of which some do not fit in 63 bits
        require(expanded);
    }
}

void check_tensor(const GgufTensor& tensor, std::span<const std::byte> file) {
    const DataTypeTraits layout = traits(tensor.type);
    require(tensor.bytes.size() == tensor.rows * tensor.columns / layout.block_elements * layout.block_bytes);
    require(tensor.bytes.data() >= file.data());
    require(tensor.bytes.data() + tensor.bytes.size() <= file.data() + file.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
    const Result<GgufFile> file = GgufFile::parse(bytes);
    if (!file) {
        require(!file.error().message.empty());
        return 0;
    }
    for (const GgufValue& value : file->metadata()) {
        expand(value);
        require(file->find(value.key) == &value);
    }
    for (const GgufTensor& tensor : file->tensors()) {
        check_tensor(tensor, bytes);
        require(file->find_tensor(tensor.name) == &tensor);
    }
    const Result<ModelConfig> config = read_model_config(*file);
    if (!config) {
        require(!config.error().message.empty());
        return 0;
    }
    require(config->heads % config->kv_heads == 0 && config->layer.size() == config->layers);
    for (const LayerConfig& layer : config->layer) {
        require(layer.rope_index < config->rope.size());
    }
    const ModelDescription description = describe(*file, *config, "model.gguf", size);
    require(description.memory_bytes >= description.weight_bytes);
    if (check_tensors(*file, *config)) {
        require(file->find_tensor(kEmbeddingName)->rows == config->vocabulary);
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Walks the list of expected tensors: matrices go to the backend as they lie in the file, vectors as floats.
// Engine thread.
#include "engine/model/load_weights.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/model/dequantize.h"
#include "engine/model/quote.h"
#include "engine/model/tensor_list.h"

namespace tendril::engine {
namespace {

class Loader {
  public:
    Loader(const GgufFile& file, Backend& backend, const WeightProgress& progress,
           const SourceDone& source_done)
        : file_(file), backend_(backend), progress_(progress), source_done_(source_done) {
        for (const GgufTensor& tensor : file.tensors()) {
            total_ += static_cast<double>(tensor.bytes.size());
        }
    }

    /// Leaves `to` null when an optional tensor is absent.
    Status matrix(const ExpectedTensor& expected, std::unique_ptr<Weight>& to, std::size_t layer) {
        const GgufTensor* const tensor = file_.find_tensor(expected.name);
        if (tensor == nullptr) {
            return {};
        }
        WeightSource source = weight_source(*tensor);
        source.layer = layer;
        source.copied = &source_done_;
        Result<std::unique_ptr<Weight>> weight = backend_.prepare(source);
        if (!weight) {
            weight.error().detail += " (tensor " + in_quotes(expected.name) + ")";
            return fail(std::move(weight.error()));
        }
        to = std::move(*weight);
        return advance(*tensor, !to->borrows_source());
    }

    Status vector(const ExpectedTensor& expected, std::unique_ptr<Buffer>& to) {
        const GgufTensor* const tensor = file_.find_tensor(expected.name);
        if (tensor == nullptr) {
            return {};
        }
        std::vector<float> values(expected.columns);
        dequantize(tensor->type, tensor->bytes, values);
        if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
            return fail(ErrorCode::malformed, "The tensor " + in_quotes(expected.name) +
                                                  " holds a value that is not a finite number.");
        }
        Result<std::unique_ptr<Buffer>> buffer = backend_.allocate(values.size());
        if (!buffer) {
            return fail(std::move(buffer.error()));
        }
        backend_.upload(values, (*buffer)->data());
        to = std::move(*buffer);
        return advance(*tensor, true);
    }

    Status finish() { return say(1.0); }
    const GgufFile& file() const { return file_; }

  private:
    Status advance(const GgufTensor& tensor, bool copied) {
        if (copied && source_done_) {
            source_done_(tensor.bytes);
        }
        done_ += static_cast<double>(tensor.bytes.size());
        return say(std::min(1.0, done_ / std::max(1.0, total_)));
    }
    Status say(double share) const {
        if (progress_ && !progress_(share)) {
            return fail(ErrorCode::cancelled, "Loading the model was cancelled.");
        }
        return {};
    }

    const GgufFile& file_;
    Backend& backend_;
    const WeightProgress& progress_;
    const SourceDone& source_done_;
    double total_ = 0;
    double done_ = 0;
};

Status load_model_part(Loader& loader, const ModelConfig& config, ModelWeights& weights) {
    const std::vector<ExpectedTensor> list = model_tensors(config);
    const std::size_t embedding = place_of_embedding(loader.file());
    return loader.matrix(list[0], weights.embedding, embedding)
        .and_then([&] { return loader.vector(list[1], weights.output_norm); })
        .and_then([&] { return loader.matrix(list[2], weights.head, WeightSource::kBehindLayers); });
}

}  // namespace

std::size_t place_of_embedding(const GgufFile& file) {
    return file.find_tensor(kHeadName) != nullptr ? WeightSource::kBeforeLayers : WeightSource::kBehindLayers;
}

WeightSource weight_source(const GgufTensor& tensor) {
    return {.type = tensor.type,
            .rows = tensor.rows,
            .columns = tensor.columns,
            .bytes = tensor.bytes,
            .copied = nullptr};
}

Result<ModelWeights> load_weights(const GgufFile& file, const ModelConfig& config, Backend& backend,
                                  const WeightProgress& progress, const SourceDone& source_done) {
    if (Status status = check_tensors(file, config); !status) {
        return fail(std::move(status.error()));
    }
    Loader loader(file, backend, progress, source_done);
    ModelWeights weights;
    if (Status status = load_model_part(loader, config, weights); !status) {
        return fail(std::move(status.error()));
    }
    weights.layers.resize(config.layers);
    for (std::size_t i = 0; i < config.layers; ++i) {
        for (const ExpectedTensor& expected : layer_tensors(config, i)) {
            Status status = expected.vector ? loader.vector(expected, weights.layers[i].*expected.numbers)
                                            : loader.matrix(expected, weights.layers[i].*expected.matrix, i);
            if (!status) {
                return fail(std::move(status.error()));
            }
        }
    }
    if (Status status = loader.finish(); !status) {
        return fail(std::move(status.error()));
    }
    return weights;
}

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// The sums behind the division; see divide_model.h.
#include "engine/divide_model.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/backend/split/layer_shares.h"
#include "engine/backend/split/split_backend.h"
#include "engine/model/load_weights.h"
#include "engine/model/tensor_list.h"

namespace tendril::engine {
namespace {

/// "blk.12.attn_q.weight": 12; else what place_of_embedding() and the head have.
std::size_t layer_of(const GgufFile& file, const GgufTensor& tensor) {
    constexpr std::string_view kLayer = "blk.";
    const std::string_view name = tensor.name;
    if (name.starts_with(kLayer)) {
        std::size_t layer = 0;
        const auto [end, error] =
            std::from_chars(name.data() + kLayer.size(), name.data() + name.size(), layer);
        if (error == std::errc() && end != name.data() + name.size() && *end == '.') {
            return layer;
        }
    }
    return name == kEmbeddingName ? place_of_embedding(file) : WeightSource::kBehindLayers;
}

/// Keys and values of one layer; cards fill heads up to whole blocks.
std::uint64_t page_bytes(const KvLayout& layout, std::size_t layer, KvPageCounts counts) {
    const KvLayout one = {1, layout.kv_heads, (layout.head_size + 31) / 32 * 32, layout.type, {}};
    const bool windowed = layout.group(layer) == PageGroup::window;
    return one.bytes_per_page() * (windowed ? counts.window : counts.full);
}

ModelShares shares_of(const GgufFile& file, const ModelConfig& config, const LoadOptions& options,
                      const MemoryNeeds& needs, const MemoryPlan& plan, const Backend& backend) {
    ModelShares shares;
    shares.layers.resize(config.layers);
    shares.each = needs.scratch + plan.context * needs.angles_per_token;
    for (const GgufTensor& tensor : file.tensors()) {
        if (tensor.dimensions.size() < 2) {
            shares.each += tensor.bytes.size();  // norms and biases lie on all
            continue;
        }
        WeightSource source = weight_source(tensor);
        source.layer = layer_of(file, tensor);
        const std::uint64_t bytes =
            std::max<std::uint64_t>(tensor.bytes.size(), backend.prepared_bytes(source));
        if (source.layer < shares.layers.size()) {
            shares.layers[source.layer] += bytes;
        } else {
            (source.layer == WeightSource::kBeforeLayers ? shares.before : shares.behind) += bytes;
        }
    }
    const KvLayout layout = kv_layout(config, options.kv);
    for (std::size_t layer = 0; layer < shares.layers.size(); ++layer) {
        shares.layers[layer] += page_bytes(layout, layer, plan.pages);
    }
    return shares;
}

/// All cards that may be used, most room first.
std::vector<std::unique_ptr<Backend>> all_cards(std::unique_ptr<Backend> first, LoadOptions options,
                                                const BackendFactory& factory) {
    std::vector<std::unique_ptr<Backend>> cards;
    options.device = Device::cuda;
    for (std::unique_ptr<Backend> card = std::move(first); card;) {
        const std::optional<int> number = card->device_number();
        cards.push_back(std::move(card));
        const auto& taken = options.without_cards;
        if (!number || std::find(taken.begin(), taken.end(), *number) != taken.end()) {
            break;
        }
        options.without_cards.push_back(*number);
        if (auto next = factory(options); next && (*next)->free_memory()) {
            card = std::move(*next);
        }
    }
    return cards;
}

tl::unexpected<Error> of_no_use() {
    return fail(ErrorCode::out_of_memory, "The graphics card has no room for a single layer of the model.");
}

std::string words(const LayerShares& shares, std::size_t layers) {
    if (shares.host == 0) {
        return "No single graphics card has room for the model; its layers lie on " +
               std::to_string(shares.cards.size()) + " cards.";
    }
    return "The graphics memory has room for " + std::to_string(layers - shares.host) + " of the model's " +
           std::to_string(layers) + " layers; the CPU computes the others, which is slower.";
}

}  // namespace

std::uint64_t free_of(const Backend& card, const CardRooms& rooms) {
    const std::uint64_t free = card.free_memory().value_or(0);
    const auto room = rooms.find(card.device_number().value_or(-1));
    return room == rooms.end() ? free : std::min(free, room->second);
}

Result<DividedModel> divide_model(const GgufFile& file, const ModelConfig& config, const LoadOptions& options,
                                  std::unique_ptr<Backend> card, const CardRooms& rooms,
                                  const BackendFactory& factory) {
    std::vector<std::unique_ptr<Backend>> cards = all_cards(std::move(card), options, factory);
    LoadOptions on_host = options;
    on_host.device = Device::cpu;
    Result<std::unique_ptr<Backend>> host = factory(on_host);
    if (!host) {
        return fail(std::move(host.error()));
    }
    const PreparedBytes prepared = [&](const WeightSource& source) {
        return cards.front()->prepared_bytes(source);
    };
    const MemoryNeeds needs = memory_needs(file, config, prepared, options.kv);
    std::vector<std::uint64_t> free;
    std::uint64_t room = available_memory();
    const std::uint64_t host_room = room;
    for (const auto& one : cards) {
        one->take_turn();
        free.push_back(free_of(*one, rooms));
        room += std::min(free.back(), UINT64_MAX - room);
    }
    Result<MemoryPlan> plan = plan_memory(needs, options.context, room);
    if (!plan) {
        return fail(std::move(plan.error()));
    }
    plan->pages = needs.pages(plan->context);  // room is what is short: none for more conversations
    plan->spare_bytes = 0;
    const ModelShares model = shares_of(file, config, options, needs, *plan, *cards.front());
    const LayerShares shares = share_layers(model, free);
    if (shares.cards.empty()) {
        return of_no_use();
    }
    const auto hosted = model.layers.begin() + static_cast<std::ptrdiff_t>(shares.host);
    const std::uint64_t on_cpu =
        std::accumulate(model.layers.begin(), hosted, model.each + model.before + needs.tokenizer);
    if (on_cpu > host_room) {
        return fail(ErrorCode::out_of_memory,
                    "The graphics cards and the memory together have no room for the model.");
    }
    std::vector<SplitPart> parts;
    if (shares.host > 0 || (shares.host_looks_up && model.before > 0)) {
        parts.push_back({std::move(*host), shares.host});
    }
    for (std::size_t i = shares.cards.size(); i-- > 0;) {
        parts.push_back({std::move(cards[i]), shares.cards[i]});
    }
    return DividedModel{make_split_backend(std::move(parts)), std::move(*plan),
                        words(shares, model.layers.size())};
}

}  // namespace tendril::engine

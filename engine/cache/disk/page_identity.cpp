// SPDX-License-Identifier: Apache-2.0
// The text of an identity: for a person to read, and for a hash.
#include "engine/cache/disk/page_identity.h"

#include <cstdio>

#include "engine/cache/disk/page_store.h"

namespace tendril::engine {
namespace {

/// Exact: two numbers that differ in a bit give different texts.
std::string exact(double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%a", value);
    return text;
}

/// Everything that makes tokens of text, which is not the template.
std::string tokenizer_hash(const GgufFile& file) {
    std::string all;
    for (const GgufValue& value : file.metadata()) {
        if (value.key.starts_with("tokenizer.") &&
            value.key.find("chat_template") == std::string_view::npos) {
            all.append(value.key).append(1, '\0');
            all.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
            all.append(1, '\0');
        }
    }
    return hex(root_name(all));
}

std::string rope_text(const RopeSettings& rope) {
    std::string text = rope.pairing == RopeSettings::Pairing::adjacent ? "adjacent" : "halves";
    text += ", base " + exact(rope.base) + ", scale " + exact(rope.position_scale);
    if (!rope.factors.empty()) {
        const std::string raw(reinterpret_cast<const char*>(rope.factors.data()), rope.factors.size_bytes());
        text += ", factors " + hex(root_name(raw));
    }
    if (rope.yarn_factor != 0) {
        text += ", YaRN " + exact(rope.yarn_factor) + " " + exact(rope.yarn_attention_factor) + " " +
                exact(rope.yarn_beta_fast) + " " + exact(rope.yarn_beta_slow) + " " +
                std::to_string(rope.yarn_original_context);
    }
    return text;
}

}  // namespace

std::string page_identity(const GgufFile& file, const ModelConfig& config, const Backend& backend,
                          const KvPages& pages) {
    std::string text = "tokenizer: " + tokenizer_hash(file) + "\n";
    for (const RopeSettings& rope : config.rope) {
        text += "rotary embedding: " + rope_text(rope) + "\n";
    }
    text += "layers:";
    for (const LayerConfig& layer : config.layer) {
        text += " " + std::to_string(layer.window) + "/" + std::to_string(layer.rope_index);
    }
    return text + "\narithmetic: " + backend.arithmetic() + "\nKV layout: " + pages.layout_name() + "\n";
}

}  // namespace tendril::engine

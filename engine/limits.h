// SPDX-License-Identifier: Apache-2.0
// Bounds on what the engine accepts from untrusted model files, each with its reason. Far above every model
// in use, far below what could make us run out of memory or time before an error is said. Constants only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tendril::engine {

// --- GGUF container ---
/// The specification's bound on keys is 65,535 bytes; an index of longer ones would be a way to waste memory.
inline constexpr std::uint64_t kMaxGgufKeyBytes = 65535;
/// ggml's own bound is 64; newer converters go above it, and a name is quoted in messages.
inline constexpr std::uint64_t kMaxGgufTensorNameBytes = 1024;
/// A string value is a view into the file; the bound keeps each copy (a template, a name) affordable.
inline constexpr std::uint64_t kMaxGgufStringBytes = 256ULL << 20;
/// The largest vocabularies have under 2^19 entries, and merges are about as many; asked for as a list, each
/// costs 16 bytes.
inline constexpr std::uint64_t kMaxGgufArrayElements = 1ULL << 26;
/// Real files have under 100 keys and under 10,000 tensors.
inline constexpr std::uint64_t kMaxGgufKeys = 1ULL << 16;
inline constexpr std::uint64_t kMaxGgufTensors = 1ULL << 16;
inline constexpr std::uint32_t kMaxGgufDimensions = 4;
/// Files use 32; pages of 2 MiB are the largest unit that a file system or a device could ask for.
inline constexpr std::uint64_t kMaxGgufAlignment = 1ULL << 21;

// --- model sizes; each product of two of them fits in 64 bits without a check ---
inline constexpr std::size_t kMaxLayers = 1024;           ///< the deepest known model has 126
inline constexpr std::size_t kMaxWidth = 1U << 17;        ///< Llama 3.1 405B: 16,384
inline constexpr std::size_t kMaxFeedForward = 1U << 20;  ///< Llama 3.1 405B: 53,248
inline constexpr std::size_t kMaxHeads = 1024;            ///< Llama 3.1 405B: 128
inline constexpr std::size_t kMaxHeadSize = 1024;         ///< Gemma: 256; kernels keep one head on the stack
inline constexpr std::size_t kMaxVocabulary = 1U << 22;   ///< Gemma: 262,144; ids are 32-bit signed
inline constexpr std::size_t kMaxContext =
    1U << 24;  ///< longest claims are 10 M tokens; positions are 32-bit signed

/// The longest chat template in use has 20 KB; it is copied for the window and parsed at every load.
inline constexpr std::size_t kMaxChatTemplateBytes = 1U << 20;

// --- memory plan ---
inline constexpr std::size_t kDefaultContext =
    4096;  ///< chosen when the user asks for none: fits on every machine we support
inline constexpr std::size_t kMinimumContext =
    512;  ///< less holds no conversation; a model that needs less is refused

}  // namespace tendril::engine

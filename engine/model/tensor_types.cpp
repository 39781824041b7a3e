// SPDX-License-Identifier: Apache-2.0
// The table of tensor types. The numbers are those of ggml's `ggml_type`, which GGUF made a file format.
// Constants, any thread.
#include "engine/model/tensor_types.h"

#include <array>

namespace tendril::engine {
namespace {

constexpr std::array<const char*, 43> kNames = {
    "F32",      "F16",      "Q4_0",    "Q4_1",  "Q4_2",       "Q4_3",       "Q5_0",       "Q5_1",
    "Q8_0",     "Q8_1",     "Q2_K",    "Q3_K",  "Q4_K",       "Q5_K",       "Q6_K",       "Q8_K",
    "IQ2_XXS",  "IQ2_XS",   "IQ3_XXS", "IQ1_S", "IQ4_NL",     "IQ3_S",      "IQ2_S",      "IQ4_XS",
    "I8",       "I16",      "I32",     "I64",   "F64",        "IQ1_M",      "BF16",       "Q4_0_4_4",
    "Q4_0_4_8", "Q4_0_8_8", "TQ1_0",   "TQ2_0", "IQ4_NL_4_4", "IQ4_NL_4_8", "IQ4_NL_8_8", "MXFP4",
    "NVFP4",    "Q1_0",     "Q2_0"};

}  // namespace

std::optional<DataType> tensor_type(std::uint32_t number) {
    switch (number) {
        case 0:
            return DataType::f32;
        case 1:
            return DataType::f16;
        case 2:
            return DataType::q4_0;
        case 3:
            return DataType::q4_1;
        case 6:
            return DataType::q5_0;
        case 7:
            return DataType::q5_1;
        case 8:
            return DataType::q8_0;
        case 12:
            return DataType::q4_k;
        case 13:
            return DataType::q5_k;
        case 14:
            return DataType::q6_k;
        case 30:
            return DataType::bf16;
        default:
            return std::nullopt;
    }
}

std::uint32_t tensor_type_number(DataType type) {
    for (std::uint32_t number = 0; number < kNames.size(); ++number) {
        if (tensor_type(number) == type) {
            return number;
        }
    }
    return static_cast<std::uint32_t>(kNames.size());
}

const char* tensor_type_name(std::uint32_t number) {
    return number < kNames.size() ? kNames[number] : nullptr;
}

}  // namespace tendril::engine

// SPDX-License-Identifier: Apache-2.0
// The getters of ConfigReader and the words of their errors. One thread.
#include "engine/model/config_reader.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "engine/checked_math.h"
#include "engine/limits.h"
#include "engine/model/quote.h"

namespace tendril::engine {
namespace {

std::string written(double value) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%g", value);
    return buffer;
}

}  // namespace

std::string ConfigReader::key(std::string_view name) const {
    return in_quotes(prefix_ + "." + std::string(name));
}

const GgufValue* ConfigReader::find(std::string_view name) const {
    return file_.find(prefix_ + "." + std::string(name));
}

void ConfigReader::refuse(ErrorCode code, std::string message) {
    if (!error_) {
        error_ = Error{code, std::move(message), "architecture " + in_quotes(prefix_)};
    }
}

Status ConfigReader::status() const {
    return error_ ? Status(fail(*error_)) : Status{};
}

std::optional<std::int64_t> ConfigReader::integer(const GgufValue& value, std::string_view name) {
    if (value.type != GgufType::array) {
        return value.as_integer();
    }
    if (value.count > kMaxLayers) {  // before it is expanded
        return std::nullopt;
    }
    const std::optional<std::vector<std::int64_t>> values = value.as_integers();
    if (!values || values->empty()) {
        return std::nullopt;
    }
    if (std::adjacent_find(values->begin(), values->end(), std::not_equal_to<>()) != values->end()) {
        refuse(ErrorCode::unsupported,
               "The model gives " + key(name) + " a different value for each layer, which is not supported.");
    }
    return values->front();
}

std::size_t ConfigReader::size(std::string_view name, std::size_t least, std::size_t most,
                               std::optional<std::size_t> fallback) {
    const GgufValue* const value = find(name);
    if (value == nullptr) {
        if (!fallback) {
            refuse(ErrorCode::malformed, "The model file lacks the metadata key " + key(name) + ".");
        }
        return fallback.value_or(least);
    }
    const std::optional<std::int64_t> number = integer(*value, name);
    if (!number) {
        refuse(ErrorCode::malformed, "The metadata key " + key(name) + " is not a whole number.");
        return least;
    }
    const std::optional<std::size_t> size = checked_cast<std::size_t>(*number);
    if (!size || *size < least || *size > most) {
        refuse(ErrorCode::malformed, "The metadata key " + key(name) + " is " + std::to_string(*number) +
                                         "; it must be from " + std::to_string(least) + " to " +
                                         std::to_string(most) + ".");
        return least;
    }
    return *size;
}

double ConfigReader::number(std::string_view name, double least, double most,
                            std::optional<double> fallback) {
    const GgufValue* const value = find(name);
    if (value == nullptr) {
        if (!fallback) {
            refuse(ErrorCode::malformed, "The model file lacks the metadata key " + key(name) + ".");
        }
        return fallback.value_or(least);
    }
    const std::optional<double> number = value->as_number();
    if (!number) {
        refuse(ErrorCode::malformed, "The metadata key " + key(name) + " is not a number.");
        return least;
    }
    if (!std::isfinite(*number) || *number < least || *number > most) {
        refuse(ErrorCode::malformed, "The metadata key " + key(name) + " is " + written(*number) +
                                         "; it must be from " + written(least) + " to " + written(most) +
                                         ".");
        return least;
    }
    return *number;
}

std::string_view ConfigReader::text(std::string_view name) {
    const GgufValue* const value = find(name);
    if (value == nullptr) {
        return {};
    }
    const std::optional<std::string_view> text = value->as_string();
    if (!text) {
        refuse(ErrorCode::malformed, "The metadata key " + key(name) + " is not a text.");
    }
    return text.value_or(std::string_view());
}

bool ConfigReader::flag(std::string_view name, bool fallback) {
    const GgufValue* const value = find(name);
    if (value == nullptr) {
        return fallback;
    }
    const std::optional<bool> flag = value->as_bool();
    if (!flag) {
        refuse(ErrorCode::malformed, "The metadata key " + key(name) + " is not a truth value.");
    }
    return flag.value_or(fallback);
}

}  // namespace tendril::engine

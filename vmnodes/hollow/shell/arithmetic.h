// Integer expressions, as in $((…)) and expr.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace qd::hollow::shell {

// Of a parameter's value; nothing when it has none or is no number.
using NumberOf = std::function<std::optional<std::int64_t>(const std::string& name)>;

// + - * / % and comparisons, which give 0 or 1. Nothing when it is no such expression, or divides by zero.
std::optional<std::int64_t> evaluate(std::string_view expression, const NumberOf& numberOf);

}  // namespace qd::hollow::shell

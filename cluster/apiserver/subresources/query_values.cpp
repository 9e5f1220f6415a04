#include "cluster/apiserver/subresources/query_values.h"

#include <fmt/format.h>

#include <charconv>

#include "cluster/api/field/path.h"

namespace qd::apiserver {

bool queryFlag(const Query& query, std::string_view name) {
    const std::string* value = query.find(name);
    return value && !http::equalIgnoringCase(*value, "false") && *value != "0";
}

Result<std::optional<std::int64_t>> queryNumber(const Query& query, std::string_view name) {
    const std::string* value = query.find(name);
    if (!value) return std::optional<std::int64_t>();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (error == std::errc{} && end == value->data() + value->size()) return std::optional(number);
    return fail(Reason::BadRequest,
                fmt::format("strconv.ParseInt: parsing {}: invalid syntax", api::field::Shown(*value).text()));
}

}  // namespace qd::apiserver

#include "cluster/controllers/pods/share.h"

#include <charconv>

namespace qd::controllers {

std::int32_t share(const std::optional<api::IntOrString>& value, std::int32_t total, bool roundUp) {
    if (!value) return 0;
    if (!value->isString) return value->number;
    std::int64_t percent = 0;
    const std::string& text = value->text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
    if (error != std::errc() || std::string_view(end) != "%") return 0;
    return static_cast<std::int32_t>((percent * total + (roundUp ? 99 : 0)) / 100);
}

}  // namespace qd::controllers

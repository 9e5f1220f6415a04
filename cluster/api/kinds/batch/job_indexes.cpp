#include "cluster/api/kinds/batch/job_indexes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "cluster/api/codec/json_text.h"

namespace qd::api {
namespace {

struct Interval {
    std::int32_t first = 0;
    std::int32_t last = 0;
    std::string fault = {};
};

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string quotedText(std::string_view text) {
    std::string out;
    appendJsonString(out, text);
    return out;
}

Interval faulty(std::string fault) {
    return {.fault = std::move(fault)};
}

// An index, or what is wrong with it.
Interval readIndex(std::string_view text, std::int32_t completions) {
    std::string_view digits = text;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = !digits.empty() && error == std::errc{} && end == digits.data() + digits.size();
    if (!whole) return faulty("cannot convert string to integer for index: " + quotedText(text));
    if (value >= completions) return faulty("too large index: " + quotedText(text));
    return {.first = static_cast<std::int32_t>(value), .last = static_cast<std::int32_t>(value)};
}

Interval readInterval(std::string_view text, std::int32_t completions) {
    const auto limits = split(text, '-');
    if (limits.size() > 2) {
        return faulty(
            fmt::format("the fragment {} violates the requirement that an index interval can have at most two parts "
                        "separated by '-'",
                        quotedText(text)));
    }
    Interval interval = readIndex(limits[0], completions);
    if (!interval.fault.empty() || limits.size() == 1) return interval;
    const Interval end = readIndex(limits[1], completions);
    if (!end.fault.empty()) return end;
    interval.last = end.last;
    if (interval.first >= interval.last)
        return faulty(fmt::format("non-increasing order, previous: {}, current: {}", interval.first, interval.last));
    return interval;
}

std::vector<Interval> readable(std::string_view text, std::int32_t completions) {
    std::vector<Interval> intervals;
    for (const std::string_view part : split(text, ',')) {
        Interval interval = readInterval(part, completions);
        if (interval.fault.empty()) intervals.push_back(std::move(interval));
    }
    return intervals;
}

}  // namespace

JobIndexes readJobIndexes(std::string_view text, std::int32_t completions) {
    JobIndexes indexes;
    if (text.empty()) return indexes;
    std::optional<std::int32_t> previous;
    for (const std::string_view part : split(text, ',')) {
        const Interval interval = readInterval(part, completions);
        if (!interval.fault.empty()) return {.fault = interval.fault};
        if (previous && *previous >= interval.first)
            return {.fault = fmt::format("non-increasing order, previous: {}, current: {}", *previous, interval.first)};
        indexes.count += interval.last - interval.first + 1;
        previous = interval.last;
    }
    return indexes;
}

std::optional<std::int32_t> firstSharedIndex(std::string_view a, std::string_view b, std::int32_t completions) {
    if (a.empty() || b.empty()) return std::nullopt;
    const auto left = readable(a, completions);
    const auto right = readable(b, completions);
    for (std::size_t l = 0, r = 0; l < left.size() && r < right.size();) {
        if (left[l].first <= right[r].last && right[r].first <= left[l].last)
            return std::max(left[l].first, right[r].first);
        left[l].first <= right[r].first ? ++l : ++r;
    }
    return std::nullopt;
}

}  // namespace qd::api

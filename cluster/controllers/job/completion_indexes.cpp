#include "cluster/controllers/job/completion_indexes.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace qd::controllers {
namespace {

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

}  // namespace

CompletionIndexes CompletionIndexes::parse(std::string_view text, int completions) {
    CompletionIndexes indexes;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view interval = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t dash = interval.find('-');
        const auto first = number(interval.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : number(interval.substr(dash + 1));
        if (first && last && *first < completions) indexes.add(*first, std::min(*last, completions - 1));
    }
    return indexes;
}

void CompletionIndexes::add(int first, int last) {
    // The first that reaches up to this one, and the first that begins beyond it.
    const auto begin = std::ranges::find_if(m_intervals, [&](const Interval& one) { return one.last >= first - 1; });
    const auto end = std::find_if(begin, m_intervals.end(), [&](const Interval& one) { return one.first > last + 1; });
    Interval whole{first, last};
    if (begin != end) {
        whole.first = std::min(first, begin->first);
        whole.last = std::max(last, (end - 1)->last);
    }
    m_intervals.insert(m_intervals.erase(begin, end), whole);
}

void CompletionIndexes::add(const CompletionIndexes& others) {
    for (const Interval& one : others.m_intervals) add(one.first, one.last);
}

bool CompletionIndexes::contains(int index) const {
    const auto found = std::ranges::lower_bound(m_intervals, index, {}, &Interval::last);
    return found != m_intervals.end() && found->first <= index;
}

int CompletionIndexes::size() const {
    int sum = 0;
    for (const Interval& one : m_intervals) sum += one.last - one.first + 1;
    return sum;
}

int CompletionIndexes::sharedWith(const CompletionIndexes& others) const {
    int shared = 0;
    for (const Interval& a : m_intervals)
        for (const Interval& b : others.m_intervals)
            shared += std::max(0, std::min(a.last, b.last) - std::max(a.first, b.first) + 1);
    return shared;
}

// Two neighbours are written apart, as upstream does: "1,2" but "1-3".
std::string CompletionIndexes::toString() const {
    std::string text;
    for (const Interval& one : m_intervals) {
        if (!text.empty()) text += ',';
        text += std::to_string(one.first);
        if (one.last > one.first) text += (one.last == one.first + 1 ? "," : "-") + std::to_string(one.last);
    }
    return text;
}

}  // namespace qd::controllers

#include "cluster/api/meta/unified_diff.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

namespace qd::api {
namespace {

constexpr std::size_t kContext = 3;
// In texts of this length and more, lines that make up more than a hundredth are not looked for.
constexpr std::size_t kLong = 200;

using Lines = std::vector<std::string_view>;

struct Block {
    std::size_t a = 0;
    std::size_t b = 0;
    std::size_t size = 0;
};

enum class Tag : char { Equal, Replace, Delete, Insert };

struct Step {
    Tag tag;
    std::size_t a1, a2, b1, b2;
};

Lines linesOf(std::string_view text) {
    Lines lines;
    for (;;) {
        const auto end = text.find('\n');
        lines.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return lines;
        text.remove_prefix(end + 1);
    }
}

class Matcher {
public:
    Matcher(const Lines& a, const Lines& b) : m_a(a), m_b(b) {
        for (std::size_t j = 0; j < b.size(); ++j) m_places[b[j]].push_back(j);
        if (b.size() < kLong) return;
        const std::size_t most = b.size() / 100 + 1;
        std::erase_if(m_places, [&](const auto& entry) { return entry.second.size() > most; });
    }

    std::vector<Step> steps() {
        collect(0, m_a.size(), 0, m_b.size());
        m_blocks.push_back({m_a.size(), m_b.size(), 0});
        std::vector<Step> steps;
        std::size_t i = 0;
        std::size_t j = 0;
        for (const Block& block : joined()) {
            if (i < block.a || j < block.b) {
                const Tag tag = i < block.a && j < block.b ? Tag::Replace : i < block.a ? Tag::Delete : Tag::Insert;
                steps.push_back({tag, i, block.a, j, block.b});
            }
            i = block.a + block.size;
            j = block.b + block.size;
            if (block.size > 0) steps.push_back({Tag::Equal, block.a, i, block.b, j});
        }
        return steps;
    }

private:
    Block longest(std::size_t aFrom, std::size_t aTo, std::size_t bFrom, std::size_t bTo) const {
        Block best{aFrom, bFrom, 0};
        std::unordered_map<std::size_t, std::size_t> lengths;  // of the common run that ends before this place of b
        for (std::size_t i = aFrom; i < aTo; ++i) {
            std::unordered_map<std::size_t, std::size_t> next;
            const auto places = m_places.find(m_a[i]);
            if (places != m_places.end()) {
                for (const std::size_t j : places->second) {
                    if (j < bFrom) continue;
                    if (j >= bTo) break;
                    const auto before = lengths.find(j);
                    const std::size_t length = (before == lengths.end() ? 0 : before->second) + 1;
                    next[j + 1] = length;
                    if (length > best.size) best = {i + 1 - length, j + 1 - length, length};
                }
            }
            lengths = std::move(next);
        }
        while (best.a > aFrom && best.b > bFrom && m_a[best.a - 1] == m_b[best.b - 1])
            best = {best.a - 1, best.b - 1, best.size + 1};
        while (best.a + best.size < aTo && best.b + best.size < bTo &&
               m_a[best.a + best.size] == m_b[best.b + best.size])
            ++best.size;
        return best;
    }

    void collect(std::size_t aFrom, std::size_t aTo, std::size_t bFrom, std::size_t bTo) {
        const Block found = longest(aFrom, aTo, bFrom, bTo);
        if (found.size == 0) return;
        if (aFrom < found.a && bFrom < found.b) collect(aFrom, found.a, bFrom, found.b);
        m_blocks.push_back(found);
        if (found.a + found.size < aTo && found.b + found.size < bTo)
            collect(found.a + found.size, aTo, found.b + found.size, bTo);
    }

    // Neighbours made one.
    std::vector<Block> joined() const {
        std::vector<Block> all;
        for (const Block& block : m_blocks) {
            if (!all.empty() && all.back().a + all.back().size == block.a &&
                all.back().b + all.back().size == block.b && block.size > 0) {
                all.back().size += block.size;
            } else {
                all.push_back(block);
            }
        }
        return all;
    }

    const Lines& m_a;
    const Lines& m_b;
    std::unordered_map<std::string_view, std::vector<std::size_t>> m_places;
    std::vector<Block> m_blocks;
};

std::size_t within(std::size_t value, std::size_t by) {
    return value > by ? value - by : 0;
}

// Changes with their context; what lies further apart than twice that stands in hunks of its own.
std::vector<std::vector<Step>> hunksOf(std::vector<Step> steps) {
    std::vector<std::vector<Step>> hunks;
    if (steps.empty()) return hunks;
    if (Step& first = steps.front(); first.tag == Tag::Equal)
        first = {Tag::Equal, std::max(first.a1, within(first.a2, kContext)), first.a2,
                 std::max(first.b1, within(first.b2, kContext)), first.b2};
    if (Step& last = steps.back(); last.tag == Tag::Equal)
        last = {Tag::Equal, last.a1, std::min(last.a2, last.a1 + kContext), last.b1,
                std::min(last.b2, last.b1 + kContext)};
    std::vector<Step> hunk;
    for (Step step : steps) {
        if (step.tag == Tag::Equal && step.a2 - step.a1 > 2 * kContext) {
            hunk.push_back({Tag::Equal, step.a1, std::min(step.a2, step.a1 + kContext), step.b1,
                            std::min(step.b2, step.b1 + kContext)});
            hunks.push_back(std::exchange(hunk, {}));
            step.a1 = std::max(step.a1, within(step.a2, kContext));
            step.b1 = std::max(step.b1, within(step.b2, kContext));
        }
        hunk.push_back(step);
    }
    const bool onlyContext = hunk.size() == 1 && hunk.front().tag == Tag::Equal;
    if (!hunk.empty() && !onlyContext) hunks.push_back(std::move(hunk));
    return hunks;
}

std::string rangeText(std::size_t from, std::size_t to) {
    const std::size_t length = to - from;
    if (length == 1) return std::to_string(from + 1);
    return std::to_string(length == 0 ? from : from + 1) + "," + std::to_string(length);
}

void appendLines(std::string& out, char mark, const Lines& lines, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
        out += mark;
        out += lines[i];
        out += '\n';
    }
}

}  // namespace

std::string unifiedDiff(std::string_view before, std::string_view after) {
    if (before == after) return {};
    const Lines a = linesOf(before);
    const Lines b = linesOf(after);
    std::string out;
    for (const auto& hunk : hunksOf(Matcher(a, b).steps())) {
        out += "@@ -" + rangeText(hunk.front().a1, hunk.back().a2) + " +" + rangeText(hunk.front().b1, hunk.back().b2) +
               " @@\n";
        for (const Step& step : hunk) {
            if (step.tag == Tag::Equal) {
                appendLines(out, ' ', a, step.a1, step.a2);
                continue;
            }
            if (step.tag != Tag::Insert) appendLines(out, '-', a, step.a1, step.a2);
            if (step.tag != Tag::Delete) appendLines(out, '+', b, step.b1, step.b2);
        }
    }
    return out;
}

}  // namespace qd::api

#include "cluster/control_plane/usage/exposition.h"

#include <charconv>

namespace qd::control_plane {
namespace {

// Takes what it recognises from the front of a line.
class LineReader {
public:
    explicit LineReader(std::string_view line) : m_rest(line) {}

    std::optional<MetricLine> read() {
        MetricLine line;
        line.name = takeUntil("{ \t");
        if (line.name.empty() || !readLabels(line)) return std::nullopt;
        const auto value = number<double>(word());
        if (!value) return std::nullopt;
        line.value = *value;
        if (const auto time = number<std::int64_t>(word())) line.at = base::WallTime(std::chrono::milliseconds(*time));
        return line;
    }

private:
    std::string_view takeUntil(std::string_view ends) {
        const std::size_t end = std::min(m_rest.find_first_of(ends), m_rest.size());
        const std::string_view taken = m_rest.substr(0, end);
        m_rest.remove_prefix(end);
        return taken;
    }
    void skip(std::string_view characters) {
        m_rest.remove_prefix(std::min(m_rest.find_first_not_of(characters), m_rest.size()));
    }
    bool take(char character) {
        if (!m_rest.starts_with(character)) return false;
        m_rest.remove_prefix(1);
        return true;
    }
    std::string_view word() {
        skip(" \t");
        return takeUntil(" \t\r");
    }
    bool readLabels(MetricLine& line) {
        skip(" \t");
        if (!take('{')) return true;
        for (;;) {
            skip(" \t,");
            if (take('}')) return true;
            const std::string_view key = takeUntil("= \t");
            skip(" \t");
            if (key.empty() || !take('=')) return false;
            skip(" \t");
            auto value = quoted();
            if (!value) return false;
            line.labels[std::string(key)] = std::move(*value);
        }
    }
    std::optional<std::string> quoted() {
        if (!take('"')) return std::nullopt;
        std::string text;
        while (!m_rest.empty()) {
            char character = m_rest.front();
            m_rest.remove_prefix(1);
            if (character == '"') return text;
            if (character == '\\' && !m_rest.empty()) {
                character = m_rest.front() == 'n' ? '\n' : m_rest.front();
                m_rest.remove_prefix(1);
            }
            text += character;
        }
        return std::nullopt;
    }
    template <typename T>
    static std::optional<T> number(std::string_view text) {
        if (text.starts_with('+')) text.remove_prefix(1);
        T value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
        return value;
    }

    std::string_view m_rest;
};

}  // namespace

std::string_view MetricLine::label(std::string_view key) const {
    const auto found = labels.find(key);
    return found == labels.end() ? std::string_view() : found->second;
}

void readExposition(std::string_view text, const std::function<void(const MetricLine&)>& take) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#') continue;
        if (const auto sample = LineReader(line).read()) take(*sample);
    }
}

}  // namespace qd::control_plane

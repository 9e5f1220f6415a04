#include "vmnodes/hollow/shell/arithmetic.h"

#include <cctype>
#include <charconv>

namespace qd::hollow::shell {
namespace {

using Number = std::optional<std::int64_t>;

// One operator of two numbers. Nothing when the result is none.
Number apply(std::string_view sign, std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    if (sign == "+") return __builtin_add_overflow(a, b, &result) ? Number() : result;
    if (sign == "-") return __builtin_sub_overflow(a, b, &result) ? Number() : result;
    if (sign == "*") return __builtin_mul_overflow(a, b, &result) ? Number() : result;
    if (sign == "/" || sign == "%") {
        if (b == 0 || b == -1) return b == 0 ? Number() : (sign == "%" ? Number(0) : apply("-", 0, a));
        return sign == "/" ? a / b : a % b;
    }
    if (sign == "==" || sign == "=") return a == b;
    if (sign == "!=") return a != b;
    if (sign == "<=") return a <= b;
    if (sign == ">=") return a >= b;
    if (sign == "<") return a < b;
    return a > b;
}

class Expression {
public:
    Expression(std::string_view text, const NumberOf& numberOf) : m_text(text), m_numberOf(numberOf) {}

    Number whole() {
        const Number value = level(0);
        skipBlanks();
        return m_at == m_text.size() ? value : std::nullopt;
    }

private:
    static constexpr int kLevels = 3;

    void skipBlanks() {
        while (m_at < m_text.size() && std::isspace(static_cast<unsigned char>(m_text[m_at])) != 0) ++m_at;
    }

    std::string_view sign(int ofLevel) {
        skipBlanks();
        static constexpr std::string_view kComparisons[] = {"==", "!=", "<=", ">=", "<", ">", "="};
        static constexpr std::string_view kSums[] = {"+", "-"};
        static constexpr std::string_view kProducts[] = {"*", "/", "%"};
        const auto among = [&](const auto& signs) -> std::string_view {
            for (const std::string_view each : signs) {
                if (m_text.substr(m_at).starts_with(each)) return m_at += each.size(), each;
            }
            return {};
        };
        return ofLevel == 0 ? among(kComparisons) : ofLevel == 1 ? among(kSums) : among(kProducts);
    }

    Number level(int which) {
        if (which == kLevels) return single();
        Number left = level(which + 1);
        while (left) {
            const std::string_view sign = this->sign(which);
            if (sign.empty()) return left;
            const Number right = level(which + 1);
            if (!right) return std::nullopt;
            left = apply(sign, *left, *right);
        }
        return left;
    }

    Number single() {
        skipBlanks();
        if (m_at == m_text.size() || m_depth > 50) return std::nullopt;
        if (m_text[m_at] == '-' || m_text[m_at] == '(') return enclosed(m_text[m_at++]);
        const std::size_t begin = m_at;
        while (m_at < m_text.size() && (std::isalnum(static_cast<unsigned char>(m_text[m_at])) != 0 || m_text[m_at] == '_')) ++m_at;
        const std::string_view word = m_text.substr(begin, m_at - begin);
        if (word.empty()) return std::nullopt;
        if (std::isdigit(static_cast<unsigned char>(word.front())) == 0) return m_numberOf(std::string(word));
        std::int64_t value = 0;
        const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
        return problem == std::errc() && end == word.data() + word.size() ? Number(value) : std::nullopt;
    }

    Number enclosed(char by) {
        ++m_depth;
        Number value = by == '-' ? single() : level(0);
        --m_depth;
        if (by == '-') return value ? apply("-", 0, *value) : value;
        skipBlanks();
        if (m_at == m_text.size() || m_text[m_at] != ')') return std::nullopt;
        ++m_at;
        return value;
    }

    std::string_view m_text;
    const NumberOf& m_numberOf;
    std::size_t m_at = 0;
    int m_depth = 0;
};

}  // namespace

std::optional<std::int64_t> evaluate(std::string_view expression, const NumberOf& numberOf) {
    return Expression(expression, numberOf).whole();
}

}  // namespace qd::hollow::shell

#include "cluster/api/meta/selectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "cluster/api/field/path.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/types/meta_v1.h"

namespace qd::api {
namespace {

using Operator = LabelSelector::Operator;
using Requirement = LabelSelector::Requirement;

enum class TokenKind { Identifier, In, NotIn, Equals, DoubleEquals, NotEquals, Not, Greater, Less, Open, Close, Comma, End };

struct Token {
    TokenKind kind = TokenKind::End;
    std::string text;
};

bool isSpecial(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }
bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::vector<Token> tokenize(std::string_view text) {
    std::vector<Token> tokens;
    std::size_t i = 0;
    while (i < text.size()) {
        const char c = text[i];
        if (isSpace(c)) {
            ++i;
        } else if (isSpecial(c)) {
            const std::string_view two = text.substr(i, 2);
            if (two == "==") tokens.push_back({TokenKind::DoubleEquals, "=="});
            else if (two == "!=") tokens.push_back({TokenKind::NotEquals, "!="});
            else if (c == '=') tokens.push_back({TokenKind::Equals, "="});
            else if (c == '!') tokens.push_back({TokenKind::Not, "!"});
            else if (c == '(') tokens.push_back({TokenKind::Open, "("});
            else if (c == ')') tokens.push_back({TokenKind::Close, ")"});
            else if (c == ',') tokens.push_back({TokenKind::Comma, ","});
            else if (c == '>') tokens.push_back({TokenKind::Greater, ">"});
            else tokens.push_back({TokenKind::Less, "<"});
            i += tokens.back().text.size();
        } else {
            std::size_t end = i;
            while (end < text.size() && !isSpecial(text[end]) && !isSpace(text[end])) ++end;
            const std::string word(text.substr(i, end - i));
            tokens.push_back({word == "in" ? TokenKind::In : word == "notin" ? TokenKind::NotIn : TokenKind::Identifier, word});
            i = end;
        }
    }
    tokens.push_back({TokenKind::End, ""});
    return tokens;
}

// Where a value may stand, the words "in" and "notin" are plain identifiers.
class Parser {
public:
    explicit Parser(std::string_view text) : m_tokens(tokenize(text)) {}
    Result<std::vector<Requirement>> parse();

private:
    const Token& here() const { return m_tokens[m_at]; }
    TokenKind valueKind() const {
        const TokenKind kind = here().kind;
        return kind == TokenKind::In || kind == TokenKind::NotIn ? TokenKind::Identifier : kind;
    }
    Token take() {
        Token token = m_tokens[m_at];
        if (m_at + 1 < m_tokens.size()) ++m_at;
        return token;
    }
    base::Failure found(const Token& token, std::string_view expected) const {
        return fail(Reason::BadRequest, fmt::format("found '{}', expected: {}", token.text, expected));
    }
    Result<Requirement> requirement();
    Result<Operator> op();
    Result<std::vector<std::string>> values();
    Result<std::vector<std::string>> identifiers();

    std::vector<Token> m_tokens;
    std::size_t m_at = 0;
};

Result<std::vector<Requirement>> Parser::parse() {
    std::vector<Requirement> all;
    while (true) {
        const TokenKind kind = valueKind();
        if (kind == TokenKind::End) return all;
        if (kind != TokenKind::Identifier && kind != TokenKind::Not) return found(here(), "!, identifier, or 'end of string'");
        auto next = requirement();
        if (!next) return fail(next.error().within("unable to parse requirement"));
        all.push_back(std::move(*next));
        const Token separator = take();
        if (separator.kind == TokenKind::End) return all;
        if (separator.kind != TokenKind::Comma) return found(separator, "',' or 'end of string'");
        if (valueKind() != TokenKind::Identifier && valueKind() != TokenKind::Not) return found(here(), "identifier after ','");
    }
}

Result<void> checkRequirement(const Requirement& requirement) {
    field::Errors errors;
    if (const auto bad = qualifiedNameErrors(requirement.key); !bad.empty()) {
        errors.push_back(field::invalid(field::Path("key"), requirement.key, joinComplaints(bad)));
    }
    const bool isSet = requirement.op == Operator::In || requirement.op == Operator::NotIn;
    if (isSet && requirement.values.empty()) {
        errors.push_back(field::invalid(field::Path("values"), field::Shown::raw("[]"), "for 'in', 'notin' operators, values set can't be empty"));
    }
    for (std::size_t i = 0; i < requirement.values.size(); ++i) {
        const std::string& value = requirement.values[i];
        const field::Path path = field::Path("values").index(i);
        if (requirement.op == Operator::GreaterThan || requirement.op == Operator::LessThan) {
            std::int64_t number = 0;
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
            if (error != std::errc{} || end != value.data() + value.size()) {
                errors.push_back(field::invalid(path, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
            }
        }
        const field::Path ofKey = field::Path("values").index(i).key(requirement.key);
        if (const auto bad = labelValueErrors(value); !bad.empty()) errors.push_back(field::invalid(ofKey, value, joinComplaints(bad)));
    }
    if (errors.empty()) return {};
    std::vector<std::string> messages;
    for (const auto& error : errors) messages.push_back(error.message());
    return fail(Reason::BadRequest, field::aggregate(messages));
}

Result<Requirement> Parser::requirement() {
    Requirement result;
    Token key = take();
    bool negated = false;
    if (key.kind == TokenKind::Not) {
        negated = true;
        key = take();
    }
    const bool isIdentifier = key.kind == TokenKind::Identifier || key.kind == TokenKind::In || key.kind == TokenKind::NotIn;
    if (!isIdentifier) return found(key, "identifier");
    result.key = key.text;
    if (const auto bad = qualifiedNameErrors(result.key); !bad.empty()) {
        return fail(Reason::BadRequest, field::invalid(field::Path(""), result.key, joinComplaints(bad)).message());
    }
    if (negated) {
        result.op = Operator::DoesNotExist;
        return result;
    }
    if (here().kind == TokenKind::End || here().kind == TokenKind::Comma) return result;
    auto chosen = op();
    if (!chosen) return fail(std::move(chosen.error()));
    result.op = *chosen;
    Result<std::vector<std::string>> read = std::vector<std::string>{};
    if (result.op == Operator::In || result.op == Operator::NotIn) {
        read = values();
    } else if (valueKind() == TokenKind::End || valueKind() == TokenKind::Comma) {
        read = std::vector<std::string>{""};
    } else if (valueKind() == TokenKind::Identifier) {
        read = std::vector<std::string>{take().text};
    } else {
        return found(here(), "identifier");
    }
    if (!read) return fail(std::move(read.error()));
    result.values = std::move(*read);
    std::sort(result.values.begin(), result.values.end());
    result.values.erase(std::unique(result.values.begin(), result.values.end()), result.values.end());
    if (auto valid = checkRequirement(result); !valid) return fail(std::move(valid.error()));
    return result;
}

Result<Operator> Parser::op() {
    const Token token = take();
    switch (token.kind) {
        case TokenKind::In: return Operator::In;
        case TokenKind::NotIn: return Operator::NotIn;
        case TokenKind::Equals:
        case TokenKind::DoubleEquals: return Operator::Equals;
        case TokenKind::NotEquals: return Operator::NotEquals;
        case TokenKind::Greater: return Operator::GreaterThan;
        case TokenKind::Less: return Operator::LessThan;
        default: return found(token, "in, notin, =, ==, !=, gt, lt");
    }
}

Result<std::vector<std::string>> Parser::values() {
    const Token open = take();
    if (open.kind != TokenKind::Open) return fail(Reason::BadRequest, fmt::format("found '{}' expected: '('", open.text));
    const TokenKind next = valueKind();
    if (next == TokenKind::Close) {
        take();
        return std::vector<std::string>{};
    }
    if (next != TokenKind::Identifier && next != TokenKind::Comma) return found(here(), "',', ')' or identifier");
    auto list = identifiers();
    if (!list) return list;
    const Token close = take();
    if (close.kind != TokenKind::Close) return found(close, "')'");
    return list;
}

Result<std::vector<std::string>> Parser::identifiers() {
    std::vector<std::string> list;
    while (true) {
        if (valueKind() == TokenKind::Identifier) {
            list.push_back(take().text);
            if (here().kind == TokenKind::Close) return list;
            if (here().kind != TokenKind::Comma) return found(here(), "',' or ')'");
        } else if (here().kind == TokenKind::Comma) {
            take();
            if (list.empty()) list.emplace_back();
            if (here().kind == TokenKind::Close) {
                list.emplace_back();
                return list;
            }
            if (here().kind == TokenKind::Comma) {
                take();
                list.emplace_back();
            }
        } else {
            return found(here(), "',', or identifier");
        }
    }
}

const std::string* valueOf(const Labels& labels, const std::string& key) {
    const auto found = labels.find(key);
    return found == labels.end() ? nullptr : &found->second;
}

bool readNumber(std::string_view text, std::int64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

bool LabelSelector::Requirement::matches(const Labels& labels) const {
    const std::string* value = valueOf(labels, key);
    const bool among = value && std::find(values.begin(), values.end(), *value) != values.end();
    switch (op) {
        case Operator::In:
        case Operator::Equals: return among;
        case Operator::NotIn:
        case Operator::NotEquals: return !among;
        case Operator::Exists: return value != nullptr;
        case Operator::DoesNotExist: return value == nullptr;
        case Operator::GreaterThan:
        case Operator::LessThan: break;
    }
    std::int64_t actual = 0;
    std::int64_t bound = 0;
    if (!value || values.size() != 1 || !readNumber(*value, actual) || !readNumber(values.front(), bound)) return false;
    return op == Operator::GreaterThan ? actual > bound : actual < bound;
}

LabelSelector LabelSelector::nothing() {
    LabelSelector selector;
    selector.m_nothing = true;
    return selector;
}

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
    auto requirements = Parser(text).parse();
    if (!requirements) return fail(std::move(requirements.error()));
    LabelSelector selector;
    selector.m_requirements = std::move(*requirements);
    std::stable_sort(selector.m_requirements.begin(), selector.m_requirements.end(), [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
    return selector;
}

Result<LabelSelector> LabelSelector::from(const metav1::LabelSelector& selector) {
    LabelSelector result = fromMap(selector.matchLabels);
    for (const auto& expression : selector.matchExpressions) {
        Requirement requirement{expression.key, Operator::In, expression.values};
        if (expression.operator_ == "In") requirement.op = Operator::In;
        else if (expression.operator_ == "NotIn") requirement.op = Operator::NotIn;
        else if (expression.operator_ == "Exists") requirement.op = Operator::Exists;
        else if (expression.operator_ == "DoesNotExist") requirement.op = Operator::DoesNotExist;
        else return fail(Reason::BadRequest, fmt::format("\"{}\" is not a valid label selector operator", expression.operator_));
        std::sort(requirement.values.begin(), requirement.values.end());
        result.m_requirements.push_back(std::move(requirement));
    }
    return result;
}

LabelSelector LabelSelector::fromMap(const Labels& labels) {
    LabelSelector selector;
    for (const auto& [key, value] : labels) selector.m_requirements.push_back({key, Operator::Equals, {value}});
    return selector;
}

bool LabelSelector::matches(const Labels& labels) const {
    if (m_nothing) return false;
    return std::all_of(m_requirements.begin(), m_requirements.end(), [&](const Requirement& requirement) { return requirement.matches(labels); });
}

std::string LabelSelector::toString() const {
    std::vector<std::string> parts;
    for (const auto& r : m_requirements) {
        const std::string first = r.values.empty() ? "" : r.values.front();
        switch (r.op) {
            case Operator::In: parts.push_back(fmt::format("{} in ({})", r.key, fmt::join(r.values, ","))); break;
            case Operator::NotIn: parts.push_back(fmt::format("{} notin ({})", r.key, fmt::join(r.values, ","))); break;
            case Operator::Exists: parts.push_back(r.key); break;
            case Operator::DoesNotExist: parts.push_back("!" + r.key); break;
            case Operator::Equals: parts.push_back(r.key + "=" + first); break;
            case Operator::NotEquals: parts.push_back(r.key + "!=" + first); break;
            case Operator::GreaterThan: parts.push_back(r.key + ">" + first); break;
            case Operator::LessThan: parts.push_back(r.key + "<" + first); break;
        }
    }
    return fmt::format("{}", fmt::join(parts, ","));
}

Result<FieldSelector> FieldSelector::parse(std::string_view text) {
    FieldSelector selector;
    std::string part;
    const auto finish = [&]() -> Result<void> {
        if (part.empty()) return {};
        Term term;
        if (auto at = part.find("!="); at != std::string::npos) {
            term = {part.substr(0, at), part.substr(at + 2), false};
        } else if (at = part.find('='); at != std::string::npos) {
            const std::size_t skip = part.compare(at, 2, "==") == 0 ? 2 : 1;
            term = {part.substr(0, at), part.substr(at + skip), true};
        } else {
            return fail(Reason::BadRequest, fmt::format("invalid selector: '{}'; can't understand '{}'", text, part));
        }
        selector.m_terms.push_back(std::move(term));
        part.clear();
        return {};
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
            part += text[++i];
        } else if (text[i] == ',') {
            if (auto done = finish(); !done) return fail(std::move(done.error()));
        } else {
            part += text[i];
        }
    }
    if (auto done = finish(); !done) return fail(std::move(done.error()));
    return selector;
}

bool FieldSelector::matches(const std::map<std::string, std::string>& fields) const {
    return std::all_of(m_terms.begin(), m_terms.end(), [&](const Term& term) {
        const auto found = fields.find(term.field);
        const bool same = (found == fields.end() ? std::string() : found->second) == term.value;
        return same == term.equal;
    });
}

const std::string* FieldSelector::required(std::string_view fieldName) const {
    for (const Term& term : m_terms) {
        if (term.field == fieldName && term.equal) return &term.value;
    }
    return nullptr;
}

}  // namespace qd::api

#include "cluster/api/meta/names.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace qd::api {
namespace {

constexpr std::size_t kLabelLength = 63;
constexpr std::size_t kSubdomainLength = 253;
constexpr std::size_t kPortNameLength = 15;

bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLowerOrDigit(char c) { return isLower(c) || isDigit(c); }
bool isAlphanumeric(char c) { return isLowerOrDigit(c) || isUpper(c); }

// Upstream words the limit of label keys and values, and of the prefix of keys, differently from all others.
std::string tooLong(std::size_t length) { return fmt::format("must be no more than {} characters", length); }
std::string tooManyBytes(std::size_t length) { return fmt::format("must be no more than {} bytes", length); }

// "<what> (e.g. 'a',  or 'b', regex used for validation is '<regex>')", the odd comma included.
std::string mustMatch(std::string_view what, std::string_view regex, const std::vector<std::string_view>& examples) {
    std::string text = fmt::format("{} (", what);
    if (!examples.empty()) {
        text += "e.g. ";
        for (std::size_t i = 0; i < examples.size(); ++i) {
            if (i > 0) text += " or ";
            text += fmt::format("'{}', ", examples[i]);
        }
    }
    return text + fmt::format("regex used for validation is '{}')", regex);
}

bool isDns1123Label(std::string_view text) {
    return !text.empty() && isLowerOrDigit(text.front()) && isLowerOrDigit(text.back()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return isLowerOrDigit(c) || c == '-'; });
}

bool isDns1123Subdomain(std::string_view text) {
    while (true) {
        const auto dot = text.find('.');
        if (!isDns1123Label(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

// ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]
bool isNamePart(std::string_view text) {
    return !text.empty() && isAlphanumeric(text.front()) && isAlphanumeric(text.back()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return isAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

constexpr std::string_view kLabelRegex = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kSubdomainRegex = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
constexpr std::string_view kQualifiedRegex = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
constexpr std::string_view kSubdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
    "with an alphanumeric character";
constexpr std::string_view kEmpty = "must be non-empty";

}  // namespace

std::string joinComplaints(const Complaints& complaints) { return fmt::format("{}", fmt::join(complaints, "; ")); }

std::string withoutTrailingDash(std::string_view name, bool isPrefix) {
    if (!isPrefix || name.size() < 2 || name.back() != '-') return std::string(name);
    return std::string(name.substr(0, name.size() - 2)) + "a";
}

Complaints nameAsSubdomainErrors(const std::string& name, bool isPrefix) { return dns1123SubdomainErrors(withoutTrailingDash(name, isPrefix)); }
Complaints nameAsLabelErrors(const std::string& name, bool isPrefix) { return dns1123LabelErrors(withoutTrailingDash(name, isPrefix)); }
Complaints nameAsDns1035LabelErrors(const std::string& name, bool isPrefix) { return dns1035LabelErrors(withoutTrailingDash(name, isPrefix)); }
Complaints nameAsPathSegmentErrors(const std::string& name, bool isPrefix) { return pathSegmentErrors(name, isPrefix); }

Complaints dns1123LabelErrors(std::string_view text) {
    Complaints all;
    if (text.size() > kLabelLength) all.push_back(tooLong(kLabelLength));
    if (!isDns1123Label(text)) {
        if (isDns1123Subdomain(text)) {
            all.emplace_back("must not contain dots");
        } else {
            all.push_back(mustMatch("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
                                    "start and end with an alphanumeric character",
                                    kLabelRegex, {"my-name", "123-abc"}));
        }
    }
    return all;
}

Complaints dns1123SubdomainErrors(std::string_view text) {
    Complaints all;
    if (text.size() > kSubdomainLength) all.push_back(tooLong(kSubdomainLength));
    if (!isDns1123Subdomain(text)) all.push_back(mustMatch(kSubdomainRule, kSubdomainRegex, {"example.com"}));
    return all;
}

Complaints dns1035LabelErrors(std::string_view text) {
    Complaints all;
    if (text.size() > kLabelLength) all.push_back(tooLong(kLabelLength));
    if (text.empty() || !isLower(text.front()) || !isDns1123Label(text)) {
        all.push_back(mustMatch("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
                                "alphabetic character, and end with an alphanumeric character",
                                "[a-z]([-a-z0-9]*[a-z0-9])?", {"my-name", "abc-123"}));
    }
    return all;
}

Complaints qualifiedNameErrors(std::string_view text) {
    Complaints all;
    std::string_view name = text;
    const auto slashes = std::count(text.begin(), text.end(), '/');
    const std::string shape = mustMatch("a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
                                        kQualifiedRegex, {"MyName", "my.name", "123-abc"}) +
                              " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    if (slashes == 1) {
        const auto slash = text.find('/');
        const std::string_view prefix = text.substr(0, slash);
        name = text.substr(slash + 1);
        if (prefix.empty()) {
            all.push_back("prefix part " + std::string(kEmpty));
        } else {
            if (prefix.size() > kSubdomainLength) all.push_back("prefix part " + tooManyBytes(kSubdomainLength));
            if (!isDns1123Subdomain(prefix)) all.push_back("prefix part " + mustMatch(kSubdomainRule, kSubdomainRegex, {"example.com"}));
        }
    } else if (slashes > 1) {
        all.push_back(shape);
        return all;
    }
    if (name.empty()) {
        all.push_back("name part " + std::string(kEmpty));
    } else if (name.size() > kLabelLength) {
        all.push_back("name part " + tooManyBytes(kLabelLength));
    }
    if (!isNamePart(name)) {
        all.push_back("name part " + mustMatch("must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
                                               kQualifiedRegex, {"MyName", "my.name", "123-abc"}));
    }
    return all;
}

Complaints labelValueErrors(std::string_view text) {
    Complaints all;
    if (text.size() > kLabelLength) all.push_back(tooManyBytes(kLabelLength));
    if (!text.empty() && !isNamePart(text)) {
        all.push_back(mustMatch("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end "
                                "with an alphanumeric character",
                                "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", {"MyValue", "my_value", "12345"}));
    }
    return all;
}

Complaints pathSegmentErrors(std::string_view text, bool isPrefix) {
    Complaints all;
    if (!isPrefix && (text == "." || text == "..")) return {fmt::format("may not be '{}'", text)};
    for (const std::string_view bad : {"/", "%"}) {
        if (text.find(bad) != std::string_view::npos) all.push_back(fmt::format("may not contain '{}'", bad));
    }
    return all;
}

Complaints configMapKeyErrors(std::string_view text) {
    Complaints all;
    if (text.size() > kSubdomainLength) all.push_back(tooLong(kSubdomainLength));
    const bool matches = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return isAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
    if (!matches) {
        all.push_back(mustMatch("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", "[-._a-zA-Z0-9]+",
                                {"key.name", "KEY_NAME", "key-name"}));
    }
    if (text == "." || text == "..") {
        all.push_back(fmt::format("must not be '{}'", text));
    } else if (text.starts_with("..")) {
        all.emplace_back("must not start with '..'");
    }
    return all;
}

Complaints environmentNameErrors(std::string_view text) {
    if (text.empty()) return {"environment variable name " + std::string(kEmpty)};
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '='; });
    if (!printable) return {"a valid environment variable name must consist only of printable ASCII characters other than '='"};
    return {};
}

Complaints cIdentifierErrors(std::string_view text) {
    const bool matches = !text.empty() && !isDigit(text.front()) && std::all_of(text.begin(), text.end(), [](char c) { return isAlphanumeric(c) || c == '_'; });
    if (matches) return {};
    return {mustMatch("a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
                      "[A-Za-z_][A-Za-z0-9_]*", {"my_name", "MY_NAME", "MyName"})};
}

Complaints portNameErrors(std::string_view text) {
    Complaints all;
    if (text.size() > kPortNameLength) all.push_back(tooLong(kPortNameLength));
    if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return isLowerOrDigit(c) || c == '-'; })) {
        all.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if (!std::any_of(text.begin(), text.end(), isLower)) all.emplace_back("must contain at least one letter (a-z)");
    if (text.find("--") != std::string_view::npos) all.emplace_back("must not contain consecutive hyphens");
    if (!text.empty() && (text.front() == '-' || text.back() == '-')) all.emplace_back("must not begin or end with a hyphen");
    return all;
}

Complaints httpHeaderNameErrors(std::string_view text) {
    const bool matches = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return isAlphanumeric(c) || c == '-'; });
    if (matches) return {};
    return {mustMatch("a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", {"X-Header-Name"})};
}

Complaints rangeErrors(std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value >= least && value <= most) return {};
    return {fmt::format("must be between {} and {}, inclusive", least, most)};
}

Complaints underscoredSubdomainErrors(std::string_view text) {
    Complaints all;
    if (text.size() > kSubdomainLength) all.push_back(tooLong(kSubdomainLength));
    std::string_view rest = text;
    bool matches = true;
    while (matches) {
        const auto dot = rest.find('.');
        std::string_view label = rest.substr(0, dot);
        if (label.starts_with('_')) label.remove_prefix(1);
        matches = !label.empty() && isLowerOrDigit(label.front()) && isLowerOrDigit(label.back()) &&
                  std::all_of(label.begin(), label.end(), [](char c) { return isLowerOrDigit(c) || c == '-' || c == '_'; });
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    if (!matches) {
        all.push_back(mustMatch("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start "
                                "and end with an alphanumeric character",
                                "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*", {"example.com"}));
    }
    return all;
}

Complaints portNumberErrors(std::int64_t port) {
    if (port >= 1 && port <= 65535) return {};
    return {"must be between 1 and 65535, inclusive"};
}

Complaints wildcardSubdomainErrors(std::string_view text) {
    Complaints all;
    if (text.size() > kSubdomainLength) all.push_back(tooLong(kSubdomainLength));
    if (!text.starts_with("*.") || !isDns1123Subdomain(text.substr(2))) {
        all.push_back(mustMatch("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
                                "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
                                "\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", {"*.example.com"}));
    }
    return all;
}

Complaints ipErrors(std::string_view text) {
    const std::string copy(text);
    in6_addr address{};
    if (inet_pton(AF_INET, copy.c_str(), &address) == 1 || inet_pton(AF_INET6, copy.c_str(), &address) == 1) return {};
    return {"must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"};
}

Complaints cidrErrors(std::string_view text) {
    const auto slash = text.find('/');
    int prefix = -1;
    if (slash != std::string_view::npos && ipErrors(text.substr(0, slash)).empty()) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
        const int longest = text.find(':') == std::string_view::npos ? 32 : 128;
        if (error == std::errc{} && end == digits.data() + digits.size() && prefix >= 0 && prefix <= longest) return {};
    }
    return {"must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"};
}

Complaints percentErrors(std::string_view text) {
    const bool matches = text.size() >= 2 && text.back() == '%' && std::all_of(text.begin(), text.end() - 1, isDigit);
    if (matches) return {};
    return {mustMatch("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", {"1%", "93%"})};
}

}  // namespace qd::api

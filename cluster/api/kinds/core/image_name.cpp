#include "cluster/api/kinds/core/image_name.h"

#include <algorithm>
#include <cctype>

namespace qd::api {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestTag = 128;

bool isLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool isWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool isHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)); }

// Lower case letters and digits, with one dot, one or two underscores, or any number of dashes between them.
bool isPathComponent(std::string_view text) {
    if (text.empty() || !isLowerOrDigit(text.front()) || !isLowerOrDigit(text.back())) return false;
    for (std::size_t i = 0; i < text.size();) {
        if (isLowerOrDigit(text[i])) {
            ++i;
            continue;
        }
        const std::size_t end = std::min(text.find_first_of("abcdefghijklmnopqrstuvwxyz0123456789", i), text.size());
        const std::string_view separator = text.substr(i, end - i);
        const bool dashes = std::all_of(separator.begin(), separator.end(), [](char c) { return c == '-'; });
        if (!dashes && separator != "." && separator != "_" && separator != "__") return false;
        i = end;
    }
    return true;
}

bool isDomain(std::string_view text) {
    if (const auto colon = text.rfind(':'); colon != std::string_view::npos && !text.ends_with(']')) {
        const std::string_view port = text.substr(colon + 1);
        if (port.empty() || !std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c); })) return false;
        text = text.substr(0, colon);
    }
    if (text.starts_with('[') && text.ends_with(']')) return text.size() > 2;
    while (true) {
        const auto dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        const auto alphanumeric = [](unsigned char c) { return std::isalnum(c); };
        if (part.empty() || !alphanumeric(part.front()) || !alphanumeric(part.back())) return false;
        if (!std::all_of(part.begin(), part.end(), [&](char c) { return alphanumeric(c) || c == '-'; })) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool isDigest(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view algorithm = text.substr(0, colon);
    const std::string_view hex = text.substr(colon + 1);
    const std::size_t length = algorithm == "sha256" ? 64 : algorithm == "sha384" ? 96 : algorithm == "sha512" ? 128 : 0;
    return length != 0 && hex.size() == length && std::all_of(hex.begin(), hex.end(), isHex);
}

bool isTag(std::string_view text) {
    return !text.empty() && text.size() <= kLongestTag && isWord(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return isWord(c) || c == '.' || c == '-'; });
}

}  // namespace

std::optional<std::string> imageTag(std::string_view image) {
    if (image.size() == 64 && std::all_of(image.begin(), image.end(), [](char c) { return isHex(c) && !std::isupper(static_cast<unsigned char>(c)); })) return std::nullopt;
    std::string_view rest = image;
    bool digested = false;
    if (const auto at = rest.find('@'); at != std::string_view::npos) {
        if (!isDigest(rest.substr(at + 1))) return std::nullopt;
        digested = true;
        rest = rest.substr(0, at);
    }
    std::string_view path = rest;
    std::size_t length = std::string_view("docker.io/").size();
    if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
        const std::string_view first = rest.substr(0, slash);
        const bool upper = std::any_of(first.begin(), first.end(), [](unsigned char c) { return std::isupper(c); });
        if (first.find_first_of(".:") != std::string_view::npos || first == "localhost" || upper) {
            if (!isDomain(first)) return std::nullopt;
            path = rest.substr(slash + 1);
            length = slash + 1;
        }
    }
    std::string tag;
    if (const auto colon = path.find(':'); colon != std::string_view::npos) {
        if (!isTag(path.substr(colon + 1))) return std::nullopt;
        tag = path.substr(colon + 1);
        path = path.substr(0, colon);
    }
    if (length + path.size() > kLongestName) return std::nullopt;
    while (true) {
        const auto slash = path.find('/');
        if (!isPathComponent(path.substr(0, slash))) return std::nullopt;
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash + 1);
    }
    if (tag.empty() && !digested) tag = "latest";
    return tag;
}

std::string defaultPullPolicy(std::string_view image) { return imageTag(image) == "latest" ? "Always" : "IfNotPresent"; }

}  // namespace qd::api

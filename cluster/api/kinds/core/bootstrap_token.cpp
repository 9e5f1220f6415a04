#include "cluster/api/kinds/core/bootstrap_token.h"

#include <algorithm>
#include <set>

namespace qd::api {
namespace {

constexpr std::size_t kLongestGroup = 256;  // beyond the prefix

bool isLowerAlphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool isLowerAlphanumeric(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return isLowerAlphanumeric(c); });
}

// Takes the same time wherever the first difference is.
bool sameSecret(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    return difference == 0;
}

// system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]
bool isBootstrapGroup(std::string_view group) {
    const std::string prefix = std::string(kBootstrappersGroup) + ":";
    if (!group.starts_with(prefix)) return false;
    group.remove_prefix(prefix.size());
    if (group.empty() || group.size() > kLongestGroup || !isLowerAlphanumeric(group.back())) return false;
    return std::all_of(group.begin(), group.end(),
                       [](char c) { return isLowerAlphanumeric(c) || c == ':' || c == '-'; });
}

}  // namespace

std::optional<BootstrapToken> parseBootstrapToken(std::string_view text) {
    if (text.size() != kBootstrapTokenIdLength + 1 + kBootstrapTokenSecretLength || text[kBootstrapTokenIdLength] != '.') return std::nullopt;
    const auto id = text.substr(0, kBootstrapTokenIdLength);
    const auto secret = text.substr(kBootstrapTokenIdLength + 1);
    if (!isLowerAlphanumeric(id) || !isLowerAlphanumeric(secret)) return std::nullopt;
    return BootstrapToken{std::string(id), std::string(secret)};
}

std::string textOf(const BootstrapToken& token) { return token.id + "." + token.secret; }

bool holdsBootstrapToken(const corev1::Secret& secret) {
    return secret.type == kBootstrapTokenType && secret.metadata.namespace_ == kBootstrapTokenNamespace;
}

std::string bootstrapData(const corev1::Secret& secret, std::string_view key) {
    const auto found = secret.data.find(key);
    return found == secret.data.end() ? std::string() : found->second.data;
}

std::optional<base::WallTime> bootstrapTokenEnd(const corev1::Secret& secret) {
    const std::string text = bootstrapData(secret, "expiration");
    if (text.empty()) return std::nullopt;
    const auto time = Time::parse(text);
    return time ? time->wall() : base::WallTime();
}

bool hasEnded(const corev1::Secret& secret, base::WallTime now) {
    const auto end = bootstrapTokenEnd(secret);
    return end && *end <= now;
}

std::optional<BootstrapToken> signingToken(const corev1::Secret& secret, base::WallTime now) {
    BootstrapToken token{bootstrapData(secret, "token-id"), bootstrapData(secret, "token-secret")};
    const bool named = token.id.size() == kBootstrapTokenIdLength && isLowerAlphanumeric(token.id) &&
                       secret.metadata.name == kBootstrapTokenPrefix + token.id;
    if (!named || token.secret.empty() || hasEnded(secret, now) ||
        bootstrapData(secret, "usage-bootstrap-signing") != "true")
        return std::nullopt;
    return token;
}

std::optional<std::vector<std::string>> groupsForToken(const corev1::Secret& secret, const BootstrapToken& token,
                                                       base::WallTime now) {
    const bool usable = !secret.metadata.deletionTimestamp && secret.type == kBootstrapTokenType &&
                        sameSecret(bootstrapData(secret, "token-secret"), token.secret) &&
                        bootstrapData(secret, "token-id") == token.id && !hasEnded(secret, now) &&
                        bootstrapData(secret, "usage-bootstrap-authentication") == "true";
    if (!usable) return std::nullopt;
    std::set<std::string> groups = {kBootstrappersGroup};
    const std::string listed = bootstrapData(secret, "auth-extra-groups");
    std::string_view extra = listed;
    while (!extra.empty()) {
        const auto end = std::min(extra.find(','), extra.size());
        const auto group = extra.substr(0, end);
        if (!isBootstrapGroup(group)) return std::nullopt;
        groups.emplace(group);
        if (end + 1 == extra.size()) return std::nullopt;  // an empty group after the last comma
        extra.remove_prefix(std::min(end + 1, extra.size()));
    }
    return std::vector<std::string>(groups.begin(), groups.end());
}

}  // namespace qd::api

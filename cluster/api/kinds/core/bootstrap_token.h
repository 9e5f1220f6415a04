// Bootstrap tokens: what a machine that wants to join a cluster has instead of an identity. Each stands in a Secret of
// the type bootstrap.kubernetes.io/token in kube-system. Pure. Source:
// https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::api {

inline constexpr std::size_t kBootstrapTokenIdLength = 6;
inline constexpr std::size_t kBootstrapTokenSecretLength = 16;
inline constexpr char kBootstrapTokenType[] = "bootstrap.kubernetes.io/token";
inline constexpr char kBootstrapTokenNamespace[] = "kube-system";
inline constexpr char kBootstrapTokenPrefix[] = "bootstrap-token-";  // of the Secret's name
inline constexpr char kBootstrappersGroup[] = "system:bootstrappers";
inline constexpr char kBootstrapUserPrefix[] = "system:bootstrap:";

struct BootstrapToken {
    std::string id;      // public
    std::string secret;  // not
    bool operator==(const BootstrapToken&) const = default;
};

// "abcdef.0123456789abcdef", else nothing.
std::optional<BootstrapToken> parseBootstrapToken(std::string_view text);
std::string textOf(const BootstrapToken& token);

// Of the type and in the namespace where bootstrap tokens are looked for.
bool holdsBootstrapToken(const corev1::Secret& secret);
// The text under a key of the Secret; empty when there is none.
std::string bootstrapData(const corev1::Secret& secret, std::string_view key);
// When the token ends; nothing: never. A time that cannot be read has passed.
std::optional<base::WallTime> bootstrapTokenEnd(const corev1::Secret& secret);
bool hasEnded(const corev1::Secret& secret, base::WallTime now);

// The token with which cluster-info is to be signed; nothing when this one is not for that, incomplete or over.
std::optional<BootstrapToken> signingToken(const corev1::Secret& secret, base::WallTime now);
// The groups of whoever shows this token, sorted; nothing when it is not the Secret's or may not be used so.
std::optional<std::vector<std::string>> groupsForToken(const corev1::Secret& secret, const BootstrapToken& token,
                                                       base::WallTime now);

}  // namespace qd::api

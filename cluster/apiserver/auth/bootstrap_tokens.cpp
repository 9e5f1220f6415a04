#include "cluster/apiserver/auth/bootstrap_tokens.h"

#include <algorithm>

#include "cluster/api/kinds/core/bootstrap_token.h"

namespace qd::apiserver {

Result<std::optional<TokenIdentity>> BootstrapTokens::identify(std::string_view token,
                                                               const std::vector<std::string>& audiences) const {
    const std::optional<TokenIdentity> unknown;
    const auto shown = api::parseBootstrapToken(token);
    if (!shown) return unknown;
    const auto secret = m_reader.get("secrets", api::kBootstrapTokenNamespace, api::kBootstrapTokenPrefix + shown->id);
    if (!secret) return unknown;
    auto groups = api::groupsForToken(static_cast<const corev1::Secret&>(*secret), *shown, m_clock.now());
    if (!groups) return unknown;
    TokenIdentity identity;
    for (const auto& audience : m_audiences) {
        if (std::find(audiences.begin(), audiences.end(), audience) != audiences.end())
            identity.audiences.push_back(audience);
    }
    if (identity.audiences.empty() && !audiences.empty()) return unknown;
    identity.user = {
        .name = api::kBootstrapUserPrefix + shown->id, .uid = {}, .groups = std::move(*groups), .extra = {}};
    return std::optional(std::move(identity));
}

}  // namespace qd::apiserver

#include "cluster/apiserver/auth/legacy_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/api/types/core_v1.h"

namespace qd::apiserver {
namespace {

namespace json = boost::json;

constexpr const char* kLegacyIssuer = "kubernetes/serviceaccount";
constexpr const char* kNamespace = "kubernetes.io/serviceaccount/namespace";
constexpr const char* kSecret = "kubernetes.io/serviceaccount/secret.name";
constexpr const char* kAccountName = "kubernetes.io/serviceaccount/service-account.name";
constexpr const char* kAccountUid = "kubernetes.io/serviceaccount/service-account.uid";

std::string textOf(const json::object& claims, const char* name) {
    const json::value* value = claims.if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string userName(const LegacyClaims& claims) { return fmt::format("{}{}:{}", kServiceAccountUserPrefix, claims.namespace_, claims.account.name); }

base::Failure refused(std::string why) { return fail(Reason::Unauthorized, std::move(why)); }

}  // namespace

Result<std::string> issueLegacyToken(const ServiceAccountIssuer& issuer, const LegacyClaims& claims) {
    const json::object all{{"iss", kLegacyIssuer},
                           {kNamespace, claims.namespace_},
                           {kSecret, claims.secret},
                           {kAccountName, claims.account.name},
                           {kAccountUid, claims.account.uid},
                           {"sub", userName(claims)}};
    return issuer.sign(json::serialize(all));
}

Result<void> LegacyTokens::check(const LegacyClaims& claims, std::string_view token) const {
    const auto secret = m_reader.get("secrets", claims.namespace_, claims.secret);
    if (!secret || secret->metadata.deletionTimestamp) return refused("Token has been invalidated");
    const auto& data = static_cast<const corev1::Secret&>(*secret).data;
    const auto copy = data.find("token");
    if (copy == data.end() || copy->second.data != token) return refused("Token does not match server's copy");
    const auto account = m_reader.get("serviceaccounts", claims.namespace_, claims.account.name);
    if (!account) return refused(fmt::format("serviceaccounts \"{}\" not found", claims.account.name));
    if (account->metadata.deletionTimestamp) return refused(fmt::format("ServiceAccount {}/{} has been deleted", claims.namespace_, claims.account.name));
    if (account->metadata.uid != claims.account.uid) {
        return refused(fmt::format("ServiceAccount UID ({}) does not match claim ({})", account->metadata.uid, claims.account.uid));
    }
    return {};
}

Result<std::optional<TokenIdentity>> LegacyTokens::identify(std::string_view token, const std::vector<std::string>& audiences) const {
    const auto text = m_issuer.verify(token);
    if (!text) return std::optional<TokenIdentity>{};
    boost::system::error_code broken;
    const json::value parsed = json::parse(*text, broken);
    const json::object* tree = broken ? nullptr : parsed.if_object();
    if (!tree || textOf(*tree, "iss") != kLegacyIssuer) return std::optional<TokenIdentity>{};
    const LegacyClaims claims{.namespace_ = textOf(*tree, kNamespace), .secret = textOf(*tree, kSecret), .account = {textOf(*tree, kAccountName), textOf(*tree, kAccountUid)}};
    if (textOf(*tree, "sub") != userName(claims)) return refused("sub claim is invalid");
    if (auto checked = check(claims, token); !checked) return fail(std::move(checked.error()));

    TokenIdentity identity;
    for (const auto& audience : m_audiences) {
        if (std::find(audiences.begin(), audiences.end(), audience) != audiences.end()) identity.audiences.push_back(audience);
    }
    if (identity.audiences.empty() && !audiences.empty()) return refused("token audiences are invalid for the target audiences");
    identity.user = {.name = userName(claims), .uid = claims.account.uid, .groups = serviceAccountGroups(claims.namespace_), .extra = {}};
    return std::optional(std::move(identity));
}

}  // namespace qd::apiserver

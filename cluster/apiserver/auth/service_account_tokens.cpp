#include "cluster/apiserver/auth/service_account_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/api/types/core_v1.h"

namespace qd::apiserver {
namespace {

namespace json = boost::json;

// How much clocks may differ.
constexpr std::int64_t kLeewaySeconds = 60;

std::int64_t secondsOf(base::WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

json::object referenceOf(const BoundObject& bound) { return {{"name", bound.name}, {"uid", bound.uid}}; }

const json::object* memberObject(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value ? value->if_object() : nullptr;
}

std::string memberText(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::optional<std::int64_t> memberNumber(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (!value) return std::nullopt;
    if (value->is_int64()) return value->as_int64();
    if (value->is_double()) return static_cast<std::int64_t>(value->as_double());
    return std::nullopt;
}

std::optional<BoundObject> memberReference(const json::object& object, std::string_view name) {
    const json::object* reference = memberObject(object, name);
    if (!reference) return std::nullopt;
    return BoundObject{memberText(*reference, "name"), memberText(*reference, "uid")};
}

std::vector<std::string> audiencesOf(const json::object& claims) {
    std::vector<std::string> audiences;
    const json::value* given = claims.if_contains("aud");
    if (given && given->is_string()) audiences.emplace_back(given->as_string());
    if (given && given->is_array()) {
        for (const auto& each : given->as_array()) {
            if (each.is_string()) audiences.emplace_back(each.as_string());
        }
    }
    return audiences;
}

Error refused(std::string message) { return {Reason::Unauthorized, std::move(message)}; }

Result<void> checkTimes(const json::object& claims, std::int64_t now) {
    const auto expires = memberNumber(claims, "exp");
    if (!expires || now - kLeewaySeconds > *expires) return fail(refused("service account token has expired"));
    if (now + kLeewaySeconds < memberNumber(claims, "nbf").value_or(0)) {
        return fail(refused("service account token is not valid yet"));
    }
    if (now + kLeewaySeconds < memberNumber(claims, "iat").value_or(0)) {
        return fail(refused("service account token is issued in the future"));
    }
    return {};
}

std::optional<TokenClaims> claimsOf(const json::object& tree) {
    const json::object* own = memberObject(tree, "kubernetes.io");
    if (!own) return std::nullopt;
    auto account = memberReference(*own, "serviceaccount");
    if (!account) return std::nullopt;
    TokenClaims claims{.namespace_ = memberText(*own, "namespace"), .account = std::move(*account)};
    claims.pod = memberReference(*own, "pod");
    claims.node = memberReference(*own, "node");
    claims.secret = memberReference(*own, "secret");
    claims.audiences = audiencesOf(tree);
    claims.id = memberText(tree, "jti");
    return claims;
}

User userOf(const TokenClaims& claims) {
    User user;
    user.name = fmt::format("{}{}:{}", kServiceAccountUserPrefix, claims.namespace_, claims.account.name);
    user.uid = claims.account.uid;
    user.groups = serviceAccountGroups(claims.namespace_);
    if (!claims.id.empty()) user.extra["authentication.kubernetes.io/credential-id"] = {"JTI=" + claims.id};
    if (claims.pod) {
        user.extra["authentication.kubernetes.io/pod-name"] = {claims.pod->name};
        user.extra["authentication.kubernetes.io/pod-uid"] = {claims.pod->uid};
    }
    if (claims.node) {
        user.extra["authentication.kubernetes.io/node-name"] = {claims.node->name};
        user.extra["authentication.kubernetes.io/node-uid"] = {claims.node->uid};
    }
    return user;
}

}  // namespace

std::vector<std::string> serviceAccountGroups(const std::string& ns) {
    return {"system:serviceaccounts", "system:serviceaccounts:" + ns};
}

std::optional<std::pair<std::string, std::string>> splitServiceAccountUser(std::string_view user) {
    if (!user.starts_with(kServiceAccountUserPrefix)) return std::nullopt;
    user.remove_prefix(kServiceAccountUserPrefix.size());
    const auto colon = user.find(':');
    if (colon == 0 || colon == std::string_view::npos || colon + 1 == user.size()) return std::nullopt;
    const std::string_view name = user.substr(colon + 1);
    if (name.find(':') != std::string_view::npos) return std::nullopt;
    return std::pair(std::string(user.substr(0, colon)), std::string(name));
}

Result<ServiceAccountIssuer> ServiceAccountIssuer::create(const pki::PrivateKey& key) {
    auto signer = pki::TokenSigner::create(key);
    if (!signer) return fail(std::move(signer.error()));
    auto verifier = pki::TokenVerifier::create({signer->publicKey()});
    if (!verifier) return fail(std::move(verifier.error()));
    return ServiceAccountIssuer(std::move(*signer), std::move(*verifier));
}

Result<std::string> ServiceAccountIssuer::issue(const TokenClaims& claims) const {
    const std::int64_t now = secondsOf(claims.issued);
    json::object own{{"namespace", claims.namespace_}};
    if (claims.node) own["node"] = referenceOf(*claims.node);
    if (claims.pod) own["pod"] = referenceOf(*claims.pod);
    if (claims.secret) own["secret"] = referenceOf(*claims.secret);
    own["serviceaccount"] = referenceOf(claims.account);
    if (claims.warnAfterSeconds > 0) own["warnafter"] = now + claims.warnAfterSeconds;
    json::array audiences;
    for (const auto& audience : claims.audiences) audiences.emplace_back(audience);
    json::object all;
    all["aud"] = std::move(audiences);
    all["exp"] = now + claims.lifeSeconds;
    all["iat"] = now;
    all["iss"] = kServiceAccountIssuer;
    if (!claims.id.empty()) all["jti"] = claims.id;
    all["kubernetes.io"] = std::move(own);
    all["nbf"] = now;
    all["sub"] = fmt::format("{}{}:{}", kServiceAccountUserPrefix, claims.namespace_, claims.account.name);
    return m_signer.sign(json::serialize(all));
}

std::string ServiceAccountIssuer::discoveryDocument(const std::string& server) const {
    const json::value keySet = json::parse(keySetDocument());
    const json::object first = keySet.as_object().at("keys").as_array().at(0).as_object();
    const json::object document{{"issuer", kServiceAccountIssuer},
                                {"jwks_uri", server + "/openid/v1/jwks"},
                                {"response_types_supported", json::array{"id_token"}},
                                {"subject_types_supported", json::array{"public"}},
                                {"id_token_signing_alg_values_supported", json::array{first.at("alg")}}};
    return json::serialize(document);
}

Result<void> ServiceAccountTokens::checkBound(const char* what, const std::string& groupResource, const std::string& ns,
                                              const BoundObject& bound) const {
    const auto object = m_reader.get(groupResource, ns, bound.name);
    if (!object) return fail(refused("service account token has been invalidated"));
    if (object->metadata.uid != bound.uid) {
        return fail(refused(fmt::format("{} UID ({}) does not match service account {} ref claim ({})", what,
                                        object->metadata.uid, what, bound.uid)));
    }
    const auto& deleted = object->metadata.deletionTimestamp;
    if (deleted && deleted->unixSeconds() < secondsOf(m_clock.now()) - kLeewaySeconds) {
        return fail(refused("service account token has been invalidated"));
    }
    return {};
}

Result<void> ServiceAccountTokens::check(const TokenClaims& claims) const {
    const auto account = m_reader.get("serviceaccounts", claims.namespace_, claims.account.name);
    if (!account) return fail(refused(fmt::format("serviceaccounts \"{}\" not found", claims.account.name)));
    if (account->metadata.uid != claims.account.uid) {
        return fail(refused(fmt::format("service account UID ({}) does not match claim ({})", account->metadata.uid,
                                        claims.account.uid)));
    }
    const auto& deleted = account->metadata.deletionTimestamp;
    if (deleted && deleted->unixSeconds() < secondsOf(m_clock.now()) - kLeewaySeconds) {
        return fail(refused(fmt::format("service account {}/{} has been deleted", claims.namespace_, claims.account.name)));
    }
    if (claims.secret) {
        if (auto checked = checkBound("secret", "secrets", claims.namespace_, *claims.secret); !checked) return checked;
    }
    if (claims.pod) return checkBound("pod", "pods", claims.namespace_, *claims.pod);
    if (claims.node) return checkBound("node", "nodes", "", *claims.node);
    return {};
}

Result<std::optional<TokenIdentity>> ServiceAccountTokens::identify(std::string_view token,
                                                                    const std::vector<std::string>& audiences) const {
    const auto text = m_issuer.verify(token);
    if (!text) return std::optional<TokenIdentity>{};
    boost::system::error_code broken;
    const json::value parsed = json::parse(*text, broken);
    const json::object* tree = broken ? nullptr : parsed.if_object();
    if (!tree || memberText(*tree, "iss") != kServiceAccountIssuer) return std::optional<TokenIdentity>{};
    const auto claims = claimsOf(*tree);
    if (!claims) return fail(refused("service account token claims could not be validated"));
    if (auto checked = checkTimes(*tree, secondsOf(m_clock.now())); !checked) return fail(std::move(checked.error()));

    TokenIdentity identity;
    for (const auto& audience : claims->audiences) {
        const bool wanted = std::find(audiences.begin(), audiences.end(), audience) != audiences.end();
        if (wanted) identity.audiences.push_back(audience);
    }
    if (identity.audiences.empty() && !audiences.empty()) {
        return fail(refused(fmt::format("token audiences {} is invalid for the target audiences {}",
                                        fmt::format("[\"{}\"]", fmt::join(claims->audiences, "\" \"")),
                                        fmt::format("[\"{}\"]", fmt::join(audiences, "\" \"")))));
    }
    if (auto checked = check(*claims); !checked) return fail(std::move(checked.error()));
    identity.user = userOf(*claims);
    return std::optional(std::move(identity));
}

}  // namespace qd::apiserver

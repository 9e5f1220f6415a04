#include "cluster/apiserver/subresources/token_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/status.h"
#include "cluster/apiserver/subresources/posted.h"

namespace qd::apiserver {
namespace {

namespace field = api::field;
using authenticationv1::TokenRequest;

constexpr const char* kGroup = "authentication.k8s.io";
constexpr std::int64_t kDefaultSeconds = 60 * 60;
constexpr std::int64_t kShortest = 10 * 60;
constexpr std::int64_t kLongest = std::int64_t{1} << 32;
// A Pod's own token asks for exactly this; it is honoured for a year, so that programs that read their token once go on.
constexpr std::int64_t kInjectedSeconds = 60 * 60 + 7;
constexpr std::int64_t kExtendedSeconds = std::int64_t{365} * 24 * 60 * 60;

const api::Kind& tokenRequestKind() {
    static const api::Kind kind = [] {
        api::Kind made = api::plainKind(kGroup, "v1", "TokenRequest");
        made.namespaced = true;
        made.defaults = [](api::Object& object) {
            auto& seconds = static_cast<TokenRequest&>(object).spec.expirationSeconds;
            if (!seconds) seconds = kDefaultSeconds;
        };
        return made;
    }();
    return kind;
}

Error invalidRequest(const std::string& name, field::FieldError error) {
    return field::toInvalid(kGroup, "TokenRequest", name, {std::move(error)});
}

Error uidConflict(const std::string& group, const std::string& kind, const std::string& name, const std::string& why) {
    const std::string resource = group.empty() ? kind : kind + "." + group;
    Error error{Reason::Conflict, fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource, name, why)};
    error.details = base::ErrorDetails{name, group, kind, "", 0};
    return error;
}

Result<void> checkSpec(const TokenRequest& request) {
    const field::Path path("spec.expirationSeconds");
    const std::int64_t seconds = *request.spec.expirationSeconds;
    if (seconds < kShortest) {
        return fail(invalidRequest("", field::invalid(path, seconds, "may not specify a duration less than 10 minutes")));
    }
    if (seconds > kLongest) {
        return fail(invalidRequest("", field::invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")));
    }
    return {};
}

// Upstream's GroupVersionKind as text: "/v1, Kind=Pod".
std::string describeType(const std::string& group, const std::string& apiVersion, const std::string& kind) {
    const auto slash = apiVersion.find('/');
    const std::string version = slash == std::string::npos ? apiVersion : apiVersion.substr(slash + 1);
    return fmt::format("{}/{}, Kind={}", group, version, kind);
}

}  // namespace

Result<void> TokenRequestHandler::bind(const Exchange& exchange, const authenticationv1::BoundObjectReference& wanted,
                                       TokenClaims& claims) const {
    const auto slash = wanted.apiVersion.find('/');
    const std::string group = slash == std::string::npos ? "" : wanted.apiVersion.substr(0, slash);
    const bool known = group.empty() && (wanted.kind == "Pod" || wanted.kind == "Node" || wanted.kind == "Secret");
    if (!known) {
        return fail(Reason::BadRequest, "cannot bind token to object of type " + describeType(group, wanted.apiVersion, wanted.kind));
    }
    if (wanted.name.empty()) return fail(Reason::BadRequest, "Name parameter required.");
    const Target target{api::builtinKind("", "v1", wanted.kind), wanted.kind == "Node" ? "" : claims.namespace_, wanted.name, ""};
    const auto object = m_server.reader().get(target.kind->groupResource(), target.namespace_, target.name);
    if (!object) return fail(notFound(target));
    BoundObject bound{object->metadata.name, object->metadata.uid};
    if (wanted.kind == "Pod") {
        const auto& pod = static_cast<const corev1::Pod&>(*object);
        if (pod.spec.serviceAccountName != exchange.info.name) {
            return fail(Reason::BadRequest,
                        fmt::format("cannot bind token for serviceaccount \"{}\" to pod running with different serviceaccount name.",
                                    exchange.info.name));
        }
        if (const std::string& node = pod.spec.nodeName; !node.empty()) {
            const auto found = m_server.reader().get("nodes", "", node);
            claims.node = BoundObject{node, found ? found->metadata.uid : std::string()};
        }
    }
    if (!wanted.uid.empty() && wanted.uid != bound.uid) {
        return fail(uidConflict("", wanted.kind, wanted.name,
                                fmt::format("the UID in the bound object reference ({}) does not match the UID in record. "
                                            "The object might have been deleted and then recreated",
                                            wanted.uid)));
    }
    (wanted.kind == "Pod" ? claims.pod : wanted.kind == "Node" ? claims.node : claims.secret) = std::move(bound);
    return {};
}

AdmissionRequest TokenRequestHandler::admissionOf(const Exchange& exchange, TokenRequest& request) const {
    return {.operation = Operation::Create,
            .kind = exchange.kind,
            .subresource = exchange.info.subresource,
            .namespace_ = exchange.info.namespace_,
            .name = exchange.info.name,
            .user = exchange.user,
            .object = &request};
}

// Plugins that look at audiences must see what was asked for, not what is filled in.
Result<void> TokenRequestHandler::mutate(const Exchange& exchange, TokenRequest& request) const {
    const auto& context = m_server.verbs().context();
    auto admission = admissionOf(exchange, request);
    for (const auto& plugin : context.admission) {
        if (auto done = plugin->mutate(admission, context.reader); !done) return done;
    }
    return {};
}

Result<void> TokenRequestHandler::validate(const Exchange& exchange, TokenRequest& request) const {
    if (auto checked = checkSpec(request); !checked) return checked;
    const auto& context = m_server.verbs().context();
    const auto admission = admissionOf(exchange, request);
    for (const auto& plugin : context.admission) {
        if (auto done = plugin->validate(admission, context.reader); !done) return done;
    }
    return {};
}

Result<TokenClaims> TokenRequestHandler::claimsFor(const Exchange& exchange, TokenRequest& request) const {
    if (auto admitted = mutate(exchange, request); !admitted) return fail(std::move(admitted.error()));
    const std::string& name = exchange.info.name;
    auto& meta = request.metadata;
    if (!meta.name.empty() && meta.name != name) {
        return fail(invalidRequest(name, field::invalid(field::Path("metadata.name"), meta.name, "must match the service account name if specified")));
    }
    const Target target{exchange.kind, exchange.info.namespace_, name, ""};
    const auto account = m_server.reader().get("serviceaccounts", target.namespace_, name);
    if (!account) return fail(notFound(target));
    const std::string& uid = account->metadata.uid;
    if (!meta.uid.empty() && meta.uid != uid) {
        return fail(uidConflict(kGroup, "TokenRequest", name,
                                fmt::format("the UID in the token request ({}) does not match the UID of the service account ({})", meta.uid, uid)));
    }
    if (request.spec.audiences.empty()) request.spec.audiences = m_audiences;
    const base::WallTime now = m_server.executor().clock().now();
    meta.name = name;
    meta.uid = uid;
    meta.creationTimestamp = api::Time(now);
    request.status = {};
    if (auto valid = validate(exchange, request); !valid) return fail(std::move(valid.error()));

    TokenClaims claims{.namespace_ = target.namespace_, .account = {name, uid}, .audiences = request.spec.audiences};
    claims.id = m_server.verbs().context().random.uuid();
    claims.issued = now;
    if (request.spec.boundObjectRef) {
        if (auto bound = bind(exchange, *request.spec.boundObjectRef, claims); !bound) return fail(std::move(bound.error()));
    }
    settleLife(request, claims);
    return claims;
}

void TokenRequestHandler::settleLife(const TokenRequest& request, TokenClaims& claims) const {
    claims.lifeSeconds = *request.spec.expirationSeconds;
    const bool forUs = std::all_of(claims.audiences.begin(), claims.audiences.end(), [&](const auto& audience) {
        return std::find(m_audiences.begin(), m_audiences.end(), audience) != m_audiences.end();
    });
    if (!claims.pod || !forUs || claims.lifeSeconds != kInjectedSeconds) return;
    claims.warnAfterSeconds = claims.lifeSeconds;
    claims.lifeSeconds = kExtendedSeconds;
}

Response TokenRequestHandler::handle(const Exchange& exchange) {
    auto posted = readPosted(m_server, exchange, tokenRequestKind());
    if (!posted) return errorResponse(posted.error());
    auto& request = posted->as<TokenRequest>();
    const auto claims = claimsFor(exchange, request);
    if (!claims) return errorResponse(claims.error());
    auto token = m_issuer.issue(*claims);
    if (!token) return errorResponse(token.error().within("failed to generate token"));
    request.status.token = std::move(*token);
    request.status.expirationTimestamp = api::Time(claims->issued + std::chrono::seconds(*request.spec.expirationSeconds));
    return answerPosted(m_server, tokenRequestKind(), *posted);
}

}  // namespace qd::apiserver

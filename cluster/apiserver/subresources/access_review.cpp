#include "cluster/apiserver/subresources/access_review.h"

#include "cluster/api/codec/json.h"
#include "cluster/api/types/authorization_v1.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver {
namespace {

template <typename Spec>
AuthorizationAttributes askedBy(const Spec& spec, const User& user) {
    AuthorizationAttributes asked;
    asked.user = &user;
    if (spec.resourceAttributes) {
        const auto& of = *spec.resourceAttributes;
        asked.verb = of.verb;
        asked.group = of.group;
        asked.version = of.version;
        asked.resource = of.resource;
        asked.subresource = of.subresource;
        asked.namespace_ = of.namespace_;
        asked.name = of.name;
    } else if (spec.nonResourceAttributes) {
        asked.isResource = false;
        asked.verb = spec.nonResourceAttributes->verb;
        asked.path = spec.nonResourceAttributes->path;
    }
    return asked;
}

template <typename Spec>
bool asksOneThing(const Spec& spec) {
    return static_cast<bool>(spec.resourceAttributes) != static_cast<bool>(spec.nonResourceAttributes);
}

template <typename Review>
Response answer(Review& review, const User& user, const Authorizer& authorizer) {
    if (!asksOneThing(review.spec)) {
        const api::field::Path path("spec.resourceAttributes");
        const api::field::FieldError error = review.spec.resourceAttributes
            ? api::field::invalid(api::field::Path("spec.nonResourceAttributes"), api::field::Shown::raw("{}"), "cannot be specified in combination with resourceAttributes")
            : api::field::invalid(path, api::field::Shown::null(), "exactly one of nonResourceAttributes or resourceAttributes must be specified");
        return errorResponse(api::field::toInvalid(Review::kDescriptor.kind->group, Review::kDescriptor.kind->kind, "", {error}));
    }
    const Verdict verdict = authorizer.authorize(askedBy(review.spec, user));
    review.status.allowed = verdict.decision == Decision::Allow;
    review.status.denied = verdict.decision == Decision::Deny;
    review.status.reason = verdict.reason;
    return jsonResponse(201, api::encodeJson(static_cast<const api::Object&>(review)) + "\n");
}

}  // namespace

Response AccessReviewHandler::handle(const Exchange& exchange) {
    const auto encoding = bodyEncoding(exchange.request);
    if (!encoding) return errorResponse(encoding.error());
    auto decoded = decodeBody(*exchange.kind, exchange.request.body, *encoding, "Ignore");
    if (!decoded) return errorResponse(decoded.error());
    if (m_self) return answer(static_cast<authorizationv1::SelfSubjectAccessReview&>(*decoded->object), exchange.user, m_server.authorizer());
    auto& review = static_cast<authorizationv1::SubjectAccessReview&>(*decoded->object);
    const User named{.name = review.spec.user, .uid = review.spec.uid, .groups = review.spec.groups, .extra = {}};
    return answer(review, named, m_server.authorizer());
}

}  // namespace qd::apiserver

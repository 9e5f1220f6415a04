#include "cluster/apiserver/subresources/access_review.h"

#include <fmt/format.h>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/types/authorization_v1.h"
#include "cluster/apiserver/auth/node_identity.h"
#include "cluster/apiserver/status.h"
#include "cluster/apiserver/subresources/posted.h"

namespace qd::apiserver {
namespace {

namespace field = api::field;
using authorizationv1::LocalSubjectAccessReview;
using authorizationv1::SelfSubjectAccessReview;
using authorizationv1::SelfSubjectRulesReview;
using authorizationv1::SubjectAccessReview;

const field::Path kSpec("spec");
const field::Path kAttributes("spec.resourceAttributes");

// --- what may be asked

template <typename Selector>
field::Errors selectorErrors(const Selector& selector, const field::Path& path, const field::Errors& requirementErrors) {
    if (!selector) return {};
    field::Errors errors;
    if (!selector->rawSelector.empty() && !selector->requirements.empty()) {
        errors.push_back(field::invalid(path.child("rawSelector"), selector->rawSelector, "may not specified at the same time as requirements"));
    }
    if (selector->rawSelector.empty() && selector->requirements.empty()) {
        errors.push_back(field::required(path.child("requirements"), fmt::format("when {} is specified, requirements or rawSelector is required", path.text())));
    }
    field::append(errors, requirementErrors);
    return errors;
}

// Unknown operators are for newer authorisers to know.
template <typename Requirement>
field::Errors requirementErrors(const std::vector<Requirement>& requirements, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < requirements.size(); ++i) {
        const auto& requirement = requirements[i];
        const field::Path at = path.child("requirements").index(i);
        if (requirement.key.empty()) errors.push_back(field::required(at.child("key"), "must be specified"));
        const bool wantsValues = requirement.operator_ == "In" || requirement.operator_ == "NotIn";
        const bool wantsNone = requirement.operator_ == "Exists" || requirement.operator_ == "DoesNotExist";
        if (wantsValues && requirement.values.empty()) {
            errors.push_back(field::required(at.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        if (wantsNone && !requirement.values.empty()) {
            errors.push_back(field::forbidden(at.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
        }
    }
    return errors;
}

field::Shown shown(const authorizationv1::NonResourceAttributes& attributes) {
    return field::Shown::raw(fmt::format("{{\"Path\":{},\"Verb\":{}}}", api::serializeJson(boost::json::value(attributes.path)),
                                         api::serializeJson(boost::json::value(attributes.verb))));
}

template <typename Spec>
field::Errors specErrors(const Spec& spec) {
    field::Errors errors;
    if (spec.resourceAttributes && spec.nonResourceAttributes) {
        errors.push_back(field::invalid(kSpec.child("nonResourceAttributes"), shown(*spec.nonResourceAttributes), "cannot be specified in combination with resourceAttributes"));
    }
    if (!spec.resourceAttributes && !spec.nonResourceAttributes) {
        errors.push_back(field::invalid(kAttributes, field::Shown::null(), "exactly one of nonResourceAttributes or resourceAttributes must be specified"));
    }
    if constexpr (requires { spec.user; }) {
        if (spec.user.empty() && spec.groups.empty()) {
            errors.push_back(field::invalid(kSpec.child("user"), "", "at least one of user or group must be specified"));
        }
    }
    if (!spec.resourceAttributes) return errors;
    const auto& fields = spec.resourceAttributes->fieldSelector;
    const auto& labels = spec.resourceAttributes->labelSelector;
    const field::Path fieldsPath = kAttributes.child("fieldSelector");
    const field::Path labelsPath = kAttributes.child("labelSelector");
    if (fields) field::append(errors, selectorErrors(fields, fieldsPath, requirementErrors(fields->requirements, fieldsPath)));
    if (labels) field::append(errors, selectorErrors(labels, labelsPath, requirementErrors(labels->requirements, labelsPath)));
    return errors;
}

field::Errors metadataErrors(const metav1::ObjectMeta& meta, bool mayHaveNamespace) {
    metav1::ObjectMeta rest = meta;
    rest.managedFields.clear();
    if (mayHaveNamespace) rest.namespace_.clear();
    if (rest == metav1::ObjectMeta()) return {};
    return {field::invalid(field::Path("metadata"), field::Shown::raw(api::encodeJson(meta)), mayHaveNamespace ? "must be empty except for namespace" : "must be empty")};
}

template <typename Review>
field::Errors reviewErrors(const Review& review) {
    constexpr bool local = std::is_same_v<Review, LocalSubjectAccessReview>;
    field::Errors errors = specErrors(review.spec);
    field::append(errors, metadataErrors(review.metadata, local));
    if constexpr (local) {
        const auto& attributes = review.spec.resourceAttributes;
        if (attributes && attributes->namespace_ != review.metadata.namespace_) {
            errors.push_back(field::invalid(kAttributes.child("namespace"), attributes->namespace_, "must match metadata.namespace"));
        }
        if (review.spec.nonResourceAttributes) {
            errors.push_back(field::invalid(kSpec.child("nonResourceAttributes"), shown(*review.spec.nonResourceAttributes), "disallowed on this kind of request"));
        }
    }
    return errors;
}

// --- the question

// Requirements that one term can say; the others make the question broader, never narrower.
std::string textOf(const authorizationv1::FieldSelectorAttributes& selector) {
    if (!selector.rawSelector.empty()) return selector.rawSelector;
    std::string text;
    for (const auto& requirement : selector.requirements) {
        const bool equal = requirement.operator_ == "In";
        if (requirement.values.size() != 1 || (!equal && requirement.operator_ != "NotIn")) continue;
        if (!text.empty()) text += ",";
        text += requirement.key + (equal ? "=" : "!=") + requirement.values.front();
    }
    return text;
}

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
        if (of.fieldSelector) asked.fieldSelector = textOf(*of.fieldSelector);
        if (of.labelSelector) asked.labelSelector = of.labelSelector->rawSelector;
    } else if (spec.nonResourceAttributes) {
        asked.isResource = false;
        asked.verb = spec.nonResourceAttributes->verb;
        asked.path = spec.nonResourceAttributes->path;
    }
    return asked;
}

User subjectOf(const authorizationv1::SubjectAccessReviewSpec& spec) {
    User user{.name = spec.user, .uid = spec.uid, .groups = spec.groups, .extra = {}};
    for (const auto& [key, values] : spec.extra) user.extra[key].assign(values.begin(), values.end());
    return user;
}

template <typename Review>
Response answered(ApiServer& server, const Exchange& exchange, Posted posted) {
    auto& review = posted.as<Review>();
    if (const auto errors = reviewErrors(review); !errors.empty()) {
        return errorResponse(field::toInvalid(exchange.kind->group, "", "", errors));
    }
    User user;
    if constexpr (requires { review.spec.user; }) {
        user = subjectOf(review.spec);
    } else {
        user = exchange.user;
    }
    const Verdict verdict = server.authorizer().authorize(askedBy(review.spec, user));
    review.status = {};
    review.status.allowed = verdict.decision == Decision::Allow;
    review.status.denied = verdict.decision == Decision::Deny;
    review.status.reason = verdict.reason;
    return answerPosted(server, *exchange.kind, posted);
}

}  // namespace

Response AccessReviewHandler::handle(const Exchange& exchange) {
    auto posted = readPosted(m_server, exchange, *exchange.kind);
    if (!posted) return errorResponse(posted.error());
    if (exchange.kind->kind == "SelfSubjectAccessReview") return answered<SelfSubjectAccessReview>(m_server, exchange, std::move(*posted));
    if (exchange.kind->kind == "LocalSubjectAccessReview") return answered<LocalSubjectAccessReview>(m_server, exchange, std::move(*posted));
    return answered<SubjectAccessReview>(m_server, exchange, std::move(*posted));
}

Response RulesReviewHandler::handle(const Exchange& exchange) {
    auto posted = readPosted(m_server, exchange, *exchange.kind);
    if (!posted) return errorResponse(posted.error());
    const std::string ns = posted->as<SelfSubjectRulesReview>().spec.namespace_;
    if (ns.empty()) return errorResponse({Reason::BadRequest, "no namespace on request"});
    auto review = std::make_shared<SelfSubjectRulesReview>();
    std::vector<std::string> errors;
    if (nodeIdentity(exchange.user).isNode) {
        review->status.incomplete = true;
        errors.emplace_back("node authorizer does not support user rule resolution");
    }
    for (const auto& rule : m_rbac.rulesFor(exchange.user, ns, &errors)) {
        if (!rule.resources.empty()) {
            review->status.resourceRules.push_back({.verbs = rule.verbs, .apiGroups = rule.apiGroups, .resources = rule.resources, .resourceNames = rule.resourceNames});
        }
        if (!rule.nonResourceURLs.empty()) review->status.nonResourceRules.push_back({.verbs = rule.verbs, .nonResourceURLs = rule.nonResourceURLs});
    }
    if (!errors.empty()) review->status.evaluationError = field::aggregate(errors);
    posted->object = std::move(review);
    return answerPosted(m_server, *exchange.kind, *posted);
}

}  // namespace qd::apiserver

#include "cluster/controllers/certificates/csr_approving_controller.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/api/types/authorization_v1.h"
#include "cluster/controllers/certificates/signing_rules.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

using certificatesv1::CertificateSigningRequest;

bool isAnswered(const CertificateSigningRequest& request) {
    return !request.status.certificate.empty() || hasCondition(request, certificatesv1::CertificateApproved) || hasCondition(request, certificatesv1::CertificateDenied);
}

struct Recognized {
    std::string subresource;
    std::string message;
};

// As what the request may be approved, the narrowest first.
std::vector<Recognized> recognize(const CertificateSigningRequest& request, const pki::SigningRequest& parsed) {
    if (request.spec.signerName != certificatesv1::KubeAPIServerClientKubeletSignerName || !nodeClientProblem(parsed, request.spec.usages).empty()) return {};
    std::vector<Recognized> as;
    if (request.spec.username == parsed.subject.commonName) {
        as.push_back({"selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview."});
    }
    as.push_back({"nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview."});
    return as;
}

}  // namespace

CsrApprovingController::CsrApprovingController(Context& context)
    : m_context(context), m_requests(context.informers.informer(client::resourceOf<CertificateSigningRequest>())) {
    m_requests.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && !isAnswered(*client::as<CertificateSigningRequest>(now))) m_context.keys.add(keyOf(*now), *now);
    });
}

Result<bool> CsrApprovingController::mayCreate(const CertificateSigningRequest& request, const std::string& subresource) {
    authorizationv1::SubjectAccessReview review;
    review.spec.user = request.spec.username;
    review.spec.uid = request.spec.uid;
    review.spec.groups = request.spec.groups;
    for (const auto& [key, values] : request.spec.extra) review.spec.extra[key].assign(values.begin(), values.end());
    auto& what = review.spec.resourceAttributes.emplace();
    what.group = certificatesv1::GroupName;
    what.resource = "certificatesigningrequests";
    what.subresource = subresource;
    what.verb = "create";
    const auto answered = client::Api<authorizationv1::SubjectAccessReview>(m_context.client).create(review);
    if (!answered) return fail(answered.error().within("asking whether the request may be approved"));
    return (*answered)->status.allowed;
}

Result<Outcome> CsrApprovingController::approve(CertificateSigningRequest request, const std::string& message) {
    auto& condition = request.status.conditions.emplace_back();
    condition.type = certificatesv1::CertificateApproved;
    condition.status = "True";
    condition.reason = "AutoApproved";
    condition.message = message;
    condition.lastUpdateTime = api::Time(m_context.executor.clock().now());
    const auto written = m_context.client.update(m_requests.resource(), request, controllerWrite(), "approval");
    if (written || written.error().reason == Reason::NotFound) return Outcome{};
    return fail(written.error().within("error updating approval for csr"));
}

Result<Outcome> CsrApprovingController::sync(const std::string& key) {
    const auto request = client::Lister<CertificateSigningRequest>(m_requests).get("", key);
    if (!request || isAnswered(*request)) return Outcome{};
    const auto parsed = pki::SigningRequest::parse(request->spec.request.data);
    if (!parsed) return fail(parsed.error().within(fmt::format("unable to parse csr \"{}\"", key)));
    std::vector<std::string> tried;
    for (const auto& [subresource, message] : recognize(*request, *parsed)) {
        tried.push_back(subresource);
        const auto allowed = mayCreate(*request, subresource);
        if (!allowed) return fail(allowed.error());
        if (*allowed) return approve(*request, message);
    }
    if (tried.empty()) return Outcome{};
    // A binding may still be made that allows it: asked again, less and less often.
    return fail(Reason::Forbidden, fmt::format("recognized csr \"{}\" as [{}] but subject access review was not approved", key, fmt::join(tried, " ")));
}

}  // namespace qd::controllers

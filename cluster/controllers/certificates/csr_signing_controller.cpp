#include "cluster/controllers/certificates/csr_signing_controller.h"

#include <fmt/format.h>

#include "cluster/base/pki/request_signing.h"
#include "cluster/controllers/certificates/signing_rules.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

using certificatesv1::CertificateSigningRequest;

bool waitsForSignature(const CertificateSigningRequest& request) {
    return request.status.certificate.empty() && isApproved(request) && !hasCondition(request, certificatesv1::CertificateFailed) && isClusterSigner(request.spec.signerName);
}

}  // namespace

CsrSigningController::CsrSigningController(Context& context, std::shared_ptr<const pki::Authority> authority, base::Duration longest)
    : m_context(context),
      m_authority(std::move(authority)),
      m_longest(longest),
      m_requests(context.informers.informer(client::resourceOf<CertificateSigningRequest>())) {
    m_requests.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && waitsForSignature(*client::as<CertificateSigningRequest>(now))) m_context.keys.add(keyOf(*now), *now);
    });
}

Result<Outcome> CsrSigningController::sync(const std::string& key) {
    const auto request = client::Lister<CertificateSigningRequest>(m_requests).get("", key);
    if (!request || !waitsForSignature(*request)) return Outcome{};
    const auto& spec = request->spec;
    const auto parsed = pki::SigningRequest::parse(spec.request.data);
    if (!parsed) return fail(parsed.error().within(fmt::format("unable to parse csr \"{}\"", key)));
    const base::WallTime now = m_context.executor.clock().now();
    CertificateSigningRequest answered = *request;
    if (const std::string problem = signerProblem(spec.signerName, *parsed, spec.usages); !problem.empty()) {
        auto& condition = answered.status.conditions.emplace_back();
        condition.type = certificatesv1::CertificateFailed;
        condition.status = "True";
        condition.reason = "SignerValidationFailure";
        condition.message = problem;
        condition.lastUpdateTime = api::Time(now);
    } else {
        const auto certificate = pki::signRequest(*m_authority, spec.request.data, spec.usages, validityFor(spec.expirationSeconds, m_longest, now));
        if (!certificate) return fail(certificate.error().within("error auto signing csr"));
        answered.status.certificate.data = certificate->pem();
    }
    const auto written = client::Api<CertificateSigningRequest>(m_context.client).updateStatus(answered, controllerWrite());
    if (written || written.error().reason == Reason::NotFound) return Outcome{};
    return fail(written.error().within("error updating signature for csr"));
}

}  // namespace qd::controllers

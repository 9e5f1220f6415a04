#include "cluster/controllers/certificates/csr_cleaner_controller.h"

#include "cluster/controllers/certificates/signing_rules.h"

namespace qd::controllers {

using certificatesv1::CertificateSigningRequest;

CsrCleanerController::CsrCleanerController(Context& context)
    : m_context(context), m_requests(context.informers.informer(client::resourceOf<CertificateSigningRequest>())) {
    m_requests.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now) m_context.keys.add(keyOf(*now), *now);
    });
}

Result<Outcome> CsrCleanerController::sync(const std::string& key) {
    const auto request = client::Lister<CertificateSigningRequest>(m_requests).get("", key);
    if (!request || request->metadata.deletionTimestamp) return Outcome{};
    const auto until = keptUntil(*request);
    if (!until) return Outcome{};
    const base::Duration left = *until - m_context.executor.clock().now();
    if (left >= base::Duration(0)) return Outcome{left + std::chrono::seconds(1)};
    client::DeleteOptions options;
    options.uid = request->metadata.uid;
    const auto gone = client::Api<CertificateSigningRequest>(m_context.client).remove("", key, options);
    if (gone || gone.error().reason == Reason::NotFound || gone.error().reason == Reason::Conflict) return Outcome{};
    return fail(gone.error().within("unable to delete CSR \"" + key + "\""));
}

}  // namespace qd::controllers

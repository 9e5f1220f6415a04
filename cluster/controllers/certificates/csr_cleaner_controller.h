// Deletes CertificateSigningRequests that were answered an hour ago, that nobody answered for a day, or whose certificate has
// expired.
#pragma once

#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class CsrCleanerController final : public Controller {
public:
    explicit CsrCleanerController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    Context& m_context;
    client::Informer& m_requests;
};

}  // namespace qd::controllers

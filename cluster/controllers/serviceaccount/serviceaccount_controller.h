// Keeps the ServiceAccount "default" in every active namespace.
#pragma once

#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class ServiceAccountController final : public Controller {
public:
    explicit ServiceAccountController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    Context& m_context;
    client::Informer& m_namespaces;
    client::Informer& m_accounts;
};

}  // namespace qd::controllers

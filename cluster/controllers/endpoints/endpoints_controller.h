// Keeps the Endpoints object of each Service that selects Pods. Services without a selector (`kubernetes` among them)
// are left to whoever writes their endpoints.
#pragma once

#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"
#include "cluster/controllers/services/service_pods.h"

namespace qd::controllers {

class EndpointsController final : public Controller {
public:
    explicit EndpointsController(Context& context);
    Result<Outcome> sync(const std::string& key) override;
    void ready() override;

private:
    Result<Outcome> removeOf(const std::string& key);
    Result<Outcome> write(const std::string& key, const corev1::Endpoints& wanted, bool exists);

    Context& m_context;
    client::Informer& m_services;
    client::Informer& m_pods;
    client::Informer& m_endpoints;
    TriggerTimes m_times;
    Expectations m_expectations;
};

}  // namespace qd::controllers

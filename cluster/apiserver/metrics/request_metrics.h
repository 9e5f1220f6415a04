// What the API server counts about itself, as Prometheus text under /metrics. Names and labels are kube-apiserver's, so
// that dashboards made for it work: https://kubernetes.io/docs/reference/instrumentation/metrics/.
//
// Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "cluster/apiserver/http.h"
#include "cluster/apiserver/request_info.h"
#include "cluster/base/time.h"
#include "cluster/store/store.h"

namespace qd::apiserver {

class RequestMetrics {
public:
    explicit RequestMetrics(const base::Clock& clock);
    ~RequestMetrics();

    // Counts the request when its response goes, with the code that it has then.
    Response observe(const Request& request, const RequestInfo& info, base::SteadyTime begun, Response response);
    // The text of everything, with the store's numbers as they are now.
    std::string text(const store::Store& store) const;

private:
    struct State;
    std::shared_ptr<State> m_state;  // shared with responses that wait at their gate
    const base::Clock& m_clock;
};

}  // namespace qd::apiserver

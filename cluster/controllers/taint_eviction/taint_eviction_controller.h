// Deletes Pods that do not tolerate the NoExecute taints of their node, or no longer do.
#pragma once

#include <map>
#include <mutex>

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class TaintEvictionController final : public Controller {
public:
    explicit TaintEvictionController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    struct Waiting {
        std::string uid;
        base::SteadyTime since{};
    };

    void cancel(const std::string& key, const corev1::Pod* pod);
    // Since when the Pod stands on a tainted node, as this controller saw it.
    base::SteadyTime waitingSince(const std::string& key, const corev1::Pod& pod);
    Result<Outcome> evict(const std::string& key, const corev1::Pod& pod);

    Context& m_context;
    client::Informer& m_nodes;
    client::Informer& m_pods;
    std::mutex m_mutex;
    std::map<std::string, Waiting> m_waiting;
};

}  // namespace qd::controllers

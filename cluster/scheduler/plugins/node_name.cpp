#include "cluster/scheduler/plugins/node_name.h"

namespace qd::scheduler {

Status NodeName::filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    const std::string& wanted = pod.pod->spec.nodeName;
    if (wanted.empty() || wanted == node.name()) return {};
    return Status::unresolvable(m_other);
}

}  // namespace qd::scheduler

// Gives each node its part of the Pods' address range.
#pragma once

#include <map>
#include <mutex>

#include "cluster/controllers/node_ipam/cidr_set.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class NodeIpamController final : public Controller {
public:
    NodeIpamController(Context& context, std::string clusterCidr, int nodeMaskSize);
    Result<Outcome> sync(const std::string& key) override;

private:
    // The same part for the same node until that node goes, whatever the copy of the nodes shows by now.
    std::optional<std::string> reserve(const std::string& node);

    Context& m_context;
    const Result<CidrSet> m_parts;
    client::Informer& m_nodes;
    std::mutex m_mutex;
    std::map<std::string, std::string> m_reserved;  // by node
};

}  // namespace qd::controllers

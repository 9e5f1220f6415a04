// A node with the Pods that are on it or are assumed to be, and the sums over them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cluster/scheduler/framework/pod_info.h"
#include "cluster/scheduler/framework/status.h"

namespace qd::scheduler {

// An image and on how many nodes it is.
struct ImageState {
    std::int64_t sizeBytes = 0;
    int nodes = 0;
};

class NodeInfo {
public:
    explicit NodeInfo(std::string name) : m_name(text(std::move(name))) {}

    const std::string& name() const { return *m_name; }
    const Text& sharedName() const { return m_name; }
    // Null while only Pods that name the node are known.
    const client::Ptr<corev1::Node>& node() const { return m_node; }
    const std::vector<PodInfoPtr>& pods() const { return m_pods; }
    const std::vector<PodInfoPtr>& podsWithAffinity() const { return m_podsWithAffinity; }
    const Resources& allocatable() const { return m_allocatable; }
    const Resources& requested() const { return m_requested; }
    const Resources& scoringRequested() const { return m_scoringRequested; }
    const std::vector<HostPort>& usedPorts() const { return m_usedPorts; }
    // The value of a label, or null.
    const std::string* label(std::string_view key) const;

    // The number of the value of a topology's label here (topology.h).
    static constexpr int kNowhere = -1;
    int domain(std::size_t slot) const { return slot < m_domains.size() ? m_domains[slot] : kNowhere; }
    void setDomain(std::size_t slot, int domain);
    void forgetDomains() { m_domains.clear(); }

    struct ClassCount {
        std::shared_ptr<const PodClass> podClass;
        int pods = 0;  // without those that are terminating
    };
    const std::vector<ClassCount>& classes() const { return m_classes; }

    const std::unordered_map<std::string, std::shared_ptr<ImageState>>& images() const { return m_images; }
    std::unordered_map<std::string, std::shared_ptr<ImageState>>& images() { return m_images; }

    void setNode(client::Ptr<corev1::Node> node);
    void addPod(PodInfoPtr pod);
    // Returns what was here; null: nothing.
    PodInfoPtr removePod(const std::string& uid);

private:
    void count(const PodInfo& pod, int by);

    Text m_name;
    client::Ptr<corev1::Node> m_node;
    std::vector<PodInfoPtr> m_pods;
    std::vector<PodInfoPtr> m_podsWithAffinity;
    Resources m_allocatable;
    Resources m_requested;
    Resources m_scoringRequested;
    std::vector<HostPort> m_usedPorts;
    std::vector<ClassCount> m_classes;
    std::vector<int> m_domains;  // by topology
    std::unordered_map<std::string, std::shared_ptr<ImageState>> m_images;
};

}  // namespace qd::scheduler

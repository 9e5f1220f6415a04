// A Pod with what the scheduler has worked out about it once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/api/meta/selectors.h"
#include "cluster/api/placement/host_ports.h"
#include "cluster/api/placement/resources.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"
#include "cluster/scheduler/framework/affinity_terms.h"

namespace qd::scheduler {

using api::placement::HostPort;
using api::placement::hostPortsOf;
using api::placement::podRequests;
using api::placement::podScoringRequests;
using api::placement::Resources;

// All Pods of a namespace that carry the same labels. A selector is tried on the class, not on each Pod.
struct PodClass {
    std::size_t id = 0;  // small; used again when no Pod of the class is left
    std::string key;     // tells it from all others
    std::string ns;
    api::Labels labels;
};

// Not thread-safe: everything happens on the scheduler's strand.
class PodClasses {
public:
    PodClasses() : m_table(std::make_shared<Table>()) {}
    std::shared_ptr<const PodClass> of(const corev1::Pod& pod);
    // Above all ids in use.
    std::size_t bound() const { return m_table->next; }

private:
    struct Table {
        std::unordered_map<std::string, std::weak_ptr<const PodClass>> byLabels;
        std::vector<std::size_t> freeIds;
        std::size_t next = 0;
    };
    std::shared_ptr<Table> m_table;
};

// A persistent volume claim that a Pod mounts.
struct ClaimUse {
    std::string name;
    bool ephemeral = false;  // made for the Pod alone
};

struct PodInfo {
    client::Ptr<corev1::Pod> pod;
    Resources requests;
    Resources scoringRequests;
    std::vector<HostPort> hostPorts;
    std::vector<ClaimUse> claims;  // in the order of its volumes
    std::shared_ptr<const PodClass> podClass;
    std::shared_ptr<const AffinityTerms> affinity;  // null when it has none

    const std::string& uid() const { return pod->metadata.uid; }
    std::int32_t priority() const { return pod->spec.priority.value_or(0); }
    bool terminating() const { return pod->metadata.deletionTimestamp.has_value(); }
};

using PodInfoPtr = std::shared_ptr<const PodInfo>;

PodInfoPtr makePodInfo(client::Ptr<corev1::Pod> pod, PodClasses& classes);

}  // namespace qd::scheduler

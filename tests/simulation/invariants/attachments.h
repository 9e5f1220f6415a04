// The promises about volumes that are attached to nodes:
//
//     a volume is attached to one node at a time, unless its access modes allow several: an attachment is not even
//     asked for while the one to another node is still there a volume is not taken off a node that uses it: only once
//     the node has let go of it, or has not been ready while nobody wanted the volume there for six minutes, or was
//     said to be out of service, or is gone no volume is taken from under a Pod for long: one that is bound to the node
//     and has not ended a Pod's containers are started only where its volumes are attached at rest exactly those
//     volumes are attached that Pods use, and no volume stays whose claim is gone
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "cluster/api/types/storage_v1.h"
#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class AttachmentsInvariant final : public Invariant {
public:
    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> restless() const override;

private:
    struct Volume {
        std::string handle;
        bool toMany = false;
        std::string claim;  // "namespace/name"
    };
    struct PodState {
        std::string name;
        std::string node;
        std::vector<std::string> claims;
        bool running = false;
    };
    struct NodeState {
        bool ready = false;
        bool outOfService = false;
        std::set<std::string> used;  // names of volumes
    };
    struct Attachment {
        std::string volume;
        std::string node;
        bool attached = false;
        bool leaving = false;
    };
    using Place = std::pair<std::string, std::string>;  // volume and node

    std::optional<std::string> seeAttachment(const Commit& commit, const storagev1::VolumeAttachment& attachment);
    std::optional<std::string> seePod(const Commit& commit, const corev1::Pod& pod);
    void seeNode(const Commit& commit, const corev1::Node& node);
    std::optional<std::string> judgeRemoval(const Attachment& attachment, base::SteadyTime when) const;
    // The volume behind a claim that is bound; empty when there is none.
    std::string volumeOf(const std::string& claim) const;
    const Attachment* attachmentOf(const Place& place) const;
    // Since when Pods want volumes at nodes, and when they last did.
    void weigh(base::SteadyTime when);

    std::map<std::string, Volume> m_volumes;
    std::map<std::string, std::string> m_claims;  // the names of their volumes
    std::map<std::string, PodState> m_pods;       // by uid; bound ones that have not ended
    std::map<std::string, NodeState> m_nodes;
    std::map<std::string, Attachment> m_attachments;
    std::map<Place, base::SteadyTime> m_wantedSince;
    std::map<Place, base::SteadyTime> m_wantedUntil;  // where it is not wanted any more
};

}  // namespace qd::simulation

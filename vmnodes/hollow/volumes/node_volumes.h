// The volumes of one hollow node's Pods, as a kubelet looks after them: it says in volumesInUse which it needs, waits
// until volumesAttached says that it has them, mounts them, grows their file systems, and lets go of them when their
// Pods have ended. Called on the node's strand.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"
#include "vmnodes/hollow/node_events.h"

namespace qd::hollow {

// The informers that all nodes share.
struct VolumeCopies {
    client::Informer& claims;
    client::Informer& volumes;
    client::Informer& drivers;

    explicit VolumeCopies(client::InformerFactory& informers);
};

class NodeVolumes {
public:
    NodeVolumes(client::Client& client, base::Executor& executor, VolumeCopies copies, NodeEvents& events,
                std::string node)
        : m_client(client), m_executor(executor), m_copies(copies), m_events(events), m_nodeName(std::move(node)) {}

    // Makes the CSINode. False when it could not.
    bool registerDriver(const corev1::Node& node);
    // Whether the containers of the Pod can be made: all its volumes are there. Tells in Events what it has waited long
    // for.
    bool mount(const corev1::Pod& pod, const corev1::Node& node);
    // Grows the file systems of the Pod's volumes where that is due. False when it could not.
    bool grow(const corev1::Pod& pod);
    // The Pod has ended, or is gone.
    void unmount(const std::string& uid) { m_pods.erase(uid); }

    bool isWaiting(const std::string& uid) const;
    // For the node's status, in order.
    std::vector<std::string> inUse() const;

private:
    struct Mounts {
        std::set<std::string> names;  // of those that are attached, in the node's lists
        bool mounted = false;
        base::SteadyTime since{};  // waiting
        base::SteadyTime told{};
        std::string problem;  // told last
    };
    struct Found {
        std::vector<std::string> unmounted, unattached, unprocessed;
        std::string problem;  // of the first that could not be processed
    };

    // Looks for one of the Pod's volumes; adds what is wrong with it.
    void find(const corev1::Pod& pod, const corev1::Volume& volume, const corev1::Node& node, Mounts& mounts,
              Found& found);
    bool isAttachable(const corev1::PersistentVolume& volume) const;
    void tell(const corev1::Pod& pod, Mounts& mounts, const Found& found);
    client::Client& m_client;
    base::Executor& m_executor;
    VolumeCopies m_copies;
    NodeEvents& m_events;
    const std::string m_nodeName;
    std::map<std::string, Mounts> m_pods;  // by uid
};

}  // namespace qd::hollow

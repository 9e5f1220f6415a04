// One hollow node: its Node and Lease objects and its Pods. Everything is called on the node's strand.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cluster/api/placement/node_admission.h"
#include "cluster/base/random.h"
#include "cluster/client/typed.h"
#include "vmnodes/hollow/address_pool.h"
#include "vmnodes/hollow/hollow_nodes.h"
#include "vmnodes/hollow/node_events.h"
#include "vmnodes/hollow/pod_events.h"
#include "vmnodes/hollow/volumes/node_volumes.h"

namespace qd::hollow {

class HollowNode {
public:
    // Runs a task on the node's strand after a delay, unless the timer goes.
    using Later = std::function<base::Timer(base::Duration, base::Task)>;
    struct Surroundings {
        client::Client& client;
        const base::Clock& clock;
        base::Random& random;
        const Options& options;
        Later later;
        base::Executor& executor;
        VolumeCopies volumes;
        // Whether podSeen() was asked for of every Pod that there was at the start.
        std::function<bool()> podsKnown;
    };

    HollowNode(Surroundings around, std::string name, unsigned index);

    // Registers, or takes over the Node that is there, and goes on with heartbeats. What a script tells it is timed from `begun`.
    void begin(base::SteadyTime begun);
    // Does what the script says now.
    void followScript();
    void nodeSeen(const client::Ptr<corev1::Node>& node);
    void podSeen(const client::Ptr<corev1::Pod>& pod);
    void podGone(const std::string& uid);
    void setContact(bool contact);
    void setReady(bool ready);
    void setPodReady(const std::string& uid, bool ready);
    // A claim of the Pod has changed.
    void claimChanged(const std::string& uid);

private:
    struct HollowPod {
        client::Ptr<corev1::Pod> pod;  // the newest known
        PodRun run;
        bool taken = false;  // by the node; until then it is neither run nor counted
        std::optional<api::placement::Refusal> refusal;
        api::placement::PodNeeds needs;
        std::uint64_t measured = 0;  // the Pod's revision that `needs` were reckoned from
        std::optional<base::SteadyTime> stopAt;
        bool removed = false;  // from the API
        int failures = 0;      // of writes, in a row
        base::Timer timer;
        base::Timer growing;   // of its file systems, again
    };

    void join();
    bool registerNode();
    RunPlan planFor(const corev1::Pod& pod) const;
    void heartbeat();
    void renewLease();
    void reportStatus();
    void sync(HollowPod& entry);
    // Takes or refuses the Pods that came, the oldest first.
    void admitWaiting();
    void admit(HollowPod& entry);
    // What the Pods use that the node has taken and that have not ended.
    api::placement::PodNeeds taken();
    corev1::PodStatus statusNow(const HollowPod& entry, base::WallTime now) const;
    void stop(HollowPod& entry);
    void tell(const corev1::Pod& pod, const std::vector<PodEvent>& events);
    // Writes what differs, and tells of it. False when it could not, and is tried again later.
    bool write(HollowPod& entry, const corev1::PodStatus& status);
    void again(HollowPod& entry, base::Duration delay);
    void retry(HollowPod& entry);
    AddressPool* pool();
    // Whether its containers may be made; otherwise it is looked at again.
    bool mountVolumes(HollowPod& entry);
    void unmountVolumes(const std::string& uid);
    // The node says what is in use before it uses it, and that it is not any more afterwards.
    void reportVolumes();

    Surroundings m_around;
    const std::string m_name;
    const unsigned m_index;
    const std::string m_address;
    client::Ptr<corev1::Node> m_node;
    client::Ptr<coordinationv1::Lease> m_lease;
    std::optional<AddressPool> m_pool;
    std::string m_poolCidr;
    base::SteadyTime m_begun{};
    base::SteadyTime m_registered{};
    base::SteadyTime m_reported{};
    bool m_contact = true;
    bool m_ready = true;
    bool m_open = false;  // the Pods that were there at the start are known
    Script::NodeState m_scripted;
    base::Timer m_heartbeat;
    base::Timer m_admission;
    api::placement::RefusalPace m_pace;
    NodeEvents m_events;
    NodeVolumes m_volumes;
    std::map<std::string, HollowPod> m_pods;  // by uid
};

}  // namespace qd::hollow

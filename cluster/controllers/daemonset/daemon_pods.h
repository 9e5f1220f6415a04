// Where a DaemonSet's Pods belong, and which to make and to remove. Pure.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ and
// https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/apps_v1.h"
#include "cluster/base/time.h"
#include "cluster/controllers/replicaset/replica_plan.h"

namespace qd::controllers {

inline constexpr char kRevisionHash[] = "controller-revision-hash";

struct NodeFit {
    bool shouldRun = false;    // a Pod is to be made there
    bool mayContinue = false;  // one that is there may stay
};
NodeFit fitOf(const appsv1::DaemonSet& set, const corev1::Node& node);

// The Pod for one node.
corev1::Pod daemonPod(const appsv1::DaemonSet& set, const std::string& hash, const std::string& node);
// The node that a Pod is on, or is made for.
std::string targetNode(const corev1::Pod& pod);
bool isOfRevision(const corev1::Pod& pod, const std::string& hash);
// Scheduled ones first, then the oldest.
void sortByAge(Pods& pods);

struct DaemonObservation {
    const appsv1::DaemonSet& set;
    std::string hash;  // of the present template
    std::vector<client::Ptr<corev1::Node>> nodes;
    std::map<std::string, Pods> podsByNode;  // by target node, of nodes that are gone too
    base::WallTime now{};
};

struct DaemonEnd {  // of a Pod that ended though it should not
    std::string node;
    client::Ptr<corev1::Pod> pod;
};

struct DaemonPlan {
    std::vector<std::string> create;  // on these nodes
    Pods remove;
    std::vector<DaemonEnd> failed;  // to be removed after their back-off
    Pods succeeded;                 // among those to remove
};

// One Pod on each node where there is to be one, and none elsewhere.
DaemonPlan planDaemonPods(const DaemonObservation& observed);
// The next step of a rolling update, when the plan above is empty.
DaemonPlan planDaemonUpdate(const DaemonObservation& observed);

// How long until the first of the Pods that are ready becomes available by the passing of time alone; nothing when none
// will. The next step of an update may wait for that, and no event tells of it.
std::optional<base::Duration> nextAvailableIn(const DaemonObservation& observed);

// The counters of the status; observedGeneration and collisions are left as they are.
appsv1::DaemonSetStatus daemonStatus(const DaemonObservation& observed);

}  // namespace qd::controllers

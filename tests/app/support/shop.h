// A small cluster in the middle of a roll-out, as objects: two nodes, the Deployment shop/web going from revision 6 to
// 7, its Service and EndpointSlice, and some events.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/discovery_v1.h"
#include "cluster/base/time.h"

namespace qd::tests {

// The moment at which the scene is seen.
base::WallTime shopNow();

std::unique_ptr<appsv1::Deployment> shopDeployment();
std::unique_ptr<appsv1::ReplicaSet> shopReplicaSet(int revision, int replicas, int ready);
enum class PodLife { Ready, Running, Pending, Crashing, Terminating, Succeeded };
std::unique_ptr<corev1::Pod> shopPod(int revision, const std::string& suffix, PodLife life, int node, int address);
std::unique_ptr<corev1::Service> shopService();
std::unique_ptr<discoveryv1::EndpointSlice> shopSlice(const std::vector<const corev1::Pod*>& pods);
std::unique_ptr<corev1::Node> shopNode(int number, bool ready = true);

std::vector<std::unique_ptr<corev1::Pod>> shopPods();
// Everything together.
std::vector<std::unique_ptr<api::Object>> shop();

// The clock of the scene: it stands still.
class ShopClock final : public base::Clock {
public:
    base::WallTime now() const override { return shopNow(); }
    base::SteadyTime steady() const override { return {}; }
};

}  // namespace qd::tests

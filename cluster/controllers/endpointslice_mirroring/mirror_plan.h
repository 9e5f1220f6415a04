// Which EndpointSlices mirror an Endpoints object that somebody writes by hand. Pure.
// Source: https://kubernetes.io/docs/concepts/services-networking/service/#endpointslice-mirroring, KEP-0752.
#pragma once

#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/discovery_v1.h"
#include "cluster/client/typed.h"

namespace qd::controllers {

inline constexpr char kMirrorManagedBy[] = "endpointslicemirroring-controller.k8s.io";
inline constexpr std::size_t kMaxMirroredPerSubset = 1000;

using MirrorSlices = std::vector<client::Ptr<discoveryv1::EndpointSlice>>;

struct MirrorPlan {
    std::vector<discoveryv1::EndpointSlice> create;
    std::vector<discoveryv1::EndpointSlice> update;
    MirrorSlices remove;
    int invalidAddresses = 0;
    int skippedAddresses = 0;  // those that are not valid among them

    bool empty() const { return create.empty() && update.empty() && remove.empty(); }
};

// Whether it is to be mirrored at all: neither told to skip it nor a record of a leader's election.
bool isMirrored(const api::Object& endpoints);

// existing: those that the controller made for it.
MirrorPlan planMirror(const corev1::Endpoints& endpoints, const MirrorSlices& existing, std::size_t most = kMaxMirroredPerSubset);

}  // namespace qd::controllers

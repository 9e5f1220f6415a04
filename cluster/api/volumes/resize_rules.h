// The status of a claim whose volume is made larger, step by step: the control plane makes the volume larger, then the
// node that has it mounted its file system. Pure. Source:
// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims and
// https://github.com/kubernetes/enhancements/tree/master/keps/sig-storage/1790-recover-resize-failure.
#pragma once

#include "cluster/api/volumes/claim_rules.h"
#include "cluster/base/time.h"

namespace qd::api::volumes {

using ClaimStatus = corev1::PersistentVolumeClaimStatus;

// The control plane has begun to make it this large.
ClaimStatus growing(const Claim& claim, const Quantity& size, base::WallTime now);
// The node is next.
ClaimStatus awaitingNode(const Claim& claim, base::WallTime now);
// The node has begun.
ClaimStatus growingOnNode(const Claim& claim);
// It is that large.
ClaimStatus grown(const Claim& claim, const Quantity& size);

// How far it is, one of the PersistentVolumeClaim*Resize* constants; empty when nothing is under way.
std::string resizeStage(const Claim& claim);
// The size that was begun last; zero when there is none.
Quantity sizeBegun(const Claim& claim);
// The size that its Pods see.
Quantity presentSize(const Claim& claim);

}  // namespace qd::api::volumes

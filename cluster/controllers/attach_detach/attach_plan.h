// When a volume is attached to a node, and when it is taken off again. Pure.
//
// A volume that only one node may have is attached to the next one only after the attachment to the last one is gone.
// It is taken off while the node does not use it: the node says in volumesInUse what it has mounted or is about to
// mount. A node that no longer answers cannot say so: after six minutes the volume is taken off regardless, at once
// when a person has marked the node as out of service. Source:
// https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#non-graceful-node-shutdown and
// https://kubernetes.io/docs/concepts/storage/persistent-volumes/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/client/typed.h"

namespace qd::controllers {

inline constexpr base::Duration kForceDetachAfter = std::chrono::minutes(6);

struct DetachSight {
    bool nodeExists = true;
    bool nodeHealthy = true;
    bool outOfService = false;
    bool inUse = false;       // the node says so
    base::Duration waited{};  // since nobody wants it there any more
};
// Nothing: detach now. Otherwise how long to wait at most; zero: until the node says something new.
std::optional<base::Duration> detachAfter(const DetachSight& sight);
// What the node says of one of its volumes.
DetachSight sightOf(const corev1::Node* node, const std::string& attachedName);

enum class AttachStep : std::uint8_t {
    Create,
    Await,  // attaching, or the last attachment to this node is going
    Hold,   // another node has it
    Done,
};
using AttachmentPtr = client::Ptr<storagev1::VolumeAttachment>;
// own: the attachment to that node, or null; others: how many other nodes have it or are being given it.
AttachStep planAttach(const AttachmentPtr& own, std::size_t others, bool toMany);

// Why a Pod cannot have its volume, when Pods on other nodes have it: those in its own namespace are named.
std::string multiAttachMessage(const corev1::Pod& waiting, const std::string& volume,
                               const std::vector<client::Ptr<corev1::Pod>>& users);

}  // namespace qd::controllers

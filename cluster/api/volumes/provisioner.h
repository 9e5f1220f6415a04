// Who makes, deletes and grows the volumes of a storage class, where that is done in this process.
//
// A StorageClass names its provisioner; the binder and the expander look it up here. One that is not found is somebody
// else's, a CSI driver in the cluster for example, and is waited for. Volumes made here are of a CSI driver's kind, so
// that they are attached by VolumeAttachment objects; whoever runs the nodes answers those.
//
// Implementations are thread-safe. Calls may block for a few seconds, never under simulation. All are idempotent: a
// call whose answer was lost is made again. An error's message is what a user reads in an Event.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/base/result.h"

namespace qd::api::volumes {

struct ProvisionRequest {
    const corev1::PersistentVolumeClaim& claim;
    const storagev1::StorageClass& storageClass;
    std::string name;                            // of the volume to make
    const corev1::Node* selectedNode = nullptr;  // where its first consumer goes; null: not decided
};

struct Expansion {
    Quantity size;            // what it has become, at least what was asked for
    bool nodeIsNext = false;  // the file system grows on a node that has the volume mounted
};

class Provisioner {
public:
    virtual ~Provisioner() = default;

    // Answers the volume's source, size, and node affinity where only some nodes reach it. The rest of the spec is the
    // caller's. Asked again with one name it answers the volume made before.
    virtual Result<corev1::PersistentVolumeSpec> provision(const ProvisionRequest& request) = 0;
    // A volume that is gone already is a success. Reason Conflict: it is still in use, and later will do.
    virtual Result<void> remove(const corev1::PersistentVolume& volume) = 0;
    // Makes it at least that large; never smaller.
    virtual Result<Expansion> expand(const corev1::PersistentVolume& volume, const Quantity& size) = 0;
};

// By the name that a StorageClass calls its provisioner.
using Provisioners = std::map<std::string, std::shared_ptr<Provisioner>, std::less<>>;

}  // namespace qd::api::volumes

// Small claims, volumes and classes for the tests of what looks after them.
#pragma once

#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/api/volumes/provisioner.h"

namespace qd::tests {

// Asks for one node's use, of class "fast".
inline corev1::PersistentVolumeClaim claim(const std::string& name, const char* size = "1Gi") {
    corev1::PersistentVolumeClaim made;
    made.metadata.namespace_ = "default";
    made.metadata.name = name;
    made.metadata.uid = "uid-of-" + name;
    made.spec.accessModes = {corev1::ReadWriteOnce};
    made.spec.resources.requests[corev1::ResourceStorage] = api::Quantity::of(size);
    made.spec.storageClassName = "fast";
    made.status.phase = corev1::ClaimPending;
    return made;
}

inline corev1::PersistentVolume volume(const std::string& name, const char* size = "1Gi") {
    corev1::PersistentVolume made;
    made.metadata.name = name;
    made.spec.capacity[corev1::ResourceStorage] = api::Quantity::of(size);
    made.spec.accessModes = {corev1::ReadWriteOnce};
    made.spec.storageClassName = "fast";
    made.spec.persistentVolumeReclaimPolicy = corev1::PersistentVolumeReclaimRetain;
    made.spec.hostPath.emplace().path = "/data/" + name;
    made.status.phase = corev1::VolumeAvailable;
    return made;
}

inline void reserve(corev1::PersistentVolume& volume, const corev1::PersistentVolumeClaim& claim, bool withUid = true) {
    auto& reference = volume.spec.claimRef.emplace();
    reference.namespace_ = claim.metadata.namespace_;
    reference.name = claim.metadata.name;
    if (withUid) reference.uid = claim.metadata.uid;
}

// Both as the binder leaves them.
inline void bind(corev1::PersistentVolume& volume, corev1::PersistentVolumeClaim& claim) {
    reserve(volume, claim);
    volume.status.phase = corev1::VolumeBound;
    claim.spec.volumeName = volume.metadata.name;
    claim.metadata.annotations["pv.kubernetes.io/bind-completed"] = "yes";
    claim.status.phase = corev1::ClaimBound;
    claim.status.accessModes = volume.spec.accessModes;
    claim.status.capacity = volume.spec.capacity;
}

inline storagev1::StorageClass storageClass(const std::string& name, const std::string& provisioner) {
    storagev1::StorageClass made;
    made.metadata.name = name;
    made.provisioner = provisioner;
    made.reclaimPolicy = corev1::PersistentVolumeReclaimDelete;
    made.volumeBindingMode = storagev1::VolumeBindingImmediate;
    made.allowVolumeExpansion = true;
    return made;
}

// Remembers what it was asked for, and fails as it is told to.
class RecordingProvisioner final : public api::volumes::Provisioner {
public:
    Result<corev1::PersistentVolumeSpec> provision(const api::volumes::ProvisionRequest& request) override {
        calls.push_back("provision " + request.name +
                        (request.selectedNode ? " at " + request.selectedNode->metadata.name : ""));
        if (failing) return fail(failReason, *failing);
        corev1::PersistentVolumeSpec spec;
        spec.csi.emplace().driver = "disks.test";
        spec.csi->volumeHandle = request.name;
        spec.capacity = request.claim.spec.resources.requests;
        return spec;
    }
    Result<void> remove(const corev1::PersistentVolume& volume) override {
        calls.push_back("remove " + volume.metadata.name);
        if (failing) return fail(failReason, *failing);
        return {};
    }
    Result<api::volumes::Expansion> expand(const corev1::PersistentVolume& volume, const api::Quantity& size) override {
        calls.push_back("expand " + volume.metadata.name + " to " + size.toString());
        if (failing) return fail(failReason, *failing);
        return api::volumes::Expansion{.size = size, .nodeIsNext = nodeIsNext};
    }
    std::vector<std::string> takeCalls() { return std::exchange(calls, {}); }

    std::optional<std::string> failing;
    Reason failReason = Reason::InternalError;
    bool nodeIsNext = false;
    std::vector<std::string> calls;
};

}  // namespace qd::tests

// Volumes without storage: the driver hollow.quarterdeck.dev, which makes, grows and deletes volumes in name only.
//
// A StorageClass may ask for more, to try things on:
//
//     parameters:
//       fail: "out of space"     no volume can be made, for this reason
//       fail-expand: "..."       no volume can be made larger
//       reach: node              a volume is reached from the node only that its first consumer went to
#pragma once

#include <memory>
#include <vector>

#include "cluster/api/types/storage_v1.h"
#include "cluster/api/volumes/provisioner.h"

namespace qd::hollow {

inline constexpr char kDriver[] = "hollow.quarterdeck.dev";

std::shared_ptr<api::volumes::Provisioner> hollowProvisioner();

// The driver as the cluster knows it.
storagev1::CSIDriver driverObject();
// `hollow`, the default one, and `hollow-wait`, which waits for the first consumer.
std::vector<storagev1::StorageClass> storageClasses();
// What a node says of the drivers that it has.
storagev1::CSINode csiNodeObject(const corev1::Node& node);

}  // namespace qd::hollow

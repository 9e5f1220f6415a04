// Where a volume can be made. Pure.
// Source: https://kubernetes.io/docs/concepts/storage/storage-classes/#allowed-topologies,
// https://kubernetes.io/docs/concepts/storage/storage-capacity/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/client/typed.h"

namespace qd::scheduler {

// Whether one of the terms holds for the node; without terms it holds.
bool matchesTopology(const std::vector<corev1::TopologySelectorTerm>& terms, const corev1::Node& node);

// Whether one pool of storage that the node reaches says that it has room for so many bytes.
bool hasRoom(const std::vector<client::Ptr<storagev1::CSIStorageCapacity>>& pools, const std::string& storageClass,
             std::int64_t bytes, const corev1::Node& node);

}  // namespace qd::scheduler

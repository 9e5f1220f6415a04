// What claims, persistent volumes and the storage kinds share: access modes, sizes, the volume inside of an attachment.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/field/path.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {

// The annotation that named a class before there was a field for it.
inline constexpr char kOldStorageClass[] = "volume.beta.kubernetes.io/storage-class";

// None is not a fault here: each kind says so in its own words.
field::Errors accessModesErrors(const std::vector<std::string>& modes, const field::Path& path);
// "RWO,ROX", in this order and each once.
std::string accessModesText(const std::vector<std::string>& modes);
field::Errors sizeErrors(const Quantity& size, const field::Path& path);  // never negative
Quantity storageOf(const Map<Quantity>& amounts);

// inlined: as part of a VolumeAttachment, where a volume has neither claim nor class.
field::Errors volumeSpecErrors(const corev1::PersistentVolumeSpec& spec, bool inlined, const field::Path& path);
void setVolumeSpecDefaults(corev1::PersistentVolumeSpec& spec);

}  // namespace qd::api

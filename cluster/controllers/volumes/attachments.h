// Finds VolumeAttachments by the volume that they attach.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/types/storage_v1.h"
#include "cluster/client/typed.h"

namespace qd::controllers {

// The PersistentVolume of an attachment; empty for a volume that stands inline.
std::string volumeOf(const storagev1::VolumeAttachment& attachment);
// Lets the informer of VolumeAttachments find them so; once is enough.
void addVolumeIndex(client::Informer& attachments);
std::vector<client::Ptr<storagev1::VolumeAttachment>> attachmentsOf(const client::Informer& attachments,
                                                                    const std::string& volume);

}  // namespace qd::controllers

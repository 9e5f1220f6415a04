#include "cluster/controllers/volumes/attachments.h"

namespace qd::controllers {
namespace {

constexpr char kByVolume[] = "volumes/attachments";

}  // namespace

std::string volumeOf(const storagev1::VolumeAttachment& attachment) {
    return attachment.spec.source.persistentVolumeName.value_or("");
}

void addVolumeIndex(client::Informer& attachments) {
    attachments.addIndex(kByVolume, [](const api::Object& object) {
        return std::vector<std::string>{volumeOf(static_cast<const storagev1::VolumeAttachment&>(object))};
    });
}

std::vector<client::Ptr<storagev1::VolumeAttachment>> attachmentsOf(const client::Informer& attachments,
                                                                    const std::string& volume) {
    return client::Lister<storagev1::VolumeAttachment>(attachments).byIndex(kByVolume, volume);
}

}  // namespace qd::controllers

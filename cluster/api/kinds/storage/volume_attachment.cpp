// Source: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume-attachment-v1/.
#include <cstdint>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/persistent_volumes.h"
#include "cluster/api/kinds/core/volume_sources.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/kinds/storage/kinds.h"
#include "cluster/api/types/storage_v1.h"

namespace qd::api {
namespace {

using storagev1::VolumeAttachment;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
constexpr std::size_t kAttachmentMetadataSize = 256 * 1024;
constexpr std::size_t kLongestMessage = 1024;

field::Errors sourceErrors(const storagev1::VolumeAttachmentSource& source, const field::Path& path) {
    constexpr std::string_view kOneOf = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    if (!source.inlineVolumeSpec && !source.persistentVolumeName) return {field::required(path, kOneOf)};
    if (source.inlineVolumeSpec && source.persistentVolumeName) return {field::forbidden(path, kOneOf)};
    if (source.inlineVolumeSpec)
        return volumeSpecErrors(*source.inlineVolumeSpec, true, path.child("inlineVolumeSpec"));
    const field::Path name = path.child("persistentVolumeName");
    field::Errors errors;
    if (source.persistentVolumeName->empty()) {
        errors.push_back(field::required(name, "must specify non empty persistentVolumeName"));
    }
    field::append(errors, subdomainErrors(name, *source.persistentVolumeName));
    return errors;
}

field::Errors failureErrors(const Box<storagev1::VolumeError>& failure, const field::Path& path) {
    if (!failure) return {};
    field::Errors errors;
    // Upstream names the limit of the metadata here.
    if (failure->message.size() > kLongestMessage)
        errors.push_back(field::tooLong(path.child("message"), kAttachmentMetadataSize));
    if (failure->errorCode && *failure->errorCode < 0) {
        field::append(errors, complaintErrors(path.child("errorCode"), *failure->errorCode,
                                              rangeErrors(*failure->errorCode, 0, INT32_MAX)));
    }
    return errors;
}

field::Errors attachmentErrors(const VolumeAttachment& attachment) {
    field::Errors errors = validateObjectMeta(attachment.metadata, false, nullptr, kMetadata);
    const auto& spec = attachment.spec;
    field::append(errors, csiDriverNameErrors(spec.attacher, kSpec.child("attacher")));
    field::append(errors, sourceErrors(spec.source, kSpec.child("source")));
    field::append(errors, subdomainErrors(kSpec.child("nodeName"), spec.nodeName));
    const field::Path status("status");
    std::size_t size = 0;
    for (const auto& [name, value] : attachment.status.attachmentMetadata) size += name.size() + value.size();
    if (size > kAttachmentMetadataSize)
        errors.push_back(field::tooLong(status.child("attachmentMetadata"), kAttachmentMetadataSize));
    field::append(errors, failureErrors(attachment.status.attachError, status.child("attachError")));
    field::append(errors, failureErrors(attachment.status.detachError, status.child("detachError")));
    return errors;
}

field::Errors changeErrors(const Object& now, const Object& old) {
    const auto& attachment = as<VolumeAttachment>(now);
    field::Errors errors = attachmentErrors(attachment);
    if (!(attachment.spec == as<VolumeAttachment>(old).spec))
        errors.push_back(immutable(kSpec, shown(attachment.spec)));
    return errors;
}

}  // namespace

Kind volumeAttachmentKind() {
    Kind kind = plainKind("storage.k8s.io", "v1", "VolumeAttachment");
    kind.allowUnconditionalUpdate = false;
    kind.returnsDeletedObject = true;
    addStatus(kind);
    kind.defaults = [](Object& object) {
        auto& inlined = as<VolumeAttachment>(object).spec.source.inlineVolumeSpec;
        if (inlined) setVolumeSpecDefaults(*inlined);
    };
    validateCreate(kind, [](const Object& object) { return attachmentErrors(as<VolumeAttachment>(object)); });
    validateUpdate(kind, changeErrors);
    auto& status = kind.subresourceUpdates["status"];
    status.prepare = [keepSpec = status.prepare](Object& now, const Object& old) {
        keepSpec(now, old);
        keepForStatusUpdate(now.metadata, old.metadata);
    };
    status.resetFields = {"metadata", "spec"};
    validateSubresource(kind, "status", changeErrors);
    Column attacher = fieldColumn<storagev1::VolumeAttachmentSpec>("Attacher", "string", "attacher");
    attacher.format = "name";
    kind.columns = {nameColumn(),
                    attacher,
                    fieldColumn<storagev1::VolumeAttachmentSource>("PV", "string", "persistentVolumeName"),
                    fieldColumn<storagev1::VolumeAttachmentSpec>("Node", "string", "nodeName"),
                    fieldColumn<storagev1::VolumeAttachmentStatus>("Attached", "boolean", "attached"),
                    ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& attachment = as<VolumeAttachment>(object);
        return {object.metadata.name,
                attachment.spec.attacher,
                attachment.spec.source.persistentVolumeName.value_or(""),
                attachment.spec.nodeName,
                attachment.status.attached,
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api

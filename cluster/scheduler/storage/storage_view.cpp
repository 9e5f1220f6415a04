#include "cluster/scheduler/storage/storage_view.h"

#include <charconv>

#include "cluster/api/volumes/claim_rules.h"

namespace qd::scheduler {
namespace {

const std::string kByClass = "scheduler-storage-class";
const std::string kByNode = "scheduler-node";

template <typename T>
client::Lister<T> indexed(client::InformerFactory& informers, const std::string& index,
                          std::string (*value)(const T&)) {
    auto& informer = informers.informer(client::resourceOf<T>());
    informer.addIndex(index, [value](const api::Object& object) -> std::vector<std::string> {
        return {value(static_cast<const T&>(object))};
    });
    return client::Lister<T>(informer);
}

// What is assumed of an object holds until a newer copy of it is seen.
template <typename T>
bool isNewer(const client::Ptr<T>& stored, const T& assumed) {
    return revisionOf(stored->metadata) > revisionOf(assumed.metadata);
}

}  // namespace

std::uint64_t revisionOf(const metav1::ObjectMeta& metadata) {
    std::uint64_t revision = 0;
    const std::string& text = metadata.resourceVersion;
    std::from_chars(text.data(), text.data() + text.size(), revision);
    return revision;
}

StorageView::StorageView(client::InformerFactory& informers)
    : m_claims(client::listerFor<Claim>(informers)),
      m_volumes(indexed<Volume>(informers, kByClass, [](const Volume& volume) { return api::volumes::className(volume); })),
      m_classes(client::listerFor<storagev1::StorageClass>(informers)),
      m_csiNodes(client::listerFor<storagev1::CSINode>(informers)),
      m_csiDrivers(client::listerFor<storagev1::CSIDriver>(informers)),
      m_capacities(client::listerFor<storagev1::CSIStorageCapacity>(informers)),
      m_attachments(indexed<storagev1::VolumeAttachment>(
          informers, kByNode, [](const storagev1::VolumeAttachment& attachment) { return attachment.spec.nodeName; })) {
}

client::Ptr<StorageView::Claim> StorageView::claim(const std::string& ns, const std::string& name) const {
    auto stored = m_claims.get(ns, name);
    const auto assumed = m_assumedClaims.find({ns, name});
    return stored && assumed != m_assumedClaims.end() && !isNewer(stored, *assumed->second) ? assumed->second : stored;
}

client::Ptr<StorageView::Volume> StorageView::volume(const std::string& name) const {
    auto stored = m_volumes.get("", name);
    const auto assumed = m_assumedVolumes.find(name);
    return stored && assumed != m_assumedVolumes.end() && !isNewer(stored, *assumed->second) ? assumed->second : stored;
}

std::vector<client::Ptr<StorageView::Volume>> StorageView::volumesOfClass(const std::string& storageClass) const {
    auto volumes = m_volumes.byIndex(kByClass, storageClass);
    if (m_assumedVolumes.empty()) return volumes;
    for (auto& each : volumes) {
        const auto assumed = m_assumedVolumes.find(each->metadata.name);
        if (assumed != m_assumedVolumes.end() && !isNewer(each, *assumed->second)) each = assumed->second;
    }
    return volumes;
}

std::vector<client::Ptr<storagev1::VolumeAttachment>> StorageView::attachments(const std::string& node) const {
    return m_attachments.byIndex(kByNode, node);
}

void StorageView::assume(client::Ptr<Claim> claim) {
    std::pair<std::string, std::string> key(claim->metadata.namespace_, claim->metadata.name);
    m_assumedClaims.insert_or_assign(std::move(key), std::move(claim));
}

void StorageView::assume(client::Ptr<Volume> volume) {
    std::string name = volume->metadata.name;
    m_assumedVolumes.insert_or_assign(std::move(name), std::move(volume));
}

void StorageView::restoreClaim(const std::string& ns, const std::string& name) {
    m_assumedClaims.erase({ns, name});
}
void StorageView::restoreVolume(const std::string& name) {
    m_assumedVolumes.erase(name);
}

}  // namespace qd::scheduler

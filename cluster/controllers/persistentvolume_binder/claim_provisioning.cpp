#include "cluster/controllers/persistentvolume_binder/claim_provisioning.h"

#include <fmt/format.h>

#include <map>

#include "cluster/api/volumes/claim_rules.h"

namespace qd::controllers {
namespace {

using namespace api::volumes;

constexpr char kFailed[] = "ProvisioningFailed";

const std::map<std::string, std::string, std::less<>> kMovedToCsi = {
    {"kubernetes.io/aws-ebs", "ebs.csi.aws.com"},
    {"kubernetes.io/azure-disk", "disk.csi.azure.com"},
    {"kubernetes.io/azure-file", "file.csi.azure.com"},
    {"kubernetes.io/cinder", "cinder.csi.openstack.org"},
    {"kubernetes.io/gce-pd", "pd.csi.storage.gke.io"},
    {"kubernetes.io/portworx-volume", "pxd.portworx.com"},
    {"kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"},
};

std::string volumeNameFor(const Claim& claim) {
    return "pvc-" + claim.metadata.uid;
}

// The volume as the claim and its class want it, from what the provisioner answered.
PersistentVolume volumeFor(const Claim& claim, const storagev1::StorageClass& storageClass,
                           corev1::PersistentVolumeSpec made) {
    PersistentVolume volume;
    volume.metadata.name = volumeNameFor(claim);
    volume.metadata.annotations[kProvisionedBy] = storageClass.provisioner;
    volume.spec = std::move(made);
    auto& spec = volume.spec;
    spec.persistentVolumeReclaimPolicy = storageClass.reclaimPolicy.value_or(corev1::PersistentVolumeReclaimDelete);
    if (spec.persistentVolumeReclaimPolicy == corev1::PersistentVolumeReclaimDelete)
        volume.metadata.finalizers.emplace_back(kStorageFinalizer);
    if (spec.accessModes.empty()) spec.accessModes = claim.spec.accessModes;
    spec.storageClassName = className(claim);
    spec.mountOptions = storageClass.mountOptions;
    spec.volumeMode = claim.spec.volumeMode.value_or(corev1::PersistentVolumeFilesystem);
    spec.volumeAttributesClassName = claim.spec.volumeAttributesClassName;
    return *tied(volume, claim);
}

}  // namespace

Provisioner* madeBy(const Provisioners& provisioners, const PersistentVolume& volume) {
    const std::string* name = annotation(volume, kProvisionedBy);
    const auto found = name ? provisioners.find(*name) : provisioners.end();
    return found == provisioners.end() ? nullptr : found->second.get();
}

std::string presentName(const std::string& provisioner) {
    const auto moved = kMovedToCsi.find(provisioner);
    return moved == kMovedToCsi.end() ? provisioner : moved->second;
}

ClaimProvisioning::ClaimProvisioning(Context& context, BindingWrites& writes, const Provisioners& provisioners)
    : m_context(context),
      m_writes(writes),
      m_provisioners(provisioners),
      m_classes(context.informers.informer(client::resourceOf<StorageClass>())),
      m_nodes(context.informers.informer(client::resourceOf<corev1::Node>())),
      m_backoff(context.executor.clock()) {}

void ClaimProvisioning::failed(const Claim& claim, const std::string& message) {
    tell(m_context.events, claim, {"Warning", kFailed, message});
}

Result<Outcome> ClaimProvisioning::run(const ClaimPtr& claim) {
    const std::string wanted = className(*claim);
    const auto storageClass = client::Lister<StorageClass>(m_classes).get("", wanted);
    if (!storageClass) {
        failed(*claim, fmt::format("storageclass.storage.k8s.io \"{}\" not found", wanted));
        return Outcome{kClaimResync};
    }
    const auto own = m_provisioners.find(storageClass->provisioner);
    if (own == m_provisioners.end()) return waitForOthers(claim, *storageClass);
    const std::string key = keyOf(*claim);
    if (const auto wait = m_backoff.wait(key); wait > base::Duration(0)) return Outcome{wait};
    auto done = make(claim, *storageClass, *own->second);
    if (done) m_backoff.forget(key);
    // Somebody wrote the claim meanwhile, the scheduler for example: look at it again at once.
    if (!done && done.error().reason != Reason::Conflict) return Outcome{m_backoff.failed(key)};
    return done;
}

Result<Outcome> ClaimProvisioning::waitForOthers(const ClaimPtr& claim, const StorageClass& storageClass) {
    const std::string name = presentName(storageClass.provisioner);
    if (name.starts_with("kubernetes.io/")) {
        failed(*claim, "no volume plugin matched name: " + name);
        return Outcome{kClaimResync};
    }
    if (auto named = nameProvisioner(claim, name); !named) {
        failed(*claim, "Error saving claim: " + named.error().message);
        return fail(std::move(named.error()));
    }
    tell(m_context.events, *claim,
         {"Normal", "ExternalProvisioning",
          fmt::format("Waiting for a volume to be created either by the external provisioner '{}' or manually by the "
                      "system administrator. If volume creation is delayed, please verify that the provisioner is "
                      "running and correctly registered.",
                      name)});
    return Outcome{kClaimResync};
}

Result<ClaimProvisioning::ClaimPtr> ClaimProvisioning::nameProvisioner(const ClaimPtr& claim, const std::string& name) {
    const std::string* known = annotation(*claim, kStorageProvisioner);
    if (known && *known == name) return claim;
    Claim changed = *claim;
    changed.metadata.annotations[kBetaStorageProvisioner] = name;
    changed.metadata.annotations[kStorageProvisioner] = name;
    return m_writes.save(changed);
}

Result<Outcome> ClaimProvisioning::make(const ClaimPtr& claim, const StorageClass& storageClass, Provisioner& by) {
    if (claim->spec.dataSource || claim->spec.dataSourceRef) {
        failed(*claim,
               fmt::format("provisioner \"{}\" cannot make a volume from a data source", storageClass.provisioner));
        return fail(Reason::BadRequest, "the claim has a data source");
    }
    auto named = nameProvisioner(claim, storageClass.provisioner);
    if (!named) return fail(named.error().within("naming the provisioner"));
    auto volume = client::Api<PersistentVolume>(m_context.client).get("", volumeNameFor(*claim));
    if (!volume) {
        if (volume.error().reason != Reason::NotFound) return fail(std::move(volume.error()));
        volume = provision(*named, storageClass, by);
        if (!volume) return fail(std::move(volume.error()));
    }
    if (!isBoundTo(**volume, **named)) return fail(Reason::AlreadyExists, "a volume of that name serves another claim");
    if (auto bound = m_writes.bind(*volume, *named); !bound) {
        // The volume is there: the next sync finds it reserved for the claim.
        m_backoff.forget(keyOf(*claim));
        m_context.keys.addAfter(keyOf(*claim), std::chrono::milliseconds(5));
    }
    return Outcome{};
}

Result<ClaimProvisioning::VolumePtr> ClaimProvisioning::provision(const ClaimPtr& claim,
                                                                  const StorageClass& storageClass, Provisioner& by) {
    client::Ptr<corev1::Node> node;
    if (const std::string* selected = annotation(*claim, kSelectedNode)) {
        node = client::Lister<corev1::Node>(m_nodes).get("", *selected);
        if (!node) {
            failed(*claim, fmt::format("Failed to get target node: node \"{}\" not found", *selected));
            return fail(Reason::NotFound, "the selected node is not there");
        }
    }
    const std::string name = volumeNameFor(*claim);
    auto made = by.provision({.claim = *claim, .storageClass = storageClass, .name = name, .selectedNode = node.get()});
    if (!made) {
        giveBackNode(claim);
        failed(*claim, fmt::format("Failed to provision volume with StorageClass \"{}\": {}",
                                   storageClass.metadata.name, made.error().message));
        return fail(Reason::InternalError, made.error().message);
    }
    auto recorded = record(claim, volumeFor(*claim, storageClass, std::move(*made)), by);
    if (recorded) {
        tell(m_context.events, *claim,
             {"Normal", "ProvisioningSucceeded",
              fmt::format("Successfully provisioned volume {} using {}", name, storageClass.provisioner)});
    }
    return recorded;
}

Result<ClaimProvisioning::VolumePtr> ClaimProvisioning::record(const ClaimPtr& claim, const PersistentVolume& made,
                                                               Provisioner& by) {
    auto created = m_writes.create(made);
    if (created) return created;
    // Was it written though the answer says otherwise? Only what surely has no object is deleted.
    auto found = client::Api<PersistentVolume>(m_context.client).get("", made.metadata.name);
    if (found || found.error().reason != Reason::NotFound) return found;
    failed(*claim, fmt::format("Error creating provisioned PV object for claim {}: {}. Deleting the volume.",
                               keyOf(*claim), created.error().message));
    if (const auto removed = by.remove(made); !removed) {
        tell(m_context.events, *claim,
             {"Warning", "ProvisioningCleanupFailed",
              fmt::format("Error cleaning provisioned volume for claim {}: {}. Please delete manually.", keyOf(*claim),
                          removed.error().message)});
    }
    return fail(Reason::InternalError, created.error().message);
}

void ClaimProvisioning::giveBackNode(const ClaimPtr& claim) {
    if (!annotation(*claim, kSelectedNode)) return;
    Claim changed = *claim;
    changed.metadata.annotations.erase(kSelectedNode);
    (void)m_writes.save(changed);  // or the next attempt does it
}

}  // namespace qd::controllers

// Nodes write their own Node, Lease, CSINode and ResourceSlices, the status of their own Pods, mirror Pods, tokens for their
// own Pods and nothing that would let them steer work or rights to themselves.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "cluster/api/types/authentication_v1.h"
#include "cluster/api/types/certificates_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/resource_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/apiserver/admission/plugins.h"
#include "cluster/apiserver/auth/node_identity.h"
#include "cluster/apiserver/auth/object_references.h"
#include "cluster/base/pki/certificate.h"

namespace qd::apiserver {
namespace {

constexpr const char* kMirror = "kubernetes.io/config.mirror";
constexpr const char* kLeaseNamespace = "kube-node-lease";
constexpr std::string_view kRestricted = "node-restriction.kubernetes.io";

Error missing(const char* resource, const std::string& name) {
    Error error{Reason::NotFound, fmt::format("{} \"{}\" not found", resource, name)};
    error.details = base::ErrorDetails{name, "", resource, "", 0};
    return error;
}

// --- labels

bool isWithin(std::string_view domain, std::string_view of) {
    return domain == of || (domain.ends_with(of) && domain[domain.size() - of.size() - 1] == '.');
}

// A kubelet tells these about its machine.
bool isKubeletLabel(std::string_view label, std::string_view domain) {
    static constexpr std::array<std::string_view, 11> kKnown = {
        "kubernetes.io/hostname", "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
        "node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type",
        "kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch"};
    if (std::find(kKnown.begin(), kKnown.end(), label) != kKnown.end()) return true;
    return isWithin(domain, "kubelet.kubernetes.io") || isWithin(domain, "node.kubernetes.io");
}

std::vector<std::string> forbiddenLabels(const api::Map<std::string>& now, const api::Map<std::string>& old) {
    std::set<std::string> changed;
    for (const auto& [key, value] : now) {
        const auto before = old.find(key);
        if (before == old.end() || before->second != value) changed.insert(key);
    }
    for (const auto& [key, value] : old) {
        if (!now.contains(key)) changed.insert(key);
    }
    std::vector<std::string> wrong;
    for (const auto& label : changed) {
        const auto slash = label.find('/');
        const std::string_view domain = slash == std::string::npos ? std::string_view() : std::string_view(label).substr(0, slash);
        const bool kubernetes = isWithin(domain, "kubernetes.io") || isWithin(domain, "k8s.io");
        if (isWithin(domain, kRestricted) || (kubernetes && !isKubeletLabel(label, domain))) wrong.push_back(label);
    }
    return wrong;
}

// --- what mirror Pods may not have

// What of the API a Pod refers to, "" for nothing. Nodes must not make Pods that let them read more.
std::string referenceIn(const corev1::Pod& pod) {
    if (!pod.spec.serviceAccountName.empty()) return "serviceaccounts";
    if (!secretsOf(pod).empty()) return "secrets";
    if (!configMapsOf(pod).empty()) return "configmaps";
    if (!pod.spec.resourceClaims.empty()) return "resourceclaims";
    for (const auto& volume : pod.spec.volumes) {
        if (volume.configMap) return "configmaps (via configmap volumes)";
        if (volume.secret) return "secrets (via secret volumes)";
        if (volume.csi) return "csidrivers (via CSI volumes)";
        if (volume.glusterfs) return "endpoints (via glusterFS volumes)";
        if (volume.persistentVolumeClaim) return "persistentvolumeclaims";
        if (volume.ephemeral) return "persistentvolumeclaims (via ephemeral volumes)";
        if (volume.azureFile) return "secrets (via azureFile volumes)";
        if (!volume.projected) continue;
        for (const auto& source : volume.projected->sources) {
            if (source.serviceAccountToken) return "serviceaccounts (via projected volumes)";
            if (source.clusterTrustBundle) return "clustertrustbundles";
            if (source.podCertificate) return "podcertificates";
        }
    }
    return {};
}

class NodeRestriction final : public AdmissionPlugin {
public:
    explicit NodeRestriction(const Authorizer* authorizer) : m_authorizer(authorizer) {}
    const char* name() const override { return "NodeRestriction"; }
    Result<void> mutate(AdmissionRequest& request, const Reader& reader) const override {
        const auto identity = nodeIdentity(request.user);
        if (!identity.isNode) return {};
        const std::string& node = identity.name;
        if (node.empty()) return fail(forbidden(request, fmt::format("could not determine node from user \"{}\"", request.user.name)));
        const std::string resource = request.kind->groupResource();
        if (resource == "pods") return admitPod(node, request, reader);
        if (resource == "nodes") return admitNode(node, request);
        if (resource == "persistentvolumeclaims") return admitClaim(node, request);
        if (resource == "serviceaccounts") return admitToken(node, request, reader);
        if (resource == "leases.coordination.k8s.io") return admitLease(node, request);
        if (resource == "csinodes.storage.k8s.io") {
            return admitOwn(node, request, "can only access CSINode with the same name as the requesting node");
        }
        if (resource == "resourceslices.resource.k8s.io") return admitSlice(node, request);
        if (resource == "certificatesigningrequests.certificates.k8s.io") return admitSigningRequest(node, request);
        return {};
    }

private:
    Result<void> admitPod(const std::string& node, const AdmissionRequest& request, const Reader& reader) const;
    Result<void> admitMirrorPod(const std::string& node, const AdmissionRequest& request, const Reader& reader) const;
    Result<void> admitPodStatus(const std::string& node, const AdmissionRequest& request) const;
    Result<void> admitNode(const std::string& node, const AdmissionRequest& request) const;
    Result<void> admitClaim(const std::string& node, const AdmissionRequest& request) const;
    Result<void> admitToken(const std::string& node, const AdmissionRequest& request, const Reader& reader) const;
    Result<void> admitAudiences(const std::vector<std::string>& audiences, const corev1::Pod& pod, const AdmissionRequest& request, const Reader& reader) const;
    Result<void> admitLease(const std::string& node, const AdmissionRequest& request) const;
    Result<void> admitOwn(const std::string& node, const AdmissionRequest& request, const char* why) const;
    Result<void> admitSlice(const std::string& node, const AdmissionRequest& request) const;
    Result<void> admitSigningRequest(const std::string& node, const AdmissionRequest& request) const;

    const Authorizer* m_authorizer;
};

Result<void> NodeRestriction::admitPod(const std::string& node, const AdmissionRequest& request, const Reader& reader) const {
    if (request.subresource == "status") return admitPodStatus(node, request);
    const bool evicts = request.subresource == "eviction";
    if (!request.subresource.empty() && !evicts) {
        return fail(forbidden(request, fmt::format("unexpected pod subresource \"{}\", only 'status' and 'eviction' are allowed", request.subresource)));
    }
    if (request.operation == Operation::Create && !evicts) return admitMirrorPod(node, request, reader);
    const bool deletes = request.operation == Operation::Delete && !evicts;
    if (!deletes && !(evicts && request.operation == Operation::Create)) {
        return fail(forbidden(request, fmt::format("unexpected operation \"UPDATE\", node \"{}\" can only create and delete mirror pods", node)));
    }
    const auto pod = api::objectAs<corev1::Pod>(reader.get("pods", request.namespace_, request.name));
    if (!pod) return fail(missing("pods", request.name));
    if (pod->spec.nodeName == node) return {};
    if (evicts) return fail(forbidden(request, fmt::format("node {} can only evict pods with spec.nodeName set to itself", node)));
    return fail(forbidden(request, fmt::format("node \"{}\" can only delete pods with spec.nodeName set to itself", node)));
}

Result<void> NodeRestriction::admitMirrorPod(const std::string& node, const AdmissionRequest& request, const Reader& reader) const {
    const auto* pod = itself<corev1::Pod>(request);
    if (!pod) return fail(forbidden(request, "unexpected type"));
    const auto refuse = [&](std::string why) -> Result<void> { return fail(forbidden(request, why)); };
    if (!pod->metadata.annotations.contains(kMirror)) {
        return refuse(fmt::format("pod does not have \"{}\" annotation, node \"{}\" can only create mirror pods", kMirror, node));
    }
    if (pod->spec.nodeName != node) return refuse(fmt::format("node \"{}\" can only create pods with spec.nodeName set to itself", node));
    const auto& owners = pod->metadata.ownerReferences;
    if (owners.size() > 1) return refuse(fmt::format("node \"{}\" can only create pods with a single owner reference set to itself", node));
    if (owners.empty() || owners[0].apiVersion != "v1" || owners[0].kind != "Node" || owners[0].name != node) {
        return refuse(fmt::format("node \"{}\" can only create pods with an owner reference set to itself", node));
    }
    if (!owners[0].controller.value_or(false)) {
        return refuse(fmt::format("node \"{}\" can only create pods with a controller owner reference set to itself", node));
    }
    if (owners[0].blockOwnerDeletion.value_or(false)) {
        return refuse(fmt::format("node \"{}\" must not set blockOwnerDeletion on an owner reference", node));
    }
    const auto known = reader.get("nodes", "", node);
    if (!known) return fail(missing("nodes", node));
    if (owners[0].uid != known->metadata.uid) {
        return refuse(fmt::format("node {} UID mismatch: expected {} got {}", node, owners[0].uid, known->metadata.uid));
    }
    if (const std::string reference = referenceIn(*pod); !reference.empty()) {
        return refuse(fmt::format("node \"{}\" can not create pods that reference {}", node, reference));
    }
    return {};
}

Result<void> NodeRestriction::admitPodStatus(const std::string& node, const AdmissionRequest& request) const {
    const auto* old = request.old ? api::objectAs<corev1::Pod>(*request.old) : nullptr;
    const auto* now = request.object ? api::objectAs<corev1::Pod>(static_cast<const api::Object&>(*request.object)) : nullptr;
    if (request.operation != Operation::Update || !old || !now) return fail(forbidden(request, "unexpected operation"));
    if (old->spec.nodeName != node) {
        return fail(forbidden(request, fmt::format("node \"{}\" can only update pod status for pods with spec.nodeName set to itself", node)));
    }
    if (old->metadata.labels != now->metadata.labels) {
        return fail(forbidden(request, fmt::format("node \"{}\" cannot update labels through pod status", node)));
    }
    if (old->status.resourceClaimStatuses != now->status.resourceClaimStatuses) {
        return fail(forbidden(request, fmt::format("node \"{}\" cannot update resource claim statues", node)));
    }
    if (old->status.extendedResourceClaimStatus != now->status.extendedResourceClaimStatus) {
        return fail(forbidden(request, fmt::format("node \"{}\" cannot update extended resource claim status", node)));
    }
    return {};
}

Result<void> NodeRestriction::admitNode(const std::string& node, const AdmissionRequest& request) const {
    if (request.name != node) {
        return fail(forbidden(request, fmt::format("node \"{}\" is not allowed to modify node \"{}\"", node, request.name)));
    }
    const auto* now = request.object ? api::objectAs<corev1::Node>(static_cast<const api::Object&>(*request.object)) : nullptr;
    if (!now) return {};  // deleted
    if (request.operation == Operation::Create) {
        if (now->spec.configSource) {
            return fail(forbidden(request, fmt::format("node \"{}\" is not allowed to create pods with a non-nil configSource", node)));
        }
        const auto labels = forbiddenLabels(now->metadata.labels, {});
        if (labels.empty()) return {};
        return fail(forbidden(request, fmt::format("node \"{}\" is not allowed to set the following labels: {}", node, fmt::join(labels, ", "))));
    }
    const auto* old = request.old ? api::objectAs<corev1::Node>(*request.old) : nullptr;
    if (!old) return {};
    if (now->spec.configSource && now->spec.configSource != old->spec.configSource) {
        return fail(forbidden(request, fmt::format("node \"{}\" is not allowed to update configSource to a new non-nil configSource", node)));
    }
    if (now->spec.taints != old->spec.taints) {
        return fail(forbidden(request, fmt::format("node \"{}\" is not allowed to modify taints", node)));
    }
    if (now->metadata.ownerReferences != old->metadata.ownerReferences) {
        return fail(forbidden(request, fmt::format("node \"{}\" is not allowed to modify ownerReferences", node)));
    }
    const auto labels = forbiddenLabels(now->metadata.labels, old->metadata.labels);
    if (labels.empty()) return {};
    return fail(forbidden(request, fmt::format("is not allowed to modify labels: {}", fmt::join(labels, ", "))));
}

Result<void> NodeRestriction::admitClaim(const std::string& node, const AdmissionRequest& request) const {
    if (request.subresource != "status") return fail(forbidden(request, "may only update PVC status"));
    const auto* old = request.old ? api::objectAs<corev1::PersistentVolumeClaim>(*request.old) : nullptr;
    const auto* now = request.object ? api::objectAs<corev1::PersistentVolumeClaim>(static_cast<const api::Object&>(*request.object)) : nullptr;
    if (!old || !now) return fail(forbidden(request, "unexpected operation"));
    const auto rest = [](corev1::PersistentVolumeClaim claim) {
        claim.metadata.resourceVersion.clear();
        claim.metadata.managedFields.clear();
        claim.status.capacity.clear();
        claim.status.conditions.clear();
        claim.status.allocatedResources.clear();
        claim.status.allocatedResourceStatuses.clear();
        return claim;
    };
    if (rest(*old) == rest(*now)) return {};
    return fail(forbidden(request, fmt::format("node \"{}\" is not allowed to update fields other than status.quantity and status.conditions", node)));
}

Result<void> NodeRestriction::admitToken(const std::string& node, const AdmissionRequest& request, const Reader& reader) const {
    if (request.operation != Operation::Create || request.subresource != "token") return {};
    const auto* token = request.object ? api::objectAs<authenticationv1::TokenRequest>(static_cast<const api::Object&>(*request.object)) : nullptr;
    if (!token) return fail(forbidden(request, "unexpected type"));
    const auto& bound = token->spec.boundObjectRef;
    if (!bound || bound->apiVersion != "v1" || bound->kind != "Pod" || bound->name.empty()) {
        return fail(forbidden(request, "node requested token not bound to a pod"));
    }
    if (bound->uid.empty()) return fail(forbidden(request, "node requested token with a pod binding without a uid"));
    const auto pod = api::objectAs<corev1::Pod>(reader.get("pods", request.namespace_, bound->name));
    if (!pod) return fail(missing("pods", bound->name));
    if (bound->uid != pod->metadata.uid) {
        return fail(forbidden(request, fmt::format("the UID in the bound object reference ({}) does not match the UID in record. "
                                                   "The object might have been deleted and then recreated", bound->uid)));
    }
    if (pod->spec.nodeName != node) return fail(forbidden(request, "node requested token bound to a pod scheduled on a different node"));
    return admitAudiences(token->spec.audiences, *pod, request, reader);
}

// The CSI driver behind a volume, "" when there is none.
std::string driverOf(const corev1::Volume& volume, const corev1::Pod& pod, const Reader& reader) {
    if (volume.csi) return volume.csi->driver;
    std::string claimName;
    if (volume.persistentVolumeClaim) claimName = volume.persistentVolumeClaim->claimName;
    if (volume.ephemeral) claimName = pod.metadata.name + "-" + volume.name;
    if (claimName.empty()) return {};
    const auto claim = api::objectAs<corev1::PersistentVolumeClaim>(reader.get("persistentvolumeclaims", pod.metadata.namespace_, claimName));
    if (!claim) return {};
    const auto persistent = api::objectAs<corev1::PersistentVolume>(reader.get("persistentvolumes", "", claim->spec.volumeName));
    return persistent && persistent->spec.csi ? persistent->spec.csi->driver : std::string();
}

bool wantsTokenFor(const corev1::Volume& volume, const std::string& audience, const corev1::Pod& pod, const Reader& reader) {
    if (volume.projected) {
        for (const auto& source : volume.projected->sources) {
            if (source.serviceAccountToken && source.serviceAccountToken->audience == audience) return true;
        }
    }
    const std::string name = driverOf(volume, pod, reader);
    if (name.empty()) return false;
    const auto driver = api::objectAs<storagev1::CSIDriver>(reader.get("csidrivers.storage.k8s.io", "", name));
    if (!driver) return false;
    const auto& requests = driver->spec.tokenRequests;
    return std::any_of(requests.begin(), requests.end(), [&](const auto& each) { return each.audience == audience; });
}

Result<void> NodeRestriction::admitAudiences(const std::vector<std::string>& audiences, const corev1::Pod& pod, const AdmissionRequest& request,
                                             const Reader& reader) const {
    if (audiences.size() > 1) return fail(forbidden(request, "node may only request 0 or 1 audiences"));
    const std::string audience = audiences.empty() ? std::string() : audiences.front();
    const auto& volumes = pod.spec.volumes;
    if (std::any_of(volumes.begin(), volumes.end(), [&](const auto& volume) { return wantsTokenFor(volume, audience, pod, reader); })) return {};
    AuthorizationAttributes asked;
    asked.user = &request.user;
    asked.verb = "request-serviceaccounts-token-audience";
    asked.version = "v1";
    asked.resource = audience;
    asked.namespace_ = request.namespace_;
    asked.name = request.name;
    if (m_authorizer && m_authorizer->authorize(asked).decision == Decision::Allow) return {};
    return fail(forbidden(request, fmt::format("audience \"{}\" not found in pod spec volume, {} is not authorized to request tokens for this audience", audience, request.user.name)));
}

Result<void> NodeRestriction::admitOwn(const std::string& node, const AdmissionRequest& request, const char* why) const {
    const bool created = request.operation == Operation::Create && request.object;
    const std::string& name = created ? request.object->metadata.name : request.name;
    if (name == node) return {};
    return fail(forbidden(request, why));
}

Result<void> NodeRestriction::admitLease(const std::string& node, const AdmissionRequest& request) const {
    if (request.namespace_ != kLeaseNamespace) {
        return fail(forbidden(request, fmt::format("can only access leases in the \"{}\" system namespace", kLeaseNamespace)));
    }
    return admitOwn(node, request, "can only access node lease with the same name as the requesting node");
}

Result<void> NodeRestriction::admitSlice(const std::string& node, const AdmissionRequest& request) const {
    const bool created = request.operation == Operation::Create;
    if (!created && request.operation != Operation::Delete) return {};
    const api::Object* object = created ? request.object : request.old;
    const auto* slice = object ? api::objectAs<resourcev1::ResourceSlice>(*object) : nullptr;
    if (slice && slice->spec.nodeName == node) return {};
    return fail(forbidden(request, fmt::format("can only {} ResourceSlice with the same NodeName as the requesting node", created ? "create" : "delete")));
}

Result<void> NodeRestriction::admitSigningRequest(const std::string& node, const AdmissionRequest& request) const {
    const auto* csr = request.operation == Operation::Create ? itself<certificatesv1::CertificateSigningRequest>(request) : nullptr;
    if (!csr) return {};
    if (csr->spec.signerName != "kubernetes.io/kubelet-serving" && csr->spec.signerName != "kubernetes.io/kube-apiserver-client-kubelet") return {};
    const auto parsed = pki::SigningRequest::parse(csr->spec.request.data);
    if (!parsed) return fail(forbidden(request, "unable to parse csr: " + parsed.error().message));
    if (parsed->subject.commonName == std::string(kNodeUserPrefix) + node) return {};
    return fail(forbidden(request, fmt::format("can only create a node CSR with CN={}{}", kNodeUserPrefix, node)));
}

}  // namespace

std::unique_ptr<AdmissionPlugin> nodeRestriction(const Authorizer* authorizer) { return std::make_unique<NodeRestriction>(authorizer); }

}  // namespace qd::apiserver

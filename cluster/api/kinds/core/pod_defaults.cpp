#include <algorithm>

#include "cluster/api/kinds/core/image_name.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/core/volume_sources.h"

namespace qd::api {
namespace {

using namespace corev1;

constexpr std::int64_t kGracePeriodSeconds = 30;
constexpr std::int32_t kFileMode = 0644;
constexpr std::int64_t kTokenSeconds = 3600;

void setHttpDefaults(Box<HTTPGetAction>& action) {
    if (!action) return;
    if (action->path.empty()) action->path = "/";
    if (action->scheme.empty()) action->scheme = "HTTP";
}

void setProbeDefaults(Box<Probe>& probe) {
    if (!probe) return;
    if (probe->timeoutSeconds == 0) probe->timeoutSeconds = 1;
    if (probe->periodSeconds == 0) probe->periodSeconds = 10;
    if (probe->successThreshold == 0) probe->successThreshold = 1;
    if (probe->failureThreshold == 0) probe->failureThreshold = 3;
    setHttpDefaults(probe->httpGet);
    if (probe->grpc && !probe->grpc->service) probe->grpc->service = "";
}

void setFieldDefaults(Box<ObjectFieldSelector>& selector) {
    if (selector && selector->apiVersion.empty()) selector->apiVersion = "v1";
}

template <typename C>
void setContainerDefaults(C& container) {
    for (auto& port : container.ports) {
        if (port.protocol.empty()) port.protocol = "TCP";
    }
    for (auto& variable : container.env) {
        if (!variable.valueFrom) continue;
        setFieldDefaults(variable.valueFrom->fieldRef);
        if (variable.valueFrom->fileKeyRef && !variable.valueFrom->fileKeyRef->optional) variable.valueFrom->fileKeyRef->optional = false;
    }
    roundResources(container.resources.limits);
    roundResources(container.resources.requests);
    setProbeDefaults(container.livenessProbe);
    setProbeDefaults(container.readinessProbe);
    setProbeDefaults(container.startupProbe);
    if (container.lifecycle) {
        if (container.lifecycle->postStart) setHttpDefaults(container.lifecycle->postStart->httpGet);
        if (container.lifecycle->preStop) setHttpDefaults(container.lifecycle->preStop->httpGet);
    }
    if (container.imagePullPolicy.empty()) container.imagePullPolicy = defaultPullPolicy(container.image);
    if (container.terminationMessagePath.empty()) container.terminationMessagePath = "/dev/termination-log";
    if (container.terminationMessagePolicy.empty()) container.terminationMessagePolicy = "File";
}

bool hasNoSource(const Volume& volume) {
    const Struct& source = VolumeSource::kDescriptor;
    const auto* base = reinterpret_cast<const char*>(static_cast<const VolumeSource*>(&volume));
    return std::none_of(source.fields.begin(), source.fields.end(), [&](const Field& member) { return member.type().pointer->get(base + member.offset) != nullptr; });
}

void setProjectedDefaults(ProjectedVolumeSource& projected) {
    if (!projected.defaultMode) projected.defaultMode = kFileMode;
    for (auto& source : projected.sources) {
        if (source.downwardAPI) {
            for (auto& item : source.downwardAPI->items) setFieldDefaults(item.fieldRef);
        }
        if (source.serviceAccountToken && !source.serviceAccountToken->expirationSeconds) source.serviceAccountToken->expirationSeconds = kTokenSeconds;
    }
}

void setVolumeDefaults(Volume& volume) {
    if (hasNoSource(volume)) volume.emptyDir.emplace();
    setSourceDefaults(volume);
    if (volume.secret && !volume.secret->defaultMode) volume.secret->defaultMode = kFileMode;
    if (volume.configMap && !volume.configMap->defaultMode) volume.configMap->defaultMode = kFileMode;
    if (volume.downwardAPI) {
        if (!volume.downwardAPI->defaultMode) volume.downwardAPI->defaultMode = kFileMode;
        for (auto& item : volume.downwardAPI->items) setFieldDefaults(item.fieldRef);
    }
    if (volume.projected) setProjectedDefaults(*volume.projected);
    if (volume.ephemeral && volume.ephemeral->volumeClaimTemplate) setClaimSpecDefaults(volume.ephemeral->volumeClaimTemplate->spec);
    if (volume.image && volume.image->pullPolicy.empty()) volume.image->pullPolicy = defaultPullPolicy(volume.image->reference);
}

void requestWhatIsLimited(ResourceRequirements& resources) {
    for (const auto& [name, limit] : resources.limits) resources.requests.emplace(name, limit);
}

// Resources of the Pod as a whole that were given in part only.
void setPodLevelResources(PodSpec& spec) {
    if (!spec.resources) return;
    auto& limits = spec.resources->limits;
    auto& requests = spec.resources->requests;
    if (!limits.empty() || !requests.empty()) {
        for (const auto& [name, limit] : aggregateLimits(spec)) {
            if (isHugePages(name) && !requests.contains(name)) limits.emplace(name, limit);
        }
    }
    if (limits.empty()) return;
    for (const auto& [name, request] : aggregateRequests(spec)) {
        if (isPodLevelResource(name) && mayBeOvercommitted(name)) requests.emplace(name, request);
    }
    for (const auto& [name, limit] : limits) {
        if (isPodLevelResource(name)) requests.emplace(name, limit);
    }
}

void useContainerPortsOnTheHost(std::vector<Container>& containers) {
    for (auto& container : containers) {
        for (auto& port : container.ports) {
            if (port.hostPort == 0) port.hostPort = port.containerPort;
        }
    }
}

}  // namespace

void dropUnsupportedFields(PodSpec& spec) {
    spec.schedulingGroup.reset();
    // Older releases took any negative number; the kubelet reads them as one second.
    if (spec.terminationGracePeriodSeconds.value_or(0) < 0) spec.terminationGracePeriodSeconds = 1;
    for (auto& volume : spec.volumes) {
        if (!volume.projected) continue;
        for (auto& source : volume.projected->sources) {
            source.clusterTrustBundle.reset();
            source.podCertificate.reset();
        }
    }
    const auto drop = [](auto& containers) {
        for (auto& container : containers) {
            if (container.lifecycle) container.lifecycle->stopSignal.reset();
        }
    };
    drop(spec.initContainers);
    drop(spec.containers);
    drop(spec.ephemeralContainers);
}

void roundResources(Map<Quantity>& resources) {
    for (auto& [name, value] : resources) {
        if (value.nano() % 1'000'000 != 0) value = Quantity::milli(value.milliValue(), value.format());
    }
}

void setPodSpecDefaults(PodSpec& spec) {
    if (spec.dnsPolicy.empty()) spec.dnsPolicy = "ClusterFirst";
    if (spec.restartPolicy.empty()) spec.restartPolicy = "Always";
    // serviceAccount is the old name of serviceAccountName; both are shown.
    if (spec.serviceAccountName.empty()) spec.serviceAccountName = spec.serviceAccount;
    spec.serviceAccount = spec.serviceAccountName;
    if (!spec.securityContext) spec.securityContext.emplace();
    if (!spec.terminationGracePeriodSeconds) spec.terminationGracePeriodSeconds = kGracePeriodSeconds;
    if (spec.schedulerName.empty()) spec.schedulerName = "default-scheduler";
    for (auto& volume : spec.volumes) setVolumeDefaults(volume);
    for (auto& container : spec.initContainers) setContainerDefaults(container);
    for (auto& container : spec.containers) setContainerDefaults(container);
    for (auto& container : spec.ephemeralContainers) setContainerDefaults(container);
    roundResources(spec.overhead);
    if (spec.resources) {
        roundResources(spec.resources->limits);
        roundResources(spec.resources->requests);
    }
}

void setPodTemplateDefaults(PodTemplateSpec& pod) { setPodSpecDefaults(pod.spec); }

void setPodDefaults(Pod& pod) {
    for (auto& container : pod.spec.containers) requestWhatIsLimited(container.resources);
    for (auto& container : pod.spec.initContainers) requestWhatIsLimited(container.resources);
    setPodLevelResources(pod.spec);
    if (!pod.spec.enableServiceLinks) pod.spec.enableServiceLinks = true;
    if (pod.spec.hostNetwork) {
        useContainerPortsOnTheHost(pod.spec.containers);
        useContainerPortsOnTheHost(pod.spec.initContainers);
    }
    setPodSpecDefaults(pod.spec);
}

}  // namespace qd::api

#include "tests/simulation/commits.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/batch_v1.h"
#include "cluster/api/types/certificates_v1.h"
#include "cluster/api/types/policy_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {
namespace {

constexpr std::size_t kRemembered = 120;

std::string stateOf(const api::Object& object) {
    const auto shortened = [](const std::string& image) { return image.substr(image.rfind(':') + 1); };
    if (const auto* pod = api::objectAs<corev1::Pod>(object)) {
        return fmt::format("{} node={} ready={}{}", pod->status.phase, pod->spec.nodeName, isReady(*pod),
                           pod->metadata.finalizers.empty() ? "" : " held");
    }
    if (const auto* set = api::objectAs<appsv1::ReplicaSet>(object)) {
        return fmt::format("size {} has {} ready {} available {}", set->spec.replicas.value_or(1), set->status.replicas,
                           set->status.readyReplicas, set->status.availableReplicas);
    }
    if (const auto* deployment = api::objectAs<appsv1::Deployment>(object)) {
        return fmt::format("generation {} observed {} size {} image {}", deployment->metadata.generation,
                           deployment->status.observedGeneration, deployment->spec.replicas.value_or(1),
                           shortened(deployment->spec.template_.spec.containers.front().image));
    }
    if (const auto* set = api::objectAs<appsv1::StatefulSet>(object)) {
        const auto& status = set->status;
        return fmt::format("generation {} observed {} size {} has {} ready {} updated {} revisions {} -> {}",
                           set->metadata.generation, status.observedGeneration, set->spec.replicas.value_or(1),
                           status.replicas, status.readyReplicas, status.updatedReplicas, status.currentRevision,
                           status.updateRevision);
    }
    if (const auto* set = api::objectAs<appsv1::DaemonSet>(object)) {
        const auto& status = set->status;
        return fmt::format("generation {} observed {} desired {} has {} ready {} updated {}", set->metadata.generation,
                           status.observedGeneration, status.desiredNumberScheduled, status.currentNumberScheduled,
                           status.numberReady, status.updatedNumberScheduled);
    }
    if (const auto* job = api::objectAs<batchv1::Job>(object)) {
        const auto& status = job->status;
        const auto counting = status.uncountedTerminatedPods ? status.uncountedTerminatedPods->succeeded.size() +
                                                                   status.uncountedTerminatedPods->failed.size()
                                                             : 0;
        return fmt::format("parallelism {} active {} succeeded {} failed {} counting {} conditions {}{}",
                           job->spec.parallelism.value_or(1), status.active, status.succeeded, status.failed, counting,
                           status.conditions.empty() ? "" : status.conditions.back().type,
                           job->spec.suspend.value_or(false) ? " suspended" : "");
    }
    if (const auto* cron = api::objectAs<batchv1::CronJob>(object)) {
        return fmt::format("active {} last {}{}", cron->status.active.size(),
                           cron->status.lastScheduleTime ? cron->status.lastScheduleTime->toString() : "-",
                           cron->spec.suspend.value_or(false) ? " suspended" : "");
    }
    if (const auto* budget = api::objectAs<policyv1::PodDisruptionBudget>(object)) {
        const auto& status = budget->status;
        return fmt::format("allowed {} healthy {} desired {} expected {} disrupted {}", status.disruptionsAllowed,
                           status.currentHealthy, status.desiredHealthy, status.expectedPods,
                           status.disruptedPods.size());
    }
    if (const auto* node = api::objectAs<corev1::Node>(object)) {
        std::string text;
        for (const auto& taint : node->spec.taints) text += fmt::format(" {}:{}", taint.key, taint.effect);
        for (const auto& volume : node->status.volumesInUse) text += " uses " + volume;
        for (const auto& volume : node->status.volumesAttached) text += " has " + volume.name;
        return text;
    }
    if (const auto* claim = api::objectAs<corev1::PersistentVolumeClaim>(object))
        return fmt::format("{} to {}", claim->status.phase, claim->spec.volumeName);
    if (const auto* volume = api::objectAs<corev1::PersistentVolume>(object)) {
        const auto& claim = volume->spec.claimRef;
        return fmt::format("{} for {}", volume->status.phase, claim ? claim->namespace_ + "/" + claim->name : "-");
    }
    if (const auto* attachment = api::objectAs<storagev1::VolumeAttachment>(object)) {
        return fmt::format("{} at {} attached={}{}", attachment->spec.source.persistentVolumeName.value_or(""),
                           attachment->spec.nodeName, attachment->status.attached,
                           attachment->metadata.finalizers.empty() ? "" : " held");
    }
    if (const auto* request = api::objectAs<certificatesv1::CertificateSigningRequest>(object)) {
        std::string text = request->spec.signerName;
        for (const auto& condition : request->status.conditions) text += " " + condition.type;
        return text + (request->status.certificate.empty() ? "" : " signed");
    }
    return "";
}

}  // namespace

std::string described(const store::Event& event) {
    static constexpr const char* kVerbs[] = {"?", "created", "updated", "deleted"};
    const api::Object& object = *event.entry->object();
    const auto& key = event.entry->key();
    return fmt::format("{} {:>6} {} {} {} by {}: {}{}", api::Time(event.time).toString(), event.entry->revision(),
                       kVerbs[static_cast<int>(event.operation)], key.resource, key.path(), event.actor,
                       stateOf(object), object.metadata.deletionTimestamp ? " going" : "");
}

Commits::Commits(store::Store& store, const std::vector<const char*>& resources) {
    for (const auto* resource : resources) {
        auto watch = store.watch(resource, {}, store::kFirstRevision);
        if (!watch) throw std::runtime_error(watch.error().message);
        m_watches.push_back(std::move(*watch));
    }
}

std::vector<store::EventPtr> Commits::take() {
    std::vector<store::EventPtr> events;
    for (auto& watch : m_watches) {
        while (true) {
            auto some = watch.poll();
            if (!some) throw std::runtime_error(some.error().message);
            if (some->empty()) break;
            events.insert(events.end(), some->begin(), some->end());
        }
    }
    std::ranges::sort(events, {}, [](const auto& each) { return each->entry->revision(); });
    return events;
}

void Commits::remember(const store::EventPtr& event) {
    m_history.push_back(event);
    if (m_history.size() > kRemembered) m_history.pop_front();
}

std::string Commits::history() const {
    std::string text;
    for (const auto& event : m_history) text += described(*event) + "\n";
    return text;
}

}  // namespace qd::simulation

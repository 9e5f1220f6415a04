#include "cluster/controllers/deployment/rollout_step.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/controllers/deployment/deployment_status.h"
#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/pods/template_hash.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr std::size_t kLongestName = 253;

// The name is made of the template, so that doing it twice makes one set.
std::string replicaSetName(const std::string& deployment, const std::string& hash) {
    return deployment.substr(0, kLongestName - 1 - hash.size()) + "-" + hash;
}

}  // namespace

RolloutStep::RolloutStep(Parts parts, const appsv1::Deployment& deployment, ReplicaSets sets)
    : m(parts), m_deployment(deployment), m_stored(deployment), m_old(std::move(sets)), m_newest(newestReplicaSet(deployment, m_old)) {
    std::erase(m_old, m_newest);
}

ReplicaSets RolloutStep::all() const {
    ReplicaSets sets = m_old;
    if (m_newest) sets.push_back(m_newest);
    return sets;
}

void RolloutStep::keep(Set set) {
    if (m_newest && m_newest->metadata.name == set->metadata.name) {
        m_newest = std::move(set);
        return;
    }
    const auto found = std::find_if(m_old.begin(), m_old.end(), [&](const Set& old) { return old->metadata.name == set->metadata.name; });
    if (found != m_old.end()) *found = std::move(set);
}

Result<Outcome> RolloutStep::run() {
    if (auto synced = syncNewest(); !synced) return fail(synced.error());
    if (m_deployment.metadata.deletionTimestamp) return writeStatus(deploymentStatus(m_deployment, all(), m_newest.get(), now()));
    if (auto condition = pausedCondition(m_deployment, now())) setCondition(m_deployment.status, std::move(*condition));
    if (m_deployment.spec.paused || isScalingEvent(m_deployment, all())) return scale();
    if (m_deployment.spec.strategy.type == appsv1::RecreateDeploymentStrategyType) return recreate();
    if (isRollingUpdate(m_deployment)) return roll();
    return fail(Reason::Invalid, "unexpected deployment strategy type: " + m_deployment.spec.strategy.type);
}

Result<Outcome> RolloutStep::scale() {
    if (auto scaled = apply(planScale(m_deployment, m_newest, m_old)); !scaled) return fail(scaled.error());
    if (m_deployment.spec.paused) {
        if (auto cleaned = cleanUp(); !cleaned) return fail(cleaned.error());
    }
    return writeStatus(deploymentStatus(m_deployment, all(), m_newest.get(), now()));
}

Result<Outcome> RolloutStep::roll() {
    if (auto made = ensureNewest(); !made) return fail(made.error());
    const auto up = apply(planRollingUp(m_deployment, m_newest, m_old));
    if (!up) return fail(up.error());
    if (*up) return writeRolloutStatus();
    const auto down = apply(planRollingDown(m_deployment, m_newest, m_old));
    if (!down) return fail(down.error());
    if (*down) return writeRolloutStatus();
    return finish();
}

Result<Outcome> RolloutStep::recreate() {
    std::vector<Resize> plan;
    for (const auto& set : m_old) {
        if (sizeOf(*set) > 0) plan.push_back({set, sizeOf(*set), 0});
    }
    const auto down = apply(plan);
    if (!down) return fail(down.error());
    if (*down || oldPodsRun()) return writeRolloutStatus();
    if (auto made = ensureNewest(); !made) return fail(made.error());
    if (sizeOf(*m_newest) != desiredReplicas(m_deployment)) {
        const auto up = apply({{m_newest, sizeOf(*m_newest), desiredReplicas(m_deployment)}});
        if (!up) return fail(up.error());
    }
    return finish();
}

Result<Outcome> RolloutStep::finish() {
    if (isComplete(m_deployment, m_deployment.status)) {
        if (auto cleaned = cleanUp(); !cleaned) return fail(cleaned.error());
    }
    return writeRolloutStatus();
}

bool RolloutStep::oldPodsRun() const {
    return std::any_of(m_old.begin(), m_old.end(), [this](const Set& set) {
        if (set->status.replicas > 0) return true;
        const auto pods = controlledBy(m.pods, *set);
        return std::any_of(pods.begin(), pods.end(), [](const api::ObjectPtr& pod) { return !isFinished(*client::as<corev1::Pod>(pod)); });
    });
}

Result<void> RolloutStep::syncNewest() {
    if (!m_newest) return {};
    appsv1::ReplicaSet changed = *m_newest;
    const bool annotated = setNewReplicaSetAnnotations(m_deployment, changed, highestRevision(m_old) + 1);
    if (annotated || changed.spec.minReadySeconds != m_deployment.spec.minReadySeconds) {
        changed.spec.minReadySeconds = m_deployment.spec.minReadySeconds;
        auto written = client::Api<appsv1::ReplicaSet>(m.context.client).update(changed, controllerWrite());
        if (!written) return fail(written.error());
        m.expectations.wrote(m.key, m.sets, **written);
        m_newest = std::move(*written);
    }
    if (const auto revision = m_newest->metadata.annotations.find(kRevisionAnnotation); revision != m_newest->metadata.annotations.end()) {
        m_deployment.metadata.annotations[kRevisionAnnotation] = revision->second;
    }
    if (hasProgressDeadline(m_deployment) && !deploymentCondition(m_deployment.status, appsv1::DeploymentProgressing)) {
        setCondition(m_deployment.status, makeCondition(appsv1::DeploymentProgressing, "True", kFoundNewReplicaSet,
                                                        fmt::format("Found new replica set \"{}\"", m_newest->metadata.name), now()));
    }
    return {};
}

Result<void> RolloutStep::ensureNewest() {
    if (m_newest) return {};
    const std::int64_t revision = highestRevision(m_old) + 1;
    auto made = createNewest(revision);
    if (!made) return fail(made.error());
    m_newest = std::move(*made);
    m_deployment.metadata.annotations[kRevisionAnnotation] = std::to_string(revision);
    return {};
}

appsv1::ReplicaSet RolloutStep::newReplicaSet(std::int64_t revision) const {
    const auto& spec = m_deployment.spec;
    const std::string hash = templateHash(spec.template_, m_deployment.status.collisionCount);
    appsv1::ReplicaSet set;
    set.metadata.name = replicaSetName(m_deployment.metadata.name, hash);
    set.metadata.namespace_ = m_deployment.metadata.namespace_;
    set.metadata.ownerReferences.push_back(controllerReference(m_deployment));
    set.spec.template_ = spec.template_;
    set.spec.template_.metadata.labels[appsv1::DefaultDeploymentUniqueLabelKey] = hash;
    set.metadata.labels = set.spec.template_.metadata.labels;
    set.spec.selector = spec.selector;
    set.spec.selector.ensure().matchLabels[appsv1::DefaultDeploymentUniqueLabelKey] = hash;
    set.spec.minReadySeconds = spec.minReadySeconds;
    set.spec.replicas = newReplicaSetSize(m_deployment, m_old, 0);
    setNewReplicaSetAnnotations(m_deployment, set, revision);
    setReplicasAnnotations(set, desiredReplicas(m_deployment), desiredReplicas(m_deployment) + fenceposts(m_deployment).surge);
    return set;
}

Result<RolloutStep::Set> RolloutStep::createNewest(std::int64_t revision) {
    const appsv1::ReplicaSet wanted = newReplicaSet(revision);
    const std::string& name = wanted.metadata.name;
    auto created = client::Api<appsv1::ReplicaSet>(m.context.client).create(wanted, controllerWrite());
    if (!created) {
        if (created.error().reason == Reason::AlreadyExists) return resolveCollision(name, std::move(created.error()));
        return fail(reportCreateError(name, created.error()));
    }
    m.expectations.wrote(m.key, m.sets, **created);
    if (const auto size = sizeOf(**created); size > 0) {
        m.context.events.event(m_stored, "Normal", "ScalingReplicaSet", fmt::format("Scaled up replica set {} from 0 to {}", name, size));
    }
    if (hasProgressDeadline(m_deployment)) {
        setCondition(m_deployment.status, makeCondition(appsv1::DeploymentProgressing, "True", kNewReplicaSetCreated,
                                                        fmt::format("Created new replica set \"{}\"", name), now()));
    }
    return std::move(*created);
}

// The name is taken: by this very set, which the copy does not show yet, or by one of another template with the same
// hash. The latter is counted, and counts into the hash from then on.
Result<RolloutStep::Set> RolloutStep::resolveCollision(const std::string& name, Error error) {
    const auto existing = client::Api<appsv1::ReplicaSet>(m.context.client).get(m_deployment.metadata.namespace_, name);
    if (!existing) return fail(existing.error());
    if (isControlledBy(**existing, m_deployment) && sameTemplate((*existing)->spec.template_, m_deployment.spec.template_)) return *existing;
    m_deployment.status.collisionCount = m_deployment.status.collisionCount.value_or(0) + 1;
    if (auto written = writeStatus(m_deployment.status); !written) return fail(written.error());
    return fail(std::move(error));
}

Error RolloutStep::reportCreateError(const std::string& name, const Error& error) {
    if (isNamespaceTerminating(error)) return error;
    const std::string message = fmt::format("Failed to create new replica set \"{}\": {}", name, error.message);
    m.context.events.event(m_stored, "Warning", kReplicaSetCreateError, message);
    if (!hasProgressDeadline(m_deployment)) return error;
    setCondition(m_deployment.status, makeCondition(appsv1::DeploymentProgressing, "False", kReplicaSetCreateError, message, now()));
    // Should this fail too, the error at hand is the one that matters.
    if (auto written = writeStatus(m_deployment.status); !written) return error;
    return error;
}

Result<bool> RolloutStep::apply(const std::vector<Resize>& plan) {
    bool changed = false;
    for (const auto& step : plan) {
        const auto resized = resize(step);
        if (!resized) return fail(resized.error());
        changed = changed || *resized;
    }
    return changed;
}

Result<bool> RolloutStep::resize(const Resize& step) {
    const ReplicaSets current = all();
    const auto found = std::find_if(current.begin(), current.end(), [&](const Set& set) { return set->metadata.name == step.set->metadata.name; });
    appsv1::ReplicaSet changed = found == current.end() ? *step.set : **found;
    changed.spec.replicas = step.to;
    const std::int32_t desired = desiredReplicas(m_deployment);
    const bool annotated = setReplicasAnnotations(changed, desired, desired + fenceposts(m_deployment).surge);
    if (step.from == step.to && !annotated) return false;
    auto written = client::Api<appsv1::ReplicaSet>(m.context.client).update(changed, controllerWrite());
    if (!written) return fail(written.error());
    m.expectations.wrote(m.key, m.sets, **written);
    keep(std::move(*written));
    if (step.from == step.to) return false;
    m.context.events.event(m_stored, "Normal", "ScalingReplicaSet",
                           fmt::format("Scaled {} replica set {} from {} to {}", step.from < step.to ? "up" : "down", changed.metadata.name, step.from, step.to));
    return true;
}

Result<void> RolloutStep::cleanUp() {
    for (const auto& set : planCleanup(m_deployment, m_old)) {
        client::DeleteOptions options;
        options.uid = set->metadata.uid;
        const auto gone = m.context.client.remove(m.sets.resource(), set->metadata.namespace_, set->metadata.name, options);
        if (!gone && gone.error().reason != Reason::NotFound) return fail(gone.error());
        m.expectations.removed(m.key, m.sets, *set);
    }
    return {};
}

Result<Outcome> RolloutStep::writeRolloutStatus() {
    const auto status = rolloutStatus(m_deployment, all(), m_newest.get(), now());
    auto written = writeStatus(status);
    if (!written) return written;
    return Outcome{untilProgressCheck(m_deployment, status, now()).value_or(base::Duration(0))};
}

Result<Outcome> RolloutStep::writeStatus(const appsv1::DeploymentStatus& status) {
    m_deployment.status = status;
    if (status == m_stored.status && m_deployment.metadata.annotations == m_stored.metadata.annotations) return Outcome{};
    const auto written = client::Api<appsv1::Deployment>(m.context.client).updateStatus(m_deployment, controllerWrite());
    if (!written) return fail(written.error());
    m.expectations.wrote(m.key, m.deployments, **written);
    return Outcome{};
}

}  // namespace qd::controllers

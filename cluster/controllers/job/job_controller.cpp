#include "cluster/controllers/job/job_controller.h"

#include <fmt/format.h>

#include "cluster/api/meta/selectors.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kStray = '~';

api::LabelSelector selectorOf(const batchv1::Job& job) {
    if (!job.spec.selector) return api::LabelSelector::nothing();
    return api::LabelSelector::from(*job.spec.selector).value_or(api::LabelSelector::nothing());
}

}  // namespace

JobController::JobController(Context& context)
    : m_context(context),
      m_jobs(context.informers.informer(client::resourceOf<batchv1::Job>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())) {
    addControllerIndex(m_pods);
    m_jobs.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onJob(old, now); });
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onPod(old, now); });
}

void JobController::onJob(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const api::Object& job = now ? *now : *old;
    m_context.keys.add(keyOf(job), job);
    if (now) return;
    for (const auto& pod : controlledBy(m_pods, *old))
        if (isTracked(*client::as<corev1::Pod>(pod))) m_context.keys.add(kStray + keyOf(*pod), *old);
}

client::Ptr<batchv1::Job> JobController::ownerOf(const api::Object& pod) const {
    const auto* reference = controllerOf(pod);
    if (!reference || reference->kind != "Job") return nullptr;
    const auto job = m_jobs.get(pod.metadata.namespace_, reference->name);
    if (!job || job->metadata.uid != reference->uid) return nullptr;
    return client::as<batchv1::Job>(job);
}

void JobController::wakeOwner(const api::Object& pod, std::uint64_t cause) {
    if (const auto job = ownerOf(pod)) m_context.keys.add(keyOf(*job), cause);
}

void JobController::onPod(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const std::uint64_t cause = revisionOf(now ? *now : *old);
    if (old) wakeOwner(*old, cause);
    if (!now) return;
    const auto owner = ownerOf(*now);
    if (owner) m_context.keys.add(keyOf(*owner), cause);
    if ((!owner || isFinished(*owner)) && isTracked(*client::as<corev1::Pod>(now)))
        m_context.keys.add(kStray + keyOf(*now), cause);
    if (controllerOf(*now) || now->metadata.deletionTimestamp) return;
    // An orphan: whoever selects it may adopt it.
    for (const auto& job : client::Lister<batchv1::Job>(m_jobs).list(now->metadata.namespace_)) {
        const auto selector = selectorOf(*job);
        if (!selector.empty() && selector.matches(now->metadata.labels)) m_context.keys.add(keyOf(*job), cause);
    }
}

Result<Outcome> JobController::sync(const std::string& key) {
    if (key.front() == kStray) return syncStray(key.substr(1));
    const auto [ns, name] = splitKey(key);
    const auto job = client::Lister<batchv1::Job>(m_jobs).get(ns, name);
    if (!job || isFinished(*job)) {
        m_expectations.forget(key);
        const std::lock_guard lock(m_mutex);
        m_backoffs.erase(key);
        return Outcome{};
    }
    if (isManagedElsewhere(*job)) return Outcome{};
    if (!m_expectations.fulfilled(key)) return Outcome{kLookAgain};
    return syncJob(key, *job);
}

Result<Outcome> JobController::syncJob(const std::string& key, const batchv1::Job& job) {
    auto pods = claimPods(key, job);
    if (!pods) return fail(std::move(pods.error()));
    if (!m_expectations.fulfilled(key)) return Outcome{kLookAgain};  // until the adopted ones show
    JobBackoff* backoff = nullptr;
    {
        const std::lock_guard lock(m_mutex);
        backoff = &m_backoffs[key];
    }
    JobSync sync({m_context, m_expectations, m_jobs, m_pods, key}, job, std::move(*pods), *backoff);
    return sync.run();
}

Result<Pods> JobController::claimPods(const std::string& key, const batchv1::Job& job) {
    const auto selector = selectorOf(job);
    auto candidates = controlledBy(m_pods, job);
    for (auto& orphan : orphansIn(m_pods, job.metadata.namespace_)) candidates.push_back(std::move(orphan));
    Claimer claimer(m_context.client, m_jobs.resource(), job, m_pods.resource());
    const std::string patch = fmt::format(R"({{"metadata":{{"finalizers":["{}"]}}}})", kJobTracking);
    Pods claimed;
    for (const auto& candidate : candidates) {
        auto pod = client::as<corev1::Pod>(candidate);
        const bool wasOurs = isControlledBy(*pod, job);
        auto answer = claimer.claim(*pod, selector.matches(pod->metadata.labels));
        if (!answer) return fail(std::move(answer.error()));
        if (answer->written) m_expectations.wrote(key, m_pods, *answer->written);
        if (!answer->claimed) continue;
        // An adopted Pod is to be counted like all others.
        if (!wasOurs && !isTracked(*pod)) {
            const auto tracked = client::Api<corev1::Pod>(m_context.client)
                                     .patch(pod->metadata.namespace_, pod->metadata.name, client::PatchKind::Strategic,
                                            patch, controllerPatch());
            if (!tracked) return fail(tracked.error());
            m_expectations.wrote(key, m_pods, **tracked);
        }
        claimed.push_back(std::move(pod));
    }
    return claimed;
}

Result<Outcome> JobController::syncStray(const std::string& podKey) {
    const auto [ns, name] = splitKey(podKey);
    const auto pod = client::Lister<corev1::Pod>(m_pods).get(ns, name);
    if (!pod || !isTracked(*pod)) return Outcome{};
    if (const auto* reference = controllerOf(*pod)) {
        if (reference->kind != "Job" || reference->apiVersion != "batch/v1") return Outcome{};
        const auto owner = ownerOf(*pod);
        if (owner && (!isFinished(*owner) || isManagedElsewhere(*owner))) return Outcome{};
    }
    const std::string patch =
        fmt::format(R"({{"metadata":{{"uid":"{}","$deleteFromPrimitiveList/finalizers":["{}"]}}}})", pod->metadata.uid,
                    kJobTracking);
    const auto written = client::Api<corev1::Pod>(m_context.client)
                             .patch(ns, name, client::PatchKind::Strategic, patch, controllerPatch());
    if (!written && written.error().reason != Reason::NotFound) return fail(written.error());
    return Outcome{};
}

}  // namespace qd::controllers

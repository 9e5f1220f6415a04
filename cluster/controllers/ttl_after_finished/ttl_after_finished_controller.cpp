#include "cluster/controllers/ttl_after_finished/ttl_after_finished_controller.h"

namespace qd::controllers {

std::optional<base::WallTime> keptUntil(const batchv1::Job& job) {
    if (job.metadata.deletionTimestamp || !job.spec.ttlSecondsAfterFinished) return std::nullopt;
    for (const auto& condition : job.status.conditions) {
        if (condition.type != batchv1::JobComplete && condition.type != batchv1::JobFailed) continue;
        if (condition.status == corev1::ConditionTrue)
            return condition.lastTransitionTime.wall() + std::chrono::seconds(*job.spec.ttlSecondsAfterFinished);
    }
    return std::nullopt;
}

TtlAfterFinishedController::TtlAfterFinishedController(Context& context)
    : m_context(context), m_jobs(context.informers.informer(client::resourceOf<batchv1::Job>())) {
    m_jobs.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && keptUntil(*client::as<batchv1::Job>(now))) m_context.keys.add(keyOf(*now), *now);
    });
}

Result<Outcome> TtlAfterFinishedController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto known = client::Lister<batchv1::Job>(m_jobs).get(ns, name);
    if (!known || !keptUntil(*known)) return Outcome{};
    const auto left = [this](const batchv1::Job& job) { return *keptUntil(job) - m_context.executor.clock().now(); };
    if (left(*known) > base::Duration(0)) return Outcome{left(*known)};
    // The copy may be old, and somebody may have decided to keep the Job longer.
    client::Api<batchv1::Job> jobs(m_context.client);
    const auto fresh = jobs.get(ns, name);
    if (!fresh) {
        if (fresh.error().reason == Reason::NotFound) return Outcome{};
        return fail(fresh.error());
    }
    if (!keptUntil(**fresh)) return Outcome{};
    if (left(**fresh) > base::Duration(0)) return Outcome{left(**fresh)};
    client::DeleteOptions options;
    options.propagationPolicy = "Foreground";
    options.uid = (*fresh)->metadata.uid;
    if (auto gone = jobs.remove(ns, name, options); !gone && gone.error().reason != Reason::NotFound)
        return fail(std::move(gone.error()));
    return Outcome{};
}

}  // namespace qd::controllers

#include "cluster/scheduler/plugins/victim_eviction.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cluster/api/meta/time.h"
#include "cluster/client/typed.h"

namespace qd::scheduler {
namespace {

constexpr const char* kDisruptionTarget = "DisruptionTarget";
constexpr const char* kReason = "PreemptionByScheduler";

bool isGone(const Error& error) {
    return error.reason == Reason::NotFound;
}

Result<void> patchStatus(client::Client& client, const corev1::Pod& pod, boost::json::object status) {
    boost::json::object patch;
    patch["metadata"] = {{"uid", pod.metadata.uid}};  // not another Pod of the same name
    patch["status"] = std::move(status);
    const auto done =
        client::Api<corev1::Pod>(client).patch(pod.metadata.namespace_, pod.metadata.name, client::PatchKind::Strategic,
                                               boost::json::serialize(patch), {}, "status");
    if (!done) return fail(done.error());
    return {};
}

Result<void> sayWhy(Handle& handle, const corev1::Pod& victim, const std::string& message) {
    const auto& conditions = victim.status.conditions;
    const auto earlier = std::ranges::find(conditions, kDisruptionTarget, &corev1::PodCondition::type);
    const bool wasTrue = earlier != conditions.end() && earlier->status == "True";
    if (wasTrue && earlier->reason == kReason && earlier->message == message) return {};
    boost::json::object condition;
    condition["type"] = kDisruptionTarget;
    condition["status"] = "True";
    condition["reason"] = kReason;
    condition["message"] = message;
    condition["observedGeneration"] = victim.metadata.generation;
    condition["lastProbeTime"] = nullptr;
    condition["lastTransitionTime"] =
        (wasTrue ? earlier->lastTransitionTime : api::Time(handle.clock().now())).toString();
    return patchStatus(handle.client(), victim, {{"conditions", boost::json::array{std::move(condition)}}});
}

Result<void> evict(Handle& handle, const VictimEviction& work, const corev1::Pod& victim) {
    const std::string& scheduler = work.preemptor->pod->spec.schedulerName;
    if (auto said = sayWhy(handle, victim, scheduler + ": preempting to accommodate a higher priority pod"); !said) {
        return isGone(said.error()) ? Result<void>() : said;
    }
    client::DeleteOptions options;
    options.uid = victim.metadata.uid;
    auto removed =
        client::Api<corev1::Pod>(handle.client()).remove(victim.metadata.namespace_, victim.metadata.name, options);
    if (!removed)
        return isGone(removed.error()) || removed.error().reason == Reason::Conflict ? Result<void>() : removed;
    handle.event(*work.preemptor, victim, "Normal", "Preempted",
                 fmt::format("Preempted by pod {} on node {}", work.preemptor->uid(), work.node));
    return {};
}

}  // namespace

Result<void> evictVictims(Handle& handle, const VictimEviction& work) {
    Result<void> first;
    const auto note = [&](Result<void> outcome) {
        if (!outcome && first) first = std::move(outcome);
    };
    for (const auto& other : work.noLongerNominated) {
        if (other->pod->status.nominatedNodeName.empty()) continue;
        auto cleared = patchStatus(handle.client(), *other->pod, {{"nominatedNodeName", nullptr}});
        if (!cleared && !isGone(cleared.error())) note(std::move(cleared));
    }
    for (const auto& victim : work.victims) note(evict(handle, work, *victim->pod));
    return first;
}

}  // namespace qd::scheduler

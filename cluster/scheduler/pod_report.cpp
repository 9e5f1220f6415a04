#include "cluster/scheduler/pod_report.h"

#include <algorithm>
#include <boost/json.hpp>

#include "cluster/api/meta/time.h"

namespace qd::scheduler {

std::optional<std::string> reportPatch(const corev1::Pod& pod, const PodReport& report, base::WallTime now) {
    const auto& conditions = pod.status.conditions;
    const auto earlier = std::find_if(conditions.begin(), conditions.end(),
                                      [](const auto& each) { return each.type == "PodScheduled"; });
    const bool wasFalse = earlier != conditions.end() && earlier->status == "False";
    const bool same = wasFalse && earlier->reason == report.reason && earlier->message == report.message &&
                      earlier->observedGeneration == report.generation;
    const bool renominate = report.nominatedNode && *report.nominatedNode != pod.status.nominatedNodeName;
    if (same && !renominate) return std::nullopt;

    boost::json::object status;
    if (!same) {
        boost::json::object condition;
        condition["type"] = "PodScheduled";
        condition["status"] = "False";
        condition["reason"] = report.reason;
        condition["message"] = report.message;
        condition["observedGeneration"] = report.generation;
        condition["lastProbeTime"] = nullptr;
        condition["lastTransitionTime"] = (wasFalse ? earlier->lastTransitionTime : api::Time(now)).toString();
        status["conditions"] = boost::json::array{std::move(condition)};
    }
    if (renominate) {
        if (report.nominatedNode->empty()) {
            status["nominatedNodeName"] = nullptr;
        } else {
            status["nominatedNodeName"] = *report.nominatedNode;
        }
    }
    boost::json::object patch;
    patch["metadata"] = {{"uid", pod.metadata.uid}, {"resourceVersion", pod.metadata.resourceVersion}};
    patch["status"] = std::move(status);
    return boost::json::serialize(patch);
}

std::string nominationPatch(const corev1::Pod& pod, const std::string& node) {
    boost::json::object patch;
    patch["metadata"] = {{"uid", pod.metadata.uid}};  // not another Pod of the same name
    patch["status"] = {{"nominatedNodeName", node}};
    return boost::json::serialize(patch);
}

}  // namespace qd::scheduler

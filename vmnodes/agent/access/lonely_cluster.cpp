#include "cluster/base/log.h"
#include "vmnodes/agent/access/api_cluster.h"
#include "vmnodes/agent/sync/pod_facts.h"

namespace qd::agent {
namespace {

base::Failure none(const std::string& what) {
    return fail(Reason::NotFound, what + ": this agent has no API server, and static Pods refer to nothing");
}

}  // namespace

Result<std::shared_ptr<const corev1::ConfigMap>> LonelyCluster::configMap(const std::string&, const std::string& name) {
    return none("configmap \"" + name + "\" not found");
}

Result<std::shared_ptr<const corev1::Secret>> LonelyCluster::secret(const std::string&, const std::string& name) {
    return none("secret \"" + name + "\" not found");
}

Result<std::vector<std::shared_ptr<const corev1::Service>>> LonelyCluster::services() {
    return std::vector<std::shared_ptr<const corev1::Service>>();
}

Result<ServiceAccountToken> LonelyCluster::serviceAccountToken(const corev1::Pod&, const std::string&, std::int64_t) {
    return none("no service account token");
}

Result<void> LonelyCluster::updateStatus(const corev1::Pod& pod, const corev1::PodStatus& status) {
    std::string ready = "False";
    for (const corev1::PodCondition& condition : status.conditions)
        if (condition.type == corev1::PodReady) ready = condition.status;
    base::logger("status")->info("{}: {} ready={} ip={}", sync::podLabel(pod), status.phase, ready, status.podIP);
    return {};
}

Result<void> LonelyCluster::deletePod(const corev1::Pod&) {
    return {};
}

void LonelyCluster::podEvent(const corev1::Pod& pod, const std::string& container, bool warning,
                             const std::string& reason, const std::string& message) {
    base::logger("event")->log(warning ? spdlog::level::warn : spdlog::level::info, "{} {} {}: {}", sync::podLabel(pod),
                               container, reason, message);
}

void LonelyCluster::nodeEvent(bool warning, const std::string& reason, const std::string& message) {
    base::logger("event")->log(warning ? spdlog::level::warn : spdlog::level::info, "node {}: {}", reason, message);
}

}  // namespace qd::agent

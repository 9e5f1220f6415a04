// A cluster in memory for the agent's tests.
#pragma once

#include <map>
#include <mutex>

#include "vmnodes/agent/cluster_access.h"

namespace qd::agent {

class FakeCluster final : public ClusterAccess, public EventSink {
public:
    struct Event {
        std::string container, reason, message;
        bool warning = false;
    };

    Result<std::shared_ptr<const corev1::ConfigMap>> configMap(const std::string&, const std::string& name) override {
        const std::lock_guard lock(m_mutex);
        const auto found = configMaps.find(name);
        if (found == configMaps.end()) return fail(Reason::NotFound, "configmap \"" + name + "\" not found");
        return std::make_shared<const corev1::ConfigMap>(found->second);
    }
    Result<std::shared_ptr<const corev1::Secret>> secret(const std::string&, const std::string& name) override {
        const std::lock_guard lock(m_mutex);
        const auto found = secrets.find(name);
        if (found == secrets.end()) return fail(Reason::NotFound, "secret \"" + name + "\" not found");
        return std::make_shared<const corev1::Secret>(found->second);
    }
    Result<std::vector<std::shared_ptr<const corev1::Service>>> services() override { return serviceList; }
    Result<ServiceAccountToken> serviceAccountToken(const corev1::Pod&, const std::string& audience,
                                                    std::int64_t seconds) override {
        return ServiceAccountToken{"token-for-" + audience, now + std::chrono::seconds(seconds)};
    }
    Result<void> updateStatus(const corev1::Pod& pod, const corev1::PodStatus& status) override {
        const std::lock_guard lock(m_mutex);
        statuses[pod.metadata.uid].push_back(status);
        return {};
    }
    Result<void> deletePod(const corev1::Pod& pod) override {
        const std::lock_guard lock(m_mutex);
        deleted.push_back(pod.metadata.uid);
        return {};
    }
    void podEvent(const corev1::Pod&, const std::string& container, bool warning, const std::string& reason,
                  const std::string& message) override {
        const std::lock_guard lock(m_mutex);
        events.push_back({container, reason, message, warning});
    }
    void nodeEvent(bool, const std::string&, const std::string&) override {}

    // "Pulling Pulled Created Started"
    std::string reasons() {
        const std::lock_guard lock(m_mutex);
        std::string text;
        for (const Event& event : events) text += (text.empty() ? "" : " ") + event.reason;
        return text;
    }
    corev1::PodStatus lastStatus(const std::string& uid) {
        const std::lock_guard lock(m_mutex);
        return statuses[uid].empty() ? corev1::PodStatus() : statuses[uid].back();
    }

    std::map<std::string, corev1::ConfigMap> configMaps;
    std::map<std::string, corev1::Secret> secrets;
    std::vector<std::shared_ptr<const corev1::Service>> serviceList;
    base::WallTime now{};
    std::map<std::string, std::vector<corev1::PodStatus>> statuses;
    std::vector<std::string> deleted;
    std::vector<Event> events;

private:
    std::mutex m_mutex;
};

}  // namespace qd::agent

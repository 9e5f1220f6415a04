// Asks every node what it and its Pods use, every 15 seconds by default, as a metrics server does; hollow nodes' use is
// reckoned.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/usage_source.h"
#include "cluster/base/executor.h"
#include "cluster/client/informer.h"
#include "cluster/control_plane/usage/usage_table.h"

namespace qd::control_plane {

class UsageCollector final : public api::UsageSource {
public:
    // Answers what a node's agent says at /metrics/resource; may block.
    using Ask = std::function<Result<std::string>(const corev1::Node& node)>;

    // `work` runs the questions, which wait for their answers.
    UsageCollector(base::Executor& work, Ask ask, base::Duration period = std::chrono::seconds(15));
    ~UsageCollector() override;

    // Reckons what a Pod on a hollow node uses; called on any of the executor's threads.
    using OfHollowPod = std::function<std::optional<metricsv1beta1::PodMetrics>(const corev1::Pod& pod)>;

    // Call it once, before the informers start. Until then nothing is known. Without `ofHollowPod` hollow nodes' Pods use what
    // their annotations say.
    void begin(client::InformerFactory& informers, OfHollowPod ofHollowPod = {});
    // Nothing is asked after this returns; a question on its way is not waited for, its executor is.
    void stop();

    std::vector<std::shared_ptr<const metricsv1beta1::NodeMetrics>> nodes() const override;
    std::vector<std::shared_ptr<const metricsv1beta1::PodMetrics>> pods(const std::string& ns) const override;

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::control_plane

// How many replicas one metric of a HorizontalPodAutoscaler asks for. Pure but for what the reader answers.
//
// The rule is desired = ceil(current * usage / target), over the Pods whose figures count: those that are going or have
// failed do not, those that start up count as idle when growing, those without figures as just at the target when
// shrinking and idle when growing. A ratio within the tolerance of 1 changes nothing. Source:
// https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/podautoscaler/metric_reader.h"

namespace qd::controllers {

struct Tolerances {
    double down = 0.1;  // how far below 1 the ratio may be
    double up = 0.1;
    bool cover(double ratio) const { return 1.0 - down <= ratio && ratio <= 1.0 + up; }
};

struct ProposalInput {
    std::string ns;
    std::int32_t wantedReplicas = 0;   // of the scale's spec
    std::int32_t presentReplicas = 0;  // of its status
    api::LabelSelector selector;
    std::vector<std::shared_ptr<const corev1::Pod>> pods;  // that the selector takes
    Tolerances tolerances;
    base::WallTime now{};
};

struct Proposal {
    std::int32_t replicas = 0;
    std::string metric;  // as events name it
    autoscalingv2::MetricStatus status;
};

// Why a metric gives no answer.
struct NoProposal {
    std::string reason;     // of condition and event, e.g. FailedGetResourceMetric
    std::string cause;      // what went wrong
    std::string complaint;  // the same with what was being done
};

std::expected<Proposal, NoProposal> proposeReplicas(const MetricReader& reader, const autoscalingv2::MetricSpec& metric,
                                                    const ProposalInput& input);

}  // namespace qd::controllers

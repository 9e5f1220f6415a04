#include "tests/simulation/invariants/autoscaling.h"

#include <fmt/format.h>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/autoscaling_v2.h"

namespace qd::simulation {

std::optional<std::string> AutoscalingInvariant::see(const Commit& commit) {
    const auto& meta = commit.object().metadata;
    if (meta.namespace_ != m_ns || meta.name != m_name) return std::nullopt;
    if (const auto* scaler = api::objectAs<autoscalingv2::HorizontalPodAutoscaler>(commit.object())) {
        const auto least = scaler->spec.minReplicas.value_or(1);
        if (least != m_least || scaler->spec.maxReplicas != m_most) m_changed = commit.when;
        m_least = least;
        m_most = scaler->spec.maxReplicas;
    } else if (const auto* deployment = api::objectAs<appsv1::Deployment>(commit.object())) {
        const auto size = deployment->spec.replicas.value_or(1);
        const auto before = std::exchange(m_size, size);
        if (size == before || commit.actor() != "horizontal-pod-autoscaler-controller" ||
            commit.when - m_changed <= kLate)
            return std::nullopt;
        if (size < m_least || size > m_most)
            return fmt::format("{} is sized {}, not within {} and {}", m_name, size, m_least, m_most);
    }
    return std::nullopt;
}

}  // namespace qd::simulation

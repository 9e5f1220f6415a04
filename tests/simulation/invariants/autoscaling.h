// An autoscaler never sets a size outside of its bounds.
#pragma once

#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class AutoscalingInvariant final : public Invariant {
public:
    // Of the autoscaler of a Deployment of the same name.
    AutoscalingInvariant(std::string ns, std::string name) : m_ns(std::move(ns)), m_name(std::move(name)) {}

    std::optional<std::string> see(const Commit& commit) override;

private:
    std::string m_ns;
    std::string m_name;
    std::int32_t m_least = 1;
    std::int32_t m_most = 0;
    base::SteadyTime m_changed{};
    std::int32_t m_size = 0;
};

}  // namespace qd::simulation

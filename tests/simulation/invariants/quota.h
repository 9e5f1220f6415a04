// A namespace never comes to use more than its ResourceQuota allows: a quota that was lowered below what is used allows
// nothing more. And the quota's status says what is used, once the faults have ended.
#pragma once

#include <map>
#include <set>

#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class QuotaInvariant final : public Invariant {
public:
    QuotaInvariant(std::string ns, std::string quota) : m_ns(std::move(ns)), m_name(std::move(quota)) {}

    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> restless() const override;

private:
    using Amounts = std::map<std::string, api::Quantity>;
    Amounts used() const;

    std::string m_ns;
    std::string m_name;
    Amounts m_hard;  // as enforced: of the status
    Amounts m_said;
    std::map<std::string, api::Quantity> m_pods;  // that have not ended, with the CPU that they request
    std::set<std::string> m_configMaps;
};

}  // namespace qd::simulation

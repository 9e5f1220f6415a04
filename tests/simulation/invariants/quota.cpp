#include "tests/simulation/invariants/quota.h"

#include <fmt/format.h>

namespace qd::simulation {

QuotaInvariant::Amounts QuotaInvariant::used() const {
    Amounts amounts;
    amounts["pods"] = api::Quantity::of(std::to_string(m_pods.size()));
    amounts["configmaps"] = api::Quantity::of(std::to_string(m_configMaps.size()));
    amounts["requests.cpu"] = api::Quantity::of("0");
    for (const auto& [name, cpu] : m_pods) amounts["requests.cpu"] += cpu;
    return amounts;
}

std::optional<std::string> QuotaInvariant::see(const Commit& commit) {
    const auto& meta = commit.object().metadata;
    if (meta.namespace_ != m_ns) return std::nullopt;
    if (const auto* pod = api::objectAs<corev1::Pod>(commit.object())) {
        m_pods.erase(meta.name);
        // One that should have gone does not count any more.
        if (!commit.gone() && isActive(*pod)) {
            auto& cpu = m_pods[meta.name] = api::Quantity::of("0");
            for (const auto& container : pod->spec.containers) {
                if (const auto found = container.resources.requests.find("cpu");
                    found != container.resources.requests.end())
                    cpu += found->second;
            }
        }
    } else if (api::objectAs<corev1::ConfigMap>(commit.object())) {
        if (commit.gone()) {
            m_configMaps.erase(meta.name);
        } else {
            m_configMaps.insert(meta.name);
        }
    } else if (const auto* quota = api::objectAs<corev1::ResourceQuota>(commit.object())) {
        if (meta.name != m_name) return std::nullopt;
        m_hard = {quota->status.hard.begin(), quota->status.hard.end()};
        m_said = {quota->status.used.begin(), quota->status.used.end()};
        return std::nullopt;
    }
    if (!commit.created()) return std::nullopt;
    const bool pod = api::objectAs<corev1::Pod>(commit.object()) != nullptr;
    for (const auto& [resource, amount] : used()) {
        const auto hard = m_hard.find(resource);
        if (hard == m_hard.end() || (resource == "configmaps") == pod) continue;
        if (amount > hard->second)
            return fmt::format("{} {} are used, {} are allowed", amount.toString(), resource, hard->second.toString());
    }
    return std::nullopt;
}

std::optional<std::string> QuotaInvariant::restless() const {
    const auto amounts = used();
    for (const auto& [resource, said] : m_said) {
        const auto amount = amounts.find(resource);
        if (amount != amounts.end() && amount->second != said)
            return fmt::format("the quota says that {} {} are used, it is {}", said.toString(), resource,
                               amount->second.toString());
    }
    return std::nullopt;
}

}  // namespace qd::simulation

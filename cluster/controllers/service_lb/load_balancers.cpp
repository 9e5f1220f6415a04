#include "cluster/controllers/service_lb/load_balancers.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {
namespace {

std::string textOf(std::uint32_t address) { return api::IpAddress::fromV4(address).toString(); }

}  // namespace

// Neither the network's own address nor that for all of it, but in networks that have no others.
std::uint32_t LoadBalancerRange::first() const { return m_range.first().v4() + (m_range.prefix < 31 ? 1 : 0); }

std::uint32_t LoadBalancerRange::count() const {
    const std::uint64_t all = std::uint64_t(1) << (32 - m_range.prefix);
    return static_cast<std::uint32_t>(m_range.prefix < 31 ? all - 2 : all);
}

std::optional<std::uint32_t> LoadBalancerRange::heldBy(const corev1::Service& service) const {
    const auto found = std::ranges::find_if(m_held, [&](const auto& entry) { return entry.second.uid == service.metadata.uid; });
    if (found == m_held.end()) return std::nullopt;
    return found->first;
}

void LoadBalancerRange::learn(const corev1::Service& service) {
    const std::lock_guard lock(m_mutex);
    for (const auto& ingress : service.status.loadBalancer.ingress) {
        const auto ip = api::IpAddress::parse(ingress.ip);
        if (ip && !ip->v6 && contains(ip->v4())) m_held.try_emplace(ip->v4(), Holder{keyOf(service), service.metadata.uid});
    }
}

Result<std::uint32_t> LoadBalancerRange::choose(const corev1::Service& service) const {
    if (const std::string& wanted = service.spec.loadBalancerIP; !wanted.empty()) {
        const auto ip = api::IpAddress::parse(wanted);
        if (!ip || ip->v6 || !contains(ip->v4())) return fail(Reason::Invalid, fmt::format("the address {} is not in the range of load balancers, {}", wanted, m_range.toString()));
        const auto other = m_held.find(ip->v4());
        if (other != m_held.end() && other->second.uid != service.metadata.uid) {
            return fail(Reason::Conflict, fmt::format("the address {} is taken by the Service {}", wanted, other->second.key));
        }
        return ip->v4();
    }
    if (const auto held = heldBy(service)) return *held;
    for (std::uint32_t offset = 0; offset < count(); ++offset) {
        if (!m_held.contains(first() + offset)) return first() + offset;
    }
    return fail(Reason::InternalError, fmt::format("no address of the range of load balancers, {}, is free", m_range.toString()));
}

Result<corev1::LoadBalancerStatus> LoadBalancerRange::ensure(const corev1::Service& service, const std::vector<client::Ptr<corev1::Node>>&) {
    const std::lock_guard lock(m_mutex);
    const auto chosen = choose(service);
    if (!chosen) return fail(chosen.error());
    std::erase_if(m_held, [&](const auto& entry) { return entry.second.uid == service.metadata.uid && entry.first != *chosen; });
    m_held.insert_or_assign(*chosen, Holder{keyOf(service), service.metadata.uid});
    corev1::LoadBalancerStatus status;
    auto& ingress = status.ingress.emplace_back();
    ingress.ip = textOf(*chosen);
    ingress.ipMode = corev1::LoadBalancerIPModeVIP;
    return status;
}

bool LoadBalancerRange::exists(const corev1::Service& service) {
    const std::lock_guard lock(m_mutex);
    return heldBy(service).has_value();
}

Result<void> LoadBalancerRange::remove(const corev1::Service& service) {
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_held, [&](const auto& entry) { return entry.second.uid == service.metadata.uid; });
    return {};
}

}  // namespace qd::controllers

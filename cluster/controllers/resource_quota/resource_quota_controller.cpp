#include "cluster/controllers/resource_quota/resource_quota_controller.h"

#include "cluster/api/quota/evaluator.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

using corev1::ResourceQuota;
using namespace std::chrono_literals;

// Writes that failed after they had been charged come to light then at the latest.
constexpr base::Duration kMeasuredAgain = 5min;

std::string groupResourceOf(const client::ResourceName& name) { return name.group.empty() ? name.resource : name.resource + "." + name.group; }

}  // namespace

ResourceQuotaController::ResourceQuotaController(Context& context, ResourceList resources)
    : m_context(context), m_resources(std::move(resources)), m_quotas(context.informers.informer(client::resourceOf<ResourceQuota>())) {
    m_quotas.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onQuota(old, now); });
    for (const auto& resource : m_resources()) {
        if (!resource.namespaced || resource.name.resource == "events") continue;
        m_context.informers.informer(resource.name).addHandler([this, name = groupResourceOf(resource.name)](const api::ObjectPtr& old, const api::ObjectPtr& now) { onObject(name, old, now); });
    }
}

// status is written by admission and by this controller: neither has to be measured again.
void ResourceQuotaController::onQuota(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (!now) return;
    const auto quota = client::as<ResourceQuota>(now);
    if (!old || client::as<ResourceQuota>(old)->spec.hard != quota->spec.hard) m_context.keys.add(keyOf(*now), *now);
}

void ResourceQuotaController::onObject(const std::string& groupResource, const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (!old) return;
    const auto quotas = client::Lister<ResourceQuota>(m_quotas).list(old->metadata.namespace_);
    if (quotas.empty()) return;
    const auto evaluator = api::quotaEvaluator(groupResource);
    if (now && !evaluator->mayHaveShrunk(*old, *now, m_context.executor.clock().now())) return;
    for (const auto& quota : quotas) {
        if (!evaluator->matching(api::namesOf(quota->status.hard)).empty()) m_context.keys.add(keyOf(*quota), now ? *now : *old);
    }
}

Result<api::Map<api::Quantity>> ResourceQuotaController::measure(const ResourceQuota& quota) {
    const auto wanted = api::measuredResources(api::namesOf(quota.spec.hard));
    const base::WallTime now = m_context.executor.clock().now();
    api::Quantities used;
    for (const auto& resource : m_resources()) {
        const std::string groupResource = groupResourceOf(resource.name);
        if (!resource.namespaced || !wanted.contains(groupResource)) continue;
        const auto objects = m_context.client.list(resource.name, quota.metadata.namespace_, {});
        if (!objects) return fail(objects.error());
        used = api::sum(used, api::measured(*api::quotaEvaluator(groupResource), quota.spec, objects->items, now));
    }
    return used;
}

// The quota is read before what is measured: a write that is charged in between makes this one's update fail, and it starts again.
Result<Outcome> ResourceQuotaController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    client::Api<ResourceQuota> quotas(m_context.client);
    const auto current = quotas.get(ns, name);
    if (!current) return current.error().reason == Reason::NotFound ? Result<Outcome>(Outcome{}) : fail(current.error());
    const ResourceQuota& quota = **current;
    auto fresh = measure(quota);
    if (!fresh) return fail(std::move(fresh.error()));
    ResourceQuota wanted = quota;
    wanted.status.hard = quota.spec.hard;
    for (auto& [resource, amount] : *fresh) wanted.status.used.insert_or_assign(resource, amount);
    wanted.status.used = api::masked(wanted.status.used, api::namesOf(quota.spec.hard));
    if (wanted.status == quota.status) return Outcome{.again = kMeasuredAgain};
    const auto written = quotas.updateStatus(wanted, controllerWrite());
    if (!written && written.error().reason != Reason::NotFound) return fail(written.error());
    return Outcome{.again = kMeasuredAgain};
}

}  // namespace qd::controllers

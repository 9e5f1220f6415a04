#include "cluster/controllers/endpointslice/endpointslice_controller.h"

#include <fmt/format.h>

#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

const char* const kByService = "service";

std::string labelOf(const api::Object& object, std::string_view key) {
    const auto found = object.metadata.labels.find(key);
    return found == object.metadata.labels.end() ? "" : found->second;
}

bool isOurs(const api::Object& slice) { return labelOf(slice, discoveryv1::LabelManagedBy) == kSliceManagedBy; }

std::string zoneOf(const api::ObjectPtr& node) { return node ? labelOf(*node, corev1::LabelTopologyZone) : ""; }

}  // namespace

EndpointSliceController::EndpointSliceController(Context& context)
    : m_context(context),
      m_services(context.informers.informer(client::resourceOf<corev1::Service>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())),
      m_nodes(context.informers.informer(client::resourceOf<corev1::Node>())),
      m_slices(context.informers.informer(client::resourceOf<discoveryv1::EndpointSlice>())) {
    m_slices.addIndex(kByService, [](const api::Object& slice) -> std::vector<std::string> {
        return {slice.metadata.namespace_ + "/" + labelOf(slice, discoveryv1::LabelServiceName)};
    });
    addServiceIndices(m_services, m_pods);
    m_services.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old); });
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { wakeServicesOf(m_context.keys, m_services, old, now); });
    m_slices.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onSlice(old, now); });
    m_nodes.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onNode(old, now); });
}

void EndpointSliceController::onSlice(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    for (const auto& slice : {old, now}) {
        if (!slice || !isOurs(*slice)) continue;
        const std::string service = labelOf(*slice, discoveryv1::LabelServiceName);
        if (!service.empty()) m_context.keys.add(slice->metadata.namespace_ + "/" + service, now ? *now : *old);
    }
}

// Endpoints say in which zone their node is, and wait for nodes that are not known yet.
void EndpointSliceController::onNode(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (!now || (old && zoneOf(old) == zoneOf(now))) return;
    for (const auto& service : m_services.list()) m_context.keys.add(keyOf(*service), *now);
}

Slices EndpointSliceController::slicesOf(const corev1::Service& service) const {
    Slices slices;
    for (const auto& slice : client::Lister<discoveryv1::EndpointSlice>(m_slices).byIndex(kByService, keyOf(service))) {
        if (isOurs(*slice) && !slice->metadata.deletionTimestamp) slices.push_back(slice);
    }
    return slices;
}

Result<Outcome> EndpointSliceController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto service = client::Lister<corev1::Service>(m_services).get(ns, name);
    if (!service) {  // the garbage collector takes the slices away
        m_times.forget(key);
        m_expectations.forget(key);
        return Outcome{};
    }
    if (!hasManagedEndpoints(*service)) return Outcome{};
    if (!m_expectations.fulfilled(key)) return Outcome{kLookAgain};
    const ServicePods pods = selectedPods(m_pods, *service);
    const Slices existing = slicesOf(*service);
    const api::Time triggered = m_times.observe(key, *service, pods);
    const client::Lister<corev1::Node> nodes(m_nodes);
    SlicePlan plan = planSlices({*service, pods, existing, [&](const std::string& node) { return nodes.get("", node); }});
    if (auto applied = apply(key, *service, std::move(plan), triggered); !applied) {
        if (applied.error().reason != Reason::Conflict) {
            m_context.events.event(*service, "Warning", "FailedToUpdateEndpointSlices",
                                   fmt::format("Error updating Endpoint Slices for Service {}/{}: {}", ns, name, applied.error().message));
        }
        return fail(applied.error());
    }
    return Outcome{};
}

Result<void> EndpointSliceController::apply(const std::string& key, const corev1::Service& service, SlicePlan plan, api::Time triggered) {
    client::Api<discoveryv1::EndpointSlice> slices(m_context.client);
    const std::string whose = fmt::format("EndpointSlice for Service {}/{}", service.metadata.namespace_, service.metadata.name);
    if (service.metadata.deletionTimestamp) plan.create.clear();
    for (auto& slice : plan.create) {
        setTriggerTime(slice, triggered);
        const auto created = slices.create(slice, controllerWrite());
        if (!created) {
            if (isNamespaceTerminating(created.error())) return {};
            return fail(created.error().within("failed to create " + whose));
        }
        m_expectations.wrote(key, m_slices, **created);
    }
    for (auto& slice : plan.update) {
        setTriggerTime(slice, triggered);
        const auto updated = slices.update(slice, controllerWrite());
        if (!updated) return fail(updated.error().within("failed to update " + slice.metadata.name + " " + whose));
        m_expectations.wrote(key, m_slices, **updated);
    }
    for (const auto& slice : plan.remove) {
        client::DeleteOptions options;
        options.uid = slice->metadata.uid;
        const auto removed = slices.remove(slice->metadata.namespace_, slice->metadata.name, options);
        if (!removed && removed.error().reason != Reason::NotFound) return fail(removed.error().within("failed to delete " + slice->metadata.name + " " + whose));
        m_expectations.removed(key, m_slices, *slice);
    }
    return {};
}

}  // namespace qd::controllers

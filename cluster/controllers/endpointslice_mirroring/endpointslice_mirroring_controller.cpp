#include "cluster/controllers/endpointslice_mirroring/endpointslice_mirroring_controller.h"

#include <fmt/format.h>

#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kByEndpoints[] = "mirroring/endpoints";

std::string labelOf(const api::Object& object, std::string_view key) {
    const auto found = object.metadata.labels.find(key);
    return found == object.metadata.labels.end() ? "" : found->second;
}

bool isOurs(const api::Object& slice) { return labelOf(slice, discoveryv1::LabelManagedBy) == kMirrorManagedBy; }

bool hasNoSelector(const api::Object& service) { return static_cast<const corev1::Service&>(service).spec.selector.empty(); }

}  // namespace

EndpointSliceMirroringController::EndpointSliceMirroringController(Context& context)
    : m_context(context),
      m_endpoints(context.informers.informer(client::resourceOf<corev1::Endpoints>())),
      m_services(context.informers.informer(client::resourceOf<corev1::Service>())),
      m_slices(context.informers.informer(client::resourceOf<discoveryv1::EndpointSlice>())) {
    m_slices.addIndex(kByEndpoints, [](const api::Object& slice) -> std::vector<std::string> {
        if (!isOurs(slice)) return {};
        return {slice.metadata.namespace_ + "/" + labelOf(slice, discoveryv1::LabelServiceName)};
    });
    m_endpoints.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onEndpoints(old, now); });
    m_services.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onService(old, now); });
    m_slices.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onSlice(old, now); });
}

void EndpointSliceMirroringController::onEndpoints(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if ((now && isMirrored(*now)) || (old && isMirrored(*old))) m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old);
}

void EndpointSliceMirroringController::onService(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const bool concerned = old && now ? hasNoSelector(*old) != hasNoSelector(*now) : hasNoSelector(now ? *now : *old);
    if (concerned) m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old);
}

void EndpointSliceMirroringController::onSlice(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    for (const auto& slice : {old, now}) {
        if (!slice || !isOurs(*slice)) continue;
        const std::string name = labelOf(*slice, discoveryv1::LabelServiceName);
        if (!name.empty()) m_context.keys.add(slice->metadata.namespace_ + "/" + name, now ? *now : *old);
    }
}

MirrorSlices EndpointSliceMirroringController::slicesOf(const std::string& key) const {
    MirrorSlices slices;
    for (const auto& slice : client::Lister<discoveryv1::EndpointSlice>(m_slices).byIndex(kByEndpoints, key)) {
        if (!slice->metadata.deletionTimestamp) slices.push_back(slice);
    }
    return slices;
}

Result<void> EndpointSliceMirroringController::remove(const std::string& key, const discoveryv1::EndpointSlice& slice) {
    client::DeleteOptions options;
    options.uid = slice.metadata.uid;
    const auto removed = m_context.client.remove(m_slices.resource(), slice.metadata.namespace_, slice.metadata.name, options);
    if (!removed && removed.error().reason != Reason::NotFound) return fail(removed.error().within("failed to delete EndpointSlice " + slice.metadata.name));
    m_expectations.removed(key, m_slices, slice);
    return {};
}

Result<Outcome> EndpointSliceMirroringController::removeMirror(const std::string& key) {
    for (const auto& slice : slicesOf(key)) {
        if (auto removed = remove(key, *slice); !removed) return fail(std::move(removed.error()));
    }
    m_expectations.forget(key);
    return Outcome{};
}

Result<Outcome> EndpointSliceMirroringController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto endpoints = client::Lister<corev1::Endpoints>(m_endpoints).get(ns, name);
    const auto service = m_services.get(ns, name);
    if (!endpoints || !isMirrored(*endpoints) || !service || !hasNoSelector(*service)) return removeMirror(key);
    if (!m_expectations.fulfilled(key)) return Outcome{kLookAgain};
    const MirrorPlan plan = planMirror(*endpoints, slicesOf(key));
    if (plan.invalidAddresses > 0) {
        m_context.events.event(*endpoints, "Warning", "InvalidIPAddress",
                               fmt::format("Skipped {} invalid IP addresses when mirroring to EndpointSlices", plan.invalidAddresses));
    }
    if (plan.skippedAddresses > plan.invalidAddresses) {
        m_context.events.event(*endpoints, "Warning", "TooManyAddressesToMirror",
                               fmt::format("A max of {} addresses can be mirrored to EndpointSlices per Endpoints subset. {} addresses were skipped",
                                           kMaxMirroredPerSubset, plan.skippedAddresses));
    }
    return apply(key, *endpoints, plan);
}

Result<Outcome> EndpointSliceMirroringController::apply(const std::string& key, const corev1::Endpoints& endpoints, const MirrorPlan& plan) {
    client::Api<discoveryv1::EndpointSlice> slices(m_context.client);
    const std::string whose = "EndpointSlice for Endpoints " + key;
    if (!endpoints.metadata.deletionTimestamp) {
        for (const auto& slice : plan.create) {
            const auto created = slices.create(slice, controllerWrite());
            if (!created) {
                if (isNamespaceTerminating(created.error())) return Outcome{};
                return fail(created.error().within("failed to create " + whose));
            }
            m_expectations.wrote(key, m_slices, **created);
        }
    }
    for (const auto& slice : plan.update) {
        const auto updated = slices.update(slice, controllerWrite());
        if (!updated) return fail(updated.error().within("failed to update " + slice.metadata.name + " " + whose));
        m_expectations.wrote(key, m_slices, **updated);
    }
    for (const auto& slice : plan.remove) {
        if (auto removed = remove(key, *slice); !removed) return fail(std::move(removed.error()));
    }
    return Outcome{};
}

}  // namespace qd::controllers

#include "cluster/controllers/namespaces/namespace_controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kFinalizer[] = "kubernetes";
constexpr std::int64_t kFinalizerEstimate = 15;  // seconds

const client::ResourceName& pods() { return client::resourceOf<corev1::Pod>(); }

bool isNotServed(const Error& error) { return error.reason == Reason::NotFound || error.reason == Reason::MethodNotAllowed; }

// Admission refuses to delete these; should one be marked all the same, its content stays.
bool isImmortal(const std::string& name) { return name == "default" || name == "kube-system" || name == "kube-public"; }

}  // namespace

NamespaceController::NamespaceController(Context& context, ResourceList resources)
    : m_context(context),
      m_resources(std::move(resources)),
      m_namespaces(context.informers.informer(client::resourceOf<corev1::Namespace>())),
      m_pods(context.informers.informer(pods())) {
    m_namespaces.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && now->metadata.deletionTimestamp) m_context.keys.add(now->metadata.name, *now);
    });
    // Pods take longest; when the last one goes the rest need not wait for the estimate.
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (now) return;
        const auto ns = m_namespaces.get("", old->metadata.namespace_);
        if (ns && ns->metadata.deletionTimestamp && m_pods.list(ns->metadata.name).empty()) m_context.keys.add(ns->metadata.name, *old);
    });
}

Result<Outcome> NamespaceController::sync(const std::string& key) {
    if (!m_namespaces.get("", key) || isImmortal(key)) return Outcome{};
    auto fresh = client::Api<corev1::Namespace>(m_context.client).get("", key);
    if (!fresh && fresh.error().reason == Reason::NotFound) return Outcome{};
    if (!fresh) return fail(fresh.error());
    Namespace ns = *fresh;
    if (!ns->metadata.deletionTimestamp) return Outcome{};
    if (ns->status.phase != corev1::NamespaceTerminating) {
        corev1::Namespace marked = *ns;
        marked.status.phase = corev1::NamespaceTerminating;
        auto written = writeStatus(marked);
        if (!written) return fail(written.error());
        ns = *written;
    }
    if (ns->spec.finalizers.empty()) return Outcome{};

    NamespaceRemains remains;
    bool beforeOthers = false;
    const std::int64_t estimate = emptyAll(*ns, remains, beforeOthers);
    corev1::Namespace told = *ns;
    if (setNamespaceConditions(told.status, remains, beforeOthers, m_context.executor.clock().now())) {
        auto written = writeStatus(told);
        if (!written) return fail(written.error());
        ns = *written;
    }
    if (!remains.failures.empty()) return fail(Reason::InternalError, remains.failures.front());
    if (estimate > 0) return Outcome{std::chrono::seconds(estimate / 2 + 1)};
    return finalize(*ns);
}

std::int64_t NamespaceController::emptyAll(const corev1::Namespace& ns, NamespaceRemains& remains, bool& beforeOthers) {
    const std::vector<Resource> resources = m_resources();
    std::int64_t estimate = 0;
    const auto isPods = [](const Resource& resource) { return resource.name == pods(); };
    for (const auto& resource : resources) {
        if (isPods(resource)) estimate = empty(resource, ns, remains);
    }
    beforeOthers = !remains.objects.empty();
    if (beforeOthers) return std::max<std::int64_t>(estimate, 1);
    for (const auto& resource : resources) {
        if (resource.namespaced && !isPods(resource)) estimate = std::max(estimate, empty(resource, ns, remains));
    }
    return estimate;
}

std::int64_t NamespaceController::longestGrace(const corev1::Namespace& ns) {
    std::int64_t longest = 0;
    for (const auto& pod : client::Lister<corev1::Pod>(m_pods).list(ns.metadata.name)) {
        if (!isFinished(*pod)) longest = std::max(longest, pod->spec.terminationGracePeriodSeconds.value_or(0));
    }
    const auto passed = std::chrono::floor<std::chrono::seconds>(m_context.executor.clock().now() - ns.metadata.deletionTimestamp->wall()).count();
    return passed >= longest ? 0 : longest;
}

std::int64_t NamespaceController::empty(const Resource& resource, const corev1::Namespace& ns, NamespaceRemains& remains) {
    const std::string& name = ns.metadata.name;
    const std::int64_t grace = resource.name == pods() ? longestGrace(ns) : 0;
    client::DeleteOptions options;
    options.propagationPolicy = "Background";
    if (auto gone = m_context.client.removeCollection(resource.name, name, {}, options); !gone && !isNotServed(gone.error())) {
        remains.failures.push_back(gone.error().message);
        return grace;
    }
    const auto left = m_context.client.list(resource.name, name, {});
    if (!left) {
        if (!isNotServed(left.error())) remains.failures.push_back(left.error().message);
        return grace;
    }
    if (left->items.empty()) return 0;
    bool hasFinalizers = false;
    for (const auto& object : left->items) {
        for (const auto& finalizer : object->metadata.finalizers) {
            ++remains.finalizers[finalizer];
            hasFinalizers = true;
        }
    }
    remains.objects[resource.name.resource + "." + resource.name.group] = static_cast<int>(left->items.size());
    if (grace > 0) return grace;
    if (hasFinalizers) return kFinalizerEstimate;
    remains.failures.push_back(fmt::format("unexpected items still remain in namespace: {} for gvr: {}, Resource={}", name, resource.apiVersion(), resource.name.resource));
    return 0;
}

Result<NamespaceController::Namespace> NamespaceController::writeStatus(const corev1::Namespace& ns) {
    return client::Api<corev1::Namespace>(m_context.client).updateStatus(ns, controllerWrite());
}

Result<Outcome> NamespaceController::finalize(const corev1::Namespace& ns) {
    corev1::Namespace done = ns;
    std::erase(done.spec.finalizers, kFinalizer);
    const auto written = m_context.client.update(m_namespaces.resource(), done, controllerWrite(), "finalize");
    if (!written && written.error().reason != Reason::NotFound) return fail(written.error());
    return Outcome{};
}

}  // namespace qd::controllers

#include "cluster/scheduler/storage/volume_orders.h"

#include <fmt/format.h>

#include "cluster/api/volumes/volume_match.h"

namespace qd::scheduler {

namespace volumes = api::volumes;

namespace {

base::Failure wrong(std::string words) {
    return fail(Reason::InternalError, "binding volumes: " + std::move(words));
}

// Whether the copy is older than what was written.
template <typename T>
bool isBehind(const T& stored, const T& written) {
    return revisionOf(stored.metadata) < revisionOf(written.metadata);
}

Result<void> checkReach(const StorageView::Volume& volume, const corev1::Node& node) {
    if (volumes::isReachableFrom(volume, node)) return {};
    return wrong(fmt::format("pv \"{}\" node affinity doesn't match node \"{}\": no matching NodeSelectorTerms",
                             volume.metadata.name, node.metadata.name));
}

Result<bool> isBound(const VolumeOrder::Binding& binding, const StorageView& storage, const corev1::Node& node) {
    const auto& written = *binding.volume;
    const auto volume = storage.storedVolume(written.metadata.name);
    if (!volume)
        return wrong(
            fmt::format("failed to check binding: could not find v1.PersistentVolume \"{}\"", written.metadata.name));
    const auto& meta = binding.claim->metadata;
    const auto claim = storage.storedClaim(meta.namespace_, meta.name);
    if (!claim)
        return wrong(fmt::format("failed to check binding: could not find v1.PersistentVolumeClaim \"{}/{}\"",
                                 meta.namespace_, meta.name));
    if (isBehind(*volume, written)) return false;
    if (auto reached = checkReach(*volume, node); !reached) return fail(std::move(reached.error()));
    if (!volume->spec.claimRef || volume->spec.claimRef->uid.empty())
        return wrong(fmt::format("ClaimRef got reset for pv \"{}\"", written.metadata.name));
    return volumes::isFullyBound(*claim);
}

Result<bool> isProvisioned(const StorageView::Claim& written, const std::string& selected, const StorageView& storage,
                           const corev1::Node& node) {
    const auto& meta = written.metadata;
    const auto claim = storage.storedClaim(meta.namespace_, meta.name);
    if (!claim)
        return wrong(fmt::format("failed to check provisioning pvc: could not find v1.PersistentVolumeClaim \"{}/{}\"",
                                 meta.namespace_, meta.name));
    if (isBehind(*claim, written)) return false;
    const std::string* annotation = volumes::annotation(*claim, volumes::kSelectedNode);
    // Who could not provision takes the node's name away, so that another is tried.
    if (!annotation || *annotation != selected)
        return wrong(fmt::format("provisioning failed for PVC \"{}\"", meta.name));
    if (claim->spec.volumeName.empty()) return false;
    const auto volume = storage.storedVolume(claim->spec.volumeName);
    if (!volume) return false;
    if (auto reached = checkReach(*volume, node); !reached) return fail(std::move(reached.error()));
    return volumes::isFullyBound(*claim);
}

}  // namespace

Result<bool> isFulfilled(const VolumeOrder& order, const StorageView& storage,
                         const client::Lister<corev1::Node>& nodes, const client::Lister<corev1::Pod>& pods) {
    const auto node = nodes.get("", order.node);
    if (!node) return wrong(fmt::format("failed to get node \"{}\": node \"{}\" not found", order.node, order.node));
    const auto& meta = order.pod->metadata;
    const auto pod = pods.get(meta.namespace_, meta.name);
    if (!pod || pod->metadata.uid != meta.uid)
        return wrong(fmt::format("pod does not exist any more: pod \"{}\" not found", meta.name));
    bool all = true;
    for (const auto& binding : order.bindings) {
        const auto bound = isBound(binding, storage, *node);
        if (!bound) return bound;
        all = all && *bound;
    }
    for (const auto& claim : order.provisions) {
        const auto provisioned = isProvisioned(*claim, order.node, storage, *node);
        if (!provisioned) return provisioned;
        all = all && *provisioned;
    }
    return all;
}

VolumeOrders::VolumeOrders(Handle& handle)
    : m_handle(handle),
      m_nodes(client::listerFor<corev1::Node>(handle.informers())),
      m_pods(client::listerFor<corev1::Pod>(handle.informers())) {}

void VolumeOrders::add(VolumeOrder order, base::Duration timeout, Done done) {
    auto waiting = std::make_shared<Waiting>();
    waiting->order = std::move(order);
    waiting->done = std::move(done);
    m_handle.onStrand([self = shared_from_this(), waiting, timeout] {
        self->m_waiting.push_back(waiting);
        waiting->timer = self->m_handle.later(timeout, [self, weak = std::weak_ptr(waiting)] {
            if (const auto late = weak.lock()) self->end(late, wrong("context deadline exceeded"));
        });
        self->look(waiting);
    });
}

void VolumeOrders::look() {
    const auto all = m_waiting;
    for (const auto& waiting : all) look(waiting);
}

void VolumeOrders::look(const std::shared_ptr<Waiting>& waiting) {
    const auto fulfilled = isFulfilled(waiting->order, m_handle.storage(), m_nodes, m_pods);
    if (!fulfilled) return end(waiting, fail(fulfilled.error()));
    if (*fulfilled) end(waiting, {});
}

void VolumeOrders::end(const std::shared_ptr<Waiting>& waiting, Result<void> outcome) {
    if (std::erase(m_waiting, waiting) == 0) return;
    waiting->timer.cancel();
    std::exchange(waiting->done, nullptr)(std::move(outcome));
}

}  // namespace qd::scheduler

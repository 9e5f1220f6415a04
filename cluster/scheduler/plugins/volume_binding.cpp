#include "cluster/scheduler/plugins/volume_binding.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/volumes/volume_match.h"
#include "cluster/scheduler/storage/provisioning_reach.h"

namespace qd::scheduler {

namespace volumes = api::volumes;

namespace {

const std::string kNotProvisioned = "kubernetes.io/no-provisioner";

struct ClaimToBind {
    client::Ptr<StorageView::Claim> claim;
    client::Ptr<storagev1::StorageClass> storageClass;
    volumes::Volumes candidates = {};  // the smallest first
    std::string selectedNode = {};     // where it is to be made; empty: not decided
    bool checksRoom = false;
};

bool isSmaller(const ClaimToBind& a, const ClaimToBind& b) {
    return volumes::requestedSize(*a.claim) < volumes::requestedSize(*b.claim);
}

bool canProvision(const storagev1::StorageClass& storageClass) {
    return !storageClass.provisioner.empty() && storageClass.provisioner != kNotProvisioned;
}

bool isOwnedBy(const StorageView::Claim& claim, const corev1::Pod& pod) {
    return std::ranges::any_of(claim.metadata.ownerReferences, [&](const auto& owner) {
        return owner.controller.value_or(false) && owner.uid == pod.metadata.uid;
    });
}

bool uses(const PodInfo& pod, const StorageView::Claim& claim) {
    return pod.podClass->ns == claim.metadata.namespace_ &&
           std::ranges::any_of(pod.claims, [&](const auto& each) { return each.name == claim.metadata.name; });
}

std::optional<std::int64_t> limitOf(const storagev1::CSIStorageCapacity& pool) {
    const auto& limit = pool.maximumVolumeSize ? pool.maximumVolumeSize : pool.capacity;
    return limit ? std::optional(limit->value()) : std::nullopt;
}

}  // namespace

struct VolumeBinding::Claims : StateOf<Claims> {
    volumes::Volumes bound;
    bool volumeMissing = false;  // of a claim that is bound
    std::vector<ClaimToBind> toBind;
    std::vector<client::Ptr<storagev1::CSIStorageCapacity>> pools;
};

struct VolumeBinding::Choice {
    struct Match {
        client::Ptr<StorageView::Volume> volume;
        client::Ptr<StorageView::Claim> claim;
    };
    std::vector<Match> matches;
    std::vector<client::Ptr<StorageView::Claim>> provisions;
};

struct VolumeBinding::Order : StateOf<Order> {
    struct Binding {
        client::Ptr<StorageView::Volume> volume;
        client::Ptr<StorageView::Claim> claim;
        bool toWrite = true;
    };
    std::vector<Binding> bindings;
    std::vector<client::Ptr<StorageView::Claim>> provisions;  // with the selected node
};

VolumeBinding::VolumeBinding(Handle& handle, base::Duration bindTimeout)
    : m_handle(handle), m_bindTimeout(bindTimeout), m_orders(std::make_shared<VolumeOrders>(handle)) {}

Status VolumeBinding::checkClaim(const PodInfo& pod, const ClaimUse& use) const {
    const auto claim = m_handle.storage().claim(pod.podClass->ns, use.name);
    const auto refused = [&](std::string words) { return Status::unresolvable(text(std::move(words))); };
    if (!claim && use.ephemeral)
        return refused(fmt::format("waiting for ephemeral volume controller to create the persistentvolumeclaim \"{}\"",
                                   use.name));
    if (!claim) return refused(fmt::format("persistentvolumeclaim \"{}\" not found", use.name));
    if (claim->status.phase == "Lost") {
        return refused(fmt::format("persistentvolumeclaim \"{}\" bound to non-existent persistentvolume \"{}\"",
                                   use.name, claim->spec.volumeName));
    }
    if (claim->metadata.deletionTimestamp)
        return refused(fmt::format("persistentvolumeclaim \"{}\" is being deleted", use.name));
    if (use.ephemeral && !isOwnedBy(*claim, *pod.pod)) {
        const auto& meta = pod.pod->metadata;
        return refused(fmt::format("PVC {}/{} was not created for pod {}/{} (pod is not owner)", meta.namespace_,
                                   use.name, meta.namespace_, meta.name));
    }
    return {};
}

Status VolumeBinding::sortClaim(Claims& claims, const client::Ptr<StorageView::Claim>& claim) const {
    const StorageView& storage = m_handle.storage();
    if (volumes::isFullyBound(*claim)) {
        if (auto volume = storage.volume(claim->spec.volumeName)) {
            claims.bound.push_back(std::move(volume));
        } else {
            claims.volumeMissing = true;
        }
        return {};
    }
    const auto storageClass = storage.storageClass(volumes::className(*claim));
    if (storageClass && !storageClass->volumeBindingMode) {
        return Status::error(
            fmt::format("VolumeBindingMode not set for StorageClass \"{}\"", storageClass->metadata.name));
    }
    // One that names its volume is bound by the binder, whatever its class says.
    if (!storageClass || storageClass->volumeBindingMode != "WaitForFirstConsumer" || !claim->spec.volumeName.empty()) {
        return Status::unresolvable(m_unbound);
    }
    ClaimToBind toBind{.claim = claim, .storageClass = storageClass};
    if (const std::string* selected = volumes::annotation(*claim, volumes::kSelectedNode)) {
        toBind.selectedNode = *selected;
    } else {
        toBind.candidates = volumes::candidatesFor(*claim, storage.volumesOfClass(storageClass->metadata.name));
    }
    const auto driver = storage.csiDriver(storageClass->provisioner);
    toBind.checksRoom =
        driver && driver->spec.storageCapacity.value_or(false) && claim->spec.resources.requests.contains("storage");
    if (toBind.checksRoom && claims.pools.empty()) claims.pools = storage.capacities();
    claims.toBind.push_back(std::move(toBind));
    return {};
}

PreFilterResult VolumeBinding::preFilter(CycleState& state, const PodInfo& pod, const Nodes&) {
    if (pod.claims.empty()) return {.status = Status::skip()};
    for (const auto& use : pod.claims) {
        if (Status status = checkClaim(pod, use); !status.ok()) return {.status = std::move(status)};
    }
    auto claims = std::make_unique<Claims>();
    for (const auto& use : pod.claims) {
        if (Status status = sortClaim(*claims, m_handle.storage().claim(pod.podClass->ns, use.name)); !status.ok())
            return {.status = std::move(status)};
    }
    std::ranges::stable_sort(claims->toBind, isSmaller);
    state.put(slot, CycleState::Step::Filter, std::move(claims));
    return {};
}

Text VolumeBinding::whyUnreachable(const Claims& claims, const NodeInfo& node) const {
    if (claims.volumeMissing) return m_gone;
    const bool reached =
        std::ranges::all_of(claims.bound, [&](const auto& volume) { return volumes::isReachableFrom(*volume, *node.node()); });
    return reached ? nullptr : m_outOfReach;
}

std::vector<Text> VolumeBinding::choose(const Claims& claims, const NodeInfo& node, Choice& choice) const {
    const auto elsewhere = [&](const ClaimToBind& each) {
        return !each.selectedNode.empty() && each.selectedNode != node.name();
    };
    if (std::ranges::any_of(claims.toBind, elsewhere)) return {m_noneToBind};
    std::vector<const ClaimToBind*> toProvision;
    for (const auto& each : claims.toBind) {
        const auto isTaken = [&](const auto& volume) {
            return std::ranges::any_of(choice.matches, [&](const auto& match) { return match.volume == volume; });
        };
        const auto found = std::ranges::find_if(each.candidates, [&](const auto& volume) {
            return volumes::isReachableFrom(*volume, *node.node()) && !isTaken(volume);
        });
        if (found == each.candidates.end()) {
            toProvision.push_back(&each);
        } else {
            choice.matches.push_back({*found, each.claim});
        }
    }
    for (const auto* each : toProvision) {
        if (!canProvision(*each->storageClass) || !matchesTopology(each->storageClass->allowedTopologies, *node.node()))
            return {m_noneToBind};
        if (each->checksRoom &&
            !hasRoom(claims.pools, each->storageClass->metadata.name, volumes::requestedSize(*each->claim).value(), *node.node()))
            return {m_noRoom};
        choice.provisions.push_back(each->claim);
    }
    return {};
}

Status VolumeBinding::filter(const CycleState& state, const PodInfo&, const NodeInfo& node) const {
    const auto& claims = *state.get<Claims>(slot, CycleState::Step::Filter);
    Status status;
    if (const Text why = whyUnreachable(claims, node)) status.reasons.push_back(why);
    Choice choice;
    for (auto& reason : choose(claims, node, choice)) status.reasons.push_back(std::move(reason));
    if (!status.reasons.empty()) status.code = Code::UnschedulableAndUnresolvable;
    return status;
}

Status VolumeBinding::reserve(CycleState& state, const PodInfo&, const NodeInfo& node) {
    const auto* claims = state.get<Claims>(slot, CycleState::Step::Filter);
    if (!claims || claims->toBind.empty()) return {};
    Choice choice;
    if (auto reasons = choose(*claims, node, choice); !reasons.empty())
        return Status::unresolvable(std::move(reasons.front()));
    StorageView& storage = m_handle.storage();
    auto order = std::make_unique<Order>();
    for (const auto& [volume, claim] : choice.matches) {
        client::Ptr<StorageView::Volume> bound = volume;
        const auto tied = volumes::tied(*volume, *claim);
        if (tied) storage.assume(bound = std::make_shared<const StorageView::Volume>(*tied));
        order->bindings.push_back({bound, claim, tied.has_value()});
    }
    for (const auto& claim : choice.provisions) {
        auto selected = std::make_shared<StorageView::Claim>(*claim);
        selected->metadata.annotations[volumes::kSelectedNode] = node.name();
        storage.assume(client::Ptr<StorageView::Claim>(selected));
        order->provisions.push_back(std::move(selected));
    }
    state.put(slot, CycleState::Step::Reserve, std::move(order));
    return {};
}

void VolumeBinding::unreserve(CycleState& state, const PodInfo&, const std::string&) {
    const auto* order = state.get<Order>(slot, CycleState::Step::Reserve);
    if (!order) return;
    for (const auto& binding : order->bindings) m_handle.storage().restoreVolume(binding.volume->metadata.name);
    for (const auto& claim : order->provisions)
        m_handle.storage().restoreClaim(claim->metadata.namespace_, claim->metadata.name);
}

// Newer copies have taken the place of what was assumed.
void VolumeBinding::settled(CycleState& state, const PodInfo& pod) {
    unreserve(state, pod, {});
}

bool VolumeBinding::hasWork(const CycleState& state, const PodInfo&, const std::string&) const {
    return state.get<Order>(slot, CycleState::Step::Reserve) != nullptr;
}

// What the binder and the provisioners go by. What was written stays when a later write fails: the next try finds it.
Result<void> VolumeBinding::write(Order& order, VolumeOrder& written) const {
    client::Api<StorageView::Volume> volumes(m_handle.client());
    client::Api<StorageView::Claim> claims(m_handle.client());
    for (const auto& [volume, claim, toWrite] : order.bindings) {
        auto now = toWrite ? volumes.update(*volume) : Result<client::Ptr<StorageView::Volume>>(volume);
        if (!now) return fail(std::move(now.error()));
        written.bindings.push_back({std::move(*now), claim});
    }
    for (const auto& claim : order.provisions) {
        auto now = claims.update(*claim);
        if (!now) return fail(std::move(now.error()));
        written.provisions.push_back(std::move(*now));
    }
    return {};
}

void VolumeBinding::preBind(CycleState& state, const PodInfo& pod, const std::string& node, Done done) {
    VolumeOrder written{.pod = pod.pod, .node = node, .bindings = {}, .provisions = {}};
    if (auto done_ = write(*state.get<Order>(slot, CycleState::Step::Reserve), written); !done_)
        return done(std::move(done_));
    m_orders->add(std::move(written), m_bindTimeout, std::move(done));
}

void VolumeBinding::observe(const ClusterEvent& event) {
    if (anyOf(event.what, Happening::Claim | Happening::Volume | Happening::PodRemoved | Happening::NodeRemoved |
                              Happening::NodeLabels))
        m_orders->look();
}

bool VolumeBinding::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    if (const auto* claim = event.is<StorageView::Claim>()) return uses(pod, *claim);
    if (const auto* now = event.is<storagev1::StorageClass>()) {
        const auto* before = event.was<storagev1::StorageClass>();
        return !before || before->allowedTopologies != now->allowedTopologies;
    }
    if (const auto* now = event.is<storagev1::CSIStorageCapacity>()) {
        const auto* before = event.was<storagev1::CSIStorageCapacity>();
        return !before || limitOf(*before) < limitOf(*now);
    }
    if (const auto* now = event.is<storagev1::CSIDriver>()) {
        const auto* before = event.was<storagev1::CSIDriver>();
        return !before || (before->spec.storageCapacity.value_or(false) && !now->spec.storageCapacity.value_or(false));
    }
    if (event.is<storagev1::CSINode>()) return event.before == nullptr;
    return event.after != nullptr;
}

}  // namespace qd::scheduler

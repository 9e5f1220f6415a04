#include "cluster/controllers/garbage_collector/garbage_collector.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/codec/json.h"
#include "cluster/api/registry.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kResourcesKey[] = "(resources)";  // no uid looks like this
constexpr base::Duration kResourcesPeriod = std::chrono::seconds(30);
constexpr char kOrphan[] = "orphan";
constexpr char kForeground[] = "foregroundDeletion";

// Events own nothing, are owned by nothing, and are many.
bool isIgnored(const Resource& resource) { return resource.name.resource == "events"; }

bool hasFinalizer(const api::Object& object, const char* finalizer) {
    const auto& finalizers = object.metadata.finalizers;
    return std::find(finalizers.begin(), finalizers.end(), finalizer) != finalizers.end();
}

std::string asJson(const std::vector<metav1::OwnerReference>& references) {
    std::string text = "[";
    for (const auto& reference : references) text += (text.size() > 1 ? "," : "") + api::encodeJson(reference);
    return text + "]";
}

}  // namespace

GarbageCollector::GarbageCollector(Context& context, ResourceList resources) : m_context(context), m_resources(std::move(resources)) {
    for (const auto& resource : m_resources()) {
        if (isIgnored(resource) || !m_watched.emplace(resource.name, resource).second) continue;
        m_context.informers.informer(resource.name).addHandler([this, resource](const api::ObjectPtr& old, const api::ObjectPtr& now) { onChange(resource, old, now); });
    }
}

GarbageCollector::~GarbageCollector() {
    for (auto& [name, informer] : m_own) informer->stop();
}

void GarbageCollector::ready() { m_context.keys.add(kResourcesKey, 0); }

void GarbageCollector::onChange(const Resource& resource, const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const std::uint64_t cause = revisionOf(now ? *now : *old);
    for (const auto& uid : m_graph.change(resource, old, now)) m_context.keys.add(uid, cause);
}

void GarbageCollector::watchNewResources() {
    const auto current = m_resources();
    std::vector<std::unique_ptr<client::Informer>> ended;  // stopped outside of the lock
    std::lock_guard lock(m_mutex);
    for (const auto& resource : current) {
        if (isIgnored(resource) || !m_watched.emplace(resource.name, resource).second) continue;
        auto informer = std::make_unique<client::Informer>(m_context.client, resource.name, m_context.executor, client::Informer::Scope{});
        informer->addHandler([this, resource](const api::ObjectPtr& old, const api::ObjectPtr& now) { onChange(resource, old, now); });
        informer->start();
        m_own[resource.name] = std::move(informer);
    }
    for (auto own = m_own.begin(); own != m_own.end();) {
        const bool stays = std::any_of(current.begin(), current.end(), [&](const Resource& resource) { return resource.name == own->first; });
        if (stays) {
            ++own;
            continue;
        }
        m_watched.erase(own->first);
        ended.push_back(std::move(own->second));
        own = m_own.erase(own);
    }
}

std::optional<Resource> GarbageCollector::resourceOf(const metav1::OwnerReference& reference) const {
    const auto group = api::splitApiVersion(reference.apiVersion).group;
    std::lock_guard lock(m_mutex);
    for (const auto& [name, resource] : m_watched) {
        if (resource.kind == reference.kind && name.group == group) return resource;
    }
    return std::nullopt;
}

Result<Outcome> GarbageCollector::sync(const std::string& key) {
    if (key == kResourcesKey) {
        watchNewResources();
        return Outcome{kResourcesPeriod};
    }
    const auto node = m_graph.find(key);
    if (!node) return Outcome{};
    if (node->orphansDependents) return orphan(*node);
    if (node->deletesDependents) return finishForeground(*node);
    if (node->beingDeleted || node->owners.empty()) return Outcome{};
    return collect(*node);
}

Result<Outcome> GarbageCollector::orphan(const GraphNode& owner) {
    for (const auto& dependent : m_graph.dependentsOf(owner.uid)) {
        const auto latest = m_context.client.get(dependent.resource.name, dependent.ns, dependent.name);
        if (!latest && latest.error().reason == Reason::NotFound) continue;
        if (!latest) return fail(latest.error());
        if ((*latest)->metadata.uid != dependent.uid) continue;
        std::vector<metav1::OwnerReference> keep = (*latest)->metadata.ownerReferences;
        std::erase_if(keep, [&](const auto& reference) { return reference.uid == owner.uid; });
        if (auto freed = removeReferences(dependent, **latest, keep); !freed) return freed;
    }
    return removeFinalizer(owner, kOrphan);
}

Result<Outcome> GarbageCollector::finishForeground(const GraphNode& owner) {
    const auto blocking = m_graph.blockingDependentsOf(owner.uid);
    if (blocking.empty()) return removeFinalizer(owner, kForeground);
    for (const auto& dependent : blocking) {
        if (!dependent.deletesDependents) m_context.keys.add(dependent.uid, client::CauseScope::current());
    }
    return Outcome{};
}

Result<OwnerState> GarbageCollector::verify(const GraphNode& node, const metav1::OwnerReference& reference, bool& invalidNamespace) {
    const OwnerState known = m_graph.ownerState(node, reference);
    if (known != OwnerState::Unknown) return known;
    if (m_graph.isKnownGone(reference.uid)) return OwnerState::Unknown;
    const auto resource = resourceOf(reference);
    if (!resource) return fail(Reason::NotFound, fmt::format("no matches for kind \"{}\" in version \"{}\"", reference.kind, reference.apiVersion));
    if (resource->namespaced && node.ns.empty()) {
        invalidNamespace = true;
        return OwnerState::Solid;
    }
    const auto owner = m_context.client.get(resource->name, resource->namespaced ? node.ns : "", reference.name);
    if (!owner) {
        if (owner.error().reason == Reason::NotFound) return OwnerState::Unknown;
        return fail(owner.error());
    }
    if ((*owner)->metadata.uid != reference.uid) return OwnerState::Unknown;
    const bool waits = (*owner)->metadata.deletionTimestamp && hasFinalizer(**owner, kForeground);
    return waits ? OwnerState::WaitsForDependents : OwnerState::Solid;
}

Result<GarbageCollector::Owners> GarbageCollector::classify(const GraphNode& node, const api::Object& latest) {
    Owners owners;
    for (const auto& reference : latest.metadata.ownerReferences) {
        const auto state = verify(node, reference, owners.invalidNamespace);
        if (!state) return fail(state.error());
        auto& list = *state == OwnerState::Solid ? owners.solid : *state == OwnerState::WaitsForDependents ? owners.waiting : owners.dangling;
        list.push_back(reference);
    }
    return owners;
}

Result<Outcome> GarbageCollector::collect(const GraphNode& node) {
    const bool allSolid = std::all_of(node.owners.begin(), node.owners.end(), [&](const auto& reference) { return m_graph.ownerState(node, reference) == OwnerState::Solid; });
    if (allSolid) return Outcome{};
    const auto read = m_context.client.get(node.resource.name, node.ns, node.name);
    if (!read && read.error().reason == Reason::NotFound) return Outcome{};
    if (!read) return fail(read.error());
    const api::Object& latest = **read;
    if (latest.metadata.uid != node.uid || latest.metadata.ownerReferences.empty()) return Outcome{};
    const auto owners = classify(node, latest);
    if (!owners) return fail(owners.error());
    if (owners->invalidNamespace) {
        m_context.events.event(latest, "Warning", "OwnerRefInvalidNamespace", "cluster-scoped objects cannot refer to namespaced owners");
        return Outcome{};
    }
    if (!owners->solid.empty()) {
        if (owners->dangling.empty() && owners->waiting.empty()) return Outcome{};
        return removeReferences(node, latest, owners->solid);
    }
    const auto dependents = m_graph.dependentsOf(node.uid);
    if (!owners->waiting.empty() && !dependents.empty()) {
        // Two that wait for each other would wait for ever: this one lets its owners go first. The patch brings it back here.
        const auto& references = latest.metadata.ownerReferences;
        const bool circle = std::any_of(dependents.begin(), dependents.end(), [](const GraphNode& dependent) { return dependent.deletesDependents; });
        const bool blocks = std::any_of(references.begin(), references.end(), [](const auto& reference) { return reference.blockOwnerDeletion.value_or(false); });
        if (circle && blocks) {
            auto unblocked = latest.metadata.ownerReferences;
            for (auto& reference : unblocked) reference.blockOwnerDeletion = false;
            return removeReferences(node, latest, unblocked);
        }
        return remove(node, latest, "Foreground");
    }
    if (hasFinalizer(latest, kOrphan)) return remove(node, latest, "Orphan");
    if (hasFinalizer(latest, kForeground)) return remove(node, latest, "Foreground");
    return remove(node, latest, "Background");
}

// A merge patch, which custom resources know too; the revision in it makes it fail when the object changed since.
Result<Outcome> GarbageCollector::patch(const GraphNode& node, const api::Object& latest, const std::string& members) {
    const std::string text = fmt::format(R"({{"metadata":{{"uid":"{}","resourceVersion":"{}",{}}}}})", latest.metadata.uid, latest.metadata.resourceVersion, members);
    const auto written = m_context.client.patch(node.resource.name, node.ns, node.name, client::PatchKind::Merge, text, controllerPatch());
    if (!written && written.error().reason != Reason::NotFound) return fail(written.error());
    return Outcome{};
}

Result<Outcome> GarbageCollector::removeReferences(const GraphNode& node, const api::Object& latest, const std::vector<metav1::OwnerReference>& keep) {
    if (keep == latest.metadata.ownerReferences) return Outcome{};
    return patch(node, latest, "\"ownerReferences\":" + (keep.empty() ? "null" : asJson(keep)));
}

Result<Outcome> GarbageCollector::removeFinalizer(const GraphNode& node, const std::string& finalizer) {
    const auto latest = m_context.client.get(node.resource.name, node.ns, node.name);
    if (!latest && latest.error().reason == Reason::NotFound) return Outcome{};
    if (!latest) return fail(latest.error());
    const auto& metadata = (*latest)->metadata;
    if (metadata.uid != node.uid || !hasFinalizer(**latest, finalizer.c_str())) return Outcome{};
    std::string list;
    for (const auto& each : metadata.finalizers) {
        if (each != finalizer) list += (list.empty() ? "\"" : ",\"") + each + "\"";
    }
    return patch(node, **latest, "\"finalizers\":" + (list.empty() ? "null" : "[" + list + "]"));
}

Result<Outcome> GarbageCollector::remove(const GraphNode& node, const api::Object& latest, const std::string& policy) {
    client::DeleteOptions options;
    options.propagationPolicy = policy;
    options.uid = latest.metadata.uid;
    options.resourceVersion = latest.metadata.resourceVersion;
    const auto gone = m_context.client.remove(node.resource.name, node.ns, node.name, options);
    if (!gone && gone.error().reason != Reason::NotFound) return fail(gone.error());
    return Outcome{};
}

}  // namespace qd::controllers

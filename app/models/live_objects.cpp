#include "app/models/live_objects.h"

namespace qd::models {

namespace {

std::string nameKey(const std::string& space, const std::string& name) {
    return space + '/' + name;
}

const std::string* controllerOf(const api::Object& object) {
    for (const metav1::OwnerReference& owner : object.metadata.ownerReferences)
        if (owner.controller.value_or(false)) return &owner.uid;
    return nullptr;
}

}  // namespace

LiveObjects::LiveObjects(bridge::ClusterSession& session, bridge::Resource resource, QObject* parent)
    : QObject(parent), m_resource(std::move(resource)) {
    m_watch = session.watch(
        m_resource, {}, [this](const bridge::WatchBatch& batch) { take(batch); },
        [this](const Error& error) {
            m_error = QString::fromStdString(error.message);
            emit errorChanged();
        });
}

LiveObjects::~LiveObjects() = default;

api::ObjectPtr LiveObjects::byUid(const std::string& uid) const {
    const auto found = m_objects.find(uid);
    return found == m_objects.end() ? nullptr : found->second;
}

api::ObjectPtr LiveObjects::byName(const std::string& space, const std::string& name) const {
    const auto found = m_uidByName.find(nameKey(space, name));
    return found == m_uidByName.end() ? nullptr : byUid(found->second);
}

std::vector<api::ObjectPtr> LiveObjects::ownedBy(const std::string& uid) const {
    std::vector<api::ObjectPtr> owned;
    const auto found = m_byOwner.find(uid);
    if (found == m_byOwner.end()) return owned;
    owned.reserve(found->second.size());
    for (const std::string& each : found->second) owned.push_back(byUid(each));
    return owned;
}

void LiveObjects::take(const bridge::WatchBatch& batch) {
    std::vector<Change> changes;
    changes.reserve(batch.changed.size() + batch.removed.size());
    if (batch.replaces) {
        std::unordered_set<std::string> listed;
        for (const api::ObjectPtr& object : batch.changed) listed.insert(object->metadata.uid);
        std::vector<std::string> gone;
        for (const auto& [uid, object] : m_objects)
            if (!listed.contains(uid)) gone.push_back(uid);
        for (const std::string& uid : gone) drop(uid, changes);
    }
    for (const api::ObjectPtr& object : batch.changed) put(object, changes);
    for (const std::string& uid : batch.removed) drop(uid, changes);
    if (!m_error.isEmpty()) {
        m_error.clear();
        emit errorChanged();
    }
    if (!changes.empty()) emit changed(changes);
    if (batch.replaces && !m_synced) {
        m_synced = true;
        emit synced();
    }
}

void LiveObjects::put(const api::ObjectPtr& object, std::vector<Change>& changes) {
    const std::string& uid = object->metadata.uid;
    api::ObjectPtr& slot = m_objects[uid];
    if (slot && slot->metadata.resourceVersion == object->metadata.resourceVersion) return;
    if (slot) index(*slot, false);
    changes.push_back({uid, slot, object});
    slot = object;
    index(*object, true);
}

void LiveObjects::drop(const std::string& uid, std::vector<Change>& changes) {
    const auto found = m_objects.find(uid);
    if (found == m_objects.end()) return;
    index(*found->second, false);
    changes.push_back({uid, found->second, nullptr});
    m_objects.erase(found);
}

void LiveObjects::index(const api::Object& object, bool add) {
    const std::string key = nameKey(object.metadata.namespace_, object.metadata.name);
    const std::string* owner = controllerOf(object);
    if (add) {
        m_uidByName[key] = object.metadata.uid;
        if (owner) m_byOwner[*owner].insert(object.metadata.uid);
        return;
    }
    // The name may belong to a successor already.
    const auto named = m_uidByName.find(key);
    if (named != m_uidByName.end() && named->second == object.metadata.uid) m_uidByName.erase(named);
    if (!owner) return;
    const auto owned = m_byOwner.find(*owner);
    if (owned == m_byOwner.end()) return;
    owned->second.erase(object.metadata.uid);
    if (owned->second.empty()) m_byOwner.erase(owned);
}

LiveObjects& Inventory::objects(const bridge::Resource& resource) {
    LiveObjects*& objects = m_kinds[resource.apiVersion + '/' + resource.kind];
    if (!objects) objects = new LiveObjects(m_session, resource, this);
    return *objects;
}

}  // namespace qd::models

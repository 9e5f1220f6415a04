// The objects of one kind as the newest watch events left them, shared by all tables and pictures of a cluster.
#pragma once

#include <QObject>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "app/bridge/cluster_session.h"

namespace qd::models {

// One object before and after: before is null for a new one, after for one that has gone.
struct Change {
    std::string uid;
    api::ObjectPtr before;
    api::ObjectPtr after;
};

class LiveObjects : public QObject {
    Q_OBJECT
public:
    using Objects = std::unordered_map<std::string, api::ObjectPtr>;

    LiveObjects(bridge::ClusterSession& session, bridge::Resource resource, QObject* parent = nullptr);
    ~LiveObjects() override;

    const bridge::Resource& resource() const { return m_resource; }
    const Objects& all() const { return m_objects; }
    std::size_t size() const { return m_objects.size(); }
    api::ObjectPtr byUid(const std::string& uid) const;
    // Null when there is none.
    api::ObjectPtr byName(const std::string& space, const std::string& name) const;
    // Those whose controller (ownerReferences, controller: true) has this UID.
    std::vector<api::ObjectPtr> ownedBy(const std::string& uid) const;
    // Whether the first list has come.
    bool isSynced() const { return m_synced; }
    // What the last attempt failed with; empty while all is well.
    QString error() const { return m_error; }

signals:
    // All of a batch at once. An object occurs once in it.
    void changed(const std::vector<qd::models::Change>& changes);
    void synced();
    void errorChanged();

private:
    void take(const bridge::WatchBatch& batch);
    void put(const api::ObjectPtr& object, std::vector<Change>& changes);
    void drop(const std::string& uid, std::vector<Change>& changes);
    void index(const api::Object& object, bool add);

    bridge::Resource m_resource;
    Objects m_objects;
    std::unordered_map<std::string, std::string> m_uidByName;  // "namespace/name"
    std::unordered_map<std::string, std::unordered_set<std::string>> m_byOwner;
    bool m_synced = false;
    QString m_error;
    std::unique_ptr<bridge::Subscription> m_watch;
};

// All live objects of one cluster; a kind is watched from the first time that it is asked for.
class Inventory : public QObject {
    Q_OBJECT
public:
    explicit Inventory(bridge::ClusterSession& session, QObject* parent = nullptr)
        : QObject(parent), m_session(session) {}
    bridge::ClusterSession& session() { return m_session; }
    LiveObjects& objects(const bridge::Resource& resource);

private:
    bridge::ClusterSession& m_session;
    std::unordered_map<std::string, LiveObjects*> m_kinds;
};

}  // namespace qd::models

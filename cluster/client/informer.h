// A local copy of one resource, kept true by list and watch, and the events by which it changes.
//
// Contract: the copy trails the server, never leads it; a handler sees every object at least once and each change in
// order, though changes that come fast may be seen as one; after a handler was called the copy is at least as new as what the
// handler was given. A watch that breaks is begun again where it ended; when that revision is gone, everything is listed anew
// and the differences are delivered. Handlers run one at a time. All reads are thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/client/client.h"

namespace qd::client {

class Informer {
public:
    // `old` is null for an object that appeared, `now` for one that went (old is then its last known state).
    using Handler = std::function<void(const api::ObjectPtr& old, const api::ObjectPtr& now)>;
    // The values under which an object is found by byIndex(), e.g. its node's name.
    using Indexer = std::function<std::vector<std::string>(const api::Object&)>;

    struct Scope {
        std::string ns;             // empty: all
        std::string fieldSelector;
        std::string labelSelector;
    };

    Informer(Client& client, ResourceName resource, base::Executor& executor, Scope scope);
    ~Informer();

    // Both only before start().
    void addHandler(Handler handler);
    void addIndex(const std::string& name, Indexer indexer);
    void start();
    // No handler runs or begins after this returns. Not to be called by a handler.
    void stop();

    // Whether the first list has been delivered to all handlers.
    bool synced() const;
    api::ObjectPtr get(const std::string& ns, const std::string& name) const;
    // In order of namespace and name; an empty ns means all.
    std::vector<api::ObjectPtr> list(const std::string& ns = "") const;
    std::vector<api::ObjectPtr> byIndex(const std::string& index, const std::string& value) const;
    std::size_t size() const;
    // The newest revision seen; "" before the first list. The copy is at least as new as this.
    std::string resourceVersion() const;
    const ResourceName& resource() const;

private:
    struct State;
    std::shared_ptr<State> m_state;
};

// One informer a resource, shared by all who ask for it.
class InformerFactory {
public:
    InformerFactory(Client& client, base::Executor& executor) : m_client(client), m_executor(executor) {}
    Informer& informer(const ResourceName& resource);
    void start();  // all that were asked for
    void stop();
    bool synced() const;

private:
    Client& m_client;
    base::Executor& m_executor;
    std::map<ResourceName, std::unique_ptr<Informer>> m_informers;
};

}  // namespace qd::client

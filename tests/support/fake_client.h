// A small API server in memory, for tests of what stands on client::Client.
//
// It keeps objects of built-in kinds with the rules that controllers rely on: revisions, conflicts, uids, generated
// names, generations, status apart from spec, finalizers, deletion marks, ownerless cascades left to the test. It neither
// defaults nor validates. Watches deliver through the executor, in order; holdWatches() makes every copy stale on purpose.
// Each write is logged as a line, so that a test compares what a controller did:
//
//     create pods default/web-1
//     update replicasets/status default/web
//     patch pods default/web-1
//     remove pods default/web-1
//
// Not thread-safe: for SimulatedExecutor.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/authorization_v1.h"
#include "cluster/base/simulation.h"
#include "cluster/client/client.h"

namespace qd::tests {

class FakeClient final : public client::Client {
public:
    explicit FakeClient(base::SimulatedExecutor& executor);
    ~FakeClient() override;

    // Stores without logging, as somebody else's write. Fills in what is missing; answers what was stored.
    api::ObjectPtr put(const api::Object& object);
    // Removes at once, whatever stands against it.
    void erase(const client::ResourceName& resource, const std::string& ns, const std::string& name);
    template <typename T>
    std::shared_ptr<const T> stored(const std::string& ns, const std::string& name) const {
        return std::static_pointer_cast<const T>(find(nameOf(T::kDescriptor), ns, name));
    }
    template <typename T>
    std::vector<std::shared_ptr<const T>> all() const {
        std::vector<std::shared_ptr<const T>> objects;
        for (const auto& object : everything(nameOf(T::kDescriptor))) objects.push_back(std::static_pointer_cast<const T>(object));
        return objects;
    }

    // The writes so far, Events apart; forgets them.
    std::vector<std::string> takeWrites();
    // "Normal SuccessfulCreate Created pod: web-1" of each Event made so far, in their order; forgets them.
    std::vector<std::string> takeEvents();
    // Asked before each request with its log line ("get pods default/a" for reads); an error is its answer.
    std::function<std::optional<Error>(const std::string& request)> refuse;
    // Answers SubjectAccessReviews; without it nobody may do anything.
    std::function<bool(const authorizationv1::SubjectAccessReviewSpec&)> allows;
    // Whose requests these are, for SelfSubjectReviews; without it "tester".
    std::function<Result<std::string>()> whoAmI;
    // From now on (or not any more) changes are stored but not told to watchers.
    void holdWatches(bool hold);
    // Whether deleting a Pod that is bound to a node only marks it, until somebody deletes it with grace period 0.
    bool deletesPodsGracefully = false;

    Result<api::ObjectPtr> get(const client::ResourceName& resource, const std::string& ns, const std::string& name,
                               const std::string& subresource = "") override;
    Result<client::ObjectList> list(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& options) override;
    Result<api::ObjectPtr> create(const client::ResourceName& resource, const std::string& ns, const api::Object& object,
                                  const client::WriteOptions& options = {}, const std::string& name = "",
                                  const std::string& subresource = "") override;
    Result<api::ObjectPtr> update(const client::ResourceName& resource, const api::Object& object,
                                  const client::WriteOptions& options = {}, const std::string& subresource = "") override;
    Result<api::ObjectPtr> patch(const client::ResourceName& resource, const std::string& ns, const std::string& name,
                                 client::PatchKind kind, std::string_view patch, const client::PatchOptions& options = {},
                                 const std::string& subresource = "") override;
    Result<void> remove(const client::ResourceName& resource, const std::string& ns, const std::string& name,
                        const client::DeleteOptions& options = {}) override;
    Result<void> removeCollection(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& which,
                                  const client::DeleteOptions& options = {}) override;
    Result<std::unique_ptr<client::Watch>> watch(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& options,
                                                 base::Executor& executor, client::WatchHandler handler) override;
    Result<std::string> raw(const std::string& pathAndQuery) override;

private:
    using Key = std::pair<std::string, std::string>;  // namespace and name
    struct Watcher;
    class WatchHandle;

    static client::ResourceName nameOf(const api::Struct& structure);
    api::ObjectPtr find(const client::ResourceName& resource, const std::string& ns, const std::string& name) const;
    std::vector<api::ObjectPtr> everything(const client::ResourceName& resource) const;
    Result<api::ObjectPtr> scaleOf(const api::Object& object) const;
    Result<api::ObjectPtr> existing(const client::ResourceName& resource, const std::string& ns, const std::string& name) const;
    std::optional<Error> log(const std::string& verb, const client::ResourceName& resource, const std::string& ns, const std::string& name, const std::string& subresource = "");
    Result<api::ObjectPtr> bind(const corev1::Binding& binding);
    Result<api::ObjectPtr> replace(const client::ResourceName& resource, const api::Object& object, const std::string& subresource);
    api::ObjectPtr store(const client::ResourceName& resource, std::unique_ptr<api::Object> object, client::WatchEvent::Type type);
    void drop(const client::ResourceName& resource, const api::ObjectPtr& object);
    void tell(const client::ResourceName& resource, client::WatchEvent event);

    base::SimulatedExecutor& m_executor;
    std::map<client::ResourceName, std::map<Key, api::ObjectPtr>> m_objects;
    std::map<client::ResourceName, std::vector<client::WatchEvent>> m_history;
    std::vector<std::weak_ptr<Watcher>> m_watchers;
    std::vector<std::string> m_writes;
    std::vector<std::string> m_events;
    std::uint64_t m_revision = 100;
    std::uint64_t m_uids = 0;
    std::uint64_t m_names = 0;
    bool m_held = false;
    std::vector<std::pair<client::ResourceName, client::WatchEvent>> m_heldEvents;
};

}  // namespace qd::tests

#include "cluster/client/informer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "cluster/base/log.h"

namespace qd::client {
namespace {

constexpr base::Duration kFirstRetry = std::chrono::milliseconds(200);
constexpr base::Duration kLongestRetry = std::chrono::seconds(30);

std::string cacheKey(const std::string& ns, const std::string& name) { return ns + '\x01' + name; }

std::string cacheKey(const api::Object& object) { return cacheKey(object.metadata.namespace_, object.metadata.name); }

}  // namespace

struct Informer::State : std::enable_shared_from_this<Informer::State> {
    State(Client& onClient, ResourceName name, base::Executor& onExecutor, Scope inScope)
        : client(onClient), resource(std::move(name)), executor(onExecutor), scope(std::move(inScope)) {}

    void listAndWatch();
    void beginWatch();
    void retry();
    void replaceAll(const ObjectList& list);
    void onEvents(std::vector<WatchEvent> events);
    struct Change {
        api::ObjectPtr old;
        api::ObjectPtr now;
    };
    // Changes the copy and its indices; nothing changed when both of the answer are null. Called with the mutex held.
    Change change(const std::string& key, const api::ObjectPtr& now);
    void tell(const Change& changed);

    Client& client;
    const ResourceName resource;
    base::Executor& executor;
    const Scope scope;
    std::vector<Handler> handlers;
    std::map<std::string, Indexer> indexers;

    mutable std::mutex mutex;
    std::map<std::string, api::ObjectPtr> objects;
    std::map<std::string, std::map<std::string, std::map<std::string, api::ObjectPtr>>> indices;  // index -> value -> key
    std::string version;  // of the copy; stays when the watch cannot go on from it
    bool mustList = false;
    bool isSynced = false;
    bool stopped = false;
    int telling = 0;  // handlers that run now
    std::condition_variable told;
    std::unique_ptr<Watch> watch;
    base::Timer retryTimer;
    base::Duration retryDelay = kFirstRetry;
};

void Informer::State::listAndWatch() {
    {
        std::lock_guard lock(mutex);
        if (stopped) return;
    }
    ListOptions options;
    options.fieldSelector = scope.fieldSelector;
    options.labelSelector = scope.labelSelector;
    auto listed = client.list(resource, scope.ns, options);
    if (!listed) {
        base::logger("informer")->warn("listing {}: {}", resource.resource, listed.error().message);
        return retry();
    }
    replaceAll(*listed);
    {
        std::lock_guard lock(mutex);
        isSynced = true;
        retryDelay = kFirstRetry;
    }
    beginWatch();
}

void Informer::State::beginWatch() {
    ListOptions options;
    options.fieldSelector = scope.fieldSelector;
    options.labelSelector = scope.labelSelector;
    {
        std::lock_guard lock(mutex);
        if (stopped) return;
        options.resourceVersion = version;
    }
    auto begun = client.watch(resource, scope.ns, options, executor,
                              [weak = weak_from_this()](std::vector<WatchEvent> events) {
                                  if (const auto self = weak.lock()) self->onEvents(std::move(events));
                              });
    if (!begun) {
        if (begun.error().reason == Reason::Expired || begun.error().reason == Reason::Gone) {
            std::lock_guard lock(mutex);
            mustList = true;
        }
        return retry();
    }
    std::unique_ptr<Watch> previous = std::move(*begun);  // the one before goes outside of the lock
    std::lock_guard lock(mutex);
    if (!stopped) previous.swap(watch);
}

void Informer::State::retry() {
    std::lock_guard lock(mutex);
    if (stopped) return;
    const base::Duration delay = retryDelay;
    retryDelay = std::min(kLongestRetry, retryDelay * 2);
    retryTimer = executor.postAfter(delay, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        bool resume = false;
        {
            std::lock_guard inner(self->mutex);
            resume = self->isSynced && !self->mustList;
        }
        if (resume) {
            self->beginWatch();
        } else {
            self->listAndWatch();
        }
    });
}

void Informer::State::replaceAll(const ObjectList& list) {
    std::map<std::string, api::ObjectPtr> fresh;
    for (const auto& object : list.items) fresh.emplace(cacheKey(*object), object);
    std::vector<Change> changes;
    {
        // The copy and its revision become the list's in one step, before any handler: who is woken by one of these
        // changes must find the others, and the revision, already there.
        std::lock_guard lock(mutex);
        if (stopped) return;
        std::vector<std::string> gone;
        for (const auto& [key, object] : objects) {
            if (!fresh.contains(key)) gone.push_back(key);
        }
        for (const auto& key : gone) changes.push_back(change(key, nullptr));
        for (const auto& [key, object] : fresh) changes.push_back(change(key, object));
        version = list.resourceVersion;
        mustList = false;
    }
    for (const auto& changed : changes) tell(changed);
}

void Informer::State::onEvents(std::vector<WatchEvent> events) {
    for (const auto& event : events) {
        if (event.type == WatchEvent::Type::Error) {
            const bool expired = event.error && (event.error->reason == Reason::Expired || event.error->reason == Reason::Gone);
            if (expired) {
                std::lock_guard lock(mutex);
                mustList = true;
            }
            return retry();
        }
        Change changed;
        {
            std::lock_guard lock(mutex);
            if (stopped) return;
            if (event.type != WatchEvent::Type::Bookmark) {
                changed = change(cacheKey(*event.object), event.type == WatchEvent::Type::Deleted ? nullptr : event.object);
            }
            version = event.resourceVersion;
            retryDelay = kFirstRetry;
        }
        tell(changed);
    }
}

Informer::State::Change Informer::State::change(const std::string& key, const api::ObjectPtr& now) {
    api::ObjectPtr old;
    const auto found = objects.find(key);
    if (found != objects.end()) old = found->second;
    if (!old && !now) return {};
    if (old && now && old->metadata.resourceVersion == now->metadata.resourceVersion) return {};
    for (const auto& [name, indexer] : indexers) {
        auto& index = indices[name];
        const auto was = old ? indexer(*old) : std::vector<std::string>();
        const auto is = now ? indexer(*now) : std::vector<std::string>();
        for (const auto& value : was) {
            if (was == is) break;
            auto& under = index[value];
            under.erase(key);
            if (under.empty()) index.erase(value);
        }
        for (const auto& value : is) index[value].insert_or_assign(key, now);
    }
    if (now) {
        objects.insert_or_assign(key, now);
    } else {
        objects.erase(found);
    }
    return {std::move(old), now};
}

void Informer::State::tell(const Change& changed) {
    if (!changed.old && !changed.now) return;
    {
        std::lock_guard lock(mutex);
        if (stopped) return;
        ++telling;
    }
    for (const auto& handler : handlers) handler(changed.old, changed.now);
    {
        std::lock_guard lock(mutex);
        --telling;
    }
    told.notify_all();
}

Informer::Informer(Client& client, ResourceName resource, base::Executor& executor, Scope scope)
    : m_state(std::make_shared<State>(client, std::move(resource), executor, std::move(scope))) {}

Informer::~Informer() { stop(); }

void Informer::addHandler(Handler handler) { m_state->handlers.push_back(std::move(handler)); }

void Informer::addIndex(const std::string& name, Indexer indexer) {
    m_state->indexers.try_emplace(name, std::move(indexer));
}

void Informer::start() {
    m_state->executor.post([weak = std::weak_ptr(m_state)] {
        if (const auto self = weak.lock()) self->listAndWatch();
    });
}

void Informer::stop() {
    std::unique_ptr<Watch> watch;
    base::Timer timer;
    std::unique_lock lock(m_state->mutex);
    m_state->stopped = true;
    watch = std::move(m_state->watch);
    timer = std::move(m_state->retryTimer);
    if (m_state->executor.mayBlock()) {
        m_state->told.wait(lock, [this] { return m_state->telling == 0; });
    }
    lock.unlock();  // the watch goes without it
}

bool Informer::synced() const {
    std::lock_guard lock(m_state->mutex);
    return m_state->isSynced;
}

api::ObjectPtr Informer::get(const std::string& ns, const std::string& name) const {
    std::lock_guard lock(m_state->mutex);
    const auto found = m_state->objects.find(cacheKey(ns, name));
    return found == m_state->objects.end() ? nullptr : found->second;
}

std::vector<api::ObjectPtr> Informer::list(const std::string& ns) const {
    std::lock_guard lock(m_state->mutex);
    std::vector<api::ObjectPtr> all;
    auto at = ns.empty() ? m_state->objects.begin() : m_state->objects.lower_bound(cacheKey(ns, ""));
    for (; at != m_state->objects.end(); ++at) {
        if (!ns.empty() && at->second->metadata.namespace_ != ns) break;
        all.push_back(at->second);
    }
    return all;
}

std::vector<api::ObjectPtr> Informer::byIndex(const std::string& index, const std::string& value) const {
    std::lock_guard lock(m_state->mutex);
    std::vector<api::ObjectPtr> found;
    const auto all = m_state->indices.find(index);
    if (all == m_state->indices.end()) return found;
    const auto objects = all->second.find(value);
    if (objects == all->second.end()) return found;
    found.reserve(objects->second.size());
    for (const auto& [key, object] : objects->second) found.push_back(object);
    return found;
}

std::size_t Informer::size() const {
    std::lock_guard lock(m_state->mutex);
    return m_state->objects.size();
}

std::string Informer::resourceVersion() const {
    std::lock_guard lock(m_state->mutex);
    return m_state->version;
}

const ResourceName& Informer::resource() const { return m_state->resource; }

Informer& InformerFactory::informer(const ResourceName& resource) {
    auto& entry = m_informers[resource];
    if (!entry) entry = std::make_unique<Informer>(m_client, resource, m_executor, Informer::Scope{});
    return *entry;
}

void InformerFactory::start() {
    for (auto& [name, informer] : m_informers) informer->start();
}

void InformerFactory::stop() {
    for (auto& [name, informer] : m_informers) informer->stop();
}

bool InformerFactory::synced() const {
    return std::all_of(m_informers.begin(), m_informers.end(), [](const auto& entry) { return entry.second->synced(); });
}

}  // namespace qd::client

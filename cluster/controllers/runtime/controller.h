// The runtime of all controllers: watch -> key -> sync(key).
//
// A controller is an object with a `sync` function that brings one key (usually "namespace/name") a step nearer to what its
// object asks for, working from informers' copies and writing through a client. The runtime owns everything else: which
// keys wait, that no two syncs of one key run at once, retries with back-off after an error, waiting until the copies
// are filled, metrics, and the cause that each write carries. Under simulation the same code runs deterministically.
//
// sync must be idempotent: it is called again after a crash, after a lost watch, and for no reason at all.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/random.h"
#include "cluster/client/event_recorder.h"
#include "cluster/client/informer.h"
#include "cluster/client/typed.h"
#include "cluster/client/work_queue.h"

namespace qd::controllers {

// How a sync ended well: done, or to be looked at again after a while.
struct Outcome {
    base::Duration again{0};  // 0: only when something changes
};

class Controller {
public:
    virtual ~Controller() = default;
    // A failure is retried with back-off; its message is logged with the key.
    virtual Result<Outcome> sync(const std::string& key) = 0;
    // Called once, after all informers have synced and before the first sync.
    virtual void ready() {}
};

// Where a controller asks for its keys to be worked on.
class Keys {
public:
    virtual ~Keys() = default;
    virtual void add(const std::string& key, std::uint64_t cause) = 0;
    virtual void addAfter(const std::string& key, base::Duration delay) = 0;
    // The revision of an object, as the cause of what it makes happen.
    void add(const std::string& key, const api::Object& because);
};

// What a controller is made of. Everything outlives it.
struct Context {
    client::Client& client;  // writes as this controller
    client::InformerFactory& informers;
    base::Executor& executor;
    base::Random& random;
    client::EventRecorder& events;
    Keys& keys;
};

// One line in the list of controllers. The constructor of a controller asks for informers, adds handlers and indexes.
struct Descriptor {
    std::string_view name;   // upstream's, e.g. "deployment-controller"
    std::string_view alias;  // the short one that --controllers takes too, e.g. "deployment"
    std::function<std::unique_ptr<Controller>(Context&)> make;
    unsigned workers = 5;
    // The component that its events name, where it differs from the name.
    std::string_view eventSource = {};
    bool onByDefault = true;
};

struct Metrics {
    std::atomic<std::uint64_t> syncs{0};
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::int64_t> busyMicroseconds{0};
};

// Runs one controller.
class Runner {
public:
    // client: writes as the controller; owned, so that each has its own identity.
    Runner(const Descriptor& descriptor, std::unique_ptr<client::Client> client, client::InformerFactory& informers,
           base::Executor& executor, base::Random& random);
    ~Runner();

    void start();  // syncs begin once every informer of the factory has synced
    void stop();   // no sync begins after this returns; waits for those that run, unless under simulation
    std::string_view name() const;
    const Metrics& metrics() const;
    std::size_t queued() const;
    // While paused nothing is synced; step() lets one key through. For the window's single-stepping.
    void pause(bool paused);
    void step();

private:
    struct State;
    std::shared_ptr<State> m_state;
};

// Whether `name` is chosen by a --controllers list, as kube-controller-manager reads it: "*" all that are on by default,
// "foo" on, "-foo" off; the first that matches wins.
bool isEnabled(const std::vector<std::string>& list, const Descriptor& descriptor);

// "namespace/name" and back; a cluster-scoped object has no slash.
std::string keyOf(const api::Object& object);
std::pair<std::string, std::string> splitKey(const std::string& key);

// The revision in an object's resourceVersion; 0 when it has none.
std::uint64_t revisionOf(const api::Object& object);

}  // namespace qd::controllers

// The one way to a cluster: what controllers, the scheduler, node agents, the window and qdeck call.
//
// Two implementations: in process (control_plane/in_process_client) and HTTPS (https_client). Requests are synchronous and
// may block for a commit or a round trip, never under simulation. All functions are thread-safe. An error is the Status
// that the API server answered with.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/object.h"
#include "cluster/base/executor.h"
#include "cluster/base/result.h"

namespace qd::client {

// Names a resource on the wire, e.g. {"apps", "v1", "deployments"}.
struct ResourceName {
    std::string group;
    std::string version;
    std::string resource;

    bool operator==(const ResourceName&) const = default;
    auto operator<=>(const ResourceName&) const = default;
};

struct ListOptions {
    std::string labelSelector = {};
    std::string fieldSelector = {};
    std::string resourceVersion = {};
    std::string resourceVersionMatch = {};  // "", "Exact", "NotOlderThan"
    std::int64_t limit = 0;            // 0 = all
    std::string continueToken = {};
};

struct ObjectList {
    std::vector<api::ObjectPtr> items = {};
    std::string resourceVersion = {};
    std::string continueToken = {};
    std::optional<std::int64_t> remaining = {};
};

struct WriteOptions {
    bool dryRun = false;
    std::string fieldManager = {};
    std::string fieldValidation = {};  // "", "Ignore", "Warn", "Strict"
};

enum class PatchKind : std::uint8_t { Json, Merge, Strategic, Apply };

struct PatchOptions : WriteOptions {
    bool force = false;  // Apply only: take over fields that others own
};

struct DeleteOptions {
    std::optional<std::int64_t> gracePeriodSeconds = {};
    std::string propagationPolicy = {};  // "", "Orphan", "Background", "Foreground"
    std::string uid = {};                // precondition
    std::string resourceVersion = {};    // precondition
    bool dryRun = false;
};

struct WatchEvent {
    enum class Type : std::uint8_t { Added, Modified, Deleted, Bookmark, Error };
    Type type;
    api::ObjectPtr object;   // null for Bookmark and Error
    std::string resourceVersion;
    std::optional<Error> error = std::nullopt;  // Error: the watch has ended because of this
};

// Ends its watch when destroyed; no handler call begins after that.
class Watch {
public:
    virtual ~Watch() = default;
};

// Called with events in order, never two calls at a time. After an Error event no further call comes.
using WatchHandler = std::function<void(std::vector<WatchEvent>)>;

class Client {
public:
    virtual ~Client() = default;

    // An empty `ns` is a cluster-scoped object, or all namespaces for list and watch. An empty `subresource` is the object.
    virtual Result<api::ObjectPtr> get(const ResourceName& resource, const std::string& ns, const std::string& name,
                                       const std::string& subresource = "") = 0;
    virtual Result<ObjectList> list(const ResourceName& resource, const std::string& ns, const ListOptions& options) = 0;
    virtual Result<api::ObjectPtr> create(const ResourceName& resource, const std::string& ns, const api::Object& object,
                                          const WriteOptions& options = {}, const std::string& name = "",
                                          const std::string& subresource = "") = 0;
    virtual Result<api::ObjectPtr> update(const ResourceName& resource, const api::Object& object,
                                          const WriteOptions& options = {}, const std::string& subresource = "") = 0;
    // `patch` is JSON (YAML is allowed for Apply).
    virtual Result<api::ObjectPtr> patch(const ResourceName& resource, const std::string& ns, const std::string& name,
                                         PatchKind kind, std::string_view patch, const PatchOptions& options = {},
                                         const std::string& subresource = "") = 0;
    virtual Result<void> remove(const ResourceName& resource, const std::string& ns, const std::string& name,
                                const DeleteOptions& options = {}) = 0;
    virtual Result<void> removeCollection(const ResourceName& resource, const std::string& ns,
                                          const ListOptions& which, const DeleteOptions& options = {}) = 0;
    // Begins after options.resourceVersion ("" = with the current objects as Added events first, "0" the same).
    // The handler runs on `executor`.
    virtual Result<std::unique_ptr<Watch>> watch(const ResourceName& resource, const std::string& ns,
                                                 const ListOptions& options, base::Executor& executor,
                                                 WatchHandler handler) = 0;
    // Any other request, e.g. discovery or a Pod's log: GET of a path, the body as it comes.
    virtual Result<std::string> raw(const std::string& pathAndQuery) = 0;
};

// The revision that makes the current thread's work happen; the runtime sets it around each sync, clients send it along.
class CauseScope {
public:
    explicit CauseScope(std::uint64_t revision) : m_previous(current()) { current() = revision; }
    ~CauseScope() { current() = m_previous; }
    CauseScope(const CauseScope&) = delete;
    CauseScope& operator=(const CauseScope&) = delete;
    static std::uint64_t& current() {
        thread_local std::uint64_t revision = 0;
        return revision;
    }

private:
    std::uint64_t m_previous;
};

}  // namespace qd::client

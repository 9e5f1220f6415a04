// One open cluster, as the window sees it. The window knows nothing below this interface.
//
// Everything here happens on the Qt thread and nothing blocks: a request returns at once and its answer comes later,
// from the event loop, unless its context object has been destroyed meanwhile. Watches hand on what came in since the
// last frame, at most 60 times a second, in the order of revisions.
#pragma once

#include <QObject>
#include <QPointer>
#include <QString>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/views/state.h"
#include "cluster/api/object.h"
#include "cluster/base/result.h"

namespace qd::bridge {

// A kind as the API server serves it.
struct Resource {
    std::string apiVersion;  // "apps/v1"
    std::string kind;        // "Deployment"
    std::string plural;      // "deployments"
    bool namespaced = true;

    bool operator==(const Resource&) const = default;
};

// One object of a kind.
struct ObjectKey {
    Resource resource;
    std::string space = {};  // namespace; empty for kinds without
    std::string name = {};
};

// What a watch hands on. First comes a batch with `replaces`: the list; then batches of changes. A watch that had to
// begin anew sends another list.
struct WatchBatch {
    bool replaces = false;
    std::vector<api::ObjectPtr> changed = {};  // new and modified ones
    std::vector<std::string> removed = {};     // UIDs
    std::string revision = {};
};

// Ends what it stands for when destroyed.
class Subscription {
public:
    virtual ~Subscription() = default;
};

// Bytes to and from a terminal or a log. Destroying it ends it.
class ByteStream : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    virtual void write(const QByteArray& bytes) = 0;
    virtual void resize(int columns, int rows) = 0;

signals:
    void received(const QByteArray& bytes);
    // It is over: `error` says why, and is empty when it ended well.
    void closed(const QString& error);
};

struct LogRequest {
    std::string space;
    std::string pod;
    std::string container;  // empty: the only one
    bool follow = true;
    bool previous = false;  // of the container's last run
    bool timestamps = false;
    int tailLines = 2000;
};

struct ExecRequest {
    std::string space;
    std::string pod;
    std::string container;
    std::vector<std::string> command;
    int columns = 80;
    int rows = 24;
};

enum class PatchType { Json, Merge, Strategic };

struct ApplyRequest {
    ObjectKey key;
    std::string json;  // the object as it should be
    bool dryRun = false;
    bool force = false;  // take fields over from other managers
};

// How the connection is.
struct SessionStatus {
    views::State state = views::State::Starting;
    QString words;            // "2 nodes · v1.36 · KVM", or what is wrong
    quint64 revision = 0;     // the newest that a watch has seen
    qint64 delayMicros = -1;  // from a write's commit to this thread; negative: not known
};

template <typename T>
using Reply = std::function<void(Result<T>)>;

class ClusterSession : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    using BatchHandler = std::function<void(const WatchBatch&)>;
    using ErrorHandler = std::function<void(const Error&)>;

    virtual QString name() const = 0;
    virtual SessionStatus status() const = 0;

    // Lists and then watches a kind in one namespace (empty: in all). `failed` is told of each failed attempt; the
    // watch tries again by itself, with growing pauses.
    [[nodiscard]] virtual std::unique_ptr<Subscription> watch(const Resource& resource, const std::string& space,
                                                              BatchHandler handler, ErrorHandler failed) = 0;

    // The object as the server would write it as JSON.
    virtual void get(const ObjectKey& key, QObject* context, Reply<std::string> reply) = 0;
    // Server-side apply as the field manager "quarterdeck"; answers with the object as it is (or would be) afterwards.
    virtual void apply(const ApplyRequest& request, QObject* context, Reply<std::string> reply) = 0;
    // Replaces the object; fails with Conflict when its resourceVersion is no longer the newest.
    virtual void update(const ObjectKey& key, const std::string& json, QObject* context, Reply<std::string> reply) = 0;
    virtual void patch(const ObjectKey& key, PatchType type, const std::string& json, QObject* context,
                       Reply<std::string> reply) = 0;
    virtual void remove(const ObjectKey& key, QObject* context, Reply<void> reply) = 0;
    virtual void scale(const ObjectKey& key, int replicas, QObject* context, Reply<void> reply) = 0;
    // What the server serves under this name; NotFound for a kind it does not know.
    virtual void resolve(const std::string& apiVersion, const std::string& kind, QObject* context,
                         Reply<Resource> reply) = 0;

    [[nodiscard]] virtual std::unique_ptr<ByteStream> logs(const LogRequest& request) = 0;
    [[nodiscard]] virtual std::unique_ptr<ByteStream> exec(const ExecRequest& request) = 0;

signals:
    void statusChanged();
};

}  // namespace qd::bridge

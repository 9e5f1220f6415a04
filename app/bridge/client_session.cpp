#include "app/bridge/client_session.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <mutex>

#include "app/bridge/qt_door.h"
#include "cluster/api/codec/json.h"
#include "cluster/api/codec/object_codec.h"
#include "cluster/api/registry.h"
#include "cluster/base/log.h"

namespace qd::bridge {

namespace {

constexpr char kFieldManager[] = "quarterdeck";

client::ResourceName nameOf(const Resource& resource) {
    const api::GroupVersion version = api::splitApiVersion(resource.apiVersion);
    return {std::string(version.group), std::string(version.version), resource.plural};
}

Result<std::string> asJson(Result<api::ObjectPtr> object) {
    if (!object) return fail(std::move(object.error()));
    return api::encodeJson(**object);
}

quint64 revisionNumber(const std::string& revision) {
    return QByteArray::fromStdString(revision).toULongLong();
}

Result<Resource> findInDiscovery(const std::string& document, const std::string& apiVersion, const std::string& kind) {
    boost::json::error_code error;
    const boost::json::value list = boost::json::parse(document, error);
    const boost::json::value* resources = error ? nullptr : list.find_pointer("/resources", error);
    if (resources && resources->is_array()) {
        for (const boost::json::value& each : resources->get_array()) {
            const boost::json::object* object = each.if_object();
            const boost::json::value* its = object ? object->if_contains("kind") : nullptr;
            const boost::json::value* name = object ? object->if_contains("name") : nullptr;
            if (!its || !name || !its->is_string() || !name->is_string() || its->get_string() != kind) continue;
            const std::string plural(name->get_string());
            const boost::json::value* namespaced = object->if_contains("namespaced");
            if (plural.find('/') == std::string::npos)
                return Resource{apiVersion, kind, plural,
                                namespaced && namespaced->is_bool() && namespaced->get_bool()};
        }
    }
    return fail(Reason::NotFound, "the cluster serves no kind \"" + kind + "\" in version \"" + apiVersion + "\"");
}

// Says once that it is over.
class DeadStream : public ByteStream {
public:
    explicit DeadStream(const QString& why) {
        QTimer::singleShot(0, this, [this, why] { emit closed(why); });
    }
    void write(const QByteArray&) override {}
    void resize(int, int) override {}
};

}  // namespace

// One watch: lists, follows, collects. Its methods run on the executor's threads, but take() and the handlers.
class ClientSession::Follower : public std::enable_shared_from_this<Follower> {
public:
    Follower(ClientSession& session, const Resource& resource, std::string space)
        : m_session(session),
          m_client(session.m_client),
          m_executor(session.m_executor),
          m_door(session.m_door),
          m_resource(nameOf(resource)),
          m_space(std::move(space)) {}

    BatchHandler handler;  // Qt thread
    ErrorHandler failed;   // Qt thread

    void begin() {
        m_executor.post([self = shared_from_this()] { self->list(); });
    }

    void end() {
        std::unique_ptr<client::Watch> watch;
        {
            const std::lock_guard lock(m_mutex);
            m_ended = true;
            m_retry.cancel();
            watch = std::move(m_watch);
        }
    }

    // What came since the last time, in one batch; microseconds since the oldest of it came in `waited`.
    std::optional<WatchBatch> take(qint64& waited) {
        const std::lock_guard lock(m_mutex);
        if (!m_any) return std::nullopt;
        WatchBatch batch;
        batch.replaces = m_replaces;
        batch.revision = m_revision;
        for (auto& [uid, object] : m_pending) {
            if (object)
                batch.changed.push_back(std::move(object));
            else
                batch.removed.push_back(uid);
        }
        waited = (m_executor.clock().steady() - m_since).count();
        m_pending.clear();
        m_any = false;
        m_replaces = false;
        return batch;
    }

private:
    void list() {
        auto listed = m_client->list(m_resource, m_space, {});
        if (!listed) return retry(listed.error());
        {
            const std::lock_guard lock(m_mutex);
            if (m_ended) return;
            m_pending.clear();
            for (const api::ObjectPtr& object : listed->items) m_pending[object->metadata.uid] = object;
            m_replaces = true;
            m_revision = listed->resourceVersion;
            m_attempts = 0;
        }
        touched();
        follow();
    }

    void follow() {
        client::ListOptions from;
        {
            const std::lock_guard lock(m_mutex);
            from.resourceVersion = m_revision;
        }
        auto watch = m_client->watch(m_resource, m_space, from, m_executor,
                                     [weak = weak_from_this()](std::vector<client::WatchEvent> events) {
                                         if (const auto self = weak.lock()) self->receive(std::move(events));
                                     });
        if (!watch) return retry(watch.error());
        // The old watch goes without the lock: its last call may be waiting for it.
        std::unique_ptr<client::Watch> old = std::move(*watch);
        const std::lock_guard lock(m_mutex);
        if (!m_ended) std::swap(m_watch, old);
    }

    void receive(std::vector<client::WatchEvent> events) {
        std::optional<Error> broken;
        {
            const std::lock_guard lock(m_mutex);
            if (m_ended) return;
            for (client::WatchEvent& event : events) {
                if (event.type == client::WatchEvent::Type::Error) {
                    broken = event.error.value_or(Error{Reason::InternalError, "the watch ended"});
                    break;
                }
                if (!event.resourceVersion.empty()) m_revision = event.resourceVersion;
                if (!event.object) continue;
                const bool deleted = event.type == client::WatchEvent::Type::Deleted;
                m_pending[event.object->metadata.uid] = deleted ? nullptr : event.object;
            }
        }
        touched();
        if (broken) resume(*broken);
    }

    // A server ends watches now and then; only a revision that is gone needs a new list.
    void resume(const Error& error) {
        if (error.reason == Reason::Expired || error.reason == Reason::Gone) {
            m_executor.post([self = shared_from_this()] { self->list(); });
        } else if (error.reason == Reason::Timeout) {
            m_executor.post([self = shared_from_this()] { self->follow(); });
        } else {
            retry(error);
        }
    }

    void retry(const Error& error) {
        m_door->post([weak = weak_from_this(), error, session = &m_session] {
            if (const auto self = weak.lock(); self && self->failed) self->failed(error);
            session->noteFailure(error);
        });
        const std::lock_guard lock(m_mutex);
        if (m_ended) return;
        const auto pause = std::chrono::seconds(std::min(30, 1 << std::min(m_attempts++, 5)));
        m_retry = m_executor.postAfter(pause, [self = shared_from_this()] { self->list(); });
    }

    void touched() {
        {
            const std::lock_guard lock(m_mutex);
            if (m_any) return;
            m_any = true;
            m_since = m_executor.clock().steady();
        }
        m_door->post([session = &m_session] { session->scheduleFrame(); });
    }

    ClientSession& m_session;  // only behind the door
    const std::shared_ptr<client::Client> m_client;
    base::Executor& m_executor;
    const std::shared_ptr<QtDoor> m_door;
    const client::ResourceName m_resource;
    const std::string m_space;

    std::mutex m_mutex;  // guards all below
    bool m_ended = false;
    std::unique_ptr<client::Watch> m_watch;
    base::Timer m_retry;
    int m_attempts = 0;
    std::string m_revision;
    std::map<std::string, api::ObjectPtr> m_pending;  // by UID; null: it has gone
    bool m_any = false;
    bool m_replaces = false;
    base::SteadyTime m_since;
};

class ClientSession::Ending : public Subscription {
public:
    explicit Ending(std::shared_ptr<Follower> follower) : m_follower(std::move(follower)) {}
    ~Ending() override {
        m_follower->handler = nullptr;
        m_follower->failed = nullptr;
        m_follower->end();
    }

private:
    std::shared_ptr<Follower> m_follower;
};

ClientSession::ClientSession(QString name, std::shared_ptr<client::Client> client, base::Executor& executor,
                             std::unique_ptr<Streams> streams)
    : m_name(std::move(name)),
      m_client(std::move(client)),
      m_executor(executor),
      m_streams(std::move(streams)),
      m_door(std::make_shared<QtDoor>(*this)) {
    m_frame.setSingleShot(true);
    m_frame.setTimerType(Qt::PreciseTimer);
    connect(&m_frame, &QTimer::timeout, this, &ClientSession::deliver);
    m_lastFrame.start();
    askVersion();
}

ClientSession::~ClientSession() {
    m_door->close();
    for (const std::shared_ptr<Follower>& follower : m_followers) follower->end();
}

template <typename T>
void ClientSession::run(QObject* context, Reply<T> reply, std::move_only_function<Result<T>(client::Client&)> work) {
    m_executor.post([client = m_client, door = m_door, context = QPointer<QObject>(context), reply = std::move(reply),
                     work = std::move(work)]() mutable {
        auto result = std::make_shared<Result<T>>(work(*client));
        door->post([context, reply, result] {
            if (context) reply(std::move(*result));
        });
    });
}

void ClientSession::askVersion() {
    run<std::string>(
        this,
        [this](const Result<std::string>& answer) {
            // A server without it, or one that refuses it, still works.
            if (!answer) return;
            boost::json::error_code error;
            const boost::json::value version = boost::json::parse(*answer, error);
            const boost::json::value* found = error ? nullptr : version.find_pointer("/gitVersion", error);
            if (found && found->is_string()) m_version = QString::fromStdString(std::string(found->get_string()));
            m_status.words = m_version;
            emit statusChanged();
        },
        [](client::Client& client) { return client.raw("/version"); });
}

std::unique_ptr<Subscription> ClientSession::watch(const Resource& resource, const std::string& space,
                                                   BatchHandler handler, ErrorHandler failed) {
    auto follower = std::make_shared<Follower>(*this, resource, space);
    follower->handler = std::move(handler);
    follower->failed = std::move(failed);
    std::erase_if(m_followers, [](const std::shared_ptr<Follower>& each) { return !each->handler; });
    m_followers.push_back(follower);
    follower->begin();
    return std::make_unique<Ending>(follower);
}

void ClientSession::scheduleFrame() {
    if (m_frame.isActive()) return;
    const qint64 since = m_lastFrame.elapsed();
    m_frame.start(static_cast<int>(std::max<qint64>(0, kFrameMs - since)));
}

void ClientSession::deliver() {
    m_lastFrame.restart();
    const std::vector<std::shared_ptr<Follower>> followers = m_followers;
    for (const std::shared_ptr<Follower>& follower : followers) {
        qint64 waited = 0;
        const std::optional<WatchBatch> batch = follower->take(waited);
        if (!batch || !follower->handler) continue;
        m_status.revision = std::max<quint64>(m_status.revision, revisionNumber(batch->revision));
        m_status.delayMicros = waited;
        m_status.state = views::State::Ready;
        m_status.words = m_version;
        follower->handler(*batch);
    }
    emit statusChanged();
}

void ClientSession::noteFailure(const Error& error) {
    base::logger("window")->warn("{}: {}", m_name.toStdString(), error.message);
    m_status.state = views::State::Failed;
    m_status.words = QString::fromStdString(error.message);
    emit statusChanged();
}

void ClientSession::get(const ObjectKey& key, QObject* context, Reply<std::string> reply) {
    run<std::string>(context, std::move(reply), [key](client::Client& client) {
        return asJson(client.get(nameOf(key.resource), key.space, key.name));
    });
}

void ClientSession::apply(const ApplyRequest& request, QObject* context, Reply<std::string> reply) {
    run<std::string>(context, std::move(reply), [request](client::Client& client) {
        client::PatchOptions options;
        options.dryRun = request.dryRun;
        options.fieldManager = kFieldManager;
        options.fieldValidation = "Strict";
        options.force = request.force;
        return asJson(client.patch(nameOf(request.key.resource), request.key.space, request.key.name,
                                   client::PatchKind::Apply, request.json, options));
    });
}

void ClientSession::update(const ObjectKey& key, const std::string& json, QObject* context, Reply<std::string> reply) {
    run<std::string>(context, std::move(reply), [key, json](client::Client& client) -> Result<std::string> {
        std::vector<std::string> unknown;
        auto object = api::decodeObject(json, &unknown);
        if (!object) return fail(std::move(object.error()));
        if (!unknown.empty()) return fail(Reason::BadRequest, "strict decoding error: " + unknown.front());
        const metav1::ObjectMeta& meta = (*object)->metadata;
        if (meta.name != key.name || meta.namespace_ != key.space || (*object)->kind() != key.resource.kind)
            return fail(Reason::BadRequest,
                        "the text is about another object; kind, name and namespace cannot be changed");
        client::WriteOptions options;
        options.fieldManager = kFieldManager;
        return asJson(client.update(nameOf(key.resource), **object, options));
    });
}

void ClientSession::patch(const ObjectKey& key, PatchType type, const std::string& json, QObject* context,
                          Reply<std::string> reply) {
    run<std::string>(context, std::move(reply), [key, type, json](client::Client& client) {
        client::PatchOptions options;
        options.fieldManager = kFieldManager;
        const client::PatchKind kind = type == PatchType::Json    ? client::PatchKind::Json
                                       : type == PatchType::Merge ? client::PatchKind::Merge
                                                                  : client::PatchKind::Strategic;
        return asJson(client.patch(nameOf(key.resource), key.space, key.name, kind, json, options));
    });
}

void ClientSession::remove(const ObjectKey& key, QObject* context, Reply<void> reply) {
    run<void>(context, std::move(reply), [key](client::Client& client) {
        client::DeleteOptions options;
        options.propagationPolicy = "Background";
        return client.remove(nameOf(key.resource), key.space, key.name, options);
    });
}

void ClientSession::scale(const ObjectKey& key, int replicas, QObject* context, Reply<void> reply) {
    run<void>(context, std::move(reply), [key, replicas](client::Client& client) -> Result<void> {
        client::PatchOptions options;
        options.fieldManager = kFieldManager;
        const std::string body = R"({"spec":{"replicas":)" + std::to_string(replicas) + "}}";
        // All kinds that the window scales have the number in their spec; the object itself is patched, not its scale.
        auto scaled = client.patch(nameOf(key.resource), key.space, key.name, client::PatchKind::Merge, body, options);
        if (!scaled) return fail(std::move(scaled.error()));
        return {};
    });
}

void ClientSession::resolve(const std::string& apiVersion, const std::string& kind, QObject* context,
                            Reply<Resource> reply) {
    run<Resource>(context, std::move(reply), [apiVersion, kind](client::Client& client) -> Result<Resource> {
        const api::KindName* known = api::findKind(apiVersion, kind);
        if (known && !known->resource.empty())
            return Resource{apiVersion, kind, std::string(known->resource), known->namespaced};
        const bool core = apiVersion.find('/') == std::string::npos;
        auto document = client.raw((core ? "/api/" : "/apis/") + apiVersion);
        if (!document && document.error().reason != Reason::NotFound) return fail(std::move(document.error()));
        return findInDiscovery(document.value_or("{}"), apiVersion, kind);
    });
}

std::unique_ptr<ByteStream> ClientSession::logs(const LogRequest& request) {
    return m_streams ? m_streams->logs(request)
                     : std::make_unique<DeadStream>(tr("This connection cannot stream logs."));
}

std::unique_ptr<ByteStream> ClientSession::exec(const ExecRequest& request) {
    return m_streams ? m_streams->exec(request)
                     : std::make_unique<DeadStream>(tr("This connection cannot open terminals."));
}

}  // namespace qd::bridge

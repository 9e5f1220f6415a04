// A ClusterSession over any client::Client: in process or HTTPS.
//
// Requests block a thread of the executor, never the Qt thread. Watches list, then follow; what comes in on other
// threads is collected and handed to the Qt thread once a frame. A watch that fails is begun again after 1, 2, 4, ...
// at most 30 seconds, from a new list when its revision is gone.
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <memory>

#include "app/bridge/cluster_session.h"
#include "cluster/base/executor.h"
#include "cluster/client/client.h"

namespace qd::bridge {

class QtDoor;

class ClientSession : public ClusterSession {
    Q_OBJECT
public:
    // The executor must outlive the session and may block. `streams` makes logs and terminals; without it they say that
    // this connection cannot stream.
    class Streams {
    public:
        virtual ~Streams() = default;
        virtual std::unique_ptr<ByteStream> logs(const LogRequest& request) = 0;
        virtual std::unique_ptr<ByteStream> exec(const ExecRequest& request) = 0;
    };
    ClientSession(QString name, std::shared_ptr<client::Client> client, base::Executor& executor,
                  std::unique_ptr<Streams> streams = nullptr);
    ~ClientSession() override;

    QString name() const override { return m_name; }
    SessionStatus status() const override { return m_status; }
    std::unique_ptr<Subscription> watch(const Resource& resource, const std::string& space, BatchHandler handler,
                                        ErrorHandler failed) override;
    void get(const ObjectKey& key, QObject* context, Reply<std::string> reply) override;
    void apply(const ApplyRequest& request, QObject* context, Reply<std::string> reply) override;
    void update(const ObjectKey& key, const std::string& json, QObject* context, Reply<std::string> reply) override;
    void patch(const ObjectKey& key, PatchType type, const std::string& json, QObject* context,
               Reply<std::string> reply) override;
    void remove(const ObjectKey& key, QObject* context, Reply<void> reply) override;
    void scale(const ObjectKey& key, int replicas, QObject* context, Reply<void> reply) override;
    void resolve(const std::string& apiVersion, const std::string& kind, QObject* context,
                 Reply<Resource> reply) override;
    std::unique_ptr<ByteStream> logs(const LogRequest& request) override;
    std::unique_ptr<ByteStream> exec(const ExecRequest& request) override;

    // Frames are this far apart.
    static constexpr int kFrameMs = 16;

private:
    class Follower;
    class Ending;
    template <typename T>
    void run(QObject* context, Reply<T> reply, std::move_only_function<Result<T>(client::Client&)> work);
    void askVersion();
    void scheduleFrame();
    void deliver();
    void noteFailure(const Error& error);

    QString m_name;
    std::shared_ptr<client::Client> m_client;
    base::Executor& m_executor;
    std::unique_ptr<Streams> m_streams;
    std::shared_ptr<QtDoor> m_door;  // the way from other threads to this object
    std::vector<std::shared_ptr<Follower>> m_followers;
    SessionStatus m_status;
    QString m_version;
    QTimer m_frame;
    QElapsedTimer m_lastFrame;
};

}  // namespace qd::bridge

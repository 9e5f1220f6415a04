// A cluster in memory for tests of the window: watches answer from what the test put there, requests are recorded and
// answered as the test says. It decides nothing by itself.
#pragma once

#include <QSize>
#include <map>
#include <optional>
#include <vector>

#include "app/bridge/cluster_session.h"

namespace qd::tests {

class FakeStream : public bridge::ByteStream {
    Q_OBJECT
public:
    void write(const QByteArray& bytes) override { written += bytes; }
    void resize(int columns, int rows) override { size = {columns, rows}; }
    QByteArray written;
    QSize size;
};

class FakeSession : public bridge::ClusterSession {
    Q_OBJECT
public:
    FakeSession();
    ~FakeSession() override;

    // Adds or changes an object and tells the watches of its kind; gives it a UID and a new resourceVersion.
    void put(std::unique_ptr<api::Object> object);
    void drop(const std::string& kind, const std::string& space, const std::string& name);
    void dropAll(const std::string& kind, const std::string& space, const std::vector<std::string>& names);
    // All at once, as one batch.
    void putAll(std::vector<std::unique_ptr<api::Object>> objects);

    // What was asked for, one line each: "apply apps/v1 Deployment shop/web dryRun", "scale Deployment shop/web 5".
    QStringList requests;
    // Answers by "Kind namespace/name"; without one a get is NotFound and an apply returns what it was given.
    std::map<std::string, std::string> json;
    std::map<std::string, Error> failures;
    std::string lastApplied;  // the JSON of the last apply
    // The kinds that somebody watches now.
    QStringList watched() const;
    FakeStream* lastStream = nullptr;
    bridge::SessionStatus sessionStatus;

    QString name() const override { return QStringLiteral("dev"); }
    bridge::SessionStatus status() const override { return sessionStatus; }
    std::unique_ptr<bridge::Subscription> watch(const bridge::Resource& resource, const std::string& space,
                                                BatchHandler handler, ErrorHandler failed) override;
    void get(const bridge::ObjectKey& key, QObject* context, bridge::Reply<std::string> reply) override;
    void apply(const bridge::ApplyRequest& request, QObject* context, bridge::Reply<std::string> reply) override;
    void update(const bridge::ObjectKey& key, const std::string& object, QObject* context,
                bridge::Reply<std::string> reply) override;
    void patch(const bridge::ObjectKey& key, bridge::PatchType type, const std::string& body, QObject* context,
               bridge::Reply<std::string> reply) override;
    void remove(const bridge::ObjectKey& key, QObject* context, bridge::Reply<void> reply) override;
    void scale(const bridge::ObjectKey& key, int replicas, QObject* context, bridge::Reply<void> reply) override;
    void resolve(const std::string& apiVersion, const std::string& kind, QObject* context,
                 bridge::Reply<bridge::Resource> reply) override;
    std::unique_ptr<bridge::ByteStream> logs(const bridge::LogRequest& request) override;
    std::unique_ptr<bridge::ByteStream> exec(const bridge::ExecRequest& request) override;

private:
    struct Watcher;
    class Ending;
    void tell(const bridge::WatchBatch& batch, const std::string& kind);
    template <typename T>
    void answer(QObject* context, bridge::Reply<T> reply, Result<T> result);
    std::optional<Error> failureOf(const bridge::ObjectKey& key) const;

    std::map<std::string, api::ObjectPtr> m_objects;  // by "Kind namespace/name"
    std::vector<std::shared_ptr<Watcher>> m_watchers;
    int m_revision = 100;
};

}  // namespace qd::tests

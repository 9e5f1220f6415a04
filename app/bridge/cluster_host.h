// The clusters of this machine, as the window sees them: what there is, making one, starting, suspending and removing.
// On the Qt thread only; nothing blocks.
#pragma once

#include <QObject>
#include <QVector>
#include <memory>

#include "app/bridge/cluster_session.h"
#include "cluster/client/kubeconfig/kubeconfig.h"

namespace qd::bridge {

struct ClusterInfo {
    QString name;
    views::State state = views::State::Unknown;
    QString word;    // "Running", "Suspended"
    QString detail;  // "3 nodes · 2 CPU, 2 GiB each · v1.36"
    bool running = false;

    bool operator==(const ClusterInfo&) const = default;
};

// What a new cluster shall be.
struct ClusterWish {
    QString name;
    int nodes = 2;
    int cpus = 2;          // each node
    int memoryMiB = 1024;  // each node
    int diskGiB = 20;      // each node
};

// One step of something that takes its time.
struct OperationStep {
    enum class State { Waiting, Working, Done, Failed };
    QString id;
    QString title;  // "Start node-2"
    State state = State::Waiting;
    QString detail;        // "120 of 215 MiB"
    double fraction = -1;  // below 0: not known
    qint64 elapsedMs = 0;

    bool operator==(const OperationStep&) const = default;
};

// What went wrong, in the order in which people ask.
struct OperationFailure {
    QString what;
    QString why;
    QString remedy;
    bool cancelled = false;
};

// Something that is under way. Belongs to whoever started it; destroying it does not end it, cancel() does.
class Operation : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    virtual QString title() const = 0;
    virtual void cancel() = 0;
    // All that was logged so far.
    virtual QString log() const = 0;

signals:
    void stepped(const qd::bridge::OperationStep& step);
    void logged(const QString& line);
    void succeeded();
    void failed(const qd::bridge::OperationFailure& failure);
};

class ClusterHost : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    virtual QVector<ClusterInfo> clusters() const = 0;
    // Why the wish cannot be fulfilled: field ("name", "nodes", "cpus", "memory", "disk") and message; empty when it
    // can.
    virtual QVector<std::pair<QString, QString>> validate(const ClusterWish& wish) const = 0;
    virtual std::unique_ptr<Operation> create(const ClusterWish& wish) = 0;
    virtual std::unique_ptr<Operation> start(const QString& name) = 0;
    virtual std::unique_ptr<Operation> suspend(const QString& name) = 0;
    virtual std::unique_ptr<Operation> remove(const QString& name) = 0;
    // A session with a running cluster, for the caller to keep.
    virtual Result<std::unique_ptr<ClusterSession>> open(const QString& name) = 0;
    // What kubectl needs to reach it.
    virtual Result<client::KubeconfigEntry> kubeconfig(const QString& name) const = 0;

signals:
    void clustersChanged();
    // The cluster is about to end: whoever has a session with it gives it up now.
    void ending(const QString& name);
};

}  // namespace qd::bridge
